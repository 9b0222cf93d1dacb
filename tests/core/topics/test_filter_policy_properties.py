"""Filter policies against the rules said as plainly as they can be: every value is tried with every condition."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.core.limits import DEFAULT_LIMITS
from app.core.sqs.message import MessageAttribute
from app.core.topics.filter_policy import MESSAGE_ATTRIBUTES, MESSAGE_BODY, read_filter_policy
from app.core.topics.refusals import refuse_in_set
from tests.core.pattern.reference import reference_matches

ROOMY = replace(DEFAULT_LIMITS, filter_policy_combinations=10**9)
TEXTS = st.sampled_from(["", "a", "ab", "abc", "b", "B", "1", "10.0.0.7"])
NUMBERS = st.sampled_from([0, 1, 1.0, -2.5, 7, 100])
SCALARS = st.one_of(TEXTS, NUMBERS, st.booleans(), st.none())
NAMES = st.sampled_from(["k", "n", "a.b"])

RANGES = st.sampled_from([["=", 1], ["<", 1], ["<=", 1], [">", 1], [">=", -2.5], [">", 0, "<=", 7], [">=", -3, "<", 1]])
CONDITIONS = st.one_of(
    SCALARS,
    st.builds(lambda text: {"prefix": text}, TEXTS),
    st.builds(lambda text: {"suffix": text}, TEXTS),
    st.builds(lambda text: {"equals-ignore-case": text}, TEXTS),
    st.builds(lambda texts: {"anything-but": texts}, st.lists(TEXTS, min_size=1, max_size=2)),
    st.builds(lambda numbers: {"anything-but": numbers}, st.lists(NUMBERS, min_size=1, max_size=2)),
    st.builds(lambda text: {"anything-but": {"prefix": text}}, TEXTS.filter(bool)),
    st.builds(lambda bounds: {"numeric": bounds}, RANGES),
    st.builds(lambda exists: {"exists": exists}, st.booleans()),
    st.just({"cidr": "10.0.0.0/24"}),
)
POLICIES = st.dictionaries(NAMES, st.lists(CONDITIONS, min_size=1, max_size=3), min_size=1, max_size=3)
ATTRIBUTES = st.one_of(
    st.builds(lambda text: MessageAttribute("String", text), TEXTS.filter(bool)),
    st.builds(lambda number: MessageAttribute("Number", str(number)), NUMBERS),
    st.builds(lambda values: MessageAttribute("String.Array", json.dumps(values)), st.lists(SCALARS, max_size=3)),
    st.just(MessageAttribute("Binary", b"ab")),
)


def values_of(attribute: MessageAttribute) -> list[Any]:
    """What of an attribute is looked at."""
    assert isinstance(attribute.value, str)
    match attribute.data_type:
        case "String.Array":
            return list(json.loads(attribute.value))
        case "Number":
            return [float(attribute.value)]
        case _:
            return [attribute.value]


def holds(condition: Any, value: Any) -> bool:
    """One condition of one value; that a key is absent is no value's matter."""
    if not isinstance(condition, dict):
        is_number = isinstance(condition, int | float) and not isinstance(condition, bool)
        if is_number:
            return isinstance(value, int | float) and not isinstance(value, bool) and value == condition
        return type(value) is type(condition) and value == condition
    ((operator, wanted),) = condition.items()
    is_text = isinstance(value, str)
    match operator:
        case "prefix":
            return is_text and value.startswith(wanted)
        case "suffix":
            return is_text and value.endswith(wanted)
        case "equals-ignore-case":
            return is_text and value.lower() == wanted.lower()
        case "cidr":
            return is_text and value == "10.0.0.7"
        case "exists":
            return bool(wanted)
        case "numeric":
            if not isinstance(value, int | float) or isinstance(value, bool):
                return False
            compared = {"=": value == wanted[1], "<": value < wanted[1], "<=": value <= wanted[1],
                        ">": value > wanted[1], ">=": value >= wanted[1]}[wanted[0]]  # fmt: skip
            top = len(wanted) == 2 or (value < wanted[3] if wanted[2] == "<" else value <= wanted[3])
            return compared and top
        case _:
            if isinstance(wanted, dict):
                return not holds(wanted, value)
            return not any(holds(each, value) for each in wanted)


def plainly(policy: dict[str, list[Any]], attributes: dict[str, MessageAttribute]) -> bool:
    """Whether the policy wants a message with these attributes."""
    for name, conditions in policy.items():
        attribute = attributes.get(name)
        is_seen = attribute is not None and attribute.data_type != "Binary"
        values = values_of(attribute) if attribute is not None and is_seen else []
        is_absent = not values and {"exists": False} in conditions
        if not is_absent and not any(holds(condition, value) for condition in conditions for value in values):
            return False
    return True


@given(policy=POLICIES, attributes=st.dictionaries(NAMES, ATTRIBUTES, max_size=3))
def test_attributes_are_wanted_as_the_rules_say(
    policy: dict[str, list[Any]], attributes: dict[str, MessageAttribute]
) -> None:
    read = read_filter_policy(json.dumps(policy), MESSAGE_ATTRIBUTES, refuse_in_set, DEFAULT_LIMITS)
    assert read is not None

    reason = read.reason_to_drop("", attributes)

    assert (reason is None) == plainly(policy, attributes), reason


BODIES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=8,
)
NESTED = st.recursive(
    st.lists(CONDITIONS, min_size=1, max_size=2),
    lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=2),
    max_leaves=4,
).filter(lambda policy: isinstance(policy, dict))


@given(policy=NESTED, body=st.dictionaries(NAMES, BODIES, max_size=3))
def test_a_body_is_wanted_as_the_reference_matcher_says(policy: dict[str, Any], body: dict[str, Any]) -> None:
    read = read_filter_policy(json.dumps(policy), MESSAGE_BODY, refuse_in_set, ROOMY)
    assert read is not None

    reason = read.reason_to_drop(json.dumps(body), {})

    assert (reason is None) == reference_matches(policy, body), reason
