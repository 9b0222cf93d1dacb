"""A scripted function: its answer is a wake-up, so it takes virtual time and no process."""

import json
from typing import assert_never

from app.core.agenda import Agenda
from app.core.awslambda.function import (
    FailAfter,
    FailEvery,
    FunctionSpec,
    RefuseAsThrottled,
    ReportBatchItems,
    Script,
    SucceedAfter,
)
from app.core.awslambda.invocation import HandlerFailed, Outcome, Ran, Succeeded, Throttled, TimedOut
from app.core.time import Instant

# Nothing happens in no time: else a failing function and a visibility timeout of 0 would spin in one instant.
_SHORTEST_MS = 1


def plan(spec: FunctionSpec, script: Script, payload: bytes, *, nth: int) -> tuple[int, Outcome]:
    """After how many milliseconds the `nth` invocation (from 1) ends, and how; the function's timeout applies."""
    after_ms, outcome = _scripted(script, payload, nth)
    after_ms = max(after_ms, _SHORTEST_MS)
    if after_ms > spec.timeout_ms:
        return spec.timeout_ms, TimedOut(spec.timeout_ms, Ran(duration_ms=spec.timeout_ms))
    return after_ms, outcome


def _scripted(script: Script, payload: bytes, nth: int) -> tuple[int, Outcome]:
    match script:
        case SucceedAfter(after_ms=after_ms, payload=answer):
            return after_ms, Succeeded(answer, Ran(duration_ms=after_ms))
        case FailAfter(after_ms=after_ms, error_type=error_type, message=message):
            return after_ms, _failure(error_type, message, after_ms)
        case FailEvery(every=every, after_ms=after_ms):
            if nth % every == 1 % every:
                return after_ms, _failure("Exception", f"scripted failure of invocation {nth}", after_ms)
            return after_ms, Succeeded(b"null", Ran(duration_ms=after_ms))
        case ReportBatchItems(after_ms=after_ms):
            answer = json.dumps({"batchItemFailures": _failed_items(script, payload)}).encode()
            return after_ms, Succeeded(answer, Ran(duration_ms=after_ms))
        case RefuseAsThrottled(count=count):
            if count is None or nth <= count:
                return 0, Throttled("ConcurrentInvocationLimitExceeded")
            return 0, Succeeded(b"null")
        case _:
            assert_never(script)


def _failure(error_type: str, message: str, after_ms: int) -> HandlerFailed:
    payload = json.dumps({"errorMessage": message, "errorType": error_type}).encode()
    return HandlerFailed(error_type, message, payload, Ran(duration_ms=after_ms))


def _failed_items(script: ReportBatchItems, payload: bytes) -> list[dict[str, str]]:
    """The records the script reports. Anybody may invoke with any JSON: what is no record of SQS is passed over."""
    event = json.loads(payload)
    records = event.get("Records") if isinstance(event, dict) else None
    return [
        {"itemIdentifier": record["messageId"]}
        for record in (records if isinstance(records, list) else [])
        if isinstance(record, dict) and "messageId" in record and _is_reported(script, record)
    ]


def _is_reported(script: ReportBatchItems, record: dict[str, str]) -> bool:
    body = str(record.get("body", ""))
    return record["messageId"] in script.message_ids or any(text in body for text in script.bodies)


class Running:
    """The scripted calls under way, by when they end."""

    def __init__(self) -> None:
        self._running: dict[str, tuple[Instant, Outcome]] = {}
        self._ends: Agenda[str] = Agenda(self._end_of, lambda: len(self._running))

    def start(self, request_id: str, outcome: Outcome, *, at: Instant) -> None:
        self._running[request_id] = (at, outcome)
        self._ends.add(at, request_id)

    def next_wakeup(self) -> Instant | None:
        return self._ends.next()

    def ended(self, now: Instant) -> list[tuple[str, Outcome]]:
        """Take out the calls that have ended, in order."""
        return [(request_id, self._running.pop(request_id)[1]) for request_id in self._ends.due(now)]

    def _end_of(self, request_id: str) -> Instant | None:
        running = self._running.get(request_id)
        return running[0] if running is not None else None
