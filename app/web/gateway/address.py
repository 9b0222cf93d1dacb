"""Which requests are a front's: by the host that they ask, by their path, or by a port of its own.

By host, as on AWS with another end: `{api}.execute-api.localhost:4566`, `{api}.execute-api.us-east-1.localhost`,
`….localhost.localstack.cloud`, and AWS's own names. By path, for who cannot: `/_triggerfish/gateway/{api}/{stage}/…`,
and LocalStack's `/restapis/{api}/{stage}/_user_request_/…` and `/_aws/execute-api/{api}/{stage}/…`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from starlette.types import Scope

from app.core.gateway.domains import Domains
from app.core.gateway.gateways import Gateways
from app.core.gateway.http_api import HttpApi
from app.core.gateway.paths import decoded

ROOT = "/_triggerfish/gateway/"

_HOST = re.compile(
    r"(?P<id>[a-z0-9_-]+)\.(?P<service>execute-api|lambda-url|elb|cloudfront)"
    r"(?:\.(?P<region>[a-z]{2}(?:-[a-z]+)+-\d))?\.(?:localhost(?:\.localstack\.cloud)?|amazonaws\.com|on\.aws)"
    r"|(?P<distribution>[a-z0-9_-]+)\.cloudfront\.net"
    r"|(?P<balancer>[a-z0-9_-]+)\.(?P<elb_region>[a-z]{2}(?:-[a-z]+)+-\d)\.elb\.(?:localhost|amazonaws\.com)"
)
_PATHS = (
    re.compile(r"/_triggerfish/gateway/(?P<id>[^/]+)(?P<path>/.*)?"),
    re.compile(r"/restapis/(?P<id>[^/]+)/(?P<stage>[^/]+)/_user_request_(?P<path>/.*)?"),
    re.compile(r"/_aws/execute-api/(?P<id>[^/]+)(?P<path>/.*)?"),
)
_ROOTS = (ROOT, "/restapis/", "/_aws/execute-api/")
_SUFFIXES = (".localhost", ".localstack.cloud", ".amazonaws.com", ".on.aws", ".cloudfront.net")


@dataclass(frozen=True, slots=True)
class Address:
    """`front` is an id or a name, `path` what the front is to see, percent-encoded; `domain` the name that it was asked
    under, None where that was not one of its own. By `port`, a path need not name a stage. Under a custom
    domain name `base_path` is what of the path only led here, maybe nothing."""

    front: str
    path: str
    domain: str | None = None
    by_port: bool = False
    base_path: str | None = None


def address_of(scope: Scope, ports: Mapping[int, str]) -> Address | None:
    """The front that an ASGI request is for, if it is for one. `ports` are those of fronts, by number."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    host = next((value for name, value in scope["headers"] if name == b"host"), b"")
    server = scope.get("server")
    return address_at(raw.decode("latin-1"), host, server[1] if server is not None else None, ports)


def address_at(path: str, host: bytes, port: int | None, ports: Mapping[int, str]) -> Address | None:
    """The same of a request's parts; `host` is its header, `port` the one that it came to."""
    if port is not None and port in ports:
        return Address(ports[port], path or "/", by_port=True)
    if path.startswith(_ROOTS):
        return _by_path(path)
    return by_host(host.decode("latin-1"), path or "/") if b"." in host else None


def address_for(host: str, path: str, port: int | None, ports: Mapping[int, str]) -> Address | None:
    """The same of a URL's parts, for who only asks."""
    if port is not None and port in ports:
        return Address(ports[port], path or "/", by_port=True)
    return _by_path(path) or by_host(host, path or "/")


def by_domain(domains: Domains, gateways: Gateways, host: str, path: str) -> Address | None:
    """The API that a custom domain name leads to; one with no mapping for the path leads to nobody."""
    host = host.rsplit(":", 1)[0].lower()
    mapped = domains.find(host, path or "/")
    if mapped is None:
        return None
    api = gateways.get(mapped.api)
    stage = mapped.stage if mapped.stage != "$default" or not isinstance(api, HttpApi) else None
    inner = mapped.path if stage is None else f"/{stage}{mapped.path}"
    return Address(mapped.api, inner, host, base_path=mapped.base_path)


def by_host(host: str, path: str) -> Address | None:
    """`{api}.execute-api.localhost:4566` and its like; None for any other host, those of buckets among them."""
    named = _named_by(host)
    return Address(named[0], path, named[1]) if named is not None else None


@lru_cache(maxsize=1_024)
def _named_by(host: str) -> tuple[str, str] | None:
    """The front that a host names, and the name without its port; clients ask the same ones again and again."""
    name = host.rsplit(":", 1)[0].lower() if ":" in host else host.lower()
    if not name.endswith(_SUFFIXES):
        return None
    found = _HOST.fullmatch(name)
    return None if found is None else (found["id"] or found["distribution"] or found["balancer"], name)


def _by_path(path: str) -> Address | None:
    for pattern in _PATHS:
        found = pattern.fullmatch(path)
        if found is None:
            continue
        inner = found["path"] or "/"
        stage = found.groupdict().get("stage")
        if stage is not None and stage != "$default":
            inner = f"/{stage}{inner}"
        # A stage of this name is told by its absence.
        first, slash, rest = inner[1:].partition("/")
        if decoded(first) == "$default":
            inner = f"{slash}{rest}" or "/"
        return Address(decoded(found["id"]), inner)
    return None
