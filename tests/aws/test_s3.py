"""S3's notifications with the AWS CLI, as one would type it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.aws.cli import Aws
from tests.live import Live, live

pytestmark = pytest.mark.real

SETTINGS = """
    clock: {frozen: 2026-11-21T12:00:00Z}
    buckets: {photos: {versioning: true}}
    queues: {changes: {}}
    """
QUEUE = "arn:aws:sqs:us-east-1:000000000000:changes"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(tmp_path_factory.mktemp("service"), SETTINGS) as running:
        yield running


def told(service: Live) -> list[tuple[str, str, str | None]]:
    """Names, keys and versions of what came to the queue, which is emptied."""
    found: list[tuple[str, str, str | None]] = []
    for message in service.get("queues/changes/messages"):
        for record in json.loads(message["body"]).get("Records", []):
            described: Any = record["s3"]["object"]
            found.append((record["eventName"], described["key"], described.get("versionId")))
    service.client("sqs").purge_queue(QueueUrl=f"{service.url}/000000000000/changes")
    service.post("clock/advance", {"duration": "2m"})
    return found


def test_a_bucket_notifies_as_configured_and_a_wrong_configuration_is_refused(service: Live, aws: Aws) -> None:
    names = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*", "s3:LifecycleExpiration:*"]
    wanted = {"QueueConfigurations": [{"QueueArn": QUEUE, "Events": names}]}
    wrong = {"QueueConfigurations": [{"QueueArn": f"{QUEUE}-not", "Events": ["s3:ObjectCreated:*"]}]}
    put = ("s3api", "put-bucket-notification-configuration", "--bucket", "photos", "--notification-configuration")

    refused = aws(*put, json.dumps(wrong), fails=True)
    aws(*put, json.dumps(wanted))
    got = json.loads(aws("s3api", "get-bucket-notification-configuration", "--bucket", "photos"))

    assert "(InvalidArgument)" in refused
    assert "Unable to validate the following destination configurations" in refused
    assert got["QueueConfigurations"][0]["Events"] == names

    version = json.loads(aws("s3api", "put-object", "--bucket", "photos", "--key", "my cat.jpg"))["VersionId"]
    tags = "TagSet=[{Key=k,Value=v}]"
    aws("s3api", "put-object-tagging", "--bucket", "photos", "--key", "my cat.jpg", "--tagging", tags)
    marker = json.loads(aws("s3api", "delete-object", "--bucket", "photos", "--key", "my cat.jpg"))["VersionId"]
    aws("s3api", "delete-object", "--bucket", "photos", "--key", "my cat.jpg", "--version-id", marker)

    assert told(service) == [
        ("ObjectCreated:Put", "my+cat.jpg", version),
        ("ObjectTagging:Put", "my+cat.jpg", version),
        ("ObjectRemoved:DeleteMarkerCreated", "my+cat.jpg", marker),
        ("ObjectRemoved:Delete", "my+cat.jpg", marker),
    ]

    rules = {"Rules": [{"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]}
    lifecycle = ("s3api", "put-bucket-lifecycle-configuration", "--bucket", "photos", "--lifecycle-configuration")
    too_early = {"Rules": [{**rules["Rules"][0], "Transitions": [{"Days": 1, "StorageClass": "STANDARD_IA"}]}]}
    assert "'Days' in Transition action must be greater than or equal to 30 for storageClass 'STANDARD_IA'" in aws(
        *lifecycle, json.dumps(too_early), fails=True
    )
    aws(*lifecycle, json.dumps(rules))
    service.post("clock/advance", {"duration": "3d"})

    ((name, key, _),) = told(service)
    assert (name, key) == ("LifecycleExpiration:DeleteMarkerCreated", "my+cat.jpg")


def test_an_archived_object_is_restored(service: Live, aws: Aws) -> None:
    where = ("--bucket", "photos", "--key", "old")
    aws("s3api", "put-object", *where, "--storage-class", "GLACIER")

    aws("s3api", "restore-object", *where, "--restore-request", "Days=1,GlacierJobParameters={Tier=Expedited}")
    during = json.loads(aws("s3api", "head-object", *where))
    service.post("clock/advance", {"duration": "5m"})
    after = json.loads(aws("s3api", "head-object", *where))

    assert during["Restore"] == 'ongoing-request="true"'
    assert after["Restore"].startswith('ongoing-request="false", expiry-date=')
