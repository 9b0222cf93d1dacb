"""A function whose environments are processes on this machine, one a slot."""

import asyncio
import math
import platform

from app.adapters.faults import fault_payload, parse_fault, response_too_large
from app.adapters.logs import InvocationLogs
from app.adapters.process.environment import (
    Ended,
    Environment,
    Erred,
    InitEnd,
    InitErred,
    Overran,
    Ready,
    Responded,
    ResponseTooLarge,
    RunEnd,
)
from app.adapters.process.output import InvocationLog
from app.adapters.process.spec import ProcessSpec
from app.adapters.process.variables import InvalidEntrypoint
from app.adapters.process.watch import CodeWatch
from app.core.invocation import Exited, HandlerFailed, InitFailed, Invocation, Outcome, Ran, Succeeded, TimedOut
from app.engine.ports import ResponseSink


class ProcessEndpoint:
    """Runs invocations in processes that stay warm. A `FunctionEndpoint`.

    A slot's process starts with its first invocation, and anew after an exit, a timeout, a failed init or a change
    of its files.
    """

    def __init__(self, spec: ProcessSpec, *, logs: InvocationLogs) -> None:
        self.environments = spec.environments
        self._spec = spec
        self._slots = [_Slot(spec, number, logs) for number in range(spec.environments)]

    async def invoke(self, invocation: Invocation) -> Outcome:
        return await self._slots[invocation.environment].invoke(invocation, None)

    async def invoke_streaming(self, invocation: Invocation, sink: ResponseSink) -> Outcome:
        return await self._slots[invocation.environment].invoke(invocation, sink)

    async def close(self) -> None:
        await asyncio.gather(*(slot.close() for slot in self._slots))

    def describe(self) -> str:
        what = " ".join(self._spec.command) if self._spec.command else self._spec.handler or "bootstrap"
        return f"process {self._spec.code}: {what}"


class _Slot:
    """One place for an environment, and the environment in it, if any."""

    def __init__(self, spec: ProcessSpec, number: int, logs: InvocationLogs) -> None:
        self._spec = spec
        self._number = number
        self._logs = logs
        self._lock = asyncio.Lock()
        self._environment: Environment | None = None
        self._watch: CodeWatch | None = None
        self._is_closed = False

    async def invoke(self, invocation: Invocation, sink: ResponseSink | None) -> Outcome:
        async with self._lock:
            try:
                return await self._invoke(invocation, sink)
            except BaseException:
                # Cancelled: nobody waits for this answer, and the environment is in the middle of it.
                if self._environment is not None:
                    self._environment.kill()
                    await asyncio.shield(self._discard())
                raise

    async def close(self) -> None:
        self._is_closed = True
        if self._environment is not None:
            self._environment.kill()
        async with self._lock:
            await self._discard()

    async def _invoke(self, invocation: Invocation, sink: ResponseSink | None) -> Outcome:
        log = InvocationLog(self._logs, self._spec.function_arn, invocation.request_id)
        environment = await self._warm_environment()
        if environment is not None:
            report = _Report(self._spec, invocation, log, environment).begin()
            end = await environment.run(invocation, within_ms=invocation.timeout_ms, log=log, sink=sink)
            if not isinstance(end, Ended) or end.was_told:
                return await self._settle(end, report)
            # It ended between two invocations, and this one has not been told to anybody.
            await self._discard()
        return await self._invoke_cold(invocation, log, sink)

    async def _warm_environment(self) -> Environment | None:
        if self._watch is not None and self._watch.has_changed():
            await self._discard()
        if self._environment is not None and self._environment.has_ended:
            await self._discard()
        return self._environment

    async def _invoke_cold(self, invocation: Invocation, log: InvocationLog, sink: ResponseSink | None) -> Outcome:
        """Init, then the invocation; an init that failed runs once more within the invocation's own time."""
        log.write(f"INIT_START Runtime Version: {_runtime_version(self._spec)}\n".encode())
        try:
            environment = self._new_environment(log)
            init_end = await environment.initialise(self._spec.init_limit_ms)
            init_ms = environment.duration_ms
            report = _Report(self._spec, invocation, log, environment)
            if isinstance(init_end, Ready):
                report.init_ms = init_ms
                report.begin()
                return await self._settle(
                    await environment.run(invocation, within_ms=invocation.timeout_ms, log=log, sink=sink), report
                )
            report.init_failed(init_end, init_ms, phase="init")
            await self._discard()
            environment = self._new_environment(log)
            report = _Report(self._spec, invocation, log, environment).begin()
            init_end = await environment.initialise(invocation.timeout_ms)
            if isinstance(init_end, Ready):
                report.spent_ms = environment.duration_ms
                left_ms = max(0.0, invocation.timeout_ms - environment.duration_ms)
                return await self._settle(
                    await environment.run(invocation, within_ms=left_ms, log=log, sink=sink), report
                )
            report.init_failed(init_end, environment.duration_ms, phase="invoke")
            return await self._settle(init_end, report)
        except InvalidEntrypoint as error:
            self._environment = None
            return _entrypoint_failed(self._spec, invocation, log, error)

    def _new_environment(self, log: InvocationLog) -> Environment:
        if self._is_closed:
            raise InvalidEntrypoint("the function has been stopped")
        self._watch = CodeWatch(self._spec.code)
        self._environment = Environment(self._spec, slot=self._number, log=log)
        return self._environment

    async def _settle(self, end: InitEnd | RunEnd, report: "_Report") -> Outcome:
        """What an end means, with the process put away where it cannot go on."""
        if not isinstance(end, Responded | Erred | ResponseTooLarge):
            report.measure()
            await self._discard()
        match end:
            case Responded(payload=payload):
                return Succeeded(payload, report.write())
            case ResponseTooLarge():
                return response_too_large(report.write())
            case Erred(error_type=error_type, payload=payload):
                return _handler_failed(error_type, payload, report.write())
            case InitErred(error_type=error_type, payload=payload):
                fault = parse_fault(payload)
                error_type = (fault.error_type if fault else "") or error_type or "Runtime.Unknown"
                ran = report.write(f"Status: error\tError Type: {error_type}")
                return InitFailed(error_type, fault.message if fault else "", payload, ran)
            case Ended(status=status):
                return Exited(status, report.write("Status: error\tError Type: Runtime.ExitError"))
            case Overran():
                return TimedOut(report.invocation.timeout_ms, report.write("Status: timeout"))
            case Ready():
                raise AssertionError("being ready settles nothing")

    async def _discard(self) -> None:
        environment = self._environment
        self._environment = None
        if environment is not None:
            await environment.stop()


