"""Resource policies: what AddPermission writes, and whom a policy lets do what."""

import json
from typing import Any

import pytest

from app.core.access.permissions import Policy, allows, permission, read_policy
from app.core.errors import InvalidParameterValue, PolicyTooLong, ResourceConflict, ResourceNotFound

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:resize"
RULE = "arn:aws:events:us-east-1:000000000000:rule/nightly"
INVOKE = "lambda:InvokeFunction"


def given(principal: str = "events.amazonaws.com", **more: Any) -> dict[str, Any]:
    return {"StatementId": "s1", "Action": INVOKE, "Principal": principal, **more}


def policy(*permissions: dict[str, Any]) -> Policy:
    made = Policy()
    for number, parameters in enumerate(permissions):
        made = made.with_statement(permission({**parameters, "StatementId": f"s{number}"}, resource=FUNCTION))
    return made


def test_a_service_with_a_source_and_an_account_is_written_as_lambda_writes_it() -> None:
    statement = permission(
        given("s3.amazonaws.com", SourceArn="arn:aws:s3:::photos", SourceAccount="000000000000"), resource=FUNCTION
    )

    assert json.loads(statement.document) == {
        "Sid": "s1",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": INVOKE,
        "Resource": FUNCTION,
        "Condition": {
            "StringEquals": {"AWS:SourceAccount": "000000000000"},
            "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::photos"},
        },
    }


@pytest.mark.parametrize(
    ("principal", "written"),
    [
        ("*", "*"),
        ("111122223333", {"AWS": "arn:aws:iam::111122223333:root"}),
        ("arn:aws:iam::111122223333:role/r", {"AWS": "arn:aws:iam::111122223333:role/r"}),
        ("logs.eu-west-1.amazonaws.com", {"Service": "logs.eu-west-1.amazonaws.com"}),
        ("alexa-appkit.amazon.com", {"Service": "alexa-appkit.amazon.com"}),
    ],
)
def test_a_principal_is_a_service_an_account_or_everybody(principal: str, written: object) -> None:
    assert json.loads(permission(given(principal), resource=FUNCTION).document)["Principal"] == written


def test_what_is_no_principal_is_refused() -> None:
    with pytest.raises(InvalidParameterValue, match="The provided principal was invalid"):
        permission(given("nobody"), resource=FUNCTION)


def test_a_source_arn_may_have_wildcards() -> None:
    made = policy(given(SourceArn="arn:aws:events:*:000000000000:rule/night*"))

    assert allows(made, "events.amazonaws.com", INVOKE, RULE)
    assert not allows(made, "events.amazonaws.com", INVOKE, RULE.replace("nightly", "daily"))
    assert not allows(made, "events.amazonaws.com", INVOKE)


def test_another_principal_or_another_action_is_not_allowed() -> None:
    made = policy(given())

    assert allows(made, "events.amazonaws.com", INVOKE, RULE)
    assert not allows(made, "sns.amazonaws.com", INVOKE, RULE)
    assert not allows(made, "events.amazonaws.com", "lambda:GetFunction", RULE)


def test_an_account_stands_for_everybody_in_it() -> None:
    made = policy(given("111122223333"))

    assert allows(made, "arn:aws:iam::111122223333:role/r", INVOKE)
    assert allows(made, "111122223333", INVOKE)
    assert not allows(made, "arn:aws:iam::444455556666:role/r", INVOKE)


def test_the_account_of_the_source_is_asked_for_too() -> None:
    made = policy(given("s3.amazonaws.com", SourceArn="arn:aws:s3:::photos", SourceAccount="111122223333"))

    assert allows(made, "s3.amazonaws.com", INVOKE, "arn:aws:s3:::photos", "111122223333")
    assert not allows(made, "s3.amazonaws.com", INVOKE, "arn:aws:s3:::photos", "444455556666")


def test_further_conditions_are_asked_with_the_context() -> None:
    made = policy(given("*", Action="lambda:InvokeFunctionUrl", FunctionUrlAuthType="NONE"))

    asked = "lambda:InvokeFunctionUrl"
    assert allows(made, "*", asked, context={"lambda:FunctionUrlAuthType": "NONE"})
    assert not allows(made, "*", asked, context={"lambda:FunctionUrlAuthType": "AWS_IAM"})


def test_a_queue_policy_is_read_and_a_denial_wins() -> None:
    allow = {
        "Effect": "Allow", "Principal": {"Service": ["sns.amazonaws.com"]}, "Action": "SQS:SendMessage",
        "Resource": "*", "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:us-east-1:000000000000:news"}},
    }  # fmt: skip
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
    topic = "arn:aws:sns:us-east-1:000000000000:news"

    alone = read_policy(json.dumps({"Statement": allow}))
    both = read_policy(json.dumps({"Statement": [allow, deny]}))

    assert allows(alone, "sns.amazonaws.com", "sqs:SendMessage", topic)
    assert not allows(both, "sns.amazonaws.com", "sqs:SendMessage", topic)


@pytest.mark.parametrize("text", [None, "", "no json", "[]", '{"Statement": ["x"]}'])
def test_what_is_no_policy_allows_nobody_anything(text: str | None) -> None:
    assert not allows(read_policy(text), "sns.amazonaws.com", "sqs:SendMessage")


@pytest.mark.parametrize(
    ("operator", "values", "value", "holds"),
    [
        ("StringEquals", ["a"], "a", True),
        ("StringEquals", ["a"], None, False),
        ("StringEqualsIfExists", ["a"], None, True),
        ("StringNotEquals", ["a"], "b", True),
        ("StringEqualsIgnoreCase", ["A"], "a", True),
        ("StringLike", ["a?c*"], "abcd", True),
        ("StringNotLike", ["a*"], "abcd", False),
        ("Bool", ["true"], "true", True),
        ("Null", ["true"], None, True),
        ("Null", ["false"], "a", True),
        ("DateGreaterThan", ["2020-01-01"], "2021-01-01", False),
    ],
)
def test_the_operators_of_conditions(operator: str, values: list[str], value: str | None, holds: bool) -> None:
    document = {"Effect": "Allow", "Principal": "*", "Action": "*", "Condition": {operator: {"aws:Key": values}}}
    context = {} if value is None else {"aws:key": value}

    assert allows(read_policy(json.dumps({"Statement": document})), "anybody", "any:Thing", context=context) is holds


def test_a_statement_id_is_taken_once() -> None:
    statement = permission(given(), resource=FUNCTION)

    with pytest.raises(ResourceConflict, match=r"The statement id \(s1\) provided already exists"):
        Policy((statement,)).with_statement(statement)


def test_a_policy_has_its_size() -> None:
    made = policy(*[given(SourceArn=RULE + "r" * 200)] * 40)
    one_more = permission(given(SourceArn=RULE + "r" * 3_000) | {"StatementId": "more"}, resource=FUNCTION)

    with pytest.raises(PolicyTooLong, match=r"The final policy size \(\d+\) is bigger than the limit \(20480\)"):
        made.with_statement(one_more)


def test_statements_are_removed_by_their_id() -> None:
    made = policy(given(), given("sns.amazonaws.com"))

    assert [statement.sid for statement in made.without_statement("s0").statements] == ["s1"]
    with pytest.raises(ResourceNotFound, match="Statement s7 is not found in resource policy"):
        made.without_statement("s7")
    with pytest.raises(ResourceNotFound, match="No policy is associated with the given resource"):
        Policy().without_statement("s0")
