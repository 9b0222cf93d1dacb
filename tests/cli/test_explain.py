"""`triggerfish explain`, of a real service."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import Run
from tests.serving import Serving


def test_a_message_that_would_be_sent(run: Run) -> None:
    shown = run("explain", "orders", "hello", "--attribute", "colour=red", "--attribute", "size:Number=3")

    assert shown.exit_code == 0
    assert shown.stdout.splitlines() == [
        "✔ queue 'orders' is there: 0 visible, 0 in flight, 0 delayed",
        "✔ SQS takes the message: 31 of at most 1048576 bytes",
        "✔ mapping orders → worker is Enabled and has 5 pollers",
        "✔ it ends a batch of 1 (one receive)",
        "✔ 0 of 1000 environments of 'worker' are busy",
        "would fire: orders → worker, in a batch of 1, now",
    ]


def test_what_would_not_fire_exits_with_three(run: Run) -> None:
    shown = run("explain", "s3://photos/out/cat.jpg")

    assert shown.exit_code == 3
    assert shown.stdout.splitlines()[-2:] == [
        "✘ rule incoming to 'thumbnail' says no: prefix 'in/' does not begin 'out/cat.jpg'",
        "would not fire: rule incoming to 'thumbnail' says no: prefix 'in/' does not begin 'out/cat.jpg'",
    ]
    assert run("explain", "s3://photos/in/cat.jpg").exit_code == 0
    assert run("explain", "s3://photos/in/cat.jpg", "--event", "ObjectRemoved:Delete").exit_code == 3
    assert run("explain", "orders", "x", "--function", "thumbnail").exit_code == 3


def test_what_waits_would_fire(run: Run) -> None:
    shown = run("explain", "orders", "-", "--delay", "60", input="later")

    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[-1] == "waits until 2026-11-21T12:01:00.000Z: message delayed by 60s"


def test_a_queue_may_be_a_url(run: Run, service: Serving) -> None:
    assert run("explain", f"{service.url}/000000000000/orders", "x").exit_code == 0


def test_a_message_that_was_sent(run: Run, poisoned: str) -> None:
    shown = run("explain", "--message", poisoned)

    assert shown.exit_code == 3
    assert "✘ 2026-11-21T12:00:00.000Z received by worker: failed, ValueError: poison" in shown.stdout.splitlines()


def test_an_invocation(run: Run) -> None:
    assert run("explain", "--invoke", "worker", "--payload", '{"a": 1}', "--async").exit_code == 0
    assert run("explain", "--invoke", "nothing").exit_code == 3


def test_it_can_be_json(run: Run) -> None:
    shown = run("explain", "spare", "x", "--json")

    assert shown.exit_code == 3
    assert (
        json.loads(shown.stdout)["conclusion"]["text"] == "would not fire: no event source mapping reads queue 'spare'"
    )


def test_verdicts_have_colours(run: Run) -> None:
    shown = run("explain", "orders", "x", color=True)

    assert "\x1b[32m✔\x1b[0m" in shown.stdout


def test_a_terminal_without_such_characters_gets_plain_ones(service: Serving) -> None:
    environ = {**os.environ, "TRIGGERFISH_ENDPOINT": service.url, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-c", "from app.cli.root import root; root()", "explain", "orders", "x", "--delay", "5"]

    shown = subprocess.run(command, env=environ, cwd=Path.cwd(), capture_output=True, text=True, check=True)

    assert shown.stdout.splitlines()[2:4] == [
        "[wait] message delayed by 5s, until 2026-11-21T12:00:05.000Z",
        "[yes]  mapping orders -> worker is Enabled and has 5 pollers",
    ]


def test_bad_usage_is_exit_code_two(run: Run) -> None:
    for arguments in (
        (), ("orders",), ("s3://photos",), ("s3://photos/in/a", "body"), ("orders", "x", "--message", "m"),
        ("orders", "x", "--attribute", "colour"), ("--invoke", "worker", "--payload", "{"),
        ("--invoke", "worker", "--function", "worker"),
    ):  # fmt: skip
        assert run("explain", *arguments).exit_code == 2
