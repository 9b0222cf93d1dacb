"""A handler that does nothing but tell, in a datagram: when it was entered, with how many records, in which process,
and for how long that has waited for its invocations in all. With `WORK_US` it is busy for so many microseconds."""

import os
import socket
import sys
import time

_telling = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
_telling.connect(("127.0.0.1", int(os.environ["REPORT_PORT"])))
_waited_ns = 0
_WORK_NS = int(os.environ.get("WORK_US", "0")) * 1_000


def handler(event: dict[str, list[object]], context: object) -> None:
    entered = time.monotonic_ns()
    _telling.send(b"%d %d %d %d" % (entered, len(event["Records"]), os.getpid(), _waited_ns))
    while time.monotonic_ns() - entered < _WORK_NS:
        pass


def _measure_waiting() -> None:
    """Have the time counted for which the runtime waits to hear from the Runtime API."""
    client = sys.modules["__main__"].RuntimeClient
    read = client._read

    def timed(self: object) -> bytes:
        global _waited_ns
        begin = time.monotonic_ns()
        data: bytes = read(self)
        _waited_ns += time.monotonic_ns() - begin
        return data

    client._read = timed


_measure_waiting()
