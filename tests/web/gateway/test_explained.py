"""`explain GET URL` of each front: what would take a request, and for one that nothing takes what nearly does."""

from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from app.cli.root import root
from tests.serving import Serving, serving

SETTINGS = """
clock: {frozen: 2026-11-21T12:00:00Z}
functions:
  web: {script: {succeed_after: 0s}}
apis: {shop: {routes: {"GET /pets/{id}": web, POST /pets: web}}}
rest_apis: {store: {stage: Prod, methods: {"GET /pets/{id}": web}}}
websocket_apis: {chat: {stage: dev, routes: {$connect: web}}}
urls: {hello: web}
load_balancers: {front: {rules: [{path: /api/*, methods: [GET], function: web}]}}
distributions: {site: {origin: {url: "http://localhost:1"}, functions: {viewer-request: web}}}
"""


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    with serving(SETTINGS) as running:
        yield running


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://shop.execute-api.localhost:4566/pets/7", "route GET /pets/{id} of stage $default takes it"),
        ("http://store.execute-api.localhost:4566/Prod/pets/7", "GET of resource /pets/{id} takes it"),
        ("http://chat.execute-api.localhost:4566/dev", "route $connect of stage dev takes handshakes"),
        ("http://hello.lambda-url.us-east-1.localhost:4566/any", "function URL 'hello' answers there"),
        ("http://front.us-east-1.elb.localhost:4566/api/x", "the rule for GET path /api/* takes it"),
        ("http://site.cloudfront.localhost:4566/any", "behavior * takes /any"),
    ],
)
def test_what_takes_a_request_is_told(service: Serving, url: str, words: str) -> None:
    status, told = explained(service, "GET", url)

    assert status == 0, told
    assert words in told
    assert "→ web, now" in told


@pytest.mark.parametrize(
    ("method", "url", "words"),
    [
        (
            "GET",
            "http://shop.execute-api.localhost:4566/pets/7/toys",
            "it fits as far as /pets/7, where nothing more comes",
        ),
        ("GET", "http://shop.execute-api.localhost:4566/dogs", "it fits as far as /, where pets may follow"),
        ("PUT", "http://shop.execute-api.localhost:4566/pets/7", "/pets/7 is there for GET, not for PUT"),
        ("GET", "http://store.execute-api.localhost:4566/Prod/dogs", "it fits as far as /, where pets may follow"),
        ("GET", "http://store.execute-api.localhost:4566/dev/pets/7", "there are: Prod"),
        ("GET", "http://chat.execute-api.localhost:4566/prod", "stages: dev"),
        (
            "POST",
            "http://front.us-east-1.elb.localhost:4566/api/x",
            "nearest is GET path /api/*: the method is not GET",
        ),
        ("GET", "http://nobody.lambda-url.us-east-1.localhost:4566/", "there is nothing named 'nobody'; there are: "),
        ("GET", "http://localhost:4566/pets", "this address is no front's; there are: "),
    ],
)
def test_what_nearly_takes_a_request_is_told(service: Serving, method: str, url: str, words: str) -> None:
    status, told = explained(service, method, url)

    assert status == 3, told
    assert words in told


def explained(service: Serving, method: str, url: str) -> tuple[int, str]:
    """What the command prints, on one line, and its exit status."""
    done = CliRunner().invoke(root, ["--endpoint", service.url, "explain", method, url])
    return done.exit_code, " ".join(done.output.split())
