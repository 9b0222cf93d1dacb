"""REST APIs case by case as files, over the wire: request in, event out; result in, answer out.

The form of a case is in tests/conformance/README.md.
"""

import base64
import http.client
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance.cases import read
from tests.serving import Serving, serving
from tests.web.gateway.stub_lambda import StubLambda

FOLDER = Path(__file__).parents[2] / "conformance/gateway/rest"
CASES = sorted(FOLDER.glob("*.json"))
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:{}"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
SETTINGS = """
clock: {{frozen: 2026-11-27T12:00:00Z}}
enforce_permissions: true
functions:
  f: {{invoke_api: "{url}", Timeout: 10}}
  authorizer: {{invoke_api: "{url}", Timeout: 10}}
  goodbye: {{invoke_api: "{url}", Timeout: 10}}
queues:
  q: {{}}
"""
PROXY = {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": URI.format("f")}
_NOTHING = object()


@pytest.fixture(scope="module")
def service(stub: StubLambda) -> Iterator[Serving]:
    with serving(SETTINGS.format(url=stub.url)) as running:
        yield running


def filled(value: Any) -> Any:
    """`<<f>>` is the function's URI, `<<repeat:x:9>>` a long text."""
    if isinstance(value, dict):
        return {filled(key): filled(member) for key, member in value.items()}
    if isinstance(value, list):
        return [filled(member) for member in value]
    if not isinstance(value, str):
        return value
    for name in ("f", "authorizer", "none"):
        value = value.replace(f"<<{name}>>", URI.format(name)).replace(f"<<arn:{name}>>", FUNCTION.format(name))
    while "<<repeat:" in value:
        before, _, rest = value.partition("<<repeat:")
        told, _, after = rest.partition(">>")
        text, _, count = told.rpartition(":")
        value = before + text * int(count) + after
    return value


class Deployed:
    """The API of a case, made by boto3 and deployed to the stage `stage`."""

    def __init__(self, service: Serving, gateway: Any, case: Mapping[str, Any]) -> None:
        self.service, self.gateway = service, gateway
        api = self.gateway.create_rest_api(name="case", **case.get("api", {}))
        self.id: str = api["id"]
        self.resources: dict[str, str] = {"/": api["rootResourceId"]}
        authorizers = {
            given["name"]: self.gateway.create_authorizer(restApiId=self.id, **given)["id"]
            for given in case.get("authorizers", ())
        }
        for given in case.get("models", ()):
            self.gateway.create_model(restApiId=self.id, contentType="application/json", **given)
        for text, given in case.get("methods", {"ANY /{proxy+}": {}}).items():
            self.method(text, dict(given), authorizers)
        for kind, given in case.get("gateway_responses", {}).items():
            self.gateway.put_gateway_response(restApiId=self.id, responseType=kind, **given)
        self.gateway.create_deployment(restApiId=self.id, stageName="stage", variables=case.get("variables", {}))
        if "stage" in case:
            self.gateway.update_stage(restApiId=self.id, stageName="stage", patchOperations=case["stage"])
        if "plan" in case:
            stages = [{"apiId": self.id, "stage": "stage"}]
            plan = self.gateway.create_usage_plan(name=self.id, apiStages=stages, **case["plan"])["id"]
            for number, enabled in enumerate(case.get("keys", [True])):
                key = self.gateway.create_api_key(value=f"{self.id}-key-{number}-0123456789", enabled=enabled)["id"]
                self.gateway.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")

    def method(self, text: str, given: dict[str, Any], authorizers: Mapping[str, str]) -> None:
        name, _, path = text.partition(" ")
        at = {"restApiId": self.id, "resourceId": self.resource(path), "httpMethod": name}
        integration = {**PROXY, **given.pop("integration", {})}
        integration = {key: value for key, value in integration.items() if value is not None}
        responses = given.pop("responses", [])
        if "authorizer" in given:
            given["authorizerId"] = authorizers[given.pop("authorizer")]
        if "validates" in given:
            wanted = given.pop("validates")
            given["requestValidatorId"] = self.gateway.create_request_validator(
                restApiId=self.id, name="v", validateRequestBody="body" in wanted,
                validateRequestParameters="parameters" in wanted,
            )["id"]  # fmt: skip
        self.gateway.put_method(**at, **{"authorizationType": "NONE", **given})
        self.gateway.put_integration(**at, **integration)
        for response in responses:
            self.gateway.put_method_response(**at, statusCode=response["statusCode"])
            self.gateway.put_integration_response(**at, **response)

    def resource(self, path: str) -> str:
        if path not in self.resources:
            parent, _, part = path.rpartition("/")
            made = self.gateway.create_resource(restApiId=self.id, parentId=self.resource(parent or "/"), pathPart=part)
            self.resources[path] = made["id"]
        return self.resources[path]

    def ask(self, request: Mapping[str, Any]) -> tuple[int, list[tuple[str, str]], bytes]:
        body = request.get("body", "").encode()
        if "body_base64" in request:
            body = base64.b64decode(request["body_base64"])
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=20)
        host = request.get("host", f"{self.id}.execute-api.localhost:{self.service.port}")
        connection.putrequest(request.get("method", "GET"), request["path"], skip_host=True, skip_accept_encoding=True)
        for name, value in [("Host", host), *request.get("headers", [])]:
            connection.putheader(name, value.replace("<<key>>", f"{self.id}-key-0-0123456789"))
        if body or request.get("method", "GET") in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, [(name.lower(), value) for name, value in response.getheaders()], content


