"""The service ends when it is told to, within seconds, whatever is going on, and leaves nothing behind."""

import signal
import time
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.live import Live, live, until
from tests.machine import is_alive, write

SETTINGS = """
    functions: {slow: {CodeUri: ./code, Handler: slow.handler, Timeout: 900, environments: 2}}
    queues: {orders: {VisibilityTimeout: 900}}
    mappings: [{queue: orders, function: slow}]
    """

SLOW = """
    import subprocess, time

    def handler(event, context):
        subprocess.Popen(["sleep", "600"])
        print("under way")
        time.sleep(600)
    """


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "code/slow.py", SLOW)
    return tmp_path


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_a_signal_ends_it_and_every_process_it_started(folder: Path, by: signal.Signals) -> None:
    with live(folder, SETTINGS) as service:
        service.post("queues/orders/messages", {"body": "go"})
        until(lambda: "under way" in service.get("functions/slow/logs")["lines"])
        started = offspring(service.process.pid)
        begin = time.monotonic()
        status = service.interrupt(by)
        took_s = time.monotonic() - begin
        said = service.output

    assert len(started) == 3, "the runtime, what its handler started, and the guard"
    assert took_s < 4
    assert [pid for pid in started if is_alive(pid)] == []
    assert status in (0, -by)
    assert "ERROR" not in said
    assert "Aborted" not in said


def test_what_is_killed_leaves_nothing_behind_either(folder: Path) -> None:
    with live(folder, SETTINGS) as service:
        service.post("queues/orders/messages", {"body": "go"})
        until(lambda: "under way" in service.get("functions/slow/logs")["lines"])
        started = offspring(service.process.pid)
        service.process.kill()
        service.process.wait()

    # The guard among them ends last, when the others have.
    until(lambda: not any(is_alive(pid) for pid in started))
    assert len(started) == 3


def test_a_second_start_on_the_same_port_works_at_once(folder: Path) -> None:
    with live(folder, SETTINGS) as first:
        port = first.port
        first.get("status")
        first.interrupt()
    with live(folder, SETTINGS, listen=f"127.0.0.1:{port}") as second:
        version = second.get("status")["version"]

    assert second.port == port
    assert version


def test_waiting_clients_do_not_keep_it(folder: Path) -> None:
    with live(folder, SETTINGS) as service:
        service.client("sqs").create_queue(QueueName="idle")
        poll, invoke = Thread(target=long_poll, args=(service,)), Thread(target=invoke_slow, args=(service,))
        poll.start()
        invoke.start()
        until(lambda: "under way" in service.get("functions/slow/logs")["lines"])
        begin = time.monotonic()
        service.interrupt()
        took_s = time.monotonic() - begin
        poll.join(10)
        invoke.join(10)
        said = service.output

    assert took_s < 4
    assert "ERROR" not in said
    assert not poll.is_alive()
    assert not invoke.is_alive()


def test_a_clock_that_is_held_does_not_keep_it(folder: Path) -> None:
    with live(folder, SETTINGS) as service:
        service.post("queues/orders/messages", {"body": "go"})
        until(lambda: service.get("clock")["holds"])
        advance = Thread(target=ask_quietly, args=(service, "POST", "clock/advance", {"duration": "10m"}))
        advance.start()
        begin = time.monotonic()
        service.interrupt()
        took_s = time.monotonic() - begin
        advance.join(10)
        said = service.output

    assert took_s < 4
    assert "ERROR" not in said
    assert not advance.is_alive()


def long_poll(service: Live) -> None:
    with suppress(Exception):
        service.client("sqs").receive_message(QueueUrl=f"{service.url}/000000000000/idle", WaitTimeSeconds=20)


def invoke_slow(service: Live) -> None:
    with suppress(Exception):
        service.client("lambda", read_timeout=60).invoke(FunctionName="slow")


def ask_quietly(service: Live, method: str, path: str, body: Any) -> None:
    with suppress(OSError):
        service.ask(method, path, body)


def offspring(pid: int) -> list[int]:
    """The processes that a process started, and those that these did."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(status.read_text().rpartition(")")[2].split()[1])
            if parent == pid:
                child = int(status.parent.name)
                found += [child, *offspring(child)]
    return found
