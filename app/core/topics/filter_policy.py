"""Filter policies of subscriptions: SNS's dialect of the pattern language, and what of a message it sees."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.errors import InvalidEventPattern, InvalidParameter
from app.core.limits import Limits
from app.core.pattern import SNS, Pattern, compile_pattern
from app.core.pattern.matchers import ExactNumber, Matcher, Numeric
from app.core.sqs.message import MessageAttribute
from app.core.topics.refusals import Refuse, read_json

MESSAGE_ATTRIBUTES = "MessageAttributes"
MESSAGE_BODY = "MessageBody"

_BLANKS = re.compile(r'("(?:[^"\\]|\\.)*")|[ \t\r\n]+')
_NUMBER_BELOW = 1e9
_DEPTH_MOST = 150
_NESTED = "Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy"


@dataclass(frozen=True, slots=True)
class FilterPolicy:
    """`text` is as it was given. A message is held against it by its attributes or by its body, as `scope` says."""

    text: str
    scope: str
    pattern: Pattern

    def reason_to_drop(self, message: str, attributes: Mapping[str, MessageAttribute]) -> str | None:
        """Why the subscription does not want the message, by the first key that says no; None when it does."""
        if self.scope == MESSAGE_ATTRIBUTES:
            seen: Any = {name: _seen(attribute) for name, attribute in attributes.items() if _is_seen(attribute)}
        else:
            seen = _body(message)
            if not isinstance(seen, dict):
                return "the filter policy looks into the message body, which is no JSON object"
        mismatch = self.pattern.explain(seen)
        return None if mismatch is None else mismatch.text


def read_filter_policy(text: str, scope: str, refuse: Refuse, limits: Limits) -> FilterPolicy | None:
    """The policy in `text`; None for "" and `{}`, which take it away. Raises InvalidParameter.

    The compiler is shown the policy without blanks between its tokens, as recorded.
    """
    if not text:
        return None
    if len(text.encode()) > limits.filter_policy_bytes:
        # That there is a limit is documented, its words are not (UNCONFIRMED).
        raise refuse("FilterPolicy: Filter policy is too long")
    given = read_json("FilterPolicy", text, refuse)
    if given == {}:
        return None
    if scope == MESSAGE_ATTRIBUTES and isinstance(given, dict) and _is_nested(given):
        # Worded alike in every operation (recorded).
        raise InvalidParameter(_NESTED)
    compact = _BLANKS.sub(lambda match: match[1] or "", text)
    try:
        pattern = compile_pattern(compact, dialect=SNS, limits=limits)
    except InvalidEventPattern as refused:
        raise refuse(f"FilterPolicy: {refused.reason}") from None
    if len(given) > limits.filter_policy_keys:
        raise refuse(f"FilterPolicy: Filter policy can not have more than {limits.filter_policy_keys} keys")
    if _combinations(given) > limits.filter_policy_combinations:
        raise refuse("FilterPolicy: Filter policy is too complex")
    _check_numbers(pattern, refuse)
    return FilterPolicy(text, scope, pattern)


# Size and numbers -----------------------------------------------------------------------------------


def _is_nested(policy: Mapping[str, Any]) -> bool:
    """Whether a key leads to an object, `$or` and what stands in it apart."""
    for name, value in policy.items():
        if name == "$or" and isinstance(value, list):
            if any(isinstance(branch, dict) and _is_nested(branch) for branch in value):
                return True
        elif isinstance(value, dict):
            return True
    return False


def _combinations(policy: Mapping[str, Any]) -> int:
    """How many combinations the policy asks for: of each key the number of its values times its depth, multiplied
    over the keys that hold together and added up over the branches of `$or` (recorded)."""
    return sum(_by_branch(policy, depth=1))


def _by_branch(policy: Mapping[str, Any], *, depth: int) -> list[int]:
    """The combinations of each branch that the `$or` in an object make."""
    if depth > _DEPTH_MOST:
        # One value that deep is too much already.
        return [depth]
    branches = [1]
    for name, value in policy.items():
        if name == "$or" and isinstance(value, list) and all(isinstance(each, dict) for each in value):
            own = [count for each in value for count in _by_branch(each, depth=depth)]
        elif isinstance(value, dict):
            own = _by_branch(value, depth=depth + 1)
        else:
            own = [depth * sum(map(_weight, value))]
        branches = [before * count for before in branches for count in own]
    return branches


def _weight(condition: Any) -> int:
    """A wildcard counts three times for each `*`. Not documented: what fits a report from the live service (2026),
    which took four of `*/SITE/*` at the fourth depth and refused five."""
    text = condition.get("wildcard") if isinstance(condition, dict) else None
    return 3 ** min(text.count("*"), 5) if isinstance(text, str) else 1


def _check_numbers(pattern: Pattern, refuse: Refuse) -> None:
    """Numbers go from -10^9 to 10^9 (subscription-filter-policy-constraints); the words are UNCONFIRMED."""
    for branch in pattern.branches:
        for leaf in branch.leaves:
            for number in (number for matcher in leaf.matchers for number in _numbers(matcher)):
                if abs(float(number)) >= _NUMBER_BELOW:
                    raise refuse(f"FilterPolicy: Match value {number} must be smaller than 1E9")


def _numbers(matcher: Matcher) -> list[str]:
    match matcher:
        case ExactNumber(text=text):
            return [text]
        case Numeric(bounds=bounds):
            return [f"{bound:.15g}" for _, bound in bounds]
        case _:
            return []


# What is seen of a message ----------------------------------------------------------------------------


def _is_seen(attribute: MessageAttribute) -> bool:
    """Binary attributes are not looked at."""
    return isinstance(attribute.value, str)


def _seen(attribute: MessageAttribute) -> Any:
    """A number as a number, an array as its elements, anything else as text."""
    value = attribute.value
    assert isinstance(value, str), "binary attributes are left out before"
    if attribute.data_type == "String.Array":
        elements = _body(value)
        # One that is no array is as good as none: whether AWS looks at its text is UNCONFIRMED.
        return elements if isinstance(elements, list) else []
    if attribute.data_type.split(".", 1)[0] == "Number":
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _body(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
