"""WebSocket APIs with many clients, with npm's `ws`, and while their routes change."""

import asyncio
import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from botocore.exceptions import ClientError
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.serving import Serving, client_at, serving
from tests.tools import node_websockets
from tests.web.gateway.conftest import HANDLERS
from tests.web.gateway.stub_lambda import StubLambda
from tests.web.gateway.test_rest_conformance import URI

MANY = 300
SETTINGS = """
enforce_permissions: true
functions:
  f: {{invoke_api: "{url}", Timeout: 10}}
  other: {{invoke_api: "{url}", Timeout: 10}}
queues:
  q: {{}}
websocket_apis:
  chat: {{routes: {{$connect: f, $default: f}}}}
"""


@pytest.fixture(scope="module")
def service(stub: StubLambda) -> Iterator[Serving]:
    with serving(SETTINGS.format(url=stub.url)) as running:
        yield running


def url_of(service: Serving, api: str = "chat", stage: str = "dev") -> str:
    return f"ws://127.0.0.1:{service.port}/_aws/execute-api/{api}/{stage}"


def test_hundreds_of_connections_at_once(service: Serving, stub: StubLambda) -> None:
    stub.prepare(f={"statusCode": 200, "body": "told"})

    async def talk() -> list[Any]:
        sockets = await asyncio.gather(*(connect_async(url_of(service), open_timeout=20) for _ in range(MANY)))
        await asyncio.gather(*(socket.send(str(number)) for number, socket in enumerate(sockets)))
        told = await asyncio.gather(*(socket.recv() for socket in sockets))
        await asyncio.gather(*(socket.close() for socket in sockets))
        return told

    told = asyncio.run(talk())

    messages = [event for event in stub.events["f"] if event["requestContext"]["eventType"] == "MESSAGE"]
    assert told == ["told"] * MANY
    assert sorted(int(event["body"]) for event in messages) == list(range(MANY))
    assert len({event["requestContext"]["connectionId"] for event in messages}) == MANY
    gone = client_at(f"{service.url}/_aws/execute-api/chat/dev", "apigatewaymanagementapi")
    with pytest.raises(ClientError) as refused:
        gone.post_to_connection(ConnectionId=messages[0]["requestContext"]["connectionId"], Data=b"x")
    assert refused.value.response["Error"]["Code"] == "GoneException"


@pytest.mark.real
def test_npms_ws_talks_and_is_told_of_the_end(service: Serving, stub: StubLambda) -> None:
    stub.prepare(f={"statusCode": 200, "body": "told"})
    script = """
      const WebSocket = require('ws');
      const socket = new WebSocket(process.argv[1]);
      socket.on('open', () => socket.send('hello'));
      socket.on('message', (data) => { console.log(String(data)); socket.send(Buffer.from([1])); });
      socket.on('close', (code, reason) => console.log(code, String(reason)));
    """
    node = shutil.which("node")
    assert node is not None
    ran = subprocess.run(
        [node, "-e", script, url_of(service)], capture_output=True, text=True, timeout=20, check=True,
        env={"NODE_PATH": str(node_websockets())},
    )  # fmt: skip

    assert ran.stdout.splitlines() == ["told", "1003 binary messages are not supported"]


def test_a_connection_is_not_there_before_its_handshake_is_over(service: Serving, stub: StubLambda) -> None:
    stub.prepare(f={"$each": [{"$hang": True}, {}]})
    opened: list[Any] = []
    thread = Thread(target=lambda: opened.append(_open_and_close(url_of(service))))
    thread.start()
    event = stub.wait_for("f", 1)[0]
    management = client_at(f"{service.url}/_aws/execute-api/chat/dev", "apigatewaymanagementapi")

    with pytest.raises(ClientError) as refused:
        management.post_to_connection(ConnectionId=event["requestContext"]["connectionId"], Data=b"x")
    stub.prepare(f={})
    thread.join(20)

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 410
    assert opened == [True]


def _open_and_close(url: str) -> bool:
    with connect(url, open_timeout=20) as socket:
        return socket.protocol.state.name == "OPEN"


def test_routes_change_under_a_connection_that_is_open(service: Serving, stub: StubLambda) -> None:
    stub.prepare(f={"body": "first"}, other={"body": "second"})
    gateway = service.client("apigatewayv2")
    api = gateway.create_api(Name="moving", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")[
        "ApiId"
    ]
    made = [gateway.create_integration(ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=URI.format(name))[
        "IntegrationId"] for name in ("f", "other")]  # fmt: skip
    route = gateway.create_route(ApiId=api, RouteKey="$default", Target=f"integrations/{made[0]}")["RouteId"]
    gateway.create_route_response(ApiId=api, RouteId=route, RouteResponseKey="$default")
    gateway.create_stage(ApiId=api, StageName="dev", AutoDeploy=True)
    gateway.create_deployment(ApiId=api)
    gateway.create_stage(ApiId=api, StageName="slow")

    with connect(url_of(service, api)) as socket:
        socket.send("x")
        before = socket.recv(timeout=10)
        gateway.update_route(ApiId=api, RouteId=route, Target=f"integrations/{made[1]}")
        socket.send("x")
        after = socket.recv(timeout=10)

    assert (before, after) == ("first", "second")
    gateway.create_deployment(ApiId=api, StageName="slow")
    with connect(url_of(service, api, "slow")) as socket:
        gateway.update_route(ApiId=api, RouteId=route, Target=f"integrations/{made[0]}")
        socket.send("x")
        kept = socket.recv(timeout=10)
        gateway.create_deployment(ApiId=api, StageName="slow")
        socket.send("x")
        deployed = socket.recv(timeout=10)
    assert (kept, deployed) == ("second", "first")


