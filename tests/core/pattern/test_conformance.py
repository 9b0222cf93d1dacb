"""The conformance cases of the pattern language, read by the compiled matcher and by the reference: one file a case."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.core.pattern import InvalidEventPattern, compile_pattern
from tests.core.pattern.reference import reference_matches

FOLDER = Path(__file__).parents[2] / "conformance" / "pattern"
CASES = [
    pytest.param(json.loads(path.read_text(encoding="utf-8")), id=f"{path.parent.name}/{path.stem}")
    for path in sorted(FOLDER.rglob("*.json"))
]
VERDICTS = [param for param in CASES if "matches" in param.values[0]]  # type: ignore[operator]
REFUSALS = [param for param in CASES if "refusal" in param.values[0]]  # type: ignore[operator]


def text_of(case: dict[str, Any]) -> str:
    return str(case["text"]) if "text" in case else json.dumps(case["pattern"])


def test_every_case_has_a_verdict() -> None:
    assert len(VERDICTS) + len(REFUSALS) == len(CASES) > 200


@pytest.mark.parametrize("case", VERDICTS)
def test_a_pattern_matches_as_recorded(case: dict[str, Any]) -> None:
    pattern = compile_pattern(text_of(case))

    assert pattern.matches(case["event"]) is case["matches"]
    assert (pattern.explain(case["event"]) is None) is case["matches"]


@pytest.mark.parametrize("case", [param for param in VERDICTS if "pattern" in param.values[0]])  # type: ignore[operator]
def test_the_reference_agrees(case: dict[str, Any]) -> None:
    assert reference_matches(case["pattern"], case["event"]) is case["matches"]


@pytest.mark.parametrize("case", REFUSALS)
def test_a_pattern_is_refused_as_recorded(case: dict[str, Any]) -> None:
    with pytest.raises(InvalidEventPattern) as refused:
        compile_pattern(text_of(case))

    assert refused.value.message == case["refusal"]
