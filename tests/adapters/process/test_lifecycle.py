"""The life of an environment: what is kept over a fault, what is not, and what can be seen of it."""

import asyncio
import json
import time
from pathlib import Path

import pytest

from app.adapters.logs import InvocationLogs
from app.adapters.process.control_group import ControlGroup
from app.adapters.process.tenant import Observer
from app.core.awslambda.invocation import Exited, HandlerFailed, Succeeded, TimedOut
from tests.adapters.support import eventually, invocation, is_alive, process_endpoint, write

NOON = 1_795_780_800_000
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")

KEEPING = """
    import os, pathlib, sys, tempfile, time

    folder = pathlib.Path(tempfile.gettempdir())
    calls = []

    def handler(event, context):
        calls.append(1)
        seen = sorted(path.name for path in folder.iterdir())
        (folder / f"file-{len(seen)}").write_text("x")
        if event == "exit":
            sys.exit(3)
        if event == "hang":
            time.sleep(30)
        return {"calls": len(calls), "seen": seen, "folder": str(folder), "stream": context.log_stream_name}
    """


def answer_of(outcome: object) -> dict[str, object]:
    assert isinstance(outcome, Succeeded), outcome
    found: dict[str, object] = json.loads(outcome.payload)
    return found


async def test_a_fault_takes_the_globals_and_leaves_temporary_files_and_the_log_stream(tmp_path: Path) -> None:
    write(tmp_path, "app.py", KEEPING)
    async with process_endpoint(tmp_path) as endpoint:
        before = answer_of(await endpoint.invoke(invocation()))
        timed_out = await endpoint.invoke(invocation("hang", timeout_ms=300))
        after_timeout = answer_of(await endpoint.invoke(invocation()))
        exited = await endpoint.invoke(invocation("exit"))
        after_exit = answer_of(await endpoint.invoke(invocation()))
    await eventually(lambda: not Path(str(before["folder"])).exists())

    assert isinstance(timed_out, TimedOut)
    assert isinstance(exited, Exited)
    assert [answer["calls"] for answer in (before, after_timeout, after_exit)] == [1, 1, 1]
    assert after_timeout["seen"] == ["file-0", "file-1"]
    assert after_exit["seen"] == ["file-0", "file-1", "file-2", "file-3"]
    assert before["stream"] == after_timeout["stream"] == after_exit["stream"]


async def test_the_init_after_a_fault_is_inside_the_next_invocation(tmp_path: Path) -> None:
    write(tmp_path, "app.py", "import time\ntime.sleep(0.3)\ndef handler(e, c):\n    time.sleep(e)")
    logs = InvocationLogs()
    async with process_endpoint(tmp_path, logs=logs) as endpoint:
        first = await endpoint.invoke(invocation(0, request_id="r-1"))
        await endpoint.invoke(invocation(30, request_id="r-2", timeout_ms=200))
        third = await endpoint.invoke(invocation(0, request_id="r-3"))
        fourth = await endpoint.invoke(invocation(0, request_id="r-4", timeout_ms=200))
        await endpoint.invoke(invocation(30, request_id="r-5", timeout_ms=100))
        sixth = await endpoint.invoke(invocation(0, request_id="r-6", timeout_ms=200))

    assert isinstance(first, Succeeded)
    assert first.ran.init_duration_ms is not None
    assert first.ran.duration_ms < 300
    assert isinstance(third, Succeeded)
    assert third.ran.init_duration_ms is None
    assert third.ran.duration_ms > 300
    assert "Init Duration" not in logs.of("r-3")
    assert isinstance(fourth, Succeeded)
    assert isinstance(sixth, TimedOut), "its init alone takes longer than it may"
    assert "INIT_REPORT Init Duration: " in logs.of("r-6")
    assert "Phase: invoke\tStatus: timeout" in logs.of("r-6")


async def test_an_init_that_crashes_begins_again_until_the_functions_time_is_up(tmp_path: Path) -> None:
    write(tmp_path, "app.py", "import os, signal\nprint('init', flush=True)\nos.kill(os.getpid(), signal.SIGSEGV)")
    logs = InvocationLogs()
    async with process_endpoint(tmp_path, logs=logs) as endpoint:
        outcome = await endpoint.invoke(invocation(request_id="r-1", timeout_ms=700))

    assert isinstance(outcome, TimedOut)
    assert logs.of("r-1").count("init\n") >= 3


@needs_proc
async def test_a_frozen_environment_stands_still_between_invocations(tmp_path: Path) -> None:
    write(
        tmp_path / "code",
        "app.py",
        """
        import os, pathlib, threading, time

        def count():
            while True:
                pathlib.Path("../count").write_text(str(time.monotonic()))
                time.sleep(0.002)

        threading.Thread(target=count, daemon=True).start()

        def handler(event, context):
            return os.getpid()
        """,
    )
    async with process_endpoint(tmp_path / "code", freeze=True) as endpoint:
        outcome = await endpoint.invoke(invocation())
        assert isinstance(outcome, Succeeded)
        pid = int(outcome.payload)
        await eventually(lambda: _state_of(pid) == "T")
        (status,) = endpoint.status().environments
        again = await endpoint.invoke(invocation())

    assert status.state == "frozen"
    assert isinstance(again, Succeeded)
    assert int(again.payload) == pid
    assert not is_alive(pid)


