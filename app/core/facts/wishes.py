"""What the world wishes done; the engine carries it out."""

from typing import Any, TypeAlias

from app.core.awslambda.invocation import Invocation
from app.core.delivery.outside_calls import OutsideCall
from app.core.names import Arn
from app.core.value import value


@value(frozen=True, slots=True)
class CallFunction:
    """Run this at its endpoint; what comes of it comes back as `SettleInvocation`.

    `waiter` is that of the command that waits for it, if one does: whoever asked may take the response piece by piece.
    """

    invocation: Invocation
    waiter: int | None = None


@value(frozen=True, slots=True)
class RecycleEnvironment:
    """End the environment with this log stream, once it does not work; its end is told by its endpoint."""

    function: Arn
    slot: int
    environment: str
    reason: str


@value(frozen=True, slots=True)
class Answered:
    """The answer to a command that was `Waiting`."""

    waiter: int
    answer: Any


@value(frozen=True, slots=True)
class WatchQueue:
    """Ask the broker now what it says of the queue, and again from time to time."""

    queue: Arn


@value(frozen=True, slots=True)
class ReceiveAt:
    """Receive from the broker, polling long; `visibility_timeout_s` None is the queue's own."""

    queue: Arn
    poll: int
    max_messages: int
    visibility_timeout_s: int | None


@value(frozen=True, slots=True)
class StopReceiving:
    """Nobody wants what this receive would bring: do not begin it again."""

    queue: Arn
    poll: int


@value(frozen=True, slots=True)
class DeleteAt:
    """Delete these at the broker, however long it takes to be reached."""

    queue: Arn
    receipt_handles: tuple[str, ...]


@value(frozen=True, slots=True)
class CallOutside:
    """Make this call; what comes of it comes back as `SettleOutsideCall` with the number."""

    number: int
    call: OutsideCall


@value(frozen=True, slots=True)
class ReleaseEndpoint:
    """Let go of what runs this function or version: it is gone, or was deployed anew. What runs there ends first."""

    function: Arn


@value(frozen=True, slots=True)
class WarmEnvironments:
    """Start the first `count` environments of this function or version before they are called, and end what is more
    of such; what comes of it comes back as `SettleWarming`. `access_key_ids` are those of its environments, by slot."""

    function: Arn
    count: int
    access_key_ids: tuple[str, ...]


BrokerWish: TypeAlias = WatchQueue | ReceiveAt | StopReceiving | DeleteAt
Wish: TypeAlias = (
    CallFunction | RecycleEnvironment | WarmEnvironments | CallOutside | Answered | ReleaseEndpoint | BrokerWish
)