@pytest.fixture(scope="module")
def gateway(service: Serving) -> Any:
    return service.client("apigateway")


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_case(service: Serving, gateway: Any, stub: StubLambda, path: Path) -> None:
    case = filled(read(path))
    if any("advance" in step for step in case.get("steps", ())):
        # Whoever moves the clock has one of their own.
        with serving(SETTINGS.format(url=stub.url)) as own:
            run(own, own.client("apigateway"), stub, case)
    else:
        run(service, gateway, stub, case)


def run(service: Serving, gateway: Any, stub: StubLambda, case: Mapping[str, Any]) -> None:
    stub.prepare(f=case.get("result", {"statusCode": 200}), authorizer=case.get("authorizer_says"))
    if "refused" in case:
        with pytest.raises(ClientError) as refused:
            Deployed(service, gateway, case)
        error = refused.value.response["Error"]
        assert {"code": error["Code"], "message": error["Message"]} == case["refused"]
        return
    api = Deployed(service, gateway, case)
    for step in case.get("steps", [case]):
        if "advance" in step:
            service.post("clock/advance", {"duration": step["advance"]})
            continue
        seen = {name: len(events) for name, events in stub.events.items()}
        status, headers, body = api.ask(step["request"])
        check_answer(step.get("answer", {}), status, headers, body)
        for function, place in (("f", "event"), ("authorizer", "asked")):
            new = stub.events.get(function, [])[seen.get(function, 0) :]
            if step.get(place, {}) is None:
                assert new == [], f"{function} was invoked"
            elif place in step or f"{place}_lacks" in step:
                assert len(new) == 1, (function, status, body)
                check_event(step, place, new[0], api)


def check_answer(expected: Mapping[str, Any], status: int, headers: list[tuple[str, str]], body: bytes) -> None:
    assert status == expected.get("status", 200), body
    if "body" in expected:
        assert body.decode() == expected["body"]
    if "body_base64" in expected:
        assert base64.b64encode(body).decode() == expected["body_base64"]
    if "json" in expected:
        assert json.loads(body) == expected["json"]
    named: dict[str, list[str]] = {}
    for name, value in headers:
        named.setdefault(name, []).append(value)
    for name, value in expected.get("headers", {}).items():
        assert named.get(name) == ([value] if isinstance(value, str) else value), name
    for name in expected.get("has", ()):
        assert name in named
    assert not set(expected.get("lacks", ())) & named.keys()


def check_event(step: Mapping[str, Any], place: str, event: Any, api: Deployed) -> None:
    for member, value in (step.get(place) or {}).items():
        wanted = json.loads(json.dumps(value).replace("<<api>>", api.id))
        if member.endswith("()"):
            assert sorted(found(event, member[:-2])) == wanted, member
        elif member == "":
            assert event == wanted
        else:
            assert found(event, member) == wanted, member
    for member in step.get(f"{place}_lacks", ()):
        assert found(event, member) is _NOTHING, member


def found(event: Any, member: str) -> Any:
    """What a path of names leads to; the last part may be a name with dots in it. "." is the event itself."""
    if member in ("", "."):
        return event
    if not isinstance(event, dict):
        return _NOTHING
    if member in event:
        return event[member]
    first, dot, rest = member.partition(".")
    return found(event[first], rest) if dot and first in event else _NOTHING


def test_there_are_cases() -> None:
    assert len(CASES) > 100
