"""Parameter mapping of HTTP APIs: what changes a request on its way to an integration, what changes its answer, and
what an AWS service is asked with (HTTP API guide, http-api-parameter-mapping)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from app.core.gateway.paths import query_items
from app.core.gateway.request import GatewayAnswer, GatewayRequest, Headers

ACTION = re.compile(r"(append|overwrite|remove):(header|querystring|path|statuscode)(?:\.(.+))?")
INNER = re.compile(r"\$\{([^}]*)\}")

_MOST_JSON_BYTES = 100 * 1_024
"""Of a body that a path is looked for in, AWS reads so much and no more."""

_BREAKS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class BadExpression(Exception):
    """An expression selects what cannot be selected; the text says which."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What expressions select from: the request and the variables of its path, or else the answer to it."""

    context: Mapping[str, Any] = field(default_factory=dict)
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    request: GatewayRequest | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    answer: GatewayAnswer | None = None


@dataclass(slots=True)
class Mapped:
    """`plain` are the parameters without an action, as AWS services have them; `changes` are (action, place, name,
    value), in their order."""

    plain: dict[str, str] = field(default_factory=dict)
    changes: list[tuple[str, str, str, str]] = field(default_factory=list)

    def headers(self, before: Headers) -> Headers:
        """The headers as the mapping leaves them; those that it does not name stay as they came."""
        pairs = list(before)
        for action, name, value in self._at("header"):
            low = name.lower()
            if action == "append" and (at := _last(pairs, low)) is not None:
                pairs[at] = (pairs[at][0], f"{pairs[at][1]},{value}")
                continue
            pairs = [pair for pair in pairs if pair[0].lower() != low]
            if action != "remove":
                pairs.append((name, value))
        return tuple(pairs)

    def query(self, before: str) -> str:
        """The query as the mapping leaves it: as it came where nothing in it is changed."""
        changes = self._at("querystring")
        if not changes:
            return before
        items = query_items(before)
        for action, name, value in changes:
            if action == "append":
                items.append((name, value))
                continue
            items = [item for item in items if item[0] != name]
            if action == "overwrite":
                items.append((name, value))
        return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in items)

    @property
    def path(self) -> str | None:
        """The path that takes the place of the request's; one without a slash gets it."""
        found = next((value for _, at, _, value in reversed(self.changes) if at == "path"), None)
        return found if found is None or found.startswith("/") else f"/{found}"

    @property
    def status(self) -> int | None:
        """The status that takes the place of the integration's. One that is none is not there (UNCONFIRMED)."""
        found = next((value for _, at, _, value in reversed(self.changes) if at == "statuscode"), "")
        return int(found) if re.fullmatch(r"[2-5]\d\d", found) else None

    def _at(self, place: str) -> list[tuple[str, str, str]]:
        return [(action, name, value) for action, at, name, value in self.changes if at == place]


def mapped_parameters(given: Mapping[str, str], sources: Sources) -> Mapped:
    """What the mapping makes of this request, or answer. What an expression does not find is left out. Raises
    BadExpression."""
    mapped = Mapped()
    for key, expression in given.items():
        action = ACTION.fullmatch(key)
        if action is not None and action[1] == "remove":
            mapped.changes.append(("remove", action[2], action[3] or "", ""))
            continue
        value = evaluate(expression, sources)
        if value is None:
            continue
        if action is None:
            mapped.plain[key] = value
        else:
            # A body may select what would end the header's line; on AWS it never leaves in one (UNCONFIRMED how).
            text = _BREAKS.sub(" ", value) if action[2] == "header" else value
            mapped.changes.append((action[1], action[2], action[3] or "", text))
    return mapped


def changed_request(request: GatewayRequest, mapped: Mapped) -> GatewayRequest:
    """The request with the headers, the query and the path that an integration gets to see."""
    if not mapped.changes:
        return request
    path = request.path if mapped.path is None else quote(mapped.path, safe="/%@:!$&'()*+,;=~-._")
    return replace(request, path=path, query=mapped.query(request.query), headers=mapped.headers(request.headers))


def changed_answer(
    answer: GatewayAnswer, by_status: Mapping[str, Mapping[str, str]], sources: Sources
) -> GatewayAnswer:
    """The answer as the mapping for its status leaves it. Raises BadExpression."""
    given = by_status.get(str(answer.status))
    if not given:
        return answer
    mapped = mapped_parameters(given, replace(sources, answer=answer))
    status = answer.status if mapped.status is None else mapped.status
    return replace(answer, status=status, headers=mapped.headers(answer.headers))


def evaluate(expression: str, sources: Sources) -> str | None:
    """The text that an expression comes to: `$request.header.x`, `${request.path.id}/more`, or plain text."""
    if INNER.search(expression):
        return INNER.sub(lambda found: _select(found[1], sources) or "", expression)
    return _select(expression[1:], sources) if expression.startswith("$") else expression


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
    path = parts.path if mapped.path is None else quote(mapped.path, safe="/%@:!$&'()*+,;=~-._")
    joined = "&".join(part for part in (parts.query, mapped.query(request.query)) if part)
    return urlunsplit((parts.scheme, parts.netloc, path, joined, ""))


def _last(pairs: list[tuple[str, str]], low: str) -> int | None:
    return next((at for at in range(len(pairs) - 1, -1, -1) if pairs[at][0].lower() == low), None)


def _select(selector: str, sources: Sources) -> str | None:
    kind, _, name = selector.partition(".")
    match kind:
        case "context":
            return _text(_of_context(sources.context, name))
        case "stageVariables":
            return sources.stage_variables.get(name)
        case "request" if sources.request is not None:
            return _of_request(name, sources.request, sources.variables)
        case "response" if sources.answer is not None:
            return _of_answer(name, sources.answer)
        case _:
            raise BadExpression(f"${selector} selects nothing that there is")


def _of_context(context: Mapping[str, Any], name: str) -> Any:
    """A variable by its name, which may lead into one that has members: `authorizer.claims.sub`, and keys with dots."""
    if name in context:
        return context[name]
    first, dot, rest = name.partition(".")
    inner = context.get(first)
    return _of_context(inner, rest) if dot and isinstance(inner, Mapping) else None


def _of_request(selector: str, request: GatewayRequest, variables: Mapping[str, str]) -> str | None:
    place, _, name = selector.partition(".")
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
            raise BadExpression(f"$request.{selector} selects nothing that there is")


def _of_answer(selector: str, answer: GatewayAnswer) -> str | None:
    place, _, name = selector.partition(".")
    match place:
        case "header":
            values = [value for given, value in answer.headers if given.lower() == name.lower()]
            return ",".join(values) if values else None
        case "body":
            return _of_body(answer.body, name)
        case _:
            raise BadExpression(f"$response.{selector} selects nothing that there is")


def _of_body(body: bytes, path: str) -> str | None:
    """All of the body, or what a path of names and `[number]`s leads to in its JSON."""
    if not path:
        return body.decode(errors="replace")
    try:
        found: Any = json.loads(body[:_MOST_JSON_BYTES].decode(errors="replace"))
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


def _text(found: Any) -> str | None:
    if found is None or isinstance(found, str):
        return found
    return json.dumps(found, separators=(",", ":"), default=str)
