"""HTTP APIs: routes to functions and URLs, authorizers, CORS and a port of their own, in a few lines."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from app.core.errors import Refused
from app.core.gateway.cors import Cors, cors_of
from app.core.gateway.http_api import (
    DEFAULT_TIMEOUT_MS,
    Authorizer,
    HttpApi,
    Integration,
    Route,
    Routing,
    Stage,
    Throttle,
)
from app.core.gateway.parameter_rules import (
    check_request_parameters,
    check_response_parameters,
    check_service_parameters,
)
from app.core.gateway.routes import DEFAULT, RouteKey, parse_route_key
from app.core.names import Arn, Scope
from app.core.time import SECOND_MS
from app.settings.reading import Field, Table
from app.settings.values.names import function_arn_of

API_KEYS = ("routes", "authorizers", "cors", "stage", "variables", "port", "throttle")

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_ROUTE_KEYS = (
    "function",
    "url",
    "method",
    "payload",
    "timeout",
    "authorizer",
    "scopes",
    "parameters",
    "responses",
    "aws",
)
_AUTHORIZER_KEYS = ("issuer", "audience", "keys", "function", "payload", "simple", "ttl", "IdentitySource")
_CORS_KEYS = ("AllowOrigins", "AllowMethods", "AllowHeaders", "ExposeHeaders", "AllowCredentials", "MaxAge")
_ANY_CORS = {"AllowOrigins": ["*"], "AllowMethods": ["*"], "AllowHeaders": ["*"]}
_AUTHORIZATION = "$request.header.Authorization"


@dataclass(slots=True)
class Reading:
    """What reading fronts needs besides the field: whose they are, and where the functions that they name are noted."""

    scope: Scope
    functions: list[Field] = field(default_factory=list)

    def function(self, entry: Field) -> Arn | None:
        """The ARN of a function that is named; that it is there is checked later."""
        name = entry.text()
        if name is None:
            return None
        self.functions.append(entry)
        return function_arn_of(name, self.scope)


def front_id(name: str) -> str:
    """Under which id a front answers: its name, where that can stand in a host name, else ten letters made of it."""
    return name if _ID.fullmatch(name) else sha256(name.encode()).hexdigest()[:10]


def read_port(entry: Field) -> int | None:
    return entry.integer(1, 65_535)


def read_cors(entry: Field) -> Cors | None:
    """`true` for everything, or AWS's own members."""
    if entry.value is True:
        return cors_of(_ANY_CORS)
    table = entry.table(_CORS_KEYS)
    given: dict[str, Any] = {name: list(table.texts(name)) for name in _CORS_KEYS[:4]}
    given["AllowCredentials"] = table.flag("AllowCredentials", False)
    max_age = table.get("MaxAge")
    given["MaxAge"] = max_age.integer(-1, 86_400) if max_age is not None else None
    return cors_of(given)


def read_api(name: str, entry: Field, reading: Reading) -> HttpApi:
    """One entry of `apis`."""
    table = entry.table(API_KEYS)
    authorizers = _read_authorizers(table, reading)
    routes_field = table.must("routes")
    routes: list[Route] = []
    for text, route_entry in routes_field.entries() if routes_field is not None else ():
        route = _read_route(text, route_entry, authorizers, reading)
        if route is not None:
            routes.append(route)
    try:
        routing = Routing.of(routes)
    except ValueError as error:
        entry.wrong(str(error))
        routing = Routing()
    stage_name = table.text("stage", DEFAULT)
    stage = Stage(stage_name, routing, table.text_entries("variables"), throttle=_read_throttle(table))
    return HttpApi(
        front_id(name), name, reading.scope, {stage_name: stage}, table.read("cors", read_cors),
        table.read("port", read_port), tuple(routes),
    )  # fmt: skip


def _read_throttle(table: Table) -> Throttle:
    given = table.get("throttle")
    if given is None:
        return Throttle()
    inner = given.table(("rate", "burst"))
    rate = inner.read("rate", lambda entry: entry.integer(0, 1_000_000))
    return Throttle(inner.read("burst", lambda entry: entry.integer(0, 1_000_000)), None if rate is None else rate)


