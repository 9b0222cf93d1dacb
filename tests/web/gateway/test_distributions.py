"""Distributions over loopback: an origin, and functions at the edge around it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.serving import Answer, Serving, serving
from tests.web.gateway.conftest import HANDLERS


@pytest.fixture(scope="module")
def site() -> Iterator[Serving]:
    """A service of its own: objects are kept by the newest one in a process."""
    with serving(f"""
functions: {{edge: {{CodeUri: {HANDLERS}, Handler: fronts.edge, Timeout: 10}}}}
buckets: {{site: {{}}}}
distributions:
  plain: {{origin: {{bucket: site, path: /public}}}}
  edged:
    origin: {{bucket: site, path: /public}}
    include_body: true
    functions: {{viewer-request: edge, origin-request: edge, origin-response: edge, viewer-response: edge}}
""") as running:
        s3 = running.client("s3", s3={"addressing_style": "path"})
        s3.put_object(Bucket="site", Key="public/a.txt", Body=b"from the bucket", ContentType="text/plain")
        s3.put_object(Bucket="site", Key="public/b.txt", Body=b"the other one", ContentType="text/plain")
        s3.close()
        yield running


def ask(fronts: Serving, path: str, wanted: str = "") -> Answer:
    return fronts.ask("GET", path, headers={"Host": "edged.cloudfront.localhost:4566", "x-do": wanted})


def do(fronts: Serving, what: str) -> Answer:
    return ask(fronts, "/a.txt", what)


def test_a_bucket_is_an_origin(site: Serving) -> None:
    answer = site.ask("GET", "/_triggerfish/gateway/plain/a.txt")

    assert (answer.status, answer.content) == (200, b"from the bucket")
    assert answer.headers["x-cache"] == "Miss from cloudfront"


def test_the_four_events_come_in_their_order(site: Serving) -> None:
    answer = ask(site, "/a.txt")

    assert answer.content == b"from the bucket"
    assert {"x-origin-response", "x-viewer-response"} <= set(answer.headers)


@pytest.mark.parametrize("kind", ["viewer-request", "origin-request"])
def test_a_function_may_answer_itself(site: Serving, kind: str) -> None:
    answer = ask(site, "/a.txt?q=1", f"{kind}=generate")
    cf: dict[str, Any] = json.loads(answer.content)

    assert cf["config"]["eventType"] == kind
    assert cf["config"]["distributionDomainName"] == "edged.cloudfront.localhost"
    request = cf["request"]
    assert (request["method"], request["uri"], request["querystring"]) == ("GET", "/a.txt", "q=1")
    assert request["headers"]["x-do"][0]["value"] == f"{kind}=generate"
    assert ("origin" in request) == (kind == "origin-request")
    assert request["body"] == {"inputTruncated": False, "action": "read-only", "encoding": "base64", "data": ""}


@pytest.mark.parametrize("kind", ["viewer-request", "origin-request"])
def test_a_function_may_send_it_elsewhere(site: Serving, kind: str) -> None:
    assert do(site, f"{kind}=rewrite").content == b"the other one"


def test_an_origin_response_may_change_the_status_and_then_no_viewer_response_follows(site: Serving) -> None:
    answer = do(site, "origin-response=status")

    assert answer.status == 404
    assert "x-viewer-response" not in answer.headers


@pytest.mark.parametrize(
    "what",
    [
        "viewer-request=host",
        "viewer-request=999",
        "viewer-request=large",
        "viewer-request=nothing",
        "viewer-request=nonsense",
        "origin-request=edge-header",
        "origin-response=inject",
        "viewer-response=status",
    ],
)
def test_a_result_that_is_not_valid_is_a_bad_gateway(site: Serving, what: str) -> None:
    answer = do(site, what)

    assert answer.status == 502
    assert answer.headers["x-cache"] == "LambdaValidationError from cloudfront"
    assert "set-cookie" not in answer.headers


def test_a_function_that_fails_is_an_error_of_its_own(site: Serving) -> None:
    answer = do(site, "viewer-request=raise")

    assert answer.status == 500
    assert answer.headers["x-cache"] == "LambdaExecutionError from cloudfront"


def test_what_the_origin_does_not_have_is_its_own_answer(site: Serving) -> None:
    answer = ask(site, "/missing.txt")

    assert answer.status == 404
    assert b"NoSuchKey" in answer.content
    assert "x-viewer-response" not in answer.headers
