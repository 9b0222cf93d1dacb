"""CORS in a real browser: a page of another origin asks an API and a function URL."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from selenium import webdriver

from tests.serving import Serving, serving

pytestmark = [pytest.mark.real, pytest.mark.slow]

HANDLERS = Path(__file__).parents[1] / "web/gateway/handlers"

_ASK = """
const [url, done] = arguments;
fetch(url, {method: 'PUT', headers: {'x-a': '1', 'content-type': 'application/json'}, body: '{"statusCode": 201}'})
  .then(answer => done(`${answer.status} ${answer.headers.get('x-told')}`), error => done(`refused: ${error.name}`));
"""


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>a page</title>")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """Where a page is that is not ours."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    threading.Thread(target=server.serve_forever).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def service(origin: str) -> Iterator[Serving]:
    cors = f'AllowOrigins: ["{origin}"], AllowMethods: ["*"], AllowHeaders: [x-a, content-type]'
    with serving(f"""
functions:
  say: {{CodeUri: {HANDLERS}, Handler: fronts.say, Timeout: 10}}
apis:
  open: {{cors: {{{cors}}}, routes: {{PUT /say: say}}}}
  closed: {{routes: {{PUT /say: say}}}}
  other: {{cors: {{AllowOrigins: ["https://other.example"]}}, routes: {{PUT /say: say}}}}
urls:
  hello: {{function: say, Cors: {{{cors}}}}}
""") as running:
        yield running


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("open/say", "201 null"),
        ("hello/", "201 null"),
        ("closed/say", "refused: TypeError"),
        ("other/say", "refused: TypeError"),
    ],
)
def test_a_page_may_ask_what_cors_allows(
    browser: webdriver.Chrome, origin: str, service: Serving, path: str, told: str
) -> None:
    browser.get(origin)

    answer = browser.execute_async_script(_ASK, f"{service.url}/_triggerfish/gateway/{path}")

    assert answer == told
