"""A WebSocket API in a real browser: a page talks to a function, and is told of the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from tests.serving import Serving, serving

pytestmark = [pytest.mark.real, pytest.mark.slow]

HANDLERS = Path(__file__).parents[1] / "web/gateway/handlers"

_TALK = """
const [url, done] = arguments;
const socket = new WebSocket(url);
socket.onopen = () => socket.send(JSON.stringify({action: 'send', text: 'hello'}));
socket.onmessage = told => { window.socket = socket; done(JSON.parse(told.data).requestContext.routeKey); };
socket.onerror = () => done('refused');
"""
_END = """
const done = arguments[0];
window.socket.onclose = end => done(`${end.code} ${end.reason}`);
fetch('/_triggerfish/api/clock/advance', {
  method: 'POST', headers: {'content-type': 'application/json'}, body: '{"duration": "10m"}'
}).catch(error => done(error.name));
"""


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    with serving(f"""
clock: {{frozen: 2026-11-27T12:00:00Z}}
functions:
  connect: {{CodeUri: {HANDLERS}, Handler: sockets.connect, Timeout: 10}}
  said: {{CodeUri: {HANDLERS}, Handler: sockets.said, Timeout: 10}}
  authorize: {{CodeUri: {HANDLERS}, Handler: sockets.authorize, Timeout: 10}}
websocket_apis:
  chat: {{routes: {{$connect: connect, send: said}}}}
  guarded:
    authorizer: {{function: authorize, IdentitySource: [route.request.querystring.token]}}
    routes: {{send: said}}
""") as running:
        yield running


def test_a_page_talks_to_a_function_until_the_clock_ends_it(browser: webdriver.Chrome, service: Serving) -> None:
    browser.get(f"{service.url}/_triggerfish/")

    answer = browser.execute_async_script(_TALK, f"ws://127.0.0.1:{service.port}/_aws/execute-api/chat/dev")
    end = browser.execute_async_script(_END)

    assert (answer, end) == ("send", "1001 Idle connection timeout")


@pytest.mark.parametrize(("query", "told"), [("?token=allow", "send"), ("?token=deny", "refused"), ("", "refused")])
def test_a_page_gets_in_as_the_authorizer_says(
    browser: webdriver.Chrome, service: Serving, query: str, told: str
) -> None:
    browser.get(f"{service.url}/_triggerfish/")

    answer = browser.execute_async_script(_TALK, f"ws://127.0.0.1:{service.port}/_aws/execute-api/guarded/dev{query}")

    assert answer == told
