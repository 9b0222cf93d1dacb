"""The Telemetry API (2022-07-01) and the older Logs API: who subscribed, what is buffered for them, and its delivery.

Shapes and limits: developer guide, telemetry-api and telemetry-schema-reference. Answers of an API that takes
subscriptions could not be measured (the emulator has none); the texts for wrong ones are ours, in AWS's error types.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from app.core.time import Instant, format_instant

_TYPES = ("platform", "function", "extension")
_SCHEMAS = ("2022-07-01", "2022-12-13", "2025-01-29")
_LOGS_SCHEMAS = ("2020-08-15", "2021-03-18")
_LOCAL_HOSTS = ("sandbox.localdomain", "sandbox", "localhost", "127.0.0.1")
_SEND_WITHIN_S = 2.0
_MOST_BUFFERED_BYTES = 16 * 1024 * 1024
"""What waits for a destination that does not take it; beyond that records are dropped, and that is told."""


class WrongSubscription(Exception):
    """A subscription that cannot be taken: AWS's error type, and what is wrong."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message


@dataclass(frozen=True, slots=True)
class _Number:
    """A buffering member: its range, and what it is when it is not given."""

    least: int
    most: int
    default: int


_BUFFERING = {
    "maxItems": _Number(1_000, 10_000, 10_000),
    "maxBytes": _Number(262_144, 1_048_576, 262_144),
    "timeoutMs": _Number(25, 30_000, 1_000),
}


@dataclass(slots=True)
class _Subscription:
    """One subscriber. `protocol` is HTTP or TCP; `path` is HTTP's."""

    name: str
    types: frozenset[str]
    protocol: str
    host: str
    port: int
    path: str
    max_items: int
    max_bytes: int
    timeout_s: float
    buffer: list[bytes] = field(default_factory=list)
    buffered_bytes: int = 0
    dropped_records: int = 0
    dropped_bytes: int = 0
    timer: asyncio.TimerHandle | None = None
    sending: asyncio.Task[None] | None = None


class Telemetry:
    """What an environment tells its extensions. Nothing is made for nobody: ask `is_heard` first where it costs."""

    def __init__(self, loop: asyncio.AbstractEventLoop, now: Callable[[], Instant]) -> None:
        self._loop = loop
        self._now = now
        self._subscriptions: dict[str, _Subscription] = {}
        self._partial: dict[str, bytes] = {}
        # What happens before anybody can have subscribed is kept for those who do during the init.
        self._backlog: list[tuple[str, bytes]] | None = []

    @property
    def is_heard(self) -> bool:
        return bool(self._subscriptions) or self._backlog is not None

    def subscribe(self, name: str, body: bytes, *, is_logs_api: bool = False) -> frozenset[str]:
        """Take the extension's subscription, in place of the one it had; says its types. Raises WrongSubscription."""
        subscription = _parse(name, body, _LOGS_SCHEMAS if is_logs_api else _SCHEMAS)
        self._subscriptions[name] = subscription
        for kind, event in self._backlog or ():
            if kind in subscription.types:
                self._put(subscription, event)
        return subscription.types

    def begin_invocations(self) -> None:
        """The init is over: who has not subscribed by now never will."""
        self._backlog = None

    def tell_platform(self, event_type: str, record: Mapping[str, Any]) -> None:
        self._tell("platform", event_type, record)

    def tell_output(self, kind: str, data: bytes) -> None:
        """What the function or an extension (`kind`) printed, cut anywhere; an event is a line."""
        if not self.is_heard:
            return
        *lines, self._partial[kind] = (self._partial.get(kind, b"") + data).split(b"\n")
        for line in lines:
            self._tell(kind, kind, line.decode(errors="replace"))

    async def flush(self) -> None:
        """Send what is buffered, within a moment: the environment is about to end."""
        for subscription in self._subscriptions.values():
            self._send_soon(subscription)
        sending = [s.sending for s in self._subscriptions.values() if s.sending is not None]
        if sending:
            await asyncio.wait(sending, timeout=_SEND_WITHIN_S)

    def close(self) -> None:
        """Nobody is told anything any more."""
        for subscription in self._subscriptions.values():
            if subscription.timer is not None:
                subscription.timer.cancel()
            if subscription.sending is not None:
                subscription.sending.cancel()
        self._subscriptions.clear()
        self._backlog = None

    # Inside --------------------------------------------------------------------------------------------

    def _tell(self, kind: str, event_type: str, record: Any) -> None:
        if not self.is_heard:
            return
        event = json.dumps({"time": format_instant(self._now()), "type": event_type, "record": record}).encode()
        if self._backlog is not None:
            self._backlog.append((kind, event))
        for subscription in self._subscriptions.values():
            if kind in subscription.types:
                self._put(subscription, event)

    def _put(self, subscription: _Subscription, event: bytes) -> None:
        if subscription.buffered_bytes + len(event) > _MOST_BUFFERED_BYTES:
            subscription.dropped_records += 1
            subscription.dropped_bytes += len(event)
            return
        subscription.buffer.append(event)
        subscription.buffered_bytes += len(event)
        is_full = (
            len(subscription.buffer) >= subscription.max_items or subscription.buffered_bytes >= subscription.max_bytes
        )
        if is_full:
            self._send_soon(subscription)
        elif subscription.timer is None:
            subscription.timer = self._loop.call_later(subscription.timeout_s, self._send_soon, subscription)

    def _send_soon(self, subscription: _Subscription) -> None:
        if subscription.timer is not None:
            subscription.timer.cancel()
            subscription.timer = None
        if subscription.sending is None and subscription.buffer:
            subscription.sending = self._loop.create_task(self._send(subscription))

    async def _send(self, subscription: _Subscription) -> None:
        try:
            while subscription.buffer:
                events = subscription.buffer[: subscription.max_items]
                try:
                    async with asyncio.timeout(_SEND_WITHIN_S):
                        await _deliver(subscription, events)
                except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
                    self._retry_later(subscription)
                    return
                del subscription.buffer[: len(events)]
                subscription.buffered_bytes -= sum(map(len, events))
                if subscription.dropped_records:
                    self._tell_dropped(subscription)
        finally:
            subscription.sending = None

    def _retry_later(self, subscription: _Subscription) -> None:
        if subscription.timer is None:
            subscription.timer = self._loop.call_later(subscription.timeout_s, self._send_soon, subscription)

    def _tell_dropped(self, subscription: _Subscription) -> None:
        record = {
            "reason": "Consumer seems to have fallen behind as it has not acknowledged receipt of logs.",
            "droppedRecords": subscription.dropped_records,
            "droppedBytes": subscription.dropped_bytes,
        }
        subscription.dropped_records = subscription.dropped_bytes = 0
        self.tell_platform("platform.logsDropped", record)


