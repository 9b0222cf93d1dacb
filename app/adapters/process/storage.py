"""How much lies in a folder."""

import os
from collections.abc import Sequence
from pathlib import Path


def size_mb(folder: Path) -> int:
    """What its files take on the disk, in whole MB; links are not followed, and what cannot be seen is nothing."""
    return sum(_sizes(str(folder))) // (1024 * 1024)


def _sizes(folder: str) -> Sequence[int]:
    sizes: list[int] = []
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return sizes
    for entry in entries:
        try:
            if entry.is_dir(follow_symlinks=False):
                sizes += _sizes(entry.path)
            else:
                sizes.append(entry.stat(follow_symlinks=False).st_blocks * 512)
        except OSError:
            continue
    return sizes
