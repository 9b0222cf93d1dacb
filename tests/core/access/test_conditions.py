"""Conditions of policies: operators, keys that are not there, policy variables."""

import pytest

from app.core.access.conditions import expanded, holds, matches

KNOWN = {"aws:principalaccount": "111111111111", "aws:securetransport": "false", "aws:username": "ann"}


@pytest.mark.parametrize(
    ("operator", "key", "values", "verdict"),
    [
        ("StringEquals", "aws:PrincipalAccount", ["111111111111", "2"], True),
        ("StringEquals", "aws:PrincipalAccount", ["2"], False),
        ("StringNotEquals", "aws:PrincipalAccount", ["2"], True),
        ("StringNotEquals", "aws:PrincipalAccount", ["111111111111"], False),
        ("StringEqualsIgnoreCase", "aws:username", ["ANN"], True),
        ("StringNotEqualsIgnoreCase", "aws:username", ["ANN"], False),
        ("StringLike", "aws:username", ["a?n", "b*"], True),
        ("StringNotLike", "aws:username", ["a*"], False),
        ("ArnLike", "aws:username", ["a*"], True),
        ("ArnNotLike", "aws:username", ["b*"], True),
        ("Bool", "AWS:securetransport", ["false"], True),
        ("Bool", "aws:SecureTransport", ["true"], False),
        ("Null", "aws:username", ["false"], True),
        ("Null", "aws:username", ["true"], False),
        ("Null", "aws:SourceArn", ["true"], True),
        ("StringEquals", "aws:SourceArn", ["x"], False),
        ("StringEqualsIfExists", "aws:SourceArn", ["x"], True),
        ("StringNotEquals", "aws:SourceArn", ["x"], True),
        ("BoolIfExists", "aws:MultiFactorAuthPresent", ["true"], True),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["x"], True),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["x"], False),
        ("ForAnyValue:StringLike", "aws:username", ["a*"], True),
        ("NumericLessThan", "aws:username", ["5"], False),
        ("StringEquals", "aws:username", ["${aws:username}"], True),
    ],
)
def test_an_operator_says(operator: str, key: str, values: list[str], *, verdict: bool) -> None:
    assert holds(operator, values, key, KNOWN) is verdict


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("orders", "orders"),
        ("${aws:username}-queue", "ann-queue"),
        ("${AWS:UserName}", "ann"),
        ("${aws:PrincipalTag/team, 'nobody'}", "nobody"),
        ("${aws:PrincipalTag/team}", "${aws:PrincipalTag/team}"),
        ("100${$}", "100$"),
    ],
)
def test_a_policy_variable_stands_for_what_is_known(text: str, meant: str) -> None:
    assert expanded(text, KNOWN) == meant


def test_a_wildcard_is_any_run_of_characters_or_any_one() -> None:
    assert matches("arn:*:ord?rs", "arn:aws:sqs:us-east-1:0:orders")
    assert not matches("orders", "orders-dlq")
    assert not matches("o.ders", "orders")