class _Report:
    """The platform's own lines in an invocation's log (spec: logs, text format), and the figures in them."""

    def __init__(self, spec: ProcessSpec, invocation: Invocation, log: InvocationLog, environment: Environment) -> None:
        self.invocation = invocation
        self.init_ms: float | None = None
        self.spent_ms = 0.0
        self._spec = spec
        self._log = log
        self._environment = environment
        self._duration_ms: float | None = None
        self._memory_mb = 0

    def begin(self) -> "_Report":
        invocation = self.invocation
        self._log.write(f"START RequestId: {invocation.request_id} Version: {invocation.version}\n".encode())
        return self

    def init_failed(self, end: InitEnd, duration_ms: float, *, phase: str) -> None:
        """The line about an init that did not become ready."""
        match end:
            case InitErred(error_type=error_type):
                status = f"error\tError Type: {error_type}"
            case Ended():
                status = "error\tError Type: Runtime.ExitError"
            case _:
                status = "timeout"
        line = f"INIT_REPORT Init Duration: {duration_ms:.2f} ms\tPhase: {phase}\tStatus: {status}\n"
        self._log.write(line.encode())

    def measure(self) -> None:
        """Note the figures while the process can still be asked."""
        self._duration_ms = self._environment.duration_ms + self.spent_ms
        self._memory_mb = self._environment.max_memory_mb

    def write(self, status: str = "") -> Ran:
        """END and REPORT, and the same figures for the outcome."""
        if self._duration_ms is None:
            self.measure()
        duration_ms = self._duration_ms or 0.0
        request_id = self.invocation.request_id
        parts = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {duration_ms:.2f} ms",
            f"Billed Duration: {math.ceil(duration_ms)} ms",
            f"Memory Size: {self._spec.memory_mb} MB",
            f"Max Memory Used: {self._memory_mb} MB",
        ]
        if self.init_ms is not None:
            parts.append(f"Init Duration: {self.init_ms:.2f} ms")
        parts.append(status)
        self._log.write(f"END RequestId: {request_id}\n{chr(9).join(parts)}\n".encode())
        return Ran(duration_ms, self.init_ms, self._log.tail, self._environment.log_stream)


def _handler_failed(error_type: str, payload: bytes, ran: Ran) -> HandlerFailed:
    fault = parse_fault(payload)
    if fault is None:
        return HandlerFailed(error_type or "Runtime.Unknown", "", payload, ran)
    return HandlerFailed(fault.error_type or error_type or "Runtime.Unknown", fault.message, payload, ran)


def _entrypoint_failed(
    spec: ProcessSpec, invocation: Invocation, log: InvocationLog, error: InvalidEntrypoint
) -> InitFailed:
    message = f"RequestId: {invocation.request_id} Error: {error}"
    log.write(f"{message}\nRuntime.InvalidEntrypoint\n".encode())
    payload = fault_payload("Runtime.InvalidEntrypoint", message)
    return InitFailed("Runtime.InvalidEntrypoint", message, payload, Ran(log_tail=log.tail, environment=spec.name))


def _runtime_version(spec: ProcessSpec) -> str:
    return f"python:{platform.python_version()}" if spec.runtime == "python" else spec.runtime
