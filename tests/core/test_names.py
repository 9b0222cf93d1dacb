"""ARNs and the names inside them."""

import pytest

from app.core.names import Scope, bucket_arn, name_of, parse_arn


def test_a_scope_makes_arns_and_an_arn_tells_its_scope() -> None:
    scope = Scope("123456789012", "eu-west-1")

    assert scope.queue_arn("orders") == "arn:aws:sqs:eu-west-1:123456789012:orders"
    assert scope.function_arn("work") == "arn:aws:lambda:eu-west-1:123456789012:function:work"
    assert scope.mapping_arn("u") == "arn:aws:lambda:eu-west-1:123456789012:event-source-mapping:u"
    assert parse_arn(scope.queue_arn("orders")).scope == scope


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:sqs:us-east-1:000000000000:orders", "orders"),
        ("arn:aws:lambda:us-east-1:000000000000:function:work", "work"),
        ("arn:aws:lambda:us-east-1:000000000000:function:work:live", "work"),
        ("arn:aws:s3:::photos", "photos"),
    ],
)
def test_the_short_name_is_the_resources_own(arn: str, name: str) -> None:
    assert name_of(arn) == name


def test_a_bucket_has_neither_region_nor_account() -> None:
    assert bucket_arn("photos") == "arn:aws:s3:::photos"


@pytest.mark.parametrize(
    "text", ["", "orders", "arn:aws:sqs", "arn:aws::r:a:x", "arn:aws:sqs:r:a:", "ARN:aws:sqs:r:a:x"]
)
def test_another_text_is_no_arn(text: str) -> None:
    with pytest.raises(ValueError, match="is not an ARN"):
        parse_arn(text)
