"""The constraints of Pipes' model, told as its front end tells them: the first that is broken, in the words of a JSON
schema's validator (java-json-tools/json-schema-validator; that for a number is as a user quotes AWS in
terraform-provider-aws#32423, and the others are of the same table)."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from app.core.errors import ValidationFailed
from app.wire.constraints import fits


def check_schema(shape: Any, params: Mapping[str, Any]) -> None:
    """Raises ValidationFailed unless `params` keep to the botocore shape. Their types are known to be right."""
    for words in _broken(shape, params) if shape is not None else ():
        raise ValidationFailed(f"[{words}]")


def _broken(shape: Any, value: Any) -> Iterator[str]:
    match shape.type_name:
        case "structure":
            missing = sorted(name for name in shape.required_members if value.get(name) is None)
            if missing:
                yield f"object has missing required properties ({json.dumps(missing, separators=(',', ':'))})"
            for name, member in shape.members.items():
                if value.get(name) is not None:
                    yield from _broken(member, value[name])
        case "list":
            yield from _of_size(
                shape, value, "array is too {}: must have at {} {} elements but instance has {} elements"
            )
            for member in value:
                yield from _broken(shape.member, member)
        case "map":
            yield from _of_size(shape, value, "object has too {} properties (found {3} but schema requires at {1} {2})")
            for name, member in value.items():
                yield from _broken(shape.key, name)
                yield from _broken(shape.value, member)
        case "string":
            yield from _of_text(shape, value)
        case "integer" | "long":
            yield from _of_number(shape.metadata, value)


def _of_size(shape: Any, value: Any, words: str) -> Iterator[str]:
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max")
    is_list = shape.type_name == "list"
    if most is not None and len(value) > most:
        yield words.format("long" if is_list else "many", "most", most, len(value))
    elif len(value) < least:
        yield words.format("short" if is_list else "few", "least", least, len(value))


def _of_text(shape: Any, value: str) -> Iterator[str]:
    facts = shape.metadata
    if "max" in facts and len(value) > facts["max"]:
        yield f'string "{value}" is too long (length: {len(value)}, maximum allowed: {facts["max"]})'
    if len(value) < facts.get("min", 0):
        yield f'string "{value}" is too short (length: {len(value)}, required minimum: {facts["min"]})'
    if "pattern" in facts and not fits(facts["pattern"], value):
        yield f'ECMA 262 regex "{facts["pattern"]}" does not match input string "{value}"'
    if getattr(shape, "enum", None) and value not in shape.enum:
        possible = json.dumps(list(shape.enum), separators=(",", ":"))
        yield f"instance value ({json.dumps(value)}) not found in enum (possible values: {possible})"


def _of_number(facts: Mapping[str, Any], value: int) -> Iterator[str]:
    if "min" in facts and value < facts["min"]:
        yield f"numeric instance is lower than the required minimum (minimum: {facts['min']}, found: {value})"
    if "max" in facts and value > facts["max"]:
        yield f"numeric instance is greater than the required maximum (maximum: {facts['max']}, found: {value})"
