"""What a process prints, read from its pipe and put into the log of the invocation that was running."""

import asyncio
import contextlib
import os

from app.adapters.limits import LOG_TAIL_BYTES
from app.adapters.logs import InvocationLogs
from app.core.names import Arn

_READ_BYTES = 65_536
_MOST_READS = 64
"""A drain takes at most 4 MB, so that a thread which prints without end cannot hold it."""


class InvocationLog:
    """The log of one attempt: kept whole in `InvocationLogs`, its last 4 KB also here."""

    def __init__(self, logs: InvocationLogs, function_arn: Arn, request_id: str) -> None:
        self._logs = logs
        self._function_arn = function_arn
        self._request_id = request_id
        self._tail = bytearray()

    def write(self, data: bytes) -> None:
        self._logs.append(self._function_arn, self._request_id, data)
        self._tail += data
        del self._tail[:-LOG_TAIL_BYTES]

    @property
    def tail(self) -> str:
        return self._tail.decode(errors="ignore")


class OutputPipe:
    """The pipe that is the process's standard output and standard error, in the order of writing."""

    def __init__(self, loop: asyncio.AbstractEventLoop, log: InvocationLog) -> None:
        self.log = log
        self._loop = loop
        self._read_fd, self.write_fd = os.pipe()
        os.set_blocking(self._read_fd, False)
        loop.add_reader(self._read_fd, self.drain)
        self._is_open = True

    def drain(self) -> None:
        """Take what has been written so far.

        A process writes before it posts its answer, so after the answer this has all of the invocation.
        """
        for _ in range(_MOST_READS):
            try:
                data = os.read(self._read_fd, _READ_BYTES) if self._is_open else b""
            except BlockingIOError:
                return
            if not data:
                self.close()
                return
            self.log.write(data)

    def close_write_end(self) -> None:
        """Leave the writing to the process."""
        if self.write_fd >= 0:
            os.close(self.write_fd)
            self.write_fd = -1

    def close(self) -> None:
        """Read no more."""
        self.close_write_end()
        if self._is_open:
            self._is_open = False
            self._loop.remove_reader(self._read_fd)
            with contextlib.suppress(OSError):
                os.close(self._read_fd)
