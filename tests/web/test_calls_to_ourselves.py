"""Calls that services make to a front of this very service: the clock goes on while a function there takes its time."""

from collections.abc import Iterator

import pytest

from tests.serving import Serving, serving

SETTINGS = """
clock: {frozen: 2026-11-21T12:00:00Z}
functions:
  slow: {script: {succeed_after: 2s}, Timeout: 10}
urls: {hook: slow}
topics: {news: {}}
"""


@pytest.fixture
def service() -> Iterator[Serving]:
    with serving(SETTINGS) as running:
        yield running


@pytest.mark.parametrize("host", ["hook.lambda-url.us-east-1.localhost", "127.0.0.1"])
def test_a_topic_tells_a_function_of_ours_through_its_url(service: Serving, host: str) -> None:
    path = "/" if host.startswith("hook.") else "/_triggerfish/gateway/hook/"
    topic = "arn:aws:sns:us-east-1:000000000000:news"
    service.client("sns").subscribe(TopicArn=topic, Protocol="http", Endpoint=f"http://{host}:{service.port}{path}")

    service.post("clock/advance", {"duration": "3s"})

    (answered,) = service.get("journal?kinds=RequestAnswered")
    assert (answered["at"], answered["status"]) == ("2026-11-21T12:00:02.000Z", 200)
