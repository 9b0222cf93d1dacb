"""`triggerfish schedules`, of a real service."""

import json

import pytest

from tests.cli.conftest import Run
from tests.serving import Serving


@pytest.fixture(autouse=True)
def nightly(service: Serving) -> None:
    entry = {
        "name": "nightly", "ScheduleExpression": "cron(30 2 * * ? *)",
        "ScheduleExpressionTimezone": "America/New_York", "queue": "spare",
    }  # fmt: skip
    service.post("schedules", entry)
    service.client("events").put_rule(Name="idle", ScheduleExpression="rate(1 hour)")


def test_the_next_ten_of_each_are_shown_in_their_zones(run: Run) -> None:
    lines = run("schedules").stdout.splitlines()

    assert lines[0] == "nightly  cron(30 2 * * ? *)  America/New_York → spare"
    assert lines[1] == "  2026-11-22T02:30:00-05:00"
    assert len(lines) == 1 + 10 + 1 + 10 + 1
    assert lines[11] == "rule idle  rate(1 hour)  UTC → nothing"
    assert lines[-1] == "  the rule has no targets"


def test_one_is_shown_with_as_many_as_are_asked_for(run: Run) -> None:
    assert len(run("schedules", "nightly", "-n", "20").stdout.splitlines()) == 21
    assert len(json.loads(run("schedules", "nightly", "-n", "3", "--json").stdout)[0]["next"]) == 3
    missing = run("schedules", "nothing")
    assert (missing.exit_code, missing.stderr) == (1, "Error: there is no schedule named 'nothing'\n")


def test_one_is_fired_now(run: Run, service: Serving) -> None:
    fired = run("schedules", "nightly", "--fire")

    assert fired.stdout.startswith("→ nightly fired\nchain 1-")
    assert service.get("queues/spare")["visible"] == 1
    assert run("schedules", "--fire").exit_code == 2


def test_why_one_does_not_fire_is_explained(run: Run, service: Serving) -> None:
    entry = {"name": "off", "ScheduleExpression": "rate(1 hour)", "queue": "spare", "State": "DISABLED"}
    service.post("schedules", entry)

    off = run("explain", "--schedule", "off")

    assert off.stdout.splitlines()[-1] == "would not fire: schedule off does not fire: it is DISABLED"
    assert off.exit_code == 3
    assert run("explain", "--schedule", "nothing").exit_code == 1
