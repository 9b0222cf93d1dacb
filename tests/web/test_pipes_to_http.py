"""Pipes of a whole service: enriched by an API in front of a function, by an API destination, by a state machine."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.serving import Serving, serving

ROLE = "arn:aws:iam::000000000000:role/pipes"
SETTINGS = """
    clock: {frozen: 2026-11-21T12:00:00Z}
    functions:
      price: {script: {succeed_after: 0s, payload: {price: 3}}}
    apis:
      shop:
        routes:
          POST /price/{kind}: price
    queues: {paid: {VisibilityTimeout: 30}, priced: {}}
    pipes:
      ship:
        source: paid
        enrichment: arn:aws:execute-api:us-east-1:000000000000:shop/$default/POST/price/*
        EnrichmentParameters: {HttpParameters: {PathParameterValues: [lamp]}}
        queue: priced
"""


@pytest.fixture
def service() -> Iterator[Serving]:
    with serving(SETTINGS) as running:
        running.post("clock/advance", {"duration": "1s"})
        yield running


@pytest.fixture
def hook() -> Iterator[tuple[str, list[bytes]]]:
    """A URL of somebody's, and what it got."""
    got: list[bytes] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["content-length"])))
            answer = b'[{"found": true}]'
            self.send_response(200)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", got
    server.shutdown()
    thread.join()
    server.server_close()


def through(service: Serving, body: str) -> None:
    service.client("sqs").send_message(QueueUrl="paid", MessageBody=body)
    service.post("clock/advance", {"duration": "1s"})


def bodies(service: Serving, queue: str) -> list[str]:
    return [message["body"] for message in service.get(f"queues/{queue}/messages")]


def story(service: Serving) -> str:
    return "\n".join(entry["text"] for entry in service.get("journal?limit=1000"))


def test_an_api_in_front_of_a_function_enriches(service: Serving) -> None:
    through(service, '{"id": 7}')

    assert bodies(service, "priced") == ['{"price":3}']
    assert bodies(service, "paid") == []
    assert "pipe ship enriched by" in story(service)


def test_an_api_that_is_not_there_fails_the_batch_and_says_why(service: Serving) -> None:
    api = "arn:aws:execute-api:us-east-1:000000000000:nobody/dev/POST/x"
    service.client("pipes").update_pipe(Name="ship", RoleArn=ROLE, Enrichment=api)
    service.post("clock/advance", {"duration": "1s"})

    through(service, "hello")

    assert bodies(service, "paid") == ["hello"]
    assert "The API answered with status 4" in story(service)


def test_an_api_destination_enriches(service: Serving, hook: tuple[str, list[bytes]]) -> None:
    url, got = hook
    events = service.client("events")
    key = {"ApiKeyAuthParameters": {"ApiKeyName": "x-api-key", "ApiKeyValue": "hush"}}
    connection = events.create_connection(Name="c", AuthorizationType="API_KEY", AuthParameters=key)["ConnectionArn"]
    made = events.create_api_destination(Name="d", ConnectionArn=connection, InvocationEndpoint=url, HttpMethod="POST")
    service.client("pipes").update_pipe(
        Name="ship", RoleArn=ROLE, Enrichment=made["ApiDestinationArn"],
        EnrichmentParameters={"InputTemplate": '{"id": <$.body.id>}'},
    )  # fmt: skip
    service.post("clock/advance", {"duration": "1s"})

    through(service, '{"id": 7}')

    assert [json.loads(body) for body in got] == [{"id": 7}]
    assert bodies(service, "priced") == ['{"found":true}']


def test_a_workflow_is_not_run_here_and_the_journal_says_so(service: Serving) -> None:
    definition = {"StartAt": "a", "States": {"a": {"Type": "Pass", "End": True}}}
    machine = service.client("stepfunctions").create_state_machine(
        name="enrich", definition=json.dumps(definition), roleArn=ROLE, type="EXPRESS"
    )["stateMachineArn"]
    service.client("pipes").update_pipe(Name="ship", RoleArn=ROLE, Enrichment=machine)
    service.post("clock/advance", {"duration": "1s"})

    through(service, "hello")

    assert (bodies(service, "priced"), bodies(service, "paid")) == ([], ["hello"])
    assert "pipe ship failed for 1 on the way to stateMachine:enrich: " in story(service)
    assert "start_sync_execution" in story(service)


def test_a_state_machine_keeps_what_a_pipe_gives_it(service: Serving) -> None:
    states = service.client("stepfunctions")
    definition = {"StartAt": "a", "States": {"a": {"Type": "Pass", "End": True}}}
    machine = states.create_state_machine(name="m", definition=json.dumps(definition), roleArn=ROLE)["stateMachineArn"]
    service.client("pipes").create_pipe(
        Name="keep", RoleArn=ROLE, Source="arn:aws:sqs:us-east-1:000000000000:priced", Target=machine,
        TargetParameters={"StepFunctionStateMachineParameters": {"InvocationType": "FIRE_AND_FORGET"},
                          "InputTemplate": "<$.body>"},
    )  # fmt: skip
    service.post("clock/advance", {"duration": "1s"})

    through(service, "hello")

    (execution,) = states.list_executions(stateMachineArn=machine)["executions"]
    assert states.describe_execution(executionArn=execution["executionArn"])["input"] == '[{"price":3}]'
