"""Functions deployed over the API: unpacked when they are first called, put away when they are deployed anew."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Sequence
from zipfile import BadZipFile

from app.adapters.faults import fault_payload
from app.adapters.logs import InvocationLogs
from app.adapters.process.output import InvocationLog
from app.core.awslambda.invocation import InitFailed, Invocation, Outcome, Ran, Unreachable
from app.core.names import Arn
from app.engine.ports import (
    EndpointStatus,
    FunctionEndpoint,
    RecyclingEndpoint,
    ResponseSink,
    StreamingEndpoint,
    TransparentEndpoint,
    WarmingEndpoint,
)


class DeployedFunction:
    """One version's endpoint, made by `make` at the first call. A `StreamingEndpoint` and a `PromptEndpoint`, and what
    else that one is."""

    def __init__(
        self, environments: int, words: str, make: Callable[[], Awaitable[FunctionEndpoint]], codes: frozenset[str]
    ) -> None:
        """`codes` are the digests of the packages that it runs."""
        self.environments = environments
        self.codes = codes
        self._words = words
        self._make = make
        self._making: asyncio.Task[FunctionEndpoint] | None = None
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def invoke(self, invocation: Invocation) -> Outcome:
        return await self._run(invocation, None)

    async def invoke_streaming(self, invocation: Invocation, sink: ResponseSink) -> Outcome:
        return await self._run(invocation, sink)

    def begin(self, invocation: Invocation, settled: Callable[[Outcome], None]) -> bool:
        begin = getattr(self._made, "begin", None)
        if begin is None:
            return False

        def leave(outcome: Outcome) -> None:
            self._leave()
            settled(outcome)

        self._enter()
        has_begun = bool(begin(invocation, leave))
        if not has_begun:
            self._leave()
        return has_begun

    async def retire(self) -> None:
        """Let what runs come to its end, then close: an update does not touch invocations in progress."""
        await self._idle.wait()
        await self.close()

    async def close(self) -> None:
        if self._making is not None:
            self._making.cancel()
            (made,) = await asyncio.gather(self._making, return_exceptions=True)
            if not isinstance(made, BaseException):
                await made.close()

    def describe(self) -> str:
        return self._words

    async def warm(self, count: int, access_key_ids: Sequence[str]) -> tuple[int, str | None]:
        try:
            endpoint = await self._ready()
        except (OSError, ValueError, BadZipFile, zlib.error) as error:
            return 0, f"the code could not be unpacked: {error}"
        if isinstance(endpoint, WarmingEndpoint):
            return await endpoint.warm(count, access_key_ids)
        return count, None

    async def recycle(self, slot: int, environment: str, reason: str) -> None:
        endpoint = self._made
        if isinstance(endpoint, RecyclingEndpoint):
            await endpoint.recycle(slot, environment, reason)

    def status(self) -> EndpointStatus:
        endpoint = self._made
        return endpoint.status() if isinstance(endpoint, TransparentEndpoint) else EndpointStatus(0, 0, {}, ())

    @property
    def _made(self) -> FunctionEndpoint | None:
        """The endpoint itself, once it is there."""
        making = self._making
        return making.result() if making is not None and making.done() and not making.exception() else None

    async def _run(self, invocation: Invocation, sink: ResponseSink | None) -> Outcome:
        self._enter()
        try:
            try:
                endpoint = await self._ready()
            except (ValueError, BadZipFile, zlib.error) as error:
                told = f"Lambda could not unzip the deployment package. ({error})"
                return Unreachable(told, code="InvalidZipFileException")
            except OSError as error:
                return Unreachable(f"the code of '{invocation.function_name}' could not be unpacked: {error}")
            if sink is not None and isinstance(endpoint, StreamingEndpoint):
                return await endpoint.invoke_streaming(invocation, sink)
            return await endpoint.invoke(invocation)
        finally:
            self._leave()

    def _enter(self) -> None:
        self._running += 1
        self._idle.clear()

    def _leave(self) -> None:
        self._running -= 1
        if not self._running:
            self._idle.set()

    async def _ready(self) -> FunctionEndpoint:
        if self._making is None or (self._making.done() and self._making.exception()):
            self._making = asyncio.get_running_loop().create_task(self._as_coroutine())
        return await asyncio.shield(self._making)

    async def _as_coroutine(self) -> FunctionEndpoint:
        return await self._make()


class MissingRuntime:
    """A function whose runtime this machine does not have: it can be deployed, and every init fails."""

    def __init__(self, function: Arn, runtime: str, environments: int, logs: InvocationLogs) -> None:
        self.environments = environments
        self._function = function
        self._runtime = runtime
        self._logs = logs

    async def invoke(self, invocation: Invocation) -> Outcome:
        message = f"RequestId: {invocation.request_id} Error: the runtime {self._runtime} is not on this machine"
        log = InvocationLog(self._logs, self._function, invocation.request_id)
        log.write_line(
            f"START RequestId: {invocation.request_id} Version: {invocation.version}\n"
            f"{message}: give the function an endpoint in the settings\nRuntime.InvalidEntrypoint\n"
            f"END RequestId: {invocation.request_id}\n".encode()
        )
        payload = fault_payload("Runtime.InvalidEntrypoint", message)
        return InitFailed("Runtime.InvalidEntrypoint", message, payload, Ran(log_tail=log.tail))

    async def close(self) -> None:
        """There is nothing to stop."""

    def describe(self) -> str:
        return f"nothing: {self._runtime} is not on this machine"
