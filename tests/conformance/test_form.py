"""Every conformance case and golden file says what it shows, where it was learnt, when, and how sure that is."""

import json
import re
from pathlib import Path

from tests.conformance.cases import KINDS

FOLDERS = (Path(__file__).parent, Path(__file__).parents[1] / "golden")
CASES = {
    str(path.relative_to(folder)): json.loads(path.read_text(encoding="utf-8"))
    for folder in FOLDERS
    for path in sorted(folder.rglob("*.json"))
}


def test_every_case_is_one_file_with_a_name_a_source_a_day_and_a_kind() -> None:
    wrong = [
        name
        for name, case in CASES.items()
        if "cases" in case
        or not (case.get("name") and case.get("source"))
        or case.get("kind") not in KINDS
        or not re.fullmatch(r"20\d\d-\d\d-\d\d", case.get("checked", ""))
    ]

    assert wrong == []
    assert len(CASES) > 1_000
