"""What is wrong gets one clear answer from the real command, and the service goes on."""

import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.live import TRIGGERFISH, Live, clean_environ, live
from tests.machine import write

GUARDED = """
    security:
      token: swordfish
      credentials: {KNOWN: very-secret}
    queues: {orders: {}}
    """


def refused_start(folder: Path, settings: str, *, listen: str = "127.0.0.1:0") -> list[str]:
    """The lines that `up` says before it ends with exit status 1."""
    write(folder, "triggerfish.yaml", settings)
    up = subprocess.run(
        [TRIGGERFISH, "up", "--config", "triggerfish.yaml"],
        cwd=folder, env={**clean_environ(), "TRIGGERFISH_LISTEN": listen}, capture_output=True, text=True, timeout=30,
        check=False,
    )  # fmt: skip
    assert (up.returncode, up.stdout) == (1, ""), up.stdout + up.stderr
    return up.stderr.splitlines()


# At the start ---------------------------------------------------------------------------------------


def test_a_malformed_file_is_told_with_its_line(tmp_path: Path) -> None:
    (line,) = refused_start(tmp_path, "queues:\n  orders: {VisibilityTimeout: 60\n")

    assert line.startswith("triggerfish: triggerfish.yaml:3: ")


def test_every_wrong_value_is_told_with_its_line(tmp_path: Path) -> None:
    lines = refused_start(
        tmp_path,
        """
        functions:
          worker: {script: {succeed_after: soon}, Timeot: 3}
        mappings:
          - {queue: orders, function: wroker}
        """,
    )

    assert [line.split(": ")[1] for line in lines] == ["triggerfish.yaml:3"] * 2 + ["triggerfish.yaml:5"] * 2
    assert any("there is no function named 'wroker'; did you mean worker?" in line for line in lines)
    assert any("there is no such key; did you mean Timeout?" in line for line in lines)


def test_what_aws_would_refuse_is_told_with_its_entry(tmp_path: Path) -> None:
    (line,) = refused_start(
        tmp_path,
        """
        functions: {worker: {script: {succeed_after: 1s}, Timeout: 60}}
        queues: {orders: {VisibilityTimeout: 30}}
        mappings: [{queue: orders, function: worker}]
        """,
    )

    assert line.startswith("triggerfish: mappings: orders → worker: ")
    assert "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds" in line


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"

        lines = refused_start(tmp_path, "{}", listen=address)

    assert lines == [f"triggerfish: cannot listen on {address}: Address already in use"]


@pytest.mark.parametrize("security", ["{}", "{token: swordfish}", "{credentials: {KNOWN: secret}}"])
def test_other_machines_are_let_in_with_credentials_only(tmp_path: Path, security: str) -> None:
    lines = refused_start(tmp_path, f"security: {security}\n", listen="0.0.0.0:0")

    assert len(lines) == 1
    assert "0.0.0.0" in lines[0]
    assert "security" in lines[0]


# While it runs --------------------------------------------------------------------------------------


