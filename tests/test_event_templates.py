"""The event templates: every file is catalogued, and each has the shape that its source sends."""

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from app.core.sqs.checksums import md5_of_attributes, md5_of_body
from app.core.sqs.message import MessageAttribute

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
    "ObjectAcl:": ["key", "eTag", "versionId?"],
    "ObjectRestore:Delete": ["key", "versionId?", "sequencer"],
    "ObjectRestore:Post": ["key", "size", "eTag", "versionId?", "sequencer"],
    "LifecycleExpiration:DeleteMarkerCreated": ["key", "eTag", "versionId", "sequencer"],
    "LifecycleExpiration:Delete": ["key", "versionId?", "sequencer"],
    "LifecycleTransition": ["key", "size", "eTag", "versionId?", "sequencer"],
    "IntelligentTiering": ["key", "size", "eTag", "versionId?", "sequencer"],
    "Replication:": ["key", "size", "eTag", "versionId?", "sequencer"],
    "ReducedRedundancyLostObject": ["key", "size", "eTag", "versionId?", "sequencer"],
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
        if entry["source"] == source and entry["name"] != "test-event"  # which has no records
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
    beside = ["glacierEventData?", "replicationEventData?", "intelligentTieringEventData?", "lifecycleEventData?"]
    assert_keys(record, [*S3_RECORD, *beside])
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


EVENTS = {
    "alb": ["requestContext", "httpMethod", "path"],
    "alexa": [],
    "apigateway": [],
    "appsync": [],
    "bedrock": ["messageVersion", "agent", "inputText", "sessionId", "actionGroup"],
    "client-vpn": ["connection-id", "endpoint-id", "common-name", "username", "platform", "schema-version"],
    "cloudformation": ["RequestType", "ServiceToken", "ResponseURL", "StackId", "RequestId", "LogicalResourceId"],
    "cloudfront": ["Records"],
    "cloudwatch": [],
    "cloudwatch-logs": ["awslogs"],
    "codecommit": ["Records"],
    "codedeploy": ["DeploymentId", "LifecycleEventHookExecutionId"],
    "codepipeline": ["CodePipeline.job"],
    "cognito": ["version", "triggerSource", "region", "userPoolId", "userName", "callerContext", "request", "response"],
    "cognito-sync": ["version", "eventType", "region", "identityPoolId", "identityId", "datasetName", "datasetRecords"],
    "config": ["version", "invokingEvent", "ruleParameters", "resultToken", "eventLeftScope", "configRuleArn"],
    "connect": ["Name", "Details"],
    "documentdb": ["eventSourceArn", "events", "eventSource"],
    "dynamodb": ["Records"],
    "eventbridge": EVENTBRIDGE,
    "firehose": ["invocationId", "deliveryStreamArn", "region", "records"],
    "iot": [],
    "iot-events": ["detector", "eventTriggerDetails", "state"],
    "kafka": ["eventSource", "bootstrapServers", "records"],
    "kinesis": ["Records"],
    "lambda-url": ["version", "routeKey", "rawPath", "rawQueryString", "headers", "requestContext", "isBase64Encoded"],
    "lex": ["messageVersion", "invocationSource", "bot", "inputTranscript"],
    "mq": ["eventSource", "eventSourceArn"],
    "s3": ["Records"],
    "s3-batch": ["invocationSchemaVersion", "invocationId", "job", "tasks"],
    "s3-object-lambda": ["xAmzRequestId", "configuration", "userRequest", "userIdentity", "protocolVersion"],
    "scheduler": EVENTBRIDGE,
    "secrets-manager": ["Step", "SecretId", "ClientRequestToken"],
    "ses": ["Records"],
    "sns": ["Records"],
    "sqs": ["Records"],
    "step-functions": [],
    "vpc-lattice": ["method", "body"],
    "workmail": ["summaryVersion", "envelope", "sender", "subject", "messageId", "invocationId", "flowDirection"],
}
"""By source: what every event of it has at its root; nothing where the kinds of one source differ there."""


def test_every_source_is_told_of_here() -> None:
    assert {entry["source"] for entry in CATALOG} == set(EVENTS)


@pytest.mark.parametrize(
    ("source", "event"), [(source, *event.values) for source in EVENTS for event in events_of(source)]
)
def test_an_event_has_the_roots_of_its_source(source: str, event: Any) -> None:
    assert set(EVENTS[source]) <= (set(event) if isinstance(event, dict) else set())


@pytest.mark.parametrize("event", events_of("cloudwatch-logs"))
def test_log_lines_are_compressed_json(event: dict[str, Any]) -> None:
    log = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))

    assert list(log) == ["messageType", "owner", "logGroup", "logStream", "subscriptionFilters", "logEvents"]
    assert all(list(line) == ["id", "timestamp", "message"] for line in log["logEvents"])


@pytest.mark.parametrize("event", events_of("config"))
def test_what_config_wraps_is_json(event: dict[str, Any]) -> None:
    assert json.loads(event["invokingEvent"])["messageType"].endswith("Notification")
    assert isinstance(json.loads(event["ruleParameters"]), dict)


@pytest.mark.parametrize("event", events_of("sns"))
def test_a_topics_record_has_awss_keys(event: dict[str, Any]) -> None:
    (record,) = event["Records"]

    assert list(record) == ["EventSource", "EventVersion", "EventSubscriptionArn", "Sns"]
    assert list(record["Sns"]) == [
        "Type",
        "MessageId",
        "TopicArn",
        "Subject",
        "Message",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertUrl",
        "UnsubscribeUrl",
        "MessageAttributes",
    ]


def test_nothing_in_a_template_is_secret_or_of_a_real_account() -> None:
    accounts = set()
    for entry in CATALOG:
        text = (TEMPLATES / entry["file"]).read_text(encoding="utf-8")
        accounts |= set(re.findall(r"arn:aws:[a-z0-9-]+:[a-z0-9-]*:(\d{12}):", text))

    assert accounts <= {"000000000000", "123456789012", "111122223333"}
