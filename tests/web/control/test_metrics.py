"""Metrics over the control API, and as CloudWatch gives them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.serving import Serving, serving

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_what_was_counted_is_told_by_function(service: Serving) -> None:
    service.post("functions/worker/invoke?type=Event", {})
    service.post("clock/advance", {"duration": "10m"})

    shown = {each["function"]: each["metrics"] for each in service.get("metrics")}
    (worker,) = service.get("metrics?function=worker")

    assert shown["thumbnail"] == []
    assert shown["worker"] == worker["metrics"]
    by_name = {metric["name"]: metric for metric in worker["metrics"]}
    assert (by_name["Errors"]["sum"], by_name["AsyncEventsDropped"]["sum"]) == (3, 1)
    assert (by_name["Duration"]["average"], by_name["Duration"]["unit"]) == (1_000, "Milliseconds")
    assert service.ask("GET", "metrics?function=nobody").status == 404


def test_cloudwatch_does_not_look_into_buckets_which_another_thread_keeps(service: Serving) -> None:
    service.client("s3").put_object(Bucket="photos", Key="cat.jpg", Body=b"cat")

    assert service.client("cloudwatch").list_metrics(Namespace="AWS/S3")["Metrics"] == []


def test_cloudwatch_gives_the_same_by_the_minute(service: Serving) -> None:
    service.post("functions/worker/invoke?type=Event", {})
    service.post("clock/advance", {"duration": "10m"})
    cloudwatch = service.client("cloudwatch")
    worker = [{"Name": "FunctionName", "Value": "worker"}]
    span = {"StartTime": NOON, "EndTime": NOON + timedelta(minutes=10)}

    listed = cloudwatch.list_metrics(Namespace="AWS/Lambda", MetricName="Errors")["Metrics"]
    points = cloudwatch.get_metric_statistics(
        Namespace="AWS/Lambda", MetricName="Errors", Dimensions=worker, Period=60, Statistics=["Sum"], **span
    )["Datapoints"]
    queried = cloudwatch.get_metric_data(
        MetricDataQueries=[
            {
                "Id": "duration",
                "MetricStat": {
                    "Metric": {"Namespace": "AWS/Lambda", "MetricName": "Duration", "Dimensions": worker},
                    "Period": 600,
                    "Stat": "Maximum",
                },
            }
        ],
        **span,
    )["MetricDataResults"]

    assert [metric["Dimensions"] for metric in listed] == [worker, []]
    assert sorted((point["Timestamp"], point["Sum"]) for point in points) == [
        (NOON, 1), (NOON + timedelta(minutes=1), 1), (NOON + timedelta(minutes=3), 1),
    ]  # fmt: skip
    assert queried[0]["Values"] == [1_000]


def points(service: Serving, metric: str, *dimensions: tuple[str, str], **asked: Any) -> list[dict[str, Any]]:
    """Of the ten minutes from noon, as one period."""
    told: list[dict[str, Any]] = service.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda", MetricName=metric, Period=600, StartTime=NOON, EndTime=NOON + timedelta(minutes=10),
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions], **asked,
    )["Datapoints"]  # fmt: skip
    return told


def queried(service: Serving, metric: str, stat: str, *dimensions: tuple[str, str]) -> list[float]:
    """The same by GetMetricData."""
    named = [{"Name": name, "Value": value} for name, value in dimensions]
    stat_of = {"Namespace": "AWS/Lambda", "MetricName": metric, "Dimensions": named}
    query = {"Id": "q", "MetricStat": {"Metric": stat_of, "Period": 600, "Stat": stat}}
    (result,) = service.client("cloudwatch").get_metric_data(
        MetricDataQueries=[query], StartTime=NOON, EndTime=NOON + timedelta(minutes=10)
    )["MetricDataResults"]
    values: list[float] = result["Values"]
    return values


def test_without_a_dimension_it_is_told_across_all_functions() -> None:
    settings = """
        clock: {frozen: 2026-11-21T12:00:00Z}
        functions: {one: {script: {succeed_after: 1s}}, two: {script: {fail_after: 3s}, MaximumRetryAttempts: 0}}
    """
    with serving(settings) as service:
        for name in ("one", "one", "two"):
            service.post(f"functions/{name}/invoke?type=Event", {})
        service.post("clock/advance", {"duration": "10s"})

        (invocations,) = points(service, "Invocations", Statistics=["Sum", "SampleCount"])
        (concurrent,) = points(service, "ConcurrentExecutions", Statistics=["Maximum"])

        assert (invocations["Sum"], invocations["SampleCount"]) == (3, 3)
        assert concurrent["Maximum"] == 3, "two of one function, one of the other"
        assert queried(service, "UnreservedConcurrentExecutions", "Maximum") == [3]
        assert queried(service, "Errors", "Sum") == [1]
        assert queried(service, "Errors", "Sum", ("FunctionName", "one")) == [0]
        assert queried(service, "Duration", "Average") == [5_000 / 3]


def test_percentiles_are_within_two_percent() -> None:
    settings = "clock: {frozen: 2026-11-21T12:00:00Z}\nfunctions: {work: {script: {succeed_after: 0s}, Timeout: 900}}"
    with serving(settings) as service:
        for number in range(5, 101, 5):
            service.post("functions", {"name": "work", "script": {"succeed_after": f"{number}s"}, "Timeout": 900})
            service.post("functions/work/invoke?type=Event", {})
            service.post("clock/advance", {"duration": "1ms"})
        service.post("clock/advance", {"duration": "5m"})
        work = ("FunctionName", "work")

        (point,) = points(service, "Duration", work, ExtendedStatistics=["p50", "p99", "p100"])

        told = point["ExtendedStatistics"]
        assert told["p50"] == pytest.approx(50_000, rel=0.02)
        assert told["p99"] == pytest.approx(95_000, rel=0.02)
        assert told["p100"] == 100_000
        assert queried(service, "Duration", "p50", work) == [told["p50"]]
        assert queried(service, "Errors", "p99", work) == [0]
        with pytest.raises(ClientError, match="The value often for parameter ExtendedStatistics is not supported"):
            points(service, "Duration", work, ExtendedStatistics=["often"])


def test_provisioned_concurrency_is_told_of_its_alias_too() -> None:
    settings = "clock: {frozen: 2026-11-21T12:00:00Z}\nfunctions: {work: {script: {succeed_after: 1s}}}"
    with serving(settings) as service:
        client = service.client("lambda")
        client.publish_version(FunctionName="work")
        client.create_alias(FunctionName="work", Name="live", FunctionVersion="1")
        client.put_provisioned_concurrency_config(
            FunctionName="work", Qualifier="live", ProvisionedConcurrentExecutions=2
        )
        client.invoke(FunctionName="work:live", InvocationType="Event")
        service.post("clock/advance", {"duration": "10s"})
        of_function, of_alias = ("FunctionName", "work"), ("Resource", "work:live")

        (whole,) = points(service, "ProvisionedConcurrencyInvocations", of_function, Statistics=["Sum"])
        (alias,) = points(service, "ProvisionedConcurrencyInvocations", of_function, of_alias, Statistics=["Sum"])

        assert (whole["Sum"], alias["Sum"]) == (1, 1)
        assert queried(service, "ProvisionedConcurrencyUtilization", "Maximum", of_function, of_alias) == [0.5]
        assert points(service, "ProvisionedConcurrencyInvocations", ("Resource", "work:1"), Statistics=["Sum"]) == []
