"""How much memory a process and its children have, and what keeps them within a limit."""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_LOOK_EVERY_S = 0.05
_SPARE_MB = 64
"""What an address space needs beside the memory that Lambda counts: the interpreter's own mappings."""


class PeakMemory:
    """The most resident memory that a process has had; 0 where the system does not tell (there is no /proc)."""

    def __init__(self) -> None:
        self.mb = 0
        self._file = -1
        self._looked_at = 0.0

    def watch(self, pid: int) -> None:
        self.close()
        with contextlib.suppress(OSError):
            # Kept open: asked after every invocation, and opening is the dear part.
            self._file = os.open(f"/proc/{pid}/status", os.O_RDONLY | os.O_CLOEXEC)

    def measure(self, *, at_least_every_s: float = 0.0) -> None:
        """Look again, as long as the process lives, if the last look is so long ago."""
        now = time.monotonic()
        if self._file < 0 or now < self._looked_at + at_least_every_s:
            return
        self._looked_at = now
        with contextlib.suppress(OSError):
            _, found, rest = os.pread(self._file, 4096, 0).partition(b"VmHWM:")
            if found:
                self.mb = max(self.mb, int(rest.split(None, 1)[0]) // 1024)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class MemoryWatch:
    """Looks at the memory of a process and its children from time to time; `exceeded` is called when it is too much."""

    def __init__(self, loop: asyncio.AbstractEventLoop, limit_mb: int, exceeded: Callable[[int], None]) -> None:
        self._loop = loop
        self._limit_mb = limit_mb
        self._exceeded = exceeded
        self._pid: int | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, pid: int) -> None:
        self.end()
        self._pid = pid
        self._timer = self._loop.call_later(_LOOK_EVERY_S, self._look)

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        assert self._pid is not None, "it has begun"
        used_mb = resident_mb(self._pid)
        self._timer = None
        if used_mb > self._limit_mb:
            self._exceeded(used_mb)
        else:
            self._timer = self._loop.call_later(_LOOK_EVERY_S, self._look)


def limit_memory(pid: int, limit_mb: int) -> bool:
    """Let the system refuse the process more memory than this; False where it cannot (only Linux can)."""
    if sys.platform != "linux":
        return False
    import resource

    # The data segment counts every private writable page (since Linux 4.7), and not the terabytes that Node reserves.
    limit = (limit_mb + _SPARE_MB) * 1024 * 1024
    with contextlib.suppress(OSError, ValueError):
        resource.prlimit(pid, resource.RLIMIT_DATA, (limit, limit))
        return True
    return False


def resident_mb(pid: int) -> int:
    """What the process and its descendants have in memory now; pages they share count for each of them."""
    return sum(_resident_pages(member) for member in _family(pid)) * _PAGE_BYTES // (1024 * 1024)


def _family(pid: int) -> Iterator[int]:
    yield pid
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in thread.read_text().split():
                yield from _family(int(child))


def _resident_pages(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
