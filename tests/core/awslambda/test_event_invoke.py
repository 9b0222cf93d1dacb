"""A function's event-invoke config."""

from typing import Any

import pytest

from app.core.awslambda.event_invoke import EventInvokeConfig, configured
from app.core.awslambda.function import FailAfter
from app.core.commands import DeleteEventInvokeConfig, PutEventInvokeConfig, PutReservedConcurrency
from app.core.errors import InvalidParameterValue, Refused, ResourceNotFound, ValidationFailed
from app.core.facts import EventDropped
from tests.core.stage import NOON, SCOPE, Stage

WORK, ORDERS = SCOPE.function_arn("work"), SCOPE.queue_arn("orders")


def given(before: EventInvokeConfig | None = None, /, **members: Any) -> EventInvokeConfig:
    return configured(before, members, function=WORK, exists=lambda arn: arn == ORDERS, now=NOON)


def to(**destinations: str) -> dict[str, Any]:
    return {member: {"Destination": arn} for member, arn in destinations.items()}


def test_what_is_given_is_laid_over_what_was_there() -> None:
    before = given(MaximumRetryAttempts=1, DestinationConfig=to(OnFailure=ORDERS))

    after = given(before, MaximumEventAgeInSeconds=60)

    assert after == EventInvokeConfig(NOON, 1, 60, None, ORDERS)


def test_an_empty_destination_takes_it_away() -> None:
    before = given(DestinationConfig=to(OnFailure=ORDERS))

    assert given(before, DestinationConfig=to(OnFailure="")).on_failure is None


def test_the_view_shows_what_was_set_and_both_destinations() -> None:
    assert given(MaximumRetryAttempts=0, DestinationConfig=to(OnSuccess=ORDERS)).view(WORK) == {
        "LastModified": NOON / 1_000,
        "FunctionArn": f"{WORK}:$LATEST",
        "MaximumRetryAttempts": 0,
        "DestinationConfig": {"OnSuccess": {"Destination": ORDERS}, "OnFailure": {}},
    }


@pytest.mark.parametrize(
    ("members", "kind", "message"),
    [
        ({}, InvalidParameterValue, "You must specify at least one of error handling or destination setting."),
        ({"DestinationConfig": to(OnFailure=SCOPE.queue_arn("nothing"))}, InvalidParameterValue,
         f"The destination ARN {SCOPE.queue_arn('nothing')} is invalid."),
        ({"DestinationConfig": to(OnFailure=f"{WORK}:$LATEST")}, InvalidParameterValue,
         "You can't specify the function as a destination for itself."),
        ({"DestinationConfig": to(OnFailure=SCOPE.queue_arn(""))}, InvalidParameterValue,
         f"The destination ARN {SCOPE.queue_arn('')} is invalid."),
        ({"DestinationConfig": to(OnSuccess="arn:aws:s3:::photos")}, InvalidParameterValue,
         ("The provided destination config DestinationConfig(onSuccess=OnSuccess(destination=arn:aws:s3:::photos), "
         "onFailure=null) is invalid.")),
    ],
    ids=["nothing", "no such queue", "itself", "half an ARN", "a bucket for success"],
)  # fmt: skip
def test_what_will_not_do_is_refused_in_awss_words(members: dict[str, Any], kind: type[Refused], message: str) -> None:
    with pytest.raises(kind) as refusal:
        given(**members)

    assert refusal.value.message == message


@pytest.mark.parametrize(
    "members",
    [
        {"MaximumRetryAttempts": 3},
        {"MaximumRetryAttempts": True},
        {"MaximumEventAgeInSeconds": 59},
        {"MaximumEventAgeInSeconds": 21_601},
        {"MaximumEventAgeInSeconds": "60"},
        {"DestinationConfig": to(OnFailure="orders")},
    ],
    ids=str,
)
def test_a_value_outside_the_model_is_a_validation_error(members: dict[str, Any]) -> None:
    with pytest.raises(ValidationFailed):
        given(**members)


def test_the_config_holds_from_the_next_settling_and_its_end_gives_the_functions_own_back() -> None:
    stage = Stage()
    work = stage.function("work", FailAfter(1), maximum_retry_attempts=2)
    stage.submit(PutEventInvokeConfig(work, {"MaximumRetryAttempts": 0}))
    stage.invoke("work", event=True)
    stage.advance("1s")
    first = [fact.attempts for fact in stage.of(EventDropped)]

    stage.submit(DeleteEventInvokeConfig(work))
    stage.invoke("work", event=True)
    stage.advance("10m")

    assert (first, [fact.attempts for fact in stage.of(EventDropped)]) == ([1], [1, 3])
    with pytest.raises(ResourceNotFound):
        stage.submit(DeleteEventInvokeConfig(work))


def test_a_reservation_of_zero_drops_events_at_once_until_it_is_taken_away() -> None:
    stage = Stage()
    work = stage.function("work")
    stage.submit(PutReservedConcurrency(work, 0))
    stage.invoke("work", event=True)

    stage.submit(PutReservedConcurrency(work, None))
    stage.invoke("work", event=True)

    assert [fact.condition for fact in stage.of(EventDropped)] == ["ZeroReservedConcurrency"]
    assert len(stage.calls) == 1
