"""Lifecycle configurations as S3 takes and refuses them, one file a case."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Refused
from app.core.ids import Ids
from app.core.s3.lifecycle import KeyFilter, LifecycleRule
from app.core.s3.lifecycle_rules import RULES_MOST, checked
from app.wire.s3 import render_refusal
from app.wire.s3_lifecycle import parse_lifecycle, parse_lifecycle_entry, render_lifecycle

CASES = sorted((Path(__file__).parents[2] / "conformance" / "lifecycle").glob("*.json"))


def verdict(rules: list[dict[str, Any]]) -> dict[str, str] | None:
    """What refuses the rules, if anything does."""
    try:
        checked([parse_lifecycle_entry(rule) for rule in rules], Ids(1).uuid)
    except Refused as refused:
        _, body = render_refusal(refused, bucket="b", request_id="", host_id="")
        code = body.decode().partition("<Code>")[2].partition("</Code>")[0]
        return {"code": code, "message": refused.message}
    return None


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_rules_are_taken_or_refused_in_s3s_words(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))

    assert verdict(case["rules"]) == case["refused"]


@pytest.mark.parametrize("path", [path for path in CASES if path.stem.startswith("taken")], ids=lambda path: path.stem)
def test_what_was_taken_is_given_back(path: Path) -> None:
    rules = tuple(parse_lifecycle_entry(rule) for rule in json.loads(path.read_text(encoding="utf-8"))["rules"])

    assert parse_lifecycle(render_lifecycle(rules)) == rules


def test_a_filter_of_many_conditions_is_given_back() -> None:
    wanted = KeyFilter("a&b/", (("k", "v"), ("x", "")), 10, 20)
    rules = (LifecycleRule("r", is_enabled=True, filter=wanted, expire_days=1),)

    assert parse_lifecycle(render_lifecycle(rules)) == rules


def test_a_rule_without_an_id_is_given_one() -> None:
    (rule,) = checked([LifecycleRule("", is_enabled=True, expire_days=1)], lambda: "made")

    assert rule.id == "made"


NAMES = [
    "LifecycleConfiguration", "Rule", "ID", "Status", "Prefix", "Filter", "And", "Tag", "Key", "Value", "Expiration",
    "Days", "Date", "ExpiredObjectDeleteMarker", "Transition", "StorageClass", "NoncurrentVersionExpiration",
    "NoncurrentDays", "NewerNoncurrentVersions", "AbortIncompleteMultipartUpload", "DaysAfterInitiation",
    "ObjectSizeGreaterThan",
]  # fmt: skip
TEXTS = ["", "Enabled", "1", "-1", "99999999999", "true", "GLACIER", "2027-01-01T00:00:00Z", "2027-13-01", "a&amp;b"]


def element(name: str, content: list[str]) -> str:
    return f"<{name}>{''.join(content)}</{name}>"


XML = st.recursive(
    st.builds(element, st.sampled_from(NAMES), st.lists(st.sampled_from(TEXTS), max_size=1)),
    lambda inside: st.builds(element, st.sampled_from(NAMES), st.lists(inside, max_size=4)),
    max_leaves=12,
)
RULES = st.lists(st.builds(element, st.just("Rule"), st.lists(XML, max_size=6)), max_size=3)


@given(RULES)
def test_no_document_does_more_than_to_be_refused(rules: list[str]) -> None:
    try:
        taken = checked(parse_lifecycle(element("LifecycleConfiguration", rules).encode()), Ids(1).uuid)
    except Refused:
        return
    assert parse_lifecycle(render_lifecycle(taken)) == taken


def test_a_thousand_rules_are_enough() -> None:
    rules = [LifecycleRule(str(number), is_enabled=True, expire_days=1) for number in range(RULES_MOST + 1)]

    assert len(checked(rules[:-1], Ids(1).uuid)) == RULES_MOST
    with pytest.raises(Refused):
        checked(rules, Ids(1).uuid)


@pytest.mark.parametrize("body", [b"", b"junk", b"<Other/>", b"<!DOCTYPE a><LifecycleConfiguration/>"])
def test_what_is_no_configuration_is_malformed(body: bytes) -> None:
    with pytest.raises(Refused):
        parse_lifecycle(body)
