"""The client of the command line: where it goes, with what token, and what it makes of odd answers."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from app.cli.client import Client, ServiceRefused, ServiceUnavailable, endpoint_of_environment, segment
from tests.serving import serving


class Odd(BaseHTTPRequestHandler):
    """A web server that is not Triggerfish."""

    def do_GET(self) -> None:
        self.send_response(404 if self.path.endswith("/missing") else 200)
        self.end_headers()
        self.wfile.write(b"<html>hello</html>")

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def odd() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Odd) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("environment", "endpoint"),
    [
        ({}, "http://localhost:4566"),
        ({"AWS_ENDPOINT_URL": "http://a:1"}, "http://a:1"),
        ({"AWS_ENDPOINT_URL": "http://a:1", "TRIGGERFISH_ENDPOINT": "http://b:2"}, "http://b:2"),
    ],
)
def test_the_endpoint_is_the_most_particular_one(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], endpoint: str
) -> None:
    for name in ("TRIGGERFISH_ENDPOINT", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert endpoint_of_environment() == endpoint


def test_a_scheme_and_a_slash_may_be_left_to_it() -> None:
    assert Client("localhost:4566").endpoint == Client("http://localhost:4566/").endpoint == "http://localhost:4566"


def test_the_token_goes_along() -> None:
    with serving("security: {token: swordfish}") as service:
        clock = Client(service.url, "swordfish").get("/clock")
        with pytest.raises(ServiceRefused, match="needs its token") as refused:
            Client(service.url).get("/clock")

    assert clock["way"] == "wall"
    assert refused.value.status == 401


def test_the_token_may_be_the_password_of_the_url_which_is_not_shown() -> None:
    with serving("security: {token: swordfish}") as service:
        client = Client(service.url.replace("http://", "http://any:swordfish@"))
        clock = client.get("/clock")

    assert clock["way"] == "wall"
    assert client.endpoint == service.url


def test_an_answer_that_is_not_json_is_not_triggerfishs(odd: str) -> None:
    with pytest.raises(ServiceUnavailable, match="does not answer like Triggerfish"):
        Client(odd).get("/clock")


def test_an_error_that_is_not_ours_is_told_by_its_status(odd: str) -> None:
    with pytest.raises(ServiceRefused, match=r"answered 404 Not Found; is it Triggerfish\?"):
        Client(odd).get("/missing")


def test_an_arn_is_one_segment_of_a_path() -> None:
    assert segment("arn:aws:sqs:us-east-1:000000000000:a/b c") == "arn:aws:sqs:us-east-1:000000000000:a%2Fb%20c"
