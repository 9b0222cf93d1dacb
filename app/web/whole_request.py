"""A request that arrived whole and is written as SDKs write it, read in one go.

A parser calls back for each header; a dozen of those take as long as the rest of answering a SendMessage. What is
unusual in any way is left to the parser, which knows what to say about it.
"""

import re
from collections.abc import Mapping
from typing import TypeAlias

WholeRequest: TypeAlias = tuple[bytes, Mapping[bytes, bytes], bytes]
"""The target, headers by their lower-case names, and the body."""

INVOKE = b"/2015-03-31/functions/"
"""How the target of an Invoke begins."""

_BEGINNINGS = (b"POST / HTTP/1.1\r\n", b"POST " + INVOKE)
_METHOD, _VERSION = b"POST ", b" HTTP/1.1"
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VISIBLE = bytes(range(0x20, 0x7F))
_MOST_BYTES = 1_000_000
_NAMES_KEPT = 1_000
_names: dict[bytes, bytes] = {}
"""Header names as clients write them, in lower case: the same few come with every request."""

_CHANGES_THE_FRAME = frozenset({b"transfer-encoding", b"expect", b"upgrade", b"trailer", b"te"})
"""Headers by which a request is more than its head and so many bytes of a body."""


def read_whole(data: bytes) -> WholeRequest | None:
    """The `POST /`, or Invoke, that is all of `data`; None when it is anything else, is not whole, or is not plain."""
    if len(data) > _MOST_BYTES or not data.startswith(_BEGINNINGS):
        return None
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    target = lines[0][len(_METHOD) : -len(_VERSION)]
    if not lines[0].endswith(_VERSION) or b" " in target or b"#" in target:
        return None
    # Nothing but visible ASCII, and neither a space after a value nor two before it: then a value is what stands there.
    if head.translate(None, _VISIBLE) != b"\r\n" * (len(lines) - 1) or b" \r\n" in head or b":  " in head:
        return None
    del lines[0]
    headers = {}
    try:
        for line in lines:
            name, value = line.split(b": ", 1)
            headers[_names.get(name) or _lower(name)] = value
    except ValueError:
        return None
    is_plain = (
        len(headers) == len(lines)
        and b"" not in headers
        and headers.get(b"content-length") == b"%d" % len(body)
        and _CHANGES_THE_FRAME.isdisjoint(headers)
        and headers.get(b"connection", b"keep-alive").lower() == b"keep-alive"
        and not head.endswith(b" ")
    )
    return (target, headers, body) if is_plain else None


def _lower(name: bytes) -> bytes:
    """The header name in lower case; empty if it is none."""
    if not _TOKEN.fullmatch(name):
        return b""
    lower = name.lower()
    if len(_names) < _NAMES_KEPT:
        _names[name] = lower
    return lower
