"""What a mapping counts (DG:monitoring-metrics-types)."""

from app.core.awslambda.function import FailEvery, RefuseAsThrottled, ReportBatchItems, Script, SucceedAfter
from app.core.commands import SendMessage, SendMessageBatch
from tests.core.stage import Stage


def counts(script: Script, **parameters: object) -> list[int]:
    """Polled, filtered out, invoked, failed and deleted, after two messages have had a minute."""
    stage = Stage()
    orders = stage.queue("orders")
    uuid = stage.mapping(orders, stage.function("worker", script), **parameters)
    stage.submit(SendMessageBatch(orders, tuple((body, SendMessage(orders, body)) for body in ("good", "bad"))))
    stage.advance("59s")
    return list(stage.the_mapping(uuid).count.view().values())


def test_the_names_are_cloudwatchs() -> None:
    stage = Stage()
    uuid = stage.mapping(stage.queue("orders"), stage.function("worker"))

    assert stage.the_mapping(uuid).count.view() == {
        "PolledEventCount": 0,
        "FilteredOutEventCount": 0,
        "InvokedEventCount": 0,
        "FailedInvokeEventCount": 0,
        "DeletedEventCount": 0,
    }


def test_what_succeeds_is_polled_invoked_and_deleted() -> None:
    assert counts(SucceedAfter(5)) == [2, 0, 2, 0, 2]


def test_what_failed_counts_again_when_it_is_tried_again() -> None:
    assert counts(FailEvery(2, 5)) == [4, 0, 4, 2, 2]


def test_a_throttled_batch_counts_at_every_try_and_is_polled_once() -> None:
    assert counts(RefuseAsThrottled(2)) == [2, 0, 6, 4, 2]


def test_a_partial_response_fails_what_it_names_and_the_rest_is_deleted() -> None:
    reporting = ReportBatchItems(bodies=("bad",), after_ms=5)

    assert counts(reporting, FunctionResponseTypes=["ReportBatchItemFailures"]) == [3, 0, 3, 2, 1]


def test_what_a_filter_refuses_is_deleted_without_an_invocation() -> None:
    filters = {"Filters": [{"Pattern": '{"body":["good"]}'}]}

    assert counts(SucceedAfter(5), FilterCriteria=filters) == [2, 1, 1, 0, 2]
