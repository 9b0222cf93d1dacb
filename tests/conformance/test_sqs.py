"""SQS beside AWS, row for row: every case in `sqs/`, over the wire, in both protocols."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.core.commands import DescribeIdentities, DescribeKeys, KeyState, RefuseQueueCalls
from app.core.commands.access import Identity, KeyOwner
from app.core.limits import DEFAULT_LIMITS
from app.core.names import Scope
from app.core.time import parse_duration_ms
from tests.conformance.cases import Case, Kept, as_texts, load
from tests.conformance.clients import JSON, JSON_IN_QUERY_MODE, QUERY, Dialect, Error, ask
from tests.conformance.conftest import Stage

CASES = {path.stem: load(path) for path in sorted((Path(__file__).parent / "sqs").glob("*.json"))}
DIALECTS: dict[str, tuple[Dialect, ...]] = {"json": (JSON, JSON_IN_QUERY_MODE), "query": (QUERY,)}
RUNS = [
    pytest.param(case, dialect, id=f"{name}-{dialect.name.replace(' ', '_')}")
    for name, case in CASES.items()
    for protocol in case.protocols
    for dialect in DIALECTS[protocol]
]


@pytest.mark.parametrize(("case", "dialect"), RUNS)
def test_sqs_answers_as_aws_does(stage: Stage, case: Case, dialect: Dialect) -> None:
    limits: dict[str, Any] = dict(case.limits)
    stage.begin(replace(DEFAULT_LIMITS, **limits), enforced=case.enforced)
    kept = Kept(f"http://127.0.0.1:{stage.port}")
    for name, attributes in case.queues.items():
        params = {"QueueName": name, "Attributes": as_texts(kept.filled(attributes))}
        answer = ask(stage.port, dialect, "CreateQueue", params)
        assert answer == {"QueueUrl": kept.filled(f"<<url:{name}>>")}

    for place, step in enumerate(case.steps, 1):
        if "advance" in step:
            stage.advance(parse_duration_ms(step["advance"]))
        elif "keys" in step:
            stage.submit(DescribeKeys(Scope(), {name: KeyState(**key) for name, key in step["keys"].items()}))
        elif "people" in step:
            stage.submit(_people(kept.filled(step["people"])))
        elif "fail" in step:
            stage.submit(RefuseQueueCalls(Scope().queue_arn("orders"), **step["fail"]))
        else:
            _take(step, kept, stage, dialect, where=f"step {place}, {step['operation']}")


def _people(given: dict[str, Any]) -> DescribeIdentities:
    """Users and roles, with their policies, as an identity store tells of them; the access key of each is its name."""
    identities, keys = {}, {}
    for name, told in given.items():
        kind = told.get("kind", "user")
        account = told.get("account", "000000000000")
        arn = f"arn:aws:iam::{account}:{kind}/{name}"
        policies = tuple(json.dumps({"Statement": each}) for each in told.get("policies", ()))
        boundary = json.dumps({"Statement": told["boundary"]}) if "boundary" in told else None
        identities[arn] = Identity(arn, policies, boundary)
        session = f"arn:aws:sts::{account}:assumed-role/{name}/session"
        keys[name] = KeyOwner(arn, session if kind == "role" else arn)
    return DescribeIdentities(identities, keys)


def _take(step: Any, kept: Kept, stage: Stage, dialect: Dialect, *, where: str) -> None:
    params = kept.filled(step.get("parameters", {}))
    if isinstance(params.get("Attributes"), dict):
        params["Attributes"] = as_texts(params["Attributes"])
    more = {name: kept.filled(step[name]) for name in ("account", "region", "headers", "path") if name in step}
    answer = ask(stage.port, dialect, step["operation"], params, **more)
    if "error" in step:
        assert answer == _error(kept.filled(step["error"]), dialect), where
        return
    assert not isinstance(answer, Error), f"{where}: {answer}"
    if "answer" in step:
        kept.check(step["answer"], answer, where=where)
    kept.check(step.get("shows", {}), answer, where=where, is_exact=False)


def _error(expected: Any, dialect: Dialect) -> Error:
    """The error in this protocol: only JSON has types, only query and query mode have other statuses, except
    where the service fails."""
    told = expected.get("status", 400)
    is_failure = told >= 500
    status = 400 if dialect is JSON and not is_failure else told
    message = expected["query_message"] if dialect is QUERY and "query_message" in expected else expected["message"]
    return Error(expected["code"], status, message, "" if dialect is QUERY else expected["type"],
                 "Receiver" if is_failure else "Sender")  # fmt: skip
