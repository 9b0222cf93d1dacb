"""PutEvents as SDKs write it: straight from orjson, without moto or botocore.

A request with anything unusual (a null, an unknown member, too many entries, a bus whose name is none) is left to the
general path, which answers the same and knows what to say about what is wrong.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from app.wire.calls import Params

_ENTRIES_MOST = 10
_BUS = re.compile(r"(arn:aws[\w-]*:events:[a-z]+-[a-z]+-[\w-]+:[0-9]{12}:event-bus/)?[.\-_A-Za-z0-9]{1,256}")
_TRACE_HEADER_MOST = 500


def plain_params(operation: str, body: bytes) -> Params | None:
    """The parameters of a plain PutEvents, or None when the general path has to read the request."""
    if operation != "PutEvents":
        return None
    try:
        params = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if type(params) is not dict or len(params) != 1:
        return None
    entries = params.get("Entries")
    if type(entries) is not list or not 1 <= len(entries) <= _ENTRIES_MOST:
        return None
    return params if all(map(_is_plain, entries)) else None


def _is_plain(entry: Any) -> bool:
    if type(entry) is not dict:
        return False
    for name, value in entry.items():
        is_plain = _MEMBERS.get(name)
        if is_plain is None or not is_plain(value):
            return False
    return True


def _text(value: Any) -> bool:
    return type(value) is str


def _number(value: Any) -> bool:
    return type(value) in (int, float)


def _texts(value: Any) -> bool:
    return type(value) is list and all(type(each) is str for each in value)


def _bus(value: Any) -> bool:
    return type(value) is str and _BUS.fullmatch(value) is not None


def _trace_header(value: Any) -> bool:
    return type(value) is str and 1 <= len(value) <= _TRACE_HEADER_MOST


_MEMBERS: Mapping[str, Callable[[Any], bool]] = {
    "Source": _text,
    "DetailType": _text,
    "Detail": _text,
    "EventBusName": _bus,
    "Resources": _texts,
    "Time": _number,
    "TraceHeader": _trace_header,
}
