"""Pipes in the settings, and what they lead to."""

from pathlib import Path
from typing import Any

import pytest

from app.core.names import Scope
from app.settings import SettingsError, loads, parse_pipe, pipe_parameters

SCOPE = Scope("123456789012", "eu-west-1")
ONE_TARGET = "must lead to one of a function, a queue, a topic, a bus and a target, which is an ARN"


def problems_of(text: str) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        loads(text, {}, folder=Path())
    return [str(problem).removeprefix("triggerfish.yaml:") for problem in raised.value.problems]


def parameters(entry: dict[str, Any]) -> dict[str, Any]:
    return pipe_parameters(parse_pipe("ship", entry), SCOPE)


@pytest.mark.parametrize(
    ("to", "arn"),
    [
        ({"queue": "x"}, SCOPE.queue_arn("x")),
        ({"function": "x"}, SCOPE.function_arn("x")),
        ({"topic": "x"}, SCOPE.topic_arn("x")),
        ({"bus": "x"}, SCOPE.bus_arn("x")),
        ({"target": "arn:aws:kinesis:eu-west-1:123456789012:stream/x"},
         "arn:aws:kinesis:eu-west-1:123456789012:stream/x"),
    ],
)  # fmt: skip
def test_a_pipe_leads_to_what_it_names(to: dict[str, str], arn: str) -> None:
    assert parameters({"source": "paid", **to}) == {
        "RoleArn": "arn:aws:iam::123456789012:role/triggerfish-pipes",
        "Source": SCOPE.queue_arn("paid"),
        "Target": arn,
    }


def test_everything_else_is_as_aws_has_it_and_json_may_be_written_as_what_it_says() -> None:
    told = parameters(
        {
            "source": SCOPE.queue_arn("paid"),
            "enrichment": "price",
            "queue": "line.fifo",
            "SourceParameters": {
                "SqsQueueParameters": {"BatchSize": 5, "MaximumBatchingWindowInSeconds": 10},
                "FilterCriteria": {"Filters": [{"Pattern": {"body": {"total": [{"numeric": [">", 100]}]}}}]},
            },
            "EnrichmentParameters": {"InputTemplate": {"id": "<$.body.id>"}},
            "TargetParameters": {
                "InputTemplate": '{"n": <$.n>}',
                "SqsQueueParameters": {"MessageGroupId": "$.customer"},
            },
            "DesiredState": "STOPPED",
            "Description": "ships",
            "RoleArn": "arn:aws:iam::123456789012:role/own",
        }
    )

    assert told == {
        "Source": SCOPE.queue_arn("paid"),
        "Enrichment": SCOPE.function_arn("price"),
        "Target": SCOPE.queue_arn("line.fifo"),
        "SourceParameters": {
            "SqsQueueParameters": {"BatchSize": 5, "MaximumBatchingWindowInSeconds": 10},
            "FilterCriteria": {"Filters": [{"Pattern": '{"body":{"total":[{"numeric":[">",100]}]}}'}]},
        },
        "EnrichmentParameters": {"InputTemplate": '{"id":"<$.body.id>"}'},
        "TargetParameters": {
            "InputTemplate": '{"n": <$.n>}', "SqsQueueParameters": {"MessageGroupId": "$.customer"},
        },
        "DesiredState": "STOPPED",
        "Description": "ships",
        "RoleArn": "arn:aws:iam::123456789012:role/own",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("pipe", "problem"),
    [
        ("{queue: done}", "1: pipes.ship: source is missing"),
        ("{source: paid}", f"1: pipes.ship: {ONE_TARGET}"),
        ("{source: paid, queue: done, bus: default}", f"1: pipes.ship: {ONE_TARGET}"),
        ("{source: padi, queue: done}", "1: pipes.ship.source: there is no queue named 'padi'"),
        ("{source: paid, queue: dome}", "1: pipes.ship.queue: there is no queue named 'dome'"),
        ("{source: paid, function: f}", "1: pipes.ship.function: there is no function named 'f'"),
        ("{source: paid, bus: b}", "1: pipes.ship.bus: there is no bus named 'b'"),
        ("{source: paid, queue: done, enrichment: f}", "1: pipes.ship.enrichment: there is no function named 'f'"),
        ("{source: paid, queue: done, Batch: 1}", "1: pipes.ship.Batch: there is no such key"),
        ("{source: paid, queue: done, DesiredState: OFF}", "1: pipes.ship.DesiredState: "),
        ("{source: paid, queue: done, TargetParameters: {InputTempalte: x}}",
         "1: pipes.ship.TargetParameters.InputTempalte: there is no such key"),
        ("{source: paid, queue: done, SourceParameters: {KinesisStreamParameters: {}}}",
         "1: pipes.ship.SourceParameters.KinesisStreamParameters: there is no such key"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_where_it_stands(pipe: str, problem: str) -> None:
    (told,) = problems_of(f"pipes: {{ship: {pipe}}}\nqueues: {{paid: {{}}, done: {{}}}}\n")

    assert told.startswith(problem)


def test_an_enrichment_by_the_arn_of_something_else_is_no_function() -> None:
    api = "arn:aws:execute-api:us-east-1:000000000000:shop/dev/GET/prices"
    loaded = loads(
        f"pipes: {{ship: {{source: paid, queue: done, enrichment: '{api}'}}}}\nqueues: {{paid: {{}}, done: {{}}}}\n",
        {}, folder=Path(),
    )  # fmt: skip

    assert pipe_parameters(loaded.pipes[0], SCOPE)["Enrichment"] == api
