"""A queue's policy as AddPermission and RemovePermission write it."""

import json
from typing import Any

import pytest

from app.core.errors import InvalidAttributeValue, InvalidParameterValue, MissingParameter, OverLimit
from app.core.sqs.queue_policy import check_policy, with_permission, without_permission
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
    with pytest.raises(MissingParameter, match="ActionName"):
        allowed(None, "a")
    with pytest.raises(MissingParameter, match="Label"):
        allowed(None, "", "SendMessage")
    with pytest.raises(InvalidParameterValue, match="Only the queue owner is allowed"):
        allowed(None, "a", "CreateQueue")
    with pytest.raises(InvalidParameterValue, match="Please refer to the appropriate WSDL"):
        allowed(None, "a", "SendMessageBatch")
    with pytest.raises(OverLimit, match="8 Actions were found, maximum allowed is 7"):
        allowed(None, "a", *["SendMessage"] * 8)


def statement(**members: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": ORDERS, **members}


@pytest.mark.parametrize(
    "policy",
    [
        {"Statement": statement()},
        {"Version": "2012-10-17", "Id": "x", "Statement": [statement(Sid="a"), statement(Effect="Deny")]},
        {"Statement": [statement(Condition={"ArnEquals": {"aws:SourceArn": "arn"}})]},
        {"Statement": [statement(Action=["sqs:*"], Principal={"AWS": ["1", "2"], "Service": "sns.amazonaws.com"})]},
        {"Statement": [{"Effect": "Allow", "NotPrincipal": "*", "NotAction": "sqs:*", "NotResource": "*"}]},
        {"Statement": [statement()] * 20},
    ],
)
def test_a_policy_of_iams_grammar_is_taken(policy: dict[str, Any]) -> None:
    check_policy(json.dumps(policy))


NO_POLICIES: tuple[object, ...] = (
    [],
    7,
    {},
    {"Statement": []},
    {"Statement": [1]},
    {"Statement": None},
    {"Version": "4532-10-17", "Statement": statement()},
    {"Dummy": 1, "Statement": statement()},
    {"Statement": statement(Dummy=1)},
    {"Statement": statement(Effect="Maybe")},
    {"Statement": {"Effect": "Allow", "Principal": "*", "Resource": "*"}},
    {"Statement": statement(NotAction="sqs:*")},
)


@pytest.mark.parametrize("text", ["none", *map(json.dumps, NO_POLICIES)])
def test_another_text_is_no_policy(text: str) -> None:
    with pytest.raises(InvalidAttributeValue, match=r"^Invalid value for the parameter Policy\.$"):
        check_policy(text)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({"Statement": [statement()] * 21}, "21 statements were found in the submitted policy, max allowed is 20"),
        (
            {"Statement": statement(Action=["sqs:SendMessage"] * 10)},
            "10 actions were found in a statement from the submitted policy, max allowed is 7",
        ),
        (
            {"Statement": statement(Principal={"AWS": ["111122223333"] * 51})},
            "51 principals were found in the submitted policy, max allowed is 50",
        ),
        (
            {"Statement": statement(Condition={"StringLike": {f"k{n}": "v" for n in range(11)}})},
            "11 conditions were found in the submitted policy, max allowed is 10",
        ),
        ({"Id": "x" * 8_192, "Statement": statement()}, "Submitted policy is over max allowed size."),
    ],
)
def test_a_policy_keeps_to_the_quotas(policy: dict[str, Any], message: str) -> None:
    with pytest.raises(OverLimit) as refusal:
        check_policy(json.dumps(policy))

    assert refusal.value.message == message


def test_an_unknown_label_beside_others_is_told_so() -> None:
    with pytest.raises(InvalidParameterValue) as refusal:
        without_permission(allowed(None, "a", "SendMessage"), queue=ORDERS, label="b")

    assert (
        refusal.value.message == "Value b for parameter Label is invalid. Reason: can't find label on existing policy."
    )
