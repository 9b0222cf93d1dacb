"""One life of an environment: its runtime and its extensions, from their start to their end, on a port of their own."""

import asyncio
import signal
import socket
import time
from collections.abc import Callable, Collection
from enum import StrEnum
from functools import partial
from typing import Any

from app.adapters.process.child import Child
from app.adapters.process.ends import (
    Aftermath,
    Ended,
    Erred,
    ExtensionFailed,
    InitEnd,
    InitErred,
    Overran,
    Ready,
    Responded,
    ResponseTooLarge,
    RunEnd,
)
from app.adapters.process.extensions_api import About, Extension, ExtensionsApi
from app.adapters.process.output import InvocationLog
from app.adapters.process.platform import PlatformLog
from app.adapters.process.processes import Processes
from app.adapters.process.runtime_api import Offer, RuntimeApi
from app.adapters.process.sandbox import Sandbox
from app.adapters.process.spec import ProcessSpec
from app.adapters.process.telemetry import Telemetry
from app.adapters.process.time_limit import TimeLimit
from app.adapters.process.variables import build_command, build_variables, extensions_of
from app.core.awslambda.invocation import Invocation
from app.engine.ports import ResponseSink

_EXIT_GRACE_S = 0.2
_HIDDEN_FROM_EXTENSIONS = ("_HANDLER", "AWS_EXECUTION_ENV", "LAMBDA_RUNTIME_DIR")
_TRUNCATED = b'{"errorType":"Runtime.TruncatedResponse","errorMessage":"Response truncated"}'

# Developer guide, lambda-runtime-environment, shutdown phase: nothing without extensions, 500 ms with an internal one,
# 2,000 ms with an external one, of which the runtime gets the first 300.
_INTERNAL_SHUTDOWN_S = 0.5
_EXTERNAL_SHUTDOWN_S = 2.0
_RUNTIME_SHUTDOWN_S = 0.3


class ShutdownReason(StrEnum):
    """AWS's words, as extensions are told them."""

    SPINDOWN = "spindown"
    TIMEOUT = "timeout"
    FAILURE = "failure"


