"""SQS's query protocol against a real server, with requests written by hand."""

from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

import pytest
import xmltodict

from tests.web.conftest import Served


def _ask(served: Served, form: dict[str, str], *, path: str = "/", method: str = "POST") -> tuple[int, dict[str, Any]]:
    text = urlencode({"Version": "2012-11-05", **form})
    connection = HTTPConnection(served.url.removeprefix("http://"), timeout=10)
    if method == "GET":
        connection.request("GET", f"{path}?{text}")
    else:
        connection.request("POST", path, text, {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    assert response.getheader("Content-Type") == "text/xml"
    assert response.getheader("x-amzn-RequestId")
    return response.status, xmltodict.parse(body)


def test_a_message_goes_through_send_receive_and_delete(served: Served) -> None:
    _, created = _ask(served, {"Action": "CreateQueue", "QueueName": "orders"})
    url = created["CreateQueueResponse"]["CreateQueueResult"]["QueueUrl"]
    path = url.removeprefix(served.url)
    attribute = {
        "MessageAttribute.1.Name": "Foo",
        "MessageAttribute.1.Value.DataType": "String",
        "MessageAttribute.1.Value.StringValue": "Bar",
    }

    _, sent = _ask(served, {"Action": "SendMessage", "QueueUrl": url, "MessageBody": '<a> & "b"\r\n', **attribute})
    asked = {"Action": "ReceiveMessage", "AttributeName.1": "All", "MessageAttributeName.1": "All"}
    _, received = _ask(served, asked, path=path)

    assert url == f"{served.url}/000000000000/orders"
    result = sent["SendMessageResponse"]["SendMessageResult"]
    assert result["MD5OfMessageAttributes"] == "ae7155c6026991b6d54b11589678bf9c"
    message = received["ReceiveMessageResponse"]["ReceiveMessageResult"]["Message"]
    assert message["MessageId"] == result["MessageId"]
    assert message["Body"].replace("\n", "").replace("\r", "") == '<a> & "b"'
    assert {"Name": "ApproximateReceiveCount", "Value": "1"} in message["Attribute"]
    assert message["MessageAttribute"] == {"Name": "Foo", "Value": {"DataType": "String", "StringValue": "Bar"}}
    status, deleted = _ask(
        served, {"Action": "DeleteMessage", "ReceiptHandle": message["ReceiptHandle"]}, path=path, method="GET"
    )
    assert status == 200
    assert list(deleted["DeleteMessageResponse"]) == ["@xmlns", "ResponseMetadata"]


def test_a_batch_tells_successes_and_failures(served: Served) -> None:
    _ask(served, {"Action": "CreateQueue", "QueueName": "orders"})

    _, answer = _ask(
        served,
        {
            "Action": "DeleteMessageBatch",
            "DeleteMessageBatchRequestEntry.1.Id": "a",
            "DeleteMessageBatchRequestEntry.1.ReceiptHandle": "garbage",
        },
        path="/000000000000/orders",
    )

    assert answer["DeleteMessageBatchResponse"]["DeleteMessageBatchResult"] == {
        "BatchResultErrorEntry": {
            "Id": "a",
            "SenderFault": "true",
            "Code": "ReceiptHandleIsInvalid",
            "Message": 'The input receipt handle "garbage" is not a valid receipt handle.',
        }
    }


@pytest.mark.parametrize(
    ("form", "status", "code", "message"),
    [
        (
            {"Action": "SendMessage", "QueueUrl": "http://localhost/000000000000/nothing", "MessageBody": "x"},
            400,
            "AWS.SimpleQueueService.NonExistentQueue",
            "The specified queue does not exist for this wsdl version.",
        ),
        ({"Action": "DoNothing"}, 400, "InvalidAction", "The action DoNothing is not valid for this endpoint."),
        (
            {"Action": "SendMessage"},
            400,
            "MissingParameter",
            "The request must contain the parameter QueueUrl.",
        ),
    ],
)
def test_a_refusal_is_an_error_response(
    served: Served, form: dict[str, str], status: int, code: str, message: str
) -> None:
    answered, body = _ask(served, form)

    error = body["ErrorResponse"]["Error"]
    assert (answered, error["Type"], error["Code"], error["Message"]) == (status, "Sender", code, message)
    assert body["ErrorResponse"]["RequestId"]


def test_a_second_purge_is_forbidden_by_status(served: Served) -> None:
    _ask(served, {"Action": "CreateQueue", "QueueName": "orders"})
    first, _ = _ask(served, {"Action": "PurgeQueue"}, path="/000000000000/orders")

    second, body = _ask(served, {"Action": "PurgeQueue"}, path="/000000000000/orders")

    assert (first, second) == (200, 403)
    assert body["ErrorResponse"]["Error"]["Code"] == "AWS.SimpleQueueService.PurgeQueueInProgress"
