"""How mappings behave (polling, batching, scaling, errors, partial responses), case by case on the clock."""

import json
from pathlib import Path

import pytest

from tests.core.mappings.mapping_play import MappingPlay

CASES = sorted((Path(__file__).parents[2] / "conformance" / "mapping" / "behaviour").glob("*.json"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_mapping_behaves_as_awss(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    play = MappingPlay(case)

    for step in case["steps"]:
        play.step(step)
