"""The real emulator in its concurrent mode, with two of our Node runtimes in it."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from app.adapters import process
from app.adapters.concurrent_rie import ConcurrentRie
from app.core.awslambda.invocation import HandlerFailed, Invocation, Succeeded, Throttled, TimedOut
from tests.adapters.support import TRACE_HEADER, invocation, write
from tests.rie.emulators import concurrent_emulator, why_not_concurrent

pytestmark = [pytest.mark.real, pytest.mark.skipif(why_not_concurrent() != "", reason=why_not_concurrent() or "it can")]

BOOTSTRAP = """\
    #!/bin/sh
    # Two runtimes, so that two invocations are asked for at once.
    export LAMBDA_TASK_ROOT=/var/task _HANDLER=app.handler
    {node} bootstrap.mjs &
    exec {node} bootstrap.mjs
    """

APP = """
    export const handler = async (event, context) => {
      if (event === 'raise') throw new RangeError('no')
      if (event === 'large') return 'x'.repeat(7_000_000)
      if (event.sleep) await new Promise((resolve) => setTimeout(resolve, event.sleep))
      return { event, trace: process.env._X_AMZN_TRACE_ID, id: context.awsRequestId, pid: process.pid }
    }
    """


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A folder that another user may read: the emulator gives up its rights for the runtime."""
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    write(tmp_path, "app.mjs", APP)
    write(tmp_path, "bootstrap", BOOTSTRAP.format(node=shutil.which("node"))).chmod(0o755)
    shutil.copy(Path(process.__file__).parent / "bootstrap.mjs", tmp_path / "bootstrap.mjs")
    return tmp_path


async def test_the_trace_header_and_the_request_id_arrive_and_two_run_at_once(code: Path) -> None:
    async with concurrent_emulator(code) as url:
        endpoint = ConcurrentRie(url, 2)
        ids = [f"8476a536-e9f4-11e8-9739-2dfe598c3fc{n}" for n in (0, 1)]
        outcomes = await asyncio.gather(
            *(endpoint.invoke(invocation({"sleep": 600}, request_id=request_id)) for request_id in ids)
        )
        await endpoint.close()

    answers = [json.loads(outcome.payload) for outcome in outcomes if isinstance(outcome, Succeeded)]
    assert [answer["id"] for answer in answers] == ids
    assert {answer["trace"] for answer in answers} == {TRACE_HEADER}
    assert len({answer["pid"] for answer in answers}) == 2


async def test_every_outcome_is_told_apart(code: Path) -> None:
    async with concurrent_emulator(code, timeout_s=1) as url:
        endpoint = ConcurrentRie(url, 2, idle_grace_s=0.4)
        raised = await endpoint.invoke(_numbered(1, "raise"))
        large = await endpoint.invoke(_numbered(2, "large"))
        crowd = await asyncio.gather(*(endpoint.invoke(_numbered(n, {"sleep": 700})) for n in (3, 4, 5)))
        timed_out = await endpoint.invoke(_numbered(6, {"sleep": 20_000}))
        await endpoint.close()

    assert isinstance(raised, HandlerFailed)
    assert (raised.error_type, raised.message) == ("RangeError", "no")
    assert isinstance(large, HandlerFailed)
    assert large.error_type == "Function.ResponseSizeTooLarge"
    assert sorted(type(outcome).__name__ for outcome in crowd) == ["Succeeded", "Succeeded", "Throttled"]
    assert Throttled("ConcurrentInvocationLimitExceeded", f"{url}: no runtime is idle") in crowd
    assert isinstance(timed_out, TimedOut)
    assert timed_out.after_ms == 1_000


def _numbered(number: int, event: object) -> Invocation:
    return invocation(event, request_id=f"00000000-0000-4000-8000-{number:012}")
