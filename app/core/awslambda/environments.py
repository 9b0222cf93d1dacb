"""The environments that functions run in: which there are, and when one that is idle or old is to be recycled.

Lambda ends environments after a while that it does not name. Here the function's settings say, on the service's clock:
six hours later, by the dial, a function starts cold as it would there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

from app.core.awslambda.function import Function
from app.core.commands import ReportEnvironmentEnded, ReportEnvironmentStarted
from app.core.facts import Effect, EnvironmentEnded, EnvironmentStarted, RecycleEnvironment
from app.core.names import Arn
from app.core.time import Instant, earliest


@dataclass(slots=True)
class _Kept:
    """An environment that is there. `due_at` is when it is to be looked at; None if never."""

    function: Arn
    slot: int
    began_at: Instant
    due_at: Instant | None = None


class Environments:
    """All environments by log stream. `function_of` finds a function; effects go to `outbox`."""

    def __init__(self, outbox: list[Effect], function_of: Callable[[Arn], Function | None]) -> None:
        self._outbox = outbox
        self._function_of = function_of
        self._kept: dict[str, _Kept] = {}
        self._due: list[tuple[Instant, str]] = []

    def __repr__(self) -> str:
        return f"<Environments: {len(self._kept)}>"

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {ReportEnvironmentStarted: self.started, ReportEnvironmentEnded: self.ended}

    def started(self, command: ReportEnvironmentStarted, now: Instant) -> None:
        """Note it; one that started again after a fault keeps its age."""
        environment = command.environment
        self._outbox.append(
            EnvironmentStarted(
                command.function, command.slot, environment, command.init_ms, command.is_within_invocation
            )
        )
        kept = self._kept.setdefault(environment, _Kept(command.function, command.slot, now))
        self._book(environment, kept, idle_since=now, now=now)

    def ended(self, command: ReportEnvironmentEnded, now: Instant) -> None:
        self._outbox.append(EnvironmentEnded(command.function, command.slot, command.environment, command.reason))
        self._kept.pop(command.environment, None)

    # Time -----------------------------------------------------------------------------------------------

    def next_wakeup(self) -> Instant | None:
        """When an environment may be idle or old enough; passed on the way, but nowhere to go to."""
        while self._due:
            at, environment = self._due[0]
            kept = self._kept.get(environment)
            if kept is not None and kept.due_at == at:
                return at
            heappop(self._due)
        return None

    def wake(self, now: Instant) -> None:
        """Wish those recycled that have been idle, or there, for as long as they may."""
        while (at := self.next_wakeup()) is not None and at <= now:
            _, environment = heappop(self._due)
            kept = self._kept[environment]
            kept.due_at = None
            function = self._function_of(kept.function)
            if function is None:
                continue
            spec = function.spec
            is_busy = function.call_in([kept.slot]) is not None
            is_provisioned = kept.slot < function.main.provisioned.get(spec.version, 0)
            idle_since = max(kept.began_at, function.freed_at(kept.slot))
            is_old = spec.environment_age_ms is not None and kept.began_at + spec.environment_age_ms <= now
            is_idle = spec.idle_timeout_ms is not None and idle_since + spec.idle_timeout_ms <= now
            # One that works is let finish; then it is looked at again when it has been idle.
            if is_provisioned:
                # It is to be there when it is called, however long that takes.
                self._book(environment, kept, idle_since=now, now=now)
            elif is_old:
                self._outbox.append(RecycleEnvironment(kept.function, kept.slot, environment, "old"))
            elif is_idle and not is_busy:
                self._outbox.append(RecycleEnvironment(kept.function, kept.slot, environment, "idle"))
            else:
                self._book(environment, kept, idle_since=now if is_busy else idle_since, now=now)

    def _book(self, environment: str, kept: _Kept, *, idle_since: Instant, now: Instant) -> None:
        function = self._function_of(kept.function)
        if function is None:
            return
        idle_ms, age_ms = function.spec.idle_timeout_ms, function.spec.environment_age_ms
        due_at = earliest(
            None if idle_ms is None else idle_since + idle_ms, None if age_ms is None else kept.began_at + age_ms
        )
        if due_at is None:
            return
        kept.due_at = max(due_at, now + 1)
        heappush(self._due, (kept.due_at, environment))
