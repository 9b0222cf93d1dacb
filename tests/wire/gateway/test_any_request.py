"""Whatever a client asks: each front makes an event of it that is JSON, and the body in it is the body that came."""

import json
from base64 import b64decode
from collections.abc import Callable
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from app.core.gateway.distribution import Origin
from app.core.gateway.load_balancer import Listener, LoadBalancer, Redirect, Rule, TargetGroup, why_untaken
from app.core.gateway.parameters import Sources, changed_request, mapped_parameters
from app.core.gateway.request import GatewayRequest
from app.wire.gateway import function_url, load_balancer, payload_v1, payload_v2
from app.wire.gateway.authorizer_events import authorizer_event
from app.wire.gateway.edge import EdgeRequest, edge_event, edge_headers
from app.wire.gateway.headers import is_good_header
from app.wire.gateway.occasion import Occasion
from tests.core.stage import SCOPE

ARN = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/g/1"

# What comes in as a header, a path or a query is bytes; it is known as Latin-1.
latin = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=20)
names = st.sampled_from(["Cookie", "cookie", "X-A", "x-a", "Content-Type", "Content-Encoding", "X-Forwarded-For", "TE"])
types = st.sampled_from(["application/json", "text/plain; charset=x", "image/png", "", ";", "multipart/form-data"])
requests = st.builds(
    lambda method, path, query, headers, body: GatewayRequest(method, f"/{path}", query, tuple(headers), body),
    st.sampled_from(["GET", "POST", "DELETE", "OPTIONS", "BREW"]),
    st.lists(st.sampled_from(["a", "%2F", "%ff", "%00", "..", ";", "é", "%", "%zz", ""]), max_size=6).map("/".join),
    st.lists(st.sampled_from(["a=1", "a", "=", "a=%ff", "%=%", "b=x+y", "é=é", "a[]=1", ""]), max_size=8).map("&".join)
    | latin,
    st.lists(st.tuples(names, latin | types), max_size=8),
    st.binary(max_size=60),
)


def occasion(version: str) -> Occasion:
    return Occasion(
        "000000000000", "a1", "dev", "ANY /{proxy+}", "/a%2Fb", "r1", 1_795_262_400_000, "Root=1-0", "a1.example",
        {"proxy": "a/b"}, {"env": "test"}, payload_version=version,
    )  # fmt: skip


@given(requests)
@example(GatewayRequest("POST", "/", "", (("Content-Type", "application/json"),), b"\xff\xfe"))
@example(GatewayRequest("GET", "/" + "x" * 8_000, "q=" + "y" * 10_240, (("X-Big", "z" * 60_000),) * 3))
def test_any_request_becomes_an_event(request: GatewayRequest) -> None:
    v1, v2 = occasion("1.0"), occasion("2.0")
    asked = EdgeRequest(
        request.method,
        request.path,
        request.query,
        edge_headers(list(request.headers)),
        "::1",
        request.body,
        Origin("http://h"),
    )
    makers: list[Callable[[], bytes]] = [
        lambda: payload_v2.http_api_event(request, v2),
        lambda: payload_v1.http_api_event(request, v1),
        lambda: function_url.url_event(request, v2),
        lambda: load_balancer.target_event(request, TargetGroup("g", ARN, "f"), "Root=1-0"),
        lambda: load_balancer.target_event(request, TargetGroup("g", ARN, "f", multi_value_headers=True), "Root=1-0"),
        lambda: authorizer_event(request, v1, version="1.0", route_arn="arn", identity=("a",)),
        lambda: authorizer_event(request, v2, version="2.0", route_arn="arn", identity=()),
    ]
    for make in makers:
        event: dict[str, Any] = json.loads(make())
        if "isBase64Encoded" in event:
            assert body_in(event) == request.body
    told = json.loads(
        edge_event("origin-request", asked, None, distribution="d", domain="d", request_id="r", includes_body=True)
    )
    assert b64decode(told["Records"][0]["cf"]["request"]["body"]["data"]) == request.body


@given(requests, latin, st.sampled_from(["append", "overwrite"]))
def test_any_mapping_leaves_a_request_that_is_one(request: GatewayRequest, text: str, action: str) -> None:
    given_parameters = {
        f"{action}:header.x-a": "$request.body",
        f"{action}:header.x-b": "${request.path} of ${request.querystring.a}",
        f"{action}:header.x-a-b": text.replace("$", ""),
        f"{action}:querystring.q": "$request.header.x-a",
        "overwrite:path": "/v1/${request.path.proxy}",
        "remove:header.cookie": "''",
    }
    changed = changed_request(
        request, mapped_parameters(given_parameters, Sources({}, {}, request, {"proxy": "a b/%é"}))
    )

    assert changed.path.startswith("/v1/")
    assert all(
        is_good_header(name, value) for name, value in changed.headers if name.startswith("x-a") or name == "x-b"
    )
    assert not changed.all_of("cookie")
    assert changed.query.isascii() or changed.query == request.query
    json.loads(payload_v2.http_api_event(changed, occasion("2.0")))


@given(requests)
def test_any_request_is_taken_by_a_rule_or_told_why_not(request: GatewayRequest) -> None:
    rule = Rule(
        ("/a*",), ("*.example",), ("GET",), headers=(("x-a", ("*",)),), queries=((("a", "?"),),), sources=("::1",)
    )
    listener = Listener(rules=(rule,))

    assert rule.takes(request) == (not rule.misses(request))
    assert rule.takes(request) or why_untaken(LoadBalancer("f", "f", SCOPE, (listener,)), listener, request)
    assert "\n" not in Redirect().location(request, 80)


def body_in(event: dict[str, Any]) -> bytes:
    body = event.get("body") or ""
    return b64decode(body) if event["isBase64Encoded"] else body.encode()
