"""Publish and PublishBatch as SDKs write them: straight from the form, without moto or botocore.

A form with anything unusual (a name twice, numbers with a gap, an unknown member, a binary attribute) is left to the
general path, which answers the same and knows what to say about what is wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from app.wire.calls import Params, Result
from app.wire.http import HttpAnswer
from app.wire.sns.operations import NAMESPACE


class _Unusual(Exception):
    """The general path has to read it."""


@dataclass(frozen=True, slots=True)
class _Structure:
    members: Mapping[str, "_Shape"]


@dataclass(frozen=True, slots=True)
class _ListOf:
    member: _Structure


@dataclass(frozen=True, slots=True)
class _MapOf:
    value: _Structure


_Shape: TypeAlias = _Structure | _ListOf | _MapOf | None
"""None is a text."""

_MESSAGE: Mapping[str, _Shape] = {
    "Message": None,
    "Subject": None,
    "MessageStructure": None,
    "MessageGroupId": None,
    "MessageDeduplicationId": None,
    "MessageAttributes": _MapOf(_Structure({"DataType": None, "StringValue": None})),
}
_ENTRY = _Structure({"Id": None, **_MESSAGE})
_SHAPES: Mapping[str, _Structure] = {
    "Publish": _Structure({"TopicArn": None, "TargetArn": None, "PhoneNumber": None, **_MESSAGE}),
    "PublishBatch": _Structure({"TopicArn": None, "PublishBatchRequestEntries": _ListOf(_ENTRY)}),
}


def plain_publish(form: bytes) -> tuple[str, Params] | None:
    """The operation and the parameters of a plain form, or None when the general path has to read it."""
    try:
        pairs = parse_qsl(form.decode("ascii"), keep_blank_values=True)
    except ValueError:
        return None
    named = dict(pairs)
    operation = named.pop("Action", "")
    shape = _SHAPES.get(operation)
    if shape is None or len(named) + 1 != len(pairs):
        return None
    named.pop("Version", None)
    try:
        return operation, _structure(_tree(named), shape)
    except _Unusual:
        return None


def render_publish(operation: str, result: Result, request_id: str) -> HttpAnswer:
    """The result in XML, byte for byte as the general path writes it. No value in it has a character to be escaped."""
    if operation == "Publish":
        told = _elements(result)
    else:
        assert not result["Failed"], "a batch is taken whole or not at all"
        members = "".join(f"<member>{_elements(entry)}</member>" for entry in result["Successful"])
        told = f"<Successful>{members}</Successful><Failed/>"
    body = (
        f'<{operation}Response xmlns="{NAMESPACE}"><{operation}Result>{told}</{operation}Result>'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
    )
    return HttpAnswer(200, body.encode(), "text/xml")


def _elements(result: Mapping[str, str]) -> str:
    return "".join(f"<{name}>{value}</{name}>" for name, value in result.items())


def _tree(named: Mapping[str, str]) -> dict[str, Any]:
    """`a.1.b=x` as `{"a": {"1": {"b": "x"}}}`. Raises _Unusual for a value that has members as well."""
    tree: dict[str, Any] = {}
    for name, value in named.items():
        *path, last = name.split(".")
        node = tree
        for word in path:
            node = node.setdefault(word, {})
            if type(node) is not dict:
                raise _Unusual
        if last in node:
            raise _Unusual
        node[last] = value
    return tree


def _read(node: Any, shape: _Shape) -> Any:
    if (shape is None) != (type(node) is str):
        raise _Unusual
    match shape:
        case None:
            return node
        case _Structure():
            return _structure(node, shape)
        case _ListOf(member):
            return [_structure(given, member) for given in _numbered(node, "member")]
        case _MapOf(value):
            return {_key(entry): _structure(entry["Value"], value) for entry in _numbered(node, "entry")}


def _structure(node: Any, shape: _Structure) -> dict[str, Any]:
    if type(node) is not dict or not node.keys() <= shape.members.keys():
        raise _Unusual
    return {name: _read(member, shape.members[name]) for name, member in node.items()}


def _numbered(node: Mapping[str, Any], word: str) -> list[Any]:
    """What is numbered 1, 2, … under the word, and nothing else is there."""
    numbered = node.get(word)
    if len(node) != 1 or type(numbered) is not dict:
        raise _Unusual
    found = [numbered.get(str(number)) for number in range(1, len(numbered) + 1)]
    if None in found:
        raise _Unusual
    return found


def _key(entry: Any) -> str:
    if type(entry) is not dict or entry.keys() != {"Name", "Value"} or type(entry["Name"]) is not str:
        raise _Unusual
    name: str = entry["Name"]
    return name
