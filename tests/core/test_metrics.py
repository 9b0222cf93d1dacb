"""What is counted of functions, as CloudWatch would."""

from app.core.awslambda.function import FailAfter, RefuseAsThrottled, SucceedAfter
from app.core.commands import Origin, PutReservedConcurrency
from app.core.errors import TooManyRequests
from app.core.facts import InvocationEnded, InvocationStarted
from app.core.metrics import UNITS, Measured, Metrics, Series, Statistics
from app.core.names import Arn, Scope
from tests.core.stage import NOON, SCOPE, Stage

MINUTE = 60_000


def counted(stage: Stage, function: Arn, **of: str) -> dict[str, float]:
    """The sums of everything counted; with `of`, another statistic of some."""
    metrics = Metrics()
    for at, fact in stage.facts:
        metrics.observe(fact, at)
    totals = metrics.totals(function)
    return {name: getattr(statistics, of.get(name, "sum")) for name, statistics in totals.items()}


def test_invocations_errors_and_durations_are_counted() -> None:
    stage = Stage()
    work = stage.function("work", FailAfter(250), environments=2)
    stage.invoke("work")
    stage.invoke("work")
    stage.advance("1s")

    assert counted(stage, work, ConcurrentExecutions="most", Duration="average") == {
        "Invocations": 2,
        "Errors": 2,
        "Duration": 250,
        "ConcurrentExecutions": 2,
    }


def test_a_success_is_no_error_but_a_sample_of_errors() -> None:
    stage = Stage()
    work = stage.function("work", SucceedAfter(10))
    stage.invoke("work")
    stage.advance("1s")

    assert counted(stage, work)["Errors"] == 0
    assert counted(stage, work, Errors="count")["Errors"] == 1


def test_a_throttle_is_counted_once_whoever_throttles() -> None:
    stage = Stage()
    work = stage.function("work", SucceedAfter(10), reserved_concurrency=0)
    for _ in range(2):
        try:
            stage.invoke("work")
        except TooManyRequests:
            continue
    refused = counted(stage, work)
    stage.submit(PutReservedConcurrency(work, None))
    other = stage.function("other", RefuseAsThrottled(1))
    stage.invoke("other", event=True)
    stage.advance("10s")

    assert refused == {"Throttles": 2}
    assert counted(stage, other)["Throttles"] == 1
    assert counted(stage, other)["Invocations"] == 1


def test_a_throttled_batch_is_counted_each_time_it_is_throttled() -> None:
    stage = Stage()
    orders = stage.queue("orders", VisibilityTimeout="30")
    work = stage.function("work", SucceedAfter(10), reserved_concurrency=0)
    stage.mapping(orders, work)
    stage.send(orders)
    stage.advance("2s")

    assert counted(stage, work)["Throttles"] == 2


def test_asynchronous_events_are_counted_from_their_coming_to_their_end() -> None:
    stage = Stage()
    work = stage.function(
        "work", FailAfter(0), on_failure=SCOPE.queue_arn("gone"), dead_letter_target="arn:aws:sqs:x:y:z"
    )
    stage.invoke("work", event=True)
    stage.advance("10m")

    sums = counted(stage, work, AsyncEventAge="most")

    assert sums["AsyncEventsReceived"] == 1
    assert sums["AsyncEventsDropped"] == 1
    assert 180_000 <= sums["AsyncEventAge"] < 181_000
    assert (sums["DestinationDeliveryFailures"], sums["DeadLetterErrors"]) == (1, 1)


def test_an_invocation_that_the_loop_detection_stops_is_counted() -> None:
    stage = Stage()
    loop = stage.function("loop")
    stage.invoke("loop", event=True)
    for _ in range(16):
        stage.invoke("loop", event=True, origin=Origin(trace_header=stage.calls[0].trace_header))
        stage.settle()

    assert counted(stage, loop)["RecursiveInvocationsDropped"] == 1


def test_a_metric_has_the_minute_of_the_invocation_not_of_its_end() -> None:
    metrics = Metrics()
    work = SCOPE.function_arn("work")
    metrics.observe(InvocationStarted(work, "r", "c", 1, "Invoke", 0, 2), NOON + 59_000)
    metrics.observe(InvocationEnded(work, "r", "c", "succeeded", None, None, 5_000.0, ""), NOON + 64_000)

    minutes = {(each.name, each.function): each.minute for each in metrics.measured(SCOPE)}

    assert minutes["Duration", "work"] == NOON
    assert minutes["UnreservedConcurrentExecutions", None] == NOON


def test_only_the_account_and_region_asked_for_is_told() -> None:
    metrics = Metrics()
    metrics.observe(InvocationStarted(SCOPE.function_arn("work"), "r", "c", 1, "Invoke", 0, 2), NOON)

    assert list(metrics.measured(Scope("123456789012"))) == []
    assert Measured("ConcurrentExecutions", "work", NOON, Statistics(1, 1, 1, 1)) in metrics.measured(SCOPE)


def test_provisioned_environments_and_what_spills_over_are_counted() -> None:
    metrics = Metrics()
    work = SCOPE.function_arn("work")
    for number, (in_use, is_spillover) in enumerate([(1, False), (2, False), (2, True)]):
        metrics.observe(
            InvocationStarted(work, f"r{number}", "c", 1, "Invoke", number, 2, "1", 1, 1, 2, in_use, is_spillover), NOON
        )

    totals = metrics.totals(work)

    assert totals["ProvisionedConcurrencyInvocations"].sum == 2
    assert totals["ProvisionedConcurrencySpilloverInvocations"].sum == 1
    assert totals["ProvisionedConcurrentExecutions"].most == 2
    assert totals["ProvisionedConcurrencyUtilization"].least == 0.5
    assert set(totals) < set(UNITS)


def test_a_series_keeps_the_newest_day_and_the_whole_total() -> None:
    series = Series()
    for number in range(1_500):
        series.add(NOON + number * MINUTE, 1)

    assert (len(series.minutes), series.total.sum) == (1_440, 1_500)
    assert next(iter(series.minutes)) == NOON + 60 * MINUTE


def test_what_ended_or_was_dropped_is_not_remembered() -> None:
    metrics, stage = Metrics(), Stage()
    stage.function("good", SucceedAfter(10))
    stage.function("bad", FailAfter(10))
    stage.invoke("good", event=True)
    stage.invoke("bad", event=True)
    stage.advance("10m")
    for at, fact in stage.facts:
        metrics.observe(fact, at)

    assert (dict(metrics._began), dict(metrics._accepted)) == ({}, {})
