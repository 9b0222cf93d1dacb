"""When an expression is due next: calendars are walked by APScheduler's triggers, time zones are zoneinfo's.

A cron expression is walked in local time without a zone, and each local time then placed in its zone: one that a
clock change skips is left out, one that it repeats is taken once, the first time (Scheduler guide, schedule-types).
"""

from bisect import bisect_left
from calendar import monthrange
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from app.core.schedule.expression import LAST_YEAR, At, Cron, DayRule, Expression, Rate
from app.core.time import SECOND_MS, Instant, to_datetime

_MINUTE = timedelta(minutes=1)
"""What AWS's expressions count in."""


def zone_of(name: str) -> tzinfo | None:
    """The IANA time zone of that name, None when there is none."""
    try:
        return _zone(name)
    except (ValueError, OSError, KeyError):  # no such name, a folder's name, no such zone
        return None


def next_after(
    expression: Expression, after: Instant, *, since: Instant, zone: str = "UTC", includes_start: bool = False
) -> Instant | None:
    """The first occurrence later than `after`, None when there is none any more.

    `since` is when the schedule began: a rate counts from there, and is due at that instant itself only if
    `includes_start`.
    """
    match expression:
        case Rate(every_ms=every_ms):
            periods = max(0 if includes_start else 1, (after - since) // every_ms + 1)
            return since + periods * every_ms
        case At(when=when):
            at = _placed(when, _zone(zone))
            return at if at is not None and at > after else None
        case Cron():
            return _next_of_cron(expression, after, zone)


def local_time(instant: Instant, zone: str) -> str:
    """What the clock on the wall of a zone shows then, with its offset: `2026-11-22T02:00:00+01:00`."""
    return to_datetime(instant).astimezone(_zone(zone)).isoformat(timespec="seconds")


@lru_cache(maxsize=256)
def _zone(name: str) -> tzinfo:
    # UTC needs no table of zones, which a slim machine may lack.
    return UTC if name == "UTC" else ZoneInfo(name)


def _next_of_cron(cron: Cron, after: Instant, zone_name: str) -> Instant | None:
    zone = _zone(zone_name)
    trigger = _trigger(cron)
    local = to_datetime(after).astimezone(zone).replace(tzinfo=UTC, second=0, microsecond=0, fold=0)
    while True:
        found: datetime | None = trigger.get_next_fire_time(None, local + _MINUTE)
        if found is None:
            return None
        local = found
        at = _placed(found.replace(tzinfo=None), zone)
        if at is not None and at > after:
            return at


def _placed(local: datetime, zone: tzinfo) -> Instant | None:
    """The instant of a local time, the first of two; None when the clocks skip it."""
    placed = local.replace(tzinfo=zone, fold=0)
    # Only where the clocks change do the two readings of a local time differ.
    is_plain = zone is UTC or placed.utcoffset() == placed.replace(fold=1).utcoffset()
    if not is_plain and placed.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        return None
    return round(placed.timestamp()) * SECOND_MS


@lru_cache(maxsize=4096)
def _trigger(cron: Cron) -> Any:
    """APScheduler's trigger, whose fields are ours: where AWS's grammar goes further, they know how."""
    trigger = _trigger_class()(
        year=cron.years, month=cron.months, day=cron.days, hour=cron.hours, minute=cron.minutes, second=(0,),
        timezone=UTC, end_date=datetime(LAST_YEAR, 12, 31, 23, 59, 59, tzinfo=UTC),
    )  # fmt: skip
    # Weeks and seconds are nothing to AWS, and days of the week are among ours.
    trigger.fields = [field for field in trigger.fields if field.name not in ("week", "day_of_week", "second")]
    return trigger


@cache
def _trigger_class() -> Any:
    """Made when the first cron expression is asked: APScheduler takes a moment to import."""
    from apscheduler.triggers.cron import CronTrigger
    from apscheduler.triggers.cron.fields import BaseField, DayOfWeekField, WeekField

    class Values(BaseField):  # type: ignore[misc] # APScheduler ships no types
        """A field that has one of the values given."""

        def compile_expressions(self, exprs: tuple[int, ...]) -> None:
            self.values = exprs

        def get_next_value(self, dateval: datetime) -> int | None:
            place = bisect_left(self.values, getattr(dateval, self.name))
            return self.values[place] if place < len(self.values) else None

    class Days(BaseField):  # type: ignore[misc]
        """The day of the month, by a rule for each month."""

        def compile_expressions(self, exprs: DayRule) -> None:
            @lru_cache(maxsize=16)
            def days_of(year: int, month: int) -> tuple[int, ...]:
                return tuple(sorted(exprs(year, month)))

            self.days_of = days_of

        def get_max(self, dateval: datetime) -> int:
            return monthrange(dateval.year, dateval.month)[1]

        def get_next_value(self, dateval: datetime) -> int | None:
            days = self.days_of(dateval.year, dateval.month)
            place = bisect_left(days, dateval.day)
            return days[place] if place < len(days) else None

    class AwsTrigger(CronTrigger):  # type: ignore[misc]
        FIELDS_MAP = {  # noqa: RUF012 as APScheduler has it
            "year": Values,
            "month": Values,
            "week": WeekField,
            "day": Days,
            "day_of_week": DayOfWeekField,
            "hour": Values,
            "minute": Values,
            "second": Values,
        }

    return AwsTrigger
