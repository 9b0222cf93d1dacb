"""Real emulators as one function of the whole service: one dies under load, is done without, and is found again."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from app.cli.root import root
from tests.adapters.support import eventually, write
from tests.rie.emulators import emulator, free_port
from tests.serving import Serving, serving

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("rie")]

APP = """
    import os, time

    def handler(event, context):
        time.sleep(2.5 if event == "hang" else 0.01)
        return {"event": event, "pid": os.getpid()}
    """


def call(service: Serving, number: int) -> Any:
    """What the function answered to this event; None if it could not answer."""
    return service.post("functions/work/invoke", number)["payload"]


async def test_calls_go_on_when_an_emulator_dies_and_use_it_again_when_it_is_back(tmp_path: Path) -> None:
    write(tmp_path, "app.py", APP)
    port = free_port()
    settings = "functions: {{work: {{rie: [{0}, http://127.0.0.1:{1}]}}}}"
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as alive, emulator(tmp_path) as first:
        second = await alive.enter_async_context(emulator(tmp_path, port=port))
        with serving(settings.format(first, urlsplit(second).port)) as service, ThreadPoolExecutor(8) as callers:

            async def calls(numbers: range) -> list[Any]:
                asked = [loop.run_in_executor(callers, call, service, number) for number in numbers]
                return list(await asyncio.gather(*asked))

            both = await calls(range(40))
            dying = asyncio.create_task(alive.aclose())
            meanwhile = await calls(range(40, 80))
            await dying
            one = await calls(range(80, 100))
            listed = CliRunner().invoke(root, ["--endpoint", service.url, "functions"]).stdout
            async with emulator(tmp_path, port=port):
                await eventually(lambda: not service.get("functions/work")["lost"], within_s=20)
                back = await calls(range(100, 140))

    assert [answer["event"] for answer in [*both, *one, *back]] == [*range(40), *range(80, 140)]
    # What ran in it as it died is lost with it, and nothing else: that may have run, so it is not run again.
    assert len([answer for answer in meanwhile if answer is None]) <= 1
    assert len({answer["pid"] for answer in both}) == 2
    assert len({answer["pid"] for answer in one}) == 1
    assert len({answer["pid"] for answer in back}) == 2
    assert "1 of 2" in listed
    assert f"work lost environment 1, http://127.0.0.1:{port}: " in listed


async def test_an_emulator_that_hangs_is_left_alone_until_it_has_answered(tmp_path: Path) -> None:
    """A second call would make it panic: it would be gone, and not come back."""
    write(tmp_path, "app.py", APP)
    settings = "functions: {{work: {{rie: [{0}, {1}], Timeout: 1}}}}"
    async with emulator(tmp_path, timeout_s=10) as first, emulator(tmp_path, timeout_s=10) as second:
        with serving(settings.format(first, second)) as service:
            ask = asyncio.to_thread
            hung = await ask(service.post, "functions/work/invoke", "hang")
            lost = await ask(service.get, "functions/work")
            meanwhile = [await ask(call, service, number) for number in range(5)]
            await eventually(lambda: not service.get("functions/work")["lost"])
            after = [await ask(call, service, number) for number in range(5)]

    assert hung["outcome"] == "timed out"
    assert [(each["environment"], each["why"]) for each in lost["lost"]] == [(0, "busy with a call that took too long")]
    assert len({answer["pid"] for answer in meanwhile}) == 1
    assert {answer["pid"] for answer in after}.isdisjoint({answer["pid"] for answer in meanwhile})