async def _deliver(subscription: _Subscription, events: list[bytes]) -> None:
    """One POST of a JSON array, or a line each. Raises OSError, ValueError when it was not taken."""
    reader, writer = await asyncio.open_connection(subscription.host, subscription.port)
    try:
        if subscription.protocol == "TCP":
            writer.write(b"".join(event + b"\n" for event in events))
            await writer.drain()
            return
        body = b"[" + b",".join(events) + b"]"
        head = (
            f"POST {subscription.path} HTTP/1.1\r\nHost: {subscription.host}:{subscription.port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        writer.write(head.encode() + body)
        await writer.drain()
        status = (await reader.readuntil(b"\r\n")).split(None, 2)[1]
        if not status.startswith(b"2"):
            raise ValueError(f"the destination answered {status.decode(errors='replace')}")
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def _parse(name: str, body: bytes, schemas: tuple[str, ...]) -> _Subscription:
    try:
        given = json.loads(body)
    except ValueError as error:
        raise WrongSubscription("InvalidRequestFormat", str(error)) from error
    if not isinstance(given, dict):
        raise WrongSubscription("ValidationError", "the request must be a JSON object")
    if given.get("schemaVersion", schemas[0]) not in schemas:
        raise WrongSubscription("ValidationError", f"schemaVersion must be one of {', '.join(schemas)}")
    types = given.get("types")
    if not isinstance(types, list) or not types or not set(map(str, types)) <= set(_TYPES):
        raise WrongSubscription("ValidationError", f"types must be a list of some of {', '.join(_TYPES)}")
    buffering = given.get("buffering") or {}
    numbers = {member: _number(buffering, member) for member in _BUFFERING}
    protocol, host, port, path = _destination(given.get("destination"))
    return _Subscription(
        name, frozenset(types), protocol, host, port, path, numbers["maxItems"], numbers["maxBytes"],
        numbers["timeoutMs"] / 1_000,
    )  # fmt: skip


def _number(buffering: Any, member: str) -> int:
    bounds = _BUFFERING[member]
    found = buffering.get(member, bounds.default) if isinstance(buffering, dict) else None
    if not isinstance(found, int) or not bounds.least <= found <= bounds.most:
        raise WrongSubscription(
            "ValidationError", f"buffering.{member} must be between {bounds.least} and {bounds.most}"
        )
    return found


def _destination(given: Any) -> tuple[str, str, int, str]:
    """Protocol, host, port and path; the sandbox's own name is this machine."""
    if not isinstance(given, dict):
        raise WrongSubscription("ValidationError", "destination is missing")
    protocol = given.get("protocol")
    if protocol == "TCP" and isinstance(given.get("port"), int):
        return "TCP", "127.0.0.1", given["port"], ""
    uri = given.get("URI")
    if protocol != "HTTP" or not isinstance(uri, str):
        raise WrongSubscription("ValidationError", "destination must have protocol HTTP and URI, or TCP and port")
    try:
        parts = urlsplit(uri)
        port = parts.port or 80
    except ValueError as error:
        raise WrongSubscription("ValidationError", f"destination.URI is none: {error}") from error
    # Only its own sandbox can be told: an extension must not make this service call other machines.
    if parts.scheme != "http" or parts.hostname not in _LOCAL_HOSTS:
        raise WrongSubscription("ValidationError", "destination.URI must be http://sandbox.localdomain:PORT")
    return "HTTP", "127.0.0.1", port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
