"""An event on a bus: read from an entry of PutEvents or from what a service delivers, and rendered for targets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from app.core.chain import Cause
from app.core.json_text import dump
from app.core.names import Arn
from app.core.time import SECOND_MS, Instant, format_instant, parse_instant


@dataclass(slots=True, eq=False)
class BusEvent:
    """What a rule's pattern is asked about. `document` is the event as targets get it, in AWS's order of keys;
    `accepted_at` is when the bus took it, from which a delivery's age counts."""

    id: str
    document: dict[str, Any]
    bus: Arn
    accepted_at: Instant
    cause: Cause
    trace_header: str | None = None
    through: tuple[Arn, ...] = ()
    """The buses that handed it on by rules, before this one."""
    _text: str | None = field(default=None, init=False)

    @property
    def text(self) -> str:
        """The document as compact JSON, written once for all targets."""
        if self._text is None:
            self._text = dump(self.document)
        return self._text

    @property
    def source(self) -> str:
        return str(self.document["source"])

    @property
    def detail_type(self) -> str:
        return str(self.document["detail-type"])

    def __repr__(self) -> str:
        return f"<BusEvent {self.id}: {self.detail_type!r} from {self.source!r}>"


def envelope(
    event_id: str, detail_type: str, source: str, detail: Any, *, account: str, region: str, time: str,
    resources: Sequence[str] = (),
) -> dict[str, Any]:  # fmt: skip
    return {
        "version": "0",
        "id": event_id,
        "detail-type": detail_type,
        "source": source,
        "account": account,
        "time": time,
        "region": region,
        "resources": list(resources),
        "detail": detail,
    }


def replayed(document: Mapping[str, Any], replay: str) -> dict[str, Any]:
    """The same event as a replay sends it: with `replay-name` behind the region (recorded)."""
    told: dict[str, Any] = {}
    for name, value in document.items():
        told[name] = value
        if name == "region":
            told["replay-name"] = replay
    return told


def read_detail(text: str) -> dict[str, Any] | None:
    """The detail of an entry; None unless it is a JSON object."""
    try:
        detail = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return detail if isinstance(detail, dict) else None


def event_time(given: Any, now: Instant) -> str:
    """The `time` of an event, to the second: `now` where none is given, else the epoch seconds, ISO text or instant
    that was. Raises ValueError for what is no time."""
    if given is None:
        return second(now)
    if isinstance(given, datetime):
        return second(round(given.timestamp() * SECOND_MS))
    if isinstance(given, int | float):
        return second(round(given * SECOND_MS))
    return second(parse_instant(str(given)))


def second(instant: Instant) -> str:
    """`2026-11-21T12:00:00Z`: EventBridge writes no fractions (recorded). Raises ValueError."""
    try:
        return datetime.fromtimestamp(instant // SECOND_MS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError) as error:
        raise ValueError(f"{instant} is no time of this calendar") from error


def ingestion_time(event: BusEvent) -> str:
    return format_instant(event.accepted_at)
