"""One environment: a process, its Runtime API on a port of its own, and what it prints."""

import asyncio
import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from app.adapters.process.output import InvocationLog, OutputPipe
from app.adapters.process.runtime_api import Offer, RuntimeApi
from app.adapters.process.spec import ProcessSpec
from app.adapters.process.variables import InvalidEntrypoint, build_command, build_variables
from app.core.invocation import Invocation
from app.engine.ports import ResponseSink

_TERMINATION_GRACE_S = 0.2
_EXIT_GRACE_S = 0.2
_TRUNCATED = b'{"errorType":"Runtime.TruncatedResponse","errorMessage":"Response truncated"}'


@dataclass(frozen=True, slots=True)
class Ready:
    """The runtime asked for its first invocation."""


@dataclass(frozen=True, slots=True)
class Responded:
    payload: bytes


@dataclass(frozen=True, slots=True)
class ResponseTooLarge:
    """The runtime posted more than Lambda takes."""


@dataclass(frozen=True, slots=True)
class Erred:
    """The runtime posted an error; `error_type` is the header's, which may be empty."""

    error_type: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class InitErred:
    error_type: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """The process is gone. `was_told` says whether it had been told the invocation."""

    status: str
    was_told: bool


@dataclass(frozen=True, slots=True)
class Overran:
    """The time is up."""


InitEnd: TypeAlias = Ready | InitErred | Ended | Overran
RunEnd: TypeAlias = Responded | ResponseTooLarge | Erred | Ended | Overran


