"""The policy of a browser's form: whether S3 would take the form that carries it (sigv4-HTTPPOSTConstructPolicy).

Its expiration is not looked at: SDKs write it by the time of day, which our clock need not be.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any

from app.wire.s3_objects import StoreRefusal

_UNNAMED = frozenset({"policy", "signature", "x-amz-signature", "awsaccesskeyid", "file", "submit"})
"""Fields that no condition has to name; those that begin with `x-ignore-` are others."""


def check_post_policy(fields: Mapping[str, str], file_bytes: int, bucket: str) -> None:
    """Raises StoreRefusal where a form with a policy breaks it. A form without one asks for nothing.

    `fields` are the form's, the file left out; `file_bytes` is how much is to be uploaded.
    """
    given = {name.lower(): value for name, value in fields.items()}
    if "policy" not in given:
        return
    values = {**given, "bucket": bucket}
    named: set[str] = set()
    for condition in _conditions_of(given["policy"]):
        match condition:
            case ["content-length-range", int() as least, int() as most]:
                _check_size(file_bytes, least, most)
            case [str() as operator, str() as field, str() as wanted]:
                name = field.removeprefix("$").lower()
                named.add(name)
                if not _holds(operator, values.get(name), wanted):
                    raise _failed(condition)
            case _:
                raise _invalid("Invalid Policy: Invalid 'conditions' value.")
    extra = sorted(name for name in given if name not in named | _UNNAMED and not name.startswith("x-ignore-"))
    if extra:
        raise _denied(f"Extra input fields: {', '.join(extra)}")


def _conditions_of(policy: str) -> Iterator[Any]:
    """Each as a list: an object `{"acl": "private"}` says `["eq", "$acl", "private"]`."""
    try:
        document = json.loads(base64.b64decode(policy, validate=True))
    except (ValueError, binascii.Error, RecursionError):
        raise _invalid("Invalid Policy: Invalid JSON.") from None
    conditions = document.get("conditions") if isinstance(document, dict) else None
    if not isinstance(conditions, list):
        raise _invalid("Invalid Policy: Missing 'conditions'.")
    for condition in conditions:
        if isinstance(condition, dict):
            yield from (["eq", f"${name}", value] for name, value in condition.items())
        elif isinstance(condition, list) and condition and condition[0] == "content-length-range":
            # Both bounds may be written as texts.
            yield [condition[0], *(int(bound) if str(bound).isdecimal() else bound for bound in condition[1:])]
        else:
            yield condition


def _holds(operator: str, value: str | None, wanted: str) -> bool:
    if value is None:
        return False
    return value == wanted if operator.lower() == "eq" else operator == "starts-with" and value.startswith(wanted)


def _check_size(file_bytes: int, least: int, most: int) -> None:
    if file_bytes > most:
        raise StoreRefusal(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
    if file_bytes < least:
        raise StoreRefusal(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")


def _failed(condition: list[Any]) -> StoreRefusal:
    return _denied(f"Policy Condition failed: {json.dumps(condition)}")


def _denied(reason: str) -> StoreRefusal:
    return StoreRefusal(403, "AccessDenied", f"Invalid according to Policy: {reason}")


def _invalid(message: str) -> StoreRefusal:
    return StoreRefusal(400, "InvalidPolicyDocument", message)