@needs_proc
@pytest.mark.parametrize("way", ["watch", "rlimit", "cgroup"])
async def test_a_function_that_takes_more_memory_than_it_has_fails(tmp_path: Path, way: str) -> None:
    write(
        tmp_path,
        "app.py",
        "import time\ndef handler(e, c):\n    data = bytearray(e)\n    data[::4096] = data[::4096]\n"
        "    time.sleep(20 if e > 200_000_000 else 0)",
    )
    logs = InvocationLogs()
    async with process_endpoint(tmp_path, enforce_memory=way, logs=logs) as endpoint:
        small = await endpoint.invoke(invocation(1_000_000))
        large = await endpoint.invoke(invocation(400_000_000, request_id="r-2"))
        after = await endpoint.invoke(invocation(1_000_000))

    assert isinstance(small, Succeeded)
    assert isinstance(after, Succeeded)
    if way != "rlimit":
        assert isinstance(large, Exited)
        assert large.status == "signal: killed"
        assert "Status: error\tError Type: Runtime.ExitError" in logs.of("r-2")
        group = ControlGroup.make(64) if way == "cgroup" else None
        if group is not None:
            # Where the machine of the test lets nobody make one, it was watched.
            group.remove()
            assert "Max Memory Used: 128 MB" in logs.of("r-2")
    else:
        assert isinstance(large, HandlerFailed)
        assert large.error_type == "MemoryError"


async def test_too_much_in_the_temporary_folder_is_told(tmp_path: Path) -> None:
    write(
        tmp_path,
        "app.py",
        "import tempfile, pathlib\ndef handler(e, c):\n"
        "    pathlib.Path(tempfile.gettempdir(), 'x').write_bytes(b'x' * 3_000_000)",
    )
    logs = InvocationLogs()
    async with process_endpoint(tmp_path, ephemeral_storage_mb=2, logs=logs) as endpoint:
        await endpoint.invoke(invocation(request_id="r-1"))

    assert "the temporary folder holds 2 MB, EphemeralStorage is 2 MB" not in logs.of("r-1")
    async with process_endpoint(tmp_path, ephemeral_storage_mb=1, logs=logs) as endpoint:
        await endpoint.invoke(invocation(request_id="r-2"))

    assert "[triggerfish] the temporary folder holds 2 MB, EphemeralStorage is 1 MB\n" in logs.of("r-2")


async def test_environments_can_be_seen_and_their_ends_are_counted(tmp_path: Path) -> None:
    write(tmp_path, "app.py", "import os, sys\ndef handler(e, c):\n    if e: sys.exit(1)\n    return os.getpid()")
    told: list[tuple[object, ...]] = []
    observer = Observer(
        started=lambda slot, _environment, _init_ms, is_suppressed: told.append(("started", slot, is_suppressed)),
        ended=lambda slot, _environment, reason: told.append(("ended", slot, reason)),
    )
    async with process_endpoint(
        tmp_path, environments=2, observer=observer, logs=InvocationLogs(now=lambda: NOON)
    ) as endpoint:
        assert endpoint.status().environments == ()
        outcome = await endpoint.invoke(invocation(0, request_id="r-1", environment=1))
        await endpoint.invoke(invocation(0, request_id="r-2", environment=1))
        status = endpoint.status()
        await endpoint.invoke(invocation(1, request_id="r-3", environment=1))
        failed = endpoint.status()
        await endpoint.invoke(invocation(0, request_id="r-4", environment=1))

    assert isinstance(outcome, Succeeded)
    (environment,) = status.environments
    assert (status.cold_starts, status.warm_starts, status.ended) == (1, 1, {})
    assert (environment.slot, environment.state, environment.pid) == (1, "idle", int(outcome.payload))
    assert (environment.invocations, environment.last_request) == (2, "r-2")
    assert environment.began_at == environment.last_used_at == NOON
    assert environment.init_ms == outcome.ran.init_duration_ms
    assert environment.environment.startswith("2026/11/27/[$LATEST]")
    assert failed.ended == {"failed": 1}
    assert [environment.state for environment in failed.environments] == ["ended"]
    assert told == [
        ("started", 1, False),
        ("ended", 1, "failed"),
        ("started", 1, True),
        ("ended", 1, "shutdown"),
    ]


