"""One process that was started: the runtime, or an external extension. It leads a group of its own."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from app.adapters.process.leftovers import kill_group
from app.adapters.process.output import OutputPipe
from app.adapters.process.run_folder import Record
from app.adapters.process.variables import InvalidEntrypoint


class Child:
    """`ended` is called once, with the end in the words of Lambda's messages: `exit status 3`, `signal: killed`, or ""
    for 0. Signals go to the whole group."""

    def __init__(self, output: OutputPipe, ended: Callable[["Child"], None]) -> None:
        self.output = output
        self.status: str | None = None
        """How it ended; None while it lives."""
        self._ended = ended
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._is_killed = False

    async def start(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        variables: Mapping[str, str],
        record: Record,
        hands_over: Sequence[int] = (),
    ) -> None:
        """Raises InvalidEntrypoint when the system refuses. `hands_over` are descriptors that it inherits."""
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                cwd=folder,
                env=variables,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=self.output.write_fd,
                stderr=self.output.write_fd,
                start_new_session=True,
                pass_fds=hands_over,
            )
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            # What is missing may be the interpreter in the program's first line; AWS names the program then, too.
            raise InvalidEntrypoint(f"fork/exec {command[0]}: {reason}") from error
        self.output.close_write_end()
        record.started(self._process.pid)
        self._watcher = asyncio.get_running_loop().create_task(self._watch(self._process))
        if self._is_killed:
            self.signal(signal.SIGKILL)

    @property
    def pid(self) -> int | None:
        """None before the start and after the end: the number may be anybody's then."""
        return self._process.pid if self._process is not None and self.status is None else None

    @property
    def has_died(self) -> bool:
        """Whether it is dead, even if nobody has told us yet: its open poll would swallow an invocation."""
        if self._process is None or self.status is not None or not hasattr(os, "waitid"):
            return self.status is not None
        try:
            return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:
            return True

    def signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            # The group outlives its leader for as long as a child of the handler is in it.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    def kill(self) -> None:
        """End the group this instant, or as soon as it has started."""
        self._is_killed = True
        if self._process is not None:
            kill_group(self._process.pid)

    async def wait(self, within_s: float | None = None) -> bool:
        """Wait for its end; False when that did not come in time."""
        if self._watcher is None:
            return True
        await asyncio.wait([self._watcher], timeout=within_s)
        return self._watcher.done()

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        # What it sent before its end may lie unread in the socket: let the loop come round to it first.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self.status = describe_exit(code)
        self.output.drain()
        self._ended(self)


def describe_exit(code: int) -> str:
    """The end of a process in the words of Lambda's messages."""
    if code == 0:
        return ""
    if code > 0:
        return f"exit status {code}"
    name = signal.strsignal(-code) or f"signal {-code}"
    return f"signal: {name.partition(':')[0].lower()}"
