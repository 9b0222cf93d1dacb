"""This machine as the tests use it: files with handlers, processes that live, ports that are free."""

import os
import socket
import textwrap
from pathlib import Path


def write(folder: Path, name: str, text: str) -> Path:
    """A file with this text, its indentation taken off."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(textwrap.dedent(text), encoding="utf-8")
    return file


def is_alive(pid: int) -> bool:
    """Whether the process runs (one that has ended and was not yet reaped does not)."""
    try:
        os.kill(pid, 0)
        status = Path(f"/proc/{pid}/stat")
        return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
