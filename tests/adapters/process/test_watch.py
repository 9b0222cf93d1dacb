"""Which changes of a function's files are noticed."""

import os
import time
from pathlib import Path

import pytest

from app.adapters.process.watch import CodeWatch


@pytest.fixture
def watch(tmp_path: Path) -> CodeWatch:
    (tmp_path / "app.py").write_text("1")
    (tmp_path / "data").mkdir()
    watch = CodeWatch(tmp_path)
    watch.look(now=True)
    return watch


def notices(watch: CodeWatch, *, within_s: float = 5.0) -> bool:
    """Asks until it may look again; looks are rationed to a twentieth of the time, which a busy machine makes long."""
    deadline, before = time.monotonic() + within_s, watch.count
    while time.monotonic() < deadline:
        if watch.look() != before:
            return True
    return False


def test_nothing_happened(watch: CodeWatch) -> None:
    assert not notices(watch, within_s=0.2)


def test_a_written_file_is_noticed_once(tmp_path: Path, watch: CodeWatch) -> None:
    (tmp_path / "app.py").write_text("22")

    assert notices(watch)
    assert not notices(watch, within_s=0.2)


def test_a_file_of_the_same_size_is_noticed_by_its_time(tmp_path: Path, watch: CodeWatch) -> None:
    os.utime(tmp_path / "app.py", ns=(1, 1))

    assert notices(watch)


def test_a_new_and_a_removed_file_are_noticed(tmp_path: Path, watch: CodeWatch) -> None:
    (tmp_path / "data" / "new.txt").touch()
    assert notices(watch)

    (tmp_path / "data" / "new.txt").unlink()
    assert notices(watch)


def test_what_tools_write_beside_the_code_is_not_a_change(tmp_path: Path, watch: CodeWatch) -> None:
    for folder in ("__pycache__", "node_modules", ".git", ".venv"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x").touch()

    assert not notices(watch, within_s=0.2)


def test_who_wants_to_know_now_is_told_of_what_was_just_written(tmp_path: Path, watch: CodeWatch) -> None:
    (tmp_path / "app.py").write_text("22")

    assert watch.look(now=True) == 1
    assert watch.look(now=True) == 1
