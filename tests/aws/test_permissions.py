"""Refusals of permissions and keys as the AWS CLI prints them."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.aws.cli import Aws
from tests.live import Live, live

pytestmark = pytest.mark.real

ORDERS = "arn:aws:sqs:us-east-1:000000000000:orders"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(tmp_path_factory.mktemp("service"), "enforce_permissions: true\n") as running:
        yield running


def as_who(aws: Aws, key: Any) -> Aws:
    """The CLI with the access key of somebody else."""
    return replace(aws, account={"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": "any"})


def test_somebody_who_may_not_is_told_so_in_awss_words(aws: Aws) -> None:
    url = aws.json("sqs", "create-queue", "--queue-name", "orders")["QueueUrl"]
    user = aws.json("iam", "create-user", "--user-name", "ann")["User"]["Arn"]
    ann = as_who(aws, aws.json("iam", "create-access-key", "--user-name", "ann")["AccessKey"])
    stranger = as_who(aws, {"AccessKeyId": "111111111111"})

    assert ann("sqs", "send-message", "--queue-url", url, "--message-body", "hello", fails=True) == (
        f"An error occurred (AccessDenied) when calling the SendMessage operation: User: {user} is not authorized to "
        f"perform: sqs:sendmessage on resource: {ORDERS} because no identity-based policy allows the sqs:sendmessage "
        "action"
    )
    assert stranger(
        "sqs", "get-queue-url", "--queue-name", "orders", "--queue-owner-aws-account-id", "000000000000", fails=True
    ) == (
        "An error occurred (AWS.SimpleQueueService.NonExistentQueue) when calling the GetQueueUrl operation: The "
        "specified queue does not exist or you do not have access to it."
    )


def test_a_key_that_is_disabled_is_told_by_its_old_name(aws: Aws) -> None:
    key = aws.json("kms", "create-key")["KeyMetadata"]
    made = aws.json("sqs", "create-queue", "--queue-name", "secrets", "--attributes", f"KmsMasterKeyId={key['KeyId']}")
    aws("kms", "disable-key", "--key-id", key["KeyId"])

    said = aws("sqs", "send-message", "--queue-url", made["QueueUrl"], "--message-body", "hello", fails=True)

    assert said.startswith(
        f"An error occurred (KMS.DisabledException) when calling the SendMessage operation: {key['Arn']} is disabled."
    )
