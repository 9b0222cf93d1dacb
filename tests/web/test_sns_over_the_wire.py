"""SNS over the wire with boto3: what topics keep, what is refused in AWS's words, and what reaches a queue."""

import json
from base64 import b64decode
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
import xmltodict
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from app.core.awslambda.function import FunctionSpec, SucceedAfter
from app.core.commands import PutFunction
from app.core.names import Scope
from tests.web.conftest import Served

NEWS = "arn:aws:sns:us-east-1:000000000000:news"
ORDERS = "arn:aws:sqs:us-east-1:000000000000:orders"


@pytest.fixture
def sns(served: Served) -> Any:
    return served.client("sns")


@pytest.fixture
def sqs(served: Served) -> Any:
    return served.client("sqs")


def received(sqs: Any, queue: str = "orders") -> list[dict[str, Any]]:
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    messages: list[dict[str, Any]] = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"]
    ).get("Messages", [])
    return messages


def refused(call: Any, **parameters: Any) -> tuple[int, str, str]:
    """Status, code and message of the error that the call ends with."""
    with pytest.raises(ClientError) as told:
        call(**parameters)
    response = told.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


def subscribed(sns: Any, sqs: Any, topic: str = "news", queue: str = "orders", **attributes: str) -> tuple[str, str]:
    """The ARNs of a topic and of a queue's subscription to it."""
    arn = sns.create_topic(Name=topic)["TopicArn"]
    sqs.create_queue(QueueName=queue)
    subscription = sns.subscribe(
        TopicArn=arn, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:000000000000:{queue}", Attributes=attributes
    )["SubscriptionArn"]
    return arn, subscription


def test_a_topic_is_made_shown_listed_and_deleted(sns: Any) -> None:
    arn = sns.create_topic(Name="news", Attributes={"DisplayName": "News"}, Tags=[{"Key": "team", "Value": "a"}])

    assert arn["TopicArn"] == NEWS
    assert sns.create_topic(Name="news")["TopicArn"] == NEWS
    assert sns.list_topics()["Topics"] == [{"TopicArn": NEWS}]
    shown = sns.get_topic_attributes(TopicArn=NEWS)["Attributes"]
    assert shown["DisplayName"] == "News"
    assert json.loads(shown["Policy"])["Statement"][0]["Resource"] == NEWS
    assert json.loads(shown["EffectiveDeliveryPolicy"])["http"]["defaultHealthyRetryPolicy"]["numRetries"] == 3
    assert sns.list_tags_for_resource(ResourceArn=NEWS)["Tags"] == [{"Key": "team", "Value": "a"}]
    sns.delete_topic(TopicArn=NEWS)
    sns.delete_topic(TopicArn=NEWS)
    assert sns.list_topics()["Topics"] == []
    assert refused(sns.get_topic_attributes, TopicArn=NEWS) == (404, "NotFound", "Topic does not exist")


def test_a_queue_gets_the_envelope_as_aws_lays_it_out(sns: Any, sqs: Any) -> None:
    topic, subscription = subscribed(sns, sqs)

    published = sns.publish(
        TopicArn=topic, Message="hello", Subject="Greeting",
        MessageAttributes={
            "kind": {"DataType": "String", "StringValue": "order"},
            "raw": {"DataType": "Binary", "BinaryValue": b"\x02\x03\x04"},
        },
    )  # fmt: skip

    (message,) = received(sqs)
    assert message["Body"].startswith('{\n  "Type" : "Notification",\n  "MessageId" : "')
    body = json.loads(message["Body"])
    assert list(body) == [
        "Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp", "SignatureVersion", "Signature",
        "SigningCertURL", "UnsubscribeURL", "MessageAttributes",
    ]  # fmt: skip
    assert body["MessageId"] == published["MessageId"]
    assert body["MessageAttributes"] == {
        "kind": {"Type": "String", "Value": "order"}, "raw": {"Type": "Binary", "Value": "AgME"},
    }  # fmt: skip
    assert body["UnsubscribeURL"].endswith(f"/?Action=Unsubscribe&SubscriptionArn={subscription}")
    assert "MessageAttributes" not in message


def test_raw_delivery_makes_message_attributes_of_attributes(sns: Any, sqs: Any) -> None:
    topic, _ = subscribed(sns, sqs, RawMessageDelivery="true")

    sns.publish(
        TopicArn=topic, Message="hello", MessageAttributes={"n": {"DataType": "Number", "StringValue": "99.12"}}
    )

    (message,) = received(sqs)
    assert message["Body"] == "hello"
    assert message["MessageAttributes"] == {"n": {"StringValue": "99.12", "DataType": "Number"}}


