"""The conformance table of partial batch responses, played through the world."""

import json
from pathlib import Path

import pytest

from app.core.awslambda.invocation import HandlerFailed, Outcome, Succeeded, TimedOut
from app.core.commands import SendMessage, SendMessageBatch
from tests.core.stage import Stage

CASES = sorted((Path(__file__).parents[2] / "conformance" / "mapping" / "partial_response").glob("*.json"))
FAILURES: dict[str, Outcome] = {"exception": HandlerFailed("Exception", "no", b"{}"), "timeout": TimedOut(3_000)}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_what_a_function_answers_decides_which_messages_stay(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    given, when = case["given"], case["when"]
    stage = Stage()
    orders = stage.queue("orders")
    stage.submit(SendMessageBatch(orders, tuple((body, SendMessage(orders, body)) for body in given["bodies"])))
    stage.mapping(orders, stage.function("worker"), FunctionResponseTypes=given["FunctionResponseTypes"])

    if "fails" in when:
        stage.settle(FAILURES[when["fails"]])
    else:
        answer = when["returns"]
        for record in json.loads(stage.calls[0].payload)["Records"]:
            answer = answer.replace(f"<{record['body']}>", record["messageId"])
        stage.settle(Succeeded(answer.encode()))

    assert stage.bodies(orders) == case["expected"]["left"]
    assert stage.at(orders).visible_count == 0, "what failed stays hidden until its visibility timeout ends"
