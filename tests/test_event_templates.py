"""The event templates: every file is catalogued, and each has the shape that its source sends."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from app.core.checksums import md5_of_attributes, md5_of_body
from app.core.message import MessageAttribute

TEMPLATES = Path(__file__).parents[1] / "event_templates"
CATALOG: list[dict[str, str]] = json.loads((TEMPLATES / "catalog.json").read_text(encoding="utf-8"))

S3_RECORD = [
    "eventVersion",
    "eventSource",
    "awsRegion",
    "eventTime",
    "eventName",
    "userIdentity",
    "requestParameters",
    "responseElements",
    "s3",
]
S3_OBJECT = {
    "ObjectCreated:": ["key", "size", "eTag", "versionId?", "sequencer"],
    "ObjectRemoved:DeleteMarkerCreated": ["key", "eTag", "versionId", "sequencer"],
    "ObjectRemoved:Delete": ["key", "versionId?", "sequencer"],
    "ObjectTagging:": ["key", "eTag", "versionId?"],
    "ObjectRestore:Completed": ["key", "size", "eTag", "versionId?", "sequencer"],
}
SQS_RECORD = [
    "messageId",
    "receiptHandle",
    "body",
    "attributes",
    "messageAttributes",
    "md5OfMessageAttributes?",
    "md5OfBody",
    "eventSource",
    "eventSourceARN",
    "awsRegion",
]
SQS_ATTRIBUTES = [
    "ApproximateReceiveCount",
    "AWSTraceHeader?",
    "SentTimestamp",
    "SequenceNumber?",
    "MessageGroupId?",
    "SenderId",
    "MessageDeduplicationId?",
    "ApproximateFirstReceiveTimestamp",
    "DeadLetterQueueSourceArn?",
]
EVENTBRIDGE = ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"]


def events_of(source: str) -> list[Any]:
    return [
        pytest.param(json.loads((TEMPLATES / entry["file"]).read_text(encoding="utf-8")), id=entry["name"])
        for entry in CATALOG
        if entry["source"] == source
    ]


def assert_keys(value: dict[str, Any], expected: list[str]) -> None:
    """The keys in their order; those with a question mark may be absent."""
    assert list(value) == [key for name in expected if (key := name.removesuffix("?")) in value or key == name]


def test_every_template_is_catalogued_and_every_entry_has_its_file() -> None:
    files = {path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*") if path.is_file()}

    assert sorted(entry["file"] for entry in CATALOG) == sorted(files - {"catalog.json"})


@pytest.mark.parametrize("entry", CATALOG, ids=lambda entry: entry["file"])
def test_an_entry_tells_what_it_is_how_it_is_invoked_and_where_that_is_documented(entry: dict[str, str]) -> None:
    assert list(entry) == ["source", "name", "file", "description", "invocation", "documentation"]
    assert entry["file"] == f"{entry['source']}/{entry['name']}.json"
    assert entry["description"].endswith(".")
    assert entry["invocation"] in ("Event", "RequestResponse")
    assert entry["documentation"].startswith("https://docs.aws.amazon.com/")


@pytest.mark.parametrize("event", events_of("s3"))
def test_an_s3_event_has_one_record_with_awss_keys(event: dict[str, Any]) -> None:
    (record,) = event["Records"]
    kind = next(name for name in S3_OBJECT if record["eventName"].startswith(name))

    assert list(event) == ["Records"]
    assert_keys(record, [*S3_RECORD, "glacierEventData?"])
    assert list(record["s3"]) == ["s3SchemaVersion", "configurationId", "bucket", "object"]
    assert list(record["s3"]["bucket"]) == ["name", "ownerIdentity", "arn"]
    assert_keys(record["s3"]["object"], S3_OBJECT[kind])
    assert list(record["responseElements"]) == ["x-amz-request-id", "x-amz-id-2"]
    assert list(record["userIdentity"]) == ["principalId"]
    assert list(record["requestParameters"]) == ["sourceIPAddress"]


def test_only_a_restored_object_tells_when_it_expires() -> None:
    (restored,) = json.loads((TEMPLATES / "s3/restore-completed.json").read_text())["Records"]

    assert list(restored["glacierEventData"]["restoreEventData"]) == [
        "lifecycleRestorationExpiryTime",
        "lifecycleRestoreStorageClass",
    ]


@pytest.mark.parametrize("event", events_of("sqs"))
def test_an_sqs_event_has_awss_keys_and_true_digests(event: dict[str, Any]) -> None:
    assert list(event) == ["Records"]
    for record in event["Records"]:
        assert_keys(record, SQS_RECORD)
        assert_keys(record["attributes"], SQS_ATTRIBUTES)
        assert all(isinstance(value, str) for value in record["attributes"].values())
        assert record["md5OfBody"] == md5_of_body(record["body"])
        attributes = {name: attribute_of(value) for name, value in record["messageAttributes"].items()}
        assert record.get("md5OfMessageAttributes") == md5_of_attributes(attributes)


@pytest.mark.parametrize("event", events_of("sqs"))
def test_only_messages_of_a_fifo_queue_have_a_group_and_a_number(event: dict[str, Any]) -> None:
    for record in event["Records"]:
        is_fifo = record["eventSourceARN"].endswith(".fifo")

        for name in ("SequenceNumber", "MessageGroupId", "MessageDeduplicationId"):
            assert (name in record["attributes"]) == is_fifo


@pytest.mark.parametrize("event", events_of("eventbridge"))
def test_an_eventbridge_event_is_the_envelope_itself(event: dict[str, Any]) -> None:
    assert list(event) == EVENTBRIDGE
    assert event["version"] == "0"
    assert isinstance(event["resources"], list)
    assert isinstance(event["detail"], dict)


def attribute_of(value: dict[str, Any]) -> MessageAttribute:
    kind = "binaryValue" if value["dataType"] == "Binary" else "stringValue"
    assert list(value) == [kind, "stringListValues", "binaryListValues", "dataType"]
    content = base64.b64decode(value[kind]) if kind == "binaryValue" else value[kind]
    return MessageAttribute(value["dataType"], content)
