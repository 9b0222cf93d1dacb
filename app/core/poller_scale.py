"""How many batches a mapping may have in flight: the pollers' scale over time (spec B5)."""

from dataclasses import dataclass

from app.core.limits import Limits
from app.core.mapping_parameters import MappingParameters
from app.core.time import MINUTE_MS, Instant


@dataclass(frozen=True, slots=True)
class ScaleRule:
    """Batches in flight: at the start, at least and at most, and how many more each minute."""

    start: int
    least: int
    most: int
    per_minute: int


def scale_rule_of(parameters: MappingParameters, limits: Limits) -> ScaleRule:
    """Provisioned pollers run ten invocations each; without them a mapping begins with five and grows by 300 a minute,
    to 1,250 or its MaximumConcurrency (DG:services-sqs-scaling)."""
    provisioned = parameters.provisioned
    if provisioned is not None:
        least, most = (
            pollers * limits.invocations_per_poller for pollers in (provisioned.minimum, provisioned.maximum)
        )
        return ScaleRule(least, least, most, limits.provisioned_per_minute)
    most = limits.pollers_at_most
    if parameters.maximum_concurrency is not None:
        most = min(most, parameters.maximum_concurrency)
    return ScaleRule(
        min(limits.pollers_at_start, most), min(limits.pollers_at_least, most), most, limits.pollers_per_minute
    )


class PollerScale:
    """The scale of one mapping. It grows by the minute while there is work, and without work is back at its start.

    Errors reduce it "gradually", AWS says without a curve (UNCONFIRMED). Here a batch that failed or was throttled
    takes one away, down to the least; one that succeeded gives one back, up to the start; and a minute in which more
    failed than succeeded brings no growth.
    """

    def __init__(self, rule: ScaleRule) -> None:
        self.limit = rule.start
        self._rule = rule
        self._grows_at: Instant | None = None
        self._balance = 0

    def follow(self, rule: ScaleRule) -> None:
        """Go on under another rule."""
        self._rule = rule
        self.limit = min(max(self.limit, rule.least), rule.most)

    def observe(self, now: Instant, *, is_busy: bool) -> None:
        """To be called whenever there is or was work."""
        if not is_busy:
            self._grows_at, self._balance = None, 0
            self.limit = min(self.limit, self._rule.start)
            return
        if self._grows_at is None:
            self._grows_at = now + MINUTE_MS
        while now >= self._grows_at:
            if self._balance >= 0:
                self.limit = min(self.limit + self._rule.per_minute, self._rule.most)
            self._balance = 0
            self._grows_at += MINUTE_MS

    def stumble(self) -> None:
        """A batch failed or was throttled."""
        self._balance -= 1
        self.limit = max(self.limit - 1, self._rule.least)

    def recover(self) -> None:
        """A batch succeeded."""
        self._balance += 1
        if self.limit < self._rule.start:
            self.limit += 1

    def next_growth(self) -> Instant | None:
        """When more pollers come, if more may."""
        return self._grows_at if self.limit < self._rule.most else None
