"""Event buses and rules in the settings: what they come to, and what is wrong with them."""

import json
from pathlib import Path

import pytest

from app.core.names import Scope
from app.settings import Settings, SettingsError, loads, rule_parameters, target_parameters

SETTINGS = """
functions: {worker: {script: {succeed_after: 1s}}}
queues: {line.fifo: {}, dlq: {}}
topics: {news: {}}
buses:
  shop:
    Description: what is sold
    archives: {all: {RetentionDays: 7, EventPattern: {source: [shop]}}}
rules:
  orders:
    bus: shop
    EventPattern: {source: [shop], detail: {total: [{numeric: [">", 100]}]}}
    State: DISABLED
    targets:
      - {function: worker, Input: {a: [1]}, RetryPolicy: {MaximumRetryAttempts: 3}, dead_letter_queue: dlq}
      - {queue: line.fifo, MessageGroupId: orders, Id: line}
      - {topic: news, InputTransformer: {InputPathsMap: {id: $.detail.id}, InputTemplate: {id: <id>}}}
      - {bus: default}
  shop/nightly: {ScheduleExpression: rate(1 day)}
"""


def read(text: str) -> Settings:
    return loads(text, {}, folder=Path())


def test_buses_and_rules_come_to_what_aws_takes() -> None:
    settings = read(SETTINGS)

    (bus,), (orders, nightly) = settings.buses, settings.rules
    assert (bus.name, bus.description) == ("shop", "what is sold")
    assert bus.archives == {"all": {"RetentionDays": 7, "EventPattern": '{"source":["shop"]}'}}
    assert rule_parameters(orders) == {
        "Name": "orders",
        "EventBusName": "shop",
        "EventPattern": '{"source":["shop"],"detail":{"total":[{"numeric":[">",100]}]}}',
        "State": "DISABLED",
    }
    assert rule_parameters(nightly) == {
        "Name": "nightly", "EventBusName": "shop", "ScheduleExpression": "rate(1 day)",
    }  # fmt: skip
    targets = [target_parameters(target, Scope()) for target in orders.targets]
    role = "arn:aws:iam::000000000000:role/triggerfish-events"
    assert targets[0] == {
        "Id": "1",
        "Arn": "arn:aws:lambda:us-east-1:000000000000:function:worker",
        "Input": '{"a":[1]}',
        "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 86_400},
        "RoleArn": role,
        "DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:000000000000:dlq"},
    }
    assert (targets[1]["Id"], targets[1]["SqsParameters"]) == ("line", {"MessageGroupId": "orders"})
    assert json.loads(targets[2]["InputTransformer"]["InputTemplate"]) == {"id": "<id>"}
    assert targets[3]["Arn"] == "arn:aws:events:us-east-1:000000000000:event-bus/default"


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("{targets: [{}]}", "rules.r.targets[0]: must name one of function, queue, topic, bus, arn"),
        ("{targets: [{function: a, queue: b}]}", "rules.r.targets[0]: must name one of"),
        ("{targets: [{function: werker}]}", "there is no function named 'werker'"),
        ("{targets: [{queue: orders}]}", "there is no queue named 'orders'"),
        ("{targets: [{bus: shop}]}", "there is no bus named 'shop'"),
        ("{bus: shop}", "rules.r.bus: there is no bus named 'shop'"),
        ("{State: ON}", "rules.r.State: must be ENABLED or DISABLED"),
        ("{Pattern: {}}", "rules.r.Pattern: there is no such key"),
        ("{targets: [{arn: 'arn:aws:sqs:::q', RetryPolicy: {MaximumRetryAttempts: 186}}]}", "must be from 0 to 185"),
        ("{targets: [{arn: 'arn:aws:sqs:::q', InputTransformer: {}}]}", "InputTemplate is missing"),
    ],
)
def test_what_is_wrong_is_told(rule: str, problem: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        read(f"rules: {{r: {rule}}}")

    assert any(problem in str(each) for each in wrong.value.problems)


def test_a_name_that_no_rule_has_is_told() -> None:
    with pytest.raises(SettingsError, match="a rule's name has 1 to 64"):
        read("rules: {'a b': {EventPattern: {a: [1]}}}")
    with pytest.raises(SettingsError, match="must name its bus once"):
        read("buses: {shop: {}}\nrules: {shop/a: {bus: shop}}")
