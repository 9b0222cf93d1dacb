"""Tokens: signatures, claims and scopes, each wrong in its own way."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from app.core.gateway.jwt import (
    InsufficientScope,
    InvalidToken,
    check_claims,
    check_scopes,
    check_signature,
    parse_token,
)

NOW_S = 1_795_262_400
KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
OTHER = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
CLAIMS = {"iss": "https://issuer.example", "aud": "shop", "exp": NOW_S + 60, "scope": "read write"}


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int) -> str:
    return encoded(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def key_set(key: rsa.RSAPrivateKey = KEY, kid: str = "one") -> dict[str, Any]:
    public = key.public_key().public_numbers()
    return {"keys": [{"kty": "RSA", "kid": kid, "n": number(public.n), "e": number(public.e)}]}


def signed(claims: Any, *, key: rsa.RSAPrivateKey = KEY, kid: str = "one", algorithm: str = "RS256") -> str:
    head = encoded(json.dumps({"alg": algorithm, "kid": kid}).encode())
    content = f"{head}.{encoded(json.dumps(claims).encode())}"
    kind = {"RS384": hashes.SHA384(), "RS512": hashes.SHA512()}.get(algorithm, hashes.SHA256())
    return f"{content}.{encoded(key.sign(content.encode(), padding.PKCS1v15(), kind))}"


def check(text: str, **changed: Any) -> None:
    token = parse_token(text)
    check_signature(token, changed.get("keys", key_set()))
    check_claims(
        token, issuer="https://issuer.example", audiences=changed.get("audiences", ("shop",)), now=NOW_S * 1_000
    )


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512"])
@pytest.mark.parametrize("prefix", ["", "Bearer ", "bearer "])
def test_a_good_token_is_taken(algorithm: str, prefix: str) -> None:
    check(prefix + signed(CLAIMS, algorithm=algorithm))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"iss": "https://other.example"}, "issuer"),
        ({"aud": "other"}, "audience"),
        ({"aud": ["other", "shop2"]}, "audience"),
        ({"exp": NOW_S}, "expired"),
        ({"exp": "soon"}, "expired"),
        ({"nbf": NOW_S + 1}, "not valid yet"),
        ({"iat": NOW_S + 1}, "in the future"),
    ],
)
def test_a_claim_that_does_not_hold_is_told(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidToken, match=why):
        check(signed({**CLAIMS, **changes}))


def test_a_client_id_stands_for_an_audience_only_without_one() -> None:
    without = {name: value for name, value in CLAIMS.items() if name != "aud"}

    check(signed({**without, "client_id": "shop"}))
    with pytest.raises(InvalidToken, match="audience"):
        check(signed({**CLAIMS, "aud": "other", "client_id": "shop"}))


def test_one_of_several_audiences_is_enough() -> None:
    check(signed({**CLAIMS, "aud": ["x", "shop"]}))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (signed(CLAIMS, key=OTHER), "signature"),
        (signed(CLAIMS, kid="two"), "kid"),
        (signed(CLAIMS, algorithm="none"), "signing method"),
        (signed(CLAIMS, algorithm="HS256"), "signing method"),
        (signed(CLAIMS)[:-8], "signature"),
        (signed([1]), "malformed"),
        ("a.b", "malformed"),
        ("", "malformed"),
        ("Bearer", "malformed"),
        ("x" * 10_000, "malformed"),
    ],
)
def test_what_is_no_good_token_is_told(text: str, why: str) -> None:
    with pytest.raises(InvalidToken, match=why):
        check(text)


@pytest.mark.parametrize("key", [{"kty": "RSA", "kid": "one"}, {"kty": "RSA", "kid": "one", "n": "AQ", "e": "Aw"}])
def test_a_key_that_is_none_verifies_nothing(key: dict[str, str]) -> None:
    with pytest.raises(InvalidToken, match="signature"):
        check(signed(CLAIMS), keys={"keys": [key]})


def test_one_of_the_wanted_scopes_is_enough() -> None:
    token = parse_token(signed(CLAIMS))

    check_scopes(token, ("admin", "read"))
    check_scopes(token, ())
    with pytest.raises(InsufficientScope):
        check_scopes(token, ("admin",))


def test_scp_may_be_a_list() -> None:
    assert parse_token(signed({"scp": ["a", "b"]})).scopes == ["a", "b"]


@given(st.text(max_size=60))
def test_any_text_is_a_token_or_is_refused(text: str) -> None:
    try:
        check(text)
    except InvalidToken:
        return
    raise AssertionError("a text was taken for a signed token")
