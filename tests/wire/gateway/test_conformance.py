"""Every front's event and answer, case by case as files: what AWS was recorded to do, documents, or leaves open."""

import json
import re
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.core.gateway.distribution import Origin
from app.core.gateway.health_checks import check_event
from app.core.gateway.load_balancer import HealthCheck, TargetGroup
from app.core.gateway.request import GatewayAnswer, GatewayRequest
from app.wire.gateway import edge, function_url, http_api, load_balancer, payload_v1, payload_v2
from app.wire.gateway.authorizer_events import authorizer_event
from app.wire.gateway.edge import EdgeRequest, EdgeResponse, InvalidAtEdge, edge_event, edge_headers, flat
from app.wire.gateway.occasion import Occasion
from app.wire.gateway.results import BadResult
from tests.conformance.cases import read

FOLDER = Path(__file__).parents[2] / "conformance/gateway"
CASES = [path for path in sorted(FOLDER.rglob("*.json")) if path.parent.name not in ("rest", "websocket")]
"""Those of REST and WebSocket APIs are run over the wire, in `tests/web/gateway`."""
NOON = 1_795_262_400_000
ARN = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/g/1"
SIZES = {"<40 KB>": 40_960, "<40 KB and one>": 40_961, "<1 MB and one>": 1_048_577}
"""What stands for a body of so many bytes."""
ORIGIN = Origin("http://origin.example:8080", None, "/base", {"X-Secret": "s"})


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


EVENTS = [path for path in CASES if {"request", "check"} & read(path).keys() and "event" in read(path)]
RESULTS = [path for path in CASES if "result" in read(path)]
CHANGES = [path for path in CASES if "changed" in read(path)]


@pytest.mark.parametrize("path", EVENTS, ids=name)
def test_a_request_becomes_this_event(path: Path) -> None:
    case = read(path)
    event = event_of(path.parent.name, case)

    for member, value in case["event"].items():
        assert found(event, member) == value, member
    for member in case.get("lacks", ()):
        assert found(event, member) is _NOTHING, member
    if "data_bytes" in case:
        assert len(b64decode(event["request"]["body"]["data"])) == case["data_bytes"]


@pytest.mark.parametrize("path", RESULTS, ids=name)
def test_a_result_becomes_this_answer(path: Path) -> None:
    case = read(path)
    payload = json.dumps(whole(case["result"])).encode()

    if case.get("refused"):
        with pytest.raises((BadResult, InvalidAtEdge)):
            answer_of(path.parent.name, payload, case)
        return
    answer, expected = answer_of(path.parent.name, payload, case), whole(case["answer"])
    assert (answer.status, answer.body.decode()) == (expected["status"], expected["body"])
    headers: dict[str, list[str]] = {}
    for header, value in answer.headers:
        headers.setdefault(header.lower(), []).append(value)
    for header, value in expected.get("headers", {}).items():
        assert headers[header] == [value]
    for header, values in expected.get("all", {}).items():
        assert headers[header] == values
    assert headers.get("set-cookie", []) == expected.get("cookies", [])
    assert not set(expected.get("absent", ())) & headers.keys()


@pytest.mark.parametrize("path", CHANGES, ids=name)
def test_a_function_at_the_edge_may_not_touch_these(path: Path) -> None:
    case = read(path)
    kind = case["at"]
    asked, response = at_edge(case)
    for header in case["changed"]:
        before = asked.headers if response is None else response.headers
        headers = {**before, header.lower(): [{"key": header, "value": "changed"}]}
        subject = {"headers": headers, **({} if response is None else {"status": "200"})}

        with pytest.raises(InvalidAtEdge, match=re.escape(header.lower())):
            edge.read_result(kind, json.dumps(subject).encode(), asked, response)


def whole(given: Any) -> Any:
    """With a body of the size that stands for it."""
    if not isinstance(given, dict) or str(given.get("body")) not in SIZES:
        return given
    return {**given, "body": "x" * SIZES[given["body"]]}


