"""API destinations: HTTP endpoints of the user's as targets of rules."""

from collections import deque
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from app.core.agenda import Agenda
from app.core.buses.connection import AUTHORIZED, DEAUTHORIZED, OAUTH, Connection, Connections
from app.core.buses.http_request import as_request, token_in, token_request
from app.core.commands import CreateApiDestination, DeleteApiDestination, UpdateApiDestination
from app.core.delivery.http_replies import Replied, reply_in
from app.core.delivery.outside import Outside
from app.core.delivery.outside_calls import HttpAnswered, OutsideAnswer
from app.core.delivery.targets import Parcel, Settled
from app.core.errors import DeliveryFailed, ResourceAlreadyExists, ResourceNotFound
from app.core.facts import Configured, Effect
from app.core.ids import Ids
from app.core.names import Arn, Scope
from app.core.time import SECOND_MS, Instant
from app.core.urls import without_password

_RATE = 300  # a second, where none is told (API reference)

_Waiting = tuple[Parcel, Replied]


@dataclass(slots=True, eq=False)
class ApiDestination:
    """An endpoint, and how many calls it got in the second that began at `second_at`; what came too many waits."""

    arn: Arn
    name: str
    connection: Arn
    endpoint: str
    method: str
    created_at: Instant
    modified_at: Instant
    rate: int = _RATE
    description: str | None = None
    second_at: Instant = 0
    sent: int = 0
    waiting: deque[_Waiting] = field(default_factory=deque)
    due_at: Instant | None = None

    def summary(self, *, is_active: bool) -> dict[str, Any]:
        """The destination as ListApiDestinations has it."""
        return {
            "ApiDestinationArn": self.arn,
            "Name": self.name,
            "ApiDestinationState": "ACTIVE" if is_active else "INACTIVE",
            "ConnectionArn": self.connection,
            "InvocationEndpoint": self.endpoint,
            "HttpMethod": self.method,
            "InvocationRateLimitPerSecond": self.rate,
            "CreationTime": self.created_at / SECOND_MS,
            "LastModifiedTime": self.modified_at / SECOND_MS,
        }

    def view(self, *, is_active: bool) -> dict[str, Any]:
        """The destination as DescribeApiDestination has it."""
        description = {} if self.description is None else {"Description": self.description}
        return {**self.summary(is_active=is_active), **description}

    def takes_one(self, now: Instant) -> bool:
        """Whether the rate leaves room for a call now, which it then has."""
        if now >= self.second_at + SECOND_MS:
            self.second_at, self.sent = now, 0
        if self.sent >= self.rate:
            return False
        self.sent += 1
        return True

    def __repr__(self) -> str:
        endpoint = without_password(self.endpoint)
        return f"<ApiDestination {self.name}: {self.method} {endpoint}, {len(self.waiting)} waiting>"


