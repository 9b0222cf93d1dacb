"""EventBridge Pipes beside AWS: every case in `pipes/`, by boto3 over the wire."""

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
from tests.conformance.cases import Case, Kept, load
from tests.conformance.conftest import Stage

CASES = {path.stem: load(path) for path in sorted((Path(__file__).parent / "pipes").glob("*.json"))}


@pytest.fixture(scope="module")
def clients(stage: Stage) -> dict[str, Any]:
    session = boto3.session.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
    config = Config(parameter_validation=False, retries={"total_max_attempts": 1})
    url = f"http://127.0.0.1:{stage.port}"
    return {service: session.client(service, endpoint_url=url, config=config) for service in ("pipes", "sqs")}


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_pipes_answer_as_aws_does(stage: Stage, clients: dict[str, Any], case: Case) -> None:
    limits: dict[str, Any] = dict(case.limits)
    stage.begin(replace(DEFAULT_LIMITS, **limits))
    kept = Kept(f"http://127.0.0.1:{stage.port}")
    for name in case.queues:
        clients["sqs"].create_queue(QueueName=name)

    for place, step in enumerate(case.steps, 1):
        if "advance" in step:
            stage.advance(parse_duration_ms(step["advance"]))
            continue
        where = f"step {place}, {step['operation']}"
        client = clients[step.get("service", "pipes")]
        call = getattr(client, xform_name(step["operation"]))
        try:
            answer = call(**kept.filled(step.get("parameters", {})))
        except ClientError as error:
            told = error.response["Error"], error.response["ResponseMetadata"]["HTTPStatusCode"]
            expected = kept.filled(step.get("error", "no error"))
            assert told == (
                {"Code": expected["code"], "Message": expected["message"]}, expected.get("status", 400),
            ), where  # fmt: skip
            continue
        assert "error" not in step, f"{where}: {answer}"
        kept.check(step.get("shows", {}), answer, where=where, is_exact=False)
