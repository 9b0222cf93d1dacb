"""What brokers answer, as botocore parses it, read into core values."""

from app.core.commands import RemoteAttributes
from app.core.sqs.message import MessageAttribute
from app.wire.sqs.arrivals import read_attributes, read_delivery

NOON = 1_795_262_400_000


def test_a_message_keeps_all_that_the_broker_tells() -> None:
    delivery = read_delivery(
        {
            "MessageId": "m1",
            "ReceiptHandle": "h1",
            "MD5OfBody": "5d41402abc4b2a76b9719d911017c592",
            "Body": "hello",
            "Attributes": {
                "SenderId": "AIDA",
                "SentTimestamp": "1795262399000",
                "ApproximateReceiveCount": "3",
                "ApproximateFirstReceiveTimestamp": "1795262399500",
                "AWSTraceHeader": "Root=1-2-3",
                "MessageGroupId": "g",
                "MessageDeduplicationId": "d",
                "SequenceNumber": "18849496460467696128",
                "DeadLetterQueueSourceArn": "arn:aws:sqs:us-east-1:000000000000:orders",
            },
            "MessageAttributes": {
                "text": {"DataType": "String", "StringValue": "v"},
                "bytes": {"DataType": "Binary.png", "BinaryValue": b"\x00\x01"},
            },
        },
        now=NOON,
    )

    content = delivery.content
    assert (delivery.receipt_handle, delivery.receive_count, delivery.first_received_at) == ("h1", 3, 1795262399500)
    assert delivery.source == "arn:aws:sqs:us-east-1:000000000000:orders"
    assert (content.message_id, content.body, content.sent_at, content.sender_id) == (
        "m1", "hello", 1795262399000, "AIDA",
    )  # fmt: skip
    assert (content.trace_header, content.group_id, content.deduplication_id) == ("Root=1-2-3", "g", "d")
    assert content.sequence_number == "18849496460467696128"
    assert content.attributes == {
        "text": MessageAttribute("String", "v"),
        "bytes": MessageAttribute("Binary.png", b"\x00\x01"),
    }


def test_what_a_broker_leaves_out_is_filled_in() -> None:
    delivery = read_delivery({"MessageId": "m1", "ReceiptHandle": "h1", "Body": "hello"}, now=NOON)

    assert (delivery.receive_count, delivery.first_received_at, delivery.source) == (1, NOON, None)
    assert delivery.content.sent_at == NOON
    assert delivery.content.md5_of_body == "5d41402abc4b2a76b9719d911017c592"
    assert delivery.content.attributes == {}


def test_a_queue_is_described_by_what_the_broker_tells() -> None:
    told = read_attributes(
        {
            "VisibilityTimeout": "45",
            "ApproximateNumberOfMessages": "3",
            "ApproximateNumberOfMessagesNotVisible": "2",
            "ApproximateNumberOfMessagesDelayed": "1",
        }
    )

    assert told == RemoteAttributes(45, visible=3, in_flight=2, delayed=1)
    assert read_attributes({}) == RemoteAttributes(30)
