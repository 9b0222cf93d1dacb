"""boto3 against a real server: what standard queues answer, and every error that a client can see."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.web.conftest import Served

OLD = "AWS.SimpleQueueService."


@pytest.fixture
def url(sqs: Any) -> str:
    created: str = sqs.create_queue(QueueName="orders")["QueueUrl"]
    return created


def _refused(call: Any, **params: Any) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as refused:
        call(**params)
    response = refused.value.response
    return response["Error"]["Code"], response["Error"]["Message"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_queue_is_created_under_the_address_it_was_reached_at(served: Served, sqs: Any) -> None:
    created = sqs.create_queue(QueueName="orders", tags={"team": "blue"}, Attributes={"DelaySeconds": "1"})

    assert created["QueueUrl"] == f"{served.url}/000000000000/orders"
    assert sqs.get_queue_url(QueueName="orders")["QueueUrl"] == created["QueueUrl"]
    assert sqs.list_queue_tags(QueueUrl=created["QueueUrl"])["Tags"] == {"team": "blue"}


def test_creating_it_again_with_another_attribute_is_refused(sqs: Any, url: str) -> None:
    code, message, status = _refused(sqs.create_queue, QueueName="orders", Attributes={"DelaySeconds": "5"})

    assert (code, status) == ("QueueAlreadyExists", 400)
    assert message == "A queue already exists with the same name and a different value for attribute DelaySeconds"


def test_a_message_goes_through_send_receive_and_delete(sqs: Any, url: str) -> None:
    sent = sqs.send_message(
        QueueUrl=url,
        MessageBody="grüße",
        MessageAttributes={
            "color": {"DataType": "String", "StringValue": "red"},
            "blob": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        },
    )

    received = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"])

    [message] = received["Messages"]
    assert message["MessageId"] == sent["MessageId"]
    assert message["Body"] == "grüße"
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert message["Attributes"]["SentTimestamp"] == "1795262400000"
    assert message["MessageAttributes"]["blob"] == {"BinaryValue": b"\x00\xff", "DataType": "Binary"}
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessagesNotVisible"])
    assert counts["Attributes"] == {"ApproximateNumberOfMessagesNotVisible": "0"}


def test_an_empty_receive_has_no_messages(sqs: Any, url: str) -> None:
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_batches_answer_entry_by_entry(sqs: Any, url: str) -> None:
    sent = sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": f"m{n}"} for n in range(10)])
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    entries = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(messages)]
    entries.append({"Id": "bad", "ReceiptHandle": "garbage"})

    changed = sqs.change_message_visibility_batch(
        QueueUrl=url, Entries=[entry | {"VisibilityTimeout": 60} for entry in entries[:1]]
    )
    deleted = sqs.delete_message_batch(QueueUrl=url, Entries=entries[1:])

    assert [entry["Id"] for entry in sent["Successful"]] == [str(n) for n in range(10)]
    assert "Failed" not in sent
    assert changed["Successful"] == [{"Id": "0"}]
    assert [entry["Id"] for entry in deleted["Successful"]] == [str(n) for n in range(1, 10)]
    assert deleted["Failed"] == [
        {
            "Id": "bad",
            "SenderFault": True,
            "Code": "ReceiptHandleIsInvalid",
            "Message": 'The input receipt handle "garbage" is not a valid receipt handle.',
        }
    ]


def test_a_message_comes_back_when_its_visibility_timeout_is_over(served: Served, sqs: Any, url: str) -> None:
    sqs.send_message(QueueUrl=url, MessageBody="x")
    sqs.receive_message(QueueUrl=url)
    hidden = sqs.receive_message(QueueUrl=url)

    served.advance(30_000)

    assert "Messages" not in hidden
    assert [message["Body"] for message in sqs.receive_message(QueueUrl=url)["Messages"]] == ["x"]


def test_a_long_poll_ends_with_the_message_that_arrives(served: Served, sqs: Any, url: str) -> None:
    queue = served.engine.world.queues["arn:aws:sqs:us-east-1:000000000000:orders"]
    with ThreadPoolExecutor() as pool:
        polling = pool.submit(sqs.receive_message, QueueUrl=url, WaitTimeSeconds=20)
        served.wait_until(lambda: queue.polls.first() is not None)
        sqs.send_message(QueueUrl=url, MessageBody="late")

        received = polling.result(timeout=10)

    assert [message["Body"] for message in received["Messages"]] == ["late"]


def test_a_message_is_not_given_to_a_client_that_has_gone(served: Served, sqs: Any, url: str) -> None:
    queue = served.engine.world.queues["arn:aws:sqs:us-east-1:000000000000:orders"]
    body = json.dumps({"QueueUrl": url, "WaitTimeSeconds": 20}).encode()
    host, _, port = served.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(
            b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AmazonSQS.ReceiveMessage\r\n"
            b"Content-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        served.wait_until(lambda: queue.polls.first() is not None)
    served.wait_until(lambda: queue.polls.first() is None)

    sqs.send_message(QueueUrl=url, MessageBody="still here")

    assert queue.visible_count == 1


def test_a_dead_letter_queue_names_its_sources(sqs: Any, url: str) -> None:
    dead = sqs.create_queue(QueueName="orders-dlq")["QueueUrl"]
    policy = json.dumps({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:orders-dlq", "maxReceiveCount": 2})

    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": policy})

    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [url]
    assert sqs.list_dead_letter_source_queues(QueueUrl=url)["queueUrls"] == []
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"] == {
        "RedrivePolicy": policy
    }


def test_a_fresh_queue_shows_exactly_awss_attributes(sqs: Any, url: str) -> None:
    shown = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]

    assert shown == {
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "CreatedTimestamp": "1795262400",
        "DelaySeconds": "0",
        "LastModifiedTimestamp": "1795262400",
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "QueueArn": "arn:aws:sqs:us-east-1:000000000000:orders",
        "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "true",
        "VisibilityTimeout": "30",
    }


def test_asking_for_no_attributes_shows_none(sqs: Any, url: str) -> None:
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=url)


def test_an_unknown_queue_attribute_is_refused(sqs: Any, url: str) -> None:
    # botocore does not check the name; AWS does.
    assert _refused(sqs.get_queue_attributes, QueueUrl=url, AttributeNames=["Color"]) == (
        "InvalidAttributeName",
        "Unknown Attribute Color.",
        400,
    )


def test_lists_come_in_pages_to_who_asks_for_pages(served: Served, sqs: Any) -> None:
    names = ["other", *(f"q{n}" for n in range(5))]
    for name in names:
        sqs.create_queue(QueueName=name)

    first = sqs.list_queues(QueueNamePrefix="q", MaxResults=2)
    pages = list(sqs.get_paginator("list_queues").paginate(QueueNamePrefix="q", PaginationConfig={"PageSize": 2}))

    assert first["QueueUrls"] == [f"{served.url}/000000000000/q0", f"{served.url}/000000000000/q1"]
    assert [len(page["QueueUrls"]) for page in pages] == [2, 2, 1]
    assert len(sqs.list_queues()["QueueUrls"]) == 6
    assert "NextToken" not in sqs.list_queues()
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix="Q")


def test_tags_come_and_go(sqs: Any, url: str) -> None:
    sqs.tag_queue(QueueUrl=url, Tags={"a": "1", "b": "2"})
    sqs.untag_queue(QueueUrl=url, TagKeys=["a", "unknown"])
    kept = sqs.list_queue_tags(QueueUrl=url)["Tags"]
    sqs.untag_queue(QueueUrl=url, TagKeys=["b"])

    assert kept == {"b": "2"}
    assert "Tags" not in sqs.list_queue_tags(QueueUrl=url)


def test_accounts_and_regions_do_not_see_each_others_queues(served: Served, url: str) -> None:
    other = served.client("sqs", key="111122223333")

    assert "QueueUrls" not in other.list_queues()
    assert other.create_queue(QueueName="orders")["QueueUrl"] == f"{served.url}/111122223333/orders"


def test_the_trace_header_of_a_request_is_kept_with_every_message_of_a_batch(
    served: Served, sqs: Any, url: str
) -> None:
    trace = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a87bd80c:0%7C"

    def add(request: Any, **_: Any) -> None:
        request.headers["X-Amzn-Trace-Id"] = trace

    sqs.meta.events.register("before-send.sqs.SendMessageBatch", add)
    sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": n, "MessageBody": n} for n in ("a", "b")])

    received = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["AWSTraceHeader"]
    )["Messages"]

    headers = [message["Attributes"]["AWSTraceHeader"] for message in received]
    assert [header.partition(";")[0] for header in headers] == ["Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700"] * 2
    assert "%7C" not in headers[0]


# What AWS says of standard queues -----------------------------------------------------------------------


def _entries(count: int) -> list[dict[str, str]]:
    return [{"Id": str(n), "MessageBody": "x"} for n in range(count)]


ROWS: list[tuple[str, dict[str, Any], str, str, int]] = [
    (
        "receive_message",
        {"MaxNumberOfMessages": 11},
        "InvalidParameterValue",
        "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
        400,
    ),
    (
        "receive_message",
        {"WaitTimeSeconds": 21},
        "InvalidParameterValue",
        "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
        400,
    ),
    (
        "send_message",
        {"MessageBody": "x" * 1_048_577},
        "InvalidParameterValue",
        "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
        400,
    ),
    (
        "send_message_batch",
        {"Entries": [{"Id": "a", "MessageBody": "x" * 1_048_576}, {"Id": "b", "MessageBody": "x"}]},
        OLD + "BatchRequestTooLong",
        "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
        400,
    ),
    (
        "send_message_batch",
        {"Entries": _entries(20)},
        OLD + "TooManyEntriesInBatchRequest",
        "Maximum number of entries per request are 10. You have sent 20.",
        400,
    ),
    (
        "send_message_batch",
        {"Entries": []},
        OLD + "EmptyBatchRequest",
        "There should be at least one SendMessageBatchRequestEntry in the request.",
        400,
    ),
    (
        "delete_message_batch",
        {"Entries": []},
        OLD + "EmptyBatchRequest",
        "There should be at least one DeleteMessageBatchRequestEntry in the request.",
        400,
    ),
    (
        "send_message_batch",
        {"Entries": [*_entries(2), {"Id": "1", "MessageBody": "x"}]},
        OLD + "BatchEntryIdsNotDistinct",
        "Id 1 repeated.",
        400,
    ),
    (
        "send_message_batch",
        {"Entries": [{"Id": "a b", "MessageBody": "x"}]},
        OLD + "InvalidBatchEntryId",
        (
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
            "It can be at most 80 letters long."
        ),
        400,
    ),
    (
        "send_message_batch",
        {"Entries": [{"Id": "", "MessageBody": "x"}]},
        OLD + "InvalidBatchEntryId",
        (
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
            "It can be at most 80 letters long."
        ),
        400,
    ),
    (
        "send_message",
        {"MessageBody": ""},
        "MissingParameter",
        "The request must contain the parameter MessageBody.",
        400,
    ),
    (
        "send_message",
        {"MessageBody": "x", "MessageAttributes": {"a": {"DataType": "String", "StringValue": ""}}},
        "InvalidParameterValue",
        "Message (user) attribute 'a' must contain a non-empty value of type 'String'.",
        400,
    ),
    (
        "send_message",
        {"MessageBody": "x", "MessageDeduplicationId": "d"},
        "InvalidParameterValue",
        (
            "Value d for parameter MessageDeduplicationId is invalid. "
            "Reason: The request include parameter that is not valid for this queue type."
        ),
        400,
    ),
    (
        "send_message",
        {"MessageBody": "x", "MessageGroupId": "a b"},
        "InvalidParameterValue",
        (
            "Value a b for parameter MessageGroupId is invalid. "
            "Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length."
        ),
        400,
    ),
    (
        "send_message",
        {"MessageBody": "bad \x01"},
        "InvalidMessageContents",
        (
            "Invalid binary character '#x1' was found in the message body, the set of allowed characters is "
            "#x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]."
        ),
        400,
    ),
    (
        "delete_message",
        {"ReceiptHandle": "garbage"},
        "ReceiptHandleIsInvalid",
        'The input receipt handle "garbage" is not a valid receipt handle.',
        404,
    ),
    (
        "change_message_visibility",
        {"ReceiptHandle": "garbage", "VisibilityTimeout": 1},
        "ReceiptHandleIsInvalid",
        'The input receipt handle "garbage" is not a valid receipt handle.',
        404,
    ),
]


@pytest.mark.parametrize(
    ("operation", "params", "code", "message", "status"),
    ROWS,
    ids=[f"{row[0]}-{row[2]}-{n}" for n, row in enumerate(ROWS)],
)
def test_a_refusal_reads_as_recorded(
    sqs: Any, url: str, operation: str, params: dict[str, Any], code: str, message: str, status: int
) -> None:
    assert _refused(getattr(sqs, operation), QueueUrl=url, **params) == (code, message, status)


def test_an_oversized_entry_fails_alone(sqs: Any, url: str) -> None:
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"MaximumMessageSize": "1024"})

    answer = sqs.send_message_batch(
        QueueUrl=url, Entries=[{"Id": "a", "MessageBody": "x" * 1025}, {"Id": "b", "MessageBody": "x"}]
    )

    assert [entry["Id"] for entry in answer["Successful"]] == ["b"]
    assert answer["Failed"] == [
        {
            "Id": "a",
            "SenderFault": True,
            "Code": "InvalidParameterValue",
            "Message": "One or more parameters cannot be validated. Reason: Message must be shorter than 1024 bytes.",
        }
    ]


def test_the_visibility_of_a_deleted_message_cannot_be_changed(sqs: Any, url: str) -> None:
    sqs.send_message(QueueUrl=url, MessageBody="x")
    handle = sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)

    assert _refused(sqs.change_message_visibility, QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=1) == (
        "InvalidParameterValue",
        (
            f"Value {handle} for parameter ReceiptHandle is invalid. "
            "Reason: Message does not exist or is not available for visibility timeout change."
        ),
        400,
    )


def test_visibility_ends_twelve_hours_after_the_receive(served: Served, sqs: Any, url: str) -> None:
    sqs.send_message(QueueUrl=url, MessageBody="x")
    handle = sqs.receive_message(QueueUrl=url, VisibilityTimeout=100)["Messages"][0]["ReceiptHandle"]
    served.advance(30_000)

    assert _refused(sqs.change_message_visibility, QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=43_200) == (
        "InvalidParameterValue",
        (
            "Value 43200 for parameter VisibilityTimeout is invalid. "
            "Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]."
        ),
        400,
    )


def test_a_second_purge_within_a_minute_is_refused(served: Served, sqs: Any, url: str) -> None:
    sqs.purge_queue(QueueUrl=url)
    refused = _refused(sqs.purge_queue, QueueUrl=url)

    served.advance(60_000)

    assert refused == (
        OLD + "PurgeQueueInProgress",
        "Only one PurgeQueue operation on orders is allowed every 60 seconds.",
        403,
    )
    sqs.purge_queue(QueueUrl=url)


def test_a_queue_that_is_gone_is_gone_for_every_operation(sqs: Any, url: str) -> None:
    sqs.delete_queue(QueueUrl=url)

    operations: list[tuple[Any, dict[str, Any]]] = [
        (sqs.send_message, {"MessageBody": "x"}),
        (sqs.receive_message, {}),
        (sqs.get_queue_attributes, {"AttributeNames": ["All"]}),
        (sqs.list_queue_tags, {}),
        (sqs.purge_queue, {}),
    ]
    for operation, params in operations:
        assert _refused(operation, QueueUrl=url, **params) == (
            OLD + "NonExistentQueue",
            "The specified queue does not exist.",
            400,
        )


def test_a_fifo_queue_keeps_the_order_of_a_group_and_takes_no_duplicate(served: Served, sqs: Any) -> None:
    url = sqs.create_queue(QueueName="steps.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    entries = [
        {"Id": str(n), "MessageBody": body, "MessageGroupId": "g", "MessageDeduplicationId": body}
        for n, body in enumerate(("first", "second", "first"))
    ]

    sent = sqs.send_message_batch(QueueUrl=url, Entries=entries)["Successful"]
    received = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"], ReceiveRequestAttemptId="try"
    )["Messages"]
    repeated = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, ReceiveRequestAttemptId="try")["Messages"]

    assert sent[0]["SequenceNumber"] == sent[2]["SequenceNumber"] < sent[1]["SequenceNumber"]
    assert [message["Body"] for message in received] == ["first", "second"]
    assert received[0]["Attributes"]["MessageDeduplicationId"] == "first"
    assert [message["ReceiptHandle"] for message in repeated] == [message["ReceiptHandle"] for message in received]


def test_a_receive_attempt_that_polled_long_can_be_repeated(served: Served, sqs: Any) -> None:
    url = sqs.create_queue(QueueName="steps.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    queue = served.engine.world.queues["arn:aws:sqs:us-east-1:000000000000:steps.fifo"]
    with ThreadPoolExecutor() as pool:
        polling = pool.submit(sqs.receive_message, QueueUrl=url, WaitTimeSeconds=20, ReceiveRequestAttemptId="try")
        served.wait_until(lambda: queue.polls.first() is not None)
        sqs.send_message(QueueUrl=url, MessageBody="late", MessageGroupId="g", MessageDeduplicationId="1")
        first = polling.result(timeout=10)["Messages"]

    second = sqs.receive_message(QueueUrl=url, ReceiveRequestAttemptId="try")["Messages"]

    assert [message["Body"] for message in first] == ["late"]
    assert [message["ReceiptHandle"] for message in second] == [message["ReceiptHandle"] for message in first]


def test_a_move_task_runs_at_its_rate_and_can_be_cancelled(served: Served, sqs: Any) -> None:
    sqs.create_queue(QueueName="dead")
    dead = "arn:aws:sqs:us-east-1:000000000000:dead"
    policy = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 1})
    url = sqs.create_queue(QueueName="work", Attributes={"RedrivePolicy": policy})["QueueUrl"]
    sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": str(n)} for n in range(5)])
    for _ in range(2):
        sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)

    handle = sqs.start_message_move_task(SourceArn=dead, MaxNumberOfMessagesPerSecond=2)["TaskHandle"]
    served.advance(1_000)
    (running,) = sqs.list_message_move_tasks(SourceArn=dead)["Results"]
    moved = sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"]
    served.advance(60_000)
    (ended,) = sqs.list_message_move_tasks(SourceArn=dead)["Results"]

    assert (running["Status"], running["TaskHandle"], moved) == ("RUNNING", handle, 2)
    assert (ended["Status"], ended["ApproximateNumberOfMessagesMoved"]) == ("CANCELLED", 2)


def test_a_permission_is_given_and_taken(sqs: Any, url: str) -> None:
    sqs.add_permission(QueueUrl=url, Label="partner", AWSAccountIds=["111122223333"], Actions=["SendMessage"])
    given = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]

    sqs.remove_permission(QueueUrl=url, Label="partner")

    assert json.loads(given)["Statement"][0]["Sid"] == "partner"
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
