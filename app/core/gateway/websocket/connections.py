"""The connections to WebSocket APIs: since when, how long idle, and when the clock ends them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.core.agenda import Agenda
from app.core.commands import Waiting
from app.core.commands.gateway import CloseSocket, OpenSocket, TouchSocket
from app.core.facts import Answered, Effect, SocketClosed, SocketOpened
from app.core.limits import Limits
from app.core.time import Instant

GOING_AWAY = 1001
"""The close code of a connection that the gateway ends (RFC 6455, 7.4.1)."""


@dataclass(slots=True, eq=False)
class SocketConnection:
    """One connection; `waiter` is told when the world ends it."""

    id: str
    front: str
    api: str
    stage: str
    connected_at: Instant
    waiter: int
    source_ip: str = ""
    user_agent: str | None = None
    last_active_at: Instant = 0
    ends_at: Instant = 0
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class SocketEnded:
    """Why the world ended a connection."""

    code: int
    reason: str


@dataclass(slots=True)
class SocketConnections:
    """All open connections by id."""

    limits: Limits
    outbox: list[Effect]
    next_waiter: Callable[[], int]
    _connections: dict[str, SocketConnection] = field(default_factory=dict)
    _due: Agenda[SocketConnection] = field(init=False)

    def __post_init__(self) -> None:
        self._due = Agenda(
            lambda connection: connection.ends_at if connection.is_open else None, lambda: len(self._connections)
        )

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {OpenSocket: self.open, TouchSocket: self.touch, CloseSocket: self.close}

    def get(self, id: str) -> SocketConnection | None:
        return self._connections.get(id)

    def of(self, front: str) -> list[SocketConnection]:
        """The connections to one API, the oldest first."""
        return [connection for connection in self._connections.values() if connection.front == front]

    def open(self, command: OpenSocket, now: Instant) -> Waiting:
        """The handshake is over. The answer comes when the clock ends the connection: a `SocketEnded`."""
        connection = SocketConnection(
            command.id, command.front, command.api, command.stage, now, self.next_waiter(), command.source_ip,
            command.user_agent, now,
        )  # fmt: skip
        self._connections[command.id] = connection
        self._plan(connection)
        self.outbox.append(SocketOpened(command.front, command.api, command.stage, command.id))
        return Waiting(connection.waiter)

    def touch(self, command: TouchSocket, now: Instant) -> None:
        """Something was sent or received; one that is gone is let be."""
        connection = self._connections.get(command.id)
        if connection is not None:
            connection.last_active_at = now
            self._plan(connection)

    def close(self, command: CloseSocket, now: Instant) -> None:
        """The connection is over, whoever ended it."""
        self._end(command.id, command.code, command.reason)

    def next_wakeup(self) -> Instant | None:
        return self._due.next()

    def wake(self, now: Instant) -> None:
        for connection in list(self._due.due(now)):
            if not connection.is_open:  # it stood there twice: as touched, and as it was before
                continue
            is_idle = now >= connection.last_active_at + self.limits.socket_idle_ms
            reason = "Idle connection timeout" if is_idle else "Going away"
            self.outbox.append(Answered(connection.waiter, SocketEnded(GOING_AWAY, reason)))
            self._end(connection.id, GOING_AWAY, reason)

    def _plan(self, connection: SocketConnection) -> None:
        idle_at = connection.last_active_at + self.limits.socket_idle_ms
        connection.ends_at = min(idle_at, connection.connected_at + self.limits.socket_lifetime_ms)
        self._due.add(connection.ends_at, connection)

    def _end(self, id: str, code: int, reason: str) -> None:
        connection = self._connections.pop(id, None)
        if connection is not None:
            connection.is_open = False
            self.outbox.append(SocketClosed(connection.front, connection.api, connection.stage, id, code, reason))
