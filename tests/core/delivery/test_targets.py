"""Targets: a parcel reaches what its ARN names, and whoever sent it is told what came of it."""

import pytest

from app.core.awslambda.function import SucceedAfter
from app.core.chain import Cause
from app.core.delivery.targets import Parcel, Targets, Teller
from app.core.errors import (
    InvalidParameterValue,
    QueueDoesNotExist,
    Refused,
    ResourceNotFound,
)
from app.core.facts import Configured, Effect
from app.core.names import Arn
from app.core.time import Instant
from tests.core.stage import NOON, SCOPE, Stage


class Told:
    """Keeps what a delivery was settled with."""

    def __init__(self) -> None:
        self.answers: list[Refused | None] = []

    def __call__(self, refusal: Refused | None, now: Instant) -> None:
        self.answers.append(refusal)


def deliver(targets: Targets, target: Arn, told: Told) -> None:
    targets.deliver(Parcel(target, b'{"id": 7}', Cause("1-a"), "rule nightly"), NOON, told)


def test_a_queue_gets_the_parcel_as_a_message() -> None:
    stage, told = Stage(), Told()
    orders = stage.queue("orders")

    deliver(stage.world.targets, orders, told)

    assert told.answers == [None]
    assert stage.world.queues[orders].visible_count == 1


def test_a_queue_that_is_not_there_is_told_and_not_raised() -> None:
    told = Told()

    deliver(Stage().world.targets, SCOPE.queue_arn("nowhere"), told)

    assert [type(answer) for answer in told.answers] == [QueueDoesNotExist]


def test_a_function_gets_the_parcel_as_an_asynchronous_event() -> None:
    stage, told = Stage(), Told()
    resize = stage.function("resize", SucceedAfter())

    deliver(stage.world.targets, resize, told)
    stage.queue("any")  # whatever the world is asked next
    stage.advance("1s")

    assert told.answers == [None]
    assert stage.story() == [
        "resize accepted an event from rule nightly", "resize called by rule nightly", "resize succeeded",
    ]  # fmt: skip


@pytest.mark.parametrize("arn", ["layer:nothing", "function:a b", "function:nobody"])
def test_what_is_no_function_of_lambdas_is_told_and_not_raised(arn: str) -> None:
    told = Told()

    deliver(Stage().world.targets, f"arn:aws:lambda:us-east-1:000000000000:{arn}", told)

    (refusal,) = told.answers
    assert isinstance(refusal, ResourceNotFound)


def test_a_service_that_is_not_emulated_refuses() -> None:
    told = Told()

    deliver(Targets(), "arn:aws:redshift:us-east-1:000000000000:cluster:c", told)
    deliver(Targets(), "no arn at all", told)

    assert [type(answer) for answer in told.answers] == [InvalidParameterValue] * 2


def test_a_target_that_is_there_exists() -> None:
    stage = Stage()
    stage.queue("orders")
    targets = stage.world.targets

    assert targets.exists(SCOPE.queue_arn("orders"))
    assert not targets.exists(SCOPE.queue_arn("nowhere"))
    assert not targets.exists(SCOPE.function_arn("nobody"))
    assert not targets.exists("orders")


def test_what_a_delivery_comes_to_is_told_before_what_it_led_to() -> None:
    outbox: list[Effect] = [Configured("before")]
    teller = Teller(outbox)
    outbox.append(Configured("led to"))

    teller.tell(Configured("delivered"))
    teller.goes_on_later()
    teller.tell(Configured("settled later"))

    assert [fact.text for fact in outbox if isinstance(fact, Configured)] == [
        "before", "delivered", "led to", "settled later",
    ]  # fmt: skip
