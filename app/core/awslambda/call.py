"""A call of a function as the world keeps it: the invocation to be, whom it is for, and what caused it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from app.core.awslambda.concurrency import Seat
from app.core.awslambda.invocation import Throttled
from app.core.chain import Cause, Hop
from app.core.errors import RecursiveInvocation
from app.core.names import LATEST, Arn
from app.core.value import value

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.core.awslambda.async_invoke import Event
    from app.core.awslambda.invocation import Outcome
    from app.core.mappings.batch import Batch
    from app.core.time import Instant


@value(frozen=True, slots=True)
class ForWaiter:
    """A synchronous caller waits for the answer."""

    waiter: int


@value(frozen=True, slots=True)
class ForBatch:
    """A mapping waits to settle the batch."""

    mapping: str
    batch: "Batch"


@value(frozen=True, slots=True)
class ForEvent:
    """The asynchronous queue waits to settle the event."""

    event: "Event"


@value(frozen=True, slots=True)
class ForReply:
    """Something in the world that invoked synchronously goes on with the outcome."""

    then: "Callable[[Outcome, Instant], None]"


Owner: TypeAlias = ForWaiter | ForBatch | ForEvent | ForReply


Stopped: TypeAlias = RecursiveInvocation | Throttled
"""What keeps a call from running: the loop detection or a limit."""


@dataclass(slots=True)
class Call:
    """`function_arn` is the ARN as invoked; `source` says in words who invokes; `version` is the one that is to run, as
    its caller is told. `hop` and `seat` are there once the call was admitted, `trace_header` once it has begun; `moves`
    counts the environments that it could not reach."""

    request_id: str
    function: Arn
    function_arn: Arn
    payload: bytes
    source: str
    cause: Cause
    owner: Owner
    attempt: int = 1
    client_context: str | None = None
    hop: Hop | None = None
    version: str = LATEST
    seat: Seat | None = None
    trace_header: str = ""
    moves: int = 0

    @property
    def is_synchronous(self) -> bool:
        return not isinstance(self.owner, ForEvent)
