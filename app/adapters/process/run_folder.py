"""The folder of one run of the service: what is known of its processes there, and their `/tmp`; and its guard.

While the service runs it holds the folder's lock. Once it is gone, by whatever way, the guard ends what it left; and
should that be gone too, the next service does so at its start.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from app.adapters.process import leftovers
from app.adapters.process.leftovers import ENVIRONMENTS, kill_marked, start_of, sweep

_LOCK = "lock"
_RUN = "run-"
_GUARD_PATIENCE_S = 2.0


def runs_folder() -> Path:
    """Where this user's runs have their folders; nobody else can look into them."""
    folder = Path(tempfile.gettempdir()) / f"triggerfish-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if status.st_uid != os.getuid() or folder.is_symlink():
        raise PermissionError(f"{folder} belongs to somebody else")
    return folder


def clean_up_after_dead_runs(runs: Path | None = None) -> int:
    """End what runs left behind whose service is gone; says how many such runs there were."""
    swept = 0
    for folder in (runs or runs_folder()).glob(f"{_RUN}*"):
        try:
            lock = os.open(folder / _LOCK, os.O_RDWR)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue  # its service lives
        else:
            sweep(folder)
            swept += 1
        finally:
            os.close(lock)
    return swept


class RunFolder:
    """Made with the first environment; `close` ends every process of the run and removes it."""

    def __init__(self, runs: Path | None = None) -> None:
        self._runs = runs
        self._folder: Path | None = None
        self._lock = -1
        self._life = -1
        self._guard: subprocess.Popen[bytes] | None = None

    def __repr__(self) -> str:
        return f"<RunFolder {self._folder or 'not made yet'}>"

    def add(self, marker: str) -> "Record":
        """Note an environment before its first process is started. `marker` is its log stream, which no other has."""
        folder = self._folder or self._open()
        name = marker.rpartition("]")[2]
        record = Record(folder / ENVIRONMENTS / name, folder / "tmp" / name, marker)
        record.open()
        return record

    def close(self) -> None:
        """End what is still there and the guard with it. A folder may be used again afterwards."""
        if self._folder is None:
            return
        sweep(self._folder)
        os.close(self._life)
        os.close(self._lock)
        if self._guard is not None:
            try:
                self._guard.wait(_GUARD_PATIENCE_S)
            except subprocess.TimeoutExpired:
                self._guard.kill()
                self._guard.wait()
        self._folder = self._guard = None

    def _open(self) -> Path:
        runs = self._runs or runs_folder()
        # Locked before it has the name by which others look for it.
        made = Path(tempfile.mkdtemp(prefix="new-", dir=runs))
        (made / ENVIRONMENTS).mkdir()
        self._lock = os.open(made / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        folder = made.rename(runs / made.name.replace("new-", _RUN, 1))
        waits, self._life = os.pipe()
        # -I and -S: nothing of the user's is imported into what must outlive everything. No shared terminal either.
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", leftovers.__file__, str(folder)],
            stdin=waits, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", start_new_session=True,
        )  # fmt: skip
        os.close(waits)
        self._folder = folder
        return folder


class Record:
    """What is known of one environment: its marker and its processes, and the folder that is its `/tmp`."""

    def __init__(self, file: Path, tmp: Path, marker: str) -> None:
        self.tmp = tmp
        self._file = file
        self._marker = marker

    def open(self) -> None:
        self.tmp.mkdir(parents=True)
        self._file.write_text(self._marker + "\n", encoding="utf-8")

    def started(self, pid: int) -> None:
        """Note a process that was started; it leads a group of its own."""
        with self._file.open("a", encoding="utf-8") as file:
            file.write(f"{pid} {start_of(pid)}\n")

    def kill_strays(self) -> None:
        """End what left its group. Reads the environment of every process there is: for ends, not for each call."""
        kill_marked([self._marker])

    def close(self) -> None:
        """The environment has ended, with all its processes."""
        self._file.unlink(missing_ok=True)
        shutil.rmtree(self.tmp, ignore_errors=True)
