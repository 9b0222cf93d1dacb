"""A function whose environments are processes on this machine, one a slot."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from app.adapters.logs import InvocationLogs
from app.adapters.process.run_folder import RunFolder
from app.adapters.process.slot import Slot
from app.adapters.process.spec import ProcessSpec
from app.adapters.process.tenant import Counts, Observer, Shared
from app.adapters.process.watch import CodeWatch
from app.core.awslambda.invocation import Invocation, Outcome
from app.engine.ports import EndpointStatus, ResponseSink


class ProcessEndpoint:
    """Runs invocations in processes that stay warm. A `StreamingEndpoint` and a `PromptEndpoint`.

    A slot's process starts with its first invocation, and anew after an exit, a timeout, a failed init or a change
    of its files. Without `runs` it keeps a run folder of its own.
    """

    def __init__(
        self,
        spec: ProcessSpec,
        *,
        logs: InvocationLogs,
        runs: RunFolder | None = None,
        observer: Observer | None = None,
    ) -> None:
        self.environments = spec.environments
        self._spec = spec
        self._own_runs = RunFolder() if runs is None else None
        self._counts = Counts()
        watch = CodeWatch(spec.code, *spec.layers) if spec.watch else None
        self._shared = Shared(logs, runs or self._own_runs or RunFolder(), observer, watch)
        self._slots = [Slot(spec, number, self._shared, self._counts) for number in range(spec.environments)]

    async def invoke(self, invocation: Invocation) -> Outcome:
        return await self._slots[invocation.environment].invoke(invocation, None)

    def begin(self, invocation: Invocation, settled: Callable[[Outcome], None]) -> bool:
        return self._slots[invocation.environment].begin(invocation, settled)

    async def invoke_streaming(self, invocation: Invocation, sink: ResponseSink) -> Outcome:
        return await self._slots[invocation.environment].invoke(invocation, sink)

    async def warm(self, count: int, access_key_ids: Sequence[str]) -> tuple[int, str | None]:
        """Provisioned concurrency: the first `count` slots get environments that are started now."""
        if count > len(self._slots):
            self._spec = replace(self._spec, environments=count, access_key_ids=tuple(access_key_ids))
            more = range(len(self._slots), count)
            self._slots += [Slot(self._spec, number, self._shared, self._counts) for number in more]
            self.environments = count
        failures = await asyncio.gather(*(slot.provision() for slot in self._slots[:count]))
        await asyncio.gather(*(slot.end_provision() for slot in self._slots[count:]))
        why = [failure for failure in failures if failure is not None]
        return count - len(why), why[0] if why else None

    async def recycle(self, slot: int, environment: str, reason: str) -> None:
        """End the environment with this log stream, if it is still in that slot."""
        await self._slots[slot].recycle(environment, reason)

    async def close(self) -> None:
        await asyncio.gather(*(slot.close() for slot in self._slots))
        if self._own_runs is not None:
            self._own_runs.close()

    def describe(self) -> str:
        what = " ".join(self._spec.command) if self._spec.command else self._spec.handler or "bootstrap"
        return f"process {self._spec.code}: {what}"

    def status(self) -> EndpointStatus:
        """Its environments now, and how they came and went."""
        found = [status for slot in self._slots if (status := slot.status()) is not None]
        return EndpointStatus(self._counts.cold, self._counts.warm, dict(self._counts.ended), tuple(found))
