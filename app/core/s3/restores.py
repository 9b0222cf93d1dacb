"""Objects that come back from an archive for a while: when the copy is there, and when it goes again."""

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TypeAlias

from app.core.names import Scope
from app.core.s3.object_event import Details
from app.core.time import DAY_MS, HOUR_MS, MINUTE_MS, Instant
from app.core.value import value

ARCHIVES = ("GLACIER", "DEEP_ARCHIVE")
"""The storage classes whose objects have to be restored before they are read."""

TIERS_MS: dict[tuple[str, str], int] = {
    ("GLACIER", "Expedited"): 5 * MINUTE_MS,
    ("GLACIER", "Standard"): 5 * HOUR_MS,
    ("GLACIER", "Bulk"): 12 * HOUR_MS,
    ("DEEP_ARCHIVE", "Standard"): 12 * HOUR_MS,
    ("DEEP_ARCHIVE", "Bulk"): 48 * HOUR_MS,
}
"""How long a restore takes: the longest that S3 promises (user guide, restoring-objects-retrieval-options). A pair
that is not here is one that S3 refuses."""


def next_midnight(at: Instant) -> Instant:
    """`at` rounded up to midnight UTC, as S3 rounds what it does by the day; midnight itself stays."""
    return -(-at // DAY_MS) * DAY_MS


def copy_goes_at(restored_at: Instant, days: int) -> Instant:
    """When the copy of a restored object goes: so many days later, at the next midnight UTC (restoring-objects)."""
    return next_midnight(restored_at + days * DAY_MS)


@value(frozen=True, slots=True)
class Restored:
    """An object version on its way back, with what its events tell."""

    scope: Scope
    bucket: str
    key: str
    version_id: str | None
    size: int | None
    etag: str | None
    details: Details


_Place: TypeAlias = tuple[str, str, str | None]
Tell: TypeAlias = Callable[[Restored, str, Instant], None]
"""Makes the object's event of a name happen."""


@dataclass(slots=True)
class Appointments:
    """Object versions by the instant at which the event `name` happens to each; a machine of its own."""

    name: str
    tell: Tell
    _heap: list[tuple[Instant, int, _Place]] = field(default_factory=list)
    _current: dict[_Place, tuple[int, Restored]] = field(default_factory=dict)
    _count: int = 0

    def make(self, at: Instant, restored: Restored) -> None:
        """There is one appointment an object version: a later one takes the place of the earlier."""
        self._count += 1
        place = (restored.bucket, restored.key, restored.version_id)
        self._current[place] = (self._count, restored)
        heappush(self._heap, (at, self._count, place))

    def cancel(self, place: _Place) -> None:
        self._current.pop(place, None)

    def cancel_all(self, bucket: str) -> None:
        for place in [place for place in self._current if place[0] == bucket]:
            del self._current[place]

    def __contains__(self, place: _Place) -> bool:
        return place in self._current

    def next_wakeup(self) -> Instant | None:
        while self._heap and not self._is_current(self._heap[0]):
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def wake(self, now: Instant) -> None:
        while (at := self.next_wakeup()) is not None and at <= now:
            place = heappop(self._heap)[2]
            _, restored = self._current.pop(place)
            self.tell(restored, self.name, now)

    def _is_current(self, entry: tuple[Instant, int, _Place]) -> bool:
        _, number, place = entry
        return place in self._current and self._current[place][0] == number


@dataclass(slots=True)
class Restores:
    """The restores under way, and the copies that are there. The end of a copy is nothing to move the clock for."""

    tell: Tell
    completions: Appointments = field(init=False)
    ends: Appointments = field(init=False)

    def __post_init__(self) -> None:
        self.completions = Appointments("ObjectRestore:Completed", self.tell)
        self.ends = Appointments("ObjectRestore:Delete", self.tell)

    def begin(self, restored: Restored) -> None:
        """A restore was asked for; without `restored_at` the copy is there already and only stays longer."""
        details = restored.details
        if details.restored_at is not None:
            self.completions.make(details.restored_at, restored)
        if details.expires_at is not None:
            self.ends.make(details.expires_at, restored)

    def forget(self, bucket: str, key: str, version_id: str | None) -> None:
        """The object version is gone, or another took its place."""
        for appointments in (self.completions, self.ends):
            appointments.cancel((bucket, key, version_id))

    def forget_bucket(self, bucket: str) -> None:
        for appointments in (self.completions, self.ends):
            appointments.cancel_all(bucket)
