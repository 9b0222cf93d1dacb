"""What a process prints, read from its pipe and put into the log of the invocation that was running."""

import asyncio
import contextlib
import os
import select
from collections.abc import Callable

from app.adapters.limits import LOG_TAIL_BYTES
from app.adapters.logs import InvocationLogs
from app.core.names import Arn

_READ_BYTES = 65_536
_MOST_READS = 64
"""A drain takes at most 4 MB, so that a thread which prints without end cannot hold it."""
_LONGEST_LINE_BYTES = 262_144
"""A line that is longer is cut (as CloudWatch Logs does with its events of 256 KB)."""


class InvocationLog:
    """The log of one attempt: kept whole in `InvocationLogs`, its last 4 KB also here.

    Only whole lines go on; the beginning of one waits for its end, or for the platform's next line.
    """

    def __init__(
        self, logs: InvocationLogs, function_arn: Arn, request_id: str, stream: str = "", group: str = ""
    ) -> None:
        self.stream = stream
        self._group = group
        self._logs = logs
        self._function_arn = function_arn
        self._request_id = request_id
        self._tail = b""
        self._partial = b""

    def write(self, data: bytes) -> None:
        """What a process printed, cut anywhere."""
        end = data.rfind(b"\n") + 1
        lines, rest = self._partial + data[:end] if end else b"", data[end:]
        self._partial = rest if end else self._partial + rest
        if len(self._partial) > _LONGEST_LINE_BYTES:
            lines, self._partial = lines + self._partial + b"\n", b""
        if lines:
            self._append(lines)

    def write_line(self, line: bytes) -> None:
        """A line of the platform's own, or several, with their ends."""
        if self._partial:
            line, self._partial = self._partial + b"\n" + line, b""
        self._append(line)

    @property
    def tail(self) -> str:
        return self._tail.decode(errors="ignore")

    def _append(self, lines: bytes) -> None:
        self._logs.append(self._function_arn, self._request_id, lines, self.stream, self._group)
        self._tail = (self._tail + lines)[-LOG_TAIL_BYTES:]


class OutputPipe:
    """The pipe that is a process's standard output and standard error, in the order of writing.

    What comes goes to `log`, and `also` is told of it.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, log: InvocationLog, also: Callable[[bytes], None] | None = None
    ) -> None:
        self.log = log
        self._also = also
        self._loop = loop
        self._read_fd, self.write_fd = os.pipe()
        os.set_blocking(self._read_fd, False)
        self._poll = select.poll()
        self._poll.register(self._read_fd, select.POLLIN)
        loop.add_reader(self._read_fd, self.drain)
        self._is_open = True

    def drain(self) -> None:
        """Take what has been written so far.

        A process writes before it posts its answer, so after the answer this has all of the invocation.
        """
        for _ in range(_MOST_READS):
            # Asked before it is read: that nothing is there is the usual, and an exception takes five times as long.
            if self._is_open and not self._poll.poll(0):
                return
            try:
                data = os.read(self._read_fd, _READ_BYTES) if self._is_open else b""
            except BlockingIOError:
                return
            if not data:
                self.close()
                return
            self.log.write(data)
            if self._also is not None:
                self._also(data)
            if len(data) < _READ_BYTES:
                # There was no more when it was read.
                return

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
