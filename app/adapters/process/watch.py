"""Whether the files of a function, or of its layers, have changed since its process read them."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

_SKIPPED = frozenset({"__pycache__", "node_modules"})
_COST_RATIO = 100
"""A look is taken at most once in so many times what a look costs, so a large folder costs at most 1 %."""


class CodeWatch:
    """Remembers the files of folders by time and size. Hidden folders and installed packages are not looked at."""

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self._not_before = 0.0
        self._seen = self._look()

    def has_changed(self) -> bool:
        """Whether a file was written, added or removed since the last `True`, or since the beginning."""
        if time.monotonic() < self._not_before:
            return False
        found = self._look()
        if found == self._seen:
            return False
        self._seen = found
        return True

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
