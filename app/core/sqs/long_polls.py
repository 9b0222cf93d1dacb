"""The receives that wait at a queue for a message, in the order in which they came."""

from dataclasses import dataclass

from app.core.agenda import Agenda
from app.core.time import Instant


@dataclass(frozen=True, slots=True)
class LongPoll:
    """A receive that waits for a message until its deadline. `attempt_id` is a FIFO queue's."""

    waiter: int
    deadline: Instant
    max_messages: int
    visibility_timeout_s: int | None
    attempt_id: str | None = None


class LongPolls:
    """Those of one queue."""

    __slots__ = ("_deadlines", "open")

    def __init__(self) -> None:
        self.open: dict[int, LongPoll] = {}
        """By waiter. Asked directly where the queue is asked for its next wake-up, which is after each command."""
        self._deadlines: Agenda[LongPoll] = Agenda(
            lambda poll: poll.deadline if poll.waiter in self.open else None, lambda: len(self.open)
        )

    def wait(self, poll: LongPoll) -> None:
        self.open[poll.waiter] = poll
        self._deadlines.add(poll.deadline, poll)

    def stop(self, waiter: int) -> LongPoll | None:
        return self.open.pop(waiter, None)

    def first(self) -> LongPoll | None:
        """Who is served first."""
        return next(iter(self.open.values())) if self.open else None

    def next_deadline(self) -> Instant | None:
        return self._deadlines.next()

    def due(self, now: Instant) -> list[LongPoll]:
        """Take out those whose time is over."""
        over = list(self._deadlines.due(now))
        for poll in over:
            del self.open[poll.waiter]
        return over
