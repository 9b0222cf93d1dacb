"""Whether S3 would take a form under the policy that it carries."""

import base64
import json
from typing import Any

import pytest

from app.wire.s3_objects import StoreRefusal
from app.wire.s3_post_policy import check_post_policy

FORM = {"key": "up/a.jpg", "acl": "private", "x-amz-credential": "test/20261121/us-east-1/s3/aws4_request"}
NAMED = [
    {"bucket": "photos"},
    {"acl": "private"},
    ["starts-with", "$key", "up/"],
    ["starts-with", "$x-amz-credential", ""],
]


def policy(*conditions: Any) -> str:
    document = {"expiration": "2026-11-21T13:00:00Z", "conditions": list(conditions)}
    return base64.b64encode(json.dumps(document).encode()).decode()


def verdict(conditions: list[Any], size: int = 10, more: dict[str, str] | None = None) -> str:
    """The code and message of the refusal; "" when the form is taken."""
    try:
        check_post_policy({**FORM, "policy": policy(*conditions), **(more or {})}, size, "photos")
    except StoreRefusal as refusal:
        return f"{refusal.status} {refusal.code}: {refusal.message}"
    return ""


@pytest.mark.parametrize(
    ("conditions", "size", "told"),
    [
        (NAMED, 10, ""),
        ([*NAMED, ["content-length-range", 0, 10]], 10, ""),
        ([*NAMED, ["content-length-range", "0", "10"]], 10, ""),
        (
            [*NAMED, ["content-length-range", 0, 9]],
            10,
            "400 EntityTooLarge: Your proposed upload exceeds the maximum allowed size",
        ),
        (
            [*NAMED, ["content-length-range", 11, 20]],
            10,
            "400 EntityTooSmall: Your proposed upload is smaller than the minimum allowed size",
        ),
        (
            [*NAMED, ["starts-with", "$key", "in/"]],
            10,
            '403 AccessDenied: Invalid according to Policy: Policy Condition failed: ["starts-with", "$key", "in/"]',
        ),
        (
            [*NAMED, {"bucket": "other"}],
            10,
            '403 AccessDenied: Invalid according to Policy: Policy Condition failed: ["eq", "$bucket", "other"]',
        ),
        (
            [*NAMED, ["eq", "$tagging", "x"]],
            10,
            '403 AccessDenied: Invalid according to Policy: Policy Condition failed: ["eq", "$tagging", "x"]',
        ),
        (NAMED[:2], 10, "403 AccessDenied: Invalid according to Policy: Extra input fields: key, x-amz-credential"),
        ([*NAMED, ["between", 1]], 10, "400 InvalidPolicyDocument: Invalid Policy: Invalid 'conditions' value."),
    ],
)
def test_every_condition_has_to_hold_and_every_field_to_be_named(conditions: list[Any], size: int, told: str) -> None:
    assert verdict(conditions, size) == told


def test_fields_to_be_ignored_are() -> None:
    assert verdict(NAMED, more={"x-ignore-me": "1", "X-Amz-Signature": "s"}) == ""


@pytest.mark.parametrize("document", ["junk", base64.b64encode(b"junk").decode(), base64.b64encode(b"[]").decode()])
def test_what_is_no_policy_is_told(document: str) -> None:
    with pytest.raises(StoreRefusal, match="Invalid Policy"):
        check_post_policy({**FORM, "policy": document}, 1, "photos")


def test_a_form_without_a_policy_asks_for_nothing() -> None:
    check_post_policy({"key": "a"}, 10**9, "photos")
