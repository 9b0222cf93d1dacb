"""What S3 does by itself, with an unmodified boto3 and a clock that is moved: lifecycle rules and restores."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.serving import Serving, serving

SETTINGS = """
clock: {frozen: 2026-11-21T12:00:00Z}
queues:
  told: {MessageRetentionPeriod: 1209600}
buckets:
  archive:
    versioning: true
    lifecycle:
      - {ID: temporary, Filter: {Prefix: tmp/}, Expiration: {Days: 2}, NoncurrentVersionExpiration: {NoncurrentDays: 1}}
    notifications:
      - {Events: ["s3:LifecycleExpiration:*", "s3:ObjectRestore:*"], queue: told}
"""


@pytest.fixture
def service() -> Iterator[Serving]:
    with serving(SETTINGS) as running:
        running.client("sqs").purge_queue(QueueUrl=f"{running.url}/000000000000/told")  # of the test event
        yield running


def advance(service: Serving, duration: str) -> None:
    service.post("clock/advance", {"duration": duration})


def records(service: Serving) -> list[dict[str, Any]]:
    """The records in the queue, taken out of it."""
    sqs, url = service.client("sqs"), f"{service.url}/000000000000/told"
    found = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            found += json.loads(message["Body"])["Records"]
    return found


def test_a_week_of_lifecycle_is_one_move_of_the_clock(service: Serving) -> None:
    s3 = service.client("s3")
    version = s3.put_object(Bucket="archive", Key="tmp/a", Body=b"x")["VersionId"]
    s3.put_object(Bucket="archive", Key="kept", Body=b"x")

    advance(service, "7d")

    told = sorted(records(service), key=lambda record: str(record["eventTime"]))
    assert [(record["eventTime"], record["eventName"]) for record in told] == [
        ("2026-11-24T00:00:00.000Z", "LifecycleExpiration:DeleteMarkerCreated"),
        ("2026-11-25T00:00:00.000Z", "LifecycleExpiration:Delete"),
        ("2026-11-26T00:00:00.000Z", "LifecycleExpiration:Delete"),
    ]
    assert told[1]["s3"]["object"]["versionId"] == version
    assert {record["userIdentity"]["principalId"] for record in told} == {"s3.amazonaws.com"}
    listed = s3.list_object_versions(Bucket="archive")
    assert [found["Key"] for found in listed["Versions"]] == ["kept"]
    assert "DeleteMarkers" not in listed


def test_an_archived_object_is_back_after_hours_and_gone_again_after_days(service: Serving) -> None:
    s3 = service.client("s3")
    s3.put_object(Bucket="archive", Key="old", Body=b"content", StorageClass="DEEP_ARCHIVE")

    s3.restore_object(
        Bucket="archive", Key="old", RestoreRequest={"Days": 1, "GlacierJobParameters": {"Tier": "Standard"}}
    )
    advance(service, "12h")
    got = s3.get_object(Bucket="archive", Key="old")
    advance(service, "2d")

    assert got["Body"].read() == b"content"
    assert got["Restore"] == 'ongoing-request="false", expiry-date="Mon, 23 Nov 2026 00:00:00 GMT"'
    told = sorted(records(service), key=lambda record: str(record["eventTime"]))
    assert [(record["eventTime"], record["eventName"]) for record in told] == [
        ("2026-11-21T12:00:00.000Z", "ObjectRestore:Post"),
        ("2026-11-22T00:00:00.000Z", "ObjectRestore:Completed"),
        ("2026-11-23T00:00:00.000Z", "ObjectRestore:Delete"),
    ]
    with pytest.raises(s3.exceptions.InvalidObjectState):
        s3.get_object(Bucket="archive", Key="old")


def test_midnights_alone_do_not_move_an_automatic_clock(service: Serving) -> None:
    clock = service.post("clock/advance-to-next")

    assert clock["now"] == "2026-11-21T12:00:00.000Z"
