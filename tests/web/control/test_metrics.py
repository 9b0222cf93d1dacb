"""Metrics over the control API, and as CloudWatch gives them."""

from datetime import UTC, datetime, timedelta

from tests.serving import Serving

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

    assert [metric["Dimensions"] for metric in listed] == [worker]
    assert sorted((point["Timestamp"], point["Sum"]) for point in points) == [
        (NOON, 1), (NOON + timedelta(minutes=1), 1), (NOON + timedelta(minutes=3), 1),
    ]  # fmt: skip
    assert queried[0]["Values"] == [1_000]
