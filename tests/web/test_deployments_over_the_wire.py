"""Functions deployed with boto3 alone, over the loopback: what runs, what is told, and what is refused."""

import io
import json
import shutil
import threading
import time
import zipfile
from base64 import b64decode
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.request import urlopen

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.live import until
from tests.serving import Serving, serving

ROLE = "arn:aws:iam::000000000000:role/worker"
GET_FAILED = "Error occurred while GetObject. S3 Error Code:"
ECHO = """
import json, os

def handler(event, context):
    print("echoing")
    return {
        "event": event, "version": context.function_version, "arn": context.invoked_function_arn,
        "variable": os.environ.get("GREETING"), "root": os.environ["LAMBDA_TASK_ROOT"] == os.getcwd(),
    }
"""


def zipped(files: Mapping[str, str], *, modes: Mapping[str, int] | None = None) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (modes or {}).get(name, 0o644) << 16
            archive.writestr(entry, text)
    return content.getvalue()


SETTINGS = """
images: {"*/worker:*": {http: "%s"}}
functions: {declared: {script: {succeed_after: 0s, payload: {from: script}}}}
"""


class Container(BaseHTTPRequestHandler):
    """Stands for a container: answers what it got."""

    def do_POST(self) -> None:
        body = b'{"image": ' + self.rfile.read(int(self.headers["content-length"])) + b"}"
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Container) as container:
        thread = threading.Thread(target=container.serve_forever)
        thread.start()
        with serving(SETTINGS % f"http://127.0.0.1:{container.server_port}/run") as running:
            yield running
        container.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def lambda_(service: Serving) -> Any:
    return service.client("lambda")


def create(lambda_: Any, name: str, source: str = ECHO, **parameters: Any) -> dict[str, Any]:
    given = {
        "Runtime": "python3.12", "Role": ROLE, "Handler": "app.handler", "Timeout": 10,
        "Code": {"ZipFile": zipped({"app.py": source})}, **parameters,
    }  # fmt: skip
    created: dict[str, Any] = lambda_.create_function(FunctionName=name, **given)
    return created


def invoked(lambda_: Any, name: str, payload: Any = None, **parameters: Any) -> Any:
    answer = lambda_.invoke(FunctionName=name, Payload=json.dumps(payload), **parameters)
    return json.loads(answer["Payload"].read())


