"""Rules that fire by a schedule: when, what their targets get, and what stops them."""

import json

import pytest

from app.core.commands import CreateEventBus, DeleteRule, FireSchedule, PutRule, PutTargets, RemoveTargets, SetRuleState
from app.core.errors import ResourceNotFound, ValidationFailed
from app.core.facts import ScheduleFired
from tests.core.schedule.stage import body, rule, story
from tests.core.stage import SCOPE, Stage, clock_time


@pytest.fixture
def stage() -> Stage:
    return Stage()


def fired_at(stage: Stage) -> list[str]:
    return [clock_time(at) for at, fact in stage.facts if isinstance(fact, ScheduleFired)]


def test_a_rate_fires_first_after_one_period(stage: Stage) -> None:
    rule(stage, "often", "rate(1 hour)", stage.queue("orders"))

    stage.advance("3h")

    assert fired_at(stage) == ["13:00:00", "14:00:00", "15:00:00"]


def test_a_cron_rule_fires_in_utc(stage: Stage) -> None:
    rule(stage, "nightly", "cron(30 1 * * ? *)", stage.queue("orders"))

    stage.advance("2d")

    assert fired_at(stage) == ["01:30:00", "01:30:00"]


def test_its_targets_get_a_scheduled_event(stage: Stage) -> None:
    orders = stage.queue("orders")
    arn = rule(stage, "often", "rate(1 hour)", orders)

    stage.advance("1h")

    event = body(stage, orders)
    assert list(event) == [
        "version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail",
    ]  # fmt: skip
    assert {name: value for name, value in event.items() if name != "id"} == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": "2026-11-21T13:00:00Z",
        "region": "us-east-1",
        "resources": [arn],
        "detail": {},
    }


def test_an_input_replaces_the_event(stage: Stage) -> None:
    orders = stage.queue("orders")
    rule(stage, "often", "rate(1 hour)", orders)
    target = {"Id": "1", "Arn": orders, "Input": '{"custom-value": "somecustominput"}'}
    stage.submit(PutTargets(SCOPE, "often", (target,), None))

    stage.advance("1h")

    assert stage.bodies(orders) == ['{"custom-value": "somecustominput"}']


def test_a_disabled_rule_does_not_fire_and_counts_anew_when_it_is_enabled(stage: Stage) -> None:
    rule(stage, "often", "rate(1 hour)", stage.queue("orders"))
    stage.submit(SetRuleState(SCOPE, "often", "DISABLED", None))
    stage.advance("90m")
    stage.submit(SetRuleState(SCOPE, "often", "ENABLED", None))
    stage.advance("90m")

    assert fired_at(stage) == ["14:30:00"]


def test_a_rule_that_is_put_again_as_it_was_goes_on_counting(stage: Stage) -> None:
    orders = stage.queue("orders")
    rule(stage, "often", "rate(1 hour)", orders)
    stage.advance("30m")
    rule(stage, "often", "rate(1 hour)", orders, Description="the same")
    stage.advance("30m")
    rule(stage, "often", "rate(2 hours)", orders)
    stage.advance("2h")

    assert fired_at(stage) == ["13:00:00", "15:00:00"]


def test_a_rule_that_is_gone_does_not_fire(stage: Stage) -> None:
    rule(stage, "often", "rate(1 hour)", stage.queue("orders"))
    stage.submit(RemoveTargets(SCOPE, "often", ("1",)))
    stage.submit(DeleteRule(SCOPE, "often"))

    stage.advance("1d")

    assert fired_at(stage) == []


def test_each_firing_is_a_chain_of_its_own_and_the_rule_stands_on_its_path(stage: Stage) -> None:
    worker = stage.function("worker")
    rule(stage, "often", "rate(1 hour)", worker)

    stage.advance("1h")
    payload = stage.calls[0].payload
    stage.settle()
    stage.advance("1h")

    chains = [fact.chain for fact in stage.of(ScheduleFired)]
    assert len(set(chains)) == 2
    assert [line for line in stage.story() if "called" in line] == ["worker called by rule often"] * 2
    assert json.loads(payload)["source"] == "aws.events"


def test_a_rule_can_be_fired_by_hand(stage: Stage) -> None:
    orders = stage.queue("orders")
    arn = rule(stage, "nightly", "cron(0 2 * * ? *)", orders, State="DISABLED")

    fired = stage.submit(FireSchedule(arn))

    assert body(stage, orders)["time"] == "2026-11-21T12:00:00Z"
    assert fired.failures == ()
    assert story(stage) == ["12:00:00 rule nightly was fired by hand"]
    with pytest.raises(ResourceNotFound):
        stage.submit(FireSchedule("arn:aws:events:us-east-1:000000000000:rule/other"))
    pattern = stage.submit(PutRule(SCOPE, {"Name": "pattern", "EventPattern": '{"source": ["app"]}'}))
    with pytest.raises(ValidationFailed):
        stage.submit(FireSchedule(pattern))


def test_a_target_that_is_not_there_is_told(stage: Stage) -> None:
    arn = rule(stage, "often", "rate(1 hour)", SCOPE.queue_arn("nothing"))

    fired = stage.submit(FireSchedule(arn))

    assert fired.failures == ("The specified queue does not exist.",)


def test_a_schedule_on_another_bus_or_in_other_words_is_refused(stage: Stage) -> None:
    stage.submit(CreateEventBus(SCOPE, {"Name": "own"}))

    with pytest.raises(ValidationFailed, match="ScheduleExpression is supported only on the default event bus"):
        stage.submit(PutRule(SCOPE, {"Name": "r", "EventBusName": "own", "ScheduleExpression": "rate(1 minute)"}))
    with pytest.raises(ValidationFailed, match=r"Parameter ScheduleExpression is not valid\."):
        stage.submit(PutRule(SCOPE, {"Name": "r", "ScheduleExpression": "rate(1 minutes)"}))


def test_what_comes_next_is_told_with_the_reason_why_nothing_does(stage: Stage) -> None:
    orders = stage.queue("orders")
    rule(stage, "often", "rate(1 hour)", orders)
    rule(stage, "off", "rate(1 hour)", orders, State="DISABLED")
    rule(stage, "past", "cron(0 0 1 1 ? 2020)", orders)
    stage.submit(PutRule(SCOPE, {"Name": "idle", "ScheduleExpression": "rate(1 hour)"}))

    told = {each.arn.rpartition("/")[2]: each for each in stage.world.scheduler.upcoming(3, stage.now)}

    assert [clock_time(at) for at in told["often"].times] == ["13:00:00", "14:00:00", "15:00:00"]
    assert told["often"].targets == (orders,)
    assert {name: each.why_not for name, each in told.items()} == {
        "often": None,
        "off": "the rule is DISABLED",
        "past": "none of its times is still to come",
        "idle": "the rule has no targets",
    }
