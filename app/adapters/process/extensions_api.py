"""The Extensions API (2020-01-01) of one environment, and the door to its Telemetry API.

Answers and error texts are those of the Runtime Interface Emulator, measured, but for what it does not offer.
"""

import json
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from app.adapters.process.http_server import Connection, Request
from app.adapters.process.telemetry import Telemetry, WrongSubscription

EXTENSION_PREFIX = "/2020-01-01/extension/"
TELEMETRY_PATHS = {"/2022-07-01/telemetry": False, "/2020-08-15/logs": True}
"""Whether each is the older Logs API."""
MOST_EXTENSIONS = 10

_JSON = {"Content-Type": "application/json"}
_IDENTIFIER = "lambda-extension-identifier"
_NAME = "lambda-extension-name"
_ERROR_TYPE = "lambda-extension-function-error-type"
_ACCEPTED = b'{"status":"OK"}\n'
_EVENTS = ("INVOKE", "SHUTDOWN")


class ExtensionState(StrEnum):
    """Where an extension is; the values are the words of its log lines."""

    REGISTERED = "Registered"
    READY = "Ready"
    RUNNING = "Running"
    FAILED = "Failed"


@dataclass(slots=True)
class Extension:
    """One that registered. `poll` is its open request for the next event, `waiting` has events not asked for yet."""

    name: str
    identifier: str
    events: tuple[str, ...]
    is_external: bool
    state: ExtensionState = ExtensionState.REGISTERED
    poll: Connection | None = None
    waiting: list[bytes] = field(default_factory=list)
    error_type: str = ""


class ExtensionListener(Protocol):
    """Who is told what extensions do."""

    def extension_registered(self, extension: Extension) -> None:
        """It is known from now on."""

    def extension_polled(self, extension: Extension) -> None:
        """It asked for its next event, and none was there: it is ready."""

    def extension_failed(self, extension: Extension) -> None:
        """It told an error at its init or exit; `error_type` has its word."""

    def telemetry_subscribed(self, extension: Extension, types: Collection[str]) -> None:
        """It gets telemetry of these types."""


@dataclass(frozen=True, slots=True)
class About:
    """What a registration is told of the function."""

    function_name: str
    function_version: str
    handler: str
    account: str


