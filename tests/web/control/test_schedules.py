"""Schedules over the control API: what comes next, making one, firing one now."""

from collections.abc import Iterator

import pytest

from tests.serving import Serving, serving

SETTINGS = """
clock: {frozen: "2026-11-21T12:00:00Z"}
queues: {orders: {}}
schedules:
  nightly:
    ScheduleExpression: cron(0 2 * * ? *)
    ScheduleExpressionTimezone: Europe/Berlin
    queue: orders
    Input: {job: 7}
  weekly: {ScheduleExpression: "cron(0 0 ? * MON *)", queue: orders, State: DISABLED, GroupName: reports}
"""


@pytest.fixture
def timed() -> Iterator[Serving]:
    with serving(SETTINGS) as running:
        yield running


def test_the_next_times_of_each_are_listed(timed: Serving) -> None:
    nightly, weekly = timed.get("schedules?count=2")

    assert nightly == {
        "name": "nightly",
        "arn": "arn:aws:scheduler:us-east-1:000000000000:schedule/default/nightly",
        "kind": "schedule",
        "expression": "cron(0 2 * * ? *)",
        "zone": "Europe/Berlin",
        "enabled": True,
        "targets": ["orders"],
        "next": [
            {"at": "2026-11-22T01:00:00.000Z", "local": "2026-11-22T02:00:00+01:00"},
            {"at": "2026-11-23T01:00:00.000Z", "local": "2026-11-23T02:00:00+01:00"},
        ],
        "why_not": None,
    }
    assert (weekly["name"], weekly["next"], weekly["why_not"]) == ("reports/weekly", [], "it is DISABLED")


def test_ten_are_listed_unless_more_are_asked_for(timed: Serving) -> None:
    assert len(timed.get("schedules?name=nightly")[0]["next"]) == 10
    assert len(timed.get("schedules?name=nightly&count=20")[0]["next"]) == 20
    assert timed.ask("GET", "schedules?name=nothing").error == (
        404, "ResourceNotFound", "there is no schedule named 'nothing'",
    )  # fmt: skip
    assert timed.ask("GET", "schedules?count=1001").status == 400


def test_rules_with_a_schedule_are_among_them(timed: Serving) -> None:
    events = timed.client("events")
    events.put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")
    events.put_targets(Rule="hourly", Targets=[{"Id": "1", "Arn": "arn:aws:sqs:us-east-1:000000000000:orders"}])

    (rule,) = timed.get("schedules?name=hourly&count=1")

    assert (rule["kind"], rule["targets"], rule["next"][0]["at"]) == ("rule", ["orders"], "2026-11-21T13:00:00.000Z")


def test_a_schedule_can_be_made_and_fired_now(timed: Serving) -> None:
    entry = {"name": "often", "ScheduleExpression": "rate(1 hour)", "queue": "orders", "State": "DISABLED"}
    assert timed.post("schedules", entry)["why_not"] == "it is DISABLED"

    fired = timed.post("schedules/fire", {"name": "often"})

    assert (fired["name"], fired["at"], fired["failures"]) == ("often", "2026-11-21T12:00:00.000Z", [])
    assert timed.get("queues/orders")["visible"] == 1
    chain = timed.get(f"chains/{fired['chain']}")["entries"]
    assert [entry["fact"] for entry in chain] == ["ScheduleFired", "ScheduleDelivered", "MessageSent"]


def test_what_is_wrong_with_an_entry_is_told(timed: Serving) -> None:
    wrong = timed.ask("POST", "schedules", {"name": "x", "ScheduleExpression": "often", "queue": "orders"})
    taken = timed.ask("POST", "schedules", {"name": "nightly", "ScheduleExpression": "rate(1 day)", "queue": "orders"})

    assert wrong.error[0] == 400
    assert "'often' is no schedule expression" in wrong.error[2]
    assert taken.error[2] == "Schedule nightly already exists."
    assert timed.ask("POST", "schedules/fire", {"name": "nothing"}).error[0] == 404


def test_the_status_names_them_among_the_triggers(timed: Serving) -> None:
    assert "schedule nightly (cron(0 2 * * ? *)) → orders" in timed.get("status")["triggers"]
