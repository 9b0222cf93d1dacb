"""Whatever a function returns: a valid HTTP answer, or a refusal that each front has one of."""

import re
from collections.abc import Callable
from typing import Any

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from app.core.gateway.load_balancer import TargetGroup
from app.core.gateway.request import GatewayAnswer, GatewayRequest
from app.core.gateway.rest.gateway_responses import GatewayError, answer_to
from app.wire.gateway import edge, function_url, http_api, load_balancer, rest_api
from app.wire.gateway.edge import EdgeRequest, EdgeResponse, InvalidAtEdge, edge_headers, flat
from app.wire.gateway.results import BadResult

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
ASKED = GatewayRequest("GET", "/", headers=(("Accept", "image/png"),))
ARN = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/g/1"

texts = st.text(max_size=12) | st.sampled_from(["a\r\nb: c", "text/html", "aGk=", "", "é", "\x00", " x "])
scalars = st.none() | st.booleans() | st.integers(-10, 999) | st.floats(allow_nan=False) | texts
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))
names = st.sampled_from(
    ["statusCode", "status", "headers", "multiValueHeaders", "cookies", "body", "isBase64Encoded", "bodyEncoding"]
)
header_maps = st.dictionaries(st.sampled_from(["Content-Type", "x-a", "Set-Cookie", "a b", "x\ny"]) | texts, values)
results = (
    values
    | st.dictionaries(names, values | header_maps, max_size=6)
    | st.fixed_dictionaries({"statusCode": st.integers(190, 610), "headers": header_maps, "body": texts})
)


def check(answer: GatewayAnswer) -> None:
    assert 200 <= answer.status <= 599
    for name, value in answer.headers:
        assert TOKEN.fullmatch(name), name
        assert not CONTROL.search(value), value
        assert name.lower() not in ("content-length", "transfer-encoding", "connection")


@given(results)
@example({"statusCode": 200, "headers": {"x": "1\r\n\r\n<html>"}})
@example({"statusCode": 200, "cookies": ["a=b\nset-cookie: c=d"]})
def test_any_result_is_a_valid_answer_or_refused(result: Any) -> None:
    payload = orjson.dumps(result)
    makers: list[Callable[[], GatewayAnswer]] = [
        lambda: http_api.answer_of_result(payload, "2.0"),
        lambda: http_api.answer_of_result(payload, "1.0"),
        lambda: function_url.answer_of_result(payload),
        lambda: load_balancer.answer_of_result(payload, TargetGroup("g", ARN, "f")),
        lambda: load_balancer.answer_of_result(payload, TargetGroup("g", ARN, "f", multi_value_headers=True)),
        lambda: function_url.head_of_prelude(payload),
        lambda: rest_api.answer_of_result(payload, ASKED, ("image/*",)),
        lambda: rest_api.answer_of_result(payload, ASKED, ()),
        lambda: rest_api.head_of_metadata(payload),
    ]
    for make in makers:
        try:
            answer = make()
        except BadResult:
            continue
        except GatewayError as error:
            # A REST API says of some results what it says of a bad configuration, and that is an answer too.
            answer = answer_to(error, {}, ASKED, {}, {})
        check(answer)


@given(st.sampled_from(["viewer-request", "origin-request", "origin-response", "viewer-response"]), results)
def test_any_result_at_the_edge_is_taken_or_refused(kind: str, result: Any) -> None:
    asked = EdgeRequest("GET", "/a", "", edge_headers([("Host", "h")]), "127.0.0.1")
    response = EdgeResponse(200, edge_headers([("X-A", "1")])) if kind.endswith("response") else None
    try:
        made = edge.read_result(kind, orjson.dumps(result), asked, response)
    except InvalidAtEdge:
        return
    for name, value in flat(made.headers):
        assert TOKEN.fullmatch(name)
        assert not CONTROL.search(value)
    if isinstance(made, EdgeResponse):
        assert 200 <= made.status <= 599
    else:
        assert made.uri.startswith("/")


@given(st.binary(max_size=40))
def test_any_bytes_are_a_valid_answer_or_refused(payload: bytes) -> None:
    try:
        check(http_api.answer_of_result(payload, "2.0"))
    except BadResult:
        return


@given(st.binary(max_size=40))
def test_any_bytes_are_a_valid_answer_of_a_rest_api_or_refused(payload: bytes) -> None:
    makers: list[Callable[[], GatewayAnswer]] = [
        lambda: rest_api.answer_of_result(payload, ASKED, ()),
        lambda: rest_api.head_of_metadata(payload),
    ]
    for make in makers:
        try:
            check(make())
        except BadResult:
            continue
