"""What lives in a slot: a sandbox, the runtime in it, and what is to be told of both."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from app.adapters.logs import InvocationLogs
from app.adapters.process.ends import (
    InitEnd,
    Overran,
    Ready,
    RunEnd,
)
from app.adapters.process.environment import Environment, ShutdownReason
from app.adapters.process.output import InvocationLog
from app.adapters.process.platform import PlatformLog
from app.adapters.process.report import Report
from app.adapters.process.run_folder import RunFolder
from app.adapters.process.sandbox import Sandbox, new_log_stream
from app.adapters.process.spec import ProcessSpec
from app.adapters.process.storage import size_mb
from app.adapters.process.telemetry import Telemetry
from app.adapters.process.variables import InvalidEntrypoint
from app.adapters.process.watch import CodeWatch
from app.core.awslambda.invocation import Invocation
from app.core.time import Instant
from app.engine.ports import EnvironmentStatus

_LOOK_AT_STORAGE_EVERY_S = 1.0


@dataclass(slots=True)
class Shared:
    """What the slots of a function have in common. `observer` is told of each environment that starts or ends."""

    logs: InvocationLogs
    runs: RunFolder
    observer: "Observer | None" = None
    watch: CodeWatch | None = None
    """Of the function's files; None where they are not watched."""


@dataclass(frozen=True, slots=True)
class Observer:
    """Who is told of environments: their slot and log stream, and how long the init took or why it ended."""

    started: Callable[[int, str, float, bool], object]
    ended: Callable[[int, str, str], object]


@dataclass(slots=True)
class Counts:
    """How often invocations found an environment and how often not, and why environments ended."""

    cold: int = 0
    warm: int = 0
    ended: Counter[str] = field(default_factory=Counter)


