"""The command as a process of its own: what it imports, how it follows, what `up` is given."""

import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli.up import up_command
from tests.serving import Serving, serving


def test_the_command_starts_without_the_service() -> None:
    heavy = "{'fastapi', 'uvicorn', 'boto3', 'botocore', 'moto', 'pydantic', 'aiohttp', 'yaml'}"
    program = f"import sys, app.__main__, app.cli.root; print(sorted({heavy} & set(sys.modules)))"

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert loaded.stdout == "[]\n"


def test_tail_follows_the_journal(service: Serving) -> None:
    command = [sys.executable, "-m", "app", "--endpoint", service.url, "tail", "--queue", "spare", "-n", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as tail:
        assert tail.stdout is not None
        created = tail.stdout.readline()
        sent = service.post("queues/spare/messages", {"body": "hello"})
        followed = tail.stdout.readline()
        tail.terminate()

    assert created == "2026-11-21T12:00:00.000Z queue spare created\n"
    assert followed == f"2026-11-21T12:00:00.000Z spare got {sent['message_id']} (5 bytes)\n"


def test_tail_comes_back_when_the_service_does() -> None:
    with serving() as first:
        command = [sys.executable, "-u", "-m", "app", "--endpoint", first.url, "tail", "--queue", "spare", "-n", "1"]
        tail = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert tail.stdout is not None
        tail.stdout.readline()
        first.post("queues/spare/messages", {"body": "hello"})
        before = tail.stdout.readline()
    with tail, serving(port=first.port):
        after = tail.stdout.readline()
        tail.terminate()

    assert before.endswith(" (5 bytes)\n")
    assert after == "2026-11-21T12:00:00.000Z queue spare created\n"


def test_an_open_stream_does_not_keep_the_service_from_ending() -> None:
    command = [sys.executable, "-m", "app", "up", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as up:
        assert up.stdout is not None
        assert up.stderr is not None
        url = re.search(r"http://localhost:(\d+)", up.stdout.readline())
        assert url is not None
        with socket.create_connection(("127.0.0.1", int(url[1])), timeout=10) as stream:
            stream.sendall(b"GET /_triggerfish/api/journal/stream?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answered = stream.recv(64)
            up.terminate()
            up.wait(timeout=4)
        errors = up.stderr.read()

    assert answered.startswith(b"HTTP/1.1 200 OK")
    assert errors == ""


def test_up_gives_its_options_before_the_environments(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRIGGERFISH_LISTEN", "127.0.0.1:1")
    monkeypatch.setenv("TRIGGERFISH_SEED", "7")
    config = tmp_path / "triggerfish.yaml"
    config.touch()
    served: list[tuple[Path | None, Mapping[str, str]]] = []

    def serve(*, config: Path | None, environ: Mapping[str, str]) -> int:
        served.append((config, environ))
        return 3

    result = CliRunner().invoke(up_command(serve), ["--config", str(config), "--listen", "127.0.0.1:2"])

    [(path, environ)] = served
    assert (result.exit_code, path) == (3, config)
    assert (environ["TRIGGERFISH_LISTEN"], environ["TRIGGERFISH_SEED"]) == ("127.0.0.1:2", "7")
    assert "TRIGGERFISH_CLOCK" not in environ


def test_a_settings_file_that_is_not_there_is_bad_usage() -> None:
    def serve(*, config: Path | None, environ: Mapping[str, str]) -> int:
        raise AssertionError("it must not come to this")

    assert CliRunner().invoke(up_command(serve), ["--config", "nowhere.yaml"]).exit_code == 2
