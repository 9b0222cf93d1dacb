"""One place for an environment of a function, and the environment in it, if any: cold starts, warm ones, and ends."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial

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
from app.adapters.process.sandbox import Sandbox
from app.adapters.process.spec import ProcessSpec
from app.adapters.process.tenant import Counts, Shared, Tenant
from app.adapters.process.turn import Turn
from app.adapters.process.variables import InvalidEntrypoint
from app.core.awslambda.invocation import Invocation, Outcome, Unreachable
from app.engine.ports import EnvironmentStatus, ResponseSink

_PROVISIONED = "provisioned-concurrency"
_PROVISIONING_ATTEMPTS = 6
_SEGMENTATION_FAULT = "signal: segmentation fault"


class Slot:
    """A function runs here once at a time. The environment outlives a fault, with its log stream and its `/tmp`; what
    is started anew then is its runtime, within the next invocation (developer guide, lambda-runtime-environment)."""

    def __init__(self, spec: ProcessSpec, number: int, shared: Shared, counts: Counts) -> None:
        self._number = number
        self._logs = shared.logs
        self._here = Tenant(spec, number, shared, counts)
        self._turn = Turn()
        self._ending: set[asyncio.Task[None]] = set()
        self._is_provisioned = False

    def __repr__(self) -> str:
        return f"<Slot {self._number} of {self._here.spec.name}: {self._here.environment!r}>"

    async def invoke(self, invocation: Invocation, sink: ResponseSink | None) -> Outcome:
        async with self._turn:
            try:
                return await self._invoke(invocation, sink)
            except BaseException:
                # Cancelled: nobody waits for this answer, and the environment is in the middle of it.
                if self._here.environment is not None:
                    self._here.environment.kill()
                    await asyncio.shield(self._here.end_sandbox("cancelled", ShutdownReason.FAILURE))
                raise

    def begin(self, invocation: Invocation, settled: Callable[[Outcome], None]) -> bool:
        """Run it in the environment that is warm here, and tell `settled` of its outcome, later and once. False, and
        nothing happened, where something has to be waited for first. Closing the slot ends it."""
        environment, sandbox, platform = self._here.environment, self._here.sandbox, self._here.platform
        if environment is None or sandbox is None or platform is None or self._turn.is_taken:
            return False
        if self._here.has_new_code or not environment.can_begin:
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
            if self._here.environment is not None and self._is_provisioned and not self._here.environment.has_ended:
                return None
            self._is_provisioned = True
            self._here.spec = replace(self._here.spec, initialization_type=_PROVISIONED)
            for _ in range(_PROVISIONING_ATTEMPTS):
                await self._here.end_sandbox("provisioned", ShutdownReason.SPINDOWN)
                try:
                    end = await self._initialise()
                except InvalidEntrypoint:
                    break
                if isinstance(end, Ready):
                    return None
                if isinstance(end, Overran):
                    # Six times ten seconds would tell nothing more.
                    break
            await self._here.end_sandbox("failed init", ShutdownReason.FAILURE)
            return "FUNCTION_ERROR_INIT_FAILURE"

    async def end_provision(self) -> None:
        """What is here is not provisioned any more."""
        async with self._turn:
            if self._is_provisioned:
                self._is_provisioned = False
                self._here.spec = replace(self._here.spec, initialization_type="on-demand")
                await self._here.end_sandbox("not provisioned any more", ShutdownReason.SPINDOWN)

    async def _initialise(self) -> InitEnd:
        """Start an environment without an invocation."""
        sandbox = self._here.new_sandbox()
        log = InvocationLog(self._logs, self._here.spec.function_arn, "", sandbox.log_stream)
        environment, platform = self._here.new_environment(sandbox, log)
        self._here.state = "starting"
        platform.init_started("init", sandbox.log_stream)
        end = await environment.initialise(self._here.spec.init_limit_ms)
        self._here.tell_extensions(end)
        if isinstance(end, Ready):
            platform.init_done("init", environment.duration_ms, "success")
            self._here.began(sandbox, environment.duration_ms, is_suppressed=False)
            self._here.state = "idle"
        else:
            platform.init_done("init", environment.duration_ms, *failure_of(end))
            await self._here.end_runtime(end)
        return end

    async def recycle(self, log_stream: str, reason: str) -> None:
        """End this environment, if it is still there; one that works is let finish first."""
        async with self._turn:
            if self._here.sandbox is not None and self._here.sandbox.log_stream == log_stream:
                await self._here.end_sandbox(reason, ShutdownReason.SPINDOWN)

    async def close(self) -> None:
        self._here.is_closed = True
        # What is in the middle of something is not waited for.
        if self._here.environment is not None and self._turn.is_taken:
            self._here.environment.kill()
        async with self._turn:
            await self._here.end_sandbox("shutdown", ShutdownReason.SPINDOWN)

    def status(self) -> EnvironmentStatus | None:
        """What there is to say of the environment; None where there is none."""
        return self._here.status()

    # An invocation -------------------------------------------------------------------------------------

    async def _invoke(self, invocation: Invocation, sink: ResponseSink | None) -> Outcome:
        self._here.last_request = invocation.request_id
        environment = await self._here.warm_environment()
        if environment is not None and self._here.sandbox is not None and self._here.platform is not None:
            report, log = self._begin(invocation, environment, self._here.sandbox, self._here.platform)
            report.begin()
            end = await environment.run(invocation, within_ms=invocation.timeout_ms, log=log, sink=sink)
            if not isinstance(end, Ended) or end.was_told:
                return await self._settle(end, report)
            return await self._begin_again(invocation, sink)
        return await self._start(invocation, sink)

    async def _start(self, invocation: Invocation, sink: ResponseSink | None) -> Outcome:
        self._here.counts.cold += 1
        self._here.state = "starting"
        try:
            if self._here.sandbox is None:
                return await self._invoke_cold(invocation, sink)
            return await self._invoke_after_fault(invocation, self._here.sandbox, sink, log=None, spent_ms=0.0)
        except InvalidEntrypoint as error:
            log = self._here.log_of(invocation, self._here.sandbox)
            self._here.environment = None
            await self._here.end_sandbox("failed init", ShutdownReason.FAILURE)
            return entrypoint_failed(self._here.spec, invocation, log, error)

    def _begin(
        self, invocation: Invocation, environment: Environment, sandbox: Sandbox, platform: PlatformLog
    ) -> tuple[Report, InvocationLog]:
        self._here.last_request = invocation.request_id
        self._here.state = "running"
        self._here.counts.warm += 1
        log = platform.log = self._here.log_of(invocation, sandbox)
        return Report(self._here.spec, invocation, log, platform, environment), log

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
            await self._here.end_sandbox("failed", ShutdownReason.FAILURE)
        finally:
            self._turn.give_back()
        settled(outcome)

    def _failed(self, error: Exception) -> Unreachable:
        """A mistake of ours: whoever waits still has to be told, and somebody has to know."""
        logging.getLogger(__name__).error("slot %s of %s failed", self._number, self._here.spec.name, exc_info=error)
        if self._here.environment is not None:
            self._here.environment.kill()
        return Unreachable(f"the environment failed: {type(error).__name__}: {error}")

    async def _begin_again(self, invocation: Invocation, sink: ResponseSink | None) -> Outcome:
        """Its environment ended between two invocations, and this one has not been told to anybody."""
        self._here.counts.warm -= 1
        await self._here.end_sandbox("exited", ShutdownReason.FAILURE)
        return await self._start(invocation, sink)

    async def _invoke_cold(self, invocation: Invocation, sink: ResponseSink | None) -> Outcome:
        """Init, then the invocation; an init that failed runs once more within the invocation's own time."""
        sandbox = self._here.new_sandbox()
        log = self._here.log_of(invocation, sandbox)
        environment, platform = self._here.new_environment(sandbox, log)
        platform.init_started("init", sandbox.log_stream)
        init_end = await environment.initialise(self._here.spec.init_limit_ms)
        self._here.tell_extensions(init_end)
        report = Report(self._here.spec, invocation, log, platform, environment)
        if not isinstance(init_end, Ready):
            status, error_type = failure_of(init_end)
            platform.init_done("init", environment.duration_ms, status, error_type)
            await self._here.end_runtime(init_end)
            return await self._invoke_after_fault(invocation, sandbox, sink, log=log, spent_ms=0.0)
        platform.init_done("init", environment.duration_ms, "success")
        self._here.began(sandbox, environment.duration_ms, is_suppressed=False)
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
        log = log or self._here.log_of(invocation, sandbox)
        environment, platform = self._here.new_environment(sandbox, log)
        report = Report(self._here.spec, invocation, log, platform, environment, spent_ms=spent_ms)
        if not is_begun:
            report.begin()
        if self._here.invocations:
            platform.init_started("invoke", sandbox.log_stream)
        init_end = await environment.initialise(invocation.timeout_ms - spent_ms)
        self._here.tell_extensions(init_end)
        spent_ms += environment.duration_ms
        if isinstance(init_end, Ready):
            platform.init_done("invoke", environment.duration_ms, "success")
            self._here.began(sandbox, environment.duration_ms, is_suppressed=True)
            report.spent_ms = spent_ms
            left_ms = max(0.0, invocation.timeout_ms - spent_ms)
            end = await environment.run(invocation, within_ms=left_ms, log=log, sink=sink)
            return await self._settle(end, report)
        status, error_type = failure_of(init_end)
        platform.init_done("invoke", environment.duration_ms, status, error_type)
        if isinstance(init_end, Ended) and init_end.status == _SEGMENTATION_FAULT and spent_ms < invocation.timeout_ms:
            # Recorded: Lambda begins such an init again and again, until the function's time is up
            # (S:lam/test_lambda_runtime_exit_segfault).
            await self._here.end_runtime(init_end)
            return await self._invoke_after_fault(invocation, sandbox, sink, log=log, spent_ms=spent_ms)
        return await self._settle(init_end, report)

    async def _settle(self, end: InitEnd | RunEnd, report: Report) -> Outcome:
        """What an end means, with the runtime put away where it cannot go on."""
        environment = report.environment
        aftermath = environment.aftermath
        if aftermath is not None or not isinstance(end, Responded | Erred | ResponseTooLarge):
            report.measure()
            await self._here.end_runtime(aftermath or end)
        return self._conclude(end, report)

    def _conclude(self, end: InitEnd | RunEnd, report: Report) -> Outcome:
        self._here.invocations += 1
        self._here.last_used_at = self._logs.now()
        if self._here.environment is not None:
            self._here.state = "idle"
        self._here.look_at_storage(report)
        outcome = outcome_of(end, report)
        self._here.max_memory_mb = report.memory_mb
        return outcome
