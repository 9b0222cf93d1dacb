"""Which queue takes another's dead letters, and which may choose it."""

import json

import pytest

from app.core.commands import SetQueueAttributes
from app.core.errors import InvalidAttributeValue, InvalidParameterValue
from app.core.sqs.redrive import (
    ALLOW_ALL,
    RedriveAllowPolicy,
    RedrivePolicy,
    read_allow_policy,
    read_json_object,
    read_redrive_policy,
)
from tests.core.stage import SCOPE, Stage

ORDERS, OTHER, DEAD = SCOPE.queue_arn("orders"), SCOPE.queue_arn("other"), SCOPE.queue_arn("dead")

DENY_ALL = '{"redrivePermission":"denyAll"}'


def policy(target: str = DEAD, count: object = 3) -> str:
    return json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": count})


def read(text: str, allow: RedriveAllowPolicy | None = ALLOW_ALL) -> RedrivePolicy | None:
    return read_redrive_policy(text, queue=ORDERS, allow_policy_of=lambda _: allow)


@pytest.mark.parametrize(
    ("allow", "orders", "other"),
    [
        (ALLOW_ALL, True, True),
        (RedriveAllowPolicy("denyAll"), False, False),
        (RedriveAllowPolicy("byQueue", (ORDERS,)), True, False),
    ],
)
def test_a_queue_is_allowed_as_the_policy_says(allow: RedriveAllowPolicy, orders: bool, other: bool) -> None:
    assert (allow.allows(ORDERS), allow.allows(OTHER)) == (orders, other)


@pytest.mark.parametrize("count", [1, 1_000, "1", "1000"])
def test_a_count_is_a_number_or_a_text_of_digits(count: object) -> None:
    assert read(policy(count=count)) == RedrivePolicy(DEAD, int(str(count)))


@pytest.mark.parametrize("count", [0, 1_001, -1, 1.5, True, None, "", "1_0", " 1", "٣", [], "9" * 500])
def test_any_other_count_is_refused(count: object) -> None:
    with pytest.raises(InvalidParameterValue, match="valid values are from 1 to 1000 both inclusive"):
        read(policy(count=count))


def test_a_queue_that_does_not_allow_it_is_refused_as_a_target() -> None:
    with pytest.raises(InvalidParameterValue, match="does not permit this source queue"):
        read(policy(), RedriveAllowPolicy("denyAll"))


@pytest.mark.parametrize("text", ["", "[" * 100_000, "none", "[]", "7"])
def test_what_is_no_json_object_is_refused_by_the_attributes_name(text: str) -> None:
    with pytest.raises(InvalidAttributeValue, match="Invalid value for the parameter Policy"):
        read_json_object("Policy", text)


def test_an_empty_text_clears_both_policies() -> None:
    assert (read(""), read_allow_policy("")) == (None, ALLOW_ALL)


@pytest.mark.parametrize("sources", [[None], [{}], "arn", {"a": "b"}])
def test_the_sources_of_an_allow_policy_are_a_list_of_texts(sources: object) -> None:
    with pytest.raises(InvalidAttributeValue):
        read_allow_policy(json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": sources}))


def test_a_policy_set_later_leaves_those_that_chose_the_queue_before() -> None:
    stage = Stage()
    orders, dead = stage.queue_with_dlq("orders", after=1)
    stage.send(orders)
    stage.receive(orders)

    stage.submit(SetQueueAttributes(dead, {"RedriveAllowPolicy": DENY_ALL}))
    stage.advance("30s")
    stage.receive(orders)

    assert stage.world.queues[dead].visible_count == 1


def test_ten_sources_may_be_named_and_no_more() -> None:
    arns = [f"arn:aws:sqs:us-east-1:000000000000:source-{number}" for number in range(11)]

    policy = read_allow_policy(json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": arns[:10]}))

    assert policy.sources == tuple(arns[:10])
    with pytest.raises(InvalidParameterValue):
        read_allow_policy(json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": arns}))
