"""A bus's access policy, as PutPermission and RemovePermission write it, and whom it lets in."""

import json
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from app.core.errors import InvalidParameterValue, PolicyTooLong, ResourceNotFound, ValidationFailed
from app.core.names import Arn

PUT_EVENTS = "events:PutEvents"
_PRINCIPAL = re.compile(r"\d{12}|\*")
_VERSION = "2012-10-17"


def with_permission(policy: str | None, given: Mapping[str, Any], bus: Arn, chars_most: int) -> str:
    """The policy with what PutPermission gives: a whole policy, or a statement more, in the place of one of its id.

    Raises ValidationFailed, InvalidParameterValue, PolicyTooLong.
    """
    if given.get("Policy") is not None:
        written = _checked(str(given["Policy"]))
    else:
        written = _with_statement(policy, given, bus)
    if len(written) > chars_most:
        raise PolicyTooLong(f"Policy length exceeded: at most {chars_most} characters are allowed.")
    return written


def without_permission(policy: str | None, statement_id: str | None, *, every: bool) -> str | None:
    """None when nothing is left. Raises ResourceNotFound."""
    if every:
        return None
    statements = _statements(policy)
    kept = [statement for statement in statements if statement.get("Sid") != statement_id]
    if len(kept) == len(statements):
        # The same for a bus that has no policy at all (recorded).
        raise ResourceNotFound("Statement with the provided id does not exist.")
    return _written(kept) if kept else None


def allows(policy: str | None, account: str, action: str, bus: Arn) -> bool:
    """Whether the policy lets principals of another account do this.

    Conditions are taken as fulfilled: which organization an account is of, nobody here can tell.
    """
    is_allowed = False
    for statement in _statements(policy):
        applies = (
            _any(statement.get("Action"), lambda pattern: fnmatchcase(action.lower(), pattern.lower()))
            and _any(statement.get("Resource"), lambda pattern: fnmatchcase(bus, pattern))
            and _is_principal(statement.get("Principal"), account)
        )
        if applies and statement.get("Effect") == "Deny":
            return False
        is_allowed = is_allowed or (applies and statement.get("Effect") == "Allow")
    return is_allowed


def _with_statement(policy: str | None, given: Mapping[str, Any], bus: Arn) -> str:
    for name in ("Action", "Principal", "StatementId"):
        if not given.get(name):
            raise ValidationFailed(f"Parameter {name} must be specified.")
    action, principal, condition = str(given["Action"]), str(given["Principal"]), given.get("Condition")
    if not _PRINCIPAL.fullmatch(principal):
        raise ValidationFailed(
            f"1 validation error detected: Value '{principal}' at 'principal' failed to satisfy constraint: "
            r"Member must satisfy regular expression pattern: (\d{12}|\*)"
        )
    if action != PUT_EVENTS:
        raise ValidationFailed("Provided value in parameter 'action' is not supported.")
    if condition is not None and principal != "*":
        raise InvalidParameterValue(
            "Value of the parameter 'principal' must be '*' when the parameter 'condition' is set."
        )
    statement: dict[str, Any] = {
        "Sid": given["StatementId"],
        "Effect": "Allow",
        "Principal": "*" if principal == "*" else {"AWS": f"arn:aws:iam::{principal}:root"},
        "Action": action,
        "Resource": bus,
    }
    if condition is not None:
        statement["Condition"] = {condition["Type"]: {condition["Key"]: condition["Value"]}}
    kept = [each for each in _statements(policy) if each.get("Sid") != statement["Sid"]]
    return _written([*kept, statement])


def _checked(text: str) -> str:
    try:
        policy = json.loads(text)
    except ValueError:
        raise ValidationFailed("This policy contains invalid Json") from None
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    listed = statements if isinstance(statements, list) else [statements]
    if not all(isinstance(each, dict) and each.get("Effect") in ("Allow", "Deny") for each in listed):
        raise ValidationFailed("This policy contains invalid statements: each is an object with Effect Allow or Deny.")
    return text


def _written(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": _VERSION, "Statement": statements}, separators=(",", ":"))


def _statements(policy: str | None) -> list[dict[str, Any]]:
    if policy is None:
        return []
    statements = json.loads(policy)["Statement"]
    return statements if isinstance(statements, list) else [statements]


def _any(given: Any, holds: Any) -> bool:
    listed = given if isinstance(given, list) else [given]
    return any(isinstance(each, str) and holds(each) for each in listed)


def _is_principal(given: Any, account: str) -> bool:
    if given == "*":
        return True
    named = given.get("AWS") if isinstance(given, dict) else None
    return _any(named, lambda each: each in ("*", account) or each.startswith(f"arn:aws:iam::{account}:"))
