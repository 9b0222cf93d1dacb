"""An app of two functions, deployed with boto3 alone and again with the AWS CLI, of both versions: what arrives at one
end comes out at the other. Another one is deployed and called with the SDK for JavaScript.

A photo that is put into a bucket makes the first function write an order; the queue makes the second function
write a receipt into the bucket.
"""

import io
import json
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws.cli import Aws
from tests.live import Live, clean_environ, live, until
from tests.tools import node_sdk

pytestmark = pytest.mark.real

RECEIVER = """
import json, os, boto3

def handler(event, context):
    key = event["Records"][0]["s3"]["object"]["key"]
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps({"photo": key}))
"""
CLERK = """
import json, boto3, paper

def handler(event, context):
    for record in event["Records"]:
        photo = json.loads(record["body"])["photo"]
        boto3.client("s3").put_object(
            Bucket="photos", Key="receipts/" + photo.split("/")[-1], Body=paper.receipt(photo, context)
        )
"""
PAPER = """
def receipt(photo, context):
    return f"{photo} by version {context.function_version}".encode()
"""
TRUST = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
    "Action": "sts:AssumeRole"}]}"""
QUEUES = "arn:aws:iam::aws:policy/AmazonSQSFullAccess"
SETTINGS = "enforce_permissions: true"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Live]:
    folder = tmp_path / "service"
    folder.mkdir()
    with live(folder, SETTINGS) as running:
        yield running


def zipped(name: str, source: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(name, source)
    return content.getvalue()


def receipt_in(service: Live) -> bytes:
    """What the second function has written, as soon as it has."""
    s3 = service.client("s3")
    until(lambda: s3.list_objects_v2(Bucket="photos", Prefix="receipts/").get("Contents"))
    body: bytes = s3.get_object(Bucket="photos", Key="receipts/cat.jpg")["Body"].read()
    return body


def test_with_boto3(service: Live) -> None:
    iam, lambda_, sqs, s3 = (service.client(name) for name in ("iam", "lambda", "sqs", "s3"))
    role = iam.create_role(RoleName="app", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    iam.attach_role_policy(RoleName="app", PolicyArn=QUEUES)
    queue = sqs.create_queue(QueueName="orders")["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    s3.create_bucket(Bucket="photos")
    common = {"Role": role, "Runtime": "python3.12", "Timeout": 20}
    receiver = lambda_.create_function(
        FunctionName="receiver", Handler="app.handler", Code={"ZipFile": zipped("app.py", RECEIVER)},
        Environment={"Variables": {"QUEUE": queue}}, **common,
    )["FunctionArn"]  # fmt: skip
    layer = lambda_.publish_layer_version(LayerName="paper", Content={"ZipFile": zipped("python/paper.py", PAPER)})
    lambda_.create_function(
        FunctionName="clerk", Handler="app.handler", Code={"ZipFile": zipped("app.py", CLERK)}, Publish=True,
        Layers=[layer["LayerVersionArn"]], **common,
    )  # fmt: skip
    lambda_.get_waiter("function_active_v2").wait(FunctionName="clerk")
    live_arn = lambda_.create_alias(FunctionName="clerk", Name="live", FunctionVersion="1")["AliasArn"]
    lambda_.create_event_source_mapping(EventSourceArn=queue_arn, FunctionName=live_arn)
    lambda_.add_permission(
        FunctionName="receiver", StatementId="photos", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com",
        SourceArn="arn:aws:s3:::photos", SourceAccount="000000000000",
    )  # fmt: skip
    rule = {
        "LambdaFunctionArn": receiver, "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}]}},
    }  # fmt: skip
    s3.put_bucket_notification_configuration(
        Bucket="photos", NotificationConfiguration={"LambdaFunctionConfigurations": [rule]}
    )

    s3.put_object(Bucket="photos", Key="in/cat.jpg", Body=b"a cat")

    assert receipt_in(service) == b"in/cat.jpg by version 1"


def test_with_the_aws_cli(service: Live, any_aws: Aws, tmp_path: Path) -> None:
    aws = any_aws
    (tmp_path / "receiver.zip").write_bytes(zipped("app.py", RECEIVER))
    (tmp_path / "clerk.zip").write_bytes(zipped("app.py", CLERK))
    (tmp_path / "paper.zip").write_bytes(zipped("python/paper.py", PAPER))
    (tmp_path / "cat.jpg").write_bytes(b"a cat")
    queue = aws.json("sqs", "create-queue", "--queue-name", "orders")["QueueUrl"]
    aws.json("s3api", "create-bucket", "--bucket", "photos")
    aws.json("s3api", "put-object", "--bucket", "photos", "--key", "code/receiver.zip", "--body", "receiver.zip")
    role = aws.json("iam", "create-role", "--role-name", "app", "--assume-role-policy-document", TRUST)["Role"]["Arn"]
    aws.json("iam", "attach-role-policy", "--role-name", "app", "--policy-arn", QUEUES)
    common = ("--role", role, "--runtime", "python3.12", "--handler", "app.handler", "--timeout", "20")
    receiver = aws.json(
        "lambda", "create-function", "--function-name", "receiver", "--code",
        "S3Bucket=photos,S3Key=code/receiver.zip", "--environment", f"Variables={{QUEUE={queue}}}", *common,
    )["FunctionArn"]  # fmt: skip
    layer = aws.json("lambda", "publish-layer-version", "--layer-name", "paper", "--zip-file", "fileb://paper.zip")
    aws.json(
        "lambda", "create-function", "--function-name", "clerk", "--zip-file", "fileb://clerk.zip", "--publish",
        "--layers", layer["LayerVersionArn"], *common,
    )  # fmt: skip
    aws.json("lambda", "wait", "function-active-v2", "--function-name", "clerk")
    aws.json("lambda", "create-alias", "--function-name", "clerk", "--name", "live", "--function-version", "1")
    aws.json(
        "lambda", "create-event-source-mapping", "--function-name", "clerk:live", "--event-source-arn",
        "arn:aws:sqs:us-east-1:000000000000:orders",
    )  # fmt: skip
    aws.json(
        "lambda", "add-permission", "--function-name", "receiver", "--statement-id", "photos", "--action",
        "lambda:InvokeFunction", "--principal", "s3.amazonaws.com", "--source-arn", "arn:aws:s3:::photos",
    )  # fmt: skip
    rule = {
        "LambdaFunctionArn": receiver, "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}]}},
    }  # fmt: skip
    aws.json(
        "s3api", "put-bucket-notification-configuration", "--bucket", "photos", "--notification-configuration",
        json.dumps({"LambdaFunctionConfigurations": [rule]}),
    )  # fmt: skip

    aws.json("s3api", "put-object", "--bucket", "photos", "--key", "in/cat.jpg", "--body", "cat.jpg")

    assert receipt_in(service) == b"in/cat.jpg by version 1"
    policy = json.loads(aws.json("lambda", "get-policy", "--function-name", "receiver")["Policy"])
    assert policy["Statement"][0]["Principal"] == {"Service": "s3.amazonaws.com"}
    versions = aws.json("lambda", "list-versions-by-function", "--function-name", "clerk")["Versions"]
    assert [version["Version"] for version in versions] == ["$LATEST", "1"]


SCRIPT = """
import { readFileSync } from "node:fs";
import {
  CreateEventSourceMappingCommand, CreateFunctionCommand, InvokeCommand, InvokeWithResponseStreamCommand, LambdaClient,
  waitUntilFunctionActiveV2,
} from "@aws-sdk/client-lambda";
import { CreateQueueCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

const lambda = new LambdaClient({});
const sqs = new SQSClient({});
const deploy = (FunctionName, Handler) => lambda.send(new CreateFunctionCommand({
  FunctionName, Handler, Role: "arn:aws:iam::000000000000:role/app", Runtime: "nodejs20.x", Timeout: 20,
  Code: { ZipFile: readFileSync("app.zip") },
}));
await deploy("echo", "app.handler");
await deploy("stream", "app.streaming");
await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 20 }, { FunctionName: "echo" });
const answer = await lambda.send(new InvokeCommand({ FunctionName: "echo", Payload: '{"n": 7}', LogType: "Tail" }));
const failed = await lambda.send(new InvokeCommand({ FunctionName: "echo", Payload: '"fail"' }));
const missing = await lambda.send(new InvokeCommand({ FunctionName: "nobody" })).catch((error) => error);
const streamed = await lambda.send(new InvokeWithResponseStreamCommand({ FunctionName: "stream" }));
const pieces = [];
let complete;
for await (const event of streamed.EventStream) {
  if (event.PayloadChunk) pieces.push(Buffer.from(event.PayloadChunk.Payload).toString());
  if (event.InvokeComplete) complete = event.InvokeComplete;
}
const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "orders" }));
const mapping = await lambda.send(new CreateEventSourceMappingCommand({
  EventSourceArn: "arn:aws:sqs:us-east-1:000000000000:orders", FunctionName: "echo", BatchSize: 1,
}));
const sent = await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "from Node" }));
console.log(JSON.stringify({
  answer: JSON.parse(Buffer.from(answer.Payload).toString()),
  log: Buffer.from(answer.LogResult, "base64").toString(),
  error: failed.FunctionError,
  missing: [missing.name, missing.$metadata.httpStatusCode],
  streamed: pieces.join(""), ended: complete !== undefined && complete.ErrorCode === undefined,
  mapped: mapping.FunctionArn, sent: sent.MD5OfMessageBody,
}));
"""
NODE = """
exports.handler = async (event) => {
  if (event === "fail") throw new Error("told to");
  console.log("got", JSON.stringify(event));
  return event;
};
exports.streaming = awslambda.streamifyResponse(async (event, stream) => {
  for (const piece of ["one ", "two ", "three"]) stream.write(piece);
  stream.end();
});
"""


def test_with_the_sdk_for_javascript(service: Live, tmp_path: Path) -> None:
    packages = node_sdk()
    (tmp_path / "node_modules").symlink_to(packages)
    (tmp_path / "app.zip").write_bytes(zipped("app.js", NODE))
    (tmp_path / "deploy.mjs").write_text(SCRIPT, encoding="utf-8")
    account = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}

    done = subprocess.run(
        ["node", "deploy.mjs"], cwd=tmp_path, env={**clean_environ(), **account, "AWS_ENDPOINT_URL": service.url},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["answer"] == {"n": 7}
    assert 'got {"n":7}' in told["log"]
    assert told["error"] == "Unhandled"
    assert told["missing"] == ["ResourceNotFoundException", 404]
    assert (told["streamed"], told["ended"]) == ("one two three", True)
    assert told["mapped"] == "arn:aws:lambda:us-east-1:000000000000:function:echo"
    until(lambda: "from Node" in service.run("logs", "echo").stdout)
