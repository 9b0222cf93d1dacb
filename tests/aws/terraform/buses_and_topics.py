"""aws_cloudwatch_event_rule and _target, aws_sns_topic and _topic_subscription, call by call."""

import json

from tests.aws.terraform.resource import (
    Attributes,
    Clients,
    Values,
    block,
    changed_attributes,
    given,
    is_true,
    listed,
    plain_json,
    read_or_none,
    retag,
)
from tests.live import until


class Rule:
    """aws_cloudwatch_event_rule"""

    def __init__(self, client: Clients) -> None:
        self.api = client("events")

    def create(self, config: Values) -> str:
        self._put(config)
        return f"{config.get('event_bus_name', 'default')}/{config['name']}"

    def read(self, id_: str) -> Values | None:
        bus, _, name = id_.partition("/")
        told = read_or_none(
            lambda: self.api.describe_rule(Name=name, EventBusName=bus), "ResourceNotFoundException"
        )  # fmt: skip
        if told is None:
            return None
        tags = self.api.list_tags_for_resource(ResourceARN=told["Arn"])["Tags"]
        return {
            "name": told["Name"], "event_bus_name": bus, "arn": told["Arn"],
            "description": told.get("Description", ""), "event_pattern": plain_json(told.get("EventPattern", "")),
            "schedule_expression": told.get("ScheduleExpression", ""), "role_arn": told.get("RoleArn", ""),
            "state": told["State"], "tags": {tag["Key"]: tag["Value"] for tag in tags},
        }  # fmt: skip

    def update(self, id_: str, old: Values, new: Values) -> None:
        self._put(new)
        bus, _, name = id_.partition("/")
        if old.get("tags") != new.get("tags"):
            arn = self.api.describe_rule(Name=name, EventBusName=bus)["Arn"]
            retag(old, new, lambda keys: self.api.untag_resource(ResourceARN=arn, TagKeys=keys),
                   lambda tags: self.api.tag_resource(ResourceARN=arn, Tags=listed(tags)))  # fmt: skip

    def delete(self, id_: str) -> None:
        bus, _, name = id_.partition("/")
        self.api.delete_rule(Name=name, EventBusName=bus, Force=False)

    def _put(self, config: Values) -> None:
        self.api.put_rule(
            Name=config["name"], Tags=listed(config.get("tags", {})),
            **given(config, Description="description", EventBusName="event_bus_name", EventPattern="event_pattern",
                    ScheduleExpression="schedule_expression", State="state", RoleArn="role_arn"),
        )  # fmt: skip


class Target:
    """aws_cloudwatch_event_target"""

    def __init__(self, client: Clients) -> None:
        self.api = client("events")

    def create(self, config: Values) -> str:
        target: Values = {"Arn": config["arn"], "Id": config["target_id"]}
        target |= given(config, Input="input", InputPath="input_path", RoleArn="role_arn")
        if blocks := config.get("input_transformer"):
            target["InputTransformer"] = {
                "InputPathsMap": blocks[0]["input_paths"], "InputTemplate": blocks[0]["input_template"]
            }  # fmt: skip
        if blocks := config.get("retry_policy"):
            target["RetryPolicy"] = {
                "MaximumEventAgeInSeconds": blocks[0]["maximum_event_age_in_seconds"],
                "MaximumRetryAttempts": blocks[0]["maximum_retry_attempts"],
            }
        if blocks := config.get("dead_letter_config"):
            target["DeadLetterConfig"] = {"Arn": blocks[0]["arn"]}
        if blocks := config.get("sqs_target"):
            target["SqsParameters"] = {"MessageGroupId": blocks[0]["message_group_id"]}
        answer = self.api.put_targets(Rule=config["rule"], EventBusName=config["event_bus_name"], Targets=[target])
        assert answer["FailedEntryCount"] == 0, answer
        return f"{config['event_bus_name']}/{config['rule']}/{config['target_id']}"

    def read(self, id_: str) -> Values | None:
        bus, rule, target_id = id_.split("/")
        listed = read_or_none(
            lambda: self.api.list_targets_by_rule(Rule=rule, EventBusName=bus, Limit=100),
            "ResourceNotFoundException", "ValidationException",
        )  # fmt: skip
        told = next((each for each in (listed or {}).get("Targets", []) if each["Id"] == target_id), None)
        if told is None:
            return None
        return {
            "rule": rule, "event_bus_name": bus, "target_id": target_id, "arn": told["Arn"],
            "input": told.get("Input", ""), "input_path": told.get("InputPath", ""),
            "role_arn": told.get("RoleArn", ""),
            "input_transformer": block(
                told.get("InputTransformer"), input_paths="InputPathsMap", input_template="InputTemplate"
            ),
            "retry_policy": block(
                told.get("RetryPolicy"), maximum_event_age_in_seconds="MaximumEventAgeInSeconds",
                maximum_retry_attempts="MaximumRetryAttempts",
            ),
            "dead_letter_config": block(told.get("DeadLetterConfig"), arn="Arn"),
            "sqs_target": block(told.get("SqsParameters"), message_group_id="MessageGroupId"),
        }  # fmt: skip

    def update(self, id_: str, old: Values, new: Values) -> None:
        self.create(new)

    def delete(self, id_: str) -> None:
        bus, rule, target_id = id_.split("/")
        answer = self.api.remove_targets(Rule=rule, EventBusName=bus, Ids=[target_id], Force=False)
        assert answer["FailedEntryCount"] == 0, answer


