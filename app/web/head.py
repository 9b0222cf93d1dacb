"""What is wrong with the head of a request that a parser lets through: pure, and without a word of any front's."""

import re
from functools import lru_cache
from http import HTTPStatus

LONGEST_TARGET = 65_535
"""Bytes. Longer ones cannot be taken apart (`httptools.parse_url` counts in 16 bits), and no front takes them."""

# RFC 9110, 7.2 and RFC 3986, 3.2.2, without a user's name and password.
_HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]+)(?::[0-9]{0,5})?")
_ABSOLUTE = re.compile(rb"https?://([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)


def without_authority(target: bytes, host: bytes) -> tuple[bytes, bytes]:
    """A request's target and the host that it asks: what an absolute target names goes before the `Host` header
    (RFC 9112, 3.2.2)."""
    found = _ABSOLUTE.fullmatch(target)
    if found is None:
        return target, host
    rest = found[2]
    return (rest if rest.startswith(b"/") else b"/" + rest), found[1]


def fault_of(version: str, target: bytes, host: bytes, hosts: int, codings: list[bytes]) -> HTTPStatus | None:
    """The status that refuses a head, if it has to be. `hosts` is how many `Host` headers it has, and `codings` are the
    values of `Transfer-Encoding`.

    505 and 501 are what load balancers answer (Application Load Balancer guide, load-balancer-troubleshooting); API
    Gateway's own statuses are UNCONFIRMED.
    """
    if version not in ("1.1", "1.0"):
        return HTTPStatus.HTTP_VERSION_NOT_SUPPORTED
    if hosts > 1 or (version == "1.1" and not hosts) or (hosts and not is_host(host)):
        return HTTPStatus.BAD_REQUEST
    if codings and version == "1.0":
        # Who speaks 1.0 in between would not know where the body ends (RFC 9112, 6.1).
        return HTTPStatus.BAD_REQUEST
    if codings and (len(codings) > 1 or codings[0].strip().lower() != b"chunked"):
        return HTTPStatus.NOT_IMPLEMENTED
    if not target.startswith(b"/"):
        # `OPTIONS *` is about no resource, and `CONNECT` is for proxies.
        return HTTPStatus.BAD_REQUEST
    if len(target) > LONGEST_TARGET:
        return HTTPStatus.REQUEST_URI_TOO_LONG
    return None


@lru_cache(maxsize=1_024)
def is_host(host: bytes) -> bool:
    """Whether it is a name or an address, with or without a port, and nothing beside."""
    return _HOST.fullmatch(host) is not None
