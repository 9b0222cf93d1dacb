"""Filter policies: what they take, what they refuse, and what they are refused for."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from app.core.commands import SetSubscriptionAttribute
from app.core.errors import FilterPolicyLimitExceeded, InvalidParameter
from app.core.facts import NotificationFiltered
from app.core.limits import Limits
from app.core.sqs.message import MessageAttribute
from tests.core.stage import SCOPE, Stage

FOLDER = Path(__file__).parents[2] / "conformance" / "sns" / "filter"
CASES = [
    pytest.param(json.loads(path.read_text(encoding="utf-8")), id=f"{path.parent.name}/{path.stem}")
    for path in sorted(FOLDER.rglob("*.json"))
]
MATCHES = [case for case in CASES if "passes" in case.values[0]]  # type: ignore[operator]
REFUSALS = [case for case in CASES if "passes" not in case.values[0]]  # type: ignore[operator]


def attribute(given: dict[str, str]) -> MessageAttribute:
    if "BinaryValue" in given:
        return MessageAttribute(given["DataType"], b64decode(given["BinaryValue"]))
    return MessageAttribute(given["DataType"], given["StringValue"])


@pytest.mark.parametrize("case", MATCHES)
def test_a_message_passes_or_is_filtered_as_the_guide_says(case: dict[str, Any]) -> None:
    stage = Stage()
    news, orders = stage.topic("news"), stage.queue("orders")
    scope = case.get("scope", "MessageAttributes")
    stage.subscribe(news, orders, FilterPolicy=case["policy"], FilterPolicyScope=scope)
    attributes = {name: attribute(given) for name, given in case.get("attributes", {}).items()}

    published = stage.publish(news, case.get("message", "hello"), attributes=attributes)

    assert [route.is_taken for route in published.routes] == [case["passes"]]
    assert len(stage.bodies(orders)) == case["passes"]
    assert len(stage.of(NotificationFiltered)) == 1 - case["passes"]


@pytest.mark.parametrize("case", REFUSALS)
def test_a_policy_is_taken_or_refused_in_the_words_of_aws(case: dict[str, Any]) -> None:
    stage = Stage()
    news, orders = stage.topic("news"), stage.queue("orders")
    given = {"FilterPolicyScope": case["scope"]} if "scope" in case else {}
    whole = case.get("message_of_refusal")
    reason = case.get("refused")

    def subscribe() -> None:
        stage.subscribe(news, orders, FilterPolicy=case["policy"], **given)

    if whole is None and reason is None:
        subscribe()
        return
    assert stage.refusal(subscribe) == (whole or f"Invalid parameter: Attributes Reason: {reason}")
    subscription = stage.subscribe(news, orders, **given)
    change = SetSubscriptionAttribute(subscription, "FilterPolicy", case["policy"])
    assert stage.refusal(lambda: stage.submit(change)) == (whole or f"Invalid parameter: {reason}")
    assert "FilterPolicy" not in stage.world.topics.subscription(subscription).view(None)


@pytest.mark.parametrize("nothing", ["", "{}"])
def test_an_empty_policy_takes_the_policy_away(nothing: str) -> None:
    stage = Stage()
    news, orders = stage.topic("news"), stage.queue("orders")
    subscription = stage.subscribe(news, orders, FilterPolicy='{"a": ["x"]}')

    stage.submit(SetSubscriptionAttribute(subscription, "FilterPolicy", nothing))

    assert "FilterPolicy" not in stage.world.topics.subscription(subscription).view(None)
    assert stage.publish(news).routes[0].is_taken


def test_a_scope_that_does_not_suit_the_policy_is_refused_and_nothing_changes() -> None:
    stage = Stage()
    news, orders = stage.topic("news"), stage.queue("orders")
    subscription = stage.subscribe(news, orders, FilterPolicyScope="MessageBody", FilterPolicy='{"a": {"b": ["x"]}}')

    with pytest.raises(InvalidParameter, match="does not support nested filter policy"):
        stage.submit(SetSubscriptionAttribute(subscription, "FilterPolicyScope", "MessageAttributes"))

    assert stage.publish(news, '{"a": {"b": "x"}}').routes[0].is_taken


def test_a_topic_has_so_many_filter_policies_and_no_more() -> None:
    stage = Stage(limits=Limits(filter_policies_per_topic=2))
    news = stage.topic("news")
    for name in ("a", "b"):
        stage.subscribe(news, SCOPE.queue_arn(name), FilterPolicy='{"a": ["x"]}')
    third = stage.subscribe(news, SCOPE.queue_arn("c"))

    with pytest.raises(FilterPolicyLimitExceeded):
        stage.subscribe(news, SCOPE.queue_arn("d"), FilterPolicy='{"a": ["x"]}')
    with pytest.raises(FilterPolicyLimitExceeded):
        stage.submit(SetSubscriptionAttribute(third, "FilterPolicy", '{"a": ["x"]}'))


@pytest.mark.parametrize(
    "policy",
    [
        '{"a":' * 1_500 + '["x"]' + "}" * 1_500,
        '{"a": ' + '[{"$or": ' * 300,
        "[" * 5_000,
        '"text"',
        "[]",
        "7",
        '{"a": [1e400]}',
        '{"a": ["x"]} {"b": ["y"]}',
        '{"$or": [{"a": ["x"]}, 7]}',
        '{"a": []}',
    ],
)
def test_nonsense_is_refused_and_nothing_else_happens(policy: str) -> None:
    stage = Stage()
    news, orders = stage.topic("news"), stage.queue("orders")

    with pytest.raises(InvalidParameter):
        stage.subscribe(news, orders, FilterPolicy=policy, FilterPolicyScope="MessageBody")

    assert stage.world.topics[news].subscriptions == {}
