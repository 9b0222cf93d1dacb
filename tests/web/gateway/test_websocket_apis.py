"""WebSocket APIs with a real client: handshakes, routes, answers, pushes, and connections that end."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.serving import Serving, client_at, serving

HANDLERS = Path(__file__).parent / "handlers"
SETTINGS = f"""
clock: {{frozen: 2026-11-27T12:00:00Z}}
functions:
  connect: {{CodeUri: {HANDLERS}, Handler: sockets.connect, Timeout: 10}}
  said: {{CodeUri: {HANDLERS}, Handler: sockets.said, Timeout: 10}}
  authorize: {{CodeUri: {HANDLERS}, Handler: sockets.authorize, Timeout: 10}}
websocket_apis:
  chat:
    routes:
      $connect: connect
      $disconnect: said
      $default: said
      send: said
      quiet: {{function: said, answers: false}}
  guarded:
    authorizer: {{function: authorize, IdentitySource: [route.request.querystring.token]}}
    routes:
      ping: said
  bare:
    selection: "${{request.body.kind}}/${{request.body.of.what}}"
    routes:
      a/b: said
"""


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    with serving(SETTINGS) as running:
        yield running


def open_to(service: Serving, api: str = "chat", query: str = "", **more: Any) -> ClientConnection:
    url = f"ws://127.0.0.1:{service.port}/_aws/execute-api/{api}/dev{query}"
    connection: ClientConnection = connect(url, open_timeout=10, close_timeout=5, **more)
    return connection


def answer_to(socket: ClientConnection, message: Any) -> Any:
    socket.send(message if isinstance(message, str) else json.dumps(message))
    return json.loads(socket.recv(timeout=10))


@pytest.fixture
def socket(service: Serving) -> Iterator[ClientConnection]:
    with open_to(service) as socket:
        yield socket


def event_of(socket: ClientConnection, message: Any) -> Any:
    answer = answer_to(socket, message)
    assert "requestContext" in answer, answer
    return answer


# Messages -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "route"),
    [({"action": "send"}, "send"), ({"action": "other"}, "$default"), ({"no": 1}, "$default"), ("plain", "$default"),
     ({"action": "$connect"}, "$default"), ("[1]", "$default")],
)  # fmt: skip
def test_a_message_goes_to_the_route_that_it_names(socket: ClientConnection, message: Any, route: str) -> None:
    assert event_of(socket, message)["requestContext"]["routeKey"] == route


def test_a_function_gets_the_message_and_its_connection(socket: ClientConnection) -> None:
    event = event_of(socket, "hello")

    context = event["requestContext"]
    assert (event["body"], event["isBase64Encoded"]) == ("hello", False)
    assert "headers" not in event
    assert (context["eventType"], context["messageDirection"], context["stage"]) == ("MESSAGE", "IN", "dev")
    assert context["messageId"] == context["requestId"] == context["extendedRequestId"]
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["connectedAt"] <= context["requestTimeEpoch"]
    assert event_of(socket, "again")["requestContext"]["connectionId"] == context["connectionId"]


def test_what_a_route_without_a_response_returns_goes_nowhere(socket: ClientConnection) -> None:
    socket.send('{"action": "quiet"}')

    # The next answer is the next message's.
    assert event_of(socket, "after")["body"] == "after"


def test_a_function_that_fails_is_told_in_a_frame_and_the_connection_stays(socket: ClientConnection) -> None:
    failed = answer_to(socket, {"action": "send", "raise": True})

    assert failed["message"] == "Internal server error"
    assert sorted(failed) == ["connectionId", "message", "requestId"]
    assert event_of(socket, "still there")["body"] == "still there"


def test_a_message_that_no_route_takes_is_forbidden(service: Serving) -> None:
    with open_to(service, "bare") as socket:
        lost = answer_to(socket, {"kind": "x"})
        found = event_of(socket, {"kind": "a", "of": {"what": "b"}})

    assert lost["message"] == "Forbidden"
    assert found["requestContext"]["routeKey"] == "a/b"


def test_binary_messages_and_long_ones_end_the_connection(service: Serving) -> None:
    codes = []
    for message in (b"\x00", "x" * 131_073):
        with open_to(service) as socket:
            socket.send(message)
            with pytest.raises(ConnectionClosed):
                socket.recv(timeout=10)
            codes.append(socket.close_code)

    assert codes == [1003, 1009]


# The handshake --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "seen"), [("400", 400), ("403", 403), ("500", 500), ("raise", 502)])
def test_connect_decides_the_handshake(service: Serving, status: str, seen: int) -> None:
    with pytest.raises(InvalidStatus) as refused:
        open_to(service, query=f"?status={status}")

    assert refused.value.response.status_code == seen


def test_connect_may_choose_a_subprotocol(service: Serving) -> None:
    with open_to(service, subprotocols=[Subprotocol("first"), Subprotocol("second")]) as socket:
        assert socket.subprotocol == "first"


@pytest.mark.parametrize(("query", "status"), [("", 401), ("?token=unauthorized", 401), ("?token=deny", 403)])
def test_whom_the_authorizer_does_not_let_in(service: Serving, query: str, status: int) -> None:
    with pytest.raises(InvalidStatus) as refused:
        open_to(service, "guarded", query)

    assert refused.value.response.status_code == status


def test_what_the_authorizer_told_is_in_every_event(service: Serving) -> None:
    with open_to(service, "guarded", "?token=allow") as socket:
        authorizer = event_of(socket, {"action": "ping"})["requestContext"]["authorizer"]

    assert authorizer["principalId"] == "me"
    assert authorizer["arn"].endswith("/dev/$connect")


def test_nobody_is_there_at_another_stage(service: Serving) -> None:
    url = f"ws://127.0.0.1:{service.port}/_aws/execute-api/chat/prod"

    with pytest.raises(InvalidStatus) as refused:
        connect(url, open_timeout=10)

    assert refused.value.response.status_code == 403


# @connections ---------------------------------------------------------------------------------------


@pytest.fixture
def management(service: Serving) -> Any:
    return client_at(f"{service.url}/_aws/execute-api/chat/dev", "apigatewaymanagementapi")


def test_a_message_is_pushed_to_a_connection(socket: ClientConnection, management: Any) -> None:
    connection = event_of(socket, "who am i")["requestContext"]["connectionId"]

    management.post_to_connection(ConnectionId=connection, Data=b"from outside")
    shown = management.get_connection(ConnectionId=connection)

    assert socket.recv(timeout=10) == "from outside"
    assert shown["Identity"]["SourceIp"] == "127.0.0.1"
    assert shown["LastActiveAt"] >= shown["ConnectedAt"]


def test_a_connection_is_ended_from_outside(socket: ClientConnection, management: Any) -> None:
    connection = event_of(socket, "who am i")["requestContext"]["connectionId"]

    management.delete_connection(ConnectionId=connection)

    with pytest.raises(ConnectionClosed):
        socket.recv(timeout=10)
    assert socket.close_code == 1000


@pytest.mark.parametrize("connection", ["never-there=", "a b/c"])
def test_a_connection_that_is_not_there_is_gone(management: Any, connection: str) -> None:
    with pytest.raises(ClientError) as refused:
        management.post_to_connection(ConnectionId=connection, Data=b"x")

    assert refused.value.response["Error"]["Code"] == "GoneException"


def test_what_is_pushed_has_a_limit(socket: ClientConnection, management: Any) -> None:
    connection = event_of(socket, "who am i")["requestContext"]["connectionId"]

    with pytest.raises(ClientError) as refused:
        management.post_to_connection(ConnectionId=connection, Data=b"x" * 131_073)

    assert refused.value.response["Error"]["Code"] in ("PayloadTooLargeException", "413")


# Time -----------------------------------------------------------------------------------------------


def test_an_idle_connection_ends_by_the_clock(service: Serving) -> None:
    with open_to(service) as socket:
        event_of(socket, "hello")
        service.post("clock/advance", {"duration": "9m"})
        event_of(socket, "still here")
        service.post("clock/advance", {"duration": "10m"})

        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=10)
        assert socket.close_code == 1001


def test_a_connection_ends_after_two_hours_whatever_is_said(service: Serving) -> None:
    with open_to(service) as socket:
        for _ in range(13):
            event_of(socket, "hello")
            service.post("clock/advance", {"duration": "9m"})
        event_of(socket, "hello")
        service.post("clock/advance", {"duration": "3m"})

        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=10)


def test_a_function_is_told_of_the_end(service: Serving) -> None:
    with open_to(service) as socket:
        connection = event_of(socket, "hello")["requestContext"]["connectionId"]
    service.post("clock/advance", {"duration": "1ms"})

    facts = service.get("journal?newest=true&limit=50")
    closed = [fact for fact in facts if fact["fact"] == "SocketClosed" and fact["connection"] == connection]
    assert [fact["code"] for fact in closed] == [1000]


# The API --------------------------------------------------------------------------------------------


def test_an_api_is_made_by_boto3(service: Serving) -> None:
    gateway = service.client("apigatewayv2")
    selection = "$request.body.do"
    api = gateway.create_api(Name="made", ProtocolType="WEBSOCKET", RouteSelectionExpression=selection)["ApiId"]
    arn = "arn:aws:lambda:us-east-1:000000000000:function:said"
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    integration = gateway.create_integration(ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=uri)
    target = f"integrations/{integration['IntegrationId']}"
    route = gateway.create_route(
        ApiId=api, RouteKey="it", Target=target, RouteResponseSelectionExpression="$default"
    )["RouteId"]  # fmt: skip
    gateway.create_route_response(ApiId=api, RouteId=route, RouteResponseKey="$default")
    gateway.create_deployment(ApiId=api)
    gateway.create_stage(ApiId=api, StageName="dev", AutoDeploy=True)

    with open_to(service, api) as socket:
        event = event_of(socket, {"do": "it"})

    assert event["requestContext"]["apiId"] == api
