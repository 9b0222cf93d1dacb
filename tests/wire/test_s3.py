"""S3's XML and addresses."""

from xml.etree import ElementTree

import pytest

from app.core.errors import AccessDenied, InvalidArgument, MalformedXml, NoSuchBucket, OverLimit, Refused
from app.core.s3.notification import NotificationConfiguration, NotificationRule
from app.wire.s3 import bucket_of_host, parse_notification, render_error, render_notification, render_refusal

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:resize:live"
QUEUE = "arn:aws:sqs:us-east-1:000000000000:uploads"
TOPIC = "arn:aws:sns:us-east-1:000000000000:uploads"

REQUEST = f"""<?xml version="1.0" encoding="UTF-8"?>
<NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <CloudFunctionConfiguration>
    <Id>thumbs</Id>
    <CloudFunction>{FUNCTION}</CloudFunction>
    <Event>s3:ObjectCreated:Put</Event>
    <Event>s3:ObjectCreated:Copy</Event>
    <Filter><S3Key>
      <FilterRule><Name>suffix</Name><Value>.jpg</Value></FilterRule>
      <FilterRule><Name>Prefix</Name><Value>in &amp; out/</Value></FilterRule>
    </S3Key></Filter>
  </CloudFunctionConfiguration>
  <QueueConfiguration><Queue>{QUEUE}</Queue><Event>s3:ObjectRemoved:*</Event></QueueConfiguration>
  <TopicConfiguration><Topic>{TOPIC}</Topic><Event>s3:ObjectTagging:*</Event></TopicConfiguration>
  <EventBridgeConfiguration/>
</NotificationConfiguration>"""

CONFIGURATION = NotificationConfiguration(
    (
        NotificationRule(
            "thumbs", FUNCTION, ("s3:ObjectCreated:Put", "s3:ObjectCreated:Copy"), prefix="in & out/", suffix=".jpg"
        ),
        NotificationRule("", QUEUE, ("s3:ObjectRemoved:*",)),
        NotificationRule("", TOPIC, ("s3:ObjectTagging:*",)),
    ),
    event_bridge=True,
)


def texts(document: bytes) -> dict[str, str]:
    root = ElementTree.fromstring(document)  # noqa: S314 - our own document
    return {element.tag: element.text or "" for element in root}


def test_a_configuration_is_read_in_the_order_given() -> None:
    assert parse_notification(REQUEST.encode()) == CONFIGURATION


def test_what_is_given_back_reads_as_what_was_put() -> None:
    rendered = render_notification(CONFIGURATION)

    again = parse_notification(rendered)
    assert sorted(again.rules, key=lambda rule: rule.target) == sorted(
        CONFIGURATION.rules, key=lambda rule: rule.target
    )
    assert again.event_bridge


def test_filter_names_are_given_back_capitalised() -> None:
    rendered = render_notification(CONFIGURATION)

    assert b"<Name>Prefix</Name><Value>in &amp; out/</Value>" in rendered
    assert b"<Name>Suffix</Name><Value>.jpg</Value>" in rendered


@pytest.mark.parametrize("body", [b"", b"<NotificationConfiguration/>"])
def test_nothing_clears_the_configuration(body: bytes) -> None:
    assert parse_notification(body) == NotificationConfiguration()


@pytest.mark.parametrize(
    "body",
    [
        "junk",
        "<NotificationConfiguration>",
        "<Delete/>",
        "<NotificationConfiguration><Surprise/></NotificationConfiguration>",
        "<NotificationConfiguration><QueueConfiguration/></NotificationConfiguration>",
        (
            f"<NotificationConfiguration><QueueConfiguration><Queue>{QUEUE}</Queue></QueueConfiguration>"
            "</NotificationConfiguration>"
        ),
        (
            f"<NotificationConfiguration><QueueConfiguration><Topic>{TOPIC}</Topic><Event>s3:ObjectCreated:*</Event>"
            "</QueueConfiguration></NotificationConfiguration>"
        ),
        (
            f"<NotificationConfiguration><QueueConfiguration><Queue>{QUEUE}</Queue><Event>s3:ObjectCreated:*</Event>"
            "<Filter><S3Key><FilterRule><Name>prefix</Name></FilterRule></S3Key></Filter>"
            "</QueueConfiguration></NotificationConfiguration>"
        ),
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><NotificationConfiguration/>',
    ],
)
def test_a_body_that_is_no_configuration_is_malformed(body: str) -> None:
    with pytest.raises(MalformedXml):
        parse_notification(body.encode())


def test_an_argument_that_s3_refuses_is_named() -> None:
    body = REQUEST.replace(QUEUE, "junk").encode()

    with pytest.raises(InvalidArgument) as refused:
        parse_notification(body)

    assert refused.value.arguments == {"ArgumentName": "Queue", "ArgumentValue": "junk"}


@pytest.mark.parametrize(
    ("refused", "status", "elements"),
    [
        (
            InvalidArgument("no", {"ArgumentName1": "<a>", "ArgumentValue1": "b & c"}),
            400,
            {"Code": "InvalidArgument", "Message": "no", "ArgumentName1": "<a>", "ArgumentValue1": "b & c"},
        ),
        (
            NoSuchBucket(),
            404,
            {"Code": "NoSuchBucket", "Message": "The specified bucket does not exist", "BucketName": "photos"},
        ),
        (MalformedXml(), 400, {"Code": "MalformedXML", "Message": MalformedXml.message}),
        (AccessDenied("no"), 403, {"Code": "AccessDenied", "Message": "no"}),
        (OverLimit("no"), 400, {"Code": "InvalidRequest", "Message": "no"}),
    ],
)
def test_a_refusal_is_an_error_document(refused: Refused, status: int, elements: dict[str, str]) -> None:
    answered, document = render_refusal(refused, bucket="photos", request_id="R1", host_id="H1")

    assert answered == status
    assert texts(document) == {**elements, "RequestId": "R1", "HostId": "H1"}


def test_an_error_keeps_its_details_between_message_and_request_id() -> None:
    document = render_error("Code", "text", {"Resource": "/a"}, request_id="R1", host_id="H1")

    assert list(texts(document)) == ["Code", "Message", "Resource", "RequestId", "HostId"]


@pytest.mark.parametrize(
    ("host", "bucket"),
    [
        ("photos.localhost:4566", "photos"),
        ("photos.localhost.localstack.cloud:4566", "photos"),
        ("photos.s3.localhost", "photos"),
        ("photos.s3.localhost.localstack.cloud:4566", "photos"),
        ("photos.s3.us-east-1.localhost.localstack.cloud:4566", "photos"),
        ("photos.2026.s3.eu-west-1.amazonaws.com", "photos.2026"),
        ("photos.s3.amazonaws.com", "photos"),
        ("photos.s3-eu-west-1.amazonaws.com", "photos"),
        ("photos.s3.dualstack.eu-west-1.amazonaws.com", "photos"),
        ("PHOTOS.localhost", "photos"),
        ("localhost:4566", None),
        ("localhost.localstack.cloud", None),
        ("s3.localhost:4566", None),
        ("s3.us-east-1.localhost.localstack.cloud:4566", None),
        ("s3.amazonaws.com", None),
        ("s3.eu-west-1.amazonaws.com", None),
        ("127.0.0.1:4566", None),
        ("[::1]:4566", None),
        ("triggerfish:4566", None),
        ("", None),
    ],
)
def test_a_host_may_name_the_bucket(host: str, bucket: str | None) -> None:
    assert bucket_of_host(host) == bucket
