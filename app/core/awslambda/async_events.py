"""Asynchronous events: accepted, tried, tried again, and ended at a destination, a dead-letter queue or nowhere."""

from collections.abc import Callable
from dataclasses import dataclass, field

from app.core.awslambda.async_invoke import Again, AsyncQueue, Done, Event, GivenUp
from app.core.awslambda.call import Call, ForEvent, Stopped
from app.core.awslambda.destinations import Ending, Role, parcel_for
from app.core.awslambda.function import Function
from app.core.awslambda.functions import Functions
from app.core.awslambda.invocation import Outcome, Throttled
from app.core.delivery.targets import Targets, Teller
from app.core.errors import RecursiveInvocation, Refused
from app.core.facts import (
    DestinationFailed,
    DestinationTold,
    Effect,
    EventAccepted,
    EventDropped,
    EventRetried,
    InvocationThrottled,
)
from app.core.ids import Ids
from app.core.limits import Limits
from app.core.names import LATEST, Arn
from app.core.time import Instant


@dataclass(slots=True)
class AsyncEvents:
    """The asynchronous queue of every function. `submit` runs a call, or says what forbids it; `targets` get what
    destinations are to get; effects go to `outbox`."""

    ids: Ids
    limits: Limits
    outbox: list[Effect]
    functions: Functions
    targets: Targets
    submit: Callable[[Function, Call, Instant], Stopped | None]
    _queue: AsyncQueue = field(init=False)

    def __post_init__(self) -> None:
        self._queue = AsyncQueue(self.limits)

    def waiting_for(self, function: Arn) -> list[Event]:
        """The events that wait for their next attempt."""
        return self._queue.waiting_for(function)

    def accept(self, function: Function, event: Event, now: Instant, version: str = LATEST) -> None:
        """Take an event for the version into the queue; its first attempt is at once."""
        event.version = version
        self.outbox.append(EventAccepted(function.arn, event.request_id, event.cause.chain, event.source))
        self._attempt(function, event, now)

    def settle(self, function: Function, event: Event, outcome: Outcome, now: Instant) -> None:
        """What an attempt came to: the event ends, or waits for its next."""
        self._settle(function, event, outcome, now, was_begun=True)

    def drop(self, function: Function, event: Event, condition: str) -> None:
        """The event is lost: nobody but the journal is told."""
        self.outbox.append(EventDropped(function.arn, event.request_id, event.cause.chain, condition, event.attempts))

    def forget(self, function: Function) -> None:
        """The function is gone, and with it the events that wait for it."""
        for event in self._queue.waiting_for(function.arn):
            self._queue.drop(event)
            self.drop(function, event, "FunctionDeleted")

    # Time -----------------------------------------------------------------------------------------------

    def next_wakeup(self) -> Instant | None:
        return self._queue.next_wakeup()

    def wake(self, now: Instant) -> None:
        """Try again the events whose time has come."""
        for event in list(self._queue.due(now)):
            # A queued event runs on what its alias points to by then (recorded).
            chosen = self.functions.choose(event.function_arn)
            function = self.functions[event.function]
            if chosen is None:
                self.drop(function, event, "FunctionDeleted")
            else:
                event.version = chosen.version
                self._attempt(chosen.function, event, now)

    # Inside ---------------------------------------------------------------------------------------------

    def _attempt(self, function: Function, event: Event, now: Instant) -> None:
        event.attempts += 1
        call = Call(event.request_id, function.arn, event.function_arn, event.payload, event.source, event.cause,
                    ForEvent(event), attempt=event.attempts, version=event.version)  # fmt: skip
        match self.submit(function, call, now):
            case RecursiveInvocation():
                # Dropped without a retry; which condition AWS writes then is UNCONFIRMED.
                event.attempts -= 1
                self._give_up(function, event, None, "RecursiveInvocation", now)
            case Throttled() if function.main.spec.reserved_concurrency == 0:
                event.attempts -= 1
                self._give_up(function, event, None, "ZeroReservedConcurrency", now)
            case Throttled() as throttled:
                self._settle(function, event, throttled, now, was_begun=False)

    def _settle(self, function: Function, event: Event, outcome: Outcome, now: Instant, *, was_begun: bool) -> None:
        settings = function.event_settings(event.qualifier)
        chain = event.cause.chain
        settlement = self._queue.settle(event, outcome, settings.rules, now=now)
        if isinstance(outcome, Throttled):
            event.attempts -= 1
            at = settlement.at if isinstance(settlement, Again) else None
            throttled = InvocationThrottled(function.arn, event.request_id, chain, outcome.reason, at, was_begun)
            self.outbox.append(throttled)
        match settlement:
            case Done():
                self._tell(function, event, Role.ON_SUCCESS, settings.on_success, Ending("Success", outcome), now)
            case Again(at=at) if not isinstance(outcome, Throttled):
                attempt = event.attempts + 1
                self.outbox.append(EventRetried(function.arn, event.request_id, chain, attempt, at, at - now))
            case GivenUp(condition=condition):
                self._give_up(function, event, outcome, condition, now)
            case _:
                pass

    def _give_up(self, function: Function, event: Event, outcome: Outcome | None, condition: str, now: Instant) -> None:
        """The event ends: at its OnFailure destination, in the function's dead-letter queue, in both, or nowhere."""
        self.drop(function, event, condition)
        ending = Ending(condition, outcome)
        settings = function.event_settings(event.qualifier)
        self._tell(function, event, Role.ON_FAILURE, settings.on_failure, ending, now)
        self._tell(function, event, Role.DEAD_LETTER, function.main.spec.dead_letter_target, ending, now)

    def _tell(
        self, function: Function, event: Event, role: Role, target: Arn | None, ending: Ending, now: Instant
    ) -> None:
        if target is None:
            return
        chain, condition, teller = event.cause.chain, ending.condition, Teller(self.outbox)

        def settled(refusal: Refused | None, _: Instant) -> None:
            if refusal is None:
                teller.tell(DestinationTold(function.arn, event.request_id, chain, role, target, condition))
            else:
                reason = refusal.message
                teller.tell(DestinationFailed(function.arn, event.request_id, chain, role, target, reason))

        self.targets.deliver(parcel_for(target, role, event, ending, ids=self.ids, now=now), now, settled)
        teller.goes_on_later()
