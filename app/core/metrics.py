"""What CloudWatch would show of functions: counts by the minute, told from facts (monitoring-metrics-types)."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from math import ceil, exp, log
from typing import Any

from app.core.facts import (
    DestinationFailed,
    EventAccepted,
    EventDropped,
    Fact,
    InvocationEnded,
    InvocationStarted,
    InvocationThrottled,
    LoopWarned,
)
from app.core.names import Arn, Scope, parse_arn
from app.core.time import MINUTE_MS, Instant

UNITS = {
    "Invocations": "Count",
    "Errors": "Count",
    "Throttles": "Count",
    "Duration": "Milliseconds",
    "ConcurrentExecutions": "Count",
    "UnreservedConcurrentExecutions": "Count",
    "ProvisionedConcurrentExecutions": "Count",
    "ProvisionedConcurrencyInvocations": "Count",
    "ProvisionedConcurrencySpilloverInvocations": "Count",
    "ProvisionedConcurrencyUtilization": "Count",
    "AsyncEventsReceived": "Count",
    "AsyncEventAge": "Milliseconds",
    "AsyncEventsDropped": "Count",
    "DeadLetterErrors": "Count",
    "DestinationDeliveryFailures": "Count",
    "RecursiveInvocationsDropped": "Count",
}
"""The metrics by name, in the order in which they are shown, with the unit of each."""

_MINUTES_KEPT = 1_440
_OPEN_KEPT = 100_000
_SPREAD = {
    "Duration", "AsyncEventAge", "ProvisionedConcurrentExecutions", "ProvisionedConcurrencyUtilization",
}  # fmt: skip
"""Whose percentiles are kept: the others are mostly 0 or 1, or asked for their maximum."""
_OF_ACCOUNT = {"Invocations", "Errors", "Throttles", "Duration"}
"""What CloudWatch also tells across all functions, beside concurrency."""
_RAN = {"succeeded", "failed", "timed out", "exited", "init failed"}


@dataclass(slots=True)
class Statistics:
    """What CloudWatch keeps of a number of values."""

    count: int = 0
    sum: float = 0.0
    least: float = 0.0
    most: float = 0.0

    def add(self, number: float) -> None:
        if not self.count or number < self.least:
            self.least = number
        if not self.count or number > self.most:
            self.most = number
        self.count += 1
        self.sum += number

    def join(self, other: "Statistics") -> None:
        """Take over what was kept elsewhere."""
        if other.count:
            self.least = min(self.least, other.least) if self.count else other.least
            self.most = max(self.most, other.most) if self.count else other.most
            self.count += other.count
            self.sum += other.sum

    @property
    def average(self) -> float:
        return self.sum / self.count if self.count else 0.0

    def percentile(self, percent: float) -> float | None:
        """Below which so many percent of the values are; None where that is not known. Values that are all alike, or
        are 0 or 1, need no more than the rest."""
        if not self.count or self.least == self.most:
            return self.least if self.count else None
        if (self.least, self.most) == (0, 1):
            return 1.0 if percent / 100 * (self.count - 1) >= self.count - self.sum else 0.0
        return None


class Spread(Statistics):
    """Statistics that know how values are spread: how many are in each bucket, which are 2% wide."""

    __slots__ = ("buckets",)

    def __init__(self) -> None:
        super().__init__()
        self.buckets: dict[int, int] = {}

    def add(self, number: float) -> None:
        super().add(number)
        bucket = ceil(log(number) * _BUCKETS_PER_E) if number > _SMALLEST else _SMALL
        self.buckets[bucket] = self.buckets.get(bucket, 0) + 1

    def join(self, other: Statistics) -> None:
        super().join(other)
        if isinstance(other, Spread):
            for bucket, count in other.buckets.items():
                self.buckets[bucket] = self.buckets.get(bucket, 0) + count

    def percentile(self, percent: float) -> float | None:
        left = percent / 100 * (self.count - 1)
        for bucket in sorted(self.buckets):
            left -= self.buckets[bucket]
            if left < 0:
                middle = 0.0 if bucket == _SMALL else exp((bucket - 0.5) / _BUCKETS_PER_E)
                return min(max(middle, self.least), self.most)
        return self.most if self.count else None


_BUCKETS_PER_E = 1 / log(1.02)
_SMALLEST = 0.001
"""What is less is in one bucket with nothing: a microsecond."""
_SMALL = -(2**31)


class Series:
    """One metric of one function: its statistics by minute, the newest day's worth of them, and over all time."""

    __slots__ = ("_begin", "_end", "_kind", "_now", "_older", "minutes")

    def __init__(self, kind: type[Statistics] = Statistics) -> None:
        self._kind = kind
        self.minutes: OrderedDict[Instant, Statistics] = OrderedDict()
        self._older = Statistics()
        """Of the minutes that are forgotten."""
        # The minute to which something was added last: mostly the next comes to it too.
        self._begin = self._end = 0
        self._now = Statistics()

    def add(self, at: Instant, number: float) -> None:
        if not self._begin <= at < self._end:
            self._turn_to(at - at % MINUTE_MS)
        self._now.add(number)

    @property
    def total(self) -> Statistics:
        """Over all time."""
        total = replace(self._older)
        for statistics in self.minutes.values():
            total.join(statistics)
        return total

    def _turn_to(self, minute: Instant) -> None:
        self._begin, self._end = minute, minute + MINUTE_MS
        statistics = self.minutes.get(minute)
        if statistics is None:
            statistics = self.minutes[minute] = self._kind()
            if len(self.minutes) > _MINUTES_KEPT:
                self._older.join(self.minutes.popitem(last=False)[1])
        self._now = statistics


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric's statistics of one minute, for whoever asks as of CloudWatch. `function` None is the account;
    `resource` is a version or alias as CloudWatch names it, `orders:live`."""

    name: str
    function: str | None
    minute: Instant
    statistics: Statistics
    resource: str | None = None


class Metrics:
    """Counts what facts tell. What was counted stays when a function goes, as at CloudWatch."""

    def __init__(self) -> None:
        self._series: dict[Arn, dict[str, Series]] = {}
        self._of_resources: dict[tuple[Arn, str], dict[str, Series]] = {}
        self._accounts: dict[Scope, tuple[Series, Series]] = {}
        self._account_of: dict[Arn, tuple[Series, Series]] = {}
        """All that run at once in an account, and those without a reservation."""
        # Of invocations that have not ended, and events that wait: an end that never comes (a function that was
        # deleted) must not stay for ever.
        self._began: OrderedDict[str, Instant] = OrderedDict()
        self._accepted: OrderedDict[str, Instant] = OrderedDict()
        self._readers: dict[type[Fact], Callable[[Any, Instant], None]] = {
            InvocationStarted: self._started,
            InvocationEnded: self._ended,
            InvocationThrottled: self._throttled,
            EventAccepted: self._accept,
            EventDropped: self._dropped,
            DestinationFailed: self._undelivered,
            LoopWarned: self._looped,
        }

    def observe_all(self, facts: Sequence[Fact], kinds: AbstractSet[type], at: Instant) -> None:
        """Count what the facts tell, of which there are no other `kinds` than these; those of messages, which are most,
        tell nothing here."""
        readers = self._readers
        if not kinds.isdisjoint(readers):
            for fact in facts:
                if (reader := readers.get(type(fact))) is not None:
                    reader(fact, at)

    def observe(self, fact: Fact, at: Instant) -> None:
        """Count what the fact tells."""
        reader = self._readers.get(type(fact))
        if reader is not None:
            reader(fact, at)

    # Reading --------------------------------------------------------------------------------------------

    def functions(self) -> list[Arn]:
        """Of which something was counted, in order."""
        return sorted(self._series)

    def totals(self, function: Arn) -> dict[str, Statistics]:
        """Over all time, by metric, in the order of `UNITS`; what was never counted is not among them."""
        series = self._series.get(function, {})
        return {name: series[name].total for name in UNITS if name in series}

    def measured(self, scope: Scope) -> Iterator[Measured]:
        """Everything that was counted in an account and region: of each function, of its versions and aliases with
        provisioned environments, and of the account."""
        of_account: dict[tuple[str, Instant], Statistics] = {}
        for arn, by_name in self._series.items():
            parsed = parse_arn(arn)
            if parsed.scope != scope:
                continue
            for name, series in by_name.items():
                for minute, statistics in series.minutes.items():
                    yield Measured(name, parsed.name, minute, _copy(statistics))
                    if name in _OF_ACCOUNT:
                        of_account.setdefault((name, minute), type(statistics)()).join(statistics)
        for (arn, qualifier), by_name in self._of_resources.items():
            parsed = parse_arn(arn)
            for name, series in by_name.items() if parsed.scope == scope else ():
                for minute, statistics in series.minutes.items():
                    yield Measured(name, parsed.name, minute, _copy(statistics), f"{parsed.name}:{qualifier}")
        for (name, minute), statistics in of_account.items():
            yield Measured(name, None, minute, statistics)
        if scope in self._accounts:
            names = ("ConcurrentExecutions", "UnreservedConcurrentExecutions")
            for name, series in zip(names, self._accounts[scope], strict=True):
                for minute, statistics in series.minutes.items():
                    yield Measured(name, None, minute, _copy(statistics))

    # Inside ---------------------------------------------------------------------------------------------

    def _add(self, function: Arn, name: str, at: Instant, number: float) -> None:
        _add_to(self._series_of(function), name, at, number)

    def _series_of(self, function: Arn) -> dict[str, Series]:
        by_name = self._series.get(function)
        if by_name is None:
            by_name = self._series[function] = {}
        return by_name

    def _started(self, fact: InvocationStarted, at: Instant) -> None:
        function = fact.function
        _remember(self._began, fact.request, at)
        self._add(function, "ConcurrentExecutions", at, fact.concurrent)
        account = self._account_of.get(function)
        if account is None:
            # Worked out once a function: this is done for every invocation.
            scope = parse_arn(function).scope
            account = self._account_of[function] = self._accounts.setdefault(scope, (Series(), Series()))
        account[0].add(at, fact.of_account)
        account[1].add(at, fact.unreserved)
        if (accepted_at := self._accepted.get(fact.request)) is not None:
            self._add(function, "AsyncEventAge", at, at - accepted_at)
        if fact.provisioned:
            self._provisioned(fact, at)

    def _provisioned(self, fact: InvocationStarted, at: Instant) -> None:
        """Of the function, and of its version or alias, as CloudWatch tells of it (monitoring-metrics-types)."""
        of_resource = self._of_resources.setdefault((fact.function, fact.qualifier or fact.version), {})
        in_use = fact.provisioned_in_use
        kind = "SpilloverInvocations" if fact.is_spillover else "Invocations"
        for name, number in (
            ("ProvisionedConcurrentExecutions", in_use),
            ("ProvisionedConcurrencyUtilization", in_use / fact.provisioned),
            (f"ProvisionedConcurrency{kind}", 1),
        ):
            self._add(fact.function, name, at, number)
            _add_to(of_resource, name, at, number)

    def _ended(self, fact: InvocationEnded, at: Instant) -> None:
        # A metric has the time at which the function was invoked.
        began_at = self._began.pop(fact.request, at)
        if fact.outcome == "throttled":
            self._add(fact.function, "Throttles", began_at, 1)
        if fact.outcome not in _RAN:
            return
        if fact.outcome == "succeeded":
            self._accepted.pop(fact.request, None)
        by_name = self._series_of(fact.function)
        _add_to(by_name, "Invocations", began_at, 1)
        _add_to(by_name, "Errors", began_at, 0 if fact.outcome == "succeeded" else 1)
        _add_to(by_name, "Duration", began_at, fact.duration_ms)

    def _throttled(self, fact: InvocationThrottled, at: Instant) -> None:
        # What the endpoint throttled was counted at its end.
        if not fact.was_begun:
            self._add(fact.function, "Throttles", at, 1)

    def _accept(self, fact: EventAccepted, at: Instant) -> None:
        _remember(self._accepted, fact.request, at)
        self._add(fact.function, "AsyncEventsReceived", at, 1)

    def _dropped(self, fact: EventDropped, at: Instant) -> None:
        self._accepted.pop(fact.request, None)
        self._add(fact.function, "AsyncEventsDropped", at, 1)

    def _undelivered(self, fact: DestinationFailed, at: Instant) -> None:
        is_dead_letter = fact.role == "DeadLetterConfig"
        self._add(fact.function, "DeadLetterErrors" if is_dead_letter else "DestinationDeliveryFailures", at, 1)

    def _looped(self, fact: LoopWarned, at: Instant) -> None:
        if fact.kind == "stopped":
            self._add(fact.function, "RecursiveInvocationsDropped", at, 1)


def _add_to(by_name: dict[str, Series], name: str, at: Instant, number: float) -> None:
    series = by_name.get(name)
    if series is None:
        series = by_name[name] = Series(Spread if name in _SPREAD else Statistics)
    series.add(at, number)


def _copy(statistics: Statistics) -> Statistics:
    """For another thread, while more is added here."""
    copied = type(statistics)()
    copied.join(statistics)
    return copied


def _remember(instants: OrderedDict[str, Instant], request: str, at: Instant) -> None:
    instants[request] = at
    if len(instants) > _OPEN_KEPT:
        instants.popitem(last=False)
