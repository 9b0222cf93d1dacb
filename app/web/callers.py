"""Who asks, told by what stays the same from one of their requests to the next, and so is worth remembering."""

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import unquote

from starlette.types import Scope as AsgiScope

from app.core.commands import Origin
from app.core.names import Scope
from app.wire.calls import Caller
from app.wire.credentials import credential_in


def caller_in(scope: AsgiScope, headers: Mapping[bytes, bytes]) -> Caller:
    return caller_of(headers, scope["query_string"], scope.get("scheme", "http"))


def caller_of(headers: Mapping[bytes, bytes], query: bytes, scheme: str) -> Caller:
    stated = stated_in(headers)
    return _caller(
        stated,
        b"" if stated else query,
        headers.get(b"x-amzn-trace-id"),
        scheme,
        headers.get(b"host", b"localhost"),
    )


def stated_in(headers: Mapping[bytes, bytes]) -> bytes:
    """The part of the authorization that stays the same from request to request; the signature after it does not."""
    authorization = headers.get(b"authorization", b"")
    start = authorization.find(b"Credential=")
    return authorization[start : authorization.find(b",", start)] if start >= 0 else b""


@lru_cache(maxsize=1024)
def service_stated(stated: bytes, query: str) -> str:
    return credential_in(stated.decode("latin-1"), query).service


@lru_cache(maxsize=1024)
def _caller(stated: bytes, query: bytes, trace_header: bytes | None, scheme: str, host: bytes) -> Caller:
    credential = credential_in(stated.decode("latin-1"), query.decode("latin-1"))
    # SDKs percent-encode what a function's environment has in _X_AMZN_TRACE_ID.
    trace = None if trace_header is None else unquote(trace_header.decode("latin-1"))
    scope = Scope(credential.scope.account, credential.scope.region)
    return Caller(scope, Origin(trace, credential.access_key_id), f"{scheme}://{host.decode('latin-1')}")