async def test_a_recycled_environment_ends_and_the_next_invocation_is_cold(tmp_path: Path) -> None:
    write(tmp_path, "app.py", KEEPING)
    async with process_endpoint(tmp_path) as endpoint:
        first = answer_of(await endpoint.invoke(invocation()))
        await endpoint.recycle(0, "another", "idle")
        warm = answer_of(await endpoint.invoke(invocation()))
        await endpoint.recycle(0, str(first["stream"]), "idle")
        recycled = await endpoint.invoke(invocation())
        status = endpoint.status()

    assert warm["calls"] == 2
    assert isinstance(recycled, Succeeded)
    assert recycled.ran.init_duration_ms is not None
    assert answer_of(recycled)["seen"] == []
    assert answer_of(recycled)["stream"] != first["stream"]
    assert (status.cold_starts, status.warm_starts, status.ended) == (2, 1, {"idle": 1})


async def test_without_extensions_there_is_no_warning_before_the_end(tmp_path: Path) -> None:
    write(
        tmp_path,
        "app.py",
        """
        import pathlib, signal

        signal.signal(signal.SIGTERM, lambda *_: pathlib.Path("warned").touch())

        def handler(event, context):
            pass
        """,
    )
    async with process_endpoint(tmp_path) as endpoint:
        await endpoint.invoke(invocation())
        begin = time.monotonic()
    took_s = time.monotonic() - begin

    assert not (tmp_path / "warned").exists()
    assert took_s < 1


async def test_a_changed_layer_starts_the_environment_anew(tmp_path: Path) -> None:
    layer = tmp_path / "layer"
    write(tmp_path / "code", "app.py", "import paper\ndef handler(e, c):\n    return paper.size")
    write(layer, "python/paper.py", "size = 'A4'")
    async with process_endpoint(tmp_path / "code", layers=(layer,)) as endpoint:
        await endpoint.invoke(invocation())
        write(layer, "python/paper.py", "size = 'letter'")
        deadline = time.monotonic() + 5
        outcome = await endpoint.invoke(invocation())
        while isinstance(outcome, Succeeded) and outcome.payload == b'"A4"':
            assert time.monotonic() < deadline, "the change was not noticed"
            outcome = await endpoint.invoke(invocation())

    assert isinstance(outcome, Succeeded)
    assert outcome.payload == b'"letter"'


async def test_without_a_watch_a_changed_file_waits_for_the_next_environment(tmp_path: Path) -> None:
    write(tmp_path, "app.py", "def handler(e, c):\n    return 'old'")
    async with process_endpoint(tmp_path, watch=False) as endpoint:
        await endpoint.invoke(invocation())
        write(tmp_path, "app.py", "def handler(e, c):\n    return 'brand new'")
        outcomes = [await endpoint.invoke(invocation()) for _ in range(5)]

    assert {outcome.payload for outcome in outcomes if isinstance(outcome, Succeeded)} == {b'"old"'}


async def test_the_log_can_be_json(tmp_path: Path) -> None:
    write(
        tmp_path,
        "app.py",
        "import logging\ndef handler(e, c):\n    logging.warning('hello %s', e)\n    logging.info('quiet')\n"
        "    if e: raise ValueError('no')",
    )
    logs = InvocationLogs(now=lambda: NOON)
    async with process_endpoint(
        tmp_path, logs=logs, log_format="JSON", application_log_level="WARN", memory_mb=256
    ) as endpoint:
        await endpoint.invoke(invocation(0, request_id="r-1"))
        await endpoint.invoke(invocation(1, request_id="r-2"))

    lines = [json.loads(line) for line in logs.of("r-1").splitlines()]
    assert [line.get("type", "function") for line in lines] == [
        "platform.initStart",
        "platform.start",
        "function",
        "platform.report",
    ]
    assert lines[0]["time"] == "2026-11-27T12:00:00.000Z"
    assert lines[0]["record"]["initializationType"] == "on-demand"
    assert lines[2]["level"] == "WARN"
    assert lines[2]["message"] == "hello 0"
    assert lines[2]["requestId"] == "r-1"
    assert lines[3]["record"]["status"] == "success"
    assert lines[3]["record"]["metrics"]["memorySizeMB"] == 256
    failed = [json.loads(line) for line in logs.of("r-2").splitlines()]
    assert [line.get("errorType") for line in failed if line.get("level") == "ERROR"] == ["ValueError"]
    assert failed[-1]["record"]["status"] == "failure"


async def test_two_invocations_of_a_slot_are_one_after_the_other(tmp_path: Path) -> None:
    write(tmp_path, "app.py", "import time\ndef handler(e, c):\n    time.sleep(e)\n    return e")
    async with process_endpoint(tmp_path) as endpoint:
        outcomes = await asyncio.gather(*(endpoint.invoke(invocation(s, request_id=str(s))) for s in (0.2, 0)))

    assert [outcome.payload for outcome in outcomes if isinstance(outcome, Succeeded)] == [b"0.2", b"0"]


def _state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
