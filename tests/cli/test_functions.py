"""`triggerfish functions show` and `triggerfish logs`, against a function that runs."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli.root import root
from tests.machine import write
from tests.serving import Serving, serving


@pytest.fixture
def talking(tmp_path: Path) -> Iterator[Serving]:
    write(tmp_path / "code", "app.py", "def handler(e, c):\n    print('got', e)\n    return e['n']")
    settings = (
        f"clock: {{frozen: 2026-11-21T12:00:00Z}}\n"
        f"functions:\n  talk: {{CodeUri: {tmp_path / 'code'}, Handler: app.handler, environments: 2}}\n"
    )
    with serving(settings) as running:
        yield running


def run(service: Serving, *arguments: str) -> Result:
    return CliRunner().invoke(root, arguments, env={"TRIGGERFISH_ENDPOINT": service.url, "TRIGGERFISH_TOKEN": None})


def test_show_tells_of_environments_and_the_last_invocations(talking: Serving) -> None:
    nothing = run(talking, "functions", "show", "talk").stdout
    talking.post("functions/talk/invoke", {"n": 1})
    talking.post("functions/talk/invoke", {"n": 2})
    talking.post("functions/talk/invoke", {})

    shown = run(talking, "functions", "show", "talk").stdout

    assert "no environment is there now" in nothing
    assert "no invocations yet" in nothing
    lines = shown.splitlines()
    assert lines[0].startswith("talk  process ")
    assert lines[1] == "timeout 3s, memory 128 MB, at most 2 environments; 0 in flight, 0 waiting"
    assert lines[2] == "starts: 1 cold, 2 warm; ended: none"
    assert re.match(r"0\s+idle\s+\d+\s+2026-11-21T12:00:00.000Z\s+[\d.]+ ms\s+3\s+", lines[4])
    assert [bool(re.search("succeeded|failed", line)) for line in lines[-3:]] == [True] * 3
    assert "KeyError" in lines[-1]


def test_functions_alone_lists_them_all(talking: Serving) -> None:
    assert re.search(r"^talk +3s +2 +0 +0 +process ", run(talking, "functions").stdout, re.MULTILINE)


def test_logs_of_a_function_of_an_invocation_and_since(talking: Serving) -> None:
    first = talking.post("functions/talk/invoke", {"n": 1})["request_id"]
    talking.post("clock/advance", {"duration": "5m"})
    talking.post("functions/talk/invoke", {"n": 2})

    def got(*arguments: str) -> list[str]:
        printed = run(talking, "logs", *arguments).stdout.splitlines()
        return [line for line in printed if line.startswith("got")]

    assert got("talk") == ["got {'n': 1}", "got {'n': 2}"]
    assert got("talk", "--since", "1m") == ["got {'n': 2}"]
    assert got("talk", "--request", first) == got("--request", first) == ["got {'n': 1}"]


@pytest.mark.parametrize("arguments", [(), ("--follow",), ("talk", "--follow", "--request", "r")])
def test_what_makes_no_sense_is_bad_usage(talking: Serving, arguments: tuple[str, ...]) -> None:
    assert run(talking, "logs", *arguments).exit_code == 2


def test_logs_can_be_followed(talking: Serving) -> None:
    talking.post("functions/talk/invoke", {"n": 1})
    command = [sys.executable, "-m", "app", "--endpoint", talking.url, "logs", "talk", "--follow"]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        watchdog = threading.Timer(20, following.kill)
        watchdog.start()
        lines = []
        for line in following.stdout:
            lines.append(line.rstrip("\n"))
            if lines[-1].startswith("REPORT") and len(lines) < 8:
                talking.post("functions/talk/invoke", {"n": 2})
            if lines[-1] == "got {'n': 2}":
                break
        watchdog.cancel()
        following.kill()

    assert [line for line in lines if line.startswith("got")] == ["got {'n': 1}", "got {'n': 2}"]


def test_a_function_is_told_to_refuse_and_to_stop_refusing(talking: Serving) -> None:
    client = talking.client("lambda")

    told = run(talking, "functions", "fail", "talk", "--with", "KMSDisabledException", "--times", "2").stdout
    shown = run(talking, "functions", "show", "talk").stdout
    explained = run(talking, "explain", "--invoke", "talk").stdout
    with pytest.raises(client.exceptions.KMSDisabledException, match="the KMS key used is disabled"):
        client.invoke(FunctionName="talk", Payload=b'{"n": 1}')
    ended = run(talking, "functions", "fail", "talk", "--times", "0").stdout
    answer = client.invoke(FunctionName="talk", Payload=b'{"n": 1}')

    assert told == "talk refuses the next 2 invocations with KMSDisabledException\n"
    assert "refuses with KMSDisabledException, 2 more" in shown
    assert "'talk' was told to refuse with KMSDisabledException, 2 more times; a caller gets the refusal" in explained
    assert ended == "talk is invoked again\n"
    assert answer["Payload"].read() == b"1"


def test_a_refusal_that_lambda_does_not_have_is_not_taken(talking: Serving) -> None:
    result = run(talking, "functions", "fail", "talk", "--with", "NoSuchException")

    assert result.exit_code != 0
    assert "Invoke is not refused with 'NoSuchException'" in result.stderr
    assert run(talking, "functions", "fail", "talk").exit_code == 2
    assert run(talking, "functions", "fail", "nobody", "--with", "ServiceException").exit_code != 0
