"""The real command as a process of its own, on a free port of the loopback, started as a user starts it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tests.machine import write
from tests.serving import Serving

T = TypeVar("T")

ROOT = Path(__file__).parents[1]
TRIGGERFISH = Path(sys.prefix) / "bin/triggerfish"

_START_WITHIN_S = 30.0
_END_WITHIN_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Live(Serving):
    """A service that runs as `process`; what it says goes to the file `said`."""

    process: "subprocess.Popen[bytes]"
    said: Path

    @property
    def output(self) -> str:
        return self.said.read_text(encoding="utf-8")

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """`triggerfish` with these arguments, against this service."""
        environ = {**clean_environ(), "TRIGGERFISH_ENDPOINT": self.url}
        return subprocess.run([TRIGGERFISH, *arguments], capture_output=True, text=True, env=environ, check=False)

    def interrupt(self, by: int = signal.SIGTERM) -> int:
        """Send it a signal, wait for its end, and give its exit status."""
        self.process.send_signal(by)
        return self.process.wait(_END_WITHIN_S)


def clean_environ() -> dict[str, str]:
    """Our environment without what would lead a service or a client elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("TRIGGERFISH_", "AWS_"))}


@contextmanager
def live(
    folder: Path,
    settings: str | None = None,
    *,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
    listen: str = "127.0.0.1:0",
) -> Iterator[Live]:
    """Start it in `folder` with these settings, or with the file `config`, and end it with the block.

    When the block fails, what the service said is told with the failure.
    """
    if settings is not None:
        config = write(folder, "triggerfish.yaml", settings)
    command = [str(TRIGGERFISH), "up", *(["--config", str(config)] if config else [])]
    said = folder / "service.log"
    environ = {**clean_environ(), "TRIGGERFISH_LISTEN": listen, **(environ or {})}
    with said.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=environ, stdout=output, stderr=subprocess.STDOUT)
    try:
        running = Live(_port(process, said), process=process, said=said)
        try:
            yield running
        except BaseException as failure:
            failure.add_note(f"The service said:\n{running.output}")
            raise
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(_END_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise


def until(look: Callable[[], T], *, within_s: float = 20.0) -> T:
    """What `look` gives as soon as that is true; looks again and again until the deadline."""
    deadline = time.monotonic() + within_s
    while not (seen := look()):
        assert time.monotonic() < deadline, f"it did not come about in {within_s:g} seconds; last seen: {seen!r}"
        time.sleep(0.02)
    return seen


def _port(process: "subprocess.Popen[bytes]", said: Path) -> int:
    """The port that the service says it listens on."""
    deadline = time.monotonic() + _START_WITHIN_S
    while True:
        has_ended = process.poll() is not None
        told = re.search(r"listens on http://localhost:(\d+) ", said.read_text(encoding="utf-8"))
        if told is not None:
            return int(told[1])
        assert not has_ended, f"the service ended instead of starting:\n{said.read_text(encoding='utf-8')}"
        assert time.monotonic() < deadline, f"it did not start:\n{said.read_text(encoding='utf-8')}"
        time.sleep(0.02)
