"""Every front's event and answer, case by case as files: what AWS was recorded to do, documents, or leaves open."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from app.core.gateway.load_balancer import TargetGroup
from app.core.gateway.request import GatewayAnswer, GatewayRequest
from app.wire.gateway import edge, function_url, http_api, load_balancer, payload_v1, payload_v2
from app.wire.gateway.edge import EdgeRequest, EdgeResponse, InvalidAtEdge, edge_event, edge_headers, flat
from app.wire.gateway.occasion import Occasion
from app.wire.gateway.results import BadResult

FOLDER = Path(__file__).parents[2] / "conformance/gateway"
CASES = sorted(FOLDER.rglob("*.json"))
NOON = 1_795_262_400_000
LARGE = {"<40 KB and one>": "x" * 40_961}


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def read(path: Path) -> dict[str, Any]:
    case: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    assert case["kind"] in ("recorded", "documented", "unconfirmed")
    assert case["source"]
    assert case["checked"]
    return case


EVENTS = [path for path in CASES if "request" in read(path)]
RESULTS = [path for path in CASES if "result" in read(path)]


@pytest.mark.parametrize("path", EVENTS, ids=name)
def test_a_request_becomes_this_event(path: Path) -> None:
    case = read(path)
    event = event_of(path.parent.name, case)

    for member, value in case["event"].items():
        assert found(event, member) == value, member
    for member in case.get("lacks", ()):
        assert found(event, member) is _NOTHING, member


@pytest.mark.parametrize("path", RESULTS, ids=name)
def test_a_result_becomes_this_answer(path: Path) -> None:
    case = read(path)
    result = case["result"]
    if isinstance(result, dict) and str(result.get("body")) in LARGE:
        result = {**result, "body": LARGE[result["body"]]}
    payload = json.dumps(result).encode()

    if case.get("refused"):
        with pytest.raises((BadResult, InvalidAtEdge)):
            answer_of(path.parent.name, payload, case)
        return
    answer, expected = answer_of(path.parent.name, payload, case), case["answer"]
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


def event_of(front: str, case: dict[str, Any]) -> Any:
    """The event as JSON; of CloudFront's, what is inside `Records[0].cf`."""
    given = case["request"]
    body = b64decode(given["body_base64"]) if "body_base64" in given else given["body"].encode()
    headers = tuple((header, value) for header, value in given["headers"])
    request = GatewayRequest(given["method"], given["path"], given["query"], headers, body, "203.0.113.9")
    stage = case.get("stage", "$default")
    occasion = Occasion("000000000000", "a1", stage, "$default", given["path"], "r1", NOON, "Root=1-0", "a1.example")
    match front:
        case "http_v2":
            return json.loads(payload_v2.http_api_event(request, occasion))
        case "http_v1":
            return json.loads(payload_v1.http_api_event(request, occasion))
        case "url":
            return json.loads(function_url.url_event(request, occasion))
        case "alb":
            return json.loads(load_balancer.target_event(request, group(case), "Root=1-0"))
        case _:
            asked = EdgeRequest(
                given["method"], given["path"], given["query"], edge_headers(list(headers)), "203.0.113.9"
            )
            event = edge_event(
                "viewer-request", asked, None, distribution="d", domain="d", request_id="r", includes_body=False
            )
            return json.loads(event)["Records"][0]["cf"]


def answer_of(front: str, payload: bytes, case: dict[str, Any]) -> GatewayAnswer:
    match front:
        case "http_v2" | "http_v1":
            return http_api.answer_of_result(payload, "2.0" if front == "http_v2" else "1.0")
        case "url":
            return function_url.answer_of_result(payload)
        case "alb":
            return load_balancer.answer_of_result(payload, group(case))
        case _:
            asked = EdgeRequest("GET", "/", "", edge_headers([("Host", "a.example")]), "203.0.113.9")
            made = edge.read_result("viewer-request", payload, asked, None)
            assert isinstance(made, EdgeResponse), "these cases answer by themselves"
            return GatewayAnswer(made.status, tuple(flat(made.headers)), made.body)


def group(case: dict[str, Any]) -> TargetGroup:
    arn = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/g/1"
    return TargetGroup("g", arn, "f", multi_value_headers=case.get("multi", False))


_NOTHING = object()


def found(event: Any, member: str) -> Any:
    """What a path of names leads to; the last part may be a name with dots in it."""
    if not isinstance(event, dict):
        return _NOTHING
    if member in event:
        return event[member]
    first, dot, rest = member.partition(".")
    return found(event[first], rest) if dot and first in event else _NOTHING
