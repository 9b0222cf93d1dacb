"""Ends the processes that a run of the service left behind, and removes its folder. Standard library only.

Used by the service for runs that are over, and run by path as the guard of a run: a process that waits for the end of
the service, however that ends, and then does the same at once.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

ENVIRONMENTS = "environments"
"""The folder in which each environment has a file: its marker, then a line `PID START` for each process started."""

_MARKED = b"AWS_LAMBDA_LOG_STREAM_NAME="


def sweep(folder: Path) -> None:
    """End every process that the run in `folder` started and that is still there; then the folder is gone."""
    markers = []
    for record in _files(folder / ENVIRONMENTS):
        try:
            marker, *processes = record.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            continue
        markers.append(marker)
        for line in processes:
            pid, _, start = line.partition(" ")
            # The number may belong to somebody else by now: only the process that began at that time is ours.
            if pid.isdecimal() and start and start_of(int(pid)) == start:
                kill_group(int(pid))
    kill_marked(markers)
    shutil.rmtree(folder, ignore_errors=True)


def kill_group(leader: int) -> None:
    """SIGKILL to the process and to whoever it brought into its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def kill_marked(markers: Collection[str]) -> None:
    """SIGKILL to every process whose environment names one of these log streams.

    So a child that left its group (a daemon, `setsid`) is found, as no signal to the group finds it. Linux only.
    """
    wanted = {_MARKED + marker.encode() for marker in markers}
    own = os.getpid()
    for pid in _pids() if wanted else ():
        with contextlib.suppress(OSError):
            variables = Path(f"/proc/{pid}/environ").read_bytes()
            if pid != own and _MARKED in variables and not wanted.isdisjoint(variables.split(b"\0")):
                os.kill(pid, signal.SIGKILL)


def start_of(pid: int) -> str:
    """When the process began, in words that stay the same for its life; empty when there is none.

    On Linux the clock ticks since the boot (proc(5), starttime), else what ps says.
    """
    with contextlib.suppress(OSError):
        # The name in parentheses may have any character in it.
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[19]
    if Path("/proc/self/stat").exists():
        return ""
    found = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.strip()


def _pids() -> Iterator[int]:
    with contextlib.suppress(OSError):
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                yield int(entry.name)


def _files(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def guard(folder: Path) -> None:
    """Wait until standard input ends, which the service holds open as long as it lives; then clean up after it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(0, 1):
        pass
    sweep(folder)


if __name__ == "__main__":
    guard(Path(sys.argv[1]))
