"""An allowance that fills up again at an even rate."""

from app.core.time import Instant


class Allowance:
    """`size` at most, as many again every `interval_ms`, evenly and never more than full. It begins full.

    Whole numbers all through, so that many small steps of time give the same as one big one.
    """

    __slots__ = ("_at", "_interval_ms", "_left", "size")

    def __init__(self, size: int, interval_ms: int) -> None:
        self.size = size
        self._interval_ms = interval_ms
        # In parts of which one of the allowance has `interval_ms`: each millisecond brings `size` of them.
        self._left = size * interval_ms
        self._at: Instant = 0

    def has_one(self, now: Instant) -> bool:
        """Whether there is one to be taken."""
        return self._left + self.size * (now - self._at) >= self._interval_ms

    def take_one(self, now: Instant) -> None:
        """Take one that is there."""
        full = self.size * self._interval_ms
        self._left = min(full, self._left + self.size * (now - self._at)) - self._interval_ms
        self._at = now
