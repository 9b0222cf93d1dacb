"""Whether a request may go through its route: tokens, Lambda authorizers, signatures."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from app.core.commands import Asker, Opened
from app.core.gateway.authorizers import BadAuthorizerAnswer, Verdict, identity_values, policy_verdict, simple_verdict
from app.core.gateway.http_api import Authorizer, HttpApi, Route, Stage
from app.core.gateway.jwt import (
    InsufficientScope,
    InvalidToken,
    Token,
    check_claims,
    check_scopes,
    check_signature,
    parse_token,
)
from app.core.gateway.request import GatewayAnswer, GatewayRequest
from app.engine.driver import Engine
from app.engine.ports import OutsideWorld
from app.web.gateway.invoking import ByHand, Returned, invoke
from app.web.gateway.key_sets import KeySets
from app.web.gateway.signing import NotSigned, Signatures, identity_of
from app.wire.gateway import http_api as answers
from app.wire.gateway.authorizer_events import authorizer_event
from app.wire.gateway.occasion import Occasion


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a request is answered that may not go through, and why."""

    answer: GatewayAnswer
    problem: str


Authorized: TypeAlias = Mapping[str, Any] | None
"""`requestContext.authorizer`, or nothing where nobody was asked."""


class Authorizing:
    """Asks a route's authorizer."""

    def __init__(self, engine: Engine | ByHand, outside: OutsideWorld, signatures: Signatures) -> None:
        self._engine = engine
        self._signatures = signatures
        self._keys = KeySets(outside)

    async def authorize(
        self, api: HttpApi, stage: Stage, route: Route, request: GatewayRequest, occasion: Occasion, opened: Opened
    ) -> Authorized | Refusal:
        """What the event is to tell of who asks, or what refuses them."""
        match route.authorization, route.authorizer:
            case "NONE", _:
                return None
            case "AWS_IAM", _:
                return self._signer(request)
            case "JWT", Authorizer() as authorizer:
                return await self._token(authorizer, route, stage, request, occasion)
            case "CUSTOM", Authorizer() as authorizer:
                return await self._function(api, authorizer, stage, route, request, occasion, opened)
            case _:
                return Refusal(answers.INTERNAL_ERROR, "the route's authorizer is not there")

    def _signer(self, request: GatewayRequest) -> Authorized | Refusal:
        signer = self._signatures.signer_of(request, "execute-api")
        if isinstance(signer, NotSigned):
            answer = answers.FORBIDDEN if signer.words is None else answers.refusal(403, signer.words)
            return Refusal(answer, signer.problem)
        return {"iam": identity_of(signer)}

    async def _token(
        self, authorizer: Authorizer, route: Route, stage: Stage, request: GatewayRequest, occasion: Occasion
    ) -> Authorized | Refusal:
        found = identity_values(authorizer.identity_source, request, context={}, stage_variables=stage.variables)
        if not found:
            return Refusal(answers.NO_TOKEN, "the request brings no token")
        try:
            token = parse_token(found[0])
            check_signature(token, await self._keys.of(authorizer, token, now=occasion.now))
            check_claims(token, issuer=authorizer.issuer, audiences=authorizer.audiences, now=occasion.now)
            check_scopes(token, route.scopes)
        except InvalidToken as invalid:
            return Refusal(answers.unauthorized_token(str(invalid)), str(invalid))
        except InsufficientScope:
            return Refusal(answers.insufficient_scope(route.scopes), "the token has none of the route's scopes")
        scopes = token.scopes if route.scopes else None
        if occasion.is_v1:
            return {"claims": _claims(token), "scopes": scopes}
        return {"jwt": {"claims": _claims(token), "scopes": scopes}}

    async def _function(
        self, api: HttpApi, authorizer: Authorizer, stage: Stage, route: Route, request: GatewayRequest,
        occasion: Occasion, opened: Opened,
    ) -> Authorized | Refusal:  # fmt: skip
        context = {"routeKey": route.key.text, "stage": stage.name, "apiId": api.id, "httpMethod": request.method}
        found = identity_values(authorizer.identity_source, request, context=context, stage_variables=stage.variables)
        if found is None:
            return Refusal(answers.UNAUTHORIZED, "an identity source is missing; the authorizer is not asked")
        arn = api.request_arn(stage.name, request.method, occasion.path)
        cache, key = self._engine.world.gateways.authorized, (api.id, authorizer.id, stage.name, *found)
        verdict = cache.find(key, now=occasion.now) if authorizer.ttl_s else None
        if verdict is None:
            asked = await self._ask(api, authorizer, request, occasion, opened, arn, found)
            if isinstance(asked, Refusal):
                return asked
            verdict = asked
            cache.keep(key, verdict, ttl_s=authorizer.ttl_s, now=self._engine.clock.now())
        if not verdict.allows(arn):
            return Refusal(answers.FORBIDDEN, f"authorizer {authorizer.name} does not allow {arn}")
        if occasion.is_v1:
            return {"principalId": verdict.principal, **verdict.context}
        return {"lambda": dict(verdict.context)}

    async def _ask(
        self, api: HttpApi, authorizer: Authorizer, request: GatewayRequest, occasion: Occasion, opened: Opened,
        arn: str, found: tuple[str, ...],
    ) -> Verdict | Refusal:  # fmt: skip
        if authorizer.function is None:
            return Refusal(answers.INTERNAL_ERROR, f"authorizer {authorizer.name} has no function")
        event = authorizer_event(request, occasion, version=authorizer.payload_version, route_arn=arn, identity=found)
        station = f"authorizer {authorizer.name} of {api.name}"
        asker = Asker("apigateway.amazonaws.com", api.authorizer_arn(authorizer))
        ending = await invoke(
            self._engine, authorizer.function, event, api.scope, opened.origin, station,
            self._engine.world.limits.authorizer_timeout_ms, asker=asker,
        )  # fmt: skip
        if not isinstance(ending, Returned):
            return Refusal(answers.INTERNAL_ERROR, f"authorizer {authorizer.name}: {ending.text}")
        try:
            answer = orjson.loads(ending.payload)
            is_simple = authorizer.simple_responses and authorizer.payload_version == "2.0"
            return simple_verdict(answer) if is_simple else policy_verdict(answer)
        except (orjson.JSONDecodeError, BadAuthorizerAnswer) as bad:
            return Refusal(answers.INTERNAL_ERROR, f"authorizer {authorizer.name}: {bad}")


def _claims(token: Token) -> dict[str, str]:
    """Claims as texts; lists in brackets with blanks between their members, as HTTP APIs write them."""
    return {name: _claim_text(value) for name, value in token.claims.items()}


def _claim_text(value: Any) -> str:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, list):
        return f"[{' '.join(_claim_text(member) for member in value)}]"
    # Of numbers that are too large, or none, orjson would make nothing.
    return json.dumps(value, separators=(",", ":"))
