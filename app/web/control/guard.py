"""Who may speak to the control API: this machine's own pages and programs, and who knows the token."""

import base64
import hmac
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.control.errors import error_response

_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class Guard:
    """Raw ASGI around the control app.

    Refuses with 403 a `Host` that is not ours (a foreign name that resolves to this machine is DNS rebinding) and an
    `Origin` that is not this service's own; with 401 a missing or wrong token, if one is configured; with 413 a body
    over `body_limit_bytes`, announced or not. The token comes as `Authorization: Bearer`, or as the password of
    `Basic`, which is what lets a browser ask for it.
    """

    def __init__(self, app: ASGIApp, *, token: str | None, host_names: tuple[str, ...], body_limit_bytes: int) -> None:
        self._app = app
        self._token = token
        self._host_names = _LOOPBACK_NAMES | {name.lower() for name in host_names}
        self._body_limit_bytes = body_limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = _headers(scope)
        host = headers.get("host", "")
        if not self._is_ours(host):
            response = error_response(403, "ForeignHost", f"this service does not answer to the host {host!r}")
        elif "origin" in headers and not _is_same_origin(headers["origin"], host):
            response = error_response(
                403, "ForeignOrigin", f"pages of {headers['origin']!r} may not use the control API"
            )
        elif self._token is not None and not _presents(headers.get("authorization", ""), self._token):
            response = error_response(
                401,
                "Unauthorized",
                "the control API needs its token: Authorization: Bearer <token>",
                headers={"WWW-Authenticate": 'Bearer realm="triggerfish", Basic realm="triggerfish"'},
            )
        elif _announced_length(headers) > self._body_limit_bytes:
            response = error_response(413, "BodyTooLarge", self._too_large)
        else:
            await self._app(scope, self._counted(receive), send)
            return
        await response(scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        name = _host_name(host)
        return name in self._host_names or name.endswith(".localhost")

    @property
    def _too_large(self) -> str:
        return f"a body may have at most {self._body_limit_bytes} bytes"

    def _counted(self, receive: Receive) -> Receive:
        """`receive`, ended by 413 where a body that announced no length grows over the limit."""
        received_bytes = 0

        async def count() -> Message:
            nonlocal received_bytes
            message = await receive()
            if message["type"] == "http.request":
                received_bytes += len(message.get("body", b""))
                if received_bytes > self._body_limit_bytes:
                    raise HTTPException(413, self._too_large)
            return message

        return count


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _host_name(host: str) -> str:
    """The name in a Host header, without port and brackets; "" when it is malformed."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_same_origin(origin: str, host: str) -> bool:
    """Whether a page of `origin` was served by whom it now asks. The scheme may differ behind a TLS proxy."""
    return "://" in origin and origin.split("://", 1)[1].lower() == host.lower()


def _presents(authorization: str, token: str) -> bool:
    scheme, _, credentials = authorization.partition(" ")
    match scheme.lower():
        case "bearer":
            presented = credentials.strip().encode()
        case "basic":
            try:
                presented = base64.b64decode(credentials.strip(), validate=True).partition(b":")[2]
            except ValueError:
                return False
        case _:
            return False
    return hmac.compare_digest(presented, token.encode())


def _announced_length(headers: dict[str, str]) -> int:
    length = headers.get("content-length", "")
    return int(length) if length.isdecimal() else 0
