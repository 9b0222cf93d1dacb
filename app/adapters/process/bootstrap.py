"""The Python runtime: imports the handler and runs it, invocation after invocation. Standard library only.

Run by path with `-P`, so that this folder is not searched, in a process of its own; nothing of Triggerfish can be
imported here. Its error types and texts are those of Lambda's own Python runtime.
"""

import decimal
import importlib
import json
import logging
import os
import socket
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import TracebackType
from typing import Any, NoReturn

_PREFIX = "/2018-06-01/runtime"
_USUAL_BYTES = 65_536
"""Read at once. Room for twice as much is mapped anew for each call, which cost as much as the rest of it."""
_LEVELS = {"WARNING": "WARN", "CRITICAL": "FATAL"}
_LOG_FORMAT = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"


class Fault(Exception):
    """An error of the runtime's own, with the type under which Lambda reports it."""

    def __init__(self, error_type: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.trace = trace or []


class Identity:
    """Of a mobile SDK's caller; always empty here."""

    cognito_identity_id: str | None = None
    cognito_identity_pool_id: str | None = None


class Client:
    def __init__(self, values: Mapping[str, Any]) -> None:
        self.installation_id = values.get("installation_id")
        self.app_title = values.get("app_title")
        self.app_version_name = values.get("app_version_name")
        self.app_version_code = values.get("app_version_code")
        self.app_package_name = values.get("app_package_name")


class ClientContext:
    def __init__(self, values: Mapping[str, Any]) -> None:
        self.custom = values.get("custom")
        self.env = values.get("env")
        self.client = Client(values["client"]) if values.get("client") else None


_VARIABLES = {
    "function_name": os.environ.get("AWS_LAMBDA_FUNCTION_NAME"),
    "function_version": os.environ.get("AWS_LAMBDA_FUNCTION_VERSION"),
    "memory_limit_in_mb": os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
    "log_group_name": os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME"),
    "log_stream_name": os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME"),
}
"""What of the context stays the same: read once, because it costs as much as the rest of it."""


class LambdaContext:
    """The handler's second argument."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.function_name = _VARIABLES["function_name"]
        self.function_version = _VARIABLES["function_version"]
        self.memory_limit_in_mb = _VARIABLES["memory_limit_in_mb"]
        self.log_group_name = _VARIABLES["log_group_name"]
        self.log_stream_name = _VARIABLES["log_stream_name"]
        self.tenant_id: str | None = None
        self.identity = Identity()
        client_context = headers.get("lambda-runtime-client-context")
        self.client_context = ClientContext(_parse_client_context(client_context)) if client_context else None
        self._deadline_ms = int(headers.get("lambda-runtime-deadline-ms", "0"))

    def get_remaining_time_in_millis(self) -> int:
        return max(0, self._deadline_ms - int(time.time() * 1_000))

    def log(self, message: object) -> None:
        sys.stdout.write(str(message))

    def __repr__(self) -> str:
        return f"LambdaContext([aws_request_id={self.aws_request_id},function_name={self.function_name}])"


class RuntimeClient:
    """One kept connection to the Runtime API. When that is gone, so is this process.

    `descriptor` is a socket that was handed over, connected already; without one it connects to `address`.
    """

    def __init__(self, address: str, descriptor: str = "") -> None:
        if descriptor:
            self._socket = socket.socket(fileno=int(descriptor))
            self._socket.set_inheritable(False)
        else:
            self._socket = _connected(address)
        self._poll = f"GET {_PREFIX}/invocation/next HTTP/1.1\r\nHost: {address}\r\n\r\n".encode()
        self._host = address
        self._received = b""
        self._has_asked = False
        self._usual_answer = b"-"
        """To the last result: the next one's is the same, byte for byte, and then has not to be read."""

    def next(self) -> tuple[dict[str, str], bytes]:
        """The next invocation: its headers, in lower case, and its event. Waits for as long as it takes."""
        if not self._has_asked:
            self._send(self._poll)
        self._has_asked = False
        status, headers, body = self._receive()
        if status != 200:
            _leave(1)
        return headers, body

    def post(self, path: str, body: bytes, error_type: str | None = None, *, asks: bool = True) -> None:
        """Tell a result or an error, and ask for the next invocation with the same breath.

        What the API thinks of the answer (too large, say) is not the handler's business.
        """
        # What was printed must be in the pipe before the answer is known.
        try:
            sys.stderr.flush()
            sys.stdout.flush()
        except (OSError, ValueError, AttributeError):
            pass  # the handler closed or replaced them
        header = f"Lambda-Runtime-Function-Error-Type: {error_type}\r\n" if error_type else ""
        head = (
            f"POST {_PREFIX}{path} HTTP/1.1\r\nHost: {self._host}\r\n{header}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._has_asked = asks
        self._send(head.encode("utf-8") + body + (self._poll if asks else b""))
        received = self._received or self._read()
        if received.startswith(self._usual_answer):
            self._received = received[len(self._usual_answer) :]
            return
        self._received = received
        self._receive()
        if self._received and received.endswith(self._received):
            self._usual_answer = received[: -len(self._received)]

    def _send(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError:
            _leave(0)

    def _receive(self) -> tuple[int, dict[str, str], bytes]:
        """One answer; what came of the next one behind it is kept."""
        received = self._received
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._read()
        status_line, *lines = received[:end].decode("utf-8").split("\r\n")
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        begin = end + 4
        end = begin + int(headers.get("content-length", "0"))
        if len(received) < end:
            parts, missing = [received], end - len(received)
            while missing > 0:
                parts.append(self._read(missing))
                missing -= len(parts[-1])
            received = b"".join(parts)
        self._received = received[end:]
        if headers.get("connection") == "close":
            # Who was sent more than is taken hangs up (the emulator does): what was asked with it is asked again.
            self._socket.close()
            self._socket = _connected(self._host)
            self._received, self._has_asked = b"", False
        return int(status_line.split(None, 2)[1]), headers, received[begin:end]

    def _read(self, at_most: int = _USUAL_BYTES) -> bytes:
        try:
            data = self._socket.recv(max(at_most, _USUAL_BYTES))
        except OSError:
            _leave(0)
        if not data:
            _leave(0)
        return data


def _connected(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    connection = socket.create_connection((host, int(port)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


class RequestIdFilter(logging.Filter):
    """Puts the request id into every log record."""

    request_id = ""

    def filter(self, record: logging.LogRecord) -> bool:
        record.aws_request_id = self.request_id
        return True


class JsonFormatter(logging.Formatter):
    """A record as a line of JSON, for functions whose log format is that."""

    _own = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "aws_request_id"}

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": _LEVELS.get(record.levelname, record.levelname),
            "message": record.getMessage(),
            "logger": record.name,
        }
        line |= {name: value for name, value in record.__dict__.items() if name not in self._own}
        if record.exc_info and record.exc_info[0] is not None:
            line["errorType"], line["errorMessage"] = record.exc_info[0].__name__, str(record.exc_info[1])
            line["stackTrace"] = traceback.format_tb(record.exc_info[2])
        line["requestId"] = getattr(record, "aws_request_id", "")
        return json.dumps(line, default=str, ensure_ascii=False)


def main() -> None:
    """Init, then invocations for ever."""
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    sys.meta_path.insert(0, OursHidden(__file__.rpartition("/adapters/")[0]))
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    request_ids = _set_up_logging()
    client = RuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"], os.environ.pop("TRIGGERFISH_RUNTIME_SOCKET", ""))
    try:
        handler = load_handler(os.environ.get("_HANDLER", ""))
    except Exception as error:  # whatever the module's code raised
        fault = describe_error(error, "")
        print_error(fault)
        client.post("/init/error", json.dumps(fault).encode(), str(fault["errorType"]), asks=False)
        sys.exit(1)
    while True:
        headers, event = client.next()
        request_id = request_ids.request_id = headers["lambda-runtime-aws-request-id"]
        _set_trace_id(headers.get("lambda-runtime-trace-id"))
        try:
            result = _marshal(handler(_unmarshal(event), LambdaContext(headers)))
        except Exception as error:  # whatever the handler raised
            fault = describe_error(error, request_id)
            print_error(fault)
            client.post(f"/invocation/{request_id}/error", json.dumps(fault).encode(), str(fault["errorType"]))
        else:
            client.post(f"/invocation/{request_id}/response", result)


class OursHidden:
    """A finder before all others: Triggerfish's own package lies beside what it needs, where any handler could import
    it; a package without `app.py` would be told that `app` has no such handler."""

    def __init__(self, ours: str) -> None:
        """`ours` is the package's folder."""
        self._ours = ours
        self._name = ours.rpartition("/")[2]

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        if name != self._name:
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is None or self._ours in (spec.submodule_search_locations or ()):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return spec


def load_handler(name: str) -> Callable[[Any, LambdaContext], Any]:
    """The function that `module.function` or `folder/module.function` names. Raises Fault."""
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        raise Fault(
            "Runtime.MalformedHandlerName",
            f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)",
        )
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault("Runtime.BuiltInModuleConflict", f"Cannot use built-in module {module_name} as a handler module")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}") from error
    except SyntaxError as error:
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        message = f"Syntax error in module '{module_name}': {error}"
        raise Fault("Runtime.UserCodeSyntaxError", message, trace) from error
    try:
        handler: Callable[[Any, LambdaContext], Any] = getattr(module, function_name)
    except AttributeError:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise Fault("Runtime.HandlerNotFound", message) from None
    return handler


def describe_error(error: Exception, request_id: str) -> dict[str, object]:
    """The error as the handler's caller sees it."""
    if isinstance(error, Fault):
        error_type, trace = error.error_type, error.trace
    else:
        error_type, trace = type(error).__name__, _stack_trace(error.__traceback__)
    return {"errorMessage": str(error), "errorType": error_type, "requestId": request_id, "stackTrace": trace}


def print_error(fault: Mapping[str, object]) -> None:
    """The error as the log shows it."""
    if _logs_json():
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        line: dict[str, object] = {"timestamp": stamp, "level": "ERROR", "message": fault["errorMessage"], **fault}
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        return
    lines = [f"[ERROR] {fault['errorType']}: {fault['errorMessage']}", "Traceback (most recent call last):"]
    trace = fault["stackTrace"]
    assert isinstance(trace, list), "a stack trace is a list of texts"
    lines += [str(entry).rstrip("\n") for entry in trace]
    sys.stdout.write("\n".join(lines) + "\n")


def _stack_trace(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)
    while frames and frames[0].filename == __file__:
        del frames[0]
    # An import begins with frames of the import system, which say nothing about the handler.
    while frames and (frames[0].filename.startswith("<frozen") or "/importlib/" in frames[0].filename):
        del frames[0]
    return traceback.format_list(frames)


def _unmarshal(event: bytes) -> Any:
    try:
        return json.loads(event)
    except ValueError as error:
        raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from error


def _marshal(result: Any) -> bytes:
    if isinstance(result, bytes):
        return result
    try:
        return _ENCODER.encode(result).encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(result, default=_marshal_decimal).encode("ascii")
    except Exception as error:
        raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def _marshal_decimal(value: object) -> int | float:
    """DynamoDB's numbers are Decimals, and Lambda's runtime writes them as numbers."""
    if not isinstance(value, decimal.Decimal):
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
    return int(value) if value.is_finite() and value == value.to_integral_value() else float(value)


_ENCODER = json.JSONEncoder(default=_marshal_decimal, ensure_ascii=False)
"""Kept: `json.dumps` makes one for every call that is not its usual one."""


def _parse_client_context(text: str) -> Mapping[str, Any]:
    try:
        values = json.loads(text)
    except ValueError as error:
        raise Fault("Runtime.LambdaContextUnmarshalError", f"Unable to parse Client Context JSON: {error}") from error
    return values if isinstance(values, dict) else {}


def _set_trace_id(trace_id: str | None) -> None:
    """The AWS SDKs read it here and send it with every call."""
    if trace_id:
        os.environ["_X_AMZN_TRACE_ID"] = trace_id
    else:
        os.environ.pop("_X_AMZN_TRACE_ID", None)


def _set_up_logging() -> RequestIdFilter:
    """The root logger of Lambda's runtime, so that `logger.setLevel(INFO)` is enough to see something."""
    request_ids = RequestIdFilter()
    formatter = logging.Formatter(_LOG_FORMAT, "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    output = logging.StreamHandler(sys.stdout)
    output.setFormatter(JsonFormatter() if _logs_json() else formatter)
    output.addFilter(request_ids)
    logging.getLogger().addHandler(output)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "")
    level = "NOTSET" if level == "TRACE" else level
    if level in logging.getLevelNamesMapping():
        logging.getLogger().setLevel(level)
    return request_ids


def _logs_json() -> bool:
    return os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"


def _leave(status: int) -> NoReturn:
    """The API is gone: end now, whatever threads the handler has left running."""
    sys.stdout.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