def refused(ask: Any, **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refusal:
        ask(**parameters)
    error = refusal.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_function_is_created_waited_for_and_invoked(lambda_: Any) -> None:
    made = create(lambda_, "made", Environment={"Variables": {"GREETING": "hello"}})
    lambda_.get_waiter("function_active_v2").wait(FunctionName="made")
    answer = lambda_.invoke(FunctionName="made", Payload=b'{"id": 7}', LogType="Tail")

    assert (made["State"], made["StateReasonCode"], made["Version"]) == ("Pending", "Creating", "$LATEST")
    assert json.loads(answer["Payload"].read()) == {
        "event": {"id": 7}, "version": "$LATEST", "variable": "hello", "root": True,
        "arn": "arn:aws:lambda:us-east-1:000000000000:function:made",
    }  # fmt: skip
    assert answer["ExecutedVersion"] == "$LATEST"
    assert "LogResult" in answer


def test_a_configuration_has_all_its_members(lambda_: Any) -> None:
    create(lambda_, "shown", Description="d", Tags={"team": "a"})

    told = lambda_.get_function(FunctionName="shown")

    del told["ResponseMetadata"]
    configuration = told["Configuration"]
    for name in ("CodeSha256", "CodeSize", "LastModified", "RevisionId", "RuntimeVersionConfig"):
        assert configuration.pop(name)
    assert configuration == {
        "FunctionName": "shown", "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:shown",
        "Runtime": "python3.12", "Role": ROLE, "Handler": "app.handler", "Description": "d", "Timeout": 10,
        "MemorySize": 128, "Version": "$LATEST", "TracingConfig": {"Mode": "PassThrough"}, "State": "Active",
        "LastUpdateStatus": "Successful", "PackageType": "Zip", "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512}, "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/shown"},
    }  # fmt: skip
    assert told["Tags"] == {"team": "a"}
    assert told["Code"]["RepositoryType"] == "S3"


def test_the_code_can_be_fetched_again(lambda_: Any) -> None:
    create(lambda_, "fetched")

    location = lambda_.get_function(FunctionName="fetched")["Code"]["Location"]

    with urlopen(location) as answer:  # noqa: S310 - our own
        assert zipfile.ZipFile(io.BytesIO(answer.read())).namelist() == ["app.py"]


def test_versions_and_aliases_run_the_code_they_name(lambda_: Any) -> None:
    first, second = (f"def handler(event, context): return {word!r}" for word in ("first", "second"))
    create(lambda_, "versioned", first, Publish=True)
    lambda_.create_alias(FunctionName="versioned", Name="live", FunctionVersion="1")
    lambda_.update_function_code(FunctionName="versioned", ZipFile=zipped({"app.py": second}))
    lambda_.get_waiter("function_updated_v2").wait(FunctionName="versioned")
    lambda_.publish_version(FunctionName="versioned")

    assert [invoked(lambda_, name) for name in ("versioned", "versioned:1", "versioned:live", "versioned:2")] == [
        "second", "first", "first", "second",
    ]  # fmt: skip
    answer = lambda_.invoke(FunctionName="versioned", Qualifier="live")
    assert answer["ExecutedVersion"] == "1"
    lambda_.update_alias(FunctionName="versioned", Name="live", FunctionVersion="2")
    assert invoked(lambda_, "versioned", Qualifier="live") == "second"
    versions = lambda_.list_versions_by_function(FunctionName="versioned")["Versions"]
    assert [version["Version"] for version in versions] == ["$LATEST", "1", "2"]
    assert versions[1]["FunctionArn"].endswith(":versioned:1")


def test_a_version_sees_what_it_is_called(lambda_: Any) -> None:
    create(lambda_, "named", Publish=True)
    lambda_.create_alias(FunctionName="named", Name="live", FunctionVersion="1")

    answer = invoked(lambda_, "named:live")
    told = lambda_.get_function_configuration(FunctionName="named", Qualifier="live")

    assert (answer["version"], answer["arn"].rpartition(":")[2]) == ("1", "live")
    assert (told["Version"], told["FunctionArn"].rpartition(":")[2]) == ("1", "live")


def test_the_package_may_lie_in_our_own_object_store(service: Serving, lambda_: Any) -> None:
    s3 = service.client("s3")
    s3.create_bucket(Bucket="packages")
    s3.put_object(Bucket="packages", Key="a b/app.zip", Body=zipped({"app.py": ECHO}))

    create(lambda_, "stored", Code={"S3Bucket": "packages", "S3Key": "a b/app.zip"})

    assert invoked(lambda_, "stored", 1)["event"] == 1
    assert refused(lambda_.update_function_code, FunctionName="stored", S3Bucket="packages", S3Key="none") == (
        "InvalidParameterValueException",
        f"{GET_FAILED} NoSuchKey. S3 Error Message: The specified key does not exist.",
    )
    assert refused(lambda_.update_function_code, FunctionName="stored", S3Bucket="nowhere", S3Key="none") == (
        "InvalidParameterValueException",
        f"{GET_FAILED} NoSuchBucket. S3 Error Message: The specified bucket does not exist",
    )


def test_layers_are_where_the_runtime_looks_for_them(lambda_: Any) -> None:
    content = zipped({"python/greeting.py": "WORD = 'from the layer'"})
    layer = lambda_.publish_layer_version(
        LayerName="words", Content={"ZipFile": content}, CompatibleRuntimes=["python3.12"]
    )
    source = "import greeting\ndef handler(event, context): return greeting.WORD"
    create(lambda_, "layered", source, Layers=[layer["LayerVersionArn"]])

    assert invoked(lambda_, "layered") == "from the layer"
    assert lambda_.get_layer_version_by_arn(Arn=layer["LayerVersionArn"])["Content"]["CodeSize"] == len(content)
    assert [each["Version"] for each in lambda_.list_layer_versions(LayerName="words")["LayerVersions"]] == [1]
    assert [each["LayerName"] for each in lambda_.list_layers(CompatibleRuntime="python3.12")["Layers"]] == ["words"]
    assert lambda_.list_layers(CompatibleRuntime="java21")["Layers"] == []
    (used,) = lambda_.get_function_configuration(FunctionName="layered")["Layers"]
    assert used == {"Arn": layer["LayerVersionArn"], "CodeSize": len(content)}


@pytest.mark.real
@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_nodes_modules_of_a_layer_are_found_and_the_later_layer_wins(lambda_: Any) -> None:
    layers = [
        lambda_.publish_layer_version(
            LayerName=name,
            Content={"ZipFile": zipped({"nodejs/node_modules/word/index.js": f"module.exports = '{name}'"})},
        )["LayerVersionArn"]
        for name in ("earlier", "later")
    ]
    source = "exports.handler = async () => require('word')"
    create(
        lambda_, "noded", Runtime="nodejs22.x", Layers=layers, Code={"ZipFile": zipped({"app.js": source})}
    )  # fmt: skip

    assert invoked(lambda_, "noded") == "later"


def test_a_bootstrap_runs_with_its_run_bit_and_not_without(lambda_: Any) -> None:
    bootstrap = """#!/bin/sh
        url="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
        while true; do
          next=$(curl -sS -D - -o /dev/null "$url/invocation/next" | tr -d '\\r')
          id=$(echo "$next" | sed -n 's/^lambda-runtime-aws-request-id: //Ip')
          curl -sS -o /dev/null -X POST "$url/invocation/$id/response" -d '"from a shell"'
        done
        """
    given = {"Runtime": "provided.al2023", "Handler": "none"}
    create(lambda_, "shell", Code={"ZipFile": zipped({"bootstrap": bootstrap}, modes={"bootstrap": 0o755})}, **given)
    create(lambda_, "unrun", Code={"ZipFile": zipped({"bootstrap": bootstrap})}, **given)

    failed = invoked(lambda_, "unrun")

    assert invoked(lambda_, "shell") == "from a shell"
    assert failed["errorType"] == "Runtime.InvalidEntrypoint"
    assert "permission denied" in failed["errorMessage"]


@pytest.mark.parametrize(
    ("name", "source", "parameters", "error_type"),
    [
        ("no-module", ECHO, {"Handler": "other.handler"}, "Runtime.ImportModuleError"),
        ("no-handler", ECHO, {"Handler": "app.other"}, "Runtime.HandlerNotFound"),
        ("raises", "raise RuntimeError('at import')", {}, "RuntimeError"),
        ("java", ECHO, {"Runtime": "java21"}, "Runtime.InvalidEntrypoint"),
        ("empty-bootstrap", ECHO, {"Runtime": "provided.al2023"}, "Runtime.InvalidEntrypoint"),
    ],
)
def test_what_cannot_be_initialised_is_deployed_and_fails_when_invoked(
    lambda_: Any, name: str, source: str, parameters: dict[str, Any], error_type: str
) -> None:
    create(lambda_, name, source, **parameters)

    answer = lambda_.invoke(FunctionName=name, LogType="Tail")

    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read())["errorType"] == error_type


