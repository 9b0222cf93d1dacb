"""Connections: how an API destination proves who calls."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.commands import CreateConnection, DeauthorizeConnection, DeleteConnection, UpdateConnection
from app.core.errors import ResourceAlreadyExists, ResourceNotFound, ValidationFailed
from app.core.facts import Configured, Effect
from app.core.ids import Ids
from app.core.names import Arn, Scope
from app.core.time import SECOND_MS, Instant

AUTHORIZED, DEAUTHORIZED, AUTHORIZING = "AUTHORIZED", "DEAUTHORIZED", "AUTHORIZING"
OAUTH = "OAUTH_CLIENT_CREDENTIALS"
_PARAMETERS_OF: Mapping[str, str] = {
    "API_KEY": "ApiKeyAuthParameters",
    "BASIC": "BasicAuthParameters",
    OAUTH: "OAuthParameters",
}
_SECRETS = frozenset({"ApiKeyValue", "Password", "ClientSecret"})


@dataclass(slots=True, eq=False)
class Connection:
    """`parameters` has the secrets; whoever describes a connection does not see them. `token` is OAuth's, while it is
    good. How long is not asked for here: who is told 401 gets a new one."""

    arn: Arn
    name: str
    secret_arn: Arn
    created_at: Instant
    modified_at: Instant
    kind: str
    parameters: Mapping[str, Any]
    description: str | None = None
    state: str = AUTHORIZED
    authorized_at: Instant | None = None
    token: str | None = None

    @property
    def own(self) -> Mapping[str, Any]:
        """The parameters of the connection's kind."""
        found: Mapping[str, Any] = self.parameters[_PARAMETERS_OF[self.kind]]
        return found

    def headers(self) -> list[tuple[str, str]]:
        """What the kind of authorization adds to a request."""
        match self.kind:
            case "API_KEY":
                return [(self.own["ApiKeyName"], self.own["ApiKeyValue"])]
            case "BASIC":
                pair = f"{self.own['Username']}:{self.own['Password']}".encode()
                return [("Authorization", f"Basic {base64.b64encode(pair).decode()}")]
            case _:
                return [("Authorization", f"Bearer {self.token}")] if self.token else []

    def summary(self) -> dict[str, Any]:
        """The connection as ListConnections has it."""
        times = {
            "CreationTime": self.created_at,
            "LastModifiedTime": self.modified_at,
            "LastAuthorizedTime": self.authorized_at,
        }
        told = {name: at / SECOND_MS for name, at in times.items() if at is not None}
        return {
            "ConnectionArn": self.arn,
            "Name": self.name,
            "ConnectionState": self.state,
            "AuthorizationType": self.kind,
            **told,
        }

    def view(self) -> dict[str, Any]:
        """The connection as DescribeConnection has it."""
        description = {} if self.description is None else {"Description": self.description}
        hidden = _without_secrets(self.parameters)
        return {**self.summary(), **description, "SecretArn": self.secret_arn, "AuthParameters": hidden}

    def __repr__(self) -> str:
        return f"<Connection {self.name}: {self.kind}, {self.state}>"


@dataclass(slots=True)
class Connections:
    """All connections by account, region and name."""

    ids: Ids
    outbox: list[Effect]
    _connections: dict[tuple[Scope, str], Connection] = field(default_factory=dict)

    def create(self, command: CreateConnection, now: Instant) -> Connection:
        given, scope, name = command.given, command.scope, str(command.given["Name"])
        if (scope, name) in self._connections:
            raise ResourceAlreadyExists(f"Connection {name} already exists.")
        kind, parameters = str(given["AuthorizationType"]), given["AuthParameters"]
        _check(kind, parameters)
        place = f"{scope.region}:{scope.account}"
        connection = Connection(
            f"arn:aws:events:{place}:connection/{name}/{self.ids.uuid()}", name,
            f"arn:aws:secretsmanager:{place}:secret:events!connection/{name}/{self.ids.uuid()}-{self.ids.hex(6)}",
            now, now, kind, parameters, given.get("Description"),
        )  # fmt: skip
        self._authorize(connection, now)
        self._connections[scope, name] = connection
        self.outbox.append(Configured(f"connection {name} created"))
        return connection

    def update(self, command: UpdateConnection, now: Instant) -> Connection:
        given = command.given
        connection = self.get(command.scope, str(given["Name"]))
        kind = str(given.get("AuthorizationType") or connection.kind)
        parameters = _merged(connection.parameters, given.get("AuthParameters") or {})
        _check(kind, parameters)
        connection.kind, connection.parameters = kind, parameters
        connection.description = given.get("Description", connection.description)
        connection.modified_at = now
        self._authorize(connection, now)
        self.outbox.append(Configured(f"connection {connection.name} changed"))
        return connection

    def deauthorize(self, command: DeauthorizeConnection, now: Instant) -> Connection:
        """Its secrets are forgotten; nothing can be called with it until it is updated."""
        connection = self.get(command.scope, command.name)
        connection.state, connection.token, connection.modified_at = DEAUTHORIZED, None, now
        self.outbox.append(Configured(f"connection {connection.name} deauthorized"))
        return connection

    def delete(self, command: DeleteConnection, now: Instant) -> Connection:
        connection = self.get(command.scope, command.name)
        del self._connections[command.scope, command.name]
        connection.state, connection.modified_at = "DELETING", now
        self.outbox.append(Configured(f"connection {connection.name} deleted"))
        return connection

    def get(self, scope: Scope, name: str) -> Connection:
        """Raises ResourceNotFound."""
        try:
            return self._connections[scope, name]
        except KeyError:
            raise ResourceNotFound(f"Connection '{name}' does not exist.") from None

    def find(self, arn: Arn) -> Connection | None:
        return next((each for each in self._connections.values() if each.arn == arn), None)

    def all(self, scope: Scope) -> list[Connection]:
        """Those of an account and region, by name."""
        found = (each for (of, _), each in self._connections.items() if of == scope)
        return sorted(found, key=lambda each: each.name)

    def _authorize(self, connection: Connection, now: Instant) -> None:
        """OAuth's token is fetched when it is first needed: until then the endpoint need not be there."""
        connection.token = None
        connection.state = AUTHORIZING if connection.kind == OAUTH else AUTHORIZED
        connection.authorized_at = None if connection.kind == OAUTH else now


def _check(kind: str, parameters: Mapping[str, Any]) -> None:
    """The words are ours: no recording of AWS's was found (UNCONFIRMED)."""
    needed = _PARAMETERS_OF[kind]
    if not parameters.get(needed):
        raise ValidationFailed(f"Parameter(s) {needed} must be specified for authorization type {kind}.")


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for name, value in new.items():
        before = merged.get(name)
        merged[name] = _merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return merged


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        is_secret = value.get("IsValueSecret") is True
        return {
            name: _without_secrets(member)
            for name, member in value.items()
            if name not in _SECRETS and not (is_secret and name == "Value")
        }
    return [_without_secrets(member) for member in value] if isinstance(value, list) else value