class Tenant:
    """A sandbox and its environment, from their start to their end; none before the first invocation, and after each
    end. The sandbox outlives a runtime that failed."""

    def __init__(self, spec: ProcessSpec, number: int, shared: Shared, counts: Counts) -> None:
        self.spec = spec
        self.counts = counts
        self.sandbox: Sandbox | None = None
        self.environment: Environment | None = None
        self.platform: PlatformLog | None = None
        self.state = "ended"
        self.is_closed = False
        self.invocations = 0
        self.init_ms: float | None = None
        self.last_request: str | None = None
        self.last_used_at: Instant | None = None
        self.max_memory_mb = 0
        self._number = number
        self._logs = shared.logs
        self._runs = shared.runs
        self._observer = shared.observer
        self._watch = shared.watch
        self._code_count = 0
        """How many changes of the code had been noticed when the environment began."""
        self._look_at_storage_at = 0.0

    def status(self) -> EnvironmentStatus | None:
        """What there is to say of the environment; None where there is none."""
        sandbox, environment = self.sandbox, self.environment
        if sandbox is None:
            return None
        state = self.state
        if state == "idle" and environment is not None and environment.is_frozen:
            state = "frozen"
        return EnvironmentStatus(
            slot=self._number,
            environment=sandbox.log_stream,
            state=state,
            pid=environment.pid if environment is not None else None,
            began_at=sandbox.began_at,
            init_ms=self.init_ms,
            invocations=self.invocations,
            last_request=self.last_request,
            last_used_at=self.last_used_at,
            max_memory_mb=self.max_memory_mb,
            extensions=tuple(e.name for e in environment.extensions) if environment is not None else (),
        )

    @property
    def has_new_code(self) -> bool:
        """Whether files of the function have changed since the environment began."""
        return self._watch is not None and self._watch.look() != self._code_count

    async def warm_environment(self) -> Environment | None:
        """The environment that goes on; one that may not, or cannot, is put away."""
        if self.sandbox is not None and self.has_new_code:
            await self.end_sandbox("code changed", ShutdownReason.SPINDOWN)
        if self.environment is not None and self.environment.has_ended:
            await self.end_sandbox("exited", ShutdownReason.FAILURE)
        return self.environment

    def log_of(self, invocation: Invocation, sandbox: Sandbox | None) -> InvocationLog:
        """Where the invocation is logged; without a sandbox, in a stream of its own."""
        stream = sandbox.log_stream if sandbox is not None else new_log_stream(self.spec.version, self._logs.now())
        return InvocationLog(self._logs, self.spec.function_arn, invocation.request_id, stream, self.spec.log_group)

    def new_sandbox(self) -> Sandbox:
        """Raises InvalidEntrypoint once the slot was closed."""
        if self.is_closed:
            raise InvalidEntrypoint("the function has been stopped")
        now = self._logs.now()
        log_stream = new_log_stream(self.spec.version, now)
        self.sandbox = Sandbox(log_stream, self._runs.add(log_stream), now)
        if self._watch is not None:
            self._code_count = self._watch.look(now=True)
        self.invocations = 0
        self.init_ms = self.last_used_at = None
        self.max_memory_mb = 0
        return self.sandbox

    def new_environment(self, sandbox: Sandbox, log: InvocationLog) -> tuple[Environment, PlatformLog]:
        """Not started yet. Raises InvalidEntrypoint once the slot was closed."""
        if self.is_closed:
            raise InvalidEntrypoint("the function has been stopped")
        telemetry = Telemetry(asyncio.get_running_loop(), self._logs.now)
        self.platform = PlatformLog(self.spec, telemetry, self._logs.now, log)
        self.environment = Environment(self.spec, sandbox, self.platform, telemetry, slot=self._number)
        return self.environment, self.platform

    def began(self, sandbox: Sandbox, init_ms: float, *, is_suppressed: bool) -> None:
        """Its init has succeeded; a suppressed one within an invocation."""
        self.state = "running"
        self.init_ms = init_ms
        if self._observer is not None:
            self._observer.started(self._number, sandbox.log_stream, init_ms, is_suppressed)

    def tell_extensions(self, init_end: InitEnd) -> None:
        environment, platform = self.environment, self.platform
        if environment is None or platform is None:
            return
        for extension in environment.extensions:
            state = "Ready" if isinstance(init_end, Ready) else str(extension.state)
            platform.extension(extension.name, state, extension.events, extension.error_type)

    async def end_runtime(self, end: InitEnd | RunEnd) -> None:
        """Put away a runtime that failed; the environment stays."""
        environment, self.environment = self.environment, None
        self.state = "ended"
        if environment is None or self.sandbox is None:
            return
        is_timeout = isinstance(end, Overran)
        reason = "timed out" if is_timeout else "failed"
        self.counts.ended[reason] += 1
        if self._observer is not None:
            self._observer.ended(self._number, self.sandbox.log_stream, reason)
        await environment.stop(ShutdownReason.TIMEOUT if is_timeout else ShutdownReason.FAILURE)

    async def end_sandbox(self, reason: str, shutdown: ShutdownReason) -> None:
        """Put away the whole environment: the next invocation gets a new one."""
        environment, sandbox = self.environment, self.sandbox
        self.environment = self.sandbox = self.platform = None
        self.state = "ended"
        if environment is not None:
            await environment.stop(shutdown)
        if sandbox is not None:
            if environment is not None:
                self.counts.ended[reason] += 1
                if self._observer is not None:
                    self._observer.ended(self._number, sandbox.log_stream, reason)
            sandbox.record.close()

    def look_at_storage(self, report: Report) -> None:
        """Tell of more in `/tmp` than the function may have. Lambda lets the write fail; here nothing can."""
        now = time.monotonic()
        if self.sandbox is None or now < self._look_at_storage_at:
            return
        used_mb = size_mb(self.sandbox.record.tmp)
        # A folder with many files is looked at less often, so that looking costs a hundredth of the time at most.
        self._look_at_storage_at = now + max(_LOOK_AT_STORAGE_EVERY_S, 100 * (time.monotonic() - now))
        if used_mb > self.spec.ephemeral_storage_mb:
            limit_mb = self.spec.ephemeral_storage_mb
            report.platform.note(f"the temporary folder holds {used_mb} MB, EphemeralStorage is {limit_mb} MB")
