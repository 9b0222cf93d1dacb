"""However an environment ends, none of its processes goes on."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.adapters.process import ProcessEndpoint
from app.adapters.process.leftovers import ENVIRONMENTS, sweep
from app.adapters.process.run_folder import RunFolder, clean_up_after_dead_runs
from app.core.awslambda.invocation import Exited, InitFailed, Outcome, TimedOut
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


ESCAPED = """
    import json, os, pathlib, subprocess, sys

    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    pathlib.Path("{pids}").write_text(json.dumps([os.getpid(), child.pid]))

    def handler(event, context):
        pass
    """


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="there is no /proc to find it by")
async def test_a_child_that_left_its_group_is_stopped_too(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    write(tmp_path / "code", "app.py", ESCAPED.format(pids=pids))
    async with process_endpoint(tmp_path / "code") as endpoint:
        await endpoint.invoke(invocation(0))
        assert all(is_alive(pid) for pid in pids_in(pids))

    await eventually(lambda: not any(is_alive(pid) for pid in pids_in(pids)))


SERVICE = """
    import asyncio, pathlib, sys

    from app.adapters.logs import InvocationLogs
    from app.adapters.process import ProcessEndpoint, ProcessSpec
    from app.adapters.process.run_folder import RunFolder
    from tests.adapters.support import FUNCTION_ARN, invocation

    async def main():
        code, runs = map(pathlib.Path, sys.argv[1:3])
        spec = ProcessSpec(FUNCTION_ARN, "resize", code, handler="app.handler")
        endpoint = ProcessEndpoint(spec, logs=InvocationLogs(), runs=RunFolder(runs))
        await endpoint.invoke(invocation(30, timeout_ms=60_000))

    asyncio.run(main())
    """


@pytest.fixture
async def service(tmp_path: Path, pids_file: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that runs a function which is in the middle of its handler, and ignores SIGTERM as its child does."""
    script = write(tmp_path, "service.py", SERVICE)
    (tmp_path / "runs").mkdir()
    command = [sys.executable, str(script), str(tmp_path / "code"), str(tmp_path / "runs")]
    root = Path(__file__).parents[3]
    service = await asyncio.create_subprocess_exec(*command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)})
    await eventually(lambda: pids_file.exists() and pids_file.read_text() != "", within_s=20)
    yield service
    with contextlib.suppress(ProcessLookupError):
        service.kill()
    await service.wait()


async def test_a_killed_service_leaves_nothing_behind_for_longer_than_a_moment(
    tmp_path: Path, pids_file: Path, service: asyncio.subprocess.Process
) -> None:
    service.kill()
    await service.wait()

    await eventually(lambda: not any(is_alive(pid) for pid in pids_in(pids_file)))
    await eventually(lambda: list((tmp_path / "runs").iterdir()) == [])


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="there is no /proc to find the guard by")
async def test_what_a_killed_service_and_its_guard_left_is_ended_by_the_next(
    tmp_path: Path, pids_file: Path, service: asyncio.subprocess.Process
) -> None:
    (run,) = (tmp_path / "runs").iterdir()
    assert clean_up_after_dead_runs(tmp_path / "runs") == 0, "a living service's run is let be"
    (guard,) = [pid for pid in _pids() if f"leftovers.py\0{run}\0" in _command_of(pid)]
    os.kill(guard, signal.SIGKILL)
    service.kill()
    await service.wait()
    assert all(is_alive(pid) for pid in pids_in(pids_file))

    swept = clean_up_after_dead_runs(tmp_path / "runs")

    assert swept == 1
    await eventually(lambda: not any(is_alive(pid) for pid in pids_in(pids_file)))
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_process_that_only_has_the_number_of_one_of_ours_is_let_be(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
    write(tmp_path, f"run/{ENVIRONMENTS}/a", f"stream\n{other.pid} 12345\n")

    sweep(tmp_path / "run")

    assert is_alive(other.pid)
    assert not (tmp_path / "run").exists()
    other.communicate(b"\n")
    assert other.returncode == 0


def test_an_orderly_end_ends_the_guard_and_removes_the_folder(tmp_path: Path) -> None:
    runs = RunFolder(tmp_path)
    runs.add("2026/11/27/[$LATEST]abc")
    (run,) = tmp_path.iterdir()

    runs.close()

    assert list(tmp_path.iterdir()) == []
    assert not any(str(run) in _command_of(pid) for pid in _pids())


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def _command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""
