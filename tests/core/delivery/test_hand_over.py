"""HandedOver events on their way to targets that are no functions."""

from app.core.commands import FireEvent, HandedOver, TellVerdict
from app.core.facts import EventFired
from tests.core.stage import SCOPE, Stage


def test_a_queue_gets_the_event_as_a_message() -> None:
    stage = Stage()
    orders = stage.queue("orders")

    fired: HandedOver = stage.submit(FireEvent(orders, b'{"temperature":21}', "iot rule"))

    assert fired.refusal is None
    assert stage.bodies(orders) == ['{"temperature":21}']
    assert stage.story() == ["iot rule fired at orders", "orders got m1"]
    assert [fact.chain for fact in stage.of(EventFired)] == [fired.chain_id]


def test_a_function_gets_it_as_an_asynchronous_event() -> None:
    stage = Stage()
    worker = stage.function("worker")

    stage.submit(FireEvent(worker, b"{}", "codecommit reference-changed"))

    assert stage.story()[:2] == [
        "codecommit reference-changed fired at worker",
        "worker accepted an event from codecommit reference-changed",
    ]


def test_a_target_that_is_not_there_is_told_with_the_reason() -> None:
    stage = Stage()

    fired = stage.submit(FireEvent(SCOPE.queue_arn("nothing"), b"{}", "iot rule"))

    assert fired.refusal == "The specified queue does not exist."
    assert stage.story() == ["iot rule fired at nothing, which refused: The specified queue does not exist."]


def test_what_is_no_target_is_refused_and_not_raised() -> None:
    stage = Stage()

    fired = stage.submit(FireEvent("arn:aws:glacier:us-east-1:000000000000:vaults/x", b"{}", "iot rule"))

    assert "is no target that is emulated" in (fired.refusal or "")


def test_an_answer_that_comes_later_is_told() -> None:
    stage = Stage()
    resource = stage.function("resource")

    stage.submit(TellVerdict("cloudformation", resource, True, "CloudFormation would take this answer"))

    assert stage.story() == ["resource answered cloudformation: CloudFormation would take this answer"]
