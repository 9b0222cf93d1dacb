"""The conformance cases of schedule expressions, played through the world: when each fires, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import ValidationFailed
from app.core.time import format_instant, parse_instant
from tests.core.schedule.stage import create, rule
from tests.core.stage import Stage

FOLDER = Path(__file__).parents[2] / "conformance" / "schedule"
CASES = {
    f"{path.parent.name}/{path.stem}": json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(FOLDER.rglob("*.json"))
}
TIMES = [
    pytest.param(case, maker, id=f"{name}, {maker}")
    for name, case in CASES.items()
    if "times" in case
    for maker in ("rule", "schedule")
    if case["for"] in (maker, "both")
]
REFUSALS = [pytest.param(case, id=name) for name, case in CASES.items() if "refusal" in case]


def made(stage: Stage, maker: str, expression: str, case: dict[str, Any]) -> str:
    """The ARN of a rule or a schedule with this expression."""
    orders = stage.queue("orders")
    if maker == "rule":
        return rule(stage, "timed", expression, orders)
    members = {"zone": "ScheduleExpressionTimezone", "start": "StartDate", "end": "EndDate"}
    return create(
        stage, "timed", expression, orders, **{members[key]: case[key] for key in members if key in case}
    )  # fmt: skip


def test_every_case_has_times_or_a_refusal() -> None:
    assert all(("times" in case) is not ("refusal" in case) for case in CASES.values())
    assert len(TIMES) > 60
    assert len(REFUSALS) > 40


@pytest.mark.parametrize(("case", "maker"), TIMES)
def test_it_fires_when_aws_says(case: dict[str, Any], maker: str) -> None:
    stage = Stage()
    stage.now = parse_instant(case["after"])
    arn = made(stage, maker, case["expression"], case)
    wanted = len(case["times"]) + (1 if case.get("ends") else 0)

    (told,) = [each for each in stage.world.scheduler.upcoming(wanted, stage.now) if each.arn == arn]

    assert [format_instant(at)[:16] for at in told.times] == case["times"]


@pytest.mark.parametrize("case", REFUSALS)
def test_it_is_refused_in_the_services_words(case: dict[str, Any]) -> None:
    with pytest.raises(ValidationFailed) as refused:
        made(Stage(), case["for"], case["expression"], {})

    assert refused.value.message == case["refusal"]
