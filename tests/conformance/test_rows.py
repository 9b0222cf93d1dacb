"""Every row of ROWS.md is shown by cases that are there, or by tests."""

import re
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TESTS = HERE.parent
_ROW = re.compile(r"^\| (?!Row \||---)(?P<row>.+) \| (?P<shown>`.+`) \|$", re.MULTILINE)
ROWS = [
    (found["row"], re.findall(r"`([^`]+)`", found["shown"])) for found in _ROW.finditer((HERE / "ROWS.md").read_text())
]


@cache
def _tests() -> frozenset[str]:
    texts = (path.read_text() for path in TESTS.rglob("test_*.py"))
    return frozenset(name for text in texts for name in re.findall(r"^(?:async )?def (test_\w+)", text, re.MULTILINE))


@pytest.mark.parametrize(("row", "shown"), ROWS, ids=[row for row, _ in ROWS])
def test_a_row_is_shown(row: str, shown: list[str]) -> None:
    missing = [name for name in shown if not _is_there(name)]

    assert missing == [], row


def test_every_line_of_a_table_is_read() -> None:
    lines = (HERE / "ROWS.md").read_text().splitlines()
    rows = [line for line in lines if line.startswith("| ") and not line.startswith(("| Row |", "| ---"))]

    assert len(rows) == len(ROWS) > 150


def _is_there(name: str) -> bool:
    if name.startswith("test_"):
        return name in _tests()
    folder = TESTS if name.startswith("golden/") else HERE
    return any(folder.glob(f"{name}.json"))
