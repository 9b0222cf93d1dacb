"""Deliveries that fail: which are tried again and when, and what a dead-letter queue gets."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.commands import CreateQueue, DeleteRule, PutEvents, RemoveTargets
from app.core.delivery.targets import Parcel, Settled
from app.core.errors import (
    AccessDenied,
    DeliveryFailed,
    InvalidMessageContents,
    QueueDoesNotExist,
    Refused,
    ResourceNotFound,
    TooManyRequests,
)
from app.core.facts import EventDeadLettered, EventDelivered, EventDeliveryFailed
from app.core.limits import Limits
from app.core.time import HOUR_MS, SECOND_MS, Instant
from tests.core.buses.scenes import event, put, rule
from tests.core.stage import NOON, SCOPE, Stage

TOPIC = "arn:aws:sns:us-east-1:000000000000:news"
GONE = SCOPE.queue_arn("gone")


class Moody:
    """A target that refuses with what it is told to, and takes the rest; it remembers when it was tried."""

    def __init__(self, *refusals: Refused | None) -> None:
        self.refusals = list(refusals)
        self.tries: list[Instant] = []
        self.parcels: list[Parcel] = []

    def exists(self, arn: str) -> bool:
        return True

    def deliver(self, parcel: Parcel, now: Instant, settled: Settled) -> None:
        self.tries.append(now)
        self.parcels.append(parcel)
        settled(self.refusals.pop(0) if len(self.refusals) > 1 else self.refusals[0], now)


def staged(*refusals: Refused | None, limits: Limits | None = None, **target: Any) -> tuple[Stage, Moody, str]:
    """A rule to a topic that refuses, and the dead-letter queue of the target."""
    stage = Stage(limits=limits or Limits())
    moody = Moody(*refusals)
    stage.world.targets.register("sns", moody)
    dlq = stage.queue("dlq")
    rule(stage, "news", {"source": ["shop"]}, {"Arn": TOPIC, "DeadLetterConfig": {"Arn": dlq}, **target})
    return stage, moody, dlq


THROTTLED = TooManyRequests("CallerRateLimitExceeded")


def test_a_throttled_delivery_is_tried_again_until_it_is_taken() -> None:
    stage, moody, _ = staged(THROTTLED, THROTTLED, THROTTLED, None)

    put(stage)
    stage.advance("1m")

    pauses = [(later - before) / SECOND_MS for before, later in zip(moody.tries, moody.tries[1:], strict=False)]
    assert len(pauses) == 3
    for pause, about in zip(pauses, (1, 2, 4), strict=True):
        assert about * 0.9 <= pause <= about * 1.1
    assert [fact.attempts for fact in stage.of(EventDelivered)] == [4]


def test_without_a_policy_it_is_tried_for_a_day_and_185_times_more() -> None:
    stage, moody, dlq = staged(THROTTLED)

    put(stage)
    stage.advance("25h")

    assert 180 <= len(moody.tries) <= 186
    assert moody.tries[-1] <= NOON + 24 * HOUR_MS
    assert stage.at(dlq).visible_count == 1
    assert stage.world.event_bridge.deliveries.waiting() == []


@pytest.mark.parametrize(
    ("policy", "condition", "retries"),
    [
        ({"MaximumRetryAttempts": 2}, "MaximumRetryAttempts", "2"),
        ({"MaximumRetryAttempts": 100, "MaximumEventAgeInSeconds": 60}, "MaximumEventAgeInSeconds", "5"),
    ],
)
def test_an_exhausted_delivery_is_dead_lettered_with_why(policy: dict[str, int], condition: str, retries: str) -> None:
    stage, _, dlq = staged(THROTTLED, RetryPolicy=policy)

    answer = put(stage, {"id": 7}, resources=("r",))
    stage.advance("2m")

    (delivery,) = stage.receive(dlq)
    assert json.loads(delivery.content.body)["id"] == answer.event_id
    assert {name: each.value for name, each in delivery.content.attributes.items()} == {
        "RULE_ARN": "arn:aws:events:us-east-1:000000000000:rule/news",
        "TARGET_ARN": TOPIC,
        "ERROR_CODE": "THROTTLING",
        "ERROR_MESSAGE": "Rate Exceeded.",
        "RETRY_ATTEMPTS": retries,
        "EXHAUSTED_RETRY_CONDITION": condition,
    }


def test_at_the_end_of_its_age_and_not_before_an_event_is_given_up() -> None:
    stage, _, dlq = staged(THROTTLED, RetryPolicy={"MaximumEventAgeInSeconds": 60})

    put(stage)
    stage.advance("59s")
    before = stage.at(dlq).visible_count
    stage.advance("1s")

    assert (before, stage.at(dlq).visible_count) == (0, 1)


def test_no_retries_means_one_try() -> None:
    stage, moody, dlq = staged(THROTTLED, RetryPolicy={"MaximumRetryAttempts": 0})

    put(stage)

    assert (len(moody.tries), stage.at(dlq).visible_count) == (1, 1)


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (AccessDenied("not yours"), "NO_PERMISSIONS"),
        (ResourceNotFound(), "NO_RESOURCE"),
        (QueueDoesNotExist(), "NO_RESOURCE"),
        (InvalidMessageContents(), "INVALID_PARAMETER"),
        (DeliveryFailed("no", "ERROR_FROM_TARGET", is_retried=False), "ERROR_FROM_TARGET"),
    ],
)
def test_what_no_retry_would_help_goes_to_the_dead_letter_queue_at_once(refusal: Refused, code: str) -> None:
    stage, moody, dlq = staged(refusal)

    put(stage)
    stage.advance("1h")

    attributes = stage.receive(dlq)[0].content.attributes
    assert attributes["ERROR_CODE"].value == code
    assert attributes["RETRY_ATTEMPTS"].value == "0"
    assert "EXHAUSTED_RETRY_CONDITION" not in attributes
    assert len(moody.tries) == 1


def test_an_unknown_failure_is_tried_again() -> None:
    stage, moody, _ = staged(Refused("something else"), None)

    put(stage)
    stage.advance("2s")

    assert len(moody.tries) == 2


def test_a_pause_that_the_target_asks_for_is_kept() -> None:
    stage, moody, _ = staged(DeliveryFailed("later", "THROTTLING", is_retried=True, retry_after_ms=30_000), None)

    put(stage)
    stage.advance("1m")

    assert moody.tries == [NOON, NOON + 30 * SECOND_MS]


def test_without_a_dead_letter_queue_the_event_is_lost_and_the_journal_says_why() -> None:
    stage = Stage()
    rule(stage, "orders", {"source": ["shop"]}, GONE)

    put(stage)

    (failed,) = stage.of(EventDeliveryFailed)
    assert (
        failed.text
        == "rule orders to gone failed for good at attempt 1: NO_RESOURCE, The specified queue does not exist."
    )


def test_a_dead_letter_queue_that_is_not_there_is_told() -> None:
    stage = Stage()
    rule(stage, "orders", {"source": ["shop"]}, {"Arn": GONE, "DeadLetterConfig": {"Arn": SCOPE.queue_arn("dlq")}})

    put(stage)

    (told,) = stage.of(EventDeadLettered)
    assert told.text == (
        "rule orders: the event for gone could not go to dead-letter queue dlq: The specified queue does not exist."
    )


def test_a_fifo_queue_gets_the_group_that_the_target_names() -> None:
    stage = Stage()
    line = stage.submit(
        CreateQueue(SCOPE.queue_arn("line.fifo"), {"FifoQueue": "true", "ContentBasedDeduplication": "true"})
    )
    rule(stage, "line", {"source": ["shop"]}, {"Arn": line, "SqsParameters": {"MessageGroupId": "g"}})

    stage.submit(PutEvents(SCOPE, (event(), event())))

    assert {delivery.content.group_id for delivery in stage.receive(line, 10)} == {"g"}


def test_a_template_that_makes_broken_json_fails_for_a_function_and_not_for_a_queue() -> None:
    stage = Stage()
    queue, dlq, function = stage.queue("orders"), stage.queue("dlq"), stage.function("worker")
    broken = {"InputPathsMap": {"t": "$.detail.text"}, "InputTemplate": '{"text": <t>}'}
    rule(
        stage, "orders", {"source": ["shop"]}, {"Arn": queue, "InputTransformer": broken},
        {"Arn": function, "InputTransformer": broken, "DeadLetterConfig": {"Arn": dlq}},
    )  # fmt: skip

    put(stage, {"text": 'say "hello"'})

    assert stage.bodies(queue) == ['{"text": "say "hello""}']
    assert stage.calls == []
    assert stage.receive(dlq)[0].content.attributes["ERROR_CODE"].value == "INVALID_JSON"


def test_a_delivery_carries_the_principal_and_the_rule_it_is_for() -> None:
    stage, moody, _ = staged(None)

    put(stage)

    (parcel,) = moody.parcels
    assert (parcel.principal, parcel.source_arn) == ("events.amazonaws.com", SCOPE.rule_arn("default", "news"))
    assert parcel.cause.through == ("bus default/rule news",)
    assert not parcel.cause.is_seen


def test_a_rule_may_go_while_its_event_waits() -> None:
    stage, moody, _ = staged(THROTTLED, None)
    put(stage)

    stage.submit(RemoveTargets(SCOPE, "news", ("1",)))
    stage.submit(DeleteRule(SCOPE, "news"))
    stage.advance("2s")

    assert len(moody.tries) == 2


OUTCOMES = st.sampled_from([None, THROTTLED, AccessDenied("not yours"), Refused("something else")])


@given(st.lists(OUTCOMES, min_size=1, max_size=8), st.integers(0, 5), st.booleans())
@settings(max_examples=80, deadline=None)
def test_an_event_is_taken_once_or_given_up_once(outcomes: list[Refused | None], retries: int, has_queue: bool) -> None:
    stage = Stage()
    moody = Moody(*outcomes)
    stage.world.targets.register("sns", moody)
    dlq = stage.queue("dlq")
    target: dict[str, Any] = {"Arn": TOPIC, "RetryPolicy": {"MaximumRetryAttempts": retries}}
    rule(stage, "news", {"source": ["shop"]}, target | ({"DeadLetterConfig": {"Arn": dlq}} if has_queue else {}))

    put(stage)
    stage.advance("1h")

    tried = (outcomes + outcomes[-1:] * (retries + 1))[: retries + 1]
    ends = [place for place, each in enumerate(tried) if each is None or isinstance(each, AccessDenied)]
    last = ends[0] if ends else retries
    is_taken = tried[last] is None
    assert len(moody.tries) == last + 1
    assert [fact.attempts for fact in stage.of(EventDelivered)] == ([last + 1] if is_taken else [])
    assert stage.at(dlq).visible_count == (1 if has_queue and not is_taken else 0)
    assert [fact.retry_at is None for fact in stage.of(EventDeliveryFailed)] == (
        [False] * last if is_taken else [False] * last + [True]
    )
    assert stage.world.event_bridge.deliveries.waiting() == []
