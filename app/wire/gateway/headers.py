"""Headers on their way in and out: joined, forwarded, and kept from doing harm."""

import re

from app.core.gateway.request import GatewayRequest, Headers

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

HOP_BY_HOP = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
        "trailers", "transfer-encoding", "upgrade",
    }
)  # fmt: skip
"""Headers of one connection (RFC 9110, 7.6.1): whoever answers for a function has connections of its own."""

OUR_OWN = frozenset({"content-length", "date", "server"})
"""What the server that answers writes itself."""


class BadHeader(Exception):
    """A function's header that would be more than a header; the text says which."""


def is_good_header(name: str, value: str) -> bool:
    """Whether it is one header on the wire and nothing else."""
    return _NAME.fullmatch(name) is not None and _FORBIDDEN.search(value) is None


def answer_headers(
    pairs: list[tuple[str, str]], *, remapped: tuple[str, ...] = (), ours: frozenset[str] = OUR_OWN
) -> list[tuple[str, str]]:
    """A function's headers as they may go out: those of a connection are left out, `remapped` ones and `ours` (lower
    case) get `x-amzn-Remapped-` before them. Raises BadHeader for one that would break out of its line."""
    kept = []
    for name, value in pairs:
        if not is_good_header(name, value):
            raise BadHeader(f"the header {name!r} is none")
        low = name.lower()
        if low in HOP_BY_HOP or low == "content-length":
            continue
        if low in remapped or low in ours:
            name = f"x-amzn-Remapped-{name}"
        kept.append((name, value.strip(" \t")))
    return kept


def lowered(request: GatewayRequest, separator: str = ",") -> dict[str, str]:
    """Header names in lower case; the values of one that came twice are joined."""
    headers: dict[str, str] = {}
    for name, value in request.headers:
        low = name.lower()
        if low in HOP_BY_HOP:
            continue
        headers[low] = f"{headers[low]}{separator}{value}" if low in headers else value
    return headers


def forwarded_for(request: GatewayRequest) -> str:
    """The addresses that a request came through, the last one as we see it."""
    before = ", ".join(request.all_of("x-forwarded-for"))
    return f"{before}, {request.source_ip}" if before else request.source_ip


def forwarding(request: GatewayRequest, trace_header: str) -> Headers:
    """What every front adds, in lower case."""
    return (
        ("x-amzn-trace-id", trace_header),
        ("x-forwarded-for", forwarded_for(request)),
        ("x-forwarded-port", str(request.port)),
        ("x-forwarded-proto", request.scheme),
    )
