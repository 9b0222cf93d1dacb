"""The Lambda Runtime API (2018-06-01) of one environment: its states, its calls and its answers.

Answers and error texts are those of the Runtime Interface Emulator, measured.
"""

from base64 import b64decode
from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from app.adapters.limits import RESPONSE_MAX_BYTES, STREAMED_MAX_BYTES
from app.adapters.process.extensions_api import ExtensionsApi
from app.adapters.process.http_server import Connection, Request, Take
from app.adapters.process.usual_requests import UsualRequests
from app.core.value import value
from app.engine.ports import ResponseSink


class State(StrEnum):
    """Where the runtime is; the values are the words of its error texts."""

    STARTED = "RuntimeStarted"
    READY = "Ready"
    RUNNING = "Running"
    RESPONDING = "InvocationResponse"
    RESPONSE_SENT = "RuntimeResponseSentState"
    INIT_FAILED = "RuntimeInitErrorState"


class Call(StrEnum):
    NEXT = "Ready"
    RESPONSE = "InvocationResponse"
    ERROR = "InvocationErrorResponse"
    INIT_ERROR = "InitError"


MOVES: dict[State, dict[Call, State]] = {
    State.STARTED: {Call.NEXT: State.READY, Call.INIT_ERROR: State.INIT_FAILED},
    State.READY: {Call.NEXT: State.READY},
    # Asked again before it has answered, a runtime is told the same invocation again.
    State.RUNNING: {Call.NEXT: State.RUNNING, Call.RESPONSE: State.RESPONSE_SENT, Call.ERROR: State.RESPONSE_SENT},
    # Its response comes piece by piece; the end of that is no new call.
    State.RESPONDING: {},
    State.RESPONSE_SENT: {Call.NEXT: State.READY},
    State.INIT_FAILED: {},
}

_ROUTES = {
    ("GET", "/2018-06-01/runtime/invocation/next"): Call.NEXT,
    ("POST", "/2018-06-01/runtime/init/error"): Call.INIT_ERROR,
}
_INVOCATION_ROUTES = {"response": Call.RESPONSE, "error": Call.ERROR}
_INVOCATION_PREFIX = "/2018-06-01/runtime/invocation/"
_ERROR_TYPE = "lambda-runtime-function-error-type"
_RESPONSE_MODE = "lambda-runtime-function-response-mode"
_KEPT_BYTES = 65_536
"""What of a response comes in pieces is put together here up to this size; the parser does it with less copying."""
_JSON = {"Content-Type": "application/json"}
_ACCEPTED = b'{"status":"OK"}\n'
_ACCEPTED_WHOLE = b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n" + _ACCEPTED


@value(frozen=True, slots=True)
class Offer:
    """An invocation as `/next` tells it. `headers` are all `Lambda-Runtime-…` ones.

    `sink` takes the response as it comes, if the runtime streams it; else it is told whole.
    """

    request_id: str
    headers: Mapping[str, str]
    payload: bytes
    sink: ResponseSink | None = None


class Listener(Protocol):
    """Who is told what the runtime did."""

    def polled(self) -> None:
        """It asked for an invocation, and none was there."""

    def delivered(self) -> None:
        """It has been told the invocation on offer."""

    def responded(self, payload: bytes) -> None:
        """It answered with a result; what went to a sink is not in it."""

    def response_too_large(self) -> None:
        """It answered with more than Lambda takes."""

    def erred(self, error_type: str, payload: bytes) -> None:
        """It answered with an error, or ended a streamed response with one."""

    def truncated(self) -> None:
        """It hung up in the middle of a streamed response."""

    def init_failed(self, error_type: str, payload: bytes) -> None:
        """It could not initialise."""


