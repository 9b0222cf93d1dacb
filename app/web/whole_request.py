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

_HEAD = re.compile(
    rb"POST (/|%s[!\"$-~]*) HTTP/1\.1"  # no blank in the target, and no fragment
    rb"(?:\r\n[!#$%%&'*+.^_`|~0-9A-Za-z-]+: [!-~][ -~]*(?<! ))+" % re.escape(INVOKE)
)
"""With headers whose values are visible ASCII, one space before them and none behind: a value is what stands there."""

_MOST_BYTES = 1_000_000

_CHANGES_THE_FRAME = frozenset({b"transfer-encoding", b"expect", b"upgrade", b"trailer", b"te"})
"""Headers by which a request is more than its head and so many bytes of a body."""


def read_whole(data: bytes) -> WholeRequest | None:
    """The `POST /`, or Invoke, that is all of `data`; None when it is anything else, is not whole, or is not plain."""
    if len(data) > _MOST_BYTES or not data.startswith(b"POST /"):
        return None
    # From the end, where it is sooner found; a body that has one in it makes a head that is none.
    head, _, body = data.rpartition(b"\r\n\r\n")
    found = _HEAD.fullmatch(head)
    if found is None:
        return None
    lines = head.splitlines()
    del lines[0]
    headers = {}
    for line in lines:
        name, value = line.split(b": ", 1)
        headers[name.lower()] = value
    is_plain = (
        len(headers) == len(lines)
        and headers.get(b"content-length") == b"%d" % len(body)
        and _CHANGES_THE_FRAME.isdisjoint(headers)
        and headers.get(b"connection", b"keep-alive").lower() == b"keep-alive"
    )
    return (found[1], headers, body) if is_plain else None
