"""Queues whose messages a KMS key encrypts: who is refused what when the key fails, and by which names it is known."""

import json

import pytest

from app.core.commands import (
    DescribeKeys,
    KeyState,
    ReceiveMessage,
    RedriveMessages,
    SendMessage,
    StartMessageMoveTask,
)
from app.core.errors import KmsDisabled, KmsNotFound
from app.core.explain import OfSend, Verdict, explain
from app.core.facts import CallerLacksAccess, MappingBlocked, NotificationDelivered, QueueKeyUnknown
from app.core.names import Arn
from app.core.sqs.queue_keys import own_key_of
from tests.core.stage import SCOPE, Stage

KEY = "arn:aws:kms:us-east-1:000000000000:key/one"
ALIAS = "arn:aws:kms:us-east-1:000000000000:alias/orders"
DISABLED = KeyState("Disabled", arn=KEY)
ENABLED = KeyState("Enabled", arn=KEY)


def tell(stage: Stage, key: KeyState) -> None:
    stage.submit(DescribeKeys(SCOPE, {KEY: key, ALIAS: key}))


def encrypted(stage: Stage, name: str = "orders", key: str = "alias/orders") -> Arn:
    return stage.queue(name, KmsMasterKeyId=key)


@pytest.mark.parametrize(
    ("named", "arn"),
    [
        ("", None),
        ("alias/aws/sqs", None),
        ("arn:aws:kms:us-east-1:000000000000:alias/aws/sqs", None),
        ("one", KEY),
        (KEY, KEY),
        ("alias/orders", ALIAS),
        ("arn:aws:kms:us-east-1:999999999999:key/theirs", "arn:aws:kms:us-east-1:999999999999:key/theirs"),
    ],
)
def test_a_key_is_named_by_its_id_its_arn_or_an_alias(named: str, arn: str | None) -> None:
    stage = Stage()
    queue = encrypted(stage, key=named)

    assert own_key_of(stage.world.queues[queue]) == arn


def test_a_client_that_waits_is_told_when_a_message_comes_that_cannot_be_decrypted() -> None:
    stage = Stage()
    orders = encrypted(stage)
    tell(stage, ENABLED)
    stage.send(orders, delay_s=5)
    waiting = stage.submit(ReceiveMessage(orders, wait_time_s=20))

    tell(stage, DISABLED)
    assert waiting.waiter not in stage.answers
    stage.advance("5s")

    assert isinstance(stage.answers[waiting.waiter], KmsDisabled)
    assert stage.at(orders).visible_count == 1


def test_a_mapping_waits_until_the_key_works_again() -> None:
    stage = Stage()
    orders = encrypted(stage)
    tell(stage, ENABLED)
    uuid = stage.mapping(orders, stage.function("worker"))
    stage.send(orders, delay_s=5)
    tell(stage, DISABLED)

    stage.advance("1m")

    assert stage.calls == []
    problem = stage.the_mapping(uuid).view(SCOPE)["LastProcessingResult"]
    assert problem.startswith(
        "PROBLEM: Error occurred while ReceiveMessage. SQS Error Code: KMS.DisabledException. SQS Error Message: "
        f"{KEY} is disabled. (Service: AWSKMS;"
    )
    assert len(stage.of(MappingBlocked)) == 1

    tell(stage, ENABLED)

    assert len(stage.calls) == 1
    assert "LastProcessingResult" not in stage.the_mapping(uuid).view(SCOPE)


def test_a_topic_does_not_get_through_to_a_queue_whose_key_is_disabled() -> None:
    stage = Stage()
    orders = encrypted(stage)
    tell(stage, DISABLED)
    news = stage.topic("news")
    stage.subscribe(news, orders)

    stage.publish(news)

    assert stage.of(NotificationDelivered) == []
    assert not list(stage.world.queues[orders])


def test_dead_letters_do_not_go_back_to_a_queue_whose_key_is_disabled() -> None:
    stage = Stage()
    orders, dlq = stage.queue_with_dlq("orders", after=1, KmsMasterKeyId="one")
    tell(stage, ENABLED)
    stage.send(orders)
    stage.receive(orders)
    stage.advance("31s")
    stage.receive(orders)
    assert len(list(stage.world.queues[dlq])) == 1
    tell(stage, DISABLED)

    with pytest.raises(KmsDisabled):
        stage.submit(RedriveMessages(dlq))
    stage.submit(StartMessageMoveTask(dlq))
    stage.advance("1s")

    (task,) = stage.world.move_tasks.of(dlq, 1)
    assert (task.status, task.failure_reason) == ("FAILED", "KMS.DisabledException")
    assert len(list(stage.world.queues[dlq])) == 1, "nothing is lost"


def test_a_key_that_nobody_told_of_is_told_of_where_kms_is_used_at_all() -> None:
    stage = Stage()
    encrypted(stage, "early", key="elsewhere")
    tell(stage, ENABLED)
    encrypted(stage, "known")

    late = encrypted(stage, "late", key="elsewhere")

    assert stage.send(late)
    (told,) = stage.of(QueueKeyUnknown)
    assert told.text == (
        "KMS does not have the key of late here: arn:aws:kms:us-east-1:000000000000:key/elsewhere: AWS would refuse to "
        "send to it and to receive"
    )


def test_an_unknown_key_is_refused_where_permissions_are_enforced() -> None:
    stage = Stage(enforces_permissions=True)
    orders = encrypted(stage, key="elsewhere")

    with pytest.raises(KmsNotFound):
        stage.send(orders)


@pytest.mark.parametrize(
    ("service", "enforced", "arrives"),
    [("sns.amazonaws.com", True, True), ("s3.amazonaws.com", True, False), ("s3.amazonaws.com", False, True)],
)
def test_a_service_needs_the_keys_policy_too(service: str, *, enforced: bool, arrives: bool) -> None:
    stage = Stage(enforces_permissions=enforced)
    allow = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    orders = stage.queue("orders", KmsMasterKeyId="one", Policy=json.dumps({"Statement": allow}))
    key = {"Effect": "Allow", "Principal": {"Service": service}, "Action": ["kms:GenerateDataKey*", "kms:Decrypt"]}
    tell(stage, KeyState("Enabled", policy=json.dumps({"Statement": key}), arn=KEY))
    news = stage.topic("news")
    stage.subscribe(news, orders)

    stage.publish(news)

    assert bool(list(stage.world.queues[orders])) is arrives
    lacking = [(fact.action, fact.principal, fact.is_blocked) for fact in stage.of(CallerLacksAccess)]
    expected = [("kms:GenerateDataKey", "sns.amazonaws.com", enforced)]
    assert lacking == ([] if service == "sns.amazonaws.com" else expected)


def test_explain_says_that_sending_would_be_refused() -> None:
    stage = Stage()
    orders = encrypted(stage)
    tell(stage, DISABLED)

    conclusion = explain(stage.world, OfSend(SendMessage(orders, "hello")), now=stage.now).conclusion

    assert conclusion.verdict is Verdict.NO
    assert f"{KEY} is disabled." in conclusion.text