@pytest.mark.parametrize(("version", "digest"), [("1", SHA1()), ("2", SHA256())])  # noqa: S303 as AWS signs
def test_the_signature_is_verified_with_the_certificate_that_is_served(
    served: Served, sns: Any, sqs: Any, version: str, digest: SHA1 | SHA256
) -> None:
    topic, _ = subscribed(sns, sqs)
    sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue=version)

    sns.publish(TopicArn=topic, Message="hello", Subject="Greeting")

    body = json.loads(received(sqs)[0]["Body"])
    path = urlsplit(body["SigningCertURL"]).path
    connection = HTTPConnection(served.url.removeprefix("http://"), timeout=10)
    connection.request("GET", path)
    certificate = x509.load_pem_x509_certificate(connection.getresponse().read())
    connection.close()
    names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
    signed = "".join(f"{name}\n{body[name]}\n" for name in names)
    key = certificate.public_key()
    assert isinstance(key, RSAPublicKey)
    key.verify(b64decode(body["Signature"]), signed.encode(), PKCS1v15(), digest)
    assert body["SignatureVersion"] == version


def test_a_function_is_invoked_with_the_event(served: Served, sns: Any) -> None:
    resize = Scope().function_arn("resize")
    served.submit(PutFunction(FunctionSpec(resize, script=SucceedAfter(0))))
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=resize)

    sns.publish(TopicArn=topic, Message="hello")

    texts = [entry.fact.text for entry in served.engine.journal.entries(function="resize")]
    assert any("resize invoked by topic news" in text for text in texts)


def test_a_batch_answers_each_of_its_messages(sns: Any, sqs: Any) -> None:
    topic, _ = subscribed(sns, sqs, RawMessageDelivery="true")

    answer = sns.publish_batch(
        TopicArn=topic, PublishBatchRequestEntries=[{"Id": str(n), "Message": f"m{n}"} for n in range(3)]
    )

    assert [entry["Id"] for entry in answer["Successful"]] == ["0", "1", "2"]
    assert answer["Failed"] == []
    assert sorted(message["Body"] for message in received(sqs)) == ["m0", "m1", "m2"]


def test_a_fifo_topic_keeps_order_and_drops_duplicates(sns: Any, sqs: Any) -> None:
    attributes = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    topic = sns.create_topic(Name="line.fifo", Attributes=attributes)["TopicArn"]
    sqs.create_queue(QueueName="line.fifo", Attributes={"FifoQueue": "true"})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:000000000000:line.fifo")

    first = sns.publish(TopicArn=topic, Message="one", MessageGroupId="g")
    again = sns.publish(TopicArn=topic, Message="one", MessageGroupId="g")
    sns.publish(TopicArn=topic, Message="two", MessageGroupId="g")

    assert (again["MessageId"], again["SequenceNumber"]) == (first["MessageId"], first["SequenceNumber"])
    messages = received(sqs, "line.fifo")
    bodies = [json.loads(message["Body"]) for message in messages]
    assert [body["Message"] for body in bodies] == ["one", "two"]
    assert bodies[0]["SequenceNumber"] == first["SequenceNumber"]
    assert not {"Signature", "SignatureVersion", "SigningCertURL"} & set(bodies[0])
    assert messages[0]["Attributes"]["MessageGroupId"] == "g"


def test_subscriptions_are_shown_listed_changed_and_ended(sns: Any, sqs: Any) -> None:
    topic, subscription = subscribed(sns, sqs)
    policy = '{"kind": ["order"]}'

    sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName="FilterPolicy", AttributeValue=policy)

    shown = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    assert shown["FilterPolicy"] == policy
    assert shown["FilterPolicyScope"] == "MessageAttributes"
    assert (shown["PendingConfirmation"], shown["ConfirmationWasAuthenticated"]) == ("false", "true")
    entry = {
        "SubscriptionArn": subscription, "Owner": "000000000000", "Protocol": "sqs", "Endpoint": ORDERS,
        "TopicArn": topic,
    }  # fmt: skip
    assert sns.list_subscriptions()["Subscriptions"] == [entry]
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == [entry]
    sns.unsubscribe(SubscriptionArn=subscription)
    sns.unsubscribe(SubscriptionArn=subscription)
    assert sns.list_subscriptions()["Subscriptions"] == []


def test_lists_come_in_pages_of_a_hundred(sns: Any) -> None:
    topic = sns.create_topic(Name="news")["TopicArn"]
    for number in range(101):
        sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint=f"+1555000{number:04d}")

    first = sns.list_subscriptions_by_topic(TopicArn=topic)
    second = sns.list_subscriptions_by_topic(TopicArn=topic, NextToken=first["NextToken"])

    assert len(first["Subscriptions"]) == 100
    assert len(second["Subscriptions"]) == 1
    assert "NextToken" not in second


def test_a_link_unsubscribes_whoever_visits_it_without_a_signature(served: Served, sns: Any, sqs: Any) -> None:
    topic, subscription = subscribed(sns, sqs)
    connection = HTTPConnection(served.url.removeprefix("http://"), timeout=10)

    connection.request("GET", f"/?Action=Unsubscribe&SubscriptionArn={subscription}")
    response = connection.getresponse()
    answer = xmltodict.parse(response.read())
    connection.close()

    assert response.status == 200
    assert "UnsubscribeResponse" in answer
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


def test_other_operations_are_named_as_not_emulated(sns: Any) -> None:
    status, _, message = refused(sns.list_platform_applications)

    assert status == 501
    assert "ListPlatformApplications" in message
