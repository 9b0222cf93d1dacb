"""The keys that tokens are signed with: given in the settings, or asked of their issuer and kept for a while."""

from collections.abc import Mapping
from typing import Any

import orjson

from app.core.delivery.outside_calls import HttpAnswered, HttpCall
from app.core.gateway.http_api import Authorizer
from app.core.gateway.jwt import InvalidToken, Token
from app.core.time import HOUR_MS, Instant
from app.engine.ports import OutsideWorld

_KEPT_MS = 2 * HOUR_MS
_TIMEOUT_MS = 1_500
_MOST_BYTES = 150_000
"""HTTP API quotas: the issuer's endpoints answer within 1,500 ms, the key set has at most 150,000 bytes; keys are kept
for up to two hours (UNCONFIRMED)."""


class KeySets:
    """Key sets by issuer."""

    def __init__(self, outside: OutsideWorld) -> None:
        self._outside = outside
        self._kept: dict[str, tuple[Instant, Mapping[str, Any]]] = {}

    async def of(self, authorizer: Authorizer, token: Token, *, now: Instant) -> Mapping[str, Any]:
        """The authorizer's keys. Raises InvalidToken where the issuer cannot be asked for them."""
        if authorizer.keys is not None:
            return authorizer.keys
        if token.claims.get("iss") != authorizer.issuer:
            raise InvalidToken("issuer of the token is invalid")
        until, keys = self._kept.get(authorizer.issuer, (0, {}))
        if until <= now or not _has(keys, token):
            keys = await self._fetch(authorizer.issuer)
            self._kept[authorizer.issuer] = (now + _KEPT_MS, keys)
        return keys

    async def _fetch(self, issuer: str) -> Mapping[str, Any]:
        about = await self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        return await self._get(str(about.get("jwks_uri", "")))

    async def _get(self, url: str) -> Mapping[str, Any]:
        answer = await self._outside.make(HttpCall("GET", url, timeout_ms=_TIMEOUT_MS))
        if not isinstance(answer, HttpAnswered) or answer.status != 200 or len(answer.body) > _MOST_BYTES:
            raise InvalidToken("OIDC discovery endpoint communication error")
        try:
            told = orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            told = None
        if not isinstance(told, dict):
            raise InvalidToken("OIDC discovery endpoint communication error")
        return told


def _has(keys: Mapping[str, Any], token: Token) -> bool:
    given = keys.get("keys")
    known = [key for key in given if isinstance(key, dict)] if isinstance(given, list) else []
    return any(key.get("kid") == token.header.get("kid") for key in known)
