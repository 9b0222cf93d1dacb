"""Conditions of a policy's statements, and IAM's wildcards: whether what is known of a request fulfils them."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

_VARIABLE = re.compile(r"\$\{([^}]*)\}")


def holds(operator: str, values: Sequence[str], key: str, context: Mapping[str, str]) -> bool:
    """One condition; `context` has its keys in lower case, and one value each.

    A key that is not there does not fulfil a condition unless its operator says `IfExists`, or `Not`
    (reference_policies_elements_condition_operators).
    """
    value = context.get(key.lower())
    if operator.startswith("ForAllValues:") and value is None:
        return True
    operator = operator.removeprefix("ForAllValues:").removeprefix("ForAnyValue:")
    base = operator.removesuffix("IfExists")
    if value is None:
        return operator != base or (base == "Null" and "true" in values) or base.startswith(("StringNot", "ArnNot"))
    values = [expanded(each, context) for each in values]
    match base:
        case "Null":
            return "false" in values
        case "StringEqualsIgnoreCase":
            return value.lower() in {known.lower() for known in values}
        case "StringNotEqualsIgnoreCase":
            return value.lower() not in {known.lower() for known in values}
        case "StringNotEquals":
            return value not in values
        case "StringNotLike" | "ArnNotLike" | "ArnNotEquals":
            return not any(matches(pattern, value) for pattern in values)
        case "StringLike" | "ArnLike" | "ArnEquals":
            return any(matches(pattern, value) for pattern in values)
        case "Bool":
            return value.lower() in {known.lower() for known in values}
        case "StringEquals":
            return value in values
        case _:
            # An operator that says nothing about what is known here (dates, addresses) is not fulfilled.
            return False


def expanded(text: str, context: Mapping[str, str]) -> str:
    """The text with the values of its policy variables, `${aws:PrincipalAccount}`. One without a value stays as it
    is, and matches nothing; `${*}`, `${?}` and `${$}` stand for the character (reference_policies_variables)."""
    if "${" not in text:
        return text

    def value_of(found: re.Match[str]) -> str:
        name, _, default = found[1].partition(",")
        if name in ("*", "?", "$"):
            return name
        return context.get(name.strip().lower(), default.strip().strip("'") or found[0])

    return _VARIABLE.sub(value_of, text)


def matches(pattern: str, text: str) -> bool:
    """`*` is any run of characters, `?` any one."""
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern), re.DOTALL)
