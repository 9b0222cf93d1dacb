"""The asynchronous queue: when an event is tried again, and when it is given up."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from app.core.agenda import Agenda
from app.core.awslambda.invocation import Outcome, Succeeded, Throttled, Unreachable
from app.core.chain import Cause, Hop
from app.core.limits import Limits
from app.core.names import LATEST, Arn, qualifier_of
from app.core.time import SECOND_MS, Instant


@dataclass(slots=True, eq=False)
class Event:
    """An event on its way to `function`, invoked as `function_arn`.

    `failures` counts function errors, `attempts` the calls that were made and not throttled. `version` ran last.
    """

    request_id: str
    function: Arn
    function_arn: Arn
    payload: bytes
    source: str
    cause: Cause
    accepted_at: Instant
    attempts: int = 0
    failures: int = 0
    backoff_ms: int = 0
    due_at: Instant | None = None
    last_hop: Hop | None = None
    version: str = LATEST

    @property
    def qualifier(self) -> str:
        """The version or alias that it invokes."""
        return qualifier_of(self.function_arn)


@dataclass(frozen=True, slots=True)
class Done:
    """The function took it."""


@dataclass(frozen=True, slots=True)
class Again:
    """It is tried again at this instant."""

    at: Instant


@dataclass(frozen=True, slots=True)
class GivenUp:
    """It is dropped; `condition` is AWS's word for why."""

    condition: str


Settlement: TypeAlias = Done | Again | GivenUp


@dataclass(frozen=True, slots=True)
class RetryRules:
    """A function's event-invoke settings."""

    maximum_retry_attempts: int
    maximum_event_age_s: int


class AsyncQueue:
    """Events that wait for their next attempt. Waking hands them out; the caller invokes and settles."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._waiting: dict[str, Event] = {}
        self._due: Agenda[Event] = Agenda(
            lambda event: event.due_at if event.request_id in self._waiting else None, lambda: len(self._waiting)
        )

    def next_wakeup(self) -> Instant | None:
        return self._due.next()

    def due(self, now: Instant) -> Iterator[Event]:
        """Take out the events whose time has come, in order."""
        for event in self._due.due(now):
            del self._waiting[event.request_id]
            event.due_at = None
            yield event

    def waiting_for(self, function: Arn) -> list[Event]:
        """The events for one function. Looks at all: for people and for the end of a function."""
        return [event for event in self._waiting.values() if event.function == function]

    def drop(self, event: Event) -> None:
        del self._waiting[event.request_id]

    def settle(self, event: Event, outcome: Outcome, rules: RetryRules, *, now: Instant) -> Settlement:
        """What becomes of the event after an attempt; if it is tried again, it waits here from now on.

        A function error is tried again after one and two minutes, as often as the function's settings say. A throttle
        or a system error does not count and backs off from 1 s to 5 minutes. Either way the event is given up at
        once when its next attempt would not come before its age limit, as recorded (S:dest/test_maxeventage: an age of
        60 s leaves no room for the retry after a minute).
        """
        match outcome:
            case Succeeded():
                return Done()
            case Throttled() | Unreachable():
                first, most = self._limits.async_backoff_first_ms, self._limits.async_backoff_most_ms
                event.backoff_ms = min(max(first, event.backoff_ms * 2), most)
                wait_ms = event.backoff_ms
            case _:
                event.failures += 1
                if event.failures > rules.maximum_retry_attempts:
                    return GivenUp("RetriesExhausted")
                delays = self._limits.async_retry_delays_ms
                wait_ms = delays[min(event.failures, len(delays)) - 1]
        if now + wait_ms >= event.accepted_at + rules.maximum_event_age_s * SECOND_MS:
            return GivenUp("EventAgeExceeded")
        event.due_at = now + wait_ms
        self._waiting[event.request_id] = event
        self._due.add(event.due_at, event)
        return Again(event.due_at)
