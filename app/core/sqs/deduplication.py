"""What a FIFO queue remembers of what it accepted, so that a duplicate is answered and not enqueued."""

from dataclasses import dataclass
from hashlib import sha256

from app.core.agenda import Agenda
from app.core.time import Instant


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the first send was answered, and every duplicate is; their digests are of what each of them sent, which
    is what an SDK compares."""

    message_id: str
    sequence_number: str


class DeduplicationMemory:
    """Deduplication ids by key, for `interval_ms` from the first accept. A message's deletion does not end it; a purge
    of the queue does."""

    def __init__(self, interval_ms: int) -> None:
        self._interval_ms = interval_ms
        self._accepted: dict[str, tuple[Instant, Accepted]] = {}
        self._ends: Agenda[str] = Agenda(self._end_of, lambda: len(self._accepted))

    def find(self, key: str, now: Instant) -> Accepted | None:
        for ended in self._ends.due(now):
            del self._accepted[ended]
        return self.peek(key, now)

    def peek(self, key: str, now: Instant) -> Accepted | None:
        """The same, and nothing changes."""
        found = self._accepted.get(key)
        return found[1] if found and now < found[0] else None

    def remember(self, key: str, accepted: Accepted, now: Instant) -> None:
        until = now + self._interval_ms
        self._accepted[key] = (until, accepted)
        self._ends.add(until, key)

    def forget_all(self) -> None:
        self._accepted.clear()
        self._ends.clear()

    def _end_of(self, key: str) -> Instant | None:
        found = self._accepted.get(key)
        return found[0] if found is not None else None


def content_id(body: str) -> str:
    """The id of content-based deduplication: SHA-256 of the body alone, in hexadecimal."""
    return sha256(body.encode()).hexdigest()
