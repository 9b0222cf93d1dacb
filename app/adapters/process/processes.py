"""The processes of an environment, its runtime's and its external extensions', and the memory that they may have."""

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from app.adapters.process.child import Child
from app.adapters.process.control_group import ControlGroup
from app.adapters.process.memory import MemoryWatch, PeakMemory, limit_memory
from app.adapters.process.output import InvocationLog, OutputPipe
from app.adapters.process.platform import PlatformLog
from app.adapters.process.run_folder import Record
from app.adapters.process.spec import ProcessSpec
from app.adapters.process.telemetry import Telemetry

_LOOK_AT_MEMORY_EVERY_S = 0.02


class Processes:
    """Started one by one, signalled and ended together. `ended` is told of the end of each, an extension by its name,
    the runtime by None."""

    def __init__(
        self, spec: ProcessSpec, record: Record, platform: PlatformLog, telemetry: Telemetry,
        ended: Callable[[Child, str | None], None],
    ) -> None:  # fmt: skip
        self._spec = spec
        self._record = record
        self._platform = platform
        self._telemetry = telemetry
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self.runtime = Child(self._output("function"), lambda child: ended(child, None))
        self.extensions: dict[str, Child] = {}
        """Those of external extensions, by name."""
        self.are_frozen = False
        self._memory = PeakMemory()
        self._group = ControlGroup.make(spec.memory_mb) if spec.enforce_memory == "cgroup" else None
        # Where no group can be made, looking is what is left.
        is_watched = spec.enforce_memory == "watch" or (spec.enforce_memory == "cgroup" and self._group is None)
        self._memory_watch = MemoryWatch(self._loop, spec.memory_mb, self._memory_exceeded) if is_watched else None

    @property
    def has_ended(self) -> bool:
        """Whether one of them has."""
        return self.runtime.status is not None or any(child.status is not None for child in self.extensions.values())

    @property
    def max_memory_mb(self) -> int:
        """The most resident memory that the runtime's process has had, in MB; 0 where the system does not tell."""
        # The system's own peak does not go down: what a look misses, the next one finds.
        self._memory.measure(at_least_every_s=_LOOK_AT_MEMORY_EVERY_S)
        if self._group is not None and self.runtime.status is not None and self._group.has_killed:
            # All of it was in use, though nobody has seen that.
            return self._spec.memory_mb
        return self._memory.mb

    # From their start to their end ----------------------------------------------------------------------

    async def start_extensions(self, programs: Sequence[Path], variables: Mapping[str, str]) -> None:
        """Raises InvalidEntrypoint when one cannot be started."""
        for program in programs:
            name = program.name
            child = self.extensions[name] = Child(self._output("extension"), partial(self._extension_ended, name))
            await child.start([str(program)], folder=self._record.tmp, variables=variables, record=self._record)

    async def start_runtime(
        self, command: Sequence[str], variables: Mapping[str, str], hands_over: Sequence[int] = ()
    ) -> None:
        """Raises InvalidEntrypoint when it cannot be started. `hands_over` are descriptors that it inherits."""
        await self.runtime.start(
            command, folder=self._spec.code, variables=variables, record=self._record, hands_over=hands_over
        )
        pid = self.runtime.pid
        if pid is not None:
            self._memory.watch(pid)
            if self._group is not None:
                self._group.join(pid)
            if self._spec.enforce_memory == "rlimit":
                limit_memory(pid, self._spec.memory_mb)
            self.begin_watching_memory()

    def print_to(self, log: InvocationLog) -> None:
        """Let what they print from now on go to `log`."""
        output = self.runtime.output
        output.drain()
        output.log = log
        for child in self.extensions.values():
            child.output.log = log

    def freeze(self) -> None:
        self.are_frozen = True
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self.are_frozen:
            self.are_frozen = False
            self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End every one this instant, or as soon as it has started."""
        for child in self._all():
            child.kill()

    async def end(self) -> None:
        """Kill them, and what they left behind. Returns when all are gone."""
        self.kill()
        for child in self._all():
            await child.wait()
        # On a thread: it reads about every process there is.
        await asyncio.to_thread(self._record.kill_strays)
        if self._group is not None:
            self._group.remove()
        for child in self._all():
            child.output.drain()

    def close(self) -> None:
        """Let go of what is open; nothing is killed."""
        for child in self._all():
            child.output.close()
        self.end_watching_memory()
        self._memory.close()

    # Memory ---------------------------------------------------------------------------------------------

    def measure_memory(self) -> None:
        self._memory.measure()

    def begin_watching_memory(self) -> None:
        """Where looking is how the limit is enforced."""
        pid = self.runtime.pid if self._memory_watch is not None else None
        if self._memory_watch is not None and pid is not None:
            self._memory_watch.begin(pid)

    def end_watching_memory(self) -> None:
        if self._memory_watch is not None:
            self._memory_watch.end()

    # Inside ---------------------------------------------------------------------------------------------

    def _all(self) -> tuple[Child, ...]:
        return (self.runtime, *self.extensions.values())

    def _signal(self, number: signal.Signals) -> None:
        for child in self._all():
            child.signal(number)

    def _output(self, kind: str) -> OutputPipe:
        return OutputPipe(self._loop, self._platform.log, lambda data: self._telemetry.tell_output(kind, data))

    def _extension_ended(self, name: str, child: Child) -> None:
        self._ended(child, name)

    def _memory_exceeded(self, used_mb: int) -> None:
        self._platform.note(f"{used_mb} MB in use of {self._spec.memory_mb} MB: killed, as Lambda does")
        self.runtime.kill()