class Environment:
    """A runtime from its start to its stop. One init, then one invocation at a time."""

    def __init__(self, spec: ProcessSpec, *, slot: int, log: InvocationLog) -> None:
        self.log_stream = f"{time.strftime('%Y/%m/%d', time.gmtime())}/[$LATEST]{os.urandom(16).hex()}"
        self.duration_ms = 0.0
        """Of the last init or invocation, in real time."""
        self._spec = spec
        self._slot = slot
        self._loop = asyncio.get_running_loop()
        self._api = RuntimeApi(self)
        self._output = OutputPipe(self._loop, log)
        self._server: asyncio.Server | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._exit_status: str | None = None
        self._end: asyncio.Future[InitEnd | RunEnd] | None = None
        self._began_at = 0.0
        self._was_told = False
        self._max_memory_mb = 0
        self._is_killed = False

    def __repr__(self) -> str:
        life = "ended" if self.has_ended else "alive"
        return f"<Environment {self._spec.name} slot {self._slot}, {life}, {self._api!r}>"

    @property
    def has_ended(self) -> bool:
        return self._exit_status is not None

    @property
    def max_memory_mb(self) -> int:
        """The most resident memory that the process has had, in MB; 0 where the system does not tell."""
        self._measure_memory()
        return self._max_memory_mb

    async def initialise(self, within_ms: float) -> InitEnd:
        """Start the process and wait until it asks for work. Raises InvalidEntrypoint when it cannot be started."""
        self._began_at = time.monotonic()
        await self._start()
        end = await self._wait(within_ms)
        assert isinstance(end, Ready | InitErred | Ended | Overran), f"{end} cannot end an init"
        self._measure_memory()
        return end

    async def run(
        self, invocation: Invocation, *, within_ms: float, log: InvocationLog, sink: ResponseSink | None = None
    ) -> RunEnd:
        """Let the runtime do one invocation; what it prints goes to `log` until the next, what it streams to `sink`."""
        self._output.drain()
        self._output.log = log
        self._was_told = False
        self._began_at = time.monotonic()
        if self._watcher is not None and self._has_died():
            await self._watcher
        if self._exit_status is not None:
            return Ended(self._exit_status, was_told=False)
        waiting = self._wait(within_ms)
        self._api.offer(_offer(invocation, within_ms, sink))
        end = await waiting
        self._output.drain()
        assert isinstance(end, Responded | ResponseTooLarge | Erred | Ended | Overran), f"{end} cannot end a run"
        return end

    def kill(self) -> None:
        """End the process and its children this instant, or as soon as it has started; `stop` is still due."""
        self._is_killed = True
        self._signal(signal.SIGKILL)

    async def stop(self) -> None:
        """End the process and its children: asked first, then made to. Returns when the process is gone."""
        if self._watcher is not None and not self.has_ended:
            self._signal(signal.SIGTERM)
            await asyncio.wait([self._watcher], timeout=_TERMINATION_GRACE_S)
        self._signal(signal.SIGKILL)
        if self._watcher is not None:
            await self._watcher
        self._output.drain()
        self._close()

    # What the runtime did (runtime_api.Listener) -------------------------------------------------------

    def polled(self) -> None:
        self._finish(Ready())

    def delivered(self) -> None:
        self._was_told = True
        self._began_at = time.monotonic()

    def responded(self, payload: bytes) -> None:
        self._finish(Responded(payload))

    def response_too_large(self) -> None:
        self._finish(ResponseTooLarge())

    def erred(self, error_type: str, payload: bytes) -> None:
        self._finish(Erred(error_type, payload))

    def truncated(self) -> None:
        # Mostly because the process ends, which is about to be told and says more.
        end, truncated = self._end, Erred("Runtime.TruncatedResponse", _TRUNCATED)
        self._loop.call_later(_EXIT_GRACE_S, lambda: self._finish(truncated) if self._end is end else None)

    def init_failed(self, error_type: str, payload: bytes) -> None:
        self._finish(InitErred(error_type, payload))

    # Inside --------------------------------------------------------------------------------------------

    async def _start(self) -> None:
        try:
            self._server = await self._loop.create_server(self._api.connect, "127.0.0.1", 0)
            port = self._server.sockets[0].getsockname()[1]
            variables = build_variables(
                self._spec, slot=self._slot, runtime_api=f"127.0.0.1:{port}", log_stream=self.log_stream
            )
            command = build_command(self._spec, variables.get("PATH"))
            self._process = await asyncio.create_subprocess_exec(
                *command,
                cwd=self._spec.code,
                env=variables,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=self._output.write_fd,
                stderr=self._output.write_fd,
                start_new_session=True,
            )
        except OSError as error:
            self._close()
            reason = (error.strerror or str(error)).lower()
            raise InvalidEntrypoint(f"fork/exec {error.filename or self._spec.code}: {reason}") from error
        except BaseException:
            self._close()
            raise
        self._output.close_write_end()
        self._watcher = self._loop.create_task(self._watch(self._process))
        if self._is_killed:
            self._signal(signal.SIGKILL)

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        # What it sent before its end may lie unread in the socket: let the loop come round to it first.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self._exit_status = _describe_exit(code)
        self._output.drain()
        self._finish(Ended(self._exit_status, self._was_told))

    def _has_died(self) -> bool:
        """Whether the process is dead though nobody has told us yet: its open poll would swallow an invocation."""
        if self._process is None or not hasattr(os, "waitid"):
            return False
        try:
            return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:
            return True

    def _wait(self, within_ms: float) -> "asyncio.Future[InitEnd | RunEnd]":
        """A future of the next end; the end of the time is one."""
        end: asyncio.Future[InitEnd | RunEnd] = self._loop.create_future()
        timer = self._loop.call_later(within_ms / 1_000, self._finish, Overran())
        end.add_done_callback(lambda _: timer.cancel())
        self._end = end
        if self._exit_status is not None:
            self._finish(Ended(self._exit_status, was_told=False))
        return end

    def _finish(self, end: InitEnd | RunEnd) -> None:
        if self._end is not None and not self._end.done():
            self.duration_ms = (time.monotonic() - self._began_at) * 1_000
            self._end.set_result(end)

    def _measure_memory(self) -> None:
        if self._process is not None and not self.has_ended:
            self._max_memory_mb = _peak_memory_mb(self._process.pid) or self._max_memory_mb

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            # The group outlives its leader for as long as a child of the handler is in it.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    def _close(self) -> None:
        self._output.close()
        self._api.close()
        if self._server is not None:
            self._server.close()
            self._server = None


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


def _describe_exit(code: int) -> str:
    """The end of a process in the words of Lambda's messages: `exit status 3`, `signal: killed`, or "" for 0."""
    if code == 0:
        return ""
    if code > 0:
        return f"exit status {code}"
    name = signal.strsignal(-code) or f"signal {-code}"
    return f"signal: {name.partition(':')[0].lower()}"


def _peak_memory_mb(pid: int) -> int | None:
    """The process's peak resident memory; None where there is no /proc."""
    try:
        text = Path(f"/proc/{pid}/status").read_bytes()
    except OSError:
        return None
    _, found, rest = text.partition(b"VmHWM:")
    return int(rest.split(None, 1)[0]) // 1024 if found else None
