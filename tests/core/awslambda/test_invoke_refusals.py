"""Functions that refuse in AWS's words because somebody has them do it: how often, whom, and what comes of it."""

import pytest
from botocore.session import get_session

from app.core.awslambda.invocation import InvocationType, Throttled
from app.core.awslambda.invoke_refusals import REFUSALS, THROTTLE_REASONS, refusal
from app.core.commands import Invoke, RefuseInvocations
from app.core.errors import InvalidParameterValue, InvocationRefused, ResourceNotFound, TooManyRequests
from app.core.facts import InvocationEnded, InvocationsRefused
from app.wire.awslambda.invoke_errors import INVOKE_STATUSES, LOWER_CASE_MESSAGE
from tests.core.stage import SCOPE, Stage

DISABLED = "KMSDisabledException"


def told(stage: Stage, code: str = DISABLED, times: int | None = None, message: str | None = None) -> None:
    stage.submit(RefuseInvocations(SCOPE.function_arn("work"), code, times, message))


def refused_with(stage: Stage) -> str | None:
    try:
        stage.invoke("work")
    except InvocationRefused as refused:
        return refused.code
    return None


def test_so_many_callers_are_refused_and_the_next_one_is_not() -> None:
    stage = Stage()
    stage.function("work")
    told(stage, times=2)

    codes = [refused_with(stage) for _ in range(3)]

    assert codes == [DISABLED, DISABLED, None]
    assert stage.story(InvocationsRefused, InvocationEnded) == [
        "work refuses the next 2 invocations with KMSDisabledException",
        "work refused",
        "work refused",
    ]


def test_without_a_number_it_goes_on_until_it_is_told_otherwise() -> None:
    stage = Stage()
    stage.function("work")
    told(stage, message="not today")

    messages = [stage.refusal(lambda: stage.invoke("work")) for _ in range(5)]
    told(stage, times=0)
    stage.invoke("work")

    assert messages == ["not today"] * 5
    assert len(stage.calls) == 1


def test_a_throttle_has_one_of_awss_reasons() -> None:
    stage = Stage()
    stage.function("work")
    told(stage, "CallerRateLimitExceeded", times=1)

    with pytest.raises(TooManyRequests, match="Rate Exceeded") as refused:
        stage.invoke("work")

    assert refused.value.reason == "CallerRateLimitExceeded"


def test_an_asynchronous_event_is_tried_again_as_after_any_error_of_the_service() -> None:
    stage = Stage()
    stage.function("work")
    told(stage, times=3)

    stage.submit(Invoke(SCOPE, "work", b"{}", InvocationType.EVENT))
    stage.advance("10s")

    assert len(stage.calls) == 1, "after one, two and four seconds"


def test_a_batch_comes_back_after_its_visibility_timeout() -> None:
    stage = Stage()
    orders = stage.queue("orders", VisibilityTimeout="30")
    stage.mapping(orders, stage.function("work"))
    told(stage, times=1)

    stage.send(orders, "a")
    stage.advance("29s")
    assert stage.calls == []
    stage.advance("2s")

    assert len(stage.calls) == 1


def test_who_cannot_be_told_so_is_refused() -> None:
    stage = Stage()
    stage.function("work")

    with pytest.raises(InvalidParameterValue, match=r"not refused with .NoSuchException.\. It may be with CodeA"):
        told(stage, "NoSuchException")
    with pytest.raises(InvalidParameterValue):
        told(stage, times=-1)
    with pytest.raises(ResourceNotFound):
        stage.submit(RefuseInvocations(SCOPE.function_arn("nobody"), DISABLED))


def test_every_exception_of_invoke_can_be_had_with_its_status_and_the_name_of_its_message() -> None:
    model = get_session().get_service_model("lambda").operation_model("Invoke")
    shapes = {shape.name: shape for shape in model.error_shapes if shape.name != "TooManyRequestsException"}

    assert set(REFUSALS) == set(INVOKE_STATUSES) == set(shapes)
    assert {name: shape.metadata["error"]["httpStatusCode"] for name, shape in shapes.items()} == dict(INVOKE_STATUSES)
    assert {name for name, shape in shapes.items() if "message" in shape.members} == LOWER_CASE_MESSAGE


def test_each_reason_of_a_throttle_is_one_of_awss() -> None:
    model = get_session().get_service_model("lambda")

    assert set(THROTTLE_REASONS) == set(model.shape_for("ThrottleReason").enum)
    assert refusal("TooManyRequestsException") == Throttled("ConcurrentInvocationLimitExceeded")
