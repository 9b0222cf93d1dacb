"""`rate(…)`, `cron(…)` and `at(…)` in AWS's grammar, compiled to what each field may be.

Strict as recorded: no blanks but those between the parts, singular for one and plural for more, six fields. Scheduler
takes either number of a unit, and a cron without its year (its guide, schedule-types).
"""

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias

from app.core.time import DAY_MS, HOUR_MS, MINUTE_MS

FIRST_YEAR, LAST_YEAR = 1970, 2199


class NotAnExpression(ValueError):
    """The text is no schedule expression; its message says what is wrong. Each service refuses it in its own words."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Every so many milliseconds, of real time: a day is 24 hours."""

    every_ms: int


@dataclass(frozen=True, slots=True)
class At:
    """Once, at a local time without a zone."""

    when: datetime


DayRule: TypeAlias = Callable[[int, int], frozenset[int]]
"""The days of a year and month that fit."""


@dataclass(frozen=True, slots=True)
class Cron:
    """The values that fit, ascending; `days` are told for each month."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: tuple[int, ...]
    years: tuple[int, ...]
    days: DayRule

    def fits(self, when: datetime) -> bool:
        """Whether a local time is one of those meant; seconds are none."""
        return (
            when.minute in self.minutes
            and when.hour in self.hours
            and when.month in self.months
            and when.year in self.years
            and when.day in self.days(when.year, when.month)
            and not when.second
        )


Expression: TypeAlias = Rate | Cron | At

_CALL = re.compile(r"(rate|cron|at)\((.*)\)")
_RATE = re.compile(r"(\d+) (minute|hour|day)(s?)")
_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_UNITS_MS = {"minute": MINUTE_MS, "hour": HOUR_MS, "day": DAY_MS}


def parse_expression(text: str, *, takes_at: bool = False) -> Expression:
    """The expression in a text. `at(…)` is EventBridge Scheduler's alone. Raises NotAnExpression."""
    match = _CALL.fullmatch(text)
    if match is None or (match[1] == "at" and not takes_at):
        kinds = "rate(…), cron(…) or at(…)" if takes_at else "rate(…) or cron(…)"
        raise NotAnExpression(f"it is not like {kinds}")
    kind, inside = match[1], match[2]
    if kind == "rate":
        return _rate(inside, any_number=takes_at)
    return _cron(inside, year_may_lack=takes_at) if kind == "cron" else _at(inside)


def parse_for_scheduler(text: str) -> Expression:
    """The expression of a schedule of EventBridge Scheduler. Raises NotAnExpression."""
    return parse_expression(text, takes_at=True)


def _rate(inside: str, *, any_number: bool) -> Rate:
    match = _RATE.fullmatch(inside)
    if match is None:
        raise NotAnExpression("a rate is a number and minute(s), hour(s) or day(s)")
    count = int(match[1])
    if count < 1 or (not any_number and (count == 1) == bool(match[3])):
        raise NotAnExpression("a rate is of 1 minute, hour or day, or of several minutes, hours or days")
    return Rate(count * _UNITS_MS[match[2]])


def _at(inside: str) -> At:
    try:
        if _AT.fullmatch(inside) is None:
            raise ValueError
        return At(datetime.fromisoformat(inside))
    except ValueError:
        raise NotAnExpression("a time is written yyyy-mm-ddThh:mm:ss") from None


# Cron -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of numbers: its name, its ends, names for numbers, and whether a range may go round (`20-2`)."""

    name: str
    least: int
    most: int
    names: Mapping[str, int]
    goes_round: bool = True


_MONTHS = {
    "JAN": 1, "FEB": 2, "MAR": 3, "APR": 4, "MAY": 5, "JUN": 6,
    "JUL": 7, "AUG": 8, "SEP": 9, "OCT": 10, "NOV": 11, "DEC": 12,
}  # fmt: skip
_WEEKDAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}

_MINUTES = _Field("minutes", 0, 59, {})
_HOURS = _Field("hours", 0, 23, {})
_DAYS_OF_MONTH = _Field("day-of-month", 1, 31, {}, goes_round=False)
_MONTH = _Field("month", 1, 12, _MONTHS)
_DAYS_OF_WEEK = _Field("day-of-week", 1, 7, _WEEKDAYS)
_YEARS = _Field("year", FIRST_YEAR, LAST_YEAR, {}, goes_round=False)

_LAST_BUT = re.compile(r"L-(\d{1,2})")
_NEAREST_WEEKDAY = re.compile(r"(\d{1,2})W")
_LAST_WEEKDAY = re.compile(r"(\w{1,3})L")
_NTH_WEEKDAY = re.compile(r"(\w{1,3})#([1-5])")


