"""aws_sqs_queue, aws_s3_bucket and aws_s3_bucket_notification, call by call."""

import json
from typing import Any
from urllib.parse import urlsplit

from tests.aws.terraform.resource import (
    Attributes,
    Clients,
    Values,
    changed_attributes,
    is_true,
    listed,
    plain_json,
    read_or_none,
    retag,
)


class Queue:
    """aws_sqs_queue; each attribute is read back again and again until it is what was written"""

    def __init__(self, client: Clients) -> None:
        self.api = client("sqs")

    def create(self, config: Values) -> str:
        # Defaults are given too, where they are no zero or empty text.
        asked = self._attributes(config)
        url: str = self.api.create_queue(QueueName=config["name"], Attributes=asked, tags=config.get("tags", {}))[
            "QueueUrl"
        ]
        self._wait(url, asked)
        return url

    def read(self, id_: str) -> Values | None:
        told = self._told(id_)
        if told is None:
            return None
        # The name is the third part of the URL's path, and there must be three.
        (_, _, name) = id_.split("://", 1)[1].split("/")
        return {
            "name": name, "url": id_, "arn": told["QueueArn"], "tags": self.api.list_queue_tags(QueueUrl=id_).get(
                "Tags", {}
            ),
            **{key: kind(told.get(attribute, "0" if kind is int else "")) for attribute, key, kind in _QUEUE},
        }  # fmt: skip

    def update(self, id_: str, old: Values, new: Values) -> None:
        asked = changed_attributes(_QUEUE, self._attributes(old), self._attributes(new))
        if asked:
            self.api.set_queue_attributes(QueueUrl=id_, Attributes=asked)
            self._wait(id_, asked)
        if old.get("tags") != new.get("tags"):
            retag(old, new, lambda keys: self.api.untag_queue(QueueUrl=id_, TagKeys=keys),
                   lambda tags: self.api.tag_queue(QueueUrl=id_, Tags=tags))  # fmt: skip

    def delete(self, id_: str) -> None:
        self.api.delete_queue(QueueUrl=id_)

    def _attributes(self, config: Values) -> dict[str, str]:
        asked = {}
        for attribute, key, kind in _QUEUE:
            if config.get(key) not in (None, "", 0, False):
                value = config[key]
                asked[attribute] = str(value).lower() if kind is is_true else str(value)
        return asked

    def _told(self, url: str) -> dict[str, str] | None:
        answer = read_or_none(
            lambda: self.api.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]),
            "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist",
        )  # fmt: skip
        return None if answer is None else answer["Attributes"]

    def _wait(self, url: str, asked: dict[str, str]) -> None:
        told = self._told(url) or {}
        for name, value in asked.items():
            if name not in told and value == "":
                continue
            if name in ("RedrivePolicy", "RedriveAllowPolicy", "Policy"):
                assert json.loads(told[name]) == json.loads(value), name
            else:
                assert told[name] == value, name


_QUEUE: Attributes = (
    ("DelaySeconds", "delay_seconds", int), ("MaximumMessageSize", "max_message_size", int),
    ("MessageRetentionPeriod", "message_retention_seconds", int), ("Policy", "policy", plain_json),
    ("ReceiveMessageWaitTimeSeconds", "receive_wait_time_seconds", int),
    ("RedriveAllowPolicy", "redrive_allow_policy", plain_json), ("RedrivePolicy", "redrive_policy", plain_json),
    ("SqsManagedSseEnabled", "sqs_managed_sse_enabled", is_true),
    ("VisibilityTimeout", "visibility_timeout_seconds", int), ("FifoQueue", "fifo_queue", is_true),
    ("ContentBasedDeduplication", "content_based_deduplication", is_true),
    ("DeduplicationScope", "deduplication_scope", str), ("FifoThroughputLimit", "fifo_throughput_limit", str),
    ("KmsMasterKeyId", "kms_master_key_id", str),
)  # fmt: skip


