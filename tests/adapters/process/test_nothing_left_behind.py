"""However an environment ends, none of its processes goes on."""

import asyncio
import json
from pathlib import Path

import pytest

from app.adapters.process import ProcessEndpoint
from app.core.invocation import Exited, InitFailed, Outcome, TimedOut
from tests.adapters.support import eventually, invocation, is_alive, process_endpoint, write

STUBBORN = """
    import json, os, pathlib, signal, subprocess, sys, time

    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen(
        [sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"]
    )
    pathlib.Path("{pids}").write_text(json.dumps([os.getpid(), child.pid]))

    def handler(event, context):
        time.sleep(event)
        if event == 0.001:
            os._exit(1)
    """


@pytest.fixture
def pids_file(tmp_path: Path) -> Path:
    pids = tmp_path / "pids"
    write(tmp_path / "code", "app.py", STUBBORN.format(pids=pids))
    return pids


def pids_in(file: Path) -> list[int]:
    found: list[int] = json.loads(file.read_text())
    return found


async def begin(endpoint: ProcessEndpoint, pids: Path) -> "asyncio.Task[Outcome]":
    """A call that is in the middle of its handler."""
    task = asyncio.create_task(endpoint.invoke(invocation(30, timeout_ms=60_000)))
    await eventually(lambda: pids.exists() and pids.read_text() != "")
    return task


async def test_close_stops_an_idle_process_that_ignores_sigterm_and_its_child(tmp_path: Path, pids_file: Path) -> None:
    async with process_endpoint(tmp_path / "code") as endpoint:
        await endpoint.invoke(invocation(0))
        pids = pids_in(pids_file)
        assert all(is_alive(pid) for pid in pids)

    await eventually(lambda: not any(is_alive(pid) for pid in pids))


async def test_the_time_limit_stops_them(tmp_path: Path, pids_file: Path) -> None:
    async with process_endpoint(tmp_path / "code") as endpoint:
        outcome = await endpoint.invoke(invocation(30, timeout_ms=100))
        pids = pids_in(pids_file)

        await eventually(lambda: not any(is_alive(pid) for pid in pids))
        assert isinstance(outcome, TimedOut)


async def test_an_exit_stops_the_children(tmp_path: Path, pids_file: Path) -> None:
    async with process_endpoint(tmp_path / "code") as endpoint:
        await endpoint.invoke(invocation(0.001))
        pids = pids_in(pids_file)

        await eventually(lambda: not any(is_alive(pid) for pid in pids))


async def test_cancelling_a_call_stops_them_and_the_slot_goes_on(tmp_path: Path, pids_file: Path) -> None:
    async with process_endpoint(tmp_path / "code") as endpoint:
        task = await begin(endpoint, pids_file)
        pids = pids_in(pids_file)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        await eventually(lambda: not any(is_alive(pid) for pid in pids))
        await endpoint.invoke(invocation(0))
        assert pids_in(pids_file) != pids


async def test_close_in_the_middle_of_a_call_stops_them(tmp_path: Path, pids_file: Path) -> None:
    async with process_endpoint(tmp_path / "code") as endpoint:
        task = await begin(endpoint, pids_file)
        pids = pids_in(pids_file)
        await endpoint.close()

        await eventually(lambda: not any(is_alive(pid) for pid in pids))
        assert isinstance(await task, Exited)
        assert pids_in(pids_file) == pids


async def test_close_in_the_middle_of_an_init_stops_it_and_starts_no_other(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    write(
        tmp_path / "code",
        "app.py",
        f"""
        import os, time
        with open("{pids}", "a") as file:
            file.write(f"{{os.getpid()}}\\n")
        time.sleep(60)
        """,
    )
    async with process_endpoint(tmp_path / "code") as endpoint:
        task = await begin(endpoint, pids)
        await endpoint.close()
        outcome = await task

    (pid,) = map(int, pids.read_text().split())
    assert not is_alive(pid)
    assert isinstance(outcome, InitFailed)
    assert "the function has been stopped" in outcome.message


async def test_close_before_anything_has_run_and_an_invocation_afterwards_start_nothing(tmp_path: Path) -> None:
    write(tmp_path, "app.py", "def handler(e, c): pass")
    async with process_endpoint(tmp_path) as endpoint:
        await endpoint.close()
        outcome = await endpoint.invoke(invocation())

    assert isinstance(outcome, InitFailed)
