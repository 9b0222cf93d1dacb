"""CORS: what a page is told before and after its request."""

import pytest

from app.core.gateway.cors import Cors, answer_headers, cors_of, is_preflight, preflight_headers, without_cors
from app.core.gateway.request import GatewayRequest


def from_page(origin: str = "https://shop.example", method: str = "GET") -> GatewayRequest:
    return GatewayRequest(method, "/", headers=(("Origin", origin),))


@pytest.mark.parametrize(
    ("allowed", "origin", "told"),
    [
        (("*",), "https://a.example", "*"),
        (("https://a.example",), "https://a.example", "https://a.example"),
        (("https://a.example",), "https://b.example", None),
        (("https://*",), "https://b.example", "https://b.example"),
        (("https://*",), "http://b.example", None),
        (("https://*.example",), "https://b.example", "https://b.example"),
        ((), "https://a.example", None),
    ],
)
def test_which_origin_is_allowed(allowed: tuple[str, ...], origin: str, told: str | None) -> None:
    assert Cors(allow_origins=allowed).allowed_origin(origin) == told


def test_with_credentials_a_star_becomes_the_origin() -> None:
    cors = Cors(allow_origins=("*",), allow_credentials=True)

    assert dict(answer_headers(cors, from_page())) == {
        "access-control-allow-origin": "https://shop.example",
        "access-control-allow-credentials": "true",
        "vary": "Origin",
    }


def test_a_preflight_is_told_all_of_it() -> None:
    cors = cors_of({"AllowOrigins": ["*"], "AllowMethods": ["GET", "PUT"], "AllowHeaders": ["x-a"], "MaxAge": 60})
    assert cors is not None
    request = from_page(method="OPTIONS")

    assert is_preflight(request)
    assert dict(preflight_headers(cors, request)) == {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET,PUT",
        "access-control-allow-headers": "x-a",
        "access-control-max-age": "60",
    }


def test_an_origin_that_is_not_allowed_is_told_nothing() -> None:
    assert preflight_headers(Cors(allow_origins=("https://b.example",)), from_page(method="OPTIONS")) == ()


def test_a_request_without_an_origin_is_no_pages() -> None:
    request = GatewayRequest("OPTIONS", "/")

    assert not is_preflight(request)
    assert answer_headers(Cors(allow_origins=("*",)), request) == ()


def test_what_a_function_says_of_cors_is_dropped() -> None:
    headers = (("Access-Control-Allow-Origin", "https://evil.example"), ("x-a", "1"))

    assert without_cors(headers) == (("x-a", "1"),)


def test_nothing_given_is_no_cors() -> None:
    assert cors_of({}) is None
    assert cors_of(None) is None
