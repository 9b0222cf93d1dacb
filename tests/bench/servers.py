"""The service and its floors as processes of their own, started the way a user would."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server that listens on `port` of 127.0.0.1."""

    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def resident_mb(self) -> float:
        """Its resident memory now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    @property
    def cpu_s(self) -> float:
        """The processor time that its main thread has had, which is the one that serves."""
        return int(Path(f"/proc/{self.process.pid}/schedstat").read_text().split()[0]) / 1e9


@contextmanager
def service(folder: Path, settings: str = "", *, statistics: Path | None = None) -> Iterator[Server]:
    """Triggerfish with these settings (YAML, without `listen`), written into `folder`. With `statistics` it runs under
    cProfile, which writes there when it ends."""
    port = free_port()
    config = folder / f"triggerfish-{port}.yaml"
    config.write_text(f"listen: 127.0.0.1:{port}\n{settings}")
    profiler = ["-m", "cProfile", "-o", str(statistics)] if statistics is not None else []
    command = [sys.executable, *profiler, "-m", "app", "up", "--config", str(config)]
    # A profiler writes what it has as Python ends, which it does not of a SIGTERM.
    with running(port, command, ends_by=signal.SIGINT if profiler else signal.SIGTERM) as server:
        yield server


@contextmanager
def floor(module: str, *arguments: int | str) -> Iterator[Server]:
    """One of the bare servers here, by the name of its module; `arguments` come after its port."""
    port = free_port()
    with running(port, [sys.executable, "-m", f"tests.bench.{module}", *map(str, (port, *arguments))]) as server:
        yield server


def wait_until_listening(server: Server) -> None:
    """Returns as soon as connections are accepted. Raises RuntimeError when the server ends instead."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", server.port)) == 0:
                return
        if server.process.poll() is not None:
            break
        time.sleep(0.001)
    raise RuntimeError(f"nothing listens on port {server.port}: {server.process.args!r}")


@contextmanager
def running(port: int, command: Sequence[str], *, ends_by: signal.Signals = signal.SIGTERM) -> Iterator[Server]:
    """The command as a process of its own, which is to listen on `port`."""
    # The environment of whoever measures must not change what is measured: an installed program has its bytecode.
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("TRIGGERFISH_") and name != "PYTHONDONTWRITEBYTECODE"
    }
    process = subprocess.Popen(command, cwd=_ROOT, env=environ, stdout=subprocess.DEVNULL)
    try:
        yield Server(port, process)
    finally:
        process.send_signal(ends_by)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
