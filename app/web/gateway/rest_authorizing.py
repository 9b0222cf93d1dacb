"""Whether a request may go through its method: Lambda authorizers, user pools, signatures."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from app.core.commands import Asker, Opened
from app.core.errors import AccessDenied
from app.core.gateway.authorizers import BadAuthorizerAnswer, Verdict, identity_values, policy_verdict
from app.core.gateway.jwt import InvalidToken, check_signature, parse_token
from app.core.gateway.request import GatewayRequest
from app.core.gateway.rest.api import (
    RestApi,
    RestAuthorizer,
    RestMethod,
    RestStage,
    function_of,
    with_stage_variables,
)
from app.core.gateway.rest.gateway_responses import GatewayError
from app.core.names import Arn
from app.core.time import SECOND_MS
from app.engine.driver import Engine
from app.web.gateway.invoking import ByHand, Failed, Rejected, Returned, invoke
from app.wire.credentials import credential_in
from app.wire.gateway.rest_api import RestOccasion, request_event, token_event

PRINCIPAL = "apigateway.amazonaws.com"
_TIMEOUT_MS = 29_000
_MOST_ARN_BYTES = 1_600
"""Of what an authorizer is asked about (API Gateway guide, apigateway-use-lambda-authorizer)."""
_DENIED = "User is not authorized to access this resource"


@dataclass(frozen=True, slots=True)
class Known:
    """Who asks, as far as an authorizer told: `requestContext.authorizer`, more of `identity`, and the API key that it
    may have named."""

    authorizer: Mapping[str, Any] | None = None
    identity: Mapping[str, Any] | None = None
    api_key: str | None = None


class RestAuthorizing:
    """Asks a method's authorizer. All refusals are GatewayErrors."""

    def __init__(self, engine: Engine | ByHand) -> None:
        self._engine = engine

    async def authorize(
        self, api: RestApi, stage: RestStage, method: RestMethod, request: GatewayRequest, occasion: RestOccasion,
        opened: Opened,
    ) -> Known:  # fmt: skip
        match method.authorization, method.authorizer:
            case "NONE", _:
                return Known()
            case "AWS_IAM", _:
                return _signed(request)
            case "COGNITO_USER_POOLS", RestAuthorizer() as authorizer:
                return self._token(authorizer, method, request, occasion)
            case "CUSTOM", RestAuthorizer() as authorizer:
                return await self._function(api, stage, authorizer, request, occasion, opened)
            case _:
                raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR", "the method's authorizer is not there")

    # Tokens of user pools -------------------------------------------------------------------------------

    def _token(
        self, authorizer: RestAuthorizer, method: RestMethod, request: GatewayRequest, occasion: RestOccasion
    ) -> Known:
        """A token's signature is checked where the keys are known; its times and its pool always are."""
        found = identity_values(authorizer.identity_source, request, context={}, stage_variables={})
        if not found:
            raise GatewayError("UNAUTHORIZED", "the request brings no token")
        try:
            token = parse_token(found[0])
            if authorizer.keys is not None:
                check_signature(token, authorizer.keys)
        except InvalidToken as invalid:
            raise GatewayError("UNAUTHORIZED", str(invalid)) from None
        claims = token.claims
        expires = claims.get("exp")
        if isinstance(expires, int | float) and expires * SECOND_MS <= occasion.now:
            raise GatewayError("UNAUTHORIZED", "the token has expired", "The incoming token has expired")
        issuers = {f"https://cognito-idp.{arn.split(':')[3]}.amazonaws.com/{arn.rpartition('/')[2]}"
                   for arn in authorizer.pools}  # fmt: skip
        if issuers and not any(str(claims.get("iss", "")).endswith(issuer.partition("//")[2]) for issuer in issuers):
            raise GatewayError("UNAUTHORIZED", "the token is of no user pool of this authorizer")
        if method.scopes and not set(method.scopes) & set(token.scopes):
            raise GatewayError("UNAUTHORIZED", "the token has none of the method's scopes")
        return Known({"claims": {name: _text(value) for name, value in claims.items()}})

    # Functions ------------------------------------------------------------------------------------------

    async def _function(
        self, api: RestApi, stage: RestStage, authorizer: RestAuthorizer, request: GatewayRequest,
        occasion: RestOccasion, opened: Opened,
    ) -> Known:  # fmt: skip
        found = self._identity(authorizer, stage, request, occasion)
        arn = api.method_arn(stage.name, request.method, occasion.path)
        if len(arn.encode()) > _MOST_ARN_BYTES:
            raise GatewayError("URI_TOO_LONG", f"the method's ARN has more than {_MOST_ARN_BYTES} bytes")
        cache, key = self._engine.world.gateways.authorized, (api.id, authorizer.id, stage.name, *found)
        verdict = cache.find(key, now=occasion.now) if authorizer.ttl_s and found else None
        if verdict is None:
            verdict = await self._ask(api, stage, authorizer, request, occasion, opened, arn, found)
            if found:
                cache.keep(key, verdict, ttl_s=authorizer.ttl_s, now=self._engine.clock.now())
        if verdict.denies(arn):
            words = f"{_DENIED} with an explicit deny"
            raise GatewayError("ACCESS_DENIED", f"authorizer {authorizer.name} denies {arn}", words)
        if not verdict.allows(arn):
            raise GatewayError("ACCESS_DENIED", f"authorizer {authorizer.name} does not allow {arn}")
        return Known({"principalId": verdict.principal, **_texts(authorizer, verdict.context), "integrationLatency": 0},
                     api_key=verdict.usage_key)  # fmt: skip

    def _identity(
        self, authorizer: RestAuthorizer, stage: RestStage, request: GatewayRequest, occasion: RestOccasion
    ) -> tuple[str, ...]:
        """The values that identify the caller. One that is missing is refused without asking, where it must be there:
        for a token always, for a request where verdicts are kept."""
        context = {"stage": stage.name, "apiId": occasion.api_id, "httpMethod": request.method,
                   "resourcePath": occasion.resource_path}  # fmt: skip
        found = identity_values(authorizer.identity_source, request, context=context, stage_variables=stage.variables)
        if found is None:
            if authorizer.kind == "TOKEN" or authorizer.ttl_s:
                raise GatewayError("UNAUTHORIZED", "an identity source is missing; the authorizer is not asked")
            return ()
        if authorizer.kind == "TOKEN" and authorizer.validation and not _fits(authorizer.validation, found[0]):
            raise GatewayError("UNAUTHORIZED", "the token does not fit the validation expression")
        return found

    async def _ask(
        self, api: RestApi, stage: RestStage, authorizer: RestAuthorizer, request: GatewayRequest,
        occasion: RestOccasion, opened: Opened, arn: Arn, found: tuple[str, ...],
    ) -> Verdict:  # fmt: skip
        payload = await self._payload(api, stage, authorizer, request, occasion, opened, arn, found)
        try:
            return policy_verdict(orjson.loads(payload))
        except (orjson.JSONDecodeError, BadAuthorizerAnswer) as bad:
            problem = f"authorizer {authorizer.name}: {bad}"
            raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR", problem) from None

    async def ask_once(
        self, api: RestApi, stage: RestStage, authorizer: RestAuthorizer, request: GatewayRequest,
        occasion: RestOccasion, opened: Opened,
    ) -> bytes:  # fmt: skip
        """What an authorizer's function says, and nothing made of it."""
        found = self._identity(authorizer, stage, request, occasion)
        arn = api.method_arn(stage.name, request.method, occasion.path)
        return await self._payload(api, stage, authorizer, request, occasion, opened, arn, found)

    async def _payload(
        self, api: RestApi, stage: RestStage, authorizer: RestAuthorizer, request: GatewayRequest,
        occasion: RestOccasion, opened: Opened, arn: Arn, found: tuple[str, ...],
    ) -> bytes:  # fmt: skip
        function = function_of(with_stage_variables(authorizer.uri, stage.variables))
        if function is None:
            raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR", f"authorizer {authorizer.name} has no function")
        event = token_event(found[0], arn) if authorizer.kind == "TOKEN" else request_event(request, occasion, arn)
        station = f"authorizer {authorizer.name} of {api.name}"
        asker = None if authorizer.has_role else Asker(PRINCIPAL, api.authorizer_arn(authorizer))
        ending = await invoke(
            self._engine, function, event, api.scope, opened.origin, station, _TIMEOUT_MS, asker=asker
        )
        match ending:
            case Returned(payload=payload):
                return payload
            case Failed(outcome=outcome) if getattr(outcome, "message", None) == "Unauthorized":
                raise GatewayError("UNAUTHORIZED", f"authorizer {authorizer.name} said Unauthorized")
            case Failed():
                raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR", f"authorizer {authorizer.name}: {ending.text}")
            case Rejected(refusal=AccessDenied()):
                raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR", f"authorizer {authorizer.name}: {ending.text}")
            case _:
                raise GatewayError("AUTHORIZER_FAILURE", f"authorizer {authorizer.name}: {ending.text}")


def _texts(authorizer: RestAuthorizer, context: Mapping[str, Any]) -> dict[str, str]:
    """The context's values as texts. Objects and lists are not taken. Raises GatewayError."""
    for name, value in context.items():
        if isinstance(value, dict | list):
            problem = f"authorizer {authorizer.name}: the context's {name} is no text, number or truth"
            raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR", problem)
    return {name: _text(value) for name, value in context.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _fits(pattern: str, text: str) -> bool:
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        return False


def _signed(request: GatewayRequest) -> Known:
    """Whoever signed the request, with whatever secret: who may come in at all is decided elsewhere."""
    credential = credential_in(request.header("authorization") or "", request.query)
    if credential.access_key_id is None:
        raise GatewayError("MISSING_AUTHENTICATION_TOKEN", "the request is not signed")
    account = credential.scope.account
    return Known(
        identity={
            "accessKey": credential.access_key_id,
            "accountId": account,
            "caller": credential.access_key_id,
            "user": credential.access_key_id,
            "userArn": f"arn:aws:iam::{account}:root",
        }
    )
