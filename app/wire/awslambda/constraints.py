"""What Lambda's model says of each member (lengths, ranges, patterns, enumerations), in its front end's words.

It tells the members of lists and maps together, where others tell them one by one (`app.wire.constraints`).
"""

import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any

from app.core.errors import ValidationFailed


def check_constraints(shape: Any, params: Mapping[str, Any], *, but: Collection[str] = ()) -> None:
    """Raises ValidationFailed unless `params` keep to the botocore `shape`; members named in `but` are let pass."""
    found = list(_of_structure(shape, params, "", but))
    if not found:
        return
    count = "1 validation error" if len(found) == 1 else f"{len(found)} validation errors"
    raise ValidationFailed(f"{count} detected: {'; '.join(found)}")


def _of_structure(shape: Any, given: Mapping[str, Any], path: str, but: Collection[str]) -> Iterator[str]:
    for name in shape.required_members:
        if given.get(name) is None and name not in but:
            yield f"Value null at '{path}{_lower(name)}' failed to satisfy constraint: Member must not be null"
    for name, value in given.items():
        member = shape.members.get(name)
        if member is not None and value is not None and name not in but:
            yield from _of_value(member, value, f"{path}{_lower(name)}", but)


def _of_value(shape: Any, value: Any, path: str, but: Collection[str]) -> Iterator[str]:
    match shape.type_name:
        case "structure":
            yield from _of_structure(shape, value, f"{path}.", but)
        case "list":
            yield from _told(shape, value, path, _of_length(shape, len(value)))
            yield from _of_members(shape.member, value, path, but)
        case "map":
            keys = dict.fromkeys(rule for key in value for rule in _rules_broken(shape.key, key))
            if keys:
                rules = ", ".join(_rules(shape.key))
                yield f"{_value(value, path)} Map keys must satisfy constraint: [{rules}]"
            values = dict.fromkeys(rule for member in value.values() for rule in _rules_broken(shape.value, member))
            if values:
                rules = ", ".join(_rules(shape.value))
                yield f"{_value(value, path)} Map value must satisfy constraint: [{rules}]"
        case "blob":
            return
        case _:
            yield from _told(shape, value, path, _rules_broken(shape, value))


def _of_members(member: Any, values: list[Any], path: str, but: Collection[str]) -> Iterator[str]:
    if member.type_name == "structure":
        for number, value in enumerate(values, 1):
            yield from _of_structure(member, value, f"{path}.{number}.member.", but)
    elif any(_rules_broken(member, value) for value in values):
        rules = ", ".join(_rules(member))
        yield f"{_value(values, path)} Member must satisfy constraint: [{rules}]"


def _told(_: Any, value: Any, path: str, rules: list[str]) -> Iterator[str]:
    for rule in rules:
        yield f"{_value(value, path)} {rule}"


def _value(value: Any, path: str) -> str:
    return f"Value '{_shown(value)}' at '{path}' failed to satisfy constraint:"


def _shown(value: Any) -> str:
    """As Java shows it: `[a, b]`, `{a=b}`, `true`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}={_shown(member)}" for key, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_shown, value)) + "]"
    return str(value)


def _rules_broken(shape: Any, value: Any) -> list[str]:
    """The constraints of a scalar that `value` breaks, in the model's order."""
    metadata = shape.metadata
    if shape.type_name in ("integer", "long", "float", "double"):
        return _of_range(metadata, value)
    if shape.type_name != "string" or not isinstance(value, str):
        return []
    broken = _of_length(shape, len(value))
    if "pattern" in metadata and not _pattern(metadata["pattern"]).fullmatch(value):
        broken.append(f"Member must satisfy regular expression pattern: {metadata['pattern']}")
    if "enum" in metadata and value not in metadata["enum"]:
        broken.append(f"Member must satisfy enum value set: [{', '.join(metadata['enum'])}]")
    return broken


def _of_length(shape: Any, length: int) -> list[str]:
    metadata = shape.metadata
    if "max" in metadata and length > metadata["max"]:
        return [f"Member must have length less than or equal to {metadata['max']}"]
    if "min" in metadata and length < metadata["min"]:
        return [f"Member must have length greater than or equal to {metadata['min']}"]
    return []


def _of_range(metadata: Mapping[str, Any], value: float) -> list[str]:
    if "max" in metadata and value > metadata["max"]:
        return [f"Member must have value less than or equal to {metadata['max']}"]
    if "min" in metadata and value < metadata["min"]:
        return [f"Member must have value greater than or equal to {metadata['min']}"]
    return []


def _rules(shape: Any) -> list[str]:
    """All constraints of a scalar, as AWS lists them for members of lists and maps."""
    metadata = shape.metadata
    kind = "value" if shape.type_name in ("integer", "long", "float", "double") else "length"
    rules = []
    if "max" in metadata:
        rules.append(f"Member must have {kind} less than or equal to {metadata['max']}")
    if "min" in metadata:
        rules.append(f"Member must have {kind} greater than or equal to {metadata['min']}")
    if "pattern" in metadata:
        rules.append(f"Member must satisfy regular expression pattern: {metadata['pattern']}")
    if "enum" in metadata:
        rules.append(f"Member must satisfy enum value set: [{', '.join(metadata['enum'])}]")
    return [*rules, "Member must not be null"]


def _lower(name: str) -> str:
    """AWS names members in its texts as Java does: `FunctionName` is `functionName`, `KMSKeyArn` `kMSKeyArn`."""
    return name[:1].lower() + name[1:]


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str]:
    """A pattern of the model's, whose letters, blanks and numbers of Unicode Python writes otherwise."""
    for java, python in ((r"\p{L}", "A-Za-z\u00aa-\U0010ffff"), (r"\p{Z}", r"\s"), (r"\p{N}", r"\d")):
        text = text.replace(java, python)
    return re.compile(text)