def event_of(front: str, case: dict[str, Any]) -> Any:
    """The event as JSON; of CloudFront's, what is inside `Records[0].cf`."""
    if front == "alb_health":
        check = HealthCheck(path=case["check"]["path"])
        return json.loads(check_event(replace(group(case), health_check=check)))
    request = request_of(case)
    stage = case.get("stage", "$default")
    occasion = Occasion("000000000000", "a1", stage, "$default", request.path, "r1", NOON, "Root=1-0", "a1.example")
    match front:
        case "http_v2":
            return json.loads(payload_v2.http_api_event(request, occasion))
        case "http_v1":
            return json.loads(payload_v1.http_api_event(request, occasion))
        case "authorizer_v1" | "authorizer_v2":
            arn = f"arn:aws:execute-api:us-east-1:000000000000:a1/{stage}/{request.method}{request.path}"
            version = "1.0" if front == "authorizer_v1" else "2.0"
            event = authorizer_event(
                request, occasion, version=version, route_arn=arn, identity=tuple(case["identity"])
            )
            return json.loads(event)
        case "url":
            return json.loads(function_url.url_event(request, occasion))
        case "alb":
            return json.loads(load_balancer.target_event(request, group(case), "Root=1-0"))
        case _:
            asked, response = at_edge(case)
            event = edge_event(
                case.get("at", "viewer-request"), asked, response, distribution="d", domain="d", request_id="r",
                includes_body=case.get("body", False),
            )  # fmt: skip
            return json.loads(event)["Records"][0]["cf"]


def request_of(case: dict[str, Any]) -> GatewayRequest:
    given = case.get("request") or {"method": "GET", "path": "/", "query": "", "headers": [], "body": ""}
    body = b64decode(given["body_base64"]) if "body_base64" in given else given["body"].encode()
    body = b"x" * case["body_size"] if "body_size" in case else body
    headers = tuple((header, value) for header, value in given["headers"])
    return GatewayRequest(given["method"], given["path"], given["query"], headers, body, "203.0.113.9")


def at_edge(case: dict[str, Any]) -> tuple[EdgeRequest, EdgeResponse | None]:
    """The request, and in response events the response that the origin gave."""
    request = request_of(case)
    pairs = list(request.headers) if "request" in case else [("Host", "a.example")]
    origin = Origin(bucket=case["bucket"]) if "bucket" in case else ORIGIN
    asked = EdgeRequest(
        request.method, request.path, request.query, edge_headers(pairs), request.source_ip, request.body, origin
    )
    if not case.get("at", "").endswith("response"):
        return asked, None
    return asked, EdgeResponse(200, edge_headers([("X-A", "1")]), b"from the origin")


def answer_of(front: str, payload: bytes, case: dict[str, Any]) -> GatewayAnswer:
    match front:
        case "http_v2" | "http_v1":
            return http_api.answer_of_result(payload, "2.0" if front == "http_v2" else "1.0")
        case "url":
            return function_url.answer_of_result(payload)
        case "alb":
            return load_balancer.answer_of_result(payload, group(case))
        case _:
            asked, response = at_edge(case)
            made = edge.read_result(case.get("at", "viewer-request"), payload, asked, response)
            assert isinstance(made, EdgeResponse), "these cases answer by themselves"
            return GatewayAnswer(made.status, tuple(flat(made.headers)), made.body)


def group(case: dict[str, Any]) -> TargetGroup:
    return TargetGroup("g", ARN, "f", multi_value_headers=case.get("multi", False))


_NOTHING = object()


def found(event: Any, member: str) -> Any:
    """What a path of names leads to; the last part may be a name with dots in it."""
    if not isinstance(event, dict):
        return _NOTHING
    if member in event:
        return event[member]
    first, dot, rest = member.partition(".")
    return found(event[first], rest) if dot and first in event else _NOTHING
