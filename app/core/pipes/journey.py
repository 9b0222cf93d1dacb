"""A batch on its way through a pipe: enrichment, then target, and which of its messages are done in the end."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson
from msgspec.structs import replace

from app.core.awslambda.call import Call, ForReply
from app.core.awslambda.functions import Functions
from app.core.awslambda.invocation import HandlerFailed, Outcome, Succeeded, Throttled
from app.core.awslambda.outcomes import error_of
from app.core.chain import Cause
from app.core.delivery.targets import Parcel, Targets
from app.core.errors import RecursiveInvocation, Refused
from app.core.facts import Effect, PipeBegan, PipeEnded, PipeEnriched
from app.core.ids import Ids
from app.core.input_template import MISSING, Path
from app.core.json_text import dump
from app.core.limits import Limits
from app.core.mappings.batch import Batch
from app.core.names import Arn, parse_arn
from app.core.pipes.enrichments import Enrichments
from app.core.pipes.parameters import kind_of
from app.core.pipes.pipe import Pipe
from app.core.pipes.template import InputTemplate, decoded
from app.core.time import SECOND_MS, Instant, format_instant, parse_instant

End: TypeAlias = Callable[[Outcome, Instant], None]
"""Told once what came of the batch, as a function's outcome would be: settling it is the mapping's business."""

Answer: TypeAlias = Callable[[Call, Outcome, Instant], None]
"""Goes on with what a function that was invoked on the way answered."""

_PRINCIPAL = "pipes.amazonaws.com"


@dataclass(frozen=True, slots=True)
class Machinery:
    """What a journey needs of the world. `submit` invokes a function, or says what forbids that."""

    ids: Ids
    outbox: list[Effect]
    functions: Functions
    targets: Targets
    submit: Callable[[Any, Call, Instant], RecursiveInvocation | Throttled | None]
    enrichments: Enrichments
    limits: Limits


@dataclass(slots=True)
class Journey:
    """One batch through one pipe. AWS documents no loop detection through pipes, so that it is not seen there."""

    machinery: Machinery
    pipe: Pipe
    batch: Batch
    cause: Cause
    end: End
    began_at: Instant
    _events: list[Any] = field(default_factory=list)
    _sources: list[Any] = field(default_factory=list)
    """The events as they were before the target's template: what its parameters lead into."""
    _waiting: int = 0
    _refusals: dict[int, str] = field(default_factory=dict)
    _is_one_to_one: bool = True
    is_over: bool = False

    def begin(self, now: Instant) -> None:
        """Set out; `end` may be told before this returns."""
        pipe, batch = self.pipe, self.batch
        self.cause = replace(self.cause, is_seen=False).via(f"pipe {pipe.name}")
        ids = tuple(item.id for item in batch.items)
        self._tell(PipeBegan(pipe.arn, pipe.spec.source, batch.request_id, self.cause.chain, ids))
        self._events = [orjson.loads(item.record) for item in batch.items]
        if pipe.spec.enrichment is None:
            self._to_target(now)
        else:
            self._enrich(pipe.spec.enrichment, now)

    def time_out(self, now: Instant) -> None:
        """It takes too long; what it waits for comes too late."""
        if not self.is_over:
            spec = self.pipe.spec
            most_s = self.machinery.limits.pipe_execution_ms // SECOND_MS
            self._fail(spec.target, f"the execution of the pipe took longer than {most_s} seconds", now)

    # Enrichment -----------------------------------------------------------------------------------------

    def _enrich(self, enrichment: Arn, now: Instant) -> None:
        spec, events = self.pipe.spec, self._shaped(self.pipe.spec.enrichment_template)
        sources = [decoded(event) for event in self._events]
        self._is_one_to_one = False
        taker = spec.enrichment_taker
        assert taker is not None, "what enriches takes events"
        payload = dump(events if taker.as_list else events[0]).encode()
        if parse_arn(enrichment).service == "lambda":
            self._invoke(enrichment, payload, self._enriched_by_function, now)
            return
        parcel = Parcel(
            enrichment, payload, self.cause, f"pipe {self.pipe.name}", _PRINCIPAL, self.pipe.arn,
            http=_filled_in(spec.enrichment_http, sources[0]),
        )  # fmt: skip

        def enriched(answer: bytes | Refused, at: Instant) -> None:
            if isinstance(answer, Refused):
                self._fail(enrichment, answer.message, at)
            else:
                self._enriched(answer, at)

        self.machinery.enrichments.ask(parcel, now, enriched)

    def _enriched_by_function(self, call: Call, outcome: Outcome, now: Instant) -> None:
        if not isinstance(outcome, Succeeded):
            self._failed_with(call.function, outcome, now)
            return
        if call.hop is not None:
            self.cause = Cause(call.hop.chain, call.hop, is_seen=False)
        self._enriched(outcome.payload, now)

    def _enriched(self, answer: bytes, now: Instant) -> None:
        """An answer of too many bytes, or of more events than the target takes at once, fails the batch
        (pipes-enrichment, eb-pipes-batching-concurrency)."""
        if self.is_over:
            return
        enrichment, spec = self.pipe.spec.enrichment, self.pipe.spec
        assert enrichment is not None, "only an enrichment enriches"
        most_bytes, most = self.machinery.limits.pipe_enrichment_bytes, spec.target_taker.most
        if len(answer) > most_bytes:
            self._fail(enrichment, f"the enrichment answered {len(answer)} bytes, of at most {most_bytes}", now)
            return
        self._events = _events_in(answer)
        chain, count = self.cause.chain, len(self._events)
        self._tell(PipeEnriched(self.pipe.arn, enrichment, self.batch.request_id, chain, count))
        if not self._events:
            self._end(Succeeded(b"null"), now)
        elif most is not None and count > most:
            self._fail(spec.target, f"the enrichment answered {count} events, of which the target takes {most}", now)
        else:
            self._to_target(now)

    # Target ---------------------------------------------------------------------------------------------

    def _to_target(self, now: Instant) -> None:
        spec = self.pipe.spec
        self._sources = [decoded(event) for event in self._events]
        self._events = self._shaped(spec.target_template)
        kind = kind_of(spec.target)
        fires = spec.target_parameters("LambdaFunctionParameters").get("InvocationType") == "FIRE_AND_FORGET"
        if kind == "lambda" and not fires:
            self._invoke(spec.target, dump(self._events).encode(), self._answered, now)
            return
        as_list = spec.target_taker.as_list
        places = range(len(self._events))
        bodies = [dump(self._events)] if as_list else [self._body(kind, place, now) for place in places]
        self._waiting = len(bodies)
        for place, body in enumerate(bodies):
            self._deliver(place, body, now)

    def _answered(self, call: Call, outcome: Outcome, now: Instant) -> None:
        """The target function's own outcome; it may name messages that failed, as to a mapping."""
        if self.is_over:
            return
        if not isinstance(outcome, Succeeded):
            self._failed_with(self.pipe.spec.target, outcome, now)
            return
        reported = outcome.payload if self._is_one_to_one and _reports_failures(outcome.payload) else b"null"
        failed = _failed_ids(reported)
        self._ended(failed, "reported in batchItemFailures" if failed else None)
        self._end(Succeeded(reported, outcome.ran), now)

    def _deliver(self, place: int, body: str, now: Instant) -> None:
        def settled(refusal: Refused | None, at: Instant) -> None:
            if refusal is not None:
                self._refusals[place] = refusal.message
            self._waiting -= 1
            if not self._waiting:
                self._delivered(at)

        spec, source = self.pipe.spec, self._sources[place]
        queue, kinesis = spec.target_parameters("SqsQueueParameters"), spec.target_parameters("KinesisStreamParameters")
        parcel = Parcel(
            spec.target, body.encode(), self.cause, f"pipe {self.pipe.name}", _PRINCIPAL, self.pipe.arn,
            group_id=_found(queue.get("MessageGroupId") or kinesis.get("PartitionKey"), source),
            deduplication_id=_found(queue.get("MessageDeduplicationId"), source),
            http=_filled_in(spec.target_parameters("HttpParameters"), source),
        )  # fmt: skip
        self.machinery.targets.deliver(parcel, now, settled)

    def _delivered(self, now: Instant) -> None:
        if self.is_over:
            return
        if not self._refusals:
            self._ended(())
            self._end(Succeeded(b"null"), now)
            return
        reason = next(iter(self._refusals.values()))
        if not self._is_one_to_one or len(self._refusals) == len(self.batch.items):
            self._fail(self.pipe.spec.target, reason, now)
            return
        failed = tuple(self.batch.items[place].id for place in sorted(self._refusals))
        self._ended(failed, reason)
        report = {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}
        self._end(Succeeded(orjson.dumps(report)), now)

    def _body(self, kind: str, place: int, now: Instant) -> str:
        """What a target gets that takes each event for itself: a bus an event around it, a log group one of its own
        at the time that the parameters name, the others its text.
        A text that a template made goes without quotes, unlike EventBridge's (UNCONFIRMED)."""
        event, source = self._events[place], self._sources[place]
        text = event if isinstance(event, str) else dump(event)
        match kind:
            case "event-bus":
                return dump(self._bus_event(event, source))
            case "logs":
                given = self.pipe.spec.target_parameters("CloudWatchLogsParameters")
                at = _milliseconds(_found(given.get("Timestamp"), source))
                return dump({"timestamp": now if at is None else at, "message": text})
            case _:
                return text

    def _bus_event(self, event: Any, source: Any) -> dict[str, Any]:
        given = self.pipe.spec.target_parameters("EventBridgeEventBusParameters")
        detail = event if isinstance(event, dict) else {"data": event}
        # The defaults are those that a pipe without these parameters was seen with (UNCONFIRMED).
        shown: dict[str, Any] = {
            "source": _found(given.get("Source"), source) or f"Pipe {self.pipe.name}",
            "detail-type": _found(given.get("DetailType"), source) or "Event from aws:sqs",
            "detail": detail,
        }
        if given.get("Resources"):
            resources = [_found(resource, source) for resource in given["Resources"]]
            shown["resources"] = [resource for resource in resources if resource is not None]
        if given.get("Time"):
            shown["time"] = _found(given["Time"], source)
        return shown

    # Both -----------------------------------------------------------------------------------------------

    def _invoke(
        self, target: Arn, payload: bytes, then: Callable[[Call, Outcome, Instant], None], now: Instant
    ) -> None:
        machinery = self.machinery
        chosen = machinery.functions.choose(target)
        if chosen is None:
            self._fail(target, f"Function not found: {target}", now)
            return
        call = Call(
            machinery.ids.uuid(), chosen.function.arn, target, payload, f"pipe {self.pipe.name}", self.cause,
            ForReply(lambda outcome, at: then(call, outcome, at)), version=chosen.version,
        )  # fmt: skip
        match machinery.submit(chosen.function, call, now):
            case None:
                pass
            case Throttled() as throttled:
                self._failed_with(target, throttled, now)
            case RecursiveInvocation() as refusal:
                self._fail(target, refusal.message, now)

    def _shaped(self, template: InputTemplate | None) -> list[Any]:
        if template is None:
            return self._events
        spec = self.pipe.spec
        known = {
            "aws.pipes.pipe-arn": self.pipe.arn,
            "aws.pipes.pipe-name": self.pipe.name,
            "aws.pipes.source-arn": spec.source,
            "aws.pipes.enrichment-arn": spec.enrichment or "",
            "aws.pipes.target-arn": spec.target,
            "aws.pipes.event.ingestion-time": format_instant(self.began_at),
        }
        return [template.render(event, known) for event in self._events]

    def _failed_with(self, target: Arn, outcome: Outcome, now: Instant) -> None:
        if self.is_over:
            return
        error_type, message = error_of(outcome)
        self._ended(self._all_ids(), ": ".join(part for part in (error_type, message) if part), target)
        self._end(outcome, now)

    def _fail(self, target: Arn, reason: str, now: Instant) -> None:
        if self.is_over:
            return
        self._ended(self._all_ids(), reason, target)
        self._end(HandlerFailed("PipeFailed", reason, b"{}"), now)

    def _end(self, outcome: Outcome, now: Instant) -> None:
        self.is_over = True
        self.end(outcome, now)

    def _all_ids(self) -> tuple[str, ...]:
        return tuple(item.id for item in self.batch.items)

    def _ended(self, failed: Sequence[str], reason: str | None = None, target: Arn | None = None) -> None:
        pipe, chain = self.pipe, self.cause.chain
        given = 0 if target is not None else len(self._events)
        self._tell(
            PipeEnded(pipe.arn, target or pipe.spec.target, self.batch.request_id, chain, given, tuple(failed), reason)
        )

    def _tell(self, fact: Effect) -> None:
        self.machinery.outbox.append(fact)


