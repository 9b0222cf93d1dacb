"""`triggerfish queues` and `triggerfish queues fail`, of a real service."""

import pytest
from botocore.exceptions import ClientError

from tests.cli.conftest import Run
from tests.serving import Serving


def test_a_queue_is_told_to_fail_and_not_to(run: Run, service: Serving) -> None:
    client, url = service.client("sqs"), f"{service.url}/000000000000/spare"

    told = run("queues", "fail", "spare", "--with", "KmsThrottled", "--times", "2", "--on", "SendMessage").stdout
    listed = run("queues").stdout
    with pytest.raises(ClientError) as refused:
        client.send_message(QueueUrl=url, MessageBody="x")
    left = service.get("queues/spare")["refusal"]
    ended = run("queues", "fail", "spare", "--times", "0").stdout

    assert told == "spare refuses the next 2 SendMessages with KmsThrottled\n"
    assert "spare refuses with KmsThrottled, 2 more of SendMessage" in listed
    assert refused.value.response["Error"]["Code"] == "KMS.ThrottlingException"
    assert left == {"code": "KmsThrottled", "left": 1, "operation": "SendMessage"}
    assert ended == "spare refuses nothing any more\n"
    assert client.send_message(QueueUrl=url, MessageBody="x")["MessageId"]


def test_until_it_is_told_otherwise(run: Run) -> None:
    assert run("queues", "fail", "spare", "--with", "RequestThrottled").stdout == (
        "spare refuses every call with RequestThrottled\n"
    )
    assert "spare refuses with RequestThrottled, until it is told otherwise" in run("queues").stdout
    assert run("queues", "fail", "spare", "--with", "OverLimit", "--times", "1").stdout == (
        "spare refuses the next call with OverLimit\n"
    )


def test_what_sqs_does_not_refuse_with_is_not_taken(run: Run) -> None:
    result = run("queues", "fail", "spare", "--with", "NoSuchThing")

    assert result.exit_code != 0
    assert "SQS does not refuse with 'NoSuchThing'" in result.stderr
    assert run("queues", "fail", "spare").exit_code == 2
    assert run("queues", "fail", "nothing", "--with", "OverLimit").exit_code != 0
