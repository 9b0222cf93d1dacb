"""Rules of event buses that fire by a schedule: in UTC, on the default bus."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Protocol

from app.core.agenda import Agenda
from app.core.chain import Cause
from app.core.commands import Fired, Origin, TargetTold
from app.core.facts import Effect, ScheduleFired
from app.core.names import Arn
from app.core.schedule.expression import Expression, parse_expression
from app.core.schedule.occurrences import next_after
from app.core.time import Instant


class TimedRule(Protocol):
    """What is asked of a rule."""

    @property
    def arn(self) -> Arn: ...

    @property
    def schedule(self) -> str | None: ...

    @property
    def is_enabled(self) -> bool: ...


@dataclass(slots=True, eq=False)
class RuleTimes:
    """The times of one rule. A rate counts from when the rule was put or enabled, and fires first a period later: what
    AWS does with the first is UNCONFIRMED, a recorded rule of a minute had fired once after a minute."""

    arn: Arn
    text: str
    expression: Expression
    since: Instant
    next_at: Instant | None = None

    def time_after(self, after: Instant) -> Instant | None:
        return next_after(self.expression, after, since=self.since)


@dataclass(slots=True)
class RuleSchedules:
    """The enabled rules that have a schedule. `fire` sends the rule's targets their Scheduled Event."""

    outbox: list[Effect]
    fire: Callable[[Arn, Cause, Instant], Sequence[TargetTold]]
    cause_of: Callable[[Origin, str | None, Instant], Cause]
    _rules: dict[Arn, RuleTimes] = field(default_factory=dict)
    _agenda: Agenda[RuleTimes] = field(init=False)

    def __post_init__(self) -> None:
        self._agenda = Agenda(attrgetter("next_at"), lambda: len(self._rules))

    def times_of(self, arn: Arn) -> RuleTimes | None:
        """None for a rule that has no schedule, or is disabled."""
        return self._rules.get(arn)

    def changed(self, rule: TimedRule, now: Instant) -> None:
        """The rule was put, enabled, disabled or deleted. One that fires as it did goes on counting."""
        before = self._rules.get(rule.arn)
        if rule.schedule is None or not rule.is_enabled:
            if before is not None:
                before.next_at = None
                del self._rules[rule.arn]
            return
        if before is not None and before.text == rule.schedule:
            return
        if before is not None:
            before.next_at = None
        times = RuleTimes(rule.arn, rule.schedule, parse_expression(rule.schedule), now)
        self._rules[rule.arn] = times
        self._book(times, now)

    def next_wakeup(self) -> Instant | None:
        return self._agenda.next()

    def wake(self, now: Instant) -> None:
        for times in self._agenda.due(now):
            at = times.next_at
            assert at is not None, "a rule that is due has its time"
            self._book(times, max(at, now))
            self._fire(times.arn, at, now, by_hand=False)

    def fire_now(self, arn: Arn, now: Instant) -> Fired:
        """Fire a rule by hand, whatever its times and its state."""
        chain, told = self._fire(arn, now, now, by_hand=True)
        return Fired(chain, now, failures=tuple(each.refusal for each in told if each.refusal is not None))

    # Inside ---------------------------------------------------------------------------------------------

    def _fire(
        self, arn: Arn, scheduled_at: Instant, now: Instant, *, by_hand: bool
    ) -> tuple[str, Sequence[TargetTold]]:
        cause = self.cause_of(Origin(), None, now)
        self.outbox.append(ScheduleFired(arn, scheduled_at, cause.chain, by_hand=by_hand))
        return cause.chain, self.fire(arn, cause, now)

    def _book(self, times: RuleTimes, after: Instant) -> None:
        times.next_at = times.time_after(after)
        if times.next_at is not None:
            self._agenda.add(times.next_at, times)