class Bucket:
    """aws_s3_bucket: everything that a bucket can have is read, and most of it is not there. Its tags go through S3
    Control since version 6.23."""

    def __init__(self, client: Clients) -> None:
        self.api = client("s3")
        self.control = client("s3control")
        self.control.meta.events.register("before-send.s3-control", self._send_to_loopback)

    def create(self, config: Values) -> str:
        name: str = config["bucket"]
        assert read_or_none(lambda: self.api.head_bucket(Bucket=name), "404") is None, "it is looked for first"
        self.api.create_bucket(Bucket=name)
        self._retag(name, {}, config)
        return name

    def read(self, id_: str) -> Values | None:
        if read_or_none(lambda: self.api.head_bucket(Bucket=id_), "404", "NoSuchBucket") is None:
            return None
        ask = self.api
        policy = read_or_none(lambda: ask.get_bucket_policy(Bucket=id_), "NoSuchBucketPolicy")
        cors = read_or_none(lambda: ask.get_bucket_cors(Bucket=id_), "NoSuchCORSConfiguration")
        website = read_or_none(lambda: ask.get_bucket_website(Bucket=id_), "NoSuchWebsiteConfiguration")
        lifecycle = read_or_none(
            lambda: ask.get_bucket_lifecycle_configuration(Bucket=id_), "NoSuchLifecycleConfiguration"
        )
        replication = read_or_none(
            lambda: ask.get_bucket_replication(Bucket=id_), "ReplicationConfigurationNotFoundError"
        )
        (encryption,) = ask.get_bucket_encryption(Bucket=id_)["ServerSideEncryptionConfiguration"]["Rules"]
        lock = read_or_none(
            lambda: ask.get_object_lock_configuration(Bucket=id_), "ObjectLockConfigurationNotFoundError"
        )
        tags = self.control.list_tags_for_resource(AccountId=_ACCOUNT, ResourceArn=f"arn:aws:s3:::{id_}")["Tags"]
        return {
            "bucket": id_, "policy": policy, "cors_rule": cors, "website": website, "lifecycle_rule": lifecycle,
            "replication_configuration": replication, "object_lock_configuration": lock,
            "sse_algorithm": encryption["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"],
            "grants": len(ask.get_bucket_acl(Bucket=id_)["Grants"]),
            "versioning": ask.get_bucket_versioning(Bucket=id_).get("Status", ""),
            "acceleration_status": ask.get_bucket_accelerate_configuration(Bucket=id_).get("Status", ""),
            "request_payer": ask.get_bucket_request_payment(Bucket=id_)["Payer"],
            "logging": ask.get_bucket_logging(Bucket=id_).get("LoggingEnabled"),
            "region": ask.get_bucket_location(Bucket=id_).get("LocationConstraint") or "us-east-1",
            "tags": {tag["Key"]: tag["Value"] for tag in tags},
        }  # fmt: skip

    def update(self, id_: str, old: Values, new: Values) -> None:
        self._retag(id_, old, new)

    def delete(self, id_: str) -> None:
        self.api.delete_bucket(Bucket=id_)

    def _retag(self, bucket: str, old: Values, new: Values) -> None:
        key = {"AccountId": _ACCOUNT, "ResourceArn": f"arn:aws:s3:::{bucket}"}
        retag(old, new, lambda keys: self.control.untag_resource(**key, TagKeys=keys),
              lambda tags: self.control.tag_resource(**key, Tags=listed(tags)))  # fmt: skip

    def _send_to_loopback(self, request: Any, **_: Any) -> None:
        """The SDK puts the account before the host, and no name server here knows that name."""
        parts = urlsplit(request.url)
        request.headers["Host"] = f"{_ACCOUNT}.localhost:{parts.port}"
        request.url = parts._replace(netloc=f"127.0.0.1:{parts.port}").geturl()


_ACCOUNT = "000000000000"


class BucketNotification:
    """aws_s3_bucket_notification"""

    def __init__(self, client: Clients) -> None:
        self.api = client("s3")

    def create(self, config: Values) -> str:
        asked: Values = {"EventBridgeConfiguration": {}} if config.get("eventbridge") else {}
        for key, name, target in _NOTIFICATIONS:
            if config.get(key):
                asked[name] = [self._rule(each, target) for each in config[key]]
        self.api.put_bucket_notification_configuration(Bucket=config["bucket"], NotificationConfiguration=asked)
        bucket: str = config["bucket"]
        return bucket

    def read(self, id_: str) -> Values | None:
        told = read_or_none(lambda: self.api.get_bucket_notification_configuration(Bucket=id_), "NoSuchBucket")
        # One that was taken away is still there, with nothing in it.
        if told is None or not {name for name in told if name != "ResponseMetadata"}:
            return None
        state: Values = {"bucket": id_, "eventbridge": "EventBridgeConfiguration" in told}
        for key, name, target in _NOTIFICATIONS:
            state[key] = [
                {
                    "id": each["Id"],
                    "events": sorted(each["Events"]),
                    {"LambdaFunctionArn": "lambda_function_arn", "QueueArn": "queue_arn", "TopicArn": "topic_arn"}[
                        target
                    ]: each[target],
                    **{
                        f"filter_{rule['Name'].lower()}": rule["Value"]
                        for rule in each.get("Filter", {}).get("Key", {}).get("FilterRules", [])
                    },
                }
                for each in told.get(name, [])
            ]
        return state

    def update(self, id_: str, old: Values, new: Values) -> None:
        self.create(new)

    def delete(self, id_: str) -> None:
        self.api.put_bucket_notification_configuration(Bucket=id_, NotificationConfiguration={})

    def _rule(self, block: Values, target: str) -> Values:
        arn = next(block[key] for key in ("lambda_function_arn", "queue_arn", "topic_arn") if key in block)
        rule: Values = {"Id": block["id"], target: arn, "Events": block["events"]}
        filters = [
            {"Name": name, "Value": block[f"filter_{name}"]}
            for name in ("prefix", "suffix")
            if block.get(f"filter_{name}")
        ]
        return rule | ({"Filter": {"Key": {"FilterRules": filters}}} if filters else {})


_NOTIFICATIONS = (
    ("lambda_function", "LambdaFunctionConfigurations", "LambdaFunctionArn"),
    ("queue", "QueueConfigurations", "QueueArn"),
    ("topic", "TopicConfigurations", "TopicArn"),
)