class RuntimeApi:
    """One runtime's view of Lambda. Holds at most one invocation, from `offer` to its answer."""

    def __init__(self, listener: Listener, extensions: ExtensionsApi | None = None) -> None:
        self._listener = listener
        self._extensions = extensions
        self._state = State.STARTED
        self._offer: Offer | None = None
        self._request_id = ""
        self._polls: list[Connection] = []
        self._connections: set[Connection] = set()
        self._streamed_bytes = 0
        self._usual = UsualRequests()
        self._asks_ahead = False

    def __repr__(self) -> str:
        return f"<RuntimeApi {self._state.name.lower()}, {len(self._polls)} polling>"

    @property
    def state(self) -> State:
        return self._state

    def expect_own_runtime(self, address: str) -> None:
        """The runtime is one of ours, which writes its requests always in the same way: a response, and the question
        for the next invocation behind it in the same piece."""
        host = f"HTTP/1.1\r\nHost: {address}\r\n"
        poll = f"GET /2018-06-01/runtime/invocation/next {host}\r\n"
        response = (
            f"POST {_INVOCATION_PREFIX}REQUEST/response {host}Content-Type: application/json\r\n"
            "Content-Length: 0\r\n\r\n"
        )
        self._usual.know(poll.encode(), response.encode(), b"REQUEST")
        self._asks_ahead = True

    def connect(self) -> Connection:
        """The protocol of a new client; for `loop.create_server`."""
        connection = Connection(
            self._serve, self._leave, max_body_bytes=RESPONSE_MAX_BYTES, stream=self._stream,
            shortcut=self._serve_usual, asks_ahead=self._asks_ahead,
        )  # fmt: skip
        self._connections.add(connection)
        return connection

    def close(self) -> None:
        """Hang up on every client."""
        for connection in self._connections:
            connection.close()

    def offer(self, offer: Offer) -> None:
        """Tell the runtime this invocation: at once if it polls, else when it next does."""
        assert self._offer is None, f"{self._offer} is not settled yet"
        self._offer = offer
        if self._polls:
            self._deliver(self._polls.pop())

    # Requests ------------------------------------------------------------------------------------------

    def _serve(self, request: Request, connection: Connection) -> None:
        if request.was_streamed:
            self._state = State.RESPONSE_SENT
            self._response(request, connection)
            return
        call = _ROUTES.get((request.method, request.path))
        request_id = ""
        if call is None and request.path.startswith(_INVOCATION_PREFIX):
            request_id, _, verb = request.path.removeprefix(_INVOCATION_PREFIX).partition("/")
            call = _INVOCATION_ROUTES.get(verb) if request.method == "POST" else None
        if call is None:
            if self._extensions is None or not self._extensions.serve(request, connection):
                self._reply_unrouted(request, connection)
            return
        if call in (Call.RESPONSE, Call.ERROR) and request_id != self._request_id:
            self._refuse(connection, 400, "InvalidRequestID", "Invalid request ID")
            return
        state = MOVES[self._state].get(call)
        if state is None:
            message = (
                f"State transition from {self._state} to {call} failed for runtime. "
                "Error: State transition is not allowed"
            )
            self._refuse(connection, 403, "InvalidStateTransition", message)
            return
        self._state = state
        match call:
            case Call.NEXT:
                self._usual.learn_poll(request.head)
                self._next(connection)
            case Call.RESPONSE:
                self._usual.learn_response(request.head)
                self._response(request, connection)
            case Call.ERROR:
                self._offer = None
                connection.reply(202, _JSON, _ACCEPTED)
                self._listener.erred(request.headers.get(_ERROR_TYPE, ""), request.body)
            case Call.INIT_ERROR:
                connection.reply(202, _JSON, _ACCEPTED)
                self._listener.init_failed(request.headers.get(_ERROR_TYPE, ""), request.body)

    def _serve_usual(self, data: bytes, connection: Connection) -> bool:
        """What nearly every request is: the response to the invocation in progress, the question for the next one, or
        both in one piece. Anything else is for the parser."""
        usual = self._usual
        if data == usual.poll:
            state = MOVES[self._state].get(Call.NEXT)
            if state is None:
                return False
            self._state = state
            connection.begin_to_serve()
            self._next(connection)
            return True
        body = usual.response_in(data) if self._state is State.RUNNING else None
        if body is None:
            return False
        begin, end = body
        if end > len(data):
            if end > _KEPT_BYTES:
                return False
            connection.keep(data)
            return True
        rest = data[end:]
        if rest and rest != usual.poll:
            return False
        self._offer = None
        if rest:
            self._state = State.READY
            connection.reply_and_serve_again(_ACCEPTED_WHOLE)
            # It polls before its response is told: what that leads to may be its next invocation, which it then gets
            # at once, and everything else is done while it works.
            self._polls.append(connection)
            self._listener.responded(data[begin:end])
            if connection in self._polls:
                self._listener.polled()
        else:
            self._state = State.RESPONSE_SENT
            connection.reply_at_once(_ACCEPTED_WHOLE)
            self._listener.responded(data[begin:end])
        return True

    def _next(self, connection: Connection) -> None:
        if self._offer is not None:
            self._deliver(connection)
            return
        self._polls.append(connection)
        self._listener.polled()

    def _deliver(self, connection: Connection) -> None:
        assert self._offer is not None, "only what is on offer can be delivered"
        is_first = self._state is not State.RUNNING
        self._state = State.RUNNING
        self._request_id = self._offer.request_id
        self._usual.expect(self._request_id)
        connection.reply(200, {**_JSON, **self._offer.headers}, self._offer.payload)
        if is_first:
            self._listener.delivered()

    def _response(self, request: Request, connection: Connection) -> None:
        self._offer = None
        if request.is_too_large or (request.was_streamed and self._streamed_bytes > STREAMED_MAX_BYTES):
            message = f"Exceeded maximum allowed payload size ({RESPONSE_MAX_BYTES} bytes)."
            self._refuse(connection, 413, "RequestEntityTooLarge", message)
            self._listener.response_too_large()
            return
        connection.reply(202, _JSON, _ACCEPTED)
        error_type = request.headers.get(_ERROR_TYPE)
        if error_type is None:
            self._listener.responded(request.body)
        else:
            self._listener.erred(error_type, _trailing_error(request))

    def _stream(self, head: Request) -> Take | None:
        """Where the pieces of a body go whose head has come: to the sink, if it is the response that one waits for."""
        offer = self._offer
        if offer is None or offer.sink is None or self._state is not State.RUNNING:
            return None
        if head.headers.get(_RESPONSE_MODE, "").lower() != "streaming":
            return None
        if head.method != "POST" or head.path != f"{_INVOCATION_PREFIX}{self._request_id}/response":
            return None
        sink = offer.sink
        self._streamed_bytes = 0
        self._state = State.RESPONDING
        sink.begin(head.headers.get("content-type", "application/octet-stream"))

        def take(piece: bytes | None) -> None:
            if piece is None:
                self._state, self._offer = State.RESPONSE_SENT, None
                self._listener.truncated()
                return
            self._streamed_bytes += len(piece)
            if self._streamed_bytes <= STREAMED_MAX_BYTES:
                sink.write(piece)

        return take

    def _refuse(self, connection: Connection, status: int, error_type: str, message: str) -> None:
        connection.reply(status, _JSON, f'{{"errorMessage":"{message}","errorType":"{error_type}"}}\n'.encode())

    def _reply_unrouted(self, request: Request, connection: Connection) -> None:
        is_answer = request.path.startswith(_INVOCATION_PREFIX) and request.path.endswith(("/response", "/error"))
        if is_answer or request.path in {path for _, path in _ROUTES}:
            connection.reply(405, {}, b"")
        else:
            connection.reply(404, {"Content-Type": "text/plain; charset=utf-8"}, b"404 page not found\n")

    def _leave(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if connection in self._polls:
            self._polls.remove(connection)
        if self._extensions is not None:
            self._extensions.leave(connection)


def _trailing_error(request: Request) -> bytes:
    """The error that a streamed response ended with: base64 JSON in a trailer (developer guide, runtimes-custom)."""
    try:
        return b64decode(request.headers.get("lambda-runtime-function-error-body", ""), validate=True)
    except ValueError:
        return b""
