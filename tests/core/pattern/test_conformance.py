"""The conformance tables of the pattern language, read by the compiled matcher and by the reference."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.core.pattern import InvalidEventPattern, compile_pattern
from tests.core.pattern.reference import reference_matches

FOLDER = Path(__file__).parents[2] / "conformance" / "pattern"
CASES = [
    pytest.param(case, id=f"{file.stem}: {case['name']}")
    for file in sorted(FOLDER.glob("*.json"))
    for case in json.loads(file.read_text())["cases"]
]
VERDICTS = [param for param in CASES if "matches" in param.values[0]]  # type: ignore[operator]
REFUSALS = [param for param in CASES if "refusal" in param.values[0]]  # type: ignore[operator]


def text_of(case: dict[str, Any]) -> str:
    return str(case["text"]) if "text" in case else json.dumps(case["pattern"])


def test_every_case_has_a_verdict_and_every_table_a_source() -> None:
    tables = [json.loads(file.read_text()) for file in FOLDER.glob("*.json")]

    assert len(VERDICTS) + len(REFUSALS) == len(CASES) > 200
    assert all(table["source"] and table["checked"] for table in tables)


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
