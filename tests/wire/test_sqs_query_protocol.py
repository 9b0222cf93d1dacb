"""SQS's query protocol: forms in, XML out."""

from urllib.parse import urlencode

import pytest

from app.wire import protocol
from app.wire.addressee import has_form
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


def test_numbers_may_leave_gaps_and_come_in_any_order() -> None:
    parsed = _parse(
        {
            "Action": "DeleteMessageBatch",
            "QueueUrl": "u",
            "DeleteMessageBatchRequestEntry.10.Id": "c",
            "DeleteMessageBatchRequestEntry.3.Id": "b",
            "DeleteMessageBatchRequestEntry.0.Id": "a",
        }
    )

    assert parsed.params["Entries"] == [{"Id": "a"}, {"Id": "b"}, {"Id": "c"}]


def test_one_item_alone_may_go_without_a_number() -> None:
    names = _parse({"Action": "ReceiveMessage", "QueueUrl": "u", "AttributeName": "All"})
    attributes = _parse(
        {"Action": "SetQueueAttributes", "QueueUrl": "u", "Attribute.Name": "DelaySeconds", "Attribute.Value": "45"}
    )
    entries = _parse(
        {"Action": "SendMessageBatch", "QueueUrl": "u", "SendMessageBatchRequestEntry.Id": "a",
         "SendMessageBatchRequestEntry.MessageAttribute.Name": "color",
         "SendMessageBatchRequestEntry.MessageAttribute.Value.DataType": "String"}
    )  # fmt: skip

    assert names.params["AttributeNames"] == ["All"]
    assert attributes.params["Attributes"] == {"DelaySeconds": "45"}
    assert entries.params["Entries"] == [{"Id": "a", "MessageAttributes": {"color": {"DataType": "String"}}}]


@pytest.mark.parametrize("number", ["x", "-1", "9" * 30, "", "1.2"])
def test_what_is_no_number_names_no_item(number: str) -> None:
    parsed = _parse({"Action": "ReceiveMessage", "QueueUrl": "u", f"AttributeName.{number}": "All"})

    assert "AttributeNames" not in parsed.params


def test_thousands_of_entries_are_read_at_once() -> None:
    """In a time that grows with the square of their number, it would take a minute."""
    form = {f"DeleteMessageBatchRequestEntry.{number}.Id": str(number) for number in range(8_000)}

    parsed = _parse({"Action": "DeleteMessageBatch", "QueueUrl": "u", **form})

    assert [entry["Id"] for entry in parsed.params["Entries"]] == [str(number) for number in range(8_000)]


def test_a_query_to_the_queues_own_path_names_that_queue() -> None:
    parsed = _parse({"Action": "ReceiveMessage", "MaxNumberOfMessages": "2"}, path="/000000000000/orders")

    assert parsed.params == {
        "QueueUrl": "http://localhost:4566/000000000000/orders",
        "MaxNumberOfMessages": 2,
    }


def test_the_media_type_of_a_form_is_known_in_capitals_too() -> None:
    assert has_form(HttpRequest("POST", "/", "", {"content-type": "Application/X-WWW-Form-URLEncoded; charset=utf-8"}))


def test_a_get_request_works_too() -> None:
    parsed = _parse({"Action": "ListQueues", "QueueNamePrefix": "or"}, method="GET")

    assert (parsed.operation, parsed.params) == ("ListQueues", {"QueueNamePrefix": "or"})


def test_a_number_that_is_none_is_a_serialization_failure() -> None:
    with pytest.raises(SerializationFailed):
        _parse({"Action": "ReceiveMessage", "QueueUrl": "u", "MaxNumberOfMessages": "many"})


@pytest.mark.parametrize("text", ["abc", "", " 5", "1_0", "1.0", "1e1", "0x1", "\u0661", "9" * 5_000])
def test_a_number_that_is_none_is_told_in_awss_words(text: str) -> None:
    with pytest.raises(SerializationFailed, match=r"^STRING_VALUE can not be converted to an Integer$"):
        _parse({"Action": "ReceiveMessage", "QueueUrl": "u", "WaitTimeSeconds": text})


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
