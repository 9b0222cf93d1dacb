"""Control groups as files: where they are made, what is written, and who was killed. What the system does with them is
tested with a function that takes too much memory."""

import os
from pathlib import Path

import pytest

from app.adapters.process.control_group import ControlGroup

MB = 1024 * 1024


def made_in(root: Path) -> Path:
    (folder,) = [path for path in root.rglob("triggerfish-*") if path.is_dir()]
    return folder


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """Looks like version 2, with the service in the first group of all."""
    (tmp_path / "cgroup.controllers").write_text("cpu memory")
    (tmp_path / "cgroup.subtree_control").write_text("memory")
    return tmp_path


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """Looks like version 1."""
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory/memory.limit_in_bytes").write_text("9223372036854771712")
    return tmp_path


def test_version_2_has_a_limit_and_no_swap_beside_it(second: Path) -> None:
    group = ControlGroup.make(64, second)

    assert group is not None
    assert group.join(os.getpid())
    folder = made_in(second)
    told = {path.name: path.read_text() for path in folder.iterdir()}
    assert told == {
        "memory.max": str(64 * MB), "memory.swap.max": "0", "memory.oom.group": "1", "cgroup.procs": str(os.getpid()),
    }  # fmt: skip


def test_version_1_counts_swap_with_the_rest(first: Path) -> None:
    group = ControlGroup.make(64, first)

    assert group is not None
    told = {path.name: path.read_text() for path in made_in(first / "memory").iterdir()}
    assert told == {"memory.limit_in_bytes": str(64 * MB), "memory.memsw.limit_in_bytes": str(64 * MB)}


@pytest.mark.parametrize(("killed", "told"), [(0, False), (2, True)])
def test_it_knows_whether_something_was_killed_in_it(second: Path, killed: int, told: bool) -> None:
    group = ControlGroup.make(64, second)
    assert group is not None

    before = group.has_killed
    (made_in(second) / "memory.events").write_text(f"low 0\noom 3\noom_kill {killed}\n")

    assert (before, group.has_killed) == (False, told)


def test_where_memory_cannot_be_shared_out_there_is_none(tmp_path: Path) -> None:
    assert ControlGroup.make(64, tmp_path) is None
    (tmp_path / "cgroup.controllers").write_text("cpu")
    assert ControlGroup.make(64, tmp_path / "elsewhere") is None


def test_what_a_service_that_is_gone_has_left_is_removed(second: Path) -> None:
    left = second / "triggerfish-1-0-abc"
    left.mkdir()

    ControlGroup.make(64, second)

    assert not left.exists()
