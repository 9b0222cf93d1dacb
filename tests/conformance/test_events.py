"""EventBridge beside AWS, row for row: every case in `events/api/`, over the wire."""

import json
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from app.core.limits import DEFAULT_LIMITS
from app.core.time import parse_duration_ms
from tests.conformance.cases import Case, Kept, load
from tests.conformance.conftest import Stage

CASES = {path.stem: load(path) for path in sorted((Path(__file__).parent / "events/api").glob("*.json"))}


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_eventbridge_answers_as_aws_does(stage: Stage, case: Case) -> None:
    limits: dict[str, Any] = dict(case.limits)
    stage.begin(replace(DEFAULT_LIMITS, **limits))
    kept = Kept(f"http://127.0.0.1:{stage.port}")

    for place, step in enumerate(case.steps, 1):
        if "advance" in step:
            stage.advance(parse_duration_ms(step["advance"]))
            continue
        where = f"step {place}, {step['operation']}"
        status, answer = _ask(stage.port, step["operation"], kept.filled(step.get("parameters", {})))
        if "error" in step:
            error = kept.filled(step["error"])
            assert (status, answer) == (400, {"__type": error["type"], "message": error["message"]}), where
            continue
        assert status == 200, f"{where}: {answer}"
        if "answer" in step:
            kept.check(step["answer"], answer, where=where)
        kept.check(step.get("shows", {}), answer, where=where, is_exact=False)


def _ask(port: int, operation: str, params: Any) -> tuple[int, Any]:
    connection = HTTPConnection("127.0.0.1", port)
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"AWSEvents.{operation}"}
    connection.request("POST", "/", json.dumps(params), headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, json.loads(body) if body else {}
