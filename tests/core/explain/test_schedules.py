"""When a schedule fires next, or why it does not."""

from typing import Any

import pytest

from app.core.errors import ResourceNotFound
from app.core.explain import Explanation, OfSchedule, Verdict, explain
from app.core.time import parse_instant
from tests.core.schedule.stage import create, rule
from tests.core.stage import SCOPE, Stage


@pytest.fixture
def stage() -> Stage:
    return Stage()


def explained(stage: Stage, name: str) -> Explanation:
    before = stage.world.next_wakeup()
    explanation = explain(stage.world, OfSchedule(name), now=stage.now)
    assert stage.world.next_wakeup() == before, "nothing changes by asking"
    return explanation


def test_one_that_will_fire_says_when_and_at_whom(stage: Stage) -> None:
    create(stage, "nightly", "cron(0 2 * * ? *)", stage.function("report"), ScheduleExpressionTimezone="Europe/Berlin")

    told = explained(stage, "nightly")

    assert [step.text for step in told.steps] == [
        "schedule nightly is there: cron(0 2 * * ? *) in Europe/Berlin",
        "schedule nightly fires next when its clock shows 2026-11-22T02:00:00+01:00, until 2026-11-22T01:00:00.000Z",
        "0 of 1 environments of 'report' are busy",
    ]
    assert told.conclusion.verdict is Verdict.WAIT
    assert told.conclusion.text == "fires at 2026-11-22T01:00:00.000Z: schedule nightly → report"
    assert told.conclusion.at == parse_instant("2026-11-22T01:00:00Z")


@pytest.mark.parametrize(
    ("expression", "more", "reason"),
    [
        ("rate(1 hour)", {"State": "DISABLED"}, "schedule timed does not fire: it is DISABLED"),
        (
            "at(2026-01-01T00:00:00)", {},
            "schedule timed does not fire: none of its times is still to come",
        ),
        (
            "cron(0 0 1 1 ? 2030)", {"EndDate": "2027-01-01T00:00:00Z"},
            "schedule timed does not fire: it has no time before its end at 2027-01-01T00:00:00.000Z",
        ),
    ],
)  # fmt: skip
def test_one_that_will_not_fire_says_why(stage: Stage, expression: str, more: dict[str, Any], reason: str) -> None:
    create(stage, "timed", expression, stage.queue("orders"), **more)

    told = explained(stage, "timed")

    assert (told.conclusion.verdict, told.conclusion.text) == (Verdict.NO, f"would not fire: {reason}")


def test_one_that_has_ended_says_so(stage: Stage) -> None:
    create(stage, "once", "at(2026-11-21T12:30:00)", stage.queue("orders"))
    stage.advance("1h")

    assert explained(stage, "once").conclusion.text == (
        "would not fire: schedule once does not fire: its last time is over"
    )


def test_one_before_its_start_waits_for_it(stage: Stage) -> None:
    create(stage, "soon", "rate(1 hour)", stage.function("report"), StartDate="2026-11-22T00:00:00Z")

    told = explained(stage, "soon")

    assert "it starts at 2026-11-22T00:00:00.000Z" in told.steps[1].text
    assert told.conclusion.verdict is Verdict.WAIT


def test_its_target_is_looked_into(stage: Stage) -> None:
    create(stage, "nobody", "cron(0 2 * * ? *)", SCOPE.function_arn("nobody"))
    create(stage, "lost", "cron(0 2 * * ? *)", SCOPE.queue_arn("lost"))
    create(stage, "told", "cron(0 2 * * ? *)", stage.topic("news"))

    assert explained(stage, "nobody").conclusion.text == "would not fire: there is no function 'nobody'"
    assert explained(stage, "lost").conclusion.text == "would not fire: there is no queue 'lost'"
    assert explained(stage, "told").conclusion.text == "fires at 2026-11-22T02:00:00.000Z: schedule told → news"


def test_a_rule_is_explained_by_each_of_its_targets(stage: Stage) -> None:
    rule(stage, "hourly", "rate(1 hour)", stage.function("report"))

    assert explained(stage, "hourly").conclusion.text == "fires at 2026-11-21T13:00:00.000Z: rule hourly → report"


def test_one_that_is_not_there_is_not_found(stage: Stage) -> None:
    with pytest.raises(ResourceNotFound, match="there is no schedule named 'nothing'"):
        explained(stage, "nothing")
