"""SQS's query protocol: forms in, XML out."""

from urllib.parse import urlencode

import pytest

from app.wire import protocol
from app.wire.http import HttpRequest
from app.wire.protocol import Parsed
from app.wire.refusals import NoOperation, SerializationFailed, UnknownOperation
from app.wire.sqs import general
from app.wire.sqs.errors import refuse_query


def _parse(form: dict[str, str], *, path: str = "/", method: str = "POST") -> Parsed:
    text = urlencode({"Version": "2012-11-05", **form})
    headers = {"host": "localhost:4566", "content-type": "application/x-www-form-urlencoded"}
    if method == "GET":
        return general.parse(HttpRequest("GET", path, text, headers))
    return general.parse(HttpRequest("POST", path, "", headers | {"content-length": str(len(text))}, text.encode()))


def test_a_form_gives_the_same_parameters_as_json() -> None:
    parsed = _parse(
        {
            "Action": "SendMessage",
            "QueueUrl": "http://localhost:4566/000000000000/orders",
            "MessageBody": "grüße & more",
            "DelaySeconds": "5",
            "MessageAttribute.1.Name": "color",
            "MessageAttribute.1.Value.DataType": "String",
            "MessageAttribute.1.Value.StringValue": "red",
            "MessageAttribute.2.Name": "blob",
            "MessageAttribute.2.Value.DataType": "Binary",
            "MessageAttribute.2.Value.BinaryValue": "AP8=",
        }
    )

    assert parsed == Parsed(
        "sqs",
        "query",
        "SendMessage",
        {
            "QueueUrl": "http://localhost:4566/000000000000/orders",
            "MessageBody": "grüße & more",
            "DelaySeconds": 5,
            "MessageAttributes": {
                "color": {"StringValue": "red", "DataType": "String"},
                "blob": {"BinaryValue": b"\x00\xff", "DataType": "Binary"},
            },
        },
    )


def test_queue_attributes_and_tags_come_as_numbered_pairs() -> None:
    parsed = _parse(
        {
            "Action": "CreateQueue",
            "QueueName": "orders",
            "Attribute.1.Name": "DelaySeconds",
            "Attribute.1.Value": "5",
            "Tag.1.Key": "team",
            "Tag.1.Value": "blue",
        }
    )

    assert parsed.params == {"QueueName": "orders", "Attributes": {"DelaySeconds": "5"}, "tags": {"team": "blue"}}


def test_an_entry_with_a_name_alone_has_an_empty_value() -> None:
    queue = _parse({"Action": "CreateQueue", "QueueName": "orders", "Attribute.1.Name": "DelaySeconds"})
    message = _parse({"Action": "SendMessage", "QueueUrl": "u", "MessageBody": "x", "MessageAttribute.1.Name": "color"})

    assert queue.params["Attributes"] == {"DelaySeconds": ""}
    assert message.params["MessageAttributes"] == {"color": {}}


def test_a_batch_comes_as_numbered_entries() -> None:
    parsed = _parse(
        {
            "Action": "DeleteMessageBatch",
            "QueueUrl": "u",
            "DeleteMessageBatchRequestEntry.1.Id": "a",
            "DeleteMessageBatchRequestEntry.1.ReceiptHandle": "h1",
            "DeleteMessageBatchRequestEntry.2.Id": "b",
            "DeleteMessageBatchRequestEntry.2.ReceiptHandle": "h2",
        }
    )

    assert parsed.params["Entries"] == [{"Id": "a", "ReceiptHandle": "h1"}, {"Id": "b", "ReceiptHandle": "h2"}]


def test_a_query_to_the_queues_own_path_names_that_queue() -> None:
    parsed = _parse({"Action": "ReceiveMessage", "MaxNumberOfMessages": "2"}, path="/000000000000/orders")

    assert parsed.params == {
        "QueueUrl": "http://localhost:4566/000000000000/orders",
        "MaxNumberOfMessages": 2,
    }


def test_a_get_request_works_too() -> None:
    parsed = _parse({"Action": "ListQueues", "QueueNamePrefix": "or"}, method="GET")

    assert (parsed.operation, parsed.params) == ("ListQueues", {"QueueNamePrefix": "or"})


def test_a_number_that_is_none_is_a_serialization_failure() -> None:
    with pytest.raises(SerializationFailed):
        _parse({"Action": "ReceiveMessage", "QueueUrl": "u", "MaxNumberOfMessages": "many"})


def test_a_number_that_is_none_is_told_in_awss_words() -> None:
    with pytest.raises(SerializationFailed, match=r"^STRING_VALUE can not be converted to an Integer$"):
        _parse({"Action": "ReceiveMessage", "QueueUrl": "u", "WaitTimeSeconds": "abc"})


def test_a_form_without_an_action_asks_for_nothing() -> None:
    with pytest.raises(NoOperation):
        _parse({"QueueUrl": "u"})

    answer = refuse_query(NoOperation(), "r-1")

    assert (answer.status, answer.body) == (404, b"<UnknownOperationException/>\n")


def test_an_unknown_action_is_named() -> None:
    with pytest.raises(UnknownOperation, match="The action DoNothing is not valid for this endpoint"):
        _parse({"Action": "DoNothing"})


def test_results_are_wrapped_in_the_response_and_the_result_element() -> None:
    answer = protocol.render(_parse({"Action": "GetQueueUrl", "QueueName": "o"}), {"QueueUrl": "http://h/0/o"}, "r-1")

    assert answer.content_type == "text/xml"
    assert answer.body.decode() == (
        '<GetQueueUrlResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/">'
        "<GetQueueUrlResult><QueueUrl>http://h/0/o</QueueUrl></GetQueueUrlResult>"
        "<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></GetQueueUrlResponse>"
    )