def test_the_journal_says_why_no_route_took_a_message(service: Serving, stub: StubLambda) -> None:
    stub.prepare(f={})
    gateway = service.client("apigatewayv2")
    expression = "$request.body.action"
    api = gateway.create_api(Name="few", ProtocolType="WEBSOCKET", RouteSelectionExpression=expression)["ApiId"]
    made = gateway.create_integration(ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=URI.format("f"))
    gateway.create_route(ApiId=api, RouteKey="join", Target=f"integrations/{made['IntegrationId']}")
    gateway.create_stage(ApiId=api, StageName="dev", AutoDeploy=True)

    with connect(url_of(service, api)) as socket:
        for message in ('{"action": "leave"}', "plain"):
            socket.send(message)
            socket.recv(timeout=10)

    facts = service.get("journal?newest=true&limit=40")
    told = [fact["reason"] for fact in facts if fact["fact"] == "RequestUnrouted" and fact["front"] == api]
    there = "and there is no $default; routes of stage dev: join"
    assert told == [
        f"no route takes the message: $request.body.action comes to 'leave', {there}",
        f"no route takes the message: the message is no JSON, {there}",
    ]


def test_a_message_goes_to_a_queue(service: Serving, stub: StubLambda) -> None:
    stub.prepare(f={})
    gateway, queues = service.client("apigatewayv2"), service.client("sqs")
    api = gateway.create_api(Name="queued", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")[
        "ApiId"
    ]
    body = 'Action=SendMessage&Version=2012-11-05&MessageBody=$util.urlEncode($input.json("$.what"))'
    made = gateway.create_integration(
        ApiId=api, IntegrationType="AWS", IntegrationMethod="POST", CredentialsArn="arn:aws:iam::000000000000:role/r",
        IntegrationUri="arn:aws:apigateway:us-east-1:sqs:path/000000000000/q",
        RequestParameters={"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"},
        RequestTemplates={"$default": body}, TemplateSelectionExpression="\\$default",
    )["IntegrationId"]  # fmt: skip
    response = {"$default": '{"queued": true}'}
    gateway.create_integration_response(
        ApiId=api, IntegrationId=made, IntegrationResponseKey="/200/", ResponseTemplates=response
    )
    route = gateway.create_route(ApiId=api, RouteKey="$default", Target=f"integrations/{made}")["RouteId"]
    gateway.create_route_response(ApiId=api, RouteId=route, RouteResponseKey="$default")
    gateway.create_stage(ApiId=api, StageName="dev", AutoDeploy=True)

    with connect(url_of(service, api)) as socket:
        socket.send('{"what": {"id": 7}}')
        told = socket.recv(timeout=10)

    queue = f"{service.url}/000000000000/q"
    messages = queues.receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(told) == {"queued": True}
    assert [json.loads(message["Body"]) for message in messages] == [{"id": 7}]


def test_a_function_has_to_permit_the_route(service: Serving) -> None:
    gateway, client = service.client("apigatewayv2"), service.client("lambda")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(HANDLERS / "sockets.py", "sockets.py")
    client.create_function(
        FunctionName="own", Role="arn:aws:iam::000000000000:role/r", Runtime="python3.12", Handler="sockets.connect",
        Code={"ZipFile": packed.getvalue()},
    )  # fmt: skip
    client.get_waiter("function_active_v2").wait(FunctionName="own")
    api = gateway.create_api(
        Name="permitted", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )["ApiId"]
    made = gateway.create_integration(ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=URI.format("own"))
    gateway.create_route(ApiId=api, RouteKey="$connect", Target=f"integrations/{made['IntegrationId']}")
    gateway.create_stage(ApiId=api, StageName="dev", AutoDeploy=True)

    with pytest.raises(InvalidStatus) as refused, connect(url_of(service, api)):
        pass
    client.add_permission(
        FunctionName="own", StatementId="api", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:us-east-1:000000000000:{api}/*/$connect",
    )  # fmt: skip

    assert refused.value.response.status_code == 500
    with connect(url_of(service, api)) as socket:
        assert socket.protocol.state.name == "OPEN"
