"""Whether the files of a function, or of its layers, have changed since its process read them."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

_SKIPPED = frozenset({"__pycache__", "node_modules"})
_COST_RATIO = 100
"""A look is taken at most once in so many times what a look costs, so a large folder costs at most 1 %."""


class CodeWatch:
    """Remembers the files of folders by time and size. Hidden folders and installed packages are not looked at.

    One serves all environments of a function: each remembers the `count` of changes with which it began.
    """

    def __init__(self, *folders: Path) -> None:
        self.count = 0
        """How many changes were noticed."""
        self._folders = folders
        self._not_before = 0.0
        self._seen: frozenset[tuple[str, int, int]] | None = None

    def look(self, *, now: bool = False) -> int:
        """The `count`; what was written, added or removed since the last look is one. `now` looks in any case."""
        if now or time.monotonic() >= self._not_before:
            before, self._seen = self._seen, self._look()
            if before is not None and before != self._seen:
                self.count += 1
        return self.count

    def _look(self) -> frozenset[tuple[str, int, int]]:
        begin = time.monotonic()
        found = frozenset(file for folder in self._folders for file in _files(str(folder)))
        end = time.monotonic()
        self._not_before = end + _COST_RATIO * (end - begin)
        return found


def _files(folder: str) -> Iterator[tuple[str, int, int]]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name in _SKIPPED:
            continue
        try:
            if entry.is_dir():
                yield from _files(entry.path)
            else:
                status = entry.stat()
                yield entry.path, status.st_mtime_ns, status.st_size
        except OSError:
            continue
