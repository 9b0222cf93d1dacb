"""The `Server` that answers name: none, as SQS, Lambda and API Gateway, or that of S3, ELB and CloudFront."""

from collections.abc import Iterator

import pytest

from tests.serving import Serving, serving

SETTINGS = """
functions:
  plain: {script: {succeed_after: 0s, payload: {statusCode: 200, body: hello}}}
  named: {script: {succeed_after: 0s, payload: {statusCode: 200, headers: {Server: mine}, body: hello}}}
queues: {orders: {}}
buckets: {photos: {}}
apis: {shop: {routes: {GET /plain: plain}}}
load_balancers:
  front:
    rules:
      - {path: /plain, function: plain}
      - {path: /named, function: named}
      - {path: /fixed, fixed: {status: 404, body: nothing here}}
      - {path: /away, redirect: {path: /plain}}
distributions: {site: {origin: {url: "http://127.0.0.1:1"}}}
"""
SEND = b'{"QueueUrl": "http://localhost/000000000000/orders", "MessageBody": "a"}'


@pytest.fixture(scope="module", params=["past ASGI", "through it"])
def service(request: pytest.FixtureRequest) -> Iterator[Serving]:
    with serving(SETTINGS, at_once=request.param == "past ASGI") as running:
        yield running


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "named"),
    [
        ("POST", "/", {"X-Amz-Target": "AmazonSQS.SendMessage"}, SEND, None),
        ("POST", "/", {"X-Amz-Target": "AmazonSQS.Nothing"}, b"{}", None),
        ("POST", "/2015-03-31/functions/plain/invocations", {}, b"{}", None),
        ("GET", "/_triggerfish/gateway/shop/$default/plain", {}, b"", None),
        ("GET", "/photos?list-type=2", {}, b"", "AmazonS3"),
        ("GET", "/nowhere", {}, b"", "AmazonS3"),
        ("GET", "/_triggerfish/gateway/front/plain", {}, b"", "awselb/2.0"),
        ("GET", "/_triggerfish/gateway/front/named", {}, b"", "mine"),
        ("GET", "/_triggerfish/gateway/front/fixed", {}, b"", "awselb/2.0"),
        ("GET", "/_triggerfish/gateway/front/away", {}, b"", "awselb/2.0"),
        ("GET", "/_triggerfish/gateway/front/elsewhere", {}, b"", "awselb/2.0"),
        ("GET", "/_triggerfish/gateway/site/", {}, b"", "CloudFront"),
    ],
)
def test_an_answer_names_the_server_that_awss_names(
    service: Serving, method: str, path: str, headers: dict[str, str], body: bytes, named: str | None
) -> None:
    answer = service.ask(method, path, body, headers=headers)

    assert answer.headers.get("server") == named