class ExtensionsApi:
    """The extensions of one environment. `expected` names the external ones, before they are started."""

    def __init__(self, about: About, listener: ExtensionListener, telemetry: Telemetry) -> None:
        self.expected: frozenset[str] = frozenset()
        self.is_open = True
        """Whether extensions may register: until the runtime asked for its first invocation."""
        self._about = about
        self._listener = listener
        self._telemetry = telemetry
        self._extensions: dict[str, Extension] = {}
        self._routes: dict[tuple[str, str], Callable[[Request, Connection], None]] = {
            ("POST", "register"): self._register,
            ("GET", "event/next"): self._next,
            ("POST", "init/error"): self._error,
            ("POST", "exit/error"): self._error,
        }

    def __repr__(self) -> str:
        return f"<ExtensionsApi {', '.join(f'{e.name} {e.state}' for e in self.all) or 'no extensions'}>"

    @property
    def all(self) -> list[Extension]:
        return list(self._extensions.values())

    @property
    def has_any(self) -> bool:
        return bool(self._extensions) or bool(self.expected)

    @property
    def have_registered(self) -> bool:
        """Whether every external extension has."""
        return self.expected <= {extension.name for extension in self._extensions.values()}

    @property
    def are_ready(self) -> bool:
        """Whether every extension has asked for its next event."""
        return self.have_registered and all(e.state is ExtensionState.READY for e in self._extensions.values())

    def tell(self, event: Mapping[str, Any]) -> None:
        """An event to whoever asked for its type: now if it polls, else when it next does."""
        body = json.dumps(event, separators=(",", ":")).encode()
        for extension in self._extensions.values():
            if event["eventType"] in extension.events and extension.state is not ExtensionState.FAILED:
                extension.state = ExtensionState.RUNNING
                extension.waiting.append(body)
                if extension.poll is not None:
                    self._deliver(extension, extension.poll)

    def serve(self, request: Request, connection: Connection) -> bool:
        """Answer a request; False when it is none of this API's."""
        if request.path in TELEMETRY_PATHS:
            self._answer(self._subscribe, request, connection)
            return True
        if not request.path.startswith(EXTENSION_PREFIX):
            return False
        verb = request.path.removeprefix(EXTENSION_PREFIX)
        answer = self._routes.get((request.method, verb))
        if answer is not None:
            self._answer(answer, request, connection)
            return True
        known = [method for method, path in self._routes if path == verb]
        if known:
            connection.reply(405, {"Allow": known[0]}, b"")
        return bool(known)

    def leave(self, connection: Connection) -> None:
        """A client has hung up."""
        for extension in self._extensions.values():
            if extension.poll is connection:
                extension.poll = None

    # Requests ------------------------------------------------------------------------------------------

    def _register(self, request: Request, connection: Connection) -> None:
        name = request.headers.get(_NAME, "")
        if not name:
            raise _Refusal("Extension.InvalidExtensionName", "Empty extension name")
        try:
            events = tuple(dict.fromkeys(json.loads(request.body).get("events") or ()))
        except (ValueError, AttributeError, TypeError) as error:
            raise _Refusal("InvalidRequestFormat", str(error)) from error
        is_external = name in self.expected
        if not self.is_open:
            raise _Refusal("Extension.RegistrationClosed", "Extension registration closed already")
        if any(extension.name == name for extension in self._extensions.values()):
            message = "Extension with this name already registered"
            raise _Refusal("Extension.InvalidExtensionState", message)
        if len(self._extensions) >= MOST_EXTENSIONS:
            message = f"Extension limit ({MOST_EXTENSIONS}) reached"
            raise _Refusal("Extension.TooManyExtensions", message)
        for event in events:
            if event not in _EVENTS:
                raise _Refusal("Extension.InvalidEventType", f"{event}: ErrorInvalidEventType")
            if event == "SHUTDOWN" and not is_external:
                message = "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension"
                raise _Refusal("Extension.InvalidEventType", message)
        extension = Extension(name, str(uuid.uuid4()), events, is_external)
        self._extensions[extension.identifier] = extension
        about: dict[str, str] = {
            "functionName": self._about.function_name,
            "functionVersion": self._about.function_version,
            "handler": self._about.handler,
        }
        # Developer guide, runtimes-extensions-api: the one feature there is. (The emulator does not know it.)
        if "accountid" in request.headers.get("lambda-extension-accept-feature", "").lower():
            about["accountId"] = self._about.account
        body = json.dumps(about, separators=(",", ":")).encode() + b"\n"
        connection.reply(200, {**_JSON, "Lambda-Extension-Identifier": extension.identifier}, body)
        self._listener.extension_registered(extension)

    def _next(self, request: Request, connection: Connection) -> None:
        extension = self._who(request)
        if extension.state is ExtensionState.FAILED:
            message = "State transition from Failed to Ready failed. Error: State transition is not allowed"
            raise _Refusal("Extension.InvalidExtensionState", message)
        if extension.waiting:
            self._deliver(extension, connection)
            return
        extension.poll = connection
        extension.state = ExtensionState.READY
        self._listener.extension_polled(extension)

    def _error(self, request: Request, connection: Connection) -> None:
        extension = self._who(request)
        error_type = request.headers.get(_ERROR_TYPE)
        if error_type is None:
            raise _Refusal("Extension.MissingHeader", "Lambda-Extension-Function-Error-Type not found")
        extension.state = ExtensionState.FAILED
        extension.error_type = error_type
        connection.reply(202, _JSON, _ACCEPTED)
        self._listener.extension_failed(extension)

    def _subscribe(self, request: Request, connection: Connection) -> None:
        if request.method != "PUT":
            connection.reply(405, {"Allow": "PUT"}, b"")
            return
        extension = self._who(request)
        if not self.is_open:
            message = "Telemetry API subscription is closed already"
            raise _Refusal("Telemetry.SubscriptionClosed", message)
        try:
            types = self._telemetry.subscribe(extension.name, request.body, is_logs_api=TELEMETRY_PATHS[request.path])
        except WrongSubscription as wrong:
            raise _Refusal(wrong.error_type, wrong.message, status=400) from wrong
        connection.reply(200, _JSON, b'"OK"')
        self._listener.telemetry_subscribed(extension, types)

    def _deliver(self, extension: Extension, connection: Connection) -> None:
        extension.poll = None
        extension.state = ExtensionState.RUNNING
        body = extension.waiting.pop(0)
        connection.reply(200, {**_JSON, "Lambda-Extension-Event-Identifier": str(uuid.uuid4())}, body)

    def _who(self, request: Request) -> Extension:
        """The extension that a request names."""
        identifier = request.headers.get(_IDENTIFIER)
        if identifier is None:
            raise _Refusal("Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header")
        try:
            identifier = str(uuid.UUID(identifier))
        except ValueError as error:
            message = "Invalid Lambda-Extension-Identifier"
            raise _Refusal("Extension.InvalidExtensionIdentifier", message) from error
        extension = self._extensions.get(identifier)
        if extension is None:
            raise _Refusal("Extension.UnknownExtensionIdentifier", f"Unknown extension {identifier}")
        return extension

    def _answer(self, answer: Callable[[Request, Connection], None], request: Request, connection: Connection) -> None:
        try:
            answer(request, connection)
        except _Refusal as refusal:
            error = {"errorMessage": refusal.message, "errorType": refusal.error_type}
            body = json.dumps(error, separators=(",", ":")).encode() + b"\n"
            connection.reply(refusal.status, _JSON, body)


class _Refusal(Exception):
    """What a request is answered with that cannot be granted."""

    def __init__(self, error_type: str, message: str, *, status: int = 403) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.status = status
