"""When an expression is due: in order, in its zone, and never at a time that it does not mean."""

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.schedule import Cron, Expression, next_after, parse_expression, zone_of
from app.core.time import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Instant, format_instant, parse_instant, to_datetime
from tests.core.stage import NOON


def times(text: str, after: str, count: int, zone: str = "UTC") -> list[str]:
    """The next `count` occurrences, to the minute, in UTC."""
    found = occurrences(parse_expression(text, takes_at=True), parse_instant(after), count, zone)
    return [format_instant(at)[:16] for at in found]


def occurrences(expression: Expression, since: Instant, count: int, zone: str) -> list[Instant]:
    found: list[Instant] = []
    while len(found) < count:
        at = next_after(expression, found[-1] if found else since, since=since, zone=zone)
        if at is None:
            break
        found.append(at)
    return found


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("rate(5 minutes)", "2026-11-21T12:00:30Z", ["2026-11-21T12:05", "2026-11-21T12:10"]),
        ("cron(0 12 * * ? *)", "2026-11-21T12:00:00Z", ["2026-11-22T12:00", "2026-11-23T12:00"]),
        ("cron(0/15 * * * ? *)", "2026-11-21T12:44:59Z", ["2026-11-21T12:45", "2026-11-21T13:00"]),
        ("cron(0 0 29 2 ? *)", "2026-11-21T12:00:00Z", ["2028-02-29T00:00", "2032-02-29T00:00"]),
        ("cron(0 8 1 * ? *)", "2026-11-21T12:00:00Z", ["2026-12-01T08:00", "2027-01-01T08:00"]),
        ("cron(0 18 ? * MON-FRI *)", "2026-11-20T18:00:00Z", ["2026-11-23T18:00", "2026-11-24T18:00"]),
        ("cron(15 10 ? * 6L 2026-2027)", "2026-11-27T10:15:00Z", ["2026-12-25T10:15", "2027-01-29T10:15"]),
        ("cron(0 0 1 1 ? 2199)", "2026-11-21T12:00:00Z", ["2199-01-01T00:00"]),
        ("cron(0 0 31 2 ? *)", "2026-11-21T12:00:00Z", []),
        ("cron(0 0 * * ? 2002-2005)", "2026-11-21T12:00:00Z", []),
        ("at(2026-11-21T12:00:01)", "2026-11-21T12:00:00Z", ["2026-11-21T12:00"]),
        ("at(2026-11-21T12:00:00)", "2026-11-21T12:00:00Z", []),
    ],
)  # fmt: skip
def test_the_next_occurrences(text: str, after: str, expected: list[str]) -> None:
    assert times(text, after, 2) == expected


def test_a_local_time_that_the_clocks_skip_is_left_out() -> None:
    # In Berlin 2:30 is skipped on 29 March 2026.
    assert times("cron(30 2 * * ? *)", "2026-03-27T12:00:00Z", 3, "Europe/Berlin") == [
        "2026-03-28T01:30", "2026-03-30T00:30", "2026-03-31T00:30",
    ]  # fmt: skip


def test_a_local_time_that_the_clocks_repeat_comes_once() -> None:
    # In Berlin 2:30 is there twice on 25 October 2026; the first is still summer time.
    assert times("cron(30 2 * * ? *)", "2026-10-24T12:00:00Z", 2, "Europe/Berlin") == [
        "2026-10-25T00:30", "2026-10-26T01:30",
    ]  # fmt: skip


def test_a_rate_knows_no_clock_changes() -> None:
    assert times("rate(1 day)", "2026-10-24T12:00:00Z", 2, "Europe/Berlin") == ["2026-10-25T12:00", "2026-10-26T12:00"]


def test_a_rate_may_be_due_where_it_starts() -> None:
    rate = parse_expression("rate(1 hour)")

    assert next_after(rate, NOON - 1, since=NOON, includes_start=True) == NOON
    assert next_after(rate, NOON - 1, since=NOON) == NOON + HOUR_MS
    assert next_after(rate, NOON + 90 * MINUTE_MS, since=NOON) == NOON + 2 * HOUR_MS


def test_zones_are_iana_names() -> None:
    assert zone_of("Asia/Kathmandu") is not None
    assert [zone_of(name) for name in ("Mars/Olympus", "", "../etc/passwd", "Europe")] == [None] * 4


minutes = st.sampled_from(["*", "0", "7,23", "0/20", "10-12", "58-1"])
hours = st.sampled_from(["*", "0", "3", "22-2", "0/6", "1,13"])
days = st.sampled_from(
    [("*", "?"), ("1", "?"), ("31", "?"), ("L", "?"), ("LW", "?"), ("L-5", "?"), ("15W", "?"), ("1/10", "?"),
     ("?", "*"), ("?", "MON-FRI"), ("?", "6L"), ("?", "3#2"), ("?", "SAT#5"), ("?", "1,7")]
)  # fmt: skip
months = st.sampled_from(["*", "2", "JAN,JUL", "11-2"])
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"])


@given(minutes, hours, days, months, zones, st.integers(0, 400), st.integers(0, 86_399))
def test_occurrences_rise_fit_and_leave_none_out(
    minute: str, hour: str, day: tuple[str, str], month: str, zone: str, days_on: int, seconds_on: int
) -> None:
    expression = parse_expression(f"cron({minute} {hour} {day[0]} {month} {day[1]} *)")
    assert isinstance(expression, Cron)
    begin = NOON + days_on * DAY_MS + seconds_on * SECOND_MS

    found = occurrences(expression, begin, 5, zone)

    assert all(earlier < later for earlier, later in pairwise([begin, *found]))
    assert all(expression.fits(local(at, zone)) for at in found)
    if found and found[0] - begin < 2 * DAY_MS:
        # Minute by minute, as slowly as surely; a time that comes twice counts the first time.
        minute_begins = (begin // MINUTE_MS + 1) * MINUTE_MS
        slow = next(
            at for at in range(minute_begins, found[0] + 1, MINUTE_MS)
            if expression.fits(local(at, zone)) and not local(at, zone).fold
        )  # fmt: skip
        assert found[0] == slow


def local(at: Instant, zone: str) -> datetime:
    return to_datetime(at).astimezone(ZoneInfo(zone))


def test_one_big_look_finds_what_many_small_ones_find() -> None:
    expression = parse_expression("cron(0/7 * ? * MON *)")
    at: Instant | None = NOON
    for _ in range(300):
        assert at is not None
        at = next_after(expression, at, since=NOON)
    assert at is not None

    assert next_after(expression, at - 1, since=NOON) == at
    assert at - NOON < timedelta(days=14) // timedelta(milliseconds=1)
