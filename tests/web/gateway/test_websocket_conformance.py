"""WebSocket APIs case by case as files, over the wire: frames in, events out; results in, frames and closes out.

The form of a case is in tests/conformance/README.md.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.conformance.cases import read
from tests.serving import Serving, serving
from tests.web.gateway.stub_lambda import StubLambda
from tests.web.gateway.test_rest_conformance import FUNCTION, SETTINGS, URI, filled, found

FOLDER = Path(__file__).parents[2] / "conformance/gateway/websocket"
CASES = sorted(FOLDER.glob("*.json"))
SIGNED = "AWS4-HMAC-SHA256 Credential=test/20261127/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=x"
_NOTHING = found({}, "nothing")


@pytest.fixture(scope="module")
def service(stub: StubLambda) -> Iterator[Serving]:
    with serving(SETTINGS.format(url=stub.url)) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(service: Serving) -> Any:
    return service.client("apigatewayv2")


class Made:
    """The API of a case, with auto-deploy at the stage `stage`, and the connection to it."""

    def __init__(self, service: Serving, gateway: Any, stub: StubLambda, case: Mapping[str, Any]) -> None:
        self.service, self.stub, self.kept = service, stub, {"id": ""}
        selection = case.get("selection", "$request.body.action")
        self.api = gateway.create_api(Name="case", ProtocolType="WEBSOCKET", RouteSelectionExpression=selection)[
            "ApiId"
        ]
        authorizers = {
            given["Name"]: gateway.create_authorizer(ApiId=self.api, AuthorizerType="REQUEST", **given)["AuthorizerId"]
            for given in case.get("authorizers", ())
        }
        for key, given in case["routes"].items():
            self.route(gateway, key, dict(given), authorizers)
        variables = case.get("variables", {})
        gateway.create_stage(ApiId=self.api, StageName="stage", AutoDeploy=True, StageVariables=variables)
        self.socket: ClientConnection | None = None
        self.open = ExitStack()

    def route(self, gateway: Any, key: str, given: dict[str, Any], authorizers: Mapping[str, str]) -> None:
        answers, responses = given.pop("answers", False), given.pop("responses", [])
        integration = {"IntegrationType": "AWS_PROXY", "IntegrationUri": URI.format(given.pop("function", "f")),
                       **given.pop("integration", {})}  # fmt: skip
        integration = {name: value for name, value in integration.items() if value is not None}
        made = gateway.create_integration(ApiId=self.api, **integration)["IntegrationId"]
        for response in responses:
            gateway.create_integration_response(ApiId=self.api, IntegrationId=made, **response)
        if "authorizer" in given:
            given |= {"AuthorizationType": "CUSTOM", "AuthorizerId": authorizers[given.pop("authorizer")]}
        route = gateway.create_route(ApiId=self.api, RouteKey=key, Target=f"integrations/{made}", **given)["RouteId"]
        if answers:
            gateway.create_route_response(ApiId=self.api, RouteId=route, RouteResponseKey="$default")

    # Steps ----------------------------------------------------------------------------------------------

    def play(self, step: Mapping[str, Any]) -> None:
        """One step; what it shows is held against what was said."""
        seen = {name: len(events) for name, events in self.stub.events.items()}
        for verb in ("connect", "send", "send_binary", "close", "advance", "ask"):
            if verb in step:
                getattr(self, f"_{verb}")(step[verb], step)
        if "frame" in step:
            self.check(json.loads(self.received()), step["frame"], ())
        if "text" in step:
            assert self.received() == step["text"]
        if "closed" in step:
            assert self.socket is not None
            with pytest.raises(ConnectionClosed):
                self.socket.recv(timeout=10)
            assert [self.socket.close_code, self.socket.close_reason] == step["closed"]
        for function, place in (("f", "event"), ("authorizer", "asked"), ("goodbye", "goodbye")):
            if place in step and step[place] is None:
                assert self.stub.events.get(function, [])[seen.get(function, 0) :] == []
            elif place in step:
                new = self.stub.wait_for(function, seen.get(function, 0) + 1)[seen.get(function, 0) :]
                assert len(new) == 1, (function, new)
                self.check(new[0], step[place], step.get(f"{place}_lacks", ()))

    def received(self) -> Any:
        assert self.socket is not None
        return self.socket.recv(timeout=10)

    def _connect(self, given: Mapping[str, Any], step: Mapping[str, Any]) -> None:
        url = f"ws://127.0.0.1:{self.service.port}/_aws/execute-api/{self.api}/{given.get('stage', 'stage')}"
        headers = given.get("headers", {})

        def shake() -> ClientConnection:
            shaking: ClientConnection = connect(
                f"{url}{given.get('query', '')}", open_timeout=10, close_timeout=2, additional_headers=headers,
                subprotocols=given.get("subprotocols"), user_agent_header="me",
            )  # fmt: skip
            return self.open.enter_context(shaking)

        if step.get("status", 101) != 101:
            with pytest.raises(InvalidStatus) as refused:
                shake()
            assert refused.value.response.status_code == step["status"], refused.value.response.body
            return
        self.socket = shake()
        assert self.socket.subprotocol == step.get("subprotocol")

    def _send(self, text: Any, _: Mapping[str, Any]) -> None:
        assert self.socket is not None
        message = text if isinstance(text, str) else json.dumps(text)
        parts = [message[start : start + 32_768] for start in range(0, len(message), 32_768)]
        self.socket.send(iter(parts) if len(parts) > 1 and not message.startswith("whole") else message)

    def _send_binary(self, text: str, _: Mapping[str, Any]) -> None:
        assert self.socket is not None
        self.socket.send(text.encode())

    def _close(self, code: int, _: Mapping[str, Any]) -> None:
        assert self.socket is not None
        self.socket.close(code)

    def _advance(self, duration: str, _: Mapping[str, Any]) -> None:
        self.service.post("clock/advance", {"duration": duration})

    def _ask(self, given: Mapping[str, Any], step: Mapping[str, Any]) -> None:
        """A request about a connection, `<<id>>` for this one."""
        id_ = quote(given["connection"].replace("<<id>>", self.kept["id"]), safe="")
        path = f"/_aws/execute-api/{self.api}/stage/@connections/{id_}"
        headers = {"authorization": SIGNED} if given.get("signed", True) else {}
        answer = self.service.ask(given["method"], path, given.get("body", "").encode(), headers=headers)
        expected = step["answer"]
        assert answer.status == expected["status"], answer.content
        if "error" in expected:
            assert answer.headers["x-amzn-errortype"] == expected["error"]
        if "members" in expected:
            assert sorted(answer.json) == expected["members"]

    def check(self, told: Any, expected: Mapping[str, Any], lacks: Any) -> None:
        connection = found(told, "requestContext.connectionId")
        if isinstance(connection, str):
            self.kept["id"] = connection
        for member, value in expected.items():
            wanted = json.loads(json.dumps(value).replace("<<api>>", self.api).replace("<<id>>", self.kept["id"]))
            if member.endswith("()"):
                assert sorted(found(told, member[:-2])) == wanted, member
            elif member == "":
                assert told == wanted
            elif member.startswith("="):
                assert found(told, member[1:]) == found(told, wanted), member
            else:
                assert found(told, member) == wanted, member
        for member in lacks:
            assert found(told, member) is _NOTHING, member


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_case(service: Serving, gateway: Any, stub: StubLambda, path: Path) -> None:
    case = filled(read(path))
    stub.prepare(f=case.get("result", {"statusCode": 200}), authorizer=case.get("authorizer_says"), goodbye={})
    if any("advance" in step for step in case["steps"]):
        with serving(SETTINGS.format(url=stub.url)) as own:
            run(Made(own, own.client("apigatewayv2"), stub, case), case)
    else:
        run(Made(service, gateway, stub, case), case)


def run(made: Made, case: Mapping[str, Any]) -> None:
    with made.open:
        for step in case["steps"]:
            made.play(step)


def test_there_are_cases() -> None:
    assert FUNCTION
    assert len(CASES) > 35
