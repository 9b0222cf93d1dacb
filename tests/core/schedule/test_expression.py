"""Schedule expressions: what is taken, what is refused, and which days a cron expression means."""

import pytest

from app.core.schedule import At, Cron, NotAnExpression, Rate, parse_expression
from app.core.time import DAY_MS, HOUR_MS, MINUTE_MS


@pytest.mark.parametrize(
    ("text", "every_ms"),
    [("rate(1 minute)", MINUTE_MS), ("rate(5 minutes)", 5 * MINUTE_MS), ("rate(1 hour)", HOUR_MS),
     ("rate(36 hours)", 36 * HOUR_MS), ("rate(1 day)", DAY_MS), ("rate(400 days)", 400 * DAY_MS)],
)  # fmt: skip
def test_a_rate_is_a_number_and_a_unit(text: str, every_ms: int) -> None:
    assert parse_expression(text) == Rate(every_ms)


@pytest.mark.parametrize(
    "text",
    [
        "", "rate", "rate()", "rate(5)", "rate(minutes)", "rate(0 minutes)", "rate(-5 minutes)", "rate(1 minutes)",
        "rate(5 minute)", "rate(5 seconds)", "rate(1 year)", "rate(1.5 hours)", " rate(10 minutes)",
        "rate(10 minutes) ", "rate( 10 minutes )", "rate(10  minutes)", "RATE(10 minutes)",
        "cron()", "cron(* * * * *)", "cron(0 1 * * * *)", "cron(0 1 ? * ? *)", "cron(0 1 * * ? * *)",
        "cron(60 1 * * ? *)", "cron(0 24 * * ? *)", "cron(0 1 0 * ? *)", "cron(0 1 32 * ? *)", "cron(0 1 * 13 ? *)",
        "cron(0 1 ? * 0 *)", "cron(0 1 ? * 8 *)", "cron(0 1 ? * MO *)", "cron(0 1 * * ? 1969)", "cron(0 1 * * ? 2200)",
        "cron(0/0 1 * * ? *)", "cron(0 1 9-3 * ? *)", "cron(0  1 * * ? *)", "cron(0 1 LL * ? *)",
        "cron(0 1 L-31 * ? *)",
        "cron(0 1 ? * 3#6 *)", "cron(0 1 ? * 3#2,4#1 *)", "cron(0 1 32W * ? *)", "cron(a 1 * * ? *)",
        "cron(², 1 * * ? *)",
        "cron(0 1 ? ? 2 *)", "at(2026-11-21T12:00:00)",
    ],
)  # fmt: skip
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(NotAnExpression):
        parse_expression(text)


@pytest.mark.parametrize("text", ["at(2026-02-30T00:00:00)", "at(2026-11-21)", "at(2026-11-21T12:00:00Z)", "at()"])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(NotAnExpression):
        parse_expression(text, takes_at=True)


def test_a_time_is_local_and_without_a_zone() -> None:
    expression = parse_expression("at(2026-11-21T12:00:01)", takes_at=True)

    assert isinstance(expression, At)
    assert expression.when.isoformat() == "2026-11-21T12:00:01"


def cron(fields: str) -> Cron:
    expression = parse_expression(f"cron({fields})")
    assert isinstance(expression, Cron)
    return expression


@pytest.mark.parametrize(
    ("field", "values"),
    [("*", list(range(60))), ("7", [7]), ("1,3,2", [1, 2, 3]), ("10-12", [10, 11, 12]), ("0/15", [0, 15, 30, 45]),
     ("*/20", [0, 20, 40]), ("50/5", [50, 55]), ("58-1", [0, 1, 58, 59]), ("10-20/5", [10, 15, 20])],
)  # fmt: skip
def test_lists_ranges_and_steps(field: str, values: list[int]) -> None:
    assert list(cron(f"{field} 0 * * ? *").minutes) == values


def test_names_stand_for_numbers() -> None:
    assert cron("0 0 ? JAN,dec-feb MON *").months == (1, 2, 12)
    assert cron("0 0 ? * MON-FRI *").days(2026, 11) == cron("0 0 ? * 2-6 *").days(2026, 11)


@pytest.mark.parametrize(
    ("fields", "month", "days"),
    [
        ("0 0 L * ? *", (2028, 2), {29}),
        ("0 0 L-2 * ? *", (2026, 11), {28}),
        ("0 0 LW * ? *", (2026, 10), {30}),  # the 31st is a Saturday
        ("0 0 1W * ? *", (2026, 8), {3}),  # the 1st is a Saturday, and July is another month
        ("0 0 15W * ? *", (2026, 11), {16}),  # a Sunday
        ("0 0 31W * ? *", (2026, 11), set()),
        ("0 0 ? * 6L *", (2026, 11), {27}),
        ("0 0 ? * SUNL *", (2026, 11), {29}),
        ("0 0 ? * 3#2 *", (2026, 11), {10}),
        ("0 0 ? * SAT#5 *", (2026, 11), set()),
        ("0 0 ? * L *", (2026, 11), {7, 14, 21, 28}),
        ("0 0 ? * 1,7 *", (2026, 11), {1, 7, 8, 14, 15, 21, 22, 28, 29}),
        ("0 0 31 * ? *", (2026, 11), set()),
        ("0 0 ? * * *", (2026, 2), set(range(1, 29))),
    ],
)  # fmt: skip
def test_the_days_of_a_month(fields: str, month: tuple[int, int], days: set[int]) -> None:
    assert cron(fields).days(*month) == days