def test_an_image_runs_where_a_setting_says(lambda_: Any) -> None:
    uri = "000000000000.dkr.ecr.us-east-1.amazonaws.com/worker:1"
    lambda_.create_function(FunctionName="imaged", Role=ROLE, PackageType="Image", Code={"ImageUri": uri})

    told = lambda_.get_function(FunctionName="imaged")

    assert invoked(lambda_, "imaged", 7) == {"image": 7}
    assert told["Code"] == {"RepositoryType": "ECR", "ImageUri": uri, "ResolvedImageUri": uri}
    other = uri.replace("worker", "other")
    code, message = refused(lambda_.update_function_code, FunctionName="imaged", ImageUri=other)
    assert code == "InvalidParameterValueException"
    assert message.startswith(f"Source image {other} does not exist. Provide a valid source image")


def test_a_deleted_function_is_gone_with_its_versions(lambda_: Any) -> None:
    create(lambda_, "short-lived", Publish=True)
    invoked(lambda_, "short-lived:1")
    lambda_.delete_function(FunctionName="short-lived")

    assert refused(lambda_.get_function, FunctionName="short-lived") == (
        "ResourceNotFoundException",
        "Function not found: arn:aws:lambda:us-east-1:000000000000:function:short-lived",
    )
    assert refused(lambda_.invoke, FunctionName="short-lived:1")[0] == "ResourceNotFoundException"


def test_an_invocation_in_progress_ends_on_the_old_code(service: Serving, lambda_: Any) -> None:
    source = "import time\ndef handler(event, context):\n    time.sleep(0.5)\n    return 'old'"
    create(lambda_, "slow", source)
    invoked(lambda_, "slow")
    service.get("functions/slow")  # the control API takes a moment to load
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(invoked, service.client("lambda"), "slow")
        deadline = time.monotonic() + 5
        while not service.get("functions/slow").get("in_flight"):
            assert time.monotonic() < deadline, "it did not begin"
        new = "def handler(event, context): return 'new'"
        lambda_.update_function_code(FunctionName="slow", ZipFile=zipped({"app.py": new}))

        assert invoked(lambda_, "slow") == "new"
        assert running.result(timeout=10) == "old"