def _read_route(text: str, entry: Field, authorizers: Mapping[str, Authorizer], reading: Reading) -> Route | None:
    key = _read_key(text, entry)
    if isinstance(entry.value, str):
        function = reading.function(entry)
        return Route(key, Integration(function=function), id=text) if key is not None and function else None
    table = entry.table(_ROUTE_KEYS)
    leads = [name for name in ("function", "url", "aws") if name in table]
    if len(leads) != 1:
        entry.wrong("must lead to one of function, url and aws")
        return None
    integration = Integration(
        kind="HTTP_PROXY" if leads == ["url"] else "AWS_PROXY",
        function=table.read("function", reading.function),
        uri=table.read("url", Field.text),
        method=table.read("method", Field.text),
        subtype=table.read("aws", Field.text),
        payload_version=_version(table),
        timeout_ms=table.duration_ms("timeout", DEFAULT_TIMEOUT_MS),
        parameters=table.text_entries("parameters"),
        response_parameters=_read_responses(table),
    )
    _check_mappings(integration, entry)
    if not 50 <= integration.timeout_ms <= DEFAULT_TIMEOUT_MS:
        table.entries["timeout"].wrong("must be from 50ms to 30s")
    named = table.read("authorizer", Field.text)
    if named in (None, "AWS_IAM", "NONE"):
        authorization, authorizer = named or "NONE", None
    else:
        authorizer = authorizers.get(named)
        authorization = "JWT" if authorizer is not None and authorizer.kind == "JWT" else "CUSTOM"
        if authorizer is None:
            table.entries["authorizer"].wrong(f"there is no authorizer named {named!r}")
    if key is None:
        return None
    return Route(key, integration, authorization, authorizer, table.texts("scopes"), id=text)


def _read_responses(table: Table) -> dict[str, dict[str, str]]:
    """By status, which YAML may take for a number."""
    given = table.get("responses")
    return {status: inner.text_entries() for status, inner in given.entries()} if given is not None else {}


def _check_mappings(integration: Integration, entry: Field) -> None:
    try:
        if integration.subtype is not None:
            check_service_parameters(integration.subtype, integration.parameters)
        else:
            check_request_parameters(integration.parameters)
        check_response_parameters(integration.response_parameters)
    except Refused as refusal:
        entry.wrong(refusal.message)


def _read_key(text: str, entry: Field) -> RouteKey | None:
    try:
        return parse_route_key(text)
    except ValueError as error:
        entry.wrong(str(error))
        return None


def _version(table: Table) -> str:
    """`payload: 1.0` is a number to YAML; what is meant is the text."""
    given = table.read("payload", Field.any_text)
    if given not in (None, "1.0", "2.0"):
        table.entries["payload"].wrong("must be 1.0 or 2.0")
    return given or "2.0"


def _read_authorizers(table: Table, reading: Reading) -> dict[str, Authorizer]:
    section = table.get("authorizers")
    if section is None:
        return {}
    return {name: _read_authorizer(name, entry, reading) for name, entry in section.entries()}


def _read_authorizer(name: str, entry: Field, reading: Reading) -> Authorizer:
    table = entry.table(_AUTHORIZER_KEYS)
    if ("issuer" in table) == ("function" in table):
        entry.wrong("must have either an issuer, whose tokens it takes, or a function that it asks")
    sources = table.texts("IdentitySource")
    if "issuer" in table:
        return Authorizer(
            name, name, "JWT", sources or (_AUTHORIZATION,), table.text("issuer", ""), table.texts("audience"),
            table.read("keys", read_keys),
        )  # fmt: skip
    return Authorizer(
        name, name, "REQUEST", sources, function=table.read("function", reading.function),
        payload_version=_version(table), simple_responses=table.flag("simple", False),
        ttl_s=table.duration_ms("ttl", 0) // SECOND_MS,
    )  # fmt: skip


def read_keys(entry: Field) -> Mapping[str, object] | None:
    """A JSON Web Key Set: written here, or in a file beside this one."""
    value = entry.value
    if isinstance(value, str):
        path = entry.notes.folder / value
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            entry.wrong(f"{path} cannot be read: {error.strerror}")
            return None
        except ValueError:
            entry.wrong(f"{path} is no JSON")
            return None
    if not isinstance(value, Mapping) or not isinstance(value.get("keys"), list):
        entry.wrong('must be a key set, {"keys": [...]}, or the name of a file with one')
        return None
    return value
