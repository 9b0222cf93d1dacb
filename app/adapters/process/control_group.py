"""Control groups in which the system itself kills what takes more memory than it may (Linux; versions 1 and 2).

They are made beside the service's own group, or within it, where the service may: as root, in a container of its own,
or in a group that was delegated to it.
"""

import contextlib
import os
from functools import cache
from pathlib import Path

from app.adapters.process.leftovers import start_of

_ROOT = Path("/sys/fs/cgroup")
_PREFIX = "triggerfish-"
_MB = 1024 * 1024


class ControlGroup:
    """The processes of one environment, with a limit. Removed by `remove`, or when the next service begins."""

    def __init__(self, folder: Path, *, is_second: bool) -> None:
        self._folder = folder
        self._is_second = is_second

    def __repr__(self) -> str:
        return f"<ControlGroup {self._folder}>"

    @classmethod
    def make(cls, limit_mb: int, root: Path = _ROOT) -> "ControlGroup | None":
        """A group with this limit; None where none can be made."""
        parent = _parent(root)
        if parent is None:
            return None
        is_second = (root / "cgroup.controllers").exists()
        own = os.getpid()
        group = cls(parent / f"{_PREFIX}{own}-{start_of(own)}-{os.urandom(8).hex()}", is_second=is_second)
        try:
            group._folder.mkdir()
            group._limit(limit_mb * _MB)
        except OSError:
            group.remove()
            return None
        return group

    def join(self, pid: int) -> bool:
        """Have the process, and what it starts from now on, in the group."""
        return _write(self._folder / "cgroup.procs", str(pid))

    @property
    def has_killed(self) -> bool:
        """Whether the system has killed something here."""
        counts = "memory.events" if self._is_second else "memory.oom_control"
        with contextlib.suppress(OSError, ValueError, IndexError):
            told = dict(line.split() for line in (self._folder / counts).read_text().splitlines())
            return int(told.get("oom_kill", 0)) > 0
        return False

    def remove(self) -> None:
        """Once its processes are gone; else it stays for the next service to remove."""
        with contextlib.suppress(OSError):
            self._folder.rmdir()

    def _limit(self, limit_bytes: int) -> None:
        """Raises OSError where it cannot be set. There is no swap beside it, where the system counts swap."""
        names = ("memory.max", "memory.swap.max") if self._is_second else (
            "memory.limit_in_bytes", "memory.memsw.limit_in_bytes"
        )  # fmt: skip
        (self._folder / names[0]).write_text(str(limit_bytes))
        _write(self._folder / names[1], "0" if self._is_second else str(limit_bytes))
        if self._is_second:
            # What the function has started goes with it, as an environment does.
            _write(self._folder / "memory.oom.group", "1")


@cache
def _parent(root: Path) -> Path | None:
    """Where groups can be made, looked for once; what a service that is gone has left there is removed."""
    for folder in _candidates(root):
        if not os.access(folder, os.W_OK):
            continue
        for left in folder.glob(f"{_PREFIX}*"):
            pid, _, rest = left.name.removeprefix(_PREFIX).partition("-")
            if not pid.isdecimal() or start_of(int(pid)) != rest.partition("-")[0]:
                with contextlib.suppress(OSError):
                    left.rmdir()
        return folder
    return None


def _candidates(root: Path) -> list[Path]:
    if (root / "cgroup.controllers").exists():
        own = _own(root, "0::")
        # A group with processes of its own cannot share out memory, unless it is the first of all.
        return [folder for folder in (own, own.parent) if folder.is_relative_to(root) and _shares_memory(folder)]
    first = root / "memory"
    if not (first / "memory.limit_in_bytes").exists():
        return []
    return [folder for folder in (_own(first, ":memory:"), first) if folder.is_dir()]


def _own(root: Path, mark: str) -> Path:
    """The service's own group."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            if mark in line:
                return root / line.partition(mark)[2].lstrip("/")
    return root


def _shares_memory(folder: Path) -> bool:
    control = folder / "cgroup.subtree_control"
    with contextlib.suppress(OSError):
        return "memory" in control.read_text().split() or _write(control, "+memory")
    return False


def _write(path: Path, text: str) -> bool:
    with contextlib.suppress(OSError):
        path.write_text(text)
        return True
    return False
