"""README's walks do what README says: its own commands, run as they stand there against what `make run` starts."""

import os
import re
import sys
from pathlib import Path

import pytest

from tests.live import ROOT, live, until
from tests.tools import environ_with_tools
from tests.walks.walk import Step, Walk, differs, preparation_of, run, steps_of, walks_of

README = (ROOT / "README.md").read_text(encoding="utf-8")
WALKS = walks_of(README)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Looks like the project's folder to the commands, and may be written to."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    return tmp_path


def test_there_are_three_walks() -> None:
    assert [walk.title for walk in WALKS] == [
        "An object arrives",
        "An order fails, and is looked into",
        "A function loops",
    ]
    assert all(step.prints for walk in WALKS for step in walk.steps)


def test_make_run_starts_the_example() -> None:
    recipe = re.search(r"^run: setup.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)

    assert recipe is not None
    assert recipe[1] == "\t@exec $(BIN)/triggerfish up --config examples/triggerfish.yaml\n"


@pytest.mark.real
@pytest.mark.parametrize("walk", WALKS, ids=str)
def test_a_walk_goes_as_readme_says(walk: Walk, folder: Path) -> None:
    environ = environ_with_tools()
    with live(folder, config=Path("examples/triggerfish.yaml")) as service:
        for step in walk.steps:
            commands = f"{preparation_of(README)}\n{step.commands}".replace(
                "localhost:4566", f"localhost:{service.port}"
            )
            printed = run(commands, folder=folder, environ=environ)

            assert step.prints is not None
            assert differs(printed, step.prints) == ""


def test_the_clocks_commands_work(folder: Path) -> None:
    section = README.partition("\n## The clock\n")[2].partition("\n## ")[0]
    (step,) = steps_of(section)
    with live(folder, "{}") as service:
        printed = run(f"export TRIGGERFISH_ENDPOINT={service.url}\n{step.commands}", folder=folder, environ=os.environ)

        assert service.get("clock")["way"] == "frozen"
    assert "next due: nothing" in printed


def test_the_start_names_functions_triggers_and_three_things_that_work(folder: Path) -> None:
    with live(folder, config=Path("examples/triggerfish.yaml")) as service:
        said = service.output
        tries = said.partition("  try:\n")[2].splitlines()
        assert len(tries) == 3
        for command in tries:
            run(command, folder=folder, environ=environ_with_tools())
        story = until(lambda: service.get("dead-letter-queues/orders-dlq/messages"))

    assert "  functions:\n    loop  process " in said
    assert "    queue orders → orders\n    bucket photos (in/…) → thumbnail\n" in said
    assert story[0]["receive_count"] == 3


@pytest.mark.parametrize(
    ("printed", "told"),
    [("a\nb", "a"), ("a", "a\nb"), ("a\nb", "b\na"), ("xa", "a"), ("ax", "a"), ("a\nx\nc", "a\nb\n…"), ("", "a")],
)
def test_what_is_printed_otherwise_is_found(printed: str, told: str) -> None:
    assert differs(printed, told)


@pytest.mark.parametrize(
    ("printed", "told"), [("a\nb", "a\nb\n"), ("a 7 b", "a … b"), ("a\nx\ny\nb", "a\n…\nb"), ("a\nb", "a\n…\nb")]
)
def test_what_is_left_open_may_be_anything(printed: str, told: str) -> None:
    assert differs(printed, told) == ""


def test_a_step_is_a_block_of_commands_and_what_follows_it() -> None:
    text = "## Three walks\n### One\n```sh\necho a\n```\n\n```text\na\n```\n```sh\necho b\n```\n## Two\n```sh\nc\n```\n"

    assert walks_of(text) == [Walk("One", (Step("echo a\n", "a\n"), Step("echo b\n", None)))]
