"""Function names as Lambda takes them, and pages of lists as it gives them."""

import re
from typing import Any

from app.core.errors import InvalidParameterValue, ResourceNotFound, ValidationFailed
from app.core.names import Arn, Scope
from app.wire.calls import Caller, Params

MAX_PAGE = 100
_MAX_ITEMS = 10_000

_FUNCTION_NAME = re.compile(
    r"(?:arn:(?P<partition>aws[a-z-]*):lambda:(?P<region>[a-z0-9-]+):)?(?:(?P<account>\d{12}):)?"
    r"(?:function:)?(?P<name>[A-Za-z0-9_-]+)(?::(?P<qualifier>\$LATEST|[A-Za-z0-9_-]+))?"
)


def function_arn(given: str, scope: Scope) -> str:
    """The ARN of a function named in any of Lambda's ways, with its qualifier if it was given."""
    match = _FUNCTION_NAME.fullmatch(given)
    if match is None:
        raise ResourceNotFound(f"Function not found: {given}")
    own = Scope(match["account"] or scope.account, match["region"] or scope.region)
    arn = own.function_arn(match["name"])
    return f"{arn}:{match['qualifier']}" if match["qualifier"] else arn


def named(params: Params, caller: Caller) -> tuple[Arn, str | None]:
    """The unqualified ARN of the function that a request names, and the qualifier if there is one.

    Raises InvalidParameterValue where the name has another qualifier than the request.
    """
    arn, derived = _reachable(params["FunctionName"], caller.scope)
    asked = params.get("Qualifier")
    if asked and derived and asked != derived:
        raise InvalidParameterValue(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    return arn, asked or derived or None


def unqualified(params: Params, caller: Caller) -> Arn:
    """The ARN of the function that a request names. Raises InvalidParameterValue where it names a version."""
    arn, derived = _reachable(params["FunctionName"], caller.scope)
    if derived:
        raise InvalidParameterValue(
            "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
            "Please specify either a function name or an unqualified function ARN."
        )
    return arn


def _reachable(given: str, scope: Scope) -> tuple[Arn, str]:
    """The unqualified ARN and the qualifier. Raises ResourceNotFound for a function of another region (recorded)."""
    arn, qualifier = split(function_arn(given, scope))
    region = arn.split(":")[3]
    if region != scope.region:
        raise ResourceNotFound(f"Functions from '{region}' are not reachable in this region ('{scope.region}')")
    return arn, qualifier


def split(arn: Arn) -> tuple[Arn, str]:
    """The unqualified ARN and the qualifier, "" if there is none."""
    parts = arn.split(":")
    return ":".join(parts[:7]), ":".join(parts[7:])


def page_of(
    items: list[dict[str, Any]], key: str, params: Params, *, most: int = _MAX_ITEMS
) -> tuple[list[dict[str, Any]], str | None]:
    """At most 100 items after the marker, which is the key of the last one seen, and the next marker.

    Raises ValidationFailed for a MaxItems that is not from 1 to `most`; a page has 100 at most all the same.
    """
    marker = params.get("Marker") or ""
    asked = params.get("MaxItems", min(MAX_PAGE, most))
    if not 1 <= asked <= most:
        rule = "greater than or equal to 1" if asked < 1 else f"less than or equal to {most}"
        raise ValidationFailed(
            f"1 validation error detected: Value '{asked}' at 'maxItems' failed to satisfy constraint: "
            f"Member must have value {rule}"
        )
    size = min(asked, MAX_PAGE)
    rest = [item for item in items if item[key] > marker]
    return rest[:size], rest[size - 1][key] if len(rest) > size else None
