"""Requests of S3 Control: which they are, and what they say of tags."""

import pytest

from app.core.errors import MalformedXml
from app.wire.s3_control import bucket_of_tags, control_path, parse_tags, render_tags, untagged

ACCOUNT = {"x-amz-account-id": "000000000000"}


def test_a_request_that_names_an_account_in_a_header_is_for_s3_control() -> None:
    path = "/000000000000/v20180820/tags/arn%3Aaws%3As3%3A%3A%3Aphotos"

    assert control_path(path, ACCOUNT) == "tags/arn:aws:s3:::photos"
    assert control_path("/v20180820/tags/arn", {}) is None, "an object of a bucket of that name"
    assert control_path("/photos/in/cat.jpg", ACCOUNT) is None


@pytest.mark.parametrize(
    ("path", "bucket"),
    [
        ("tags/arn:aws:s3:::photos", "photos"),
        ("tags/arn:aws:s3:us-east-1:000000000000:bucket/photos", "photos"),
        ("tags/arn:aws:sqs:us-east-1:000000000000:photos", None),
        ("tags/photos", None),
        ("tags/arn:aws:s3:::", None),
        ("accesspoint/photos", None),
    ],
)
def test_tags_are_those_of_the_bucket_in_the_arn(path: str, bucket: str | None) -> None:
    assert bucket_of_tags(path) == bucket


def test_tags_are_read_as_they_are_told() -> None:
    tags = {"team": "shop & co", "empty": ""}

    assert parse_tags(render_tags(tags)) == tags
    assert untagged("tagKeys=team&tagKeys=a%20b") == ["team", "a b"]


def test_a_body_that_is_no_xml_is_refused() -> None:
    with pytest.raises(MalformedXml):
        parse_tags(b"<Tags><Tag>")