class Topic:
    """aws_sns_topic: made bare, then each attribute is set by itself"""

    def __init__(self, client: Clients) -> None:
        self.api = client("sns")

    def create(self, config: Values) -> str:
        fifo = {"FifoTopic": "true"} if config.get("fifo_topic") else {}
        arn: str = self.api.create_topic(
            Name=config["name"], Attributes=fifo, Tags=listed(config.get("tags", {}))
        )["TopicArn"]  # fmt: skip
        self._set(arn, self._attributes(config))
        return arn

    def read(self, id_: str) -> Values | None:
        answer = read_or_none(lambda: self.api.get_topic_attributes(TopicArn=id_), "NotFound")
        if answer is None:
            return None
        told = answer["Attributes"]
        # The provider reads again and again until each AWS principal is an account or an ARN.
        for statement in json.loads(told["Policy"])["Statement"]:
            principal = statement["Principal"]
            principals = principal.get("AWS", []) if isinstance(principal, dict) else principal
            for each in principals if isinstance(principals, list) else [principals]:
                assert each == "*" or each.isdigit() or each.startswith("arn:"), each
        tags = self.api.list_tags_for_resource(ResourceArn=id_)["Tags"]
        return {
            "name": id_.rpartition(":")[2], "arn": told["TopicArn"], "owner": told["Owner"],
            "tags": {tag["Key"]: tag["Value"] for tag in tags},
            **{key: kind(told.get(attribute, "")) for attribute, key, kind in _TOPIC},
        }  # fmt: skip

    def update(self, id_: str, old: Values, new: Values) -> None:
        self._set(id_, changed_attributes(_TOPIC, self._attributes(old), self._attributes(new)))
        if old.get("tags") != new.get("tags"):
            retag(old, new, lambda keys: self.api.untag_resource(ResourceArn=id_, TagKeys=keys),
                   lambda tags: self.api.tag_resource(ResourceArn=id_, Tags=listed(tags)))  # fmt: skip

    def delete(self, id_: str) -> None:
        self.api.delete_topic(TopicArn=id_)

    def _attributes(self, config: Values) -> dict[str, str]:
        return {
            attribute: str(config[key]).lower() if kind is is_true else str(config[key])
            for attribute, key, kind in _TOPIC
            if config.get(key) not in (None, "", False) and attribute != "FifoTopic"
        }

    def _set(self, arn: str, attributes: dict[str, str]) -> None:
        for name, value in attributes.items():
            self.api.set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=value)


_TOPIC: Attributes = (
    ("DisplayName", "display_name", str), ("FifoTopic", "fifo_topic", is_true), ("Policy", "policy", plain_json),
    ("DeliveryPolicy", "delivery_policy", plain_json), ("TracingConfig", "tracing_config", str),
    ("ContentBasedDeduplication", "content_based_deduplication", is_true),
    ("KmsMasterKeyId", "kms_master_key_id", str),
)  # fmt: skip


class TopicSubscription:
    """aws_sns_topic_subscription"""

    def __init__(self, client: Clients) -> None:
        self.api = client("sns")

    def create(self, config: Values) -> str:
        arn: str = self.api.subscribe(
            TopicArn=config["topic_arn"], Protocol=config["protocol"], Endpoint=config["endpoint"],
            Attributes=self._attributes(config), ReturnSubscriptionArn=True,
        )["SubscriptionArn"]  # fmt: skip
        until(
            lambda: (
                self.api.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["PendingConfirmation"]
                == "false"
            )
        )
        return arn

    def read(self, id_: str) -> Values | None:
        answer = read_or_none(lambda: self.api.get_subscription_attributes(SubscriptionArn=id_), "NotFound")
        if answer is None:
            return None
        told = answer["Attributes"]
        return {
            "topic_arn": told["TopicArn"], "protocol": told["Protocol"], "endpoint": told["Endpoint"],
            "arn": told["SubscriptionArn"], "owner_id": told["Owner"],
            **{key: kind(told.get(attribute, "")) for attribute, key, kind in _SUBSCRIPTION},
        }  # fmt: skip

    def update(self, id_: str, old: Values, new: Values) -> None:
        changed = changed_attributes(_SUBSCRIPTION, self._attributes(old), self._attributes(new))
        scope = changed.pop("FilterPolicyScope", None)
        if scope == "MessageBody":
            self._set(id_, "FilterPolicyScope", scope)
        for name, value in changed.items():
            self._set(id_, name, value)
        if scope == "MessageAttributes":
            self._set(id_, "FilterPolicyScope", scope)

    def delete(self, id_: str) -> None:
        self.api.unsubscribe(SubscriptionArn=id_)

    def _attributes(self, config: Values) -> dict[str, str]:
        return {
            attribute: str(config[key]).lower() if kind is is_true else str(config[key])
            for attribute, key, kind in _SUBSCRIPTION
            if config.get(key) not in (None, "", False)
        }

    def _set(self, arn: str, name: str, value: str) -> None:
        if name == "FilterPolicy" and not value:
            value = "{}"
        asked = {"SubscriptionArn": arn, "AttributeName": name}
        if not (name == "RedrivePolicy" and not value):
            asked["AttributeValue"] = value
        self.api.set_subscription_attributes(**asked)


_SUBSCRIPTION: Attributes = (
    ("RawMessageDelivery", "raw_message_delivery", is_true), ("FilterPolicy", "filter_policy", plain_json),
    ("FilterPolicyScope", "filter_policy_scope", str), ("RedrivePolicy", "redrive_policy", plain_json),
    ("DeliveryPolicy", "delivery_policy", plain_json),
)  # fmt: skip
