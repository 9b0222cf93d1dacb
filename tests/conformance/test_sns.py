"""SNS beside AWS, row for row: every case in `sns/api/`, with boto3 over the wire."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

from app.core.limits import DEFAULT_LIMITS
from app.core.time import parse_duration_ms
from tests.conformance.cases import Case, Kept, as_texts, load
from tests.conformance.conftest import Stage

CASES = {path.stem: load(path) for path in sorted((Path(__file__).parent / "sns" / "api").glob("*.json"))}


class Clients:
    """boto3 clients that leave it to the service to find fault, by service and region."""

    def __init__(self, stage: Stage) -> None:
        self._url = f"http://127.0.0.1:{stage.port}"
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, service: str, region: str = "us-east-1") -> Any:
        if (service, region) not in self._clients:
            config = Config(parameter_validation=False, retries={"total_max_attempts": 1})
            self._clients[service, region] = boto3.client(
                service, endpoint_url=self._url, region_name=region, aws_access_key_id="test",
                aws_secret_access_key="test", config=config,
            )  # fmt: skip
        return self._clients[service, region]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()


@pytest.fixture(scope="module")
def clients(stage: Stage) -> Iterator[Clients]:
    clients = Clients(stage)
    yield clients
    clients.close()


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_sns_answers_as_aws_does(stage: Stage, clients: Clients, case: Case) -> None:
    limits: dict[str, Any] = dict(case.limits)
    stage.begin(replace(DEFAULT_LIMITS, **limits))
    kept = Kept(f"http://127.0.0.1:{stage.port}")
    for name, attributes in case.queues.items():
        clients.client("sqs").create_queue(QueueName=name, Attributes=as_texts(kept.filled(attributes)))

    for place, step in enumerate(case.steps, 1):
        if "advance" in step:
            stage.advance(parse_duration_ms(step["advance"]))
        else:
            _take(step, kept, clients, where=f"step {place}, {step['operation']}")


def _take(step: Any, kept: Kept, clients: Clients, *, where: str) -> None:
    service, _, operation = f"sns:{step['operation']}".rpartition(":")
    client = clients.client(service.rpartition(":")[2], step.get("region", "us-east-1"))
    parameters = _texts(kept.filled(step.get("parameters", {})))
    try:
        answer = getattr(client, xform_name(operation))(**parameters)
    except ClientError as error:
        told = error.response
        assert "error" in step, f"{where}: {told['Error']}"
        expected = kept.filled(step["error"])
        found = {"code": told["Error"]["Code"], "message": told["Error"]["Message"]}
        assert found == {"code": expected["code"], "message": expected["message"]}, where
        assert told["ResponseMetadata"]["HTTPStatusCode"] == expected.get("status", 400), where
        return
    assert "error" not in step, f"{where}: {answer}"
    del answer["ResponseMetadata"]
    answer = _read(answer)
    if "answer" in step:
        kept.check(step["answer"], answer, where=where)
    kept.check(step.get("shows", {}), answer, where=where, is_exact=False)


def _texts(parameters: dict[str, Any]) -> dict[str, Any]:
    """Attributes as AWS takes them: an object becomes its JSON."""
    shown = dict(parameters)
    for name in ("Attributes", "AttributeValue"):
        if isinstance(shown.get(name), dict):
            shown[name] = as_texts(shown[name]) if name == "Attributes" else json.dumps(shown[name])
    return shown


def _read(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with the JSON in its attributes read."""
    attributes = answer.get("Attributes")
    if attributes is None:
        return answer
    return {**answer, "Attributes": {name: _json_or_text(text) for name, text in attributes.items()}}


def _json_or_text(text: str) -> Any:
    return json.loads(text) if text.startswith("{") else text
