"""Rules: states, schedules, tags, and what a rule that a service manages refuses."""

import json

import pytest

from app.core.commands import DeleteRule, PutRule, PutTargets, RemoveTargets, SetRuleState
from app.core.errors import ManagedRule
from app.core.facts import EventArrived
from tests.core.buses.scenes import put, received, rule
from tests.core.stage import SCOPE, Stage


def test_a_disabled_rule_takes_nothing_until_it_is_enabled_again() -> None:
    stage = Stage()
    queue = stage.queue("orders")
    rule(stage, "orders", {"source": ["shop"]}, queue)

    stage.submit(SetRuleState(SCOPE, "orders", "DISABLED"))
    put(stage)
    stage.submit(SetRuleState(SCOPE, "orders", "ENABLED"))
    put(stage)

    assert [fact.rules for fact in stage.of(EventArrived)] == [(), ("orders",)]
    assert len(stage.bodies(queue)) == 1


def test_a_rule_that_is_put_again_takes_what_it_now_says() -> None:
    stage = Stage()
    queue = stage.queue("orders")
    rule(stage, "orders", {"source": ["shop"]}, queue)
    rule(stage, "orders", {"source": ["other"]})

    put(stage)
    put(stage, source="other")

    assert len(stage.bodies(queue)) == 1


def test_a_rule_with_a_schedule_alone_takes_no_events() -> None:
    stage = Stage()
    stage.submit(PutRule(SCOPE, {"Name": "hourly", "ScheduleExpression": "rate(1 hour)"}))

    put(stage)

    assert stage.of(EventArrived)[0].rules == ()


def test_a_rule_fired_by_its_schedule_tells_its_targets() -> None:
    stage = Stage()
    queue = stage.queue("orders")
    arn = stage.submit(PutRule(SCOPE, {"Name": "hourly", "ScheduleExpression": "rate(1 hour)"}))
    stage.submit(PutTargets(SCOPE, "hourly", ({"Id": "1", "Arn": queue},)))

    stage.advance("1h")

    told = json.loads(received(stage, queue))
    assert (told["source"], told["detail-type"], told["detail"]) == ("aws.events", "Scheduled Event", {})
    assert (told["resources"], told["time"]) == ([arn], "2026-11-21T13:00:00Z")


def test_what_a_service_manages_only_that_service_changes() -> None:
    stage = Stage()
    queue = stage.queue("orders")
    rule(stage, "theirs", {"source": ["shop"]}, queue)
    stage.world.event_bridge.registry.rule(SCOPE, "theirs", None, stage.now).managed_by = "some.amazonaws.com"

    for command in (
        PutRule(SCOPE, {"Name": "theirs", "EventPattern": '{"a":[1]}'}),
        SetRuleState(SCOPE, "theirs", "DISABLED"),
        PutTargets(SCOPE, "theirs", ({"Id": "2", "Arn": queue},)),
        RemoveTargets(SCOPE, "theirs", ("1",)),
        DeleteRule(SCOPE, "theirs"),
    ):
        with pytest.raises(ManagedRule):
            stage.submit(command)
    stage.submit(RemoveTargets(SCOPE, "theirs", ("1",), force=True))
    stage.submit(DeleteRule(SCOPE, "theirs", force=True))

    assert stage.world.event_bridge.registry.buses[SCOPE.bus_arn("default")].rules == {}
