"""Parameter mapping of HTTP APIs: what a request is changed by on its way to an integration, and what an AWS service is
asked with (HTTP API guide, http-api-parameter-mapping)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from app.core.gateway.paths import query_items
from app.core.gateway.request import GatewayRequest

_ACTION = re.compile(r"(append|overwrite|remove):(header|querystring|path)(?:\.(.+))?")
_INNER = re.compile(r"\$\{([^}]*)\}")


class BadExpression(Exception):
    """An expression selects what cannot be selected; the text says which."""


@dataclass(slots=True)
class Mapped:
    """`plain` are the parameters without an action, as AWS services have them; `changes` are (action, place, name,
    value), in their order."""

    plain: dict[str, str] = field(default_factory=dict)
    changes: list[tuple[str, str, str, str]] = field(default_factory=list)

    def headers(self, before: Mapping[str, str]) -> dict[str, str]:
        """The headers, names in lower case, as the mapping leaves them."""
        return _changed(before, [(action, name.lower(), value) for action, at, name, value in self.changes
                                 if at == "header"])  # fmt: skip

    def query(self, before: Mapping[str, str]) -> dict[str, str]:
        return _changed(before, [(action, name, value) for action, at, name, value in self.changes
                                 if at == "querystring"])  # fmt: skip

    @property
    def changes_query(self) -> bool:
        return any(at == "querystring" for _, at, _, _ in self.changes)

    @property
    def path(self) -> str | None:
        return next((value for _, at, _, value in reversed(self.changes) if at == "path"), None)


def mapped_parameters(
    given: Mapping[str, str],
    request: GatewayRequest,
    context: Mapping[str, str],
    variables: Mapping[str, str],
    stage_variables: Mapping[str, str],
) -> Mapped:
    """What the mapping makes of this request. What an expression does not find is left out. Raises BadExpression."""
    mapped = Mapped()
    for key, expression in given.items():
        value = evaluate(expression, request, context, variables, stage_variables)
        action = _ACTION.fullmatch(key)
        if action is None:
            if value is not None:
                mapped.plain[key] = value
        elif action[1] == "remove" or value is not None:
            mapped.changes.append((action[1], action[2], action[3] or "", value or ""))
    return mapped


def evaluate(
    expression: str,
    request: GatewayRequest,
    context: Mapping[str, str],
    variables: Mapping[str, str],
    stage_variables: Mapping[str, str],
) -> str | None:
    """The text that an expression comes to: `$request.header.x`, `${request.path.id}/more`, or plain text."""

    def select(selector: str) -> str | None:
        return _select(selector, request, context, variables, stage_variables)

    if _INNER.search(expression):
        return _INNER.sub(lambda found: select(found[1]) or "", expression)
    return select(expression[1:]) if expression.startswith("$") else expression


def url_of(uri: str, request: GatewayRequest, variables: Mapping[str, str], mapped: Mapped) -> str:
    """Where HTTP_PROXY goes: the URI with its variables filled in, and the query of the request.

    Raises BadExpression for a URI whose variables the route does not have.
    """

    def fill(found: re.Match[str]) -> str:
        name = found[1].rstrip("+")
        if name not in variables:
            raise BadExpression(f"the integration's URI has {{{found[1]}}}, the route has not")
        return quote(variables[name], safe="/@:!$&'()*+,;=~-._")

    parts = urlsplit(re.sub(r"\{([^}]*)\}", fill, uri))
    path = parts.path if mapped.path is None else mapped.path
    query = request.query
    if mapped.changes_query:
        changed = mapped.query(dict(query_items(query)))
        query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in changed.items())
    joined = "&".join(part for part in (parts.query, query) if part)
    return urlunsplit((parts.scheme, parts.netloc, path, joined, ""))


def _select(
    selector: str,
    request: GatewayRequest,
    context: Mapping[str, str],
    variables: Mapping[str, str],
    stage_variables: Mapping[str, str],
) -> str | None:
    kind, _, name = selector.partition(".")
    if kind == "context":
        return context.get(name)
    if kind == "stageVariables":
        return stage_variables.get(name)
    if kind != "request":
        raise BadExpression(f"${selector} selects nothing that there is")
    place, _, name = name.partition(".")
    match place:
        case "header":
            values = request.all_of(name.lower())
            return ",".join(values) if values else None
        case "querystring":
            found = [text for key, text in query_items(request.query) if key == name]
            return ",".join(found) if found else None
        case "path":
            return variables.get(name) if name else request.path
        case "body":
            return _of_body(request.body, name)
        case _:
            raise BadExpression(f"${selector} selects nothing that there is")


def _of_body(body: bytes, path: str) -> str | None:
    """All of the body, or what a path of names and `[number]`s leads to in its JSON."""
    text = body.decode(errors="replace")
    if not path:
        return text
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    for step in re.findall(r"[^.\[\]]+", path):
        if isinstance(found, dict) and step in found:
            found = found[step]
        elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        else:
            return None
    return found if isinstance(found, str) else json.dumps(found, separators=(",", ":"))


def _changed(before: Mapping[str, str], changes: list[tuple[str, str, str]]) -> dict[str, str]:
    after = dict(before)
    for action, name, value in changes:
        if action == "remove":
            after.pop(name, None)
        elif action == "append" and name in after:
            after[name] = f"{after[name]},{value}"
        else:
            after[name] = value
    return after
