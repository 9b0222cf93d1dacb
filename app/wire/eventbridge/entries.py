"""PutEvents and TestEventPattern."""

from collections.abc import Sequence
from typing import Any

import orjson

from app.core.commands import EventEntry, EventPut, PutEvents
from app.core.errors import ValidationFailed
from app.core.pattern import compile_pattern
from app.wire.calls import Call, Caller, Params, Readable, Result

# `resources` is documented as required too, but a recording has an event without.
_REQUIRED_OF_EVENT = ("id", "account", "source", "time", "region", "detail-type")


def put_events(params: Params, caller: Caller) -> Call:
    entries = tuple(_entry(given) for given in params["Entries"])
    return Call(PutEvents(caller.scope, entries, caller.origin), rendered)


def rendered(answers: Sequence[EventPut]) -> Result:
    return {
        "FailedEntryCount": sum(answer.event_id is None for answer in answers),
        "Entries": [_answer(answer) for answer in answers],
    }


def match_event_pattern(params: Params, _caller: Caller, _engine: Readable) -> Result:
    pattern = compile_pattern(params["EventPattern"])
    try:
        event = orjson.loads(params["Event"])
    except orjson.JSONDecodeError:
        event = None
    if not isinstance(event, dict) or any(name not in event for name in _REQUIRED_OF_EVENT):
        raise ValidationFailed("Parameter Event is not valid.")
    return {"Result": pattern.matches(event)}


def _entry(given: Params) -> EventEntry:
    resources: Any = given.get("Resources") or ()
    return EventEntry(
        given.get("Source"), given.get("DetailType"), given.get("Detail"), given.get("EventBusName"),
        tuple(resources), given.get("Time"), given.get("TraceHeader"),
    )  # fmt: skip


def _answer(answer: EventPut) -> Result:
    if answer.event_id is not None:
        return {"EventId": answer.event_id}
    return {"ErrorCode": answer.error_code, "ErrorMessage": answer.error_message}
