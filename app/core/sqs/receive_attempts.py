"""Receives of a FIFO queue that may be asked for again, by who lost the answer: the same messages once more."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.sqs.message import Delivery, Message, MessageState
from app.core.time import Instant


@dataclass(frozen=True, slots=True)
class ReceiveAttempt:
    """What a receive with an attempt id handed out, to be handed out again when the caller asks again."""

    until: Instant
    hidden_until: Instant
    taken: tuple[tuple[Message, Delivery], ...]

    def is_untouched(self, now: Instant) -> bool:
        """Whether it is young enough, and no message was deleted or had its visibility changed."""
        return now < self.until and all(
            message.state is MessageState.IN_FLIGHT
            and message.available_at == self.hidden_until
            and message.receive_count == delivery.receive_count
            for message, delivery in self.taken
        )


class ReceiveAttempts:
    """Those of one queue, by attempt id, each kept for `kept_ms`."""

    __slots__ = ("_attempts", "_kept_ms")

    def __init__(self, kept_ms: int) -> None:
        self._kept_ms = kept_ms
        self._attempts: dict[str, ReceiveAttempt] = {}

    def take(self, attempt_id: str, now: Instant) -> tuple[tuple[Message, Delivery], ...]:
        """Take out what was handed out under it; nothing when it is unknown or spoilt."""
        attempt = self._attempts.pop(attempt_id, None)
        return attempt.taken if attempt is not None and attempt.is_untouched(now) else ()

    def remember(self, attempt_id: str, taken: Sequence[tuple[Message, Delivery]], *, now: Instant) -> None:
        """Keep what was handed out under it."""
        if not taken:
            return
        for known, attempt in list(self._attempts.items()):
            if now < attempt.until:
                break
            del self._attempts[known]
        self._attempts[attempt_id] = ReceiveAttempt(now + self._kept_ms, taken[0][0].available_at, tuple(taken))
