"""What functions print, kept by invocation and by log stream, within one bound of memory for all of them."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.core.names import Arn
from app.core.time import Instant
from app.engine.ports import LogChunk

_CHUNK_COST_BYTES = 200
"""What a chunk takes beside its text."""
_FEW_CHUNKS = 100


class InvocationLogs:
    """Logs of all functions; the oldest are forgotten when all together pass `max_bytes`.

    A retry keeps its request id, so its lines follow those of the attempt before. `now` stamps what comes.
    """

    def __init__(self, *, max_bytes: int = 64 * 1024 * 1024, now: Callable[[], Instant] = lambda: 0) -> None:
        self.now = now
        self._max_bytes = max_bytes
        self._total_bytes = 0
        self._numbers = 0
        self._all: deque[LogChunk] = deque()
        # A list at first, because a deque takes 700 bytes for the two chunks that most invocations have.
        self._by_request: dict[str, list[LogChunk] | deque[LogChunk]] = {}
        self._by_function: dict[Arn, deque[LogChunk]] = {}
        self._dropped: dict[str, int] = {}
        self._watchers: set[Callable[[Arn], None]] = set()
        self.is_closed = False
        """Whether nobody is to wait for more."""

    @property
    def last_number(self) -> int:
        return self._numbers

    def append(self, function_arn: Arn, request_id: str, data: bytes, stream: str = "", group: str = "") -> None:
        """Add what the invocation printed: whole lines."""
        self._numbers += 1
        chunk = LogChunk(self._numbers, self.now(), function_arn, request_id, stream, data, group)
        self._all.append(chunk)
        of_request = self._by_request.get(request_id)
        if of_request is None:
            self._by_request[request_id] = [chunk]
        else:
            of_request.append(chunk)
            if len(of_request) == _FEW_CHUNKS:
                self._by_request[request_id] = deque(of_request)
        of_function = self._by_function.get(function_arn)
        if of_function is None:
            self._by_function[function_arn] = deque((chunk,))
        else:
            of_function.append(chunk)
        self._total_bytes += len(data) + _CHUNK_COST_BYTES
        while self._total_bytes > self._max_bytes:
            self._forget_oldest()
        for watcher in self._watchers:
            watcher(function_arn)

    def of(self, request_id: str) -> str:
        """The whole log of one invocation; empty when nothing is known of it."""
        chunks = self._by_request.get(request_id)
        if not chunks:
            return ""
        dropped = self._dropped.get(request_id, 0)
        note = f"[{dropped} bytes before this were dropped]\n" if dropped else ""
        return note + b"".join(chunk.data for chunk in chunks).decode(errors="replace")

    def tail(self, function_arn: Arn, lines: int) -> list[str]:
        """The function's last `lines` lines, over all its invocations, oldest first."""
        found: list[list[str]] = []
        missing = lines
        for chunk in reversed(self._by_function.get(function_arn, ())):
            if missing <= 0:
                break
            found.append(chunk.text.splitlines())
            missing -= len(found[-1])
        flat = [line for part in reversed(found) for line in part]
        return flat[-lines:] if lines else []

    def chunks(
        self, function_arn: Arn | None = None, *, after: int = 0, since: Instant = 0, request_id: str | None = None
    ) -> list[LogChunk]:
        """What came behind number `after` and not before `since`, of one function or all, of one invocation or all."""
        if request_id is not None:
            kept = self._by_request.get(request_id, ())
        elif function_arn is not None:
            kept = self._by_function.get(function_arn, ())
        else:
            kept = self._all
        found: list[LogChunk] = []
        # From the end, because who follows has seen nearly all of it.
        for chunk in reversed(kept):
            if chunk.number <= after or chunk.at < since:
                break
            if function_arn is None or chunk.function == function_arn:
                found.append(chunk)
        return found[::-1]

    @contextmanager
    def watched_by(self, watcher: Callable[[Arn], None]) -> Iterator[None]:
        """Tell `watcher` of each function that prints something, as long as this lasts."""
        self._watchers.add(watcher)
        try:
            yield
        finally:
            self._watchers.discard(watcher)

    def close(self) -> None:
        """Let nobody wait for more: the service is about to stop."""
        self.is_closed = True
        for watcher in list(self._watchers):
            watcher("")

    def _forget_oldest(self) -> None:
        """Forget the oldest chunk, or the beginning of the only one."""
        chunk = self._all[0]
        if len(self._all) == 1:
            excess = len(chunk.data) - self._max_bytes // 2
            self._dropped[chunk.request_id] = self._dropped.get(chunk.request_id, 0) + excess
            chunk.data = chunk.data[excess:]
            self._total_bytes = len(chunk.data)
            return
        self._all.popleft()
        self._total_bytes -= len(chunk.data) + _CHUNK_COST_BYTES
        _forget_first(self._by_function, chunk.function)
        if _forget_first(self._by_request, chunk.request_id):
            self._dropped[chunk.request_id] = self._dropped.get(chunk.request_id, 0) + len(chunk.data)
        else:
            self._dropped.pop(chunk.request_id, None)


def _forget_first(
    chunks_by: "dict[str, deque[LogChunk]] | dict[str, list[LogChunk] | deque[LogChunk]]", key: str
) -> bool:
    """Drop the first chunk there; whether any are left."""
    chunks = chunks_by[key]
    del chunks[0]
    if not chunks:
        del chunks_by[key]
    return bool(chunks)
