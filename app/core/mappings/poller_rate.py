"""How fast provisioned pollers are: each takes so many bytes, and polls so often, a second."""

from dataclasses import dataclass

from app.core.time import SECOND_MS, Instant


@dataclass(slots=True)
class PollerRate:
    """What was taken lately. What a second brings may be taken at once; then it is waited for."""

    bytes_per_poller_s: int
    polls_per_poller_s: int
    # In thousandths, so that no moment between two looks is lost.
    _bytes: int = 0
    _polls: int = 0
    _at: Instant = 0

    def take(self, size_bytes: int, *, pollers: int, now: Instant) -> None:
        """Note a poll that brought so much."""
        self._leak(pollers, now)
        self._bytes += size_bytes * SECOND_MS
        self._polls += SECOND_MS

    def free_at(self, *, pollers: int, now: Instant) -> Instant:
        """When the next poll may be made; `now` when at once."""
        self._leak(pollers, now)
        waits = (
            _wait_ms(self._bytes, pollers * self.bytes_per_poller_s),
            _wait_ms(self._polls, pollers * self.polls_per_poller_s),
        )
        return now + max(waits)

    def _leak(self, pollers: int, now: Instant) -> None:
        passed_ms = now - self._at
        if passed_ms > 0:
            self._bytes = max(0, self._bytes - passed_ms * pollers * self.bytes_per_poller_s)
            self._polls = max(0, self._polls - passed_ms * pollers * self.polls_per_poller_s)
            self._at = now


def _wait_ms(taken: int, each_second: int) -> int:
    """Until less is left of what was taken than a second's worth."""
    above = taken - each_second * SECOND_MS
    return 0 if above < 0 else above // each_second + 1