def until_ready(lambda_: Any, name: str) -> dict[str, Any]:
    """The provisioned concurrency of version 1, once its environments have been started or have failed."""

    def shown() -> dict[str, Any] | None:
        config: dict[str, Any] = lambda_.get_provisioned_concurrency_config(FunctionName=name, Qualifier="1")
        return config if config["Status"] != "IN_PROGRESS" else None

    return until(shown) or {}


def test_provisioned_environments_are_warm_before_the_first_call(lambda_: Any, service: Serving) -> None:
    source = "import os\ndef handler(event, context): return os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']"
    create(lambda_, "ready", source, Publish=True)
    put = lambda_.put_provisioned_concurrency_config(
        FunctionName="ready", Qualifier="1", ProvisionedConcurrentExecutions=2
    )
    until_ready(lambda_, "ready")

    invoked = lambda_.invoke(FunctionName="ready", Qualifier="1", LogType="Tail")
    latest = lambda_.invoke(FunctionName="ready")

    assert put["Status"] == "IN_PROGRESS"
    assert (json.load(invoked["Payload"]), json.load(latest["Payload"])) == ("provisioned-concurrency", "on-demand")
    assert "Init Duration" not in b64decode(invoked["LogResult"]).decode()
    metrics = {metric["name"]: metric for metric in service.get("metrics?function=ready")[0]["metrics"]}
    assert metrics["ProvisionedConcurrencyInvocations"]["sum"] == 1
    assert metrics["ProvisionedConcurrencyUtilization"]["maximum"] == 0.5


def test_a_version_that_cannot_start_fails_its_provisioned_concurrency(lambda_: Any) -> None:
    create(lambda_, "broken", "raise ValueError('no')", Publish=True)
    lambda_.put_provisioned_concurrency_config(FunctionName="broken", Qualifier="1", ProvisionedConcurrentExecutions=1)

    config = until_ready(lambda_, "broken")

    assert (config["Status"], config["StatusReason"]) == ("FAILED", "FUNCTION_ERROR_INIT_FAILURE")
    assert config["AvailableProvisionedConcurrentExecutions"] == 0


def test_permissions_tags_and_provisioned_concurrency_over_the_wire(lambda_: Any) -> None:
    create(lambda_, "papers", Publish=True)
    statement = lambda_.add_permission(
        FunctionName="papers", StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com",
        SourceArn="arn:aws:s3:::photos", SourceAccount="000000000000",
    )["Statement"]  # fmt: skip
    policy = json.loads(lambda_.get_policy(FunctionName="papers")["Policy"])
    arn = lambda_.get_function(FunctionName="papers")["Configuration"]["FunctionArn"]
    lambda_.tag_resource(Resource=arn, Tags={"team": "a", "env": "dev"})
    lambda_.untag_resource(Resource=arn, TagKeys=["env"])
    lambda_.put_provisioned_concurrency_config(FunctionName="papers", Qualifier="1", ProvisionedConcurrentExecutions=1)

    assert policy["Statement"] == [json.loads(statement)]
    assert lambda_.list_tags(Resource=arn)["Tags"] == {"team": "a"}
    provisioned = until_ready(lambda_, "papers")
    assert (provisioned["Status"], provisioned["AvailableProvisionedConcurrentExecutions"]) == ("READY", 1)
    lambda_.remove_permission(FunctionName="papers", StatementId="s3")
    assert refused(lambda_.get_policy, FunctionName="papers")[0] == "ResourceNotFoundException"


def test_a_declared_function_is_seen_and_changed_in_what_is_known_of_it(lambda_: Any) -> None:
    lambda_.update_function_configuration(FunctionName="declared", Timeout=9)
    lambda_.publish_version(FunctionName="declared")
    lambda_.create_alias(FunctionName="declared", Name="live", FunctionVersion="1")

    assert lambda_.get_function_configuration(FunctionName="declared")["Timeout"] == 9
    assert invoked(lambda_, "declared:live") == {"from": "script"}


def test_account_settings_tell_limits_and_use(lambda_: Any) -> None:
    settings = lambda_.get_account_settings()

    assert settings["AccountLimit"]["ConcurrentExecutions"] == 1000
    assert settings["AccountUsage"]["FunctionCount"] >= 1


