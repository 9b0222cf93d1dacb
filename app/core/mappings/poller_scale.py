"""How many batches a mapping may have in flight: the pollers' scale over time."""

from dataclasses import dataclass

from app.core.limits import Limits
from app.core.mappings.mapping_parameters import MappingParameters
from app.core.time import MINUTE_MS, Instant


@dataclass(frozen=True, slots=True)
class ScaleRule:
    """Batches in flight: at the start, at least and at most, how many more each minute, how many without work, and
    how many of them a poller runs."""

    start: int
    least: int
    most: int
    per_minute: int
    idle: int
    per_poller: int = 1


@dataclass(frozen=True, slots=True)
class Rescaling:
    """There are other pollers now than there were, and why."""

    before: int
    pollers: int
    reason: str


def scale_rule_of(parameters: MappingParameters, limits: Limits, *, is_fifo: bool = False) -> ScaleRule:
    """Provisioned pollers run ten invocations each. Without them a mapping begins with five and grows by 300 a minute,
    to 1,250 or its MaximumConcurrency; one of a standard queue that has nothing to do comes down to two, unless it has
    a MaximumConcurrency (services-sqs-scaling)."""
    provisioned, each = parameters.provisioned, limits.invocations_per_poller
    if provisioned is not None:
        least, most = provisioned.minimum * each, provisioned.maximum * each
        return ScaleRule(least, least, most, limits.provisioned_per_minute, least, each)
    most = limits.pollers_at_most
    if parameters.maximum_concurrency is not None:
        most = min(most, parameters.maximum_concurrency)
    start, least = min(limits.pollers_at_start, most), min(limits.pollers_at_least, most)
    idles = parameters.maximum_concurrency is None and not is_fifo
    return ScaleRule(start, least, most, limits.pollers_per_minute, least if idles else start)


class PollerScale:
    """The scale of one mapping. It grows by the minute for as long as messages are left; without work it is back at its
    start at once, and at fewer still after a while (`idle_ms`).

    Errors reduce it "gradually", AWS says without a curve (UNCONFIRMED). Here a batch that failed or was throttled
    takes one away, down to the least; one that succeeded gives one back, up to the start; and a minute in which more
    failed than succeeded brings no growth. From where idleness left it, it comes back in the same way.
    """

    def __init__(self, rule: ScaleRule, idle_ms: int) -> None:
        self.limit = rule.start
        self._rule = rule
        self._idle_ms = idle_ms
        self._grows_at: Instant | None = None
        self._idle_since: Instant | None = None
        self._has_messages = False
        self._balance = 0
        self._told = self.pollers
        self._changes: list[Rescaling] = []

    @property
    def pollers(self) -> int:
        """How many there are to run that many batches."""
        return -(-self.limit // self._rule.per_poller)

    def follow(self, rule: ScaleRule) -> None:
        """Go on under another rule."""
        self._rule = rule
        self.limit = min(max(self.limit, rule.least), rule.most)
        self._note("its parameters were changed")

    def observe(self, now: Instant, *, has_messages: bool, is_busy: bool) -> None:
        """To be called whenever either has changed: whether messages are left in the queue, whether batches are."""
        if has_messages or is_busy:
            self._idle_since = None
            self._grow(now)
        else:
            self._rest(now)
        self._has_messages = has_messages

    def stop(self) -> None:
        """Nobody polls; when somebody does again it is from the start."""
        self.limit = self._rule.start
        self._grows_at = self._idle_since = None
        self._has_messages, self._balance, self._told = False, 0, self.pollers

    def stumble(self) -> None:
        """A batch failed or was throttled."""
        self._balance -= 1
        self.limit = max(self.limit - 1, self._rule.least)
        # Each single step would fill the journal: the last one is told, and the way back.
        if self.limit == self._rule.least:
            self._note("invocations fail or are throttled")

    def recover(self) -> None:
        """A batch succeeded."""
        self._balance += 1
        if self.limit < self._rule.start:
            self.limit += 1
            if self.limit == self._rule.start:
                self._note("invocations succeed")

    def take_changes(self) -> list[Rescaling]:
        """What is to be told since this was asked last."""
        if not self._changes:
            return []
        changes, self._changes = self._changes, []
        return changes

    def next_growth(self) -> Instant | None:
        """When more pollers come, if more may."""
        return self._grows_at if self._has_messages and self.limit < self._rule.most else None

    def next_rest(self) -> Instant | None:
        """When there will be fewer because there is nothing to do."""
        if self._idle_since is None or self.limit <= self._rule.idle:
            return None
        return self._idle_since + self._idle_ms

    # Inside ---------------------------------------------------------------------------------------------

    def _grow(self, now: Instant) -> None:
        if self._grows_at is None:
            self._grows_at = now + MINUTE_MS
        while now >= self._grows_at:
            # Whether messages were left until then: what was observed last held for all that time.
            if self._has_messages and self._balance >= 0:
                self.limit = min(self.limit + self._rule.per_minute, self._rule.most)
                self._note("messages are left after a minute")
            self._balance = 0
            self._grows_at += MINUTE_MS

    def _rest(self, now: Instant) -> None:
        if self._idle_since is None:
            self._idle_since = now
        self._grows_at, self._balance = None, 0
        if self.limit > self._rule.start:
            self.limit = self._rule.start
            self._note("the queue is empty")
        if now >= self._idle_since + self._idle_ms and self.limit > self._rule.idle:
            self.limit = self._rule.idle
            self._note("there was nothing to do for a while")

    def _note(self, reason: str) -> None:
        if self.pollers != self._told:
            self._changes.append(Rescaling(self._told, self.pollers, reason))
            self._told = self.pollers