def _events_in(payload: bytes) -> list[Any]:
    """What an enrichment gives the target: a list as its members, anything else as one event; `""`, `{}`, `[]` and
    nothing at all stop here."""
    try:
        answer = orjson.loads(payload or b"null")
    except orjson.JSONDecodeError:
        answer = payload.decode(errors="replace")
    if answer in ("", {}, [], None):
        return []
    return answer if isinstance(answer, list) else [answer]


def _reports_failures(payload: bytes) -> bool:
    """Whether a target's answer speaks of its messages at all; whatever else it says is success."""
    try:
        answer = orjson.loads(payload or b"null")
    except orjson.JSONDecodeError:
        return False
    return isinstance(answer, dict) and "batchItemFailures" in answer


def _failed_ids(payload: bytes) -> tuple[str, ...]:
    answer = orjson.loads(payload)
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    named = failures if isinstance(failures, list) else []
    return tuple(
        str(entry["itemIdentifier"]) for entry in named if isinstance(entry, dict) and "itemIdentifier" in entry
    )


def _milliseconds(told: str | None) -> int | None:
    """A log event's time: epoch milliseconds, or a timestamp (UNCONFIRMED); None for neither."""
    if told is None:
        return None
    if told.isdigit():
        return int(told)
    try:
        return parse_instant(told)
    except ValueError:
        return None


def _filled_in(http: Mapping[str, Any], event: Any) -> dict[str, Any]:
    """What goes with an HTTP request, each value of which may be a path into the event."""
    named = {
        name: {key: _found(value, event) or "" for key, value in (http.get(name) or {}).items()}
        for name in ("HeaderParameters", "QueryStringParameters")
    }
    path = [_found(value, event) or "" for value in http.get("PathParameterValues") or ()]
    return {"PathParameterValues": path, **named}


def _found(text: str | None, event: Any) -> str | None:
    """A parameter that may be a path into the event, as it came from the source or the enrichment: what a template made
    of it is not seen (eb-pipes-event-target, dynamic path parameters). Without a path it is meant as it stands."""
    if text is None:
        return None
    path = Path.read(text)
    if path is None:
        return text
    found = path.find(event)
    if found is MISSING:
        return None
    return found if isinstance(found, str) else dump(found)
