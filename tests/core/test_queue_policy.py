"""A queue's policy as AddPermission and RemovePermission write it."""

import json

import pytest

from app.core.errors import InvalidParameterValue, MissingParameter, OverLimit
from app.core.queue_policy import with_permission, without_permission
from tests.core.stage import SCOPE

ORDERS = SCOPE.queue_arn("orders")


def allowed(policy: str | None, label: str, *actions: str, accounts: tuple[str, ...] = ("123456789012",)) -> str:
    return with_permission(policy, queue=ORDERS, label=label, accounts=accounts, actions=actions)


def test_a_first_permission_makes_the_policy() -> None:
    assert json.loads(allowed(None, "send", "SendMessage")) == {
        "Version": "2008-10-17",
        "Id": f"{ORDERS}/SQSDefaultPolicy",
        "Statement": [
            {
                "Sid": "send",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                "Action": "SQS:SendMessage",
                "Resource": ORDERS,
            }
        ],
    }


def test_several_accounts_and_actions_are_lists() -> None:
    policy = allowed(None, "both", "SendMessage", "ReceiveMessage", accounts=("111111111111", "222222222222"))

    (statement,) = json.loads(policy)["Statement"]
    assert statement["Action"] == ["SQS:SendMessage", "SQS:ReceiveMessage"]
    assert statement["Principal"]["AWS"] == ["arn:aws:iam::111111111111:root", "arn:aws:iam::222222222222:root"]


def test_a_label_is_given_once_and_taken_away_by_its_name() -> None:
    policy = allowed(allowed(None, "a", "SendMessage"), "b", "ReceiveMessage")

    with pytest.raises(InvalidParameterValue) as refusal:
        allowed(policy, "a", "SendMessage")
    without_a = without_permission(policy, queue=ORDERS, label="a")

    assert refusal.value.message == "Value a for parameter Label is invalid. Reason: Already exists."
    assert [statement["Sid"] for statement in json.loads(without_a)["Statement"]] == ["b"]
    assert without_permission(without_a, queue=ORDERS, label="b") == ""


def test_an_unknown_label_is_refused() -> None:
    with pytest.raises(InvalidParameterValue) as refusal:
        without_permission(None, queue=ORDERS, label="a")

    assert refusal.value.message == "Value a for parameter Label is invalid. Reason: can't find label."


def test_accounts_and_known_actions_are_needed_seven_at_most() -> None:
    with pytest.raises(MissingParameter, match="AWSAccountIds"):
        allowed(None, "a", "SendMessage", accounts=())
    with pytest.raises(MissingParameter, match="Actions"):
        allowed(None, "a")
    with pytest.raises(InvalidParameterValue, match="Only the queue owner is allowed"):
        allowed(None, "a", "CreateQueue")
    with pytest.raises(OverLimit, match="8 Actions were found, maximum allowed is 7"):
        allowed(None, "a", *["SendMessage"] * 8)
