"""CORS as HTTP APIs and function URLs answer for it: by themselves, before and after the function."""

from collections.abc import Mapping
from typing import Any

from app.core.gateway.request import GatewayRequest, Headers
from app.core.value import value

PREFIX = "access-control-"


@value(frozen=True, slots=True)
class Cors:
    """A CORS configuration under AWS's names."""

    allow_origins: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    allow_credentials: bool = False
    max_age_s: int | None = None

    def allowed_origin(self, origin: str) -> str | None:
        """What `Access-Control-Allow-Origin` says to that origin. `*` is told as it is unless credentials may come;
        `https://*` and `http://*` stand for every origin of the scheme, and `https://*.example.com` for its kin."""
        for allowed in self.allow_origins:
            if allowed == "*":
                return origin if self.allow_credentials else "*"
            if allowed.lower() == origin.lower():
                return origin
            begin, star, end = allowed.lower().partition("*")
            if star and origin.lower().startswith(begin) and origin.lower().endswith(end):
                return origin
        return None


def cors_of(given: Mapping[str, Any] | None) -> Cors | None:
    """From `{"AllowOrigins": […], …}`; nothing where nothing is given."""
    if not given:
        return None
    return Cors(
        tuple(given.get("AllowOrigins") or ()),
        tuple(given.get("AllowMethods") or ()),
        tuple(given.get("AllowHeaders") or ()),
        tuple(given.get("ExposeHeaders") or ()),
        bool(given.get("AllowCredentials", False)),
        given.get("MaxAge"),
    )


def is_preflight(request: GatewayRequest) -> bool:
    """Whether a browser asks what it may ask for."""
    return request.method == "OPTIONS" and request.header("origin") is not None


def preflight_headers(cors: Cors, request: GatewayRequest) -> Headers:
    """What a preflight is answered; nothing for an origin, or a method, that is not allowed."""
    headers = list(_common(cors, request))
    if not headers:
        return ()
    if cors.allow_methods:
        methods = cors.allow_methods
        if "*" in methods:
            methods = ("*",)
        headers.append(("access-control-allow-methods", ",".join(methods)))
    if cors.allow_headers:
        headers.append(("access-control-allow-headers", ",".join(cors.allow_headers)))
    if cors.max_age_s is not None:
        headers.append(("access-control-max-age", str(cors.max_age_s)))
    return tuple(headers)


def answer_headers(cors: Cors, request: GatewayRequest) -> Headers:
    """What every other answer to a page's request says of CORS, instead of what the function said."""
    headers = list(_common(cors, request))
    if headers and cors.expose_headers:
        headers.append(("access-control-expose-headers", ",".join(cors.expose_headers)))
    return tuple(headers)


def without_cors(headers: Headers) -> Headers:
    """The headers without those of CORS: where the gateway answers for it, the function's are ignored."""
    return tuple((name, text) for name, text in headers if not name.lower().startswith(PREFIX))


def _common(cors: Cors, request: GatewayRequest) -> Headers:
    origin = request.header("origin")
    allowed = cors.allowed_origin(origin) if origin else None
    if allowed is None:
        return ()
    headers = [("access-control-allow-origin", allowed)]
    if allowed != "*":
        headers.append(("vary", "Origin"))
    if cors.allow_credentials:
        headers.append(("access-control-allow-credentials", "true"))
    return tuple(headers)