@dataclass(slots=True)
class ApiDestinations:
    """All API destinations; a target, and a machine for what waits for its rate."""

    ids: Ids
    outbox: list[Effect]
    outside: Outside
    connections: Connections
    _by_name: dict[tuple[Scope, str], ApiDestination] = field(default_factory=dict)
    _by_arn: dict[Arn, ApiDestination] = field(default_factory=dict)
    _agenda: Agenda[ApiDestination] = field(init=False)

    def __post_init__(self) -> None:
        self._agenda = Agenda(attrgetter("due_at"), self._by_arn.__len__)

    # Which there are ------------------------------------------------------------------------------------

    def create(self, command: CreateApiDestination, now: Instant) -> dict[str, Any]:
        """Answers its summary. Plain HTTP is taken too, which AWS refuses: what is called is mostly on this machine."""
        given, scope, name = command.given, command.scope, str(command.given["Name"])
        if (scope, name) in self._by_name:
            raise ResourceAlreadyExists(f"An api-destination '{name}' already exists.")
        self._check_connection(given["ConnectionArn"])
        arn = f"arn:aws:events:{scope.region}:{scope.account}:api-destination/{name}/{self.ids.uuid()}"
        destination = ApiDestination(
            arn, name, given["ConnectionArn"], given["InvocationEndpoint"], given["HttpMethod"], now, now,
            given.get("InvocationRateLimitPerSecond") or _RATE, given.get("Description"),
        )  # fmt: skip
        self._by_name[scope, name] = self._by_arn[arn] = destination
        self.outbox.append(Configured(f"API destination {name} created"))
        return destination.summary(is_active=self.is_active(destination))

    def update(self, command: UpdateApiDestination, now: Instant) -> dict[str, Any]:
        """Answers its summary."""
        given = command.given
        destination = self.get(command.scope, str(given["Name"]))
        if given.get("ConnectionArn"):
            self._check_connection(given["ConnectionArn"])
        destination.connection = given.get("ConnectionArn", destination.connection)
        destination.endpoint = given.get("InvocationEndpoint", destination.endpoint)
        destination.method = given.get("HttpMethod", destination.method)
        destination.rate = given.get("InvocationRateLimitPerSecond", destination.rate)
        destination.description = given.get("Description", destination.description)
        destination.modified_at = now
        self.outbox.append(Configured(f"API destination {destination.name} changed"))
        return destination.summary(is_active=self.is_active(destination))

    def delete(self, command: DeleteApiDestination, now: Instant) -> None:
        """What waits for it is told that it is gone."""
        destination = self.get(command.scope, command.name)
        del self._by_name[command.scope, command.name]
        del self._by_arn[destination.arn]
        destination.due_at = None
        self.outbox.append(Configured(f"API destination {destination.name} deleted"))
        for _, replied in destination.waiting:
            replied(_gone(destination.arn), now)
        destination.waiting.clear()

    def get(self, scope: Scope, name: str) -> ApiDestination:
        """Raises ResourceNotFound."""
        try:
            return self._by_name[scope, name]
        except KeyError:
            raise ResourceNotFound(f"An api-destination '{name}' does not exist.") from None

    def all(self, scope: Scope) -> list[ApiDestination]:
        """Those of an account and region, by name."""
        found = (each for (of, _), each in self._by_name.items() if of == scope)
        return sorted(found, key=lambda each: each.name)

    def is_active(self, destination: ApiDestination) -> bool:
        connection = self.connections.find(destination.connection)
        return connection is not None and connection.state != DEAUTHORIZED

    # As a target ----------------------------------------------------------------------------------------

    def exists(self, arn: Arn) -> bool:
        return arn in self._by_arn

    def deliver(self, parcel: Parcel, now: Instant, settled: Settled) -> None:
        self.ask(parcel, now, lambda reply, at: settled(None if isinstance(reply, HttpAnswered) else reply, at))

    def ask(self, parcel: Parcel, now: Instant, replied: Replied) -> None:
        """The same with the endpoint's answer."""
        destination = self._by_arn.get(parcel.target)
        if destination is None:
            replied(_gone(parcel.target), now)
        elif destination.waiting or not destination.takes_one(now):
            destination.waiting.append((parcel, replied))
            self._book(destination)
        else:
            self._call(destination, parcel, now, replied)

    def next_wakeup(self) -> Instant | None:
        return self._agenda.next()

    def wake(self, now: Instant) -> None:
        for destination in self._agenda.due(now):
            destination.due_at = None
            while destination.waiting and destination.takes_one(now):
                parcel, replied = destination.waiting.popleft()
                self._call(destination, parcel, now, replied)
            if destination.waiting:
                self._book(destination)

    # Inside ---------------------------------------------------------------------------------------------

    def _book(self, destination: ApiDestination) -> None:
        at = destination.second_at + SECOND_MS
        if destination.due_at != at:
            destination.due_at = at
            self._agenda.add(at, destination)

    def _check_connection(self, arn: Arn) -> None:
        if self.connections.find(arn) is None:
            name = arn.partition("connection/")[2].partition("/")[0]
            raise ResourceNotFound(f"Connection '{name}' does not exist.")

    def _call(self, destination: ApiDestination, parcel: Parcel, now: Instant, replied: Replied) -> None:
        connection = self.connections.find(destination.connection)
        if connection is None or connection.state == DEAUTHORIZED:
            words = f"The connection of API destination '{destination.name}' is not authorized."
            replied(DeliveryFailed(words, "NO_PERMISSIONS", is_retried=False), now)
        elif connection.kind == OAUTH and connection.token is None:
            self._authorize(destination, connection, parcel, replied)
        else:
            self._send(destination, connection, parcel, replied)

    def _authorize(self, destination: ApiDestination, connection: Connection, parcel: Parcel, replied: Replied) -> None:
        """Fetch a token first; without one the delivery failed for now."""

        def then(answer: OutsideAnswer, at: Instant) -> None:
            token = token_in(answer)
            if token is None:
                words = f"The authorization endpoint of connection '{connection.name}' gave no token."
                replied(DeliveryFailed(words, "CONNECTION_FAILURE", is_retried=True), at)
                return
            connection.token, connection.state, connection.authorized_at = token, AUTHORIZED, at
            self._send(destination, connection, parcel, replied)

        self.outside.call(token_request(connection.own), then)

    def _send(self, destination: ApiDestination, connection: Connection, parcel: Parcel, replied: Replied) -> None:
        request = as_request(
            destination.method, destination.endpoint, parcel, connection.headers(),
            connection.parameters.get("InvocationHttpParameters") or {},
        )  # fmt: skip

        def then(answer: OutsideAnswer, at: Instant) -> None:
            if isinstance(answer, HttpAnswered) and answer.status == 401 and connection.kind == OAUTH:
                connection.token = None
            replied(reply_in(answer, "The API destination"), at)

        self.outside.tell(request, destination.arn, f"API destination {destination.name}", parcel.cause, then)


def _gone(arn: Arn) -> DeliveryFailed:
    return DeliveryFailed(f"{arn} does not exist.", "NO_RESOURCE", is_retried=False)
