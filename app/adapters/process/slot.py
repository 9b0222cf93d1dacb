"""One place for an environment of a function, and the environment in it, if any: cold starts, warm ones, and ends."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from app.adapters.logs import InvocationLogs
from app.adapters.process.ends import (
    Ended,
    Erred,
    InitEnd,
    Overran,
    Ready,
    Responded,
    ResponseTooLarge,
    RunEnd,
)
from app.adapters.process.environment import Environment, ShutdownReason
from app.adapters.process.output import InvocationLog
from app.adapters.process.platform import PlatformLog
from app.adapters.process.report import Report, entrypoint_failed, failure_of, outcome_of
from app.adapters.process.run_folder import RunFolder
from app.adapters.process.sandbox import Sandbox, new_log_stream
from app.adapters.process.spec import ProcessSpec
from app.adapters.process.storage import size_mb
from app.adapters.process.telemetry import Telemetry
from app.adapters.process.turn import Turn
from app.adapters.process.variables import InvalidEntrypoint
from app.adapters.process.watch import CodeWatch
from app.core.invocation import Invocation, Outcome, Unreachable
from app.core.time import Instant
from app.engine.ports import EnvironmentStatus, ResponseSink

_PROVISIONED = "provisioned-concurrency"
_PROVISIONING_ATTEMPTS = 6
_SEGMENTATION_FAULT = "signal: segmentation fault"
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


class Slot:
    """A function runs here once at a time. The environment outlives a fault, with its log stream and its `/tmp`; what
    is started anew then is its runtime, within the next invocation (developer guide, lambda-runtime-environment)."""

    def __init__(self, spec: ProcessSpec, number: int, shared: Shared, counts: Counts) -> None:
        self._spec = spec
        self._number = number
        self._logs = shared.logs
        self._runs = shared.runs
        self._observer = shared.observer
        self._counts = counts
        self._turn = Turn()
        self._sandbox: Sandbox | None = None
        self._environment: Environment | None = None
        self._platform: PlatformLog | None = None
        self._watch = shared.watch
        self._code_count = 0
        """How many changes of the code had been noticed when the environment began."""
        self._ending: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self._is_provisioned = False
        self._invocations = 0
        self._init_ms: float | None = None
        self._last_request: str | None = None
        self._last_used_at: Instant | None = None
        self._max_memory_mb = 0
        self._look_at_storage_at = 0.0
        self._state = "ended"

    def __repr__(self) -> str:
        return f"<Slot {self._number} of {self._spec.name}: {self._environment!r}>"

    async def invoke(self, invocation: Invocation, sink: ResponseSink | None) -> Outcome:
        async with self._turn:
            try:
                return await self._invoke(invocation, sink)
            except BaseException:
                # Cancelled: nobody waits for this answer, and the environment is in the middle of it.
                if self._environment is not None:
                    self._environment.kill()
                    await asyncio.shield(self._end_sandbox("cancelled", ShutdownReason.FAILURE))
                raise

    def begin(self, invocation: Invocation, settled: Callable[[Outcome], None]) -> bool:
        """Run it in the environment that is warm here, and tell `settled` of its outcome, later and once. False, and
        nothing happened, where something has to be waited for first. Closing the slot ends it."""
        environment, sandbox, platform = self._environment, self._sandbox, self._platform
        if environment is None or sandbox is None or platform is None or self._turn.is_taken:
            return False
        if self._has_new_code or not environment.can_begin:
            return False
        self._turn.take_now()
        report, log = self._begin(invocation, environment, sandbox, platform)
        done = partial(self._done, report, settled)
        environment.begin(invocation, within_ms=invocation.timeout_ms, log=log, done=done)
        # Its log begins while it runs already: what it prints is not read before this has returned.
        report.begin()
        return True

    async def provision(self) -> str | None:
        """Have a provisioned environment here that is started before it is called. Gives AWS's word for why there is
        none: it was tried six times, as recorded (S:lam/test_provisioned_concurrency_init_failure)."""
        async with self._turn:
            if self._environment is not None and self._is_provisioned and not self._environment.has_ended:
                return None
            self._is_provisioned = True
            self._spec = replace(self._spec, initialization_type=_PROVISIONED)
            for _ in range(_PROVISIONING_ATTEMPTS):
                await self._end_sandbox("provisioned", ShutdownReason.SPINDOWN)
                try:
                    end = await self._initialise()
                except InvalidEntrypoint:
                    break
                if isinstance(end, Ready):
                    return None
                if isinstance(end, Overran):
                    # Six times ten seconds would tell nothing more.
                    break
            await self._end_sandbox("failed init", ShutdownReason.FAILURE)
            return "FUNCTION_ERROR_INIT_FAILURE"

    async def end_provision(self) -> None:
        """What is here is not provisioned any more."""
        async with self._turn:
            if self._is_provisioned:
                self._is_provisioned = False
                self._spec = replace(self._spec, initialization_type="on-demand")
                await self._end_sandbox("not provisioned any more", ShutdownReason.SPINDOWN)

    async def _initialise(self) -> InitEnd:
        """Start an environment without an invocation."""
        sandbox = self._new_sandbox()
        log = InvocationLog(self._logs, self._spec.function_arn, "", sandbox.log_stream)
        environment = self._new_environment(sandbox, log)
        assert self._platform is not None, "an environment has its platform"
        self._state = "starting"
        self._platform.init_started("init", sandbox.log_stream)
        end = await environment.initialise(self._spec.init_limit_ms)
        self._tell_extensions(end)
        if isinstance(end, Ready):
            self._platform.init_done("init", environment.duration_ms, "success")
            self._began(sandbox, environment.duration_ms, is_suppressed=False)
            self._state = "idle"
        else:
            self._platform.init_done("init", environment.duration_ms, *failure_of(end))
            await self._end_runtime(end)
        return end

    async def recycle(self, log_stream: str, reason: str) -> None:
        """End this environment, if it is still there; one that works is let finish first."""
        async with self._turn:
            if self._sandbox is not None and self._sandbox.log_stream == log_stream:
                await self._end_sandbox(reason, ShutdownReason.SPINDOWN)

    async def close(self) -> None:
        self._is_closed = True
        # What is in the middle of something is not waited for.
        if self._environment is not None and self._turn.is_taken:
            self._environment.kill()
        async with self._turn:
            await self._end_sandbox("shutdown", ShutdownReason.SPINDOWN)

    def status(self) -> EnvironmentStatus | None:
        """What there is to say of the environment; None where there is none."""
        sandbox, environment = self._sandbox, self._environment
        if sandbox is None:
            return None
        state = self._state
        if state == "idle" and environment is not None and environment.is_frozen:
            state = "frozen"
        return EnvironmentStatus(
            slot=self._number,
            environment=sandbox.log_stream,
            state=state,
            pid=environment.pid if environment is not None else None,
            began_at=sandbox.began_at,
            init_ms=self._init_ms,
            invocations=self._invocations,
            last_request=self._last_request,
            last_used_at=self._last_used_at,
            max_memory_mb=self._max_memory_mb,
            extensions=tuple(e.name for e in environment.extensions) if environment is not None else (),
        )

    # An invocation -------------------------------------------------------------------------------------

    async def _invoke(self, invocation: Invocation, sink: ResponseSink | None) -> Outcome:
        self._last_request = invocation.request_id
        environment = await self._warm_environment()
        if environment is not None and self._sandbox is not None and self._platform is not None:
            report, log = self._begin(invocation, environment, self._sandbox, self._platform)
            report.begin()
            end = await environment.run(invocation, within_ms=invocation.timeout_ms, log=log, sink=sink)
            if not isinstance(end, Ended) or end.was_told:
                return await self._settle(end, report)
            return await self._begin_again(invocation, sink)
        return await self._start(invocation, sink)

    async def _start(self, invocation: Invocation, sink: ResponseSink | None) -> Outcome:
        self._counts.cold += 1
        self._state = "starting"
        try:
            if self._sandbox is None:
                return await self._invoke_cold(invocation, sink)
            return await self._invoke_after_fault(invocation, self._sandbox, sink, log=None, spent_ms=0.0)
        except InvalidEntrypoint as error:
            log = self._log_of(invocation, self._sandbox) if self._sandbox else self._log_of(invocation, None)
            self._environment = None
            await self._end_sandbox("failed init", ShutdownReason.FAILURE)
            return entrypoint_failed(self._spec, invocation, log, error)

    def _begin(
        self, invocation: Invocation, environment: Environment, sandbox: Sandbox, platform: PlatformLog
    ) -> tuple[Report, InvocationLog]:
        self._last_request = invocation.request_id
        self._state = "running"
        self._counts.warm += 1
        log = platform.log = self._log_of(invocation, sandbox)
        return Report(self._spec, invocation, log, platform, environment), log

    def _done(self, report: Report, settled: Callable[[Outcome], None], end: RunEnd) -> None:
        """An invocation that was begun in passing has ended."""
        if isinstance(end, Responded | Erred | ResponseTooLarge) and report.environment.aftermath is None:
            try:
                outcome = self._conclude(end, report)
            except Exception as error:
                outcome = self._failed(error)
            # Before anybody is told, who may begin the next one here at once.
            self._turn.give_back()
            settled(outcome)
            return
        task = asyncio.get_running_loop().create_task(self._settle_later(end, report, settled))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _settle_later(self, end: RunEnd, report: Report, settled: Callable[[Outcome], None]) -> None:
        outcome: Outcome
        try:
            if isinstance(end, Ended) and not end.was_told:
                outcome = await self._begin_again(report.invocation, None)
            else:
                outcome = await self._settle(end, report)
        except Exception as error:
            outcome = self._failed(error)
            await self._end_sandbox("failed", ShutdownReason.FAILURE)
        finally:
            self._turn.give_back()
        settled(outcome)

    def _failed(self, error: Exception) -> Unreachable:
        """A mistake of ours: whoever waits still has to be told, and somebody has to know."""
        logging.getLogger(__name__).error("slot %s of %s failed", self._number, self._spec.name, exc_info=error)
        if self._environment is not None:
            self._environment.kill()
        return Unreachable(f"the environment failed: {type(error).__name__}: {error}")

    async def _begin_again(self, invocation: Invocation, sink: ResponseSink | None) -> Outcome:
        """Its environment ended between two invocations, and this one has not been told to anybody."""
        self._counts.warm -= 1
        await self._end_sandbox("exited", ShutdownReason.FAILURE)
        return await self._start(invocation, sink)

    @property
    def _has_new_code(self) -> bool:
        return self._watch is not None and self._watch.look() != self._code_count

    async def _warm_environment(self) -> Environment | None:
        if self._sandbox is not None and self._has_new_code:
            await self._end_sandbox("code changed", ShutdownReason.SPINDOWN)
        if self._environment is not None and self._environment.has_ended:
            await self._end_sandbox("exited", ShutdownReason.FAILURE)
        return self._environment

    async def _invoke_cold(self, invocation: Invocation, sink: ResponseSink | None) -> Outcome:
        """Init, then the invocation; an init that failed runs once more within the invocation's own time."""
        sandbox = self._new_sandbox()
        log = self._log_of(invocation, sandbox)
        environment = self._new_environment(sandbox, log)
        assert self._platform is not None, "an environment has its platform"
        self._platform.init_started("init", sandbox.log_stream)
        init_end = await environment.initialise(self._spec.init_limit_ms)
        self._tell_extensions(init_end)
        report = Report(self._spec, invocation, log, self._platform, environment)
        if not isinstance(init_end, Ready):
            status, error_type = failure_of(init_end)
            self._platform.init_done("init", environment.duration_ms, status, error_type)
            await self._end_runtime(init_end)
            return await self._invoke_after_fault(invocation, sandbox, sink, log=log, spent_ms=0.0)
        self._platform.init_done("init", environment.duration_ms, "success")
        self._began(sandbox, environment.duration_ms, is_suppressed=False)
        report.init_ms = environment.duration_ms
        report.begin()
        end = await environment.run(invocation, within_ms=invocation.timeout_ms, log=log, sink=sink)
        return await self._settle(end, report)

    async def _invoke_after_fault(
        self,
        invocation: Invocation,
        sandbox: Sandbox,
        sink: ResponseSink | None,
        *,
        log: InvocationLog | None,
        spent_ms: float,
    ) -> Outcome:
        """The runtime is started anew within the invocation's own time, and its init counts as the function's."""
        is_begun = spent_ms > 0
        log = log or self._log_of(invocation, sandbox)
        environment = self._new_environment(sandbox, log)
        assert self._platform is not None, "an environment has its platform"
        report = Report(self._spec, invocation, log, self._platform, environment, spent_ms=spent_ms)
        if not is_begun:
            report.begin()
        if self._invocations:
            self._platform.init_started("invoke", sandbox.log_stream)
        init_end = await environment.initialise(invocation.timeout_ms - spent_ms)
        self._tell_extensions(init_end)
        spent_ms += environment.duration_ms
        if isinstance(init_end, Ready):
            self._platform.init_done("invoke", environment.duration_ms, "success")
            self._began(sandbox, environment.duration_ms, is_suppressed=True)
            report.spent_ms = spent_ms
            left_ms = max(0.0, invocation.timeout_ms - spent_ms)
            end = await environment.run(invocation, within_ms=left_ms, log=log, sink=sink)
            return await self._settle(end, report)
        status, error_type = failure_of(init_end)
        self._platform.init_done("invoke", environment.duration_ms, status, error_type)
        if isinstance(init_end, Ended) and init_end.status == _SEGMENTATION_FAULT and spent_ms < invocation.timeout_ms:
            # Recorded: Lambda begins such an init again and again, until the function's time is up
            # (S:lam/test_lambda_runtime_exit_segfault).
            await self._end_runtime(init_end)
            return await self._invoke_after_fault(invocation, sandbox, sink, log=log, spent_ms=spent_ms)
        return await self._settle(init_end, report)

    async def _settle(self, end: InitEnd | RunEnd, report: Report) -> Outcome:
        """What an end means, with the runtime put away where it cannot go on."""
        environment = report.environment
        aftermath = environment.aftermath
        if aftermath is not None or not isinstance(end, Responded | Erred | ResponseTooLarge):
            report.measure()
            await self._end_runtime(aftermath or end)
        return self._conclude(end, report)

    def _conclude(self, end: InitEnd | RunEnd, report: Report) -> Outcome:
        self._invocations += 1
        self._last_used_at = self._logs.now()
        if self._environment is not None:
            self._state = "idle"
        self._look_at_storage(report)
        outcome = outcome_of(end, report)
        self._max_memory_mb = report.memory_mb
        return outcome

    # Environments --------------------------------------------------------------------------------------

    def _log_of(self, invocation: Invocation, sandbox: Sandbox | None) -> InvocationLog:
        stream = sandbox.log_stream if sandbox is not None else new_log_stream(self._spec.version, self._logs.now())
        return InvocationLog(self._logs, self._spec.function_arn, invocation.request_id, stream, self._spec.log_group)

    def _new_sandbox(self) -> Sandbox:
        if self._is_closed:
            raise InvalidEntrypoint("the function has been stopped")
        now = self._logs.now()
        log_stream = new_log_stream(self._spec.version, now)
        self._sandbox = Sandbox(log_stream, self._runs.add(log_stream), now)
        if self._watch is not None:
            self._code_count = self._watch.look(now=True)
        self._invocations = 0
        self._init_ms = self._last_used_at = None
        self._max_memory_mb = 0
        return self._sandbox

    def _new_environment(self, sandbox: Sandbox, log: InvocationLog) -> Environment:
        if self._is_closed:
            raise InvalidEntrypoint("the function has been stopped")
        telemetry = Telemetry(asyncio.get_running_loop(), self._logs.now)
        self._platform = PlatformLog(self._spec, telemetry, self._logs.now, log)
        self._environment = Environment(self._spec, sandbox, self._platform, telemetry, slot=self._number)
        return self._environment

    def _began(self, sandbox: Sandbox, init_ms: float, *, is_suppressed: bool) -> None:
        self._state = "running"
        self._init_ms = init_ms
        if self._observer is not None:
            self._observer.started(self._number, sandbox.log_stream, init_ms, is_suppressed)

    def _tell_extensions(self, init_end: InitEnd) -> None:
        environment, platform = self._environment, self._platform
        if environment is None or platform is None:
            return
        for extension in environment.extensions:
            state = "Ready" if isinstance(init_end, Ready) else str(extension.state)
            platform.extension(extension.name, state, extension.events, extension.error_type)

    async def _end_runtime(self, end: InitEnd | RunEnd) -> None:
        """Put away a runtime that failed; the environment stays."""
        environment, self._environment = self._environment, None
        self._state = "ended"
        if environment is None or self._sandbox is None:
            return
        is_timeout = isinstance(end, Overran)
        reason = "timed out" if is_timeout else "failed"
        self._counts.ended[reason] += 1
        if self._observer is not None:
            self._observer.ended(self._number, self._sandbox.log_stream, reason)
        await environment.stop(ShutdownReason.TIMEOUT if is_timeout else ShutdownReason.FAILURE)

    async def _end_sandbox(self, reason: str, shutdown: ShutdownReason) -> None:
        """Put away the whole environment: the next invocation gets a new one."""
        environment, sandbox = self._environment, self._sandbox
        self._environment = self._sandbox = self._platform = None
        self._state = "ended"
        if environment is not None:
            await environment.stop(shutdown)
        if sandbox is not None:
            if environment is not None:
                self._counts.ended[reason] += 1
                if self._observer is not None:
                    self._observer.ended(self._number, sandbox.log_stream, reason)
            sandbox.record.close()

    def _look_at_storage(self, report: Report) -> None:
        """Tell of more in `/tmp` than the function may have. Lambda lets the write fail; here nothing can."""
        now = time.monotonic()
        if self._sandbox is None or now < self._look_at_storage_at:
            return
        used_mb = size_mb(self._sandbox.record.tmp)
        # A folder with many files is looked at less often, so that looking costs a hundredth of the time at most.
        self._look_at_storage_at = now + max(_LOOK_AT_STORAGE_EVERY_S, 100 * (time.monotonic() - now))
        if used_mb > self._spec.ephemeral_storage_mb:
            limit_mb = self._spec.ephemeral_storage_mb
            report.platform.note(f"the temporary folder holds {used_mb} MB, EphemeralStorage is {limit_mb} MB")
