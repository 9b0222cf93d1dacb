"""EventBridge with real clients against the real command: the AWS CLI, boto3, and a function in a real process."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.aws.cli import Aws
from tests.live import Live, live
from tests.machine import write

SETTINGS = """
    clock: {frozen: 2026-11-21T12:00:00Z}
    functions: {worker: {CodeUri: ./code, Handler: worker.handler, Timeout: 10}}
    queues: {orders: {}, dlq: {}}
    rules:
      work: {EventPattern: {source: [shop]}, targets: [{function: worker}]}
    """
WORKER = """
    def handler(event, context):
        print("worked on", event["detail-type"], event["detail"]["id"])
    """
ROLE = "arn:aws:iam::000000000000:role/events"
ORDERS, DLQ = (f"arn:aws:sqs:us-east-1:000000000000:{name}" for name in ("orders", "dlq"))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("service")
    write(folder, "code/worker.py", WORKER)
    with live(folder, SETTINGS) as running:
        yield running


def put(service: Live, source: str, detail: Any, **more: Any) -> str:
    entry = {"Source": source, "DetailType": "order", "Detail": json.dumps(detail), **more}
    event_id: str = service.client("events").put_events(Entries=[entry])["Entries"][0]["EventId"]
    return event_id


def targeted(service: Live, name: str, *targets: dict[str, Any]) -> None:
    """A rule for the source of its own name."""
    events = service.client("events")
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    told = events.put_targets(Rule=name, Targets=[{"Id": str(n), **target} for n, target in enumerate(targets)])
    assert told["FailedEntryCount"] == 0


def advance(service: Live, by: str) -> None:
    service.post("clock/advance", {"duration": by})


def test_a_function_of_the_settings_file_works_on_an_event(service: Live) -> None:
    put(service, "shop", {"id": 7})
    advance(service, "1s")

    assert "worked on order 7" in service.run("logs", "worker").stdout


@pytest.mark.real
def test_the_aws_cli_makes_a_rule_and_puts_an_event(service: Live, aws: Aws) -> None:
    arn = aws.json("events", "put-rule", "--name", "cli", "--event-pattern", '{"source":["cli"]}')["RuleArn"]
    aws.json("events", "put-targets", "--rule", "cli", "--targets", f"Id=1,Arn={ORDERS},InputPath=$.detail")
    entry = [{"Source": "cli", "DetailType": "order", "Detail": '{"id":8}', "Time": "2026-01-01T00:00:00Z"}]
    told = aws.json("events", "put-events", "--entries", json.dumps(entry))

    assert arn == "arn:aws:events:us-east-1:000000000000:rule/cli"
    assert told["FailedEntryCount"] == 0
    bodies = [message["body"] for message in service.get("queues/orders/messages")]
    assert '{"id":8}' in bodies


def test_a_stream_a_log_group_and_a_dead_letter_queue_get_events(service: Live) -> None:
    kinesis, logs = service.client("kinesis"), service.client("logs")
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    logs.create_log_group(logGroupName="/aws/events/all")
    targeted(
        service, "fan-out",
        {"Arn": "arn:aws:kinesis:us-east-1:000000000000:stream/clicks", "RoleArn": ROLE,
         "KinesisParameters": {"PartitionKeyPath": "$.detail.id"}},
        {"Arn": "arn:aws:logs:us-east-1:000000000000:log-group:/aws/events/all"},
        {"Arn": "arn:aws:kinesis:us-east-1:000000000000:stream/gone", "RoleArn": ROLE,
         "DeadLetterConfig": {"Arn": DLQ}},
    )  # fmt: skip

    event_id = put(service, "fan-out", {"id": "seven"})
    advance(service, "1s")

    shard = kinesis.get_shard_iterator(
        StreamName="clicks", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    (record,) = kinesis.get_records(ShardIterator=shard)["Records"]
    assert (record["PartitionKey"], json.loads(record["Data"])["id"]) == ("seven", event_id)
    (logged,) = logs.filter_log_events(logGroupName="/aws/events/all")["events"]
    assert json.loads(logged["message"])["id"] == event_id
    (letter,) = service.get("queues/dlq/messages")
    assert letter["attributes"]["ERROR_CODE"]["value"] == "NO_RESOURCE"


def test_a_state_machine_is_started_with_the_event(service: Live) -> None:
    service.client("iam").create_role(RoleName="events", AssumeRolePolicyDocument='{"Version": "2012-10-17"}')
    machine = service.client("stepfunctions").create_state_machine(
        name="steps", roleArn=ROLE, definition='{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'
    )["stateMachineArn"]
    targeted(service, "steps", {"Arn": machine, "RoleArn": ROLE})

    event_id = put(service, "steps", {"id": 1})
    advance(service, "1s")

    (execution,) = service.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    described = service.client("stepfunctions").describe_execution(executionArn=execution["executionArn"])
    assert json.loads(described["input"])["id"] == event_id


@pytest.fixture
def endpoint() -> Iterator[tuple[str, list[tuple[str, dict[str, str], bytes]]]]:
    """An endpoint that gives tokens at /token and is busy at first elsewhere, and what it was asked."""
    asked: list[tuple[str, dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            is_token = self.path == "/token"
            self.send_response(200 if is_token or len(asked) > 2 else 503)
            self.end_headers()
            self.wfile.write(b'{"access_token": "abc"}' if is_token else b"")

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_api_destination_is_called_with_a_token_and_called_again(
    service: Live, endpoint: tuple[str, list[tuple[str, dict[str, str], bytes]]]
) -> None:
    url, asked = endpoint
    events = service.client("events")
    oauth = {
        "ClientParameters": {"ClientID": "me", "ClientSecret": "hush"},
        "AuthorizationEndpoint": f"{url}/token",
        "HttpMethod": "POST",
    }
    connection = events.create_connection(
        Name="shop", AuthorizationType="OAUTH_CLIENT_CREDENTIALS", AuthParameters={"OAuthParameters": oauth}
    )["ConnectionArn"]
    destination = events.create_api_destination(
        Name="shop", ConnectionArn=connection, InvocationEndpoint=f"{url}/orders/*", HttpMethod="POST"
    )["ApiDestinationArn"]
    targeted(
        service, "hook",
        {"Arn": destination, "RoleArn": ROLE, "InputPath": "$.detail",
         "HttpParameters": {"PathParameterValues": ["7"]}},
    )  # fmt: skip

    put(service, "hook", {"id": 7})
    advance(service, "10s")

    assert [path for path, _, _ in asked] == ["/token", "/orders/7", "/orders/7"]
    _, headers, body = asked[-1]
    assert (headers["authorization"], json.loads(body)) == ("Bearer abc", {"id": 7})


def test_a_queue_that_does_not_let_the_bus_in_is_silent_for_the_cli_and_told_to_who_asks(tmp_path: Path) -> None:
    orders, dlq = "arn:aws:sqs:us-east-1:000000000000:orders", "arn:aws:sqs:us-east-1:000000000000:dead"
    let_in = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:*", "Resource": dlq}
    policy = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [let_in]})}
    with live(tmp_path, "{clock: {frozen: 2026-11-21T12:00:00Z}, enforce_permissions: true}") as running:
        aws = Aws(running, tmp_path)
        queue = ("--endpoint-url", running.url, "sqs")
        aws(*queue, "create-queue", "--queue-name", "orders")
        aws(*queue, "create-queue", "--queue-name", "dead", "--attributes", json.dumps(policy))
        aws("events", "put-rule", "--name", "out", "--event-pattern", '{"source": ["shop"]}')
        target = [{"Id": "1", "Arn": orders, "DeadLetterConfig": {"Arn": dlq}}]
        told = aws.json("events", "put-targets", "--rule", "out", "--targets", json.dumps(target))
        entry = [{"Source": "shop", "DetailType": "order", "Detail": '{"id": 7}'}]
        put = aws.json("events", "put-events", "--entries", json.dumps(entry))
        answer = running.run("put-event", "shop", "order", '{"id": 8}').stdout
        warnings = running.run("warnings").stdout
        url = f"{running.url}/000000000000/dead"
        dead = aws.json(*queue, "receive-message", "--queue-url", url, "--message-attribute-names", "All")

    assert (told["FailedEntryCount"], put["FailedEntryCount"]) == (0, 0)
    assert dead["Messages"][0]["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    assert "events.amazonaws.com is not authorized to perform: sqs:sendmessage" in answer
    assert "events.amazonaws.com" in warnings
