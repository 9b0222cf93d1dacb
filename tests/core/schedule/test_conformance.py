"""The conformance tables of schedule expressions, played through the world: when each fires, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import ValidationFailed
from app.core.time import format_instant, parse_instant
from tests.core.schedule.stage import create, rule
from tests.core.stage import Stage

FOLDER = Path(__file__).parents[2] / "conformance" / "schedule"
TABLES = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(FOLDER.glob("*.json"))}
TIMES = [
    pytest.param(case, maker, id=f"{name}: {case['name']}, {maker}")
    for name, table in TABLES.items()
    for case in table.get("cases", ())
    for maker in ("rule", "schedule")
    if case["for"] in (maker, "both")
]
REFUSALS = [
    pytest.param(table["for"], expression, id=f"{table['for']}: {expression}")
    for table in TABLES.values()
    for expression in table.get("refused", ())
]


def made(stage: Stage, maker: str, expression: str, case: dict[str, Any]) -> str:
    """The ARN of a rule or a schedule with this expression."""
    orders = stage.queue("orders")
    if maker == "rule":
        return rule(stage, "timed", expression, orders)
    members = {"zone": "ScheduleExpressionTimezone", "start": "StartDate", "end": "EndDate"}
    return create(
        stage, "timed", expression, orders, **{members[key]: case[key] for key in members if key in case}
    )  # fmt: skip


def test_every_table_has_its_source() -> None:
    assert all(table["source"] and table["checked"] and table["kind"] for table in TABLES.values())
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


@pytest.mark.parametrize(("maker", "expression"), REFUSALS)
def test_it_is_refused_in_the_services_words(maker: str, expression: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        made(Stage(), maker, expression, {})

    assert refused.value.message == (
        "Parameter ScheduleExpression is not valid."
        if maker == "rule"
        else f"Invalid Schedule Expression {expression}."
    )
