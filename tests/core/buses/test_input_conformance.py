"""What of an event a target gets, as recorded, documented or chosen: one file a case."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.core.buses.event import BusEvent
from app.core.buses.target_input import compile_input
from app.core.chain import Cause
from app.core.errors import ValidationFailed
from tests.conformance.cases import KINDS
from tests.core.stage import NOON, SCOPE

CASES = sorted((Path(__file__).parents[2] / "conformance/events/input").glob("*.json"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_target_gets_what_its_input_says(path: Path) -> None:
    case: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    target = case["target"]
    inputs = target.get("Input"), target.get("InputPath"), target.get("InputTransformer")
    event = BusEvent(case["event"]["id"], {"version": "0", **case["event"]}, SCOPE.bus_arn("default"), NOON, Cause("c"))

    assert case["kind"] in KINDS
    if "refusal" in case:
        with pytest.raises(ValidationFailed) as refused:
            compile_input("1", *inputs)
        assert refused.value.message == case["refusal"]
    else:
        body = compile_input("1", *inputs).render(event, SCOPE.rule_arn("default", "r"), "r")
        assert body == (event.text if case["body"] == "the event" else case["body"])
