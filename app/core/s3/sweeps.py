"""Lifecycle rules on the clock: at each midnight UTC, the store is told to do what they want in each bucket."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.core.delivery.outside import Outside
from app.core.delivery.outside_calls import BucketSwept, OutsideAnswer, SweepBucket
from app.core.s3.lifecycle import LifecycleRule, Swept
from app.core.time import DAY_MS, Instant

Tell = Callable[[str, Swept, Instant], None]


@dataclass(slots=True)
class Sweeps:
    """`rules_of` gives the rules of the buckets that have some, with what is said of small objects; `tell` is told of
    everything that was done in one.

    S3 gets round to it during the day; here it is done at once. The machine wakes only while there are rules.
    """

    outside: Outside
    rules_of: Callable[[], Mapping[str, tuple[tuple[LifecycleRule, ...], str]]]
    tell: Tell
    _next: Instant | None = None

    def rules_changed(self, now: Instant) -> None:
        """Some bucket has other rules, or is gone."""
        if not self.rules_of():
            self._next = None
        elif self._next is None:
            self._next = _midnight_after(now)

    def next_wakeup(self) -> Instant | None:
        return self._next

    def wake(self, now: Instant) -> None:
        if self._next is None or self._next > now:
            return
        midnight = now // DAY_MS * DAY_MS
        for bucket, (rules, small) in sorted(self.rules_of().items()):
            self.outside.call(SweepBucket(bucket, rules, midnight, small), self._settled(bucket))
        self._next = _midnight_after(now)

    def _settled(self, bucket: str) -> Callable[[OutsideAnswer, Instant], None]:
        def settled(answer: Any, now: Instant) -> None:
            if isinstance(answer, BucketSwept):
                for swept in answer.done:
                    self.tell(bucket, swept, now)

        return settled


def _midnight_after(now: Instant) -> Instant:
    return (now // DAY_MS + 1) * DAY_MS
