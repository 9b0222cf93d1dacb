"""The constraints of a service's model, checked and told as AWS's front ends do: all broken ones in one message."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from app.core.errors import ValidationFailed

_MORE_MEMBERS: Mapping[str, str] = {"PutEventsRequestEntry": ", kmsKeyIdentifier=null, internalMetadata=null"}
"""What AWS shows of a structure behind the members that its public model has (recorded 2024-12-06, PutEvents)."""


_ORDERS: Mapping[str, str] = {
    "Op": "add, remove, move, test, replace, copy",
    "IntegrationType": "HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS",
    "GatewayResponseType": "REQUEST_TOO_LARGE, RESOURCE_NOT_FOUND, AUTHORIZER_CONFIGURATION_ERROR, "
    "MISSING_AUTHENTICATION_TOKEN, BAD_REQUEST_BODY, INVALID_SIGNATURE, INVALID_API_KEY, BAD_REQUEST_PARAMETERS, "
    "AUTHORIZER_FAILURE, UNAUTHORIZED, INTEGRATION_TIMEOUT, ACCESS_DENIED, DEFAULT_4XX, DEFAULT_5XX, WAF_FILTERED, "
    "QUOTA_EXCEEDED, THROTTLED, API_CONFIGURATION_ERROR, UNSUPPORTED_MEDIA_TYPE, INTEGRATION_FAILURE, EXPIRED_TOKEN",
    "DocumentationPartType": "RESPONSE_BODY, RESPONSE, METHOD, MODEL, AUTHORIZER, RESPONSE_HEADER, RESOURCE, "
    "PATH_PARAMETER, REQUEST_BODY, QUERY_PARAMETER, API, REQUEST_HEADER",
}
"""In which order AWS tells the values of an enumeration, where that is not its model's (recorded 2024-04-15)."""


def check_constraints(shape: Any, params: Mapping[str, Any]) -> None:
    """Raises ValidationFailed unless `params` keep the lengths, ranges, patterns, enumerations and required members of
    a botocore shape. Their types are known to be right."""
    if shape is not None:
        refuse_broken(list(_broken(shape, params, "")))


def check_by_place(shape: Any, params: Mapping[str, Any]) -> None:
    """The same as API Gateway v1 tells it: first what stands in the body, as members of the operation's input, then
    what stands in the path (recorded 2025-06-30). Raises ValidationFailed."""
    if shape is None:
        return
    inside = f"{_lower(shape.name.removesuffix('Request'))}Input."
    body = [name for name, member in shape.members.items() if "location" not in member.serialization]
    broken = [told for name in body for told in _broken_member(shape, name, params, inside)]
    broken += [told for name in shape.members if name not in body for told in _broken_member(shape, name, params, "")]
    refuse_broken(broken)


def refuse_broken(broken: list[str]) -> None:
    """Raises ValidationFailed if there is anything."""
    if broken:
        noun = "error" if len(broken) == 1 else "errors"
        raise ValidationFailed(f"{len(broken)} validation {noun} detected: {'; '.join(broken)}")


def _broken(shape: Any, value: Any, path: str) -> Iterator[str]:
    """One sentence for each constraint broken, by the order of the model."""
    kind: str = shape.type_name
    yield from _broken_here(shape, kind, value, path)
    if kind == "structure":
        for name in shape.members:
            yield from _broken_member(shape, name, value, f"{path}." if path else "")
    elif kind == "list":
        for place, member in enumerate(value, start=1):
            yield from _broken(shape.member, member, f"{path}.{place}.member")
    elif kind == "map":
        for name, member in value.items():
            yield from _broken(shape.key, name, f"{path}.{name}.key")
            yield from _broken(shape.value, member, f"{path}.{name}.member")


def _broken_member(shape: Any, name: str, value: Mapping[str, Any], before: str) -> Iterator[str]:
    below = f"{before}{_lower(name)}"
    if value.get(name) is not None:
        yield from _broken(shape.members[name], value[name], below)
    elif name in shape.required_members:
        yield f"Value null at '{below}' failed to satisfy constraint: Member must not be null"


def _broken_here(shape: Any, kind: str, value: Any, path: str) -> Iterator[str]:
    facts: Mapping[str, Any] = shape.metadata
    if not facts:
        return
    is_number = kind in ("integer", "long", "float", "double")
    size, what = (
        (value, "value") if is_number else (len(value) if isinstance(value, str | list | dict) else None, "length")
    )
    if size is None:
        return
    if "max" in facts and size > facts["max"]:
        yield _told(shape, value, path, f"Member must have {what} less than or equal to {facts['max']}")
    if "min" in facts and size < facts["min"]:
        yield _told(shape, value, path, f"Member must have {what} greater than or equal to {facts['min']}")
    pattern = facts.get("pattern")
    if pattern is not None and isinstance(value, str) and not fits(pattern, value):
        yield _told(shape, value, path, f"Member must satisfy regular expression pattern: {pattern}")
    enum = getattr(shape, "enum", None)
    if enum and value not in enum:
        values = _ORDERS.get(shape.name) or ", ".join(enum)
        yield _told(shape, value, path, f"Member must satisfy enum value set: [{values}]")


def _told(shape: Any, value: Any, path: str, constraint: str) -> str:
    return f"Value '{_shown(shape, value)}' at '{path}' failed to satisfy constraint: {constraint}"


def _shown(shape: Any, value: Any) -> str:
    """A value as Java shows it: `[PutEventsRequestEntry(time=null, source=a, …)]`."""
    match shape.type_name:
        case "structure":
            members = (
                f"{_lower(name)}={_shown(member, value[name]) if value.get(name) is not None else 'null'}"
                for name, member in shape.members.items()
            )
            return f"{shape.name}({', '.join(members)}{_MORE_MEMBERS.get(shape.name, '')})"
        case "list":
            return f"[{', '.join(_shown(shape.member, each) for each in value)}]"
        case "map":
            return f"{{{', '.join(f'{name}={_shown(shape.value, each)}' for name, each in value.items())}}}"
        case "boolean":
            return str(value).lower()
        case _:
            return str(value)


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


@cache
def _compiled(pattern: str) -> "re.Pattern[str] | None":
    try:
        return re.compile(pattern)
    except re.error:
        # Java's expressions are not all Python's; what cannot be read is let pass.
        return None


def fits(pattern: str, value: str) -> bool:
    """Whether the whole value is of a model's pattern."""
    compiled = _compiled(pattern)
    return compiled is None or compiled.fullmatch(value) is not None
