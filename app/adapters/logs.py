"""What functions print, kept by invocation, within one bound of memory for all of them."""

from app.core.names import Arn


class _Entry:
    __slots__ = ("dropped", "function_arn", "text")

    def __init__(self, function_arn: Arn) -> None:
        self.function_arn = function_arn
        self.text = bytearray()
        self.dropped = 0


class InvocationLogs:
    """Logs by request id; the oldest are forgotten when all together pass `max_bytes`.

    A retry keeps its request id, so its lines follow those of the attempt before.
    """

    def __init__(self, *, max_bytes: int = 64 * 1024 * 1024) -> None:
        self._max_bytes = max_bytes
        self._total_bytes = 0
        self._entries: dict[str, _Entry] = {}
        self._by_function: dict[Arn, dict[str, None]] = {}

    def append(self, function_arn: Arn, request_id: str, data: bytes) -> None:
        """Add what the invocation printed."""
        entry = self._entries.get(request_id)
        if entry is None:
            entry = self._entries[request_id] = _Entry(function_arn)
            self._by_function.setdefault(function_arn, {})[request_id] = None
        entry.text += data
        self._total_bytes += len(data)
        while self._total_bytes > self._max_bytes:
            self._shrink()

    def of(self, request_id: str) -> str:
        """The whole log of one invocation; empty when nothing is known of it."""
        entry = self._entries.get(request_id)
        if entry is None:
            return ""
        note = f"[{entry.dropped} bytes before this were dropped]\n" if entry.dropped else ""
        return note + entry.text.decode(errors="replace")

    def tail(self, function_arn: Arn, lines: int) -> list[str]:
        """The function's last `lines` lines, over all its invocations, oldest first."""
        found: list[str] = []
        for request_id in reversed(self._by_function.get(function_arn, {})):
            if len(found) >= lines:
                break
            found = self.of(request_id).splitlines() + found
        return found[-lines:] if lines else []

    def _shrink(self) -> None:
        """Forget the oldest invocation, or the beginning of the only one."""
        request_id = next(iter(self._entries))
        entry = self._entries[request_id]
        if len(self._entries) == 1:
            excess = self._total_bytes - self._max_bytes // 2
            del entry.text[:excess]
            entry.dropped += excess
            self._total_bytes -= excess
            return
        del self._entries[request_id]
        self._total_bytes -= len(entry.text)
        remaining = self._by_function[entry.function_arn]
        del remaining[request_id]
        if not remaining:
            del self._by_function[entry.function_arn]
