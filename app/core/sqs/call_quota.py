"""How many calls of one action a FIFO queue takes in a second."""

from app.core.errors import RequestThrottled
from app.core.names import Arn
from app.core.time import SECOND_MS, Instant


class CallQuota:
    """Counts calls by queue and action within each second of the clock. A batch is one call of its action.

    AWS's buckets are not published; whole seconds keep to what its quota page says.
    """

    __slots__ = ("_counts", "_most", "_second")

    def __init__(self, calls_per_s: int) -> None:
        """0 is no quota."""
        self._most = calls_per_s
        self._second = -1
        self._counts: dict[tuple[Arn, str], int] = {}

    def count(self, queue: Arn, action: str, now: Instant) -> None:
        """Count one call. Raises RequestThrottled when the quota of this second is used up."""
        if not self._most:
            return
        if now // SECOND_MS != self._second:
            self._second = now // SECOND_MS
            self._counts.clear()
        used = self._counts.get((queue, action), 0)
        if used >= self._most:
            raise RequestThrottled
        self._counts[queue, action] = used + 1
