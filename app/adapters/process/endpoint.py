"""A function whose environments are processes on this machine, one a slot."""

import asyncio

from app.adapters.logs import InvocationLogs
from app.adapters.process.run_folder import RunFolder
from app.adapters.process.slot import Counts, Observer, Shared, Slot
from app.adapters.process.spec import ProcessSpec
from app.core.invocation import Invocation, Outcome
from app.engine.ports import EndpointStatus, ResponseSink


class ProcessEndpoint:
    """Runs invocations in processes that stay warm. A `StreamingEndpoint`.

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
        shared = Shared(logs, runs or self._own_runs or RunFolder(), observer)
        self._slots = [Slot(spec, number, shared, self._counts) for number in range(spec.environments)]

    async def invoke(self, invocation: Invocation) -> Outcome:
        return await self._slots[invocation.environment].invoke(invocation, None)

    async def invoke_streaming(self, invocation: Invocation, sink: ResponseSink) -> Outcome:
        return await self._slots[invocation.environment].invoke(invocation, sink)

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
