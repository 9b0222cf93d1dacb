"""Lambda authorizers: what their answer allows, and for how long it holds."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from app.core.gateway.paths import matches_glob, query_items
from app.core.gateway.request import GatewayRequest
from app.core.names import Arn
from app.core.time import SECOND_MS, Instant

_MOST_KEPT = 10_000

CacheKey: TypeAlias = tuple[str, ...]


class BadAuthorizerAnswer(Exception):
    """The authorizer answered something that is no answer; the text says what, for the journal."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an authorizer said. `statements` are (allows, resource patterns); of a simple answer there is one.
    `usage_key` is the API key that the caller is to be counted under."""

    statements: tuple[tuple[bool, tuple[str, ...]], ...]
    context: Mapping[str, Any]
    principal: str | None = None
    usage_key: str | None = None

    def allows(self, arn: Arn) -> bool:
        """Whether a statement allows this resource and none denies it."""
        found = [allows for allows, patterns in self.statements if any(matches_glob(p, arn) for p in patterns)]
        return bool(found) and all(found)

    def denies(self, arn: Arn) -> bool:
        """Whether it is denied in so many words."""
        return any(not allows and any(matches_glob(p, arn) for p in patterns) for allows, patterns in self.statements)


def simple_verdict(answer: Any) -> Verdict:
    """Of `{isAuthorized, context?}`. Raises BadAuthorizerAnswer."""
    if not isinstance(answer, Mapping) or not isinstance(answer.get("isAuthorized"), bool):
        raise BadAuthorizerAnswer("a simple answer has isAuthorized, true or false")
    context = answer.get("context")
    if context is not None and not isinstance(context, Mapping):
        raise BadAuthorizerAnswer("the context is no object")
    return Verdict(((answer["isAuthorized"], ("*",)),), dict(context or {}))


def policy_verdict(answer: Any) -> Verdict:
    """Of `{principalId, policyDocument, context?}`. Raises BadAuthorizerAnswer."""
    if not isinstance(answer, Mapping):
        raise BadAuthorizerAnswer("the answer is no object")
    document, principal, context = answer.get("policyDocument"), answer.get("principalId"), answer.get("context")
    if not isinstance(principal, str):
        raise BadAuthorizerAnswer("there is no principalId")
    if not isinstance(document, Mapping) or "Statement" not in document:
        raise BadAuthorizerAnswer("there is no policyDocument")
    if context is not None and not isinstance(context, Mapping):
        raise BadAuthorizerAnswer("the context is no object")
    statements = []
    for statement in _listed(document["Statement"]):
        if not isinstance(statement, Mapping) or statement.get("Effect") not in ("Allow", "Deny"):
            raise BadAuthorizerAnswer("a statement has no Effect")
        actions = [str(action) for action in _listed(statement.get("Action", []))]
        if any(matches_glob(action.lower(), "execute-api:invoke") for action in actions):
            resources = tuple(str(resource) for resource in _listed(statement.get("Resource", [])))
            statements.append((statement["Effect"] == "Allow", resources))
    usage_key = answer.get("usageIdentifierKey")
    return Verdict(tuple(statements), dict(context or {}), principal, usage_key if isinstance(usage_key, str) else None)


def identity_values(
    sources: Sequence[str], request: GatewayRequest, *, context: Mapping[str, str], stage_variables: Mapping[str, str]
) -> tuple[str, ...] | None:
    """What the selection expressions select (`$request.header.authorization`); None when one selects nothing."""
    values = []
    query: dict[str, str] | None = None
    for source in sources:
        kind, _, name = source.removeprefix("$").rpartition(".")
        match kind:
            case "request.header" | "method.request.header":
                found = request.header(name.lower())
            case "request.querystring" | "method.request.querystring":
                query = query if query is not None else dict(query_items(request.query))
                found = query.get(name)
            case "stageVariables":
                found = stage_variables.get(name)
            case _:
                found = context.get(name) if kind == "context" else None
        if not found:
            return None
        values.append(found)
    return tuple(values)


@dataclass(slots=True)
class AuthorizerCache:
    """Verdicts by authorizer and identity, each until its time is over; the oldest go when there are too many."""

    _kept: "OrderedDict[CacheKey, tuple[Instant, Verdict]]" = field(default_factory=OrderedDict)

    def find(self, key: CacheKey, *, now: Instant) -> Verdict | None:
        found = self._kept.get(key)
        if found is None:
            return None
        if found[0] <= now:
            del self._kept[key]
            return None
        return found[1]

    def keep(self, key: CacheKey, verdict: Verdict, *, ttl_s: int, now: Instant) -> None:
        """For so long, and not at all for 0."""
        if ttl_s > 0:
            self._kept[key] = (now + ttl_s * SECOND_MS, verdict)
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)

    def forget(self, api: str, *, stage: str | None = None) -> None:
        """All of an API's, whose key begins with its id, or those of a stage, which is third."""
        for key in [key for key in self._kept if key[0] == api and stage in (None, *key[2:3])]:
            del self._kept[key]


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]
