"""What the engine needs of the world outside, as Protocols; adapters stand behind them."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from app.core.awslambda.environment_state import EnvironmentState
from app.core.awslambda.invocation import Invocation, Outcome
from app.core.commands import RemoteAttributes
from app.core.delivery.outside_calls import OutsideAnswer, OutsideCall
from app.core.names import Arn
from app.core.sqs.message import Delivery
from app.core.time import Instant


class FunctionEndpoint(Protocol):
    """Where a function runs. One object a function, whatever number of environments stand behind it."""

    @property
    def environments(self) -> int:
        """How many invocations may run at once; the core never asks for more."""
        ...

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Run it and say what came of it. Never raises for what the function or the network did.

        Ends within the invocation's time limit and a little; cancelling it kills the environment.
        """
        ...

    async def close(self) -> None:
        """Stop every environment; no process is left behind. The endpoint is not used afterwards."""
        ...

    def describe(self) -> str:
        """A few words for people: `process examples/orders.py`, `RIE http://localhost:9000`."""
        ...


class PromptEndpoint(FunctionEndpoint, Protocol):
    """An endpoint that can begin an invocation in passing: where nothing has to be waited for, nobody needs a task."""

    def begin(self, invocation: Invocation, settled: Callable[[Outcome], None]) -> bool:
        """As `invoke`, with what came of it told to `settled`: once, on the event loop, after this has returned. False
        where something has to be waited for first; then nothing has happened. Closing the endpoint ends it."""
        ...


class ResponseSink(Protocol):
    """Takes a response piece by piece, as the handler writes it. Its methods return at once and never raise."""

    def begin(self, content_type: str) -> None:
        """The handler began to answer, with this `Content-Type`; comes once, and only if something is streamed."""

    def write(self, chunk: bytes) -> None:
        """The next piece, never empty."""


@runtime_checkable
class StreamingEndpoint(FunctionEndpoint, Protocol):
    """An endpoint whose responses can be taken while they are made."""

    async def invoke_streaming(self, invocation: Invocation, sink: ResponseSink) -> Outcome:
        """As `invoke`. What the handler streams goes to `sink`; the payload of `Succeeded` is what did not.

        A handler that fails in the middle is a `HandlerFailed`, with pieces at the sink before it.
        """
        ...


@dataclass(frozen=True, slots=True)
class EnvironmentStatus:
    """One environment now. `environment` is its log stream; `state` is starting, running, idle, frozen, or ended where
    its runtime failed and starts again with the next invocation. `init_ms` is real time, instants are the clock's."""

    slot: int
    environment: str
    state: str
    pid: int | None
    began_at: Instant
    init_ms: float | None
    invocations: int
    last_request: str | None
    last_used_at: Instant | None
    max_memory_mb: int
    extensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EndpointStatus:
    """How a function's environments came and went: `ended` counts by reason."""

    cold_starts: int
    warm_starts: int
    ended: Mapping[str, int]
    environments: tuple[EnvironmentStatus, ...]


@runtime_checkable
class RecyclingEndpoint(FunctionEndpoint, Protocol):
    """An endpoint whose environments can be ended one by one."""

    async def recycle(self, slot: int, environment: str, reason: str) -> None:
        """End the environment with this log stream, if it is still in that slot, once it does not work."""
        ...


@runtime_checkable
class TransparentEndpoint(FunctionEndpoint, Protocol):
    """An endpoint that can say what its environments do."""

    def status(self) -> EndpointStatus:
        """Its environments now, and how they came and went."""
        ...


@dataclass(slots=True)
class LogChunk:
    """Whole lines that a function printed at once. Numbers rise over all functions; `stream` is a name, and so
    is `group`, empty for Lambda's own."""

    number: int
    at: Instant
    function: Arn
    request_id: str
    stream: str
    data: bytes
    group: str = ""

    @property
    def text(self) -> str:
        return self.data.decode(errors="replace")


class FunctionLogs(Protocol):
    """What functions have printed, as far as it is kept."""

    is_closed: bool
    """Whether nobody is to wait for more."""

    @property
    def last_number(self) -> int: ...

    def of(self, request_id: str) -> str:
        """The whole log of one invocation; empty when nothing is known of it."""
        ...

    def tail(self, function_arn: Arn, lines: int) -> list[str]:
        """The function's last lines, over all its invocations, oldest first."""
        ...

    def chunks(
        self, function_arn: Arn | None = None, *, after: int = 0, since: Instant = 0, request_id: str | None = None
    ) -> list[LogChunk]:
        """What came behind number `after` and not before `since`, of one function or all, of one invocation or all."""
        ...

    def watched_by(self, watcher: Callable[[Arn], None]) -> AbstractContextManager[None]:
        """Tell `watcher` of each function that prints something, as long as this lasts."""
        ...


@runtime_checkable
class WarmingEndpoint(FunctionEndpoint, Protocol):
    """An endpoint that can start environments before they are called."""

    async def warm(self, count: int, access_key_ids: Sequence[str]) -> tuple[int, str | None]:
        """Have the first `count` environments started, and end others that were started so. Gives how many are there,
        and why not all. `access_key_ids` are those of all environments, by slot; there may be more than there were."""
        ...


@runtime_checkable
class Pool(FunctionEndpoint, Protocol):
    """An endpoint whose environments come and go."""

    def watch(self, tell: Callable[[tuple[EnvironmentState, ...]], None]) -> None:
        """From now on call `tell`, on the event loop, with all environments by slot whenever one of them changes.

        To be called once; closing the endpoint ends it.
        """
        ...


class BrokerError(Exception):
    """A broker could not be reached or refused; its text is one line for people."""


class Broker(Protocol):
    """One queue at a broker elsewhere. Every method raises BrokerError, and may be cancelled at any time."""

    async def attributes(self) -> RemoteAttributes:
        """What the broker says of the queue now."""
        ...

    async def receive(self, max_messages: int, visibility_timeout_s: int | None) -> tuple[Delivery, ...]:
        """Poll long for 1 to 10 messages; empty when none came. Cancelled, it may still have taken some."""
        ...

    async def delete(self, receipt_handles: Sequence[str]) -> dict[str, str]:
        """Delete 1 to 10 messages; gives the reason for each handle that was refused."""
        ...

    async def close(self) -> None:
        """Let go of every connection. The broker is not used afterwards."""
        ...

    def describe(self) -> str:
        """A few words for people: `http://localhost:9324`, `Amazon SQS eu-west-1`."""
        ...


class OutsideWorld(Protocol):
    """Whoever makes the calls that are no function's."""

    def comes_back(self, call: OutsideCall) -> bool:
        """Whether the call is made to this service itself."""
        ...

    async def make(self, call: OutsideCall) -> OutsideAnswer:
        """Make it, and say what came of it within its time limit. Never raises; may be cancelled at any time."""
        ...

    async def close(self) -> None:
        """Let go of every connection and thread. It is not used afterwards."""
        ...
