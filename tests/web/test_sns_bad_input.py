"""SNS's query protocol with what no SDK sends: every answer is AWS's, none a failure of ours."""

from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

import pytest
import xmltodict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.conftest import Served

NEWS = "arn:aws:sns:us-east-1:000000000000:news"
SUBSCRIPTION = f"{NEWS}:00000000-0000-4000-8000-000000000000"


def ask(served: Served, form: dict[str, str], *, signed: bool = True) -> tuple[int, dict[str, Any]]:
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    if signed:
        headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/sns/aws4_request, Signature=0"
    connection = HTTPConnection(served.url.removeprefix("http://"), timeout=10)
    connection.request("POST", "/", urlencode({"Version": "2010-03-31", **form}), headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, xmltodict.parse(body)


def error_of(answer: dict[str, Any]) -> tuple[str, str]:
    error = answer["ErrorResponse"]["Error"]
    return error["Code"], error["Message"]


ATTRIBUTE = "MessageAttributes.entry.1."


@pytest.mark.parametrize(
    ("form", "code", "message"),
    [
        ({"Action": "CreateTopic"}, "ValidationException", "Value null at 'name'"),
        ({"Action": "Publish", "TopicArn": NEWS}, "ValidationException", "Value null at 'message'"),
        ({"Action": "Subscribe", "TopicArn": NEWS}, "ValidationException", "Value null at 'protocol'"),
        ({"Action": "Subscribe", "TopicArn": NEWS, "Protocol": "sqs"}, "InvalidParameter", "SQS endpoint ARN"),
        ({"Action": "Subscribe", "TopicArn": NEWS, "Protocol": "sqs", "Endpoint": "arn:aws:sqs:::"},
         "InvalidParameter", "SQS endpoint ARN"),
        ({"Action": "Publish", "TopicArn": NEWS, "Message": "x", f"{ATTRIBUTE}Name": "a"},
         "ParameterValueInvalid", "has an invalid message attribute type"),
        ({"Action": "Publish", "TopicArn": NEWS, "Message": "x", f"{ATTRIBUTE}Name": "a",
          f"{ATTRIBUTE}Value.DataType": "String"}, "ParameterValueInvalid", "must contain non-empty"),
        ({"Action": "PublishBatch", "TopicArn": NEWS, "PublishBatchRequestEntries.member.1.Id": "1"},
         "ValidationException", "Value null at 'message'"),
        ({"Action": "PublishBatch", "TopicArn": NEWS}, "EmptyBatchRequest", "doesn't contain any entries"),
        ({"Action": "Publish", "TopicArn": "arn:aws:sqs:us-east-1:000000000000:orders", "Message": "x"},
         "InvalidParameter", "Invalid parameter: TopicArn"),
        ({"Action": "ListTopics", "NextToken": "garbage"}, "InvalidParameter", "NextToken"),
        ({"Action": "SetTopicAttributes", "TopicArn": NEWS}, "ValidationException", "Value null at 'attributeName'"),
        ({"Action": "TagResource", "ResourceArn": NEWS, "Tags.member.1.Value": "x"}, "ValidationException", "'key'"),
        ({"Action": "Fly"}, "InvalidAction", "Fly"),
        ({"Action": "ConfirmSubscription", "TopicArn": NEWS, "Token": "\x00"}, "InvalidParameter", "Invalid token"),
    ],
)  # fmt: skip
def test_what_is_missing_or_broken_is_refused(served: Served, form: dict[str, str], code: str, message: str) -> None:
    ask(served, {"Action": "CreateTopic", "Name": "news"})

    status, answer = ask(served, form)

    assert status in (400, 404)
    assert error_of(answer)[0] == code
    assert message in error_of(answer)[1]


def test_an_unsigned_form_is_known_by_its_version(served: Served) -> None:
    status, answer = ask(served, {"Action": "CreateTopic", "Name": "news"}, signed=False)

    assert status == 200
    assert answer["CreateTopicResponse"]["CreateTopicResult"]["TopicArn"] == NEWS


def test_a_message_keeps_what_xml_can_carry(served: Served) -> None:
    sqs = served.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    ask(served, {"Action": "CreateTopic", "Name": "news"})
    endpoint = "arn:aws:sqs:us-east-1:000000000000:orders"
    raw = {"Attributes.entry.1.key": "RawMessageDelivery", "Attributes.entry.1.value": "true"}
    ask(served, {"Action": "Subscribe", "TopicArn": NEWS, "Protocol": "sqs", "Endpoint": endpoint, **raw})

    for message in (' <a> & "b"\n', "\u2028 € 😀", "a+b%20c=d&e"):
        status, _ = ask(served, {"Action": "Publish", "TopicArn": NEWS, "Message": message})
        assert status == 200
        (received,) = sqs.receive_message(QueueUrl=url)["Messages"]
        assert received["Body"] == message
        sqs.delete_message(QueueUrl=url, ReceiptHandle=received["ReceiptHandle"])


OPERATIONS = st.sampled_from(
    ["CreateTopic", "DeleteTopic", "GetTopicAttributes", "SetTopicAttributes", "ListTopics", "Subscribe", "Unsubscribe",
     "ConfirmSubscription", "SetSubscriptionAttributes", "GetSubscriptionAttributes", "ListSubscriptionsByTopic",
     "Publish", "PublishBatch", "TagResource", "UntagResource", "ListTagsForResource", "AddPermission",
     "RemovePermission", "PutDataProtectionPolicy", "GetDataProtectionPolicy"]
)  # fmt: skip
NAMES = st.sampled_from(
    ["TopicArn", "TargetArn", "PhoneNumber", "Name", "Message", "Subject", "MessageStructure", "Protocol", "Endpoint",
     "SubscriptionArn", "Token", "ResourceArn", "AttributeName", "AttributeValue", "NextToken", "Label",
     "MessageGroupId", "MessageDeduplicationId", "ReturnSubscriptionArn", "Attributes.entry.1.key",
     "Attributes.entry.1.value", "Tags.member.1.Key", "Tags.member.1.Value", "TagKeys.member.1",
     "AWSAccountId.member.1", "ActionName.member.1", f"{ATTRIBUTE}Name", f"{ATTRIBUTE}Value.DataType",
     f"{ATTRIBUTE}Value.StringValue", f"{ATTRIBUTE}Value.BinaryValue", "PublishBatchRequestEntries.member.1.Id",
     "PublishBatchRequestEntries.member.1.Message", "DataProtectionPolicy"]
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(
        [NEWS, SUBSCRIPTION, "", "news", "sqs", "http", "email", "http://127.0.0.1:9/", "{}", "[]", "{", "json", "true",
         "FilterPolicy", "DeliveryPolicy", "RedrivePolicy", "Policy",
         '{"a": ["b"]}', '{"http": {}}', "String", "Binary",
         '{"default": 1}', "Publish", "123456789012", "-1", "arn:aws:sns:us-east-1::", "::::::", '{"a": {"b": null}}']
    ),
    st.text(max_size=20),
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operation=OPERATIONS, form=st.dictionaries(NAMES, VALUES, max_size=6))
def test_whatever_is_asked_is_no_failure_of_ours(served: Served, operation: str, form: dict[str, str]) -> None:
    ask(served, {"Action": "CreateTopic", "Name": "news"})

    status, answer = ask(served, {**form, "Action": operation})

    assert status < 500, answer
    assert ask(served, {"Action": "ListTopics"})[0] == 200
