"""Invocations that a warm environment begins in passing: the same outcomes as those that are waited for."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import pytest

from app.adapters.process import ProcessEndpoint
from app.core.awslambda.invocation import Exited, HandlerFailed, Invocation, Outcome, Succeeded, TimedOut
from tests.adapters.support import eventually, invocation, is_alive, process_endpoint, write

DOING = """
    import os, sys, time

    calls = []

    def handler(event, context):
        calls.append(event)
        if event == "hang":
            time.sleep(30)
        if event == "exit":
            sys.exit(3)
        if event == "raise":
            raise ValueError("no")
        if event == "large":
            return "x" * 7_000_000
        return [len(calls), os.getpid(), context.aws_request_id]
    """


@pytest.fixture
def code(tmp_path: Path) -> Path:
    write(tmp_path, "app.py", DOING)
    return tmp_path


async def begun(endpoint: ProcessEndpoint, asked: Invocation) -> Outcome:
    """The outcome of an invocation that can be begun in passing."""
    ended: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
    assert endpoint.begin(asked, ended.set_result), "the environment is warm and idle"
    return await ended


async def test_it_runs_in_the_environment_that_is_warm(code: Path) -> None:
    async with process_endpoint(code) as endpoint:
        first = await endpoint.invoke(invocation(1))
        second = await begun(endpoint, invocation(2, request_id="r-2"))
        status = endpoint.status()

    assert isinstance(first, Succeeded)
    assert isinstance(second, Succeeded)
    assert second.payload == first.payload.replace(b"[1,", b"[2,").replace(
        b"8476a536-e9f4-11e8-9739-2dfe598c3fcd", b"r-2"
    )
    assert "START RequestId: r-2" in second.ran.log_tail
    assert "REPORT RequestId: r-2" in second.ran.log_tail
    assert (status.cold_starts, status.warm_starts) == (1, 1)
    assert (status.environments[0].state, status.environments[0].last_request) == ("idle", "r-2")


async def test_nothing_is_begun_where_nothing_is_warm_or_something_runs(code: Path) -> None:
    ended: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
    async with process_endpoint(code) as endpoint:
        assert not endpoint.begin(invocation(1), ended.set_result)
        await endpoint.invoke(invocation(1))
        assert endpoint.begin(invocation(2), ended.set_result)
        assert not endpoint.begin(invocation(3), lambda _: None)
        waiting = asyncio.create_task(endpoint.invoke(invocation(4)))
        await ended
        last = await waiting

    assert isinstance(last, Succeeded)
    assert last.payload.startswith(b"[3, "), "the third was nobody's"


async def test_the_next_can_be_begun_by_whoever_is_told_of_the_end(code: Path) -> None:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[Outcome] = loop.create_future()
    left = 50

    def again(outcome: Outcome) -> None:
        nonlocal left
        left -= 1
        if not left:
            ended.set_result(outcome)
        elif not endpoint.begin(invocation(left), again):
            ended.set_exception(AssertionError("it was idle"))

    async with process_endpoint(code) as endpoint:
        await endpoint.invoke(invocation(0))
        endpoint.begin(invocation(left), again)
        outcome = await ended

    assert isinstance(outcome, Succeeded)
    assert outcome.payload.startswith(b"[51, ")


async def test_a_handler_that_raises_keeps_its_environment(code: Path) -> None:
    async with process_endpoint(code) as endpoint:
        await endpoint.invoke(invocation(1))
        failed = await begun(endpoint, invocation("raise"))
        after = await begun(endpoint, invocation(2))

    assert isinstance(failed, HandlerFailed)
    assert (failed.error_type, failed.message) == ("ValueError", "no")
    assert isinstance(after, Succeeded)
    assert after.payload.startswith(b"[3, ")


async def test_a_response_that_is_too_large_keeps_it_too(code: Path) -> None:
    async with process_endpoint(code) as endpoint:
        await endpoint.invoke(invocation(1))
        failed = await begun(endpoint, invocation("large"))
        after = await begun(endpoint, invocation(2))

    assert isinstance(failed, HandlerFailed)
    assert failed.error_type == "Function.ResponseSizeTooLarge"
    assert isinstance(after, Succeeded)
    assert after.payload.startswith(b"[3, ")


@pytest.mark.parametrize(("event", "kind"), [("hang", TimedOut), ("exit", Exited)])
async def test_one_that_cannot_go_on_is_started_anew(code: Path, event: str, kind: type[Outcome]) -> None:
    async with process_endpoint(code) as endpoint:
        await endpoint.invoke(invocation(1))
        status = endpoint.status().environments[0]
        pid = status.pid
        assert pid is not None
        ended = await begun(endpoint, invocation(event, timeout_ms=300))
        assert not endpoint.begin(invocation(2), lambda _: None), "its runtime has to be started first"
        after = await endpoint.invoke(invocation(2))

        assert isinstance(ended, kind)
        assert not is_alive(pid)
        assert isinstance(after, Succeeded)
        assert after.payload.startswith(b"[1, ")
        assert endpoint.status().environments[0].environment == status.environment


async def test_one_that_died_unseen_is_not_told_anything(code: Path) -> None:
    async with process_endpoint(code) as endpoint:
        await endpoint.invoke(invocation(1))
        pid = endpoint.status().environments[0].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # noqa: ASYNC222 -- nobody is to read of it meanwhile

        assert not endpoint.begin(invocation(2), lambda _: None)
        after = await endpoint.invoke(invocation(3))

    assert isinstance(after, Succeeded)
    assert after.payload.startswith(b"[1, ")


async def test_new_code_is_read_before_the_next_invocation(code: Path) -> None:
    async with process_endpoint(code) as endpoint:
        await endpoint.invoke(invocation(1))
        write(code, "app.py", "def handler(event, context): return 'new'")
        await eventually(lambda: not endpoint.begin(invocation(2), lambda _: None) and not is_running(endpoint))
        after = await endpoint.invoke(invocation(3))

    assert isinstance(after, Succeeded)
    assert after.payload == b'"new"'


async def test_closing_ends_it_and_leaves_nothing_behind(code: Path) -> None:
    ended: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
    async with process_endpoint(code) as endpoint:
        await endpoint.invoke(invocation(1))
        pid = endpoint.status().environments[0].pid
        assert pid is not None
        assert endpoint.begin(invocation("hang"), ended.set_result)

    assert isinstance(await ended, Exited)
    assert not is_alive(pid)


async def test_what_is_frozen_runs_again(code: Path) -> None:
    async with process_endpoint(code, freeze=True) as endpoint:
        await endpoint.invoke(invocation(1))
        for _ in range(3):
            await eventually(lambda: endpoint.status().environments[0].state == "frozen")
            outcome = await begun(endpoint, invocation(2))
            assert isinstance(outcome, Succeeded)


def is_running(endpoint: ProcessEndpoint) -> bool:
    return endpoint.status().environments[0].state == "running"
