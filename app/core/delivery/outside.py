"""Calls that the world makes to the outside, and who waits for what comes of each."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from app.core.chain import Cause
from app.core.commands.outside import SettleOutsideCall
from app.core.delivery.outside_calls import HttpCall, OutsideAnswer, OutsideCall
from app.core.delivery.rounds import Rounds
from app.core.facts import CallOutside, Effect
from app.core.names import Arn
from app.core.time import Instant

Then: TypeAlias = Callable[[OutsideAnswer, Instant], None]
"""Goes on with what came of a call; runs inside the world, when the answer comes back as a command."""


@dataclass(slots=True)
class Outside:
    """The calls under way by number. While one is, it holds the clock, as a call to a function does."""

    outbox: list[Effect]
    rounds: Rounds = field(init=False)
    _waiting: dict[int, Then] = field(default_factory=dict)
    _count: int = 0

    def __post_init__(self) -> None:
        self.rounds = Rounds(self.outbox)

    def tell(self, call: HttpCall, target: Arn, name: str, cause: Cause, then: Then) -> None:
        """The same of an endpoint that is told of something; what it causes in turn is watched for loops."""
        self.rounds.leave(self._count + 1, call, target, name, cause)
        self.call(call, then)

    def call(self, call: OutsideCall, then: Then) -> None:
        """Wish the call made; `then` is told once what came of it."""
        self._count += 1
        self._waiting[self._count] = then
        self.outbox.append(CallOutside(self._count, call))

    def settle(self, command: SettleOutsideCall, now: Instant) -> None:
        """An answer that nobody waits for is let go."""
        self.rounds.back(command.number)
        then = self._waiting.pop(command.number, None)
        if then is not None:
            then(command.answer, now)
