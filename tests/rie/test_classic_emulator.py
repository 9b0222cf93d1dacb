"""The real emulator with awslambdaric in it: every row of what it was measured to answer."""

import asyncio
import json
from pathlib import Path

import pytest

from app.adapters.classic_rie import ClassicRie
from app.core.awslambda.invocation import (
    Exited,
    HandlerFailed,
    InitFailed,
    Invocation,
    Succeeded,
    TimedOut,
    Unreachable,
)
from tests.adapters.support import invocation, write
from tests.rie.emulators import emulator, free_port

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("rie")]

APP = """
    import os, sys, time

    def handler(event, context):
        if event == "raise":
            raise ValueError("no")
        if event == "exit":
            sys.exit(3)
        if event == "sleep":
            time.sleep(30)
        if event == "large":
            return "x" * 7_000_000
        client_context = context.client_context
        return {
            "event": event,
            "pid": os.getpid(),
            "key": os.environ.get("AWS_ACCESS_KEY_ID"),
            "trace": os.environ.get("_X_AMZN_TRACE_ID"),
            "custom": client_context.custom if client_context else None,
        }
    """


async def test_a_result_and_what_the_handler_is_given(tmp_path: Path) -> None:
    write(tmp_path, "app.py", APP)
    async with emulator(tmp_path, variables={"AWS_ACCESS_KEY_ID": "AKIA0"}) as url:
        endpoint = ClassicRie([url])
        outcome = await endpoint.invoke(invocation({"n": "ü"}, client_context='{"custom":{"a":1}}'))
        await endpoint.close()

    assert isinstance(outcome, Succeeded)
    answer = json.loads(outcome.payload)
    assert answer["event"] == {"n": "ü"}
    assert answer["custom"] == {"a": 1}
    assert answer["key"] == "AKIA0"
    assert answer["trace"] is None, "the emulator now passes the trace header on: passes_trace_header may be True"


async def test_an_exception_an_exit_a_timeout_a_large_answer_and_life_after_each(tmp_path: Path) -> None:
    write(tmp_path, "app.py", APP)
    async with emulator(tmp_path, timeout_s=1) as url:
        endpoint = ClassicRie([url])
        outcomes = {}
        for event in ("raise", "exit", "sleep", "large"):
            outcomes[event] = await endpoint.invoke(invocation(event, timeout_ms=10_000))
            after = await endpoint.invoke(invocation("after"))
            assert isinstance(after, Succeeded), f"after {event} it answered {after}"
        await endpoint.close()

    raised, exited, timed_out, large = outcomes.values()
    assert isinstance(raised, HandlerFailed)
    assert (raised.error_type, raised.message) == ("ValueError", "no")
    assert isinstance(exited, Exited)
    assert exited.status == "exit status 3"
    assert isinstance(timed_out, TimedOut)
    assert timed_out.after_ms == 1_000
    assert isinstance(large, HandlerFailed)
    assert large.error_type == "Function.ResponseSizeTooLarge"


async def test_a_body_that_is_not_json_is_the_runtimes_unmarshal_error(tmp_path: Path) -> None:
    write(tmp_path, "app.py", APP)
    base = invocation()
    async with emulator(tmp_path) as url:
        endpoint = ClassicRie([url])
        outcome = await endpoint.invoke(
            Invocation("r-7", base.function_arn, "resize", b"{oops", base.timeout_ms, base.trace_header)
        )
        await endpoint.close()

    assert isinstance(outcome, HandlerFailed)
    assert outcome.error_type == "Runtime.UnmarshalError"


async def test_a_handler_that_cannot_be_imported_and_one_that_exits_as_it_is_loaded(tmp_path: Path) -> None:
    write(tmp_path, "missing.py", "import nowhere_to_be_found")
    write(tmp_path, "exits.py", "import os\nos._exit(4)")
    outcomes = []
    for handler in ("missing.handler", "exits.handler"):
        async with emulator(tmp_path, handler=handler) as url:
            endpoint = ClassicRie([url])
            outcomes.append(await endpoint.invoke(invocation()))
            await endpoint.close()

    missing, exits = outcomes
    assert isinstance(missing, InitFailed)
    assert missing.error_type == "Runtime.ImportModuleError"
    assert isinstance(exits, Exited)


async def test_two_emulators_are_one_function_and_survive_many_callers(tmp_path: Path) -> None:
    write(tmp_path, "app.py", APP)
    async with emulator(tmp_path) as one, emulator(tmp_path) as two:
        endpoint = ClassicRie([one, two])
        outcomes = await asyncio.gather(
            *(endpoint.invoke(invocation(n, environment=n % 2, timeout_ms=20_000)) for n in range(40))
        )
        await endpoint.close()

    answers = [json.loads(outcome.payload) for outcome in outcomes if isinstance(outcome, Succeeded)]
    assert [answer["event"] for answer in answers] == list(range(40))
    assert len({answer["pid"] for answer in answers}) == 2


async def test_an_emulator_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    endpoint = ClassicRie([f"http://127.0.0.1:{free_port()}"])

    outcome = await endpoint.invoke(invocation())
    await endpoint.close()

    assert isinstance(outcome, Unreachable)