BROKEN = """
    functions:
      broken: {CodeUri: ./code, Handler: broken.handler, Timeout: 3}
      echo: {CodeUri: ./code, Handler: echo.handler, Timeout: 3}
    queues:
      orders: {RedrivePolicy: {dead_letter_queue: orders-dlq, maxReceiveCount: 1}}
      orders-dlq: {}
    mappings: [{queue: orders, function: broken}]
    """


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One for all that follow: each of them must leave it going."""
    folder = tmp_path_factory.mktemp("service")
    write(folder, "code/broken.py", "import nowhere_to_be_found\n")
    write(folder, "code/echo.py", "def handler(event, context):\n    return event\n")
    with live(folder, BROKEN) as running:
        yield running


def test_a_handler_that_cannot_be_imported_is_one_clear_outcome(service: Live) -> None:
    answer = service.client("lambda").invoke(FunctionName="broken")
    shown = service.run("invoke", "broken")

    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    told = json.loads(answer["Payload"].read())
    assert told["errorType"] == "Runtime.ImportModuleError"
    assert told["errorMessage"] == "Unable to import module 'broken': No module named 'nowhere_to_be_found'"
    assert shown.returncode == 1
    assert shown.stderr.rstrip().endswith(f"init failed: Runtime.ImportModuleError: {told['errorMessage']}")
    assert is_well(service)


def test_a_message_for_a_handler_that_cannot_be_imported_ends_as_a_dead_letter(service: Live) -> None:
    sqs = service.client("sqs")

    sqs.send_message(QueueUrl=f"{service.url}/000000000000/orders", MessageBody="hello")
    service.post("clock/advance", {"duration": "1m"})
    (letter,) = service.get("dead-letter-queues/orders-dlq/messages")

    assert "init failed, Runtime.ImportModuleError: Unable to import module 'broken'" in letter["story"][1]
    assert is_well(service)


def test_an_event_that_is_not_json_is_refused_in_lambdas_words(service: Live) -> None:
    with pytest.raises(ClientError) as refused:
        service.client("lambda").invoke(FunctionName="echo", Payload=b"{oops")

    assert refused.value.response["Error"]["Code"] == "InvalidRequestContentException"
    assert "Could not parse request body into json" in refused.value.response["Error"]["Message"]
    assert service.run("invoke", "echo", "--payload", "{oops").returncode == 1
    assert is_well(service)


def test_a_function_that_is_not_there_is_refused_in_lambdas_words(service: Live) -> None:
    client = service.client("lambda")

    with pytest.raises(client.exceptions.ResourceNotFoundException, match=r"Function not found: .*:function:nobody"):
        client.invoke(FunctionName="nobody")
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="Function does not exist"):
        client.create_event_source_mapping(
            EventSourceArn="arn:aws:sqs:us-east-1:000000000000:orders-dlq", FunctionName="nobody"
        )
    assert is_well(service)


def test_a_batch_of_eleven_is_refused_in_sqss_words(service: Live) -> None:
    sqs = service.client("sqs")
    entries = [{"Id": str(number), "MessageBody": "hello"} for number in range(11)]

    with pytest.raises(sqs.exceptions.TooManyEntriesInBatchRequest) as refused:
        sqs.send_message_batch(QueueUrl=f"{service.url}/000000000000/orders-dlq", Entries=entries)

    assert refused.value.response["Error"]["Message"] == (
        "Maximum number of entries per request are 10. You have sent 11."
    )
    assert is_well(service)


def test_a_control_body_over_ten_mebibytes_is_413(service: Live) -> None:
    answer = service.ask("POST", "queues/orders/messages", bytes(10 * 1024 * 1024 + 1))

    assert answer.error[:2] == (413, "BodyTooLarge")
    assert is_well(service)


@pytest.mark.parametrize(
    ("headers", "code"),
    [({"Host": "evil.example"}, "ForeignHost"), ({"Origin": "https://evil.example"}, "ForeignOrigin")],
)
def test_a_web_page_of_somebody_else_is_403(service: Live, headers: dict[str, str], code: str) -> None:
    answer = service.ask("POST", "clock/advance", {"duration": "1s"}, headers=headers)

    assert answer.error[:2] == (403, code)
    assert is_well(service)


def is_well(service: Live) -> bool:
    """Whether it still runs a function for who asks rightly."""
    answer = service.client("lambda").invoke(FunctionName="echo", Payload=b'{"a": 1}')
    return "FunctionError" not in answer and answer["Payload"].read() == b'{"a": 1}'


# Beyond loopback ------------------------------------------------------------------------------------


def test_beyond_loopback_a_token_and_signatures_open(tmp_path: Path) -> None:
    with live(tmp_path, GUARDED, listen="0.0.0.0:0") as service:
        without_token = service.ask("GET", "clock")
        with_token = service.ask("GET", "clock", headers={"Authorization": "Bearer swordfish"})
        known = service.client("sqs", key="KNOWN", secret="very-secret")
        sent = known.send_message(QueueUrl=f"{service.url}/000000000000/orders", MessageBody="hello")
        codes = {refusal_of(service.client("sqs", key=key, secret="guessed")) for key in ("KNOWN", "test")}
        unsigned = service.ask("GET", "/bucket/key")

    assert (without_token.status, with_token.status) == (401, 200)
    assert sent["MessageId"]
    assert codes == {"SignatureDoesNotMatch", "InvalidClientTokenId"}
    assert unsigned.status == 403


def test_the_functions_of_a_guarded_service_may_call_it(tmp_path: Path) -> None:
    settings = """
        security: {token: swordfish, credentials: {KNOWN: very-secret}}
        functions: {sender: {CodeUri: ./code, Handler: sender.handler, Timeout: 10}}
        queues: {orders: {}}
        """
    sender = """
        import boto3

        def handler(event, context):
            sqs = boto3.client("sqs")
            return sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="orders")["QueueUrl"], MessageBody="hello")
        """
    write(tmp_path, "code/sender.py", sender)
    with live(tmp_path, settings, listen="0.0.0.0:0") as service:
        answer = service.client("lambda", key="KNOWN", secret="very-secret").invoke(FunctionName="sender")
        payload = json.loads(answer["Payload"].read())

    assert payload["MessageId"]


def test_a_trusted_private_network_needs_neither(tmp_path: Path) -> None:
    settings = "security: {trust_private_network: true}\nqueues: {orders: {}}\n"
    with live(tmp_path, settings, listen="0.0.0.0:0") as service:
        sqs = service.client("sqs", key="anybody", secret="anything")
        sqs.send_message(QueueUrl=f"{service.url}/000000000000/orders", MessageBody="hello")

        assert service.get("queues/orders")["visible"] == 1


def refusal_of(sqs: Any) -> str:
    """The code that listing queues is refused with."""
    with pytest.raises(ClientError) as refused:
        sqs.list_queues()
    return str(refused.value.response["Error"]["Code"])
