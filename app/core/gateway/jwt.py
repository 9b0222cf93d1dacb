"""JSON Web Tokens as HTTP APIs check them: RSA signatures, issuer, audience, times and scopes."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.core.time import SECOND_MS, Instant

_HASHES = {
    "RS256": ("sha256", bytes.fromhex("3031300d060960864801650304020105000420")),
    "RS384": ("sha384", bytes.fromhex("3041300d060960864801650304020205000430")),
    "RS512": ("sha512", bytes.fromhex("3051300d060960864801650304020305000440")),
}
"""Each algorithm's hash, and how its digest begins under the signature (RFC 8017, 9.2, note 1)."""

_MOST_TOKEN_CHARS = 8_192


class InvalidToken(Exception):
    """The token is not accepted; the text is what `error_description` says."""


class InsufficientScope(Exception):
    """The token is good, but has none of the scopes that the route wants."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token whose signature has not been looked at yet."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes

    @property
    def scopes(self) -> list[str]:
        """Of `scope`, or `scp`: words with blanks between them, or a list."""
        given = self.claims.get("scope", self.claims.get("scp"))
        if isinstance(given, str):
            return given.split()
        return [str(scope) for scope in given] if isinstance(given, list) else []


def parse_token(text: str) -> Token:
    """A compact JWS, with or without `Bearer ` before it. Raises InvalidToken."""
    scheme, _, rest = text.partition(" ")
    compact = rest.strip() if scheme.lower() == "bearer" else text.strip()
    parts = compact.split(".")
    if len(parts) != 3 or len(compact) > _MOST_TOKEN_CHARS:
        raise InvalidToken("the token is malformed")
    try:
        header, claims = (json.loads(_bytes(part)) for part in parts[:2])
        signature = _bytes(parts[2])
    except (ValueError, RecursionError):
        raise InvalidToken("the token is malformed") from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise InvalidToken("the token is malformed")
    return Token(header, claims, f"{parts[0]}.{parts[1]}".encode(), signature)


def check_signature(token: Token, keys: Mapping[str, Any]) -> None:
    """Raises InvalidToken unless one of the set's RSA keys, the one of its `kid`, signed it."""
    algorithm, kid = token.header.get("alg"), token.header.get("kid")
    if algorithm not in _HASHES:
        raise InvalidToken("signing method is invalid")
    given = keys.get("keys")
    candidates = [key for key in (given if isinstance(given, list) else []) if isinstance(key, dict)]
    key = next((key for key in candidates if key.get("kty") == "RSA" and key.get("kid") == kid), None)
    if key is None:
        raise InvalidToken("the token has an unknown kid")
    if not _is_signed(token, str(algorithm), key):
        raise InvalidToken("the signature of the token is invalid")


def check_claims(token: Token, *, issuer: str, audiences: Sequence[str], now: Instant) -> None:
    """Raises InvalidToken for the first that does not hold: `iss`, `aud` or else `client_id`, `exp`, `nbf`, `iat`."""
    claims = token.claims
    if claims.get("iss") != issuer:
        raise InvalidToken("issuer of the token is invalid")
    named = claims["aud"] if "aud" in claims else claims.get("client_id")
    aud = named if isinstance(named, list) else [named]
    if audiences and not set(map(str, aud)) & set(audiences):
        raise InvalidToken("the token does not have a valid audience")
    at = now / SECOND_MS
    if not _is_number(claims.get("exp")) or claims["exp"] <= at:
        raise InvalidToken("the token has expired")
    for name, words in (("nbf", "the token is not valid yet"), ("iat", "the token was issued in the future")):
        if name in claims and (not _is_number(claims[name]) or claims[name] > at):
            raise InvalidToken(words)


def check_scopes(token: Token, wanted: Sequence[str]) -> None:
    """Raises InsufficientScope unless the token has one of the wanted scopes, if any is wanted."""
    if wanted and not set(wanted) & set(token.scopes):
        raise InsufficientScope


def _is_signed(token: Token, algorithm: str, key: Mapping[str, Any]) -> bool:
    """RSASSA-PKCS1-v1_5: the message is hashed, padded and compared with the signature raised to the exponent."""
    try:
        modulus = int.from_bytes(_bytes(str(key["n"])), "big")
        exponent = int.from_bytes(_bytes(str(key["e"])), "big")
    except (KeyError, ValueError):
        return False
    size = (modulus.bit_length() + 7) // 8
    if len(token.signature) != size or not 1 < exponent < 2**33:
        return False
    name, begin = _HASHES[algorithm]
    digest = begin + hashlib.new(name, token.signed).digest()
    padding = size - len(digest) - 3
    if padding < 8:
        return False
    wanted = b"\x00\x01" + b"\xff" * padding + b"\x00" + digest
    found = pow(int.from_bytes(token.signature, "big"), exponent, modulus).to_bytes(size, "big")
    return hmac.compare_digest(found, wanted)


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
