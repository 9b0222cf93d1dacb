"""What functions print, over HTTP; and the environments that they run in."""

import json
import re
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.machine import write
from tests.serving import Serving, serving

APP = """
    import os

    def handler(event, context):
        print("got", event)
        return os.getpid()
    """


@pytest.fixture
def talking(tmp_path: Path) -> Iterator[Serving]:
    """A service at noon, with a function that prints."""
    write(tmp_path / "code", "app.py", APP)
    settings = f"""
clock: {{frozen: 2026-11-21T12:00:00Z}}
functions:
  talk: {{CodeUri: {tmp_path / "code"}, Handler: app.handler, environments: 2, idle_timeout: 10m}}
"""
    with serving(settings) as running:
        yield running


def invoke(service: Serving, event: object) -> dict[str, Any]:
    invoked: dict[str, Any] = service.post("functions/talk/invoke", event)
    return invoked


def test_the_last_lines_are_of_all_invocations_and_one_invocation_has_its_own(talking: Serving) -> None:
    first, second = invoke(talking, 1), invoke(talking, 2)

    all_lines = talking.get("functions/talk/logs")["lines"]
    own = talking.get(f"invocations/{second['request_id']}/logs")
    of_function = talking.get(f"functions/talk/logs?request={first['request_id']}")["lines"]

    assert [line for line in all_lines if line.startswith("got")] == ["got 1", "got 2"]
    assert own["function"] == "talk"
    assert own["lines"][:2] == [f"START RequestId: {second['request_id']} Version: $LATEST", "got 2"]
    assert "got 1" in of_function
    assert "got 2" not in of_function


def test_only_what_was_printed_since_then_on_the_services_clock(talking: Serving) -> None:
    invoke(talking, 1)
    talking.post("clock/advance", {"duration": "5m"})
    invoke(talking, 2)

    for since in ("1m", "2026-11-21T12:01:00Z"):
        lines = talking.get(f"functions/talk/logs?since={since}")["lines"]

        assert [line for line in lines if line.startswith("got")] == ["got 2"]


def test_an_invocation_that_nobody_knows_and_an_instant_that_is_none_are_refused(talking: Serving) -> None:
    assert talking.ask("GET", "invocations/nothing/logs").error == (
        404,
        "ResourceNotFound",
        "there is no log of an invocation 'nothing'",
    )
    status, _, message = talking.ask("GET", "functions/talk/logs?since=yesterday").error
    assert status == 400
    assert message.startswith("'yesterday' is neither a duration like 10m nor an instant")


def test_lines_come_as_they_are_printed_and_who_reconnects_misses_none(talking: Serving) -> None:
    invoke(talking, 1)
    address = talking.url.removeprefix("http://")
    events: list[dict[str, Any]] = []

    def follow(last_event_id: str, until: str) -> None:
        connection = HTTPConnection(address, timeout=10)
        connection.request(
            "GET", "/_triggerfish/api/functions/talk/logs/stream", headers={"Last-Event-ID": last_event_id}
        )
        response = connection.getresponse()
        for line in response:
            if line.startswith(b"data:"):
                events.append(json.loads(line[5:]))
                if until in events[-1]["text"]:
                    break
        connection.close()

    follow("0", "got 1")
    seen = events[-1]["number"]
    following = threading.Thread(target=follow, args=(str(seen), "got 2"))
    following.start()
    invoke(talking, 2)
    following.join(10)

    text = "".join(event["text"] for event in events)
    assert text.index("got 1") < text.index("REPORT") < text.index("got 2")
    assert len({event["number"] for event in events}) == len(events)
    assert events[0]["at"] == "2026-11-21T12:00:00.000Z"
    assert re.fullmatch(r"2026/11/21/\[\$LATEST\][0-9a-f]{32}", events[0]["stream"])


def test_environments_are_shown_with_how_they_came_and_went(talking: Serving) -> None:
    assert talking.get("functions/talk/environments") == {
        "function": "talk",
        "cold_starts": 0,
        "warm_starts": 0,
        "ended": {},
        "environments": [],
    }
    pid = invoke(talking, 1)["payload"]
    last = invoke(talking, 2)
    shown = talking.get("functions/talk/environments")

    (environment,) = shown["environments"]
    assert (shown["cold_starts"], shown["warm_starts"]) == (1, 1)
    assert (environment["slot"], environment["state"], environment["pid"]) == (0, "idle", pid)
    assert (environment["invocations"], environment["last_request"]) == (2, last["request_id"])
    assert environment["init_ms"] > 0


def test_on_the_services_clock_an_idle_environment_ends_and_the_next_start_is_cold(talking: Serving) -> None:
    before = invoke(talking, 1)["payload"]
    talking.post("clock/advance", {"duration": "9m"})
    same = invoke(talking, 2)["payload"]
    talking.post("clock/advance", {"duration": "10m"})
    gone = talking.get("functions/talk/environments")
    after = invoke(talking, 3)["payload"]

    assert same == before
    assert (gone["environments"], gone["ended"]) == ([], {"idle": 1})
    assert after != before
    texts = [entry["text"] for entry in talking.get("journal?kinds=EnvironmentStarted,EnvironmentEnded")]
    assert [re.sub(r" in [\d.]+ ms", "", text) for text in texts] == [
        "talk environment 0 started",
        "talk environment 0 ended: idle",
        "talk environment 0 started",
    ]
    assert talking.get("status")["clock"]["now"] == "2026-11-21T12:19:00.000Z"
