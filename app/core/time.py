"""Instants and durations: whole milliseconds, always brought by the caller."""

import re
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Instant: TypeAlias = int
"""Milliseconds since 1970-01-01T00:00:00Z."""

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS_MS = {"ms": 1, "s": SECOND_MS, "m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS, "w": 7 * DAY_MS}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")


def earliest(*instants: Instant | None) -> Instant | None:
    """The earliest of the instants that there are; None when there is none."""
    first: Instant | None = None
    for at in instants:
        if at is not None and (first is None or at < first):
            first = at
    return first


def parse_duration_ms(text: str) -> int:
    """Milliseconds in a text such as `10m`, `1h30m`, `250ms` or `45` (seconds).

    Raises ValueError when the text is not a duration.
    """
    compact = text.strip().replace(" ", "")
    if re.fullmatch(r"\d+(\.\d+)?", compact):
        return round(float(compact) * SECOND_MS)
    if not compact or _PART.sub("", compact):
        raise ValueError(f"{text!r} is not a duration; write it like 45s, 10m, 1h30m or 250ms")
    return round(sum(float(count) * _UNITS_MS[unit] for count, unit in _PART.findall(compact)))


def format_duration(duration_ms: int) -> str:
    """A duration as people write it: `45s`, `10m`, `1h30m`, `1.5s`, `250ms`."""
    if duration_ms < SECOND_MS:
        return f"{duration_ms}ms"
    parts = []
    for unit in ("d", "h", "m"):
        count, duration_ms = divmod(duration_ms, _UNITS_MS[unit])
        if count:
            parts.append(f"{count}{unit}")
    if duration_ms:
        parts.append(f"{duration_ms / SECOND_MS:g}s")
    return "".join(parts)


def parse_instant(text: str) -> Instant:
    """The instant of an ISO 8601 text; one without a zone is UTC. Raises ValueError."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is not an instant; write it like 2026-11-21T12:00:00Z") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round((moment - _EPOCH) / timedelta(milliseconds=1))


def to_datetime(instant: Instant) -> datetime:
    """The instant as an aware UTC datetime."""
    return _EPOCH + timedelta(milliseconds=instant)


def format_instant(instant: Instant) -> str:
    """ISO 8601 in UTC with milliseconds, as AWS writes it: `2026-11-21T12:00:00.000Z`."""
    return to_datetime(instant).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant % SECOND_MS:03d}Z"