def test_a_permission_that_is_missing_is_among_the_warnings(service: Serving, lambda_: Any) -> None:
    function = create(lambda_, "unpermitted")["FunctionArn"]
    s3 = service.client("s3")
    s3.create_bucket(Bucket="unpermitted")
    rule = {"LambdaFunctionArn": function, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket="unpermitted", NotificationConfiguration={"LambdaFunctionConfigurations": [rule]}
    )
    for key in ("one", "two"):
        s3.put_object(Bucket="unpermitted", Key=key, Body=b"x")

    (warning,) = [each for each in service.get("warnings") if each["function"] == "unpermitted"]
    assert (warning["kind"], warning["path"], warning["chain"]) == ("permission", ["arn:aws:s3:::unpermitted"], None)
    assert warning["text"] == (
        "s3.amazonaws.com has no permission to invoke unpermitted for arn:aws:s3:::unpermitted: AWS would not let it"
    )


def test_what_a_function_calls_is_in_its_own_account_and_region(service: Serving) -> None:
    here = {"key": "111122223333", "region": "eu-west-1"}
    lambda_, sqs = (
        boto3.client(
            name, endpoint_url=service.url, region_name=here["region"], aws_access_key_id=here["key"],
            aws_secret_access_key="any",
        )
        for name in ("lambda", "sqs")
    )  # fmt: skip
    sqs.create_queue(QueueName="abroad")
    source = "import boto3\ndef handler(event, context): return boto3.client('sqs').get_queue_url(QueueName='abroad')"
    create(lambda_, "abroad", source)

    assert invoked(lambda_, "abroad")["QueueUrl"].endswith("/111122223333/abroad")


def is_there(service: Serving, location: str) -> bool:
    """Whether the package at a `Code.Location` can be had."""
    return service.ask("GET", location.partition(f":{service.port}")[2]).status == 200


def test_a_package_goes_with_the_last_that_has_it(service: Serving, lambda_: Any) -> None:
    create(lambda_, "fleeting", "first = 1\n" + ECHO, Publish=True)
    first = lambda_.get_function(FunctionName="fleeting")["Code"]["Location"]
    lambda_.invoke(FunctionName="fleeting")
    lambda_.update_function_code(FunctionName="fleeting", ZipFile=zipped({"app.py": "second = 1\n" + ECHO}))
    second = lambda_.get_function(FunctionName="fleeting")["Code"]["Location"]

    still = is_there(service, first)
    lambda_.delete_function(FunctionName="fleeting", Qualifier="1")
    until(lambda: not is_there(service, first))
    answer = json.loads(lambda_.invoke(FunctionName="fleeting")["Payload"].read())
    lambda_.delete_function(FunctionName="fleeting")

    assert still, "version 1 has it"
    assert answer["version"] == "$LATEST"
    until(lambda: not is_there(service, second))


def test_a_package_that_was_refused_is_not_kept(service: Serving, lambda_: Any) -> None:
    create(lambda_, "twice", "third = 1\n" + ECHO)
    location = lambda_.get_function(FunctionName="twice")["Code"]["Location"]
    other = zipped({"app.py": "fourth = 1\n" + ECHO})

    with pytest.raises(lambda_.exceptions.ResourceConflictException):
        lambda_.create_function(
            FunctionName="twice", Role=ROLE, Runtime="python3.12", Handler="app.handler", Code={"ZipFile": other}
        )

    known = location.rpartition("/")[2]
    assert is_there(service, location)
    assert not is_there(service, location.replace(known, f"{sha256(other).hexdigest()}.zip"))


def test_a_function_that_takes_more_memory_than_it_has_is_killed_and_the_service_lives() -> None:
    source = (
        "def handler(event, context):\n    kept = [bytearray(10_000_000) for _ in range(event)]\n    return len(kept)\n"
    )
    with serving("enforce_memory: cgroup") as service:
        client = service.client("lambda")
        create(client, "hungry", source)

        small = client.invoke(FunctionName="hungry", Payload=b"2")
        large = client.invoke(FunctionName="hungry", Payload=b"100", LogType="Tail")
        again = client.invoke(FunctionName="hungry", Payload=b"1")

    assert json.loads(small["Payload"].read()) == 2
    request_id = large["ResponseMetadata"]["RequestId"]
    assert json.loads(large["Payload"].read()) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {request_id} Error: Runtime exited with error: signal: killed",
    }
    assert "Status: error\tError Type: Runtime.ExitError" in b64decode(large["LogResult"]).decode()
    assert json.loads(again["Payload"].read()) == 1
