"""What functions print, as CloudWatch Logs has it: told to moto's Logs when somebody asks that, and not before."""

from collections.abc import Callable, Sequence
from typing import Any

from app.core.names import Arn, Scope, parse_arn
from app.core.time import to_datetime
from app.engine.ports import FunctionLogs, LogChunk

_LINE_END = "\n"


class ToldToLogs:
    """A preparation of `MotoServices`: before each request, what was printed since the one before is told to moto.

    So an invocation pays nothing for it, and moto is not loaded for nobody. What the log's bound of memory has let go
    until then is not told.
    """

    def __init__(self, logs: FunctionLogs) -> None:
        self._logs = logs
        self._told = 0

    def __call__(self, _: Scope) -> Callable[[], None]:
        """What is new; called on moto's thread, it tells moto. Every account and region gets its own."""
        chunks = self._logs.chunks(after=self._told)
        self._told = self._logs.last_number
        return lambda: _tell(chunks)


def _tell(chunks: Sequence[LogChunk]) -> None:
    from moto.logs.models import LogEvent, logs_backends

    for chunk in chunks:
        scope = parse_arn(chunk.function).scope
        stream = _stream(logs_backends[scope.account][scope.region], group_of(chunk), chunk.stream)
        # A line is an event, with its end, as Lambda's own. Past moto's put_log_events: that takes only times near
        # its own, and these may be of any.
        for line in chunk.text.splitlines():
            stream.events.append(LogEvent(chunk.at, {"timestamp": chunk.at, "message": line + _LINE_END}))
            stream.stored_bytes += len(line) + 1
        stream.last_ingestion_time = to_datetime(chunk.at).replace(tzinfo=None)


def _stream(backend: Any, group: str, stream: str) -> Any:
    backend.ensure_log_group(group)
    backend.ensure_log_stream(group, stream)
    return backend.groups[group].streams[stream]


def group_of(chunk: LogChunk) -> str:
    """The log group that the function's settings name, or Lambda's own for it."""
    return chunk.group or f"/aws/lambda/{_function_name(chunk.function)}"


def _function_name(function: Arn) -> str:
    return function.split(":")[6]