class Environment:
    """A runtime and its extensions. One init, then one invocation at a time, then `stop`.

    What is called frozen here is stopped by a signal between two invocations, as Lambda freezes what has no work.
    """

    def __init__(self, spec: ProcessSpec, sandbox: Sandbox, platform: PlatformLog, telemetry: Telemetry, *, slot: int):
        self.duration_ms = 0.0
        """Of the last init or invocation, in real time."""
        self.aftermath: Aftermath | None = None
        self._spec = spec
        self._sandbox = sandbox
        self._platform = platform
        self._telemetry = telemetry
        self._slot = slot
        self._loop = asyncio.get_running_loop()
        about = About(spec.name, spec.version, spec.handler, spec.account)
        self._extensions = ExtensionsApi(about, self, telemetry)
        self._api = RuntimeApi(self, self._extensions)
        self._processes = Processes(spec, sandbox.record, platform, telemetry, self._process_ended)
        self._server: asyncio.Server | None = None
        self._done: Callable[[InitEnd | RunEnd], None] | None = None
        """Who is told the end of what is on its way; None when nothing is."""
        self._time_limit = TimeLimit(self._loop, lambda: self._finish(Overran()))
        self._answer: RunEnd | None = None
        """What the runtime came to, while extensions are still at work."""
        self._answered_at = 0.0
        self._began_at = 0.0
        self._was_told = False
        self._runtime_polls = False
        self._registered: asyncio.Event = asyncio.Event()

    def __repr__(self) -> str:
        life = "ended" if self.has_ended else "alive"
        return f"<Environment {self._spec.name} slot {self._slot}, {life}, {self._api!r}>"

    @property
    def has_ended(self) -> bool:
        return self._processes.has_ended

    @property
    def is_frozen(self) -> bool:
        return self._processes.are_frozen

    @property
    def pid(self) -> int | None:
        return self._processes.runtime.pid

    @property
    def extensions(self) -> list[Extension]:
        return self._extensions.all

    @property
    def runtime_ms(self) -> float:
        """How long the runtime took of the last invocation, without what extensions did after it."""
        return (self._answered_at - self._began_at) * 1_000

    @property
    def max_memory_mb(self) -> int:
        """The most resident memory that the runtime's process has had, in MB; 0 where the system does not tell."""
        return self._processes.max_memory_mb

    # Its life ------------------------------------------------------------------------------------------

    async def initialise(self, within_ms: float) -> InitEnd:
        """Start every process and wait until all ask for work. Raises InvalidEntrypoint when one cannot be started."""
        self._began_at = time.monotonic()
        waiting: asyncio.Future[InitEnd | RunEnd] = self._loop.create_future()
        self._wait(within_ms, partial(_settle, waiting))
        try:
            await self._start(waiting)
            end = await waiting
        except BaseException:
            waiting.cancel()
            self._close()
            raise
        assert isinstance(end, Ready | InitErred | Ended | ExtensionFailed | Overran), f"{end} cannot end an init"
        self._processes.measure_memory()
        self._processes.end_watching_memory()
        if isinstance(end, Ready):
            self._telemetry.begin_invocations()
            self._extensions.is_open = False
            self._freeze()
        return end

    async def run(
        self, invocation: Invocation, *, within_ms: float, log: InvocationLog, sink: ResponseSink | None = None
    ) -> RunEnd:
        """Let the runtime do one invocation, and extensions their part of it.

        What is printed goes to `log` until the next, what is streamed to `sink`. When the runtime has answered but
        extensions fail or overrun, the answer is the end, and `aftermath` says what is wrong.
        """
        runtime = self._processes.runtime
        if runtime.has_died:
            await runtime.wait()
        if self.has_ended:
            self._prepare(log)
            return Ended(runtime.status or "", was_told=False)
        ended: asyncio.Future[RunEnd] = self._loop.create_future()
        self.begin(invocation, within_ms=within_ms, log=log, sink=sink, done=partial(_settle, ended))
        return await ended

    @property
    def can_begin(self) -> bool:
        """Whether every process lives, as far as the system knows."""
        processes = self._processes
        return not processes.has_ended and not processes.runtime.has_died

    def begin(
        self, invocation: Invocation, *, within_ms: float, log: InvocationLog, done: Callable[[RunEnd], None],
        sink: ResponseSink | None = None,
    ) -> None:  # fmt: skip
        """The same where every process lives, with its end told to `done`, later and once."""
        self._prepare(log)
        self._processes.thaw()
        self._wait(within_ms, partial(self._end_run, done))
        self._processes.begin_watching_memory()
        offer = _offer(invocation, within_ms, sink)
        if self._extensions.has_any:
            self._tell_extensions(invocation, offer)
        self._runtime_polls = False
        self._api.offer(offer)

    def _prepare(self, log: InvocationLog) -> None:
        self._processes.print_to(log)
        self._platform.log = log
        self._was_told = False
        self._answer = self.aftermath = None
        self._began_at = self._answered_at = time.monotonic()

    def _end_run(self, done: Callable[[RunEnd], None], end: InitEnd | RunEnd) -> None:
        self._processes.runtime.output.drain()
        self._processes.end_watching_memory()
        assert isinstance(end, Responded | ResponseTooLarge | Erred | Ended | ExtensionFailed | Overran), f"{end}?"
        end = self._with_aftermath(end)
        self._freeze()
        done(end)

    def kill(self) -> None:
        """End every process this instant, or as soon as it has started; `stop` is still due."""
        self._processes.kill()

    async def stop(self, reason: ShutdownReason) -> None:
        """End every process, with as much warning as Lambda gives. Returns when all are gone."""
        self._processes.thaw()
        if self._extensions.has_any and not self._processes.runtime.has_died:
            await self._shut_down_gently(reason)
        await self._processes.end()
        await self._telemetry.flush()
        self._close()

    # What the runtime did (runtime_api.Listener) -------------------------------------------------------

    def polled(self) -> None:
        self._runtime_polls = True
        if self._answer is not None or not self._is_running:
            self._look_whether_all_are_done()
        if self._done is None:
            self._freeze()

    def delivered(self) -> None:
        self._was_told = True
        self._began_at = time.monotonic()

    def responded(self, payload: bytes) -> None:
        self._answered(Responded(payload))

    def response_too_large(self) -> None:
        self._answered(ResponseTooLarge())

    def erred(self, error_type: str, payload: bytes) -> None:
        self._answered(Erred(error_type, payload))

    def truncated(self) -> None:
        # Mostly because the process ends, which is about to be told and says more.
        done, truncated = self._done, Erred("Runtime.TruncatedResponse", _TRUNCATED)
        self._loop.call_later(_EXIT_GRACE_S, lambda: self._answered(truncated) if self._done is done else None)

    def init_failed(self, error_type: str, payload: bytes) -> None:
        self._finish(InitErred(error_type, payload))

    # What extensions did (extensions_api.ExtensionListener) --------------------------------------------

    def extension_registered(self, extension: Extension) -> None:
        if self._extensions.have_registered:
            self._registered.set()

    def extension_polled(self, extension: Extension) -> None:
        self._look_whether_all_are_done()

    def extension_failed(self, extension: Extension) -> None:
        message = f"Extension {extension.name} told an error"
        self._finish(ExtensionFailed(extension.error_type, message))

    def telemetry_subscribed(self, extension: Extension, types: Collection[str]) -> None:
        self._platform.telemetry_subscribed(extension.name, types)

    # Inside --------------------------------------------------------------------------------------------

    @property
    def _is_running(self) -> bool:
        """Whether an invocation is on its way that the runtime has not answered."""
        return self._done is not None and self._was_told and self._answer is None

    async def _start(self, waiting: "asyncio.Future[InitEnd | RunEnd]") -> None:
        self._server = await self._loop.create_server(self._api.connect, "127.0.0.1", 0)
        address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        variables = build_variables(
            self._spec, slot=self._slot, runtime_api=address, log_stream=self._sandbox.log_stream,
            tmp=self._sandbox.record.tmp,
        )  # fmt: skip
        command = build_command(self._spec, variables.get("PATH"))
        programs = extensions_of(self._spec)
        if programs:
            self._extensions.expected = frozenset(program.name for program in programs)
            seen = {name: value for name, value in variables.items() if name not in _HIDDEN_FROM_EXTENSIONS}
            await self._processes.start_extensions(programs, seen)
            # The runtime starts when all of them are known (developer guide, lambda-runtime-environment, init phase).
            # An end of the init, a crash say, sets it too.
            await self._registered.wait()
            if waiting.done():
                return
        await self._start_runtime(command, variables)

    async def _start_runtime(self, command: list[str], variables: dict[str, str]) -> None:
        if self._spec.command or self._spec.runtime not in ("python", "node"):
            await self._processes.start_runtime(command, variables)
            return
        # Our own runtimes are given a connection: half the cost of one over TCP (measured: 39 µs a round trip, not 69).
        ours, theirs = socket.socketpair()
        with theirs:
            ours.setblocking(False)
            self._api.expect_own_runtime(variables["AWS_LAMBDA_RUNTIME_API"])
            await self._loop.create_unix_connection(self._api.connect, sock=ours)
            descriptor = theirs.fileno()
            handed = {**variables, "TRIGGERFISH_RUNTIME_SOCKET": str(descriptor)}
            await self._processes.start_runtime(command, handed, hands_over=(descriptor,))

    def _tell_extensions(self, invocation: Invocation, offer: Offer) -> None:
        event = {
            "eventType": "INVOKE",
            "deadlineMs": int(offer.headers["Lambda-Runtime-Deadline-Ms"]),
            "requestId": invocation.request_id,
            "invokedFunctionArn": invocation.function_arn,
        }
        if invocation.trace_header:
            event["tracing"] = {"type": "X-Amzn-Trace-Id", "value": invocation.trace_header}
        self._extensions.tell(event)

    async def _shut_down_gently(self, reason: ShutdownReason) -> None:
        is_external = any(extension.is_external for extension in self._extensions.all)
        limit_s = _EXTERNAL_SHUTDOWN_S if is_external else _INTERNAL_SHUTDOWN_S
        deadline = time.monotonic() + limit_s
        runtime = self._processes.runtime
        runtime.signal(signal.SIGTERM)
        await runtime.wait(_RUNTIME_SHUTDOWN_S if is_external else _INTERNAL_SHUTDOWN_S)
        runtime.kill()
        if not is_external:
            return
        deadline_ms = int(time.time() * 1_000 + limit_s * 1_000)
        self._extensions.tell({"eventType": "SHUTDOWN", "shutdownReason": reason.value, "deadlineMs": deadline_ms})
        told = {extension.name for extension in self._extensions.all if "SHUTDOWN" in extension.events}
        for name, child in self._processes.extensions.items():
            if name in told:
                await child.wait(max(0.0, deadline - time.monotonic()))

    def _process_ended(self, child: Child, extension: str | None) -> None:
        if extension is None:
            self._finish(Ended(child.status or "", self._was_told))
            return
        reason = f"exit code {child.status.removeprefix('exit status ')}" if child.status else "exit code 0"
        self._finish(ExtensionFailed("Extension.Crash", f"Extension {extension} crashed: {reason}"))

    def _answered(self, end: RunEnd) -> None:
        if self._done is None:
            return
        self._answered_at = time.monotonic()
        if not self._extensions.has_any:
            self._finish(end)
            return
        self._answer = end
        self._look_whether_all_are_done()

    def _look_whether_all_are_done(self) -> None:
        if self._extensions.has_any and not self._extensions.are_ready:
            return
        if self._answer is not None:
            if self._runtime_polls:
                self._finish(self._answer)
        elif self._runtime_polls:
            self._finish(Ready())

    def _wait(self, within_ms: float, done: Callable[[InitEnd | RunEnd], None]) -> None:
        """Have the next end told to `done`; the end of the time is one."""
        self._done = done
        self._time_limit.begin(within_ms / 1_000)

    def _with_aftermath(self, end: RunEnd) -> RunEnd:
        """The runtime's answer where there is one: what extensions came to after it is told beside it."""
        if self._answer is None:
            self._answered_at = self._began_at + self.duration_ms / 1_000
            return end
        if isinstance(end, ExtensionFailed | Overran):
            self.aftermath = end
        return self._answer

    def _finish(self, end: InitEnd | RunEnd) -> None:
        done = self._done
        if done is not None:
            self._done = None
            self._time_limit.end()
            self.duration_ms = (time.monotonic() - self._began_at) * 1_000
            self._registered.set()
            done(end)

    def _freeze(self) -> None:
        if self._spec.freeze and self._runtime_polls and not self.has_ended:
            self._processes.freeze()

    def _close(self) -> None:
        self._processes.close()
        self._time_limit.close()
        self._telemetry.close()
        self._api.close()
        if self._server is not None:
            self._server.close()
            self._server = None


def _settle(waiting: "asyncio.Future[Any]", end: InitEnd | RunEnd) -> None:
    """Whoever waited may be gone."""
    if not waiting.done():
        waiting.set_result(end)


def _offer(invocation: Invocation, within_ms: float, sink: ResponseSink | None) -> Offer:
    headers = {
        "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
        "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1_000 + within_ms)),
        "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
        "Lambda-Runtime-Trace-Id": invocation.trace_header,
    }
    if invocation.client_context is not None:
        headers["Lambda-Runtime-Client-Context"] = " ".join(invocation.client_context.splitlines())
    return Offer(invocation.request_id, headers, invocation.payload, sink)