def _cron(inside: str, *, year_may_lack: bool) -> Cron:
    fields = inside.split(" ")
    if year_may_lack and len(fields) == 5:
        fields.append("*")
    if len(fields) != 6 or not all(fields):
        raise NotAnExpression("cron has six fields: minutes, hours, day-of-month, month, day-of-week, year")
    minutes, hours, day_of_month, month, day_of_week, year = fields
    if (day_of_month == "?") == (day_of_week == "?"):
        raise NotAnExpression("one of day-of-month and day-of-week must be ?, and not both")
    return Cron(
        _values(minutes, _MINUTES),
        _values(hours, _HOURS),
        _values(month, _MONTH),
        _values(year, _YEARS),
        _days_of_week(day_of_week) if day_of_month == "?" else _days_of_month(day_of_month),
    )


def _values(text: str, field: _Field) -> tuple[int, ...]:
    """Lists, ranges and steps: `1,5-7,*/10`."""
    return tuple(sorted({value for part in text.split(",") for value in _part(part, field)}))


def _part(text: str, field: _Field) -> range | list[int]:
    base, slash, step_text = text.partition("/")
    step = _number(step_text, field, ends=False) if slash else 1
    if step < 1:
        raise NotAnExpression(f"a step of {field.name} is at least 1, not {step_text}")
    if base == "*":
        return range(field.least, field.most + 1, step)
    first_text, dash, last_text = base.partition("-")
    first = _number(first_text, field)
    last = _number(last_text, field) if dash else field.most if slash else first
    if first <= last:
        return range(first, last + 1, step)
    if not field.goes_round:
        raise NotAnExpression(f"the range {base} of {field.name} runs backwards")
    size = field.most - field.least + 1
    return [(value - field.least) % size + field.least for value in range(first, last + size + 1, step)]


def _number(text: str, field: _Field, *, ends: bool = True) -> int:
    number = field.names.get(text.upper()) if ends else None
    if number is None:
        if not (text.isascii() and text.isdecimal() and len(text) <= 4):
            raise NotAnExpression(f"{text!r} is no value of {field.name}")
        number = int(text)
    if ends and not field.least <= number <= field.most:
        raise NotAnExpression(f"{field.name} goes from {field.least} to {field.most}, not {number}")
    return number


def _days_of_month(text: str) -> DayRule:
    if text == "L":
        return lambda year, month: frozenset({_length(year, month)})
    if text == "LW":
        return lambda year, month: frozenset({_nearest_weekday(year, month, _length(year, month))})
    if match := _LAST_BUT.fullmatch(text):
        before = int(match[1])
        if before > 30:
            raise NotAnExpression(f"no month has {before} days before its last")
        return lambda year, month: frozenset({_length(year, month) - before} & set(range(1, 32)))
    if match := _NEAREST_WEEKDAY.fullmatch(text):
        day = _number(match[1], _DAYS_OF_MONTH)
        return lambda year, month: (
            frozenset({_nearest_weekday(year, month, day)}) if day <= _length(year, month) else frozenset()
        )
    days = _values(text, _DAYS_OF_MONTH)
    return lambda year, month: frozenset(day for day in days if day <= _length(year, month))


def _days_of_week(text: str) -> DayRule:
    if match := _LAST_WEEKDAY.fullmatch(text):
        weekday = _number(match[1], _DAYS_OF_WEEK)
        return lambda year, month: frozenset(_on_weekdays(year, month, {weekday})[-1:])
    if match := _NTH_WEEKDAY.fullmatch(text):
        weekday, nth = _number(match[1], _DAYS_OF_WEEK), int(match[2])
        return lambda year, month: frozenset(_on_weekdays(year, month, {weekday})[nth - 1 : nth])
    # L alone is the last day of the week, Saturday.
    weekdays = {7} if text == "L" else set(_values(text, _DAYS_OF_WEEK))
    return lambda year, month: frozenset(_on_weekdays(year, month, weekdays))


def _length(year: int, month: int) -> int:
    return monthrange(year, month)[1]


def _on_weekdays(year: int, month: int, weekdays: set[int]) -> list[int]:
    """The days of the month that are on these weekdays, Sunday being 1."""
    return [day for day in range(1, _length(year, month) + 1) if _weekday(year, month, day) in weekdays]


def _weekday(year: int, month: int, day: int) -> int:
    return date(year, month, day).isoweekday() % 7 + 1


def _nearest_weekday(year: int, month: int, day: int) -> int:
    """The day from Monday to Friday nearest to a day, within its month."""
    weekday = _weekday(year, month, day)
    if weekday == _WEEKDAYS["SAT"]:
        return day - 1 if day > 1 else day + 2
    if weekday == _WEEKDAYS["SUN"]:
        return day + 1 if day < _length(year, month) else day - 2
    return day
