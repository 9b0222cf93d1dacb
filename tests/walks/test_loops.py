"""Real handlers with unmodified SDKs that trigger themselves, through S3 and through SQS, wherever they run.

Classic RIE drops the trace header; there only the access key of the environment tells whose a call is.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.live import Live, live, until
from tests.machine import write
from tests.rie.emulators import HAS_AWSLAMBDARIC, emulator, find_rie
from tests.tools import node_sdk, without

SETTINGS = """
    queues:
      rounds: {VisibilityTimeout: 30, RedrivePolicy: {dead_letter_queue: rounds-dlq, maxReceiveCount: 3}}
      rounds-dlq: {}
    buckets: {wheel: {}}
    """

PYTHON = """
    import boto3

    s3, sqs = boto3.client("s3"), boto3.client("sqs")

    def handler(event, context):
        for record in event["Records"]:
            if "s3" in record:
                s3.put_object(Bucket="wheel", Key=record["s3"]["object"]["key"], Body=b"round")
            else:
                url = sqs.get_queue_url(QueueName="rounds")["QueueUrl"]
                sqs.send_message(QueueUrl=url, MessageBody=record["body"])
    """

NODE = """
    const { SQSClient, GetQueueUrlCommand, SendMessageCommand } = require("@aws-sdk/client-sqs");

    const sqs = new SQSClient({});

    exports.handler = async (event) => {
      for (const record of event.Records) {
        const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: "rounds" }));
        await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: record.body }));
      }
    };
    """

KINDS = ["process", "emulator", "two emulators"]


@asynccontextmanager
async def looping(folder: Path, kind: str) -> AsyncIterator[Live]:
    """A service with the function `again` at an endpoint of this kind, which nothing triggers yet."""
    code = folder / "code"
    write(code, *(("again.js", NODE) if kind == "Node process" else ("again.py", PYTHON)))
    async with AsyncExitStack() as stack:
        service = stack.enter_context(live(folder, SETTINGS))
        entry: dict[str, Any] = {"name": "again", "Timeout": 10}
        if kind == "Node process":
            layer = folder / "layer"
            (layer / "nodejs").mkdir(parents=True)
            (layer / "nodejs/node_modules").symlink_to(node_sdk())
            entry |= {"CodeUri": str(code), "Handler": "again.handler", "Layers": [str(layer)]}
            service.post("functions", entry)
        elif kind == "process":
            service.post("functions", {**entry, "CodeUri": str(code), "Handler": "again.handler"})
        else:
            keys = ["KEYOFONE", "KEYOFTWO"][: 2 if kind == "two emulators" else 1]
            urls = [await stack.enter_async_context(an_emulator(service, code, key)) for key in keys]
            service.post("functions", {**entry, "rie": urls, "access_key_ids": keys})
        yield service


@asynccontextmanager
async def an_emulator(service: Live, code: Path, key: str) -> AsyncIterator[str]:
    """An emulator that runs `again` and whose AWS calls go to the service, signed with this key."""
    variables = {
        "AWS_ENDPOINT_URL": service.url,
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": "again",
    }
    async with emulator(code, handler="again.handler", timeout_s=10, variables=variables) as url:
        yield url


@pytest.fixture(params=[*KINDS, "Node process"])
def kind(request: pytest.FixtureRequest) -> str:
    """Where the function runs; skips what cannot be here."""
    kind: str = request.param
    if "emulator" in kind and (find_rie() is None or not HAS_AWSLAMBDARIC):
        without("no Runtime Interface Emulator: run make tools")
    return kind


def invocations(service: Live) -> int:
    return len([entry for entry in service.get("journal?limit=1000") if entry["fact"] == "InvocationStarted"])


@pytest.mark.real
@pytest.mark.parametrize("kind", KINDS, indirect=True)
async def test_a_loop_through_s3_is_stopped_at_the_seventeenth_invocation(tmp_path: Path, kind: str) -> None:
    async with looping(tmp_path, kind) as service:
        s3 = service.client("s3")
        rule = {
            "LambdaFunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:again",
            "Events": ["s3:ObjectCreated:*"],
        }
        s3.put_bucket_notification_configuration(
            Bucket="wheel", NotificationConfiguration={"LambdaFunctionConfigurations": [rule]}
        )

        s3.put_object(Bucket="wheel", Key="in/spoke", Body=b"first")
        until(lambda: len(service.get("warnings")) == 2)
        service.post("clock/advance", {"duration": "10m"})
        early, stopped = service.get("warnings")
        count = invocations(service)

    assert (early["function"], early["kind"], early["hops"]) == ("again", "early", 2)
    assert early["path"] == ["wheel/in", "again", "wheel/in", "again"]
    assert (stopped["function"], stopped["kind"], stopped["hops"]) == ("again", "stopped", 17)
    assert stopped["path"] == ["wheel/in", "again"] * 17
    assert stopped["chain"] == early["chain"]
    assert count == 16


@pytest.mark.real
@pytest.mark.parametrize("kind", [*KINDS, "Node process"], indirect=True)
async def test_a_loop_through_sqs_ends_in_the_dead_letter_queue(tmp_path: Path, kind: str) -> None:
    async with looping(tmp_path, kind) as service:
        sqs = service.client("sqs")
        service.client("lambda").create_event_source_mapping(
            EventSourceArn="arn:aws:sqs:us-east-1:000000000000:rounds", FunctionName="again"
        )

        sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="rounds")["QueueUrl"], MessageBody="go")
        until(lambda: len(service.get("warnings")) == 2)
        service.post("clock/advance", {"duration": "10m"})
        early, *stopped = service.get("warnings")
        count = invocations(service)
        (letter,) = service.get("dead-letter-queues/rounds-dlq/messages")
        rest = service.get("queues/rounds")

    assert (early["kind"], early["hops"], early["path"]) == ("early", 2, ["rounds", "again", "rounds", "again"])
    assert {(warning["kind"], warning["hops"]) for warning in stopped} == {("stopped", 17)}
    assert count == 16
    attempts = [line for line in letter["story"] if " attempt " in line]
    assert letter["receive_count"] == 3
    assert [line.partition(" attempt ")[2][:10] for line in attempts] == ["1 by again", "2 by again", "3 by again"]
    assert all(": refused, RecursiveInvocationException: " in line for line in attempts)
    assert "moved from rounds to rounds-dlq: received 3 times" in letter["story"][-1]
    assert (rest["visible"], rest["in_flight"]) == (0, 0)


async def test_a_loop_that_aws_would_not_see_runs_on_and_is_warned_of(tmp_path: Path) -> None:
    counts_down = """
        import os
        import boto3

        sqs = boto3.client("sqs")

        def handler(event, context):
            del os.environ["_X_AMZN_TRACE_ID"]  # as with an SDK of before 2023
            rounds = int(event["Records"][0]["body"])
            if rounds > 1:
                url = sqs.get_queue_url(QueueName="rounds")["QueueUrl"]
                sqs.send_message(QueueUrl=url, MessageBody=str(rounds - 1))
        """
    async with looping(tmp_path, "process") as service:
        write(tmp_path / "code", "again.py", counts_down)
        service.post("mappings", {"queue": "rounds", "function": "again"})

        service.post("queues/rounds/messages", {"body": "20"})
        until(lambda: len(service.get("warnings")) == 2)
        service.post("clock/advance", {"duration": "1s"})
        early, unseen = service.get("warnings")
        count = invocations(service)

    assert early["kind"] == "early"
    assert (unseen["kind"], unseen["hops"]) == ("unseen", 17)
    assert "runs on, and AWS would not stop it" in unseen["text"]
    assert count == 20
