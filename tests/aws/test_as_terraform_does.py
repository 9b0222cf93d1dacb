"""Each resource of Terraform's AWS provider against the service, by the calls that the provider makes: what was
written is read back, so that a second plan would be empty; and what was deleted is gone.

The provider's own waits are made: functions and mappings take a moment here to become active.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from tests.aws import terraform
from tests.aws.terraform import Clients, Values
from tests.serving import serving

SETTINGS = "limits: {function_transition: 50ms, mapping_transition: 50ms, provisioned_transition: 50ms}"
ROLE = "arn:aws:iam::000000000000:role/app"
LAMBDA = "arn:aws:lambda:us-east-1:000000000000"
SQS = "arn:aws:sqs:us-east-1:000000000000"


@pytest.fixture(scope="module")
def client() -> Iterator[Clients]:
    with serving(SETTINGS) as running:
        yield running.client


def package(source: str = "def handler(event, context): return event") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", source)
    return content.getvalue()


def function(name: str, **more: Any) -> Values:
    """A function's configuration, with the provider's defaults."""
    return {
        "function_name": name, "role": ROLE, "handler": "app.handler", "runtime": "python3.12", "memory_size": 128,
        "timeout": 3, "filename": package(), **more,
    }  # fmt: skip


def text(document: Any) -> str:
    """JSON as jsonencode writes it."""
    return json.dumps(document, sort_keys=True)


def plan(config: Values, state: Values | None) -> Values:
    """What a plan would change: by key, what is there and what is wanted. What was left out is as the provider's schema
    has it: computed, or empty."""
    assert state is not None, "it is not there"
    unseen = {"filename", "publish"}
    wanted = {key: value for key, value in config.items() if key not in unseen}
    blocks: Values = {key: [] for key, value in state.items() if isinstance(value, list) and key not in _COMPUTED}
    tags: Values = {"tags": {}} if "tags" in state else {}
    return {
        key: (state.get(key), value)
        for key, value in {**blocks, **tags, **wanted}.items()
        if not _is_like(state.get(key), value)
    }


_COMPUTED = {"architectures", "ephemeral_storage", "tracing_config", "logging_config"}
"""Blocks and lists that have a value also where nothing is configured."""


def _is_like(told: Any, wanted: Any) -> bool:
    """Whether a plan sees no difference: what is left out of a block may have any value."""
    if isinstance(wanted, list) and isinstance(told, list):
        return len(wanted) == len(told) and all(map(_is_like, told, wanted))
    if isinstance(wanted, dict) and isinstance(told, dict) and told.keys() >= wanted.keys():
        return all(_is_like(told[key], value) for key, value in wanted.items())
    return bool(told == wanted)


def live(kind: type[terraform.Resource], client: Clients, config: Values, *changes: Values) -> Values:
    """Apply a configuration and then each change of it, planning again after each; then destroy it. Gives the first
    state."""
    resource = kind(client)
    id_ = resource.create(config)
    first = resource.read(id_)
    assert plan(config, first) == {}
    for new in changes:
        resource.update(id_, config, new)
        assert plan(new, resource.read(id_)) == {}
        config = new
    resource.delete(id_)
    assert resource.read(id_) is None
    assert first is not None
    return first


@pytest.fixture
def worker(client: Clients) -> Iterator[str]:
    """A function to which the other resources belong, with versions 1 and 2."""
    resource = terraform.Function(client)
    config = function("worker", publish=True)
    resource.create(config)
    resource.update("worker", config, function("worker", publish=True, filename=package("x = 2\n")))
    yield "worker"
    resource.delete("worker")


@pytest.fixture
def orders(client: Clients) -> Iterator[str]:
    """A queue, and its ARN."""
    url = terraform.Queue(client).create({"name": "orders"})
    yield f"{SQS}:orders"
    terraform.Queue(client).delete(url)


def test_a_bare_function(client: Clients) -> None:
    state = live(terraform.Function, client, function("bare"))

    assert state["arn"] == f"{LAMBDA}:function:bare"
    assert (state["version"], state["qualified_arn"]) == ("$LATEST", f"{LAMBDA}:function:bare:$LATEST")
    assert state["reserved_concurrent_executions"] == -1
    assert state["logging_config"] == [{"log_format": "Text", "log_group": "/aws/lambda/bare"}]
    assert (state["ephemeral_storage"], state["tracing_config"]) == ([{"size": 512}], [{"mode": "PassThrough"}])
    assert state["code_signing_config_arn"] == ""


def test_a_function_with_every_block_and_then_without(client: Clients, orders: str) -> None:
    layer = terraform.LayerVersion(client).create({"layer_name": "tools", "filename": package()})
    full = function(
        "full", description="all of it", publish=True, timeout=30, memory_size=256, architectures=["arm64"],
        environment=[{"variables": {"QUEUE": orders, "EMPTY": ""}}], dead_letter_config=[{"target_arn": orders}],
        ephemeral_storage=[{"size": 1024}], tracing_config=[{"mode": "Active"}], layers=[layer],
        logging_config=[{"log_format": "JSON", "application_log_level": "DEBUG", "system_log_level": "WARN"}],
        vpc_config=[{"subnet_ids": ["subnet-0a"], "security_group_ids": ["sg-0a"],
                     "ipv6_allowed_for_dual_stack": False}],
        file_system_config=[{
            "arn": "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-0123456789abcdef0",
            "local_mount_path": "/mnt/files",
        }],
        kms_key_arn="arn:aws:kms:us-east-1:000000000000:key/8f1f1f3c-0000-4000-8000-000000000000",
        snap_start=[{"apply_on": "PublishedVersions"}], reserved_concurrent_executions=7, tags={"team": "shop"},
    )  # fmt: skip
    bare = function(
        "full", description="", publish=True, ephemeral_storage=[{"size": 1024}], tracing_config=[{"mode": "Active"}],
        logging_config=[{"log_format": "Text"}], architectures=["x86_64"], filename=package("x = 3\n"),
    )  # fmt: skip

    state = live(terraform.Function, client, full, bare, {**full, "reserved_concurrent_executions": 0}, full)

    assert (state["version"], state["qualified_arn"]) == ("1", f"{LAMBDA}:function:full:1")
    terraform.LayerVersion(client).delete(layer)


def test_a_function_whose_code_is_in_a_bucket(client: Clients) -> None:
    client("s3").create_bucket(Bucket="code")
    client("s3").put_object(Bucket="code", Key="app.zip", Body=package())
    config = function("stored", s3_bucket="code", s3_key="app.zip")
    del config["filename"]
    resource = terraform.Function(client)

    resource.create(config)

    state = resource.read("stored")
    assert state is not None
    assert state["source_code_size"] == len(package())
    resource.delete("stored")


def test_an_alias(client: Clients, worker: str) -> None:
    weighted = [{"additional_version_weights": {"2": 0.25}}]
    config = {"name": "live", "function_name": worker, "function_version": "1", "routing_config": weighted}
    plain = {"name": "live", "function_name": worker, "function_version": "2", "description": "now the second"}

    state = live(terraform.Alias, client, config, plain, config)

    assert state["arn"] == f"{LAMBDA}:function:worker:live"


PERMISSIONS: list[Values] = [
    {"principal": "s3.amazonaws.com", "source_arn": "arn:aws:s3:::photos", "source_account": "000000000000"},
    {"principal": "events.amazonaws.com", "source_arn": f"{LAMBDA.replace('lambda', 'events')}:rule/hourly"},
    {"principal": "sns.amazonaws.com", "qualifier": "1"},
    {"principal": "arn:aws:iam::111111111111:root"},
    {"principal": "arn:aws:iam::111111111111:role/caller"},
    {"principal": "*", "principal_org_id": "o-a1b2c3d4e5"},
    {"principal": "alexa-appkit.amazon.com", "event_source_token": "amzn1.ask.skill.1"},
    {"principal": "*", "action": "lambda:InvokeFunctionUrl", "function_url_auth_type": "NONE"},
    {"principal": "*", "invoked_via_function_url": True},
]


@pytest.mark.parametrize("more", PERMISSIONS, ids=lambda more: "-".join([more["principal"], *sorted(more)[:1]]))
def test_a_permission(client: Clients, worker: str, more: Values) -> None:
    config = {"function_name": worker, "statement_id": "AllowIt", "action": "lambda:InvokeFunction", **more}

    live(terraform.Permission, client, config)


def test_a_layer_version(client: Clients) -> None:
    config = {
        "layer_name": "paper", "filename": package(), "description": "a layer", "license_info": "Apache-2.0",
        "compatible_runtimes": ["python3.12", "python3.13"], "compatible_architectures": ["arm64", "x86_64"],
    }  # fmt: skip

    first = live(terraform.LayerVersion, client, config)
    second = live(terraform.LayerVersion, client, {"layer_name": "paper", "filename": package()})

    assert (first["version"], second["version"]) == ("1", "2")
    assert first["arn"] == f"{LAMBDA}:layer:paper:1"


def test_an_event_source_mapping(client: Clients, worker: str, orders: str) -> None:
    plain = {"event_source_arn": orders, "function_name": worker, "batch_size": 10}
    full = {
        **plain, "batch_size": 100, "maximum_batching_window_in_seconds": 5, "enabled": False, "tags": {"a": "b"},
        "function_response_types": ["ReportBatchItemFailures"], "scaling_config": [{"maximum_concurrency": 5}],
        "filter_criteria": [{"filter": [{"pattern": text({"body": {"kind": ["order"]}})}]}],
    }  # fmt: skip

    state = live(terraform.EventSourceMapping, client, plain, full, {**plain, "function_name": f"{worker}:1"}, full)

    assert (state["state"], state["state_transition_reason"]) == ("Enabled", "USER_INITIATED")


def test_an_event_invoke_config(client: Clients, worker: str, orders: str) -> None:
    plain = {"function_name": worker, "maximum_retry_attempts": 0}
    full = {
        "function_name": worker, "maximum_retry_attempts": 1, "maximum_event_age_in_seconds": 60,
        "destination_config": [{"on_failure": [{"destination": orders}]}],
    }  # fmt: skip

    live(terraform.EventInvokeConfig, client, plain, full, plain)
    live(terraform.EventInvokeConfig, client, {**full, "qualifier": "1"})


def test_a_function_url(client: Clients, worker: str) -> None:
    open_ = {"function_name": worker, "authorization_type": "NONE", "invoke_mode": "BUFFERED"}
    closed = {
        "function_name": worker, "authorization_type": "AWS_IAM", "invoke_mode": "RESPONSE_STREAM",
        "cors": [{
            "allow_credentials": True, "allow_origins": ["https://example.com"], "allow_methods": ["GET"],
            "allow_headers": ["date"], "expose_headers": ["date"], "max_age": 60,
        }],
    }  # fmt: skip

    state = live(terraform.FunctionUrl, client, closed, {**closed, "cors": []}, open_)

    assert state["function_arn"] == f"{LAMBDA}:function:worker"
    assert len(state["url_id"]) == 32


def test_an_open_function_url_is_permitted_at_once(client: Clients, worker: str) -> None:
    terraform.FunctionUrl(client).create({"function_name": worker, "authorization_type": "NONE"})

    permission = terraform.Permission(client).read(f"{worker}//FunctionURLAllowPublicAccess")

    assert permission is not None
    assert permission["function_url_auth_type"] == "NONE"


def test_a_provisioned_concurrency_config(client: Clients, worker: str) -> None:
    one = {"function_name": worker, "qualifier": "1", "provisioned_concurrent_executions": 1}

    live(terraform.ProvisionedConcurrencyConfig, client, one, {**one, "provisioned_concurrent_executions": 2})


def test_a_runtime_management_config(client: Clients, worker: str) -> None:
    version = "arn:aws:lambda:us-east-1::runtime:" + "a" * 64
    by_hand = {"function_name": worker, "update_runtime_on": "Manual", "runtime_version_arn": version}

    live(
        terraform.RuntimeManagementConfig, client, by_hand,
        {"function_name": worker, "update_runtime_on": "FunctionUpdate"},
    )  # fmt: skip
    live(terraform.RuntimeManagementConfig, client, {**by_hand, "qualifier": "1"})
    with pytest.raises(client("lambda").exceptions.InvalidParameterValueException, match="must be provided"):
        client("lambda").put_runtime_management_config(FunctionName=worker, UpdateRuntimeOn="Manual")


QUEUE_DEFAULTS = {
    "delay_seconds": 0, "max_message_size": 262144, "message_retention_seconds": 345600, "receive_wait_time_seconds": 0,
    "visibility_timeout_seconds": 30, "sqs_managed_sse_enabled": True,
}  # fmt: skip


def test_a_queue(client: Clients, orders: str) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "one", "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"},
                       "Action": "sqs:SendMessage", "Resource": f"{SQS}:full"}],
    }  # fmt: skip
    plain = {"name": "full", **QUEUE_DEFAULTS}
    full = {
        "name": "full", "delay_seconds": 5, "max_message_size": 2048, "message_retention_seconds": 86400,
        "receive_wait_time_seconds": 20, "visibility_timeout_seconds": 60, "sqs_managed_sse_enabled": True,
        "policy": text(policy), "redrive_policy": text({"deadLetterTargetArn": orders, "maxReceiveCount": 4}),
        "redrive_allow_policy": text({"redrivePermission": "denyAll"}), "tags": {"team": "shop", "env": "test"},
    }  # fmt: skip

    live(terraform.Queue, client, plain, full, {**full, "tags": {"team": "else"}}, plain)


def test_a_fifo_queue(client: Clients) -> None:
    config = {
        "name": "line.fifo", **QUEUE_DEFAULTS, "fifo_queue": True, "content_based_deduplication": True,
        "deduplication_scope": "messageGroup", "fifo_throughput_limit": "perMessageGroupId",
    }  # fmt: skip

    state = live(terraform.Queue, client, config)

    assert state["arn"] == f"{SQS}:line.fifo"


def test_a_bucket(client: Clients) -> None:
    bare = {
        "bucket": "photos", "region": "us-east-1", "versioning": "", "request_payer": "BucketOwner",
        "sse_algorithm": "AES256",
    }  # fmt: skip

    state = live(terraform.Bucket, client, {**bare, "tags": {"team": "shop"}}, bare)

    assert {key for key, value in state.items() if value is None} == {
        "policy", "cors_rule", "website", "lifecycle_rule", "replication_configuration", "object_lock_configuration",
        "logging",
    }  # fmt: skip


def test_a_bucket_notification(client: Clients, worker: str, orders: str) -> None:
    buckets = terraform.Bucket(client)
    bucket = buckets.create({"bucket": "noted"})
    topic = terraform.Topic(client).create({"name": "noted"})
    permission = {
        "function_name": worker, "statement_id": "AllowBucket", "action": "lambda:InvokeFunction",
        "principal": "s3.amazonaws.com", "source_arn": "arn:aws:s3:::noted",
    }  # fmt: skip
    terraform.Permission(client).create(permission)
    one = {
        "bucket": bucket,
        "lambda_function": [{
            "id": "tf-s3-lambda-1", "lambda_function_arn": f"{LAMBDA}:function:worker",
            "events": ["s3:ObjectCreated:*"], "filter_prefix": "in/", "filter_suffix": ".jpg",
        }],
    }  # fmt: skip
    all_ = {
        **one, "eventbridge": True,
        "queue": [{"id": "q", "queue_arn": orders, "events": ["s3:ObjectRemoved:*"], "filter_prefix": "old/"}],
        "topic": [{"id": "t", "topic_arn": topic, "events": ["s3:ObjectRestore:Completed", "s3:ObjectRestore:Post"]}],
    }  # fmt: skip

    live(terraform.BucketNotification, client, one, all_, one)

    terraform.Topic(client).delete(topic)
    buckets.delete(bucket)


def test_rules_and_their_targets(client: Clients, worker: str, orders: str) -> None:
    rules = terraform.Rule(client)
    hourly = {"name": "hourly", "event_bus_name": "default", "schedule_expression": "rate(1 hour)", "state": "ENABLED"}
    rule = rules.create(hourly)
    plain = {"rule": "hourly", "event_bus_name": "default", "target_id": "t1", "arn": f"{LAMBDA}:function:worker"}
    full = {
        **plain, "arn": orders, "input": text({"a": 1}), "dead_letter_config": [{"arn": orders}],
        "retry_policy": [{"maximum_event_age_in_seconds": 60, "maximum_retry_attempts": 5}],
    }  # fmt: skip
    transformed = {
        **plain,
        "input_transformer": [{"input_paths": {"when": "$.time"}, "input_template": '{"at": <when>}'}],
    }

    live(terraform.Target, client, plain, full, transformed)

    rules.delete(rule)
    assert rules.read(rule) is None


def test_a_rule(client: Clients) -> None:
    client("events").create_event_bus(Name="shop")
    scheduled = {"name": "r", "event_bus_name": "default", "schedule_expression": "cron(0 12 * * ? *)"}
    pattern = {
        "name": "r", "event_bus_name": "shop",
        "event_pattern": text({"source": ["shop"], "detail": {"n": [{"numeric": [">", 5]}]}}),
        "description": "orders", "state": "DISABLED", "tags": {"team": "shop"},
    }  # fmt: skip

    live(terraform.Rule, client, scheduled, {**scheduled, "schedule_expression": "rate(5 minutes)"})
    live(terraform.Rule, client, pattern, {**pattern, "state": "ENABLED", "tags": {}})


def test_a_topic_and_its_subscriptions(client: Clients, worker: str, orders: str) -> None:
    topics = terraform.Topic(client)
    dressed = {
        "name": "news", "display_name": "News", "tags": {"team": "shop"}, "tracing_config": "Active",
        "delivery_policy": text({"http": {"defaultHealthyRetryPolicy": {
            "minDelayTarget": 20, "maxDelayTarget": 20, "numRetries": 3, "numMaxDelayRetries": 0,
            "numNoDelayRetries": 0, "numMinDelayRetries": 0, "backoffFunction": "linear"},
            "disableSubscriptionOverrides": False}}),
    }  # fmt: skip
    live(terraform.Topic, client, dressed, {**dressed, "display_name": "Later", "tags": {}})
    topic = topics.create({"name": "news"})
    plain = {"topic_arn": topic, "protocol": "lambda", "endpoint": f"{LAMBDA}:function:worker"}
    queue = {"topic_arn": topic, "protocol": "sqs", "endpoint": orders}
    full = {
        **queue, "raw_message_delivery": True, "filter_policy": text({"kind": ["order"]}),
        "filter_policy_scope": "MessageBody", "redrive_policy": text({"deadLetterTargetArn": orders}),
    }  # fmt: skip

    live(terraform.TopicSubscription, client, plain)
    live(terraform.TopicSubscription, client, queue, full, queue)

    topics.delete(topic)


def test_a_fifo_topic(client: Clients) -> None:
    live(terraform.Topic, client, {"name": "line.fifo", "fifo_topic": True, "content_based_deduplication": True})


def test_a_role_with_its_policies(client: Clients) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}
    bare = {"name": "app", "assume_role_policy": text(trust), "path": "/", "max_session_duration": 3600}
    full = {
        **bare, "tags": {"team": "shop"}, "inline": {"queues": text(policy)},
        "attached": ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"],
    }  # fmt: skip

    state = live(terraform.Role, client, bare, full, bare, full)

    assert state["arn"] == ROLE


def test_a_log_group_of_a_function(client: Clients) -> None:
    config = {"name": "/aws/lambda/later", "retention_in_days": 7, "tags": {"team": "shop"}}

    live(terraform.LogGroup, client, {"name": "/aws/lambda/later"}, config, {**config, "retention_in_days": 0})


def test_the_provider_finds_out_whose_the_keys_are(client: Clients) -> None:
    assert client("sts").get_caller_identity()["Account"] == "000000000000"
