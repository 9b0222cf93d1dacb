"""A response that is asked for as it comes, and endpoints that can and cannot give it so."""

import asyncio

from app.core.awslambda.function import SucceedAfter
from app.core.awslambda.invocation import Invocation, InvocationType, Outcome, Succeeded
from app.core.commands import Invoke
from app.engine.ports import ResponseSink
from tests.core.stage import SCOPE
from tests.engine.scene import FakeEndpoint, PromptEndpoint, scene


class Sink:
    def __init__(self) -> None:
        self.told: list[str] = []

    def begin(self, content_type: str) -> None:
        self.told.append(content_type)

    def write(self, chunk: bytes) -> None:
        self.told.append(chunk.decode())


class Streaming(FakeEndpoint):
    async def invoke_streaming(self, invocation: Invocation, sink: ResponseSink) -> Outcome:
        outcome = await self.invoke(invocation)
        sink.begin("text/plain")
        sink.write(b"hello")
        return outcome


async def test_each_call_streams_to_who_asked_for_it() -> None:
    async with scene() as s:
        s.function("work", environments=1)
        endpoint = s.endpoints["work"] = Streaming()
        sinks = [Sink(), Sink()]
        # The second stands in line until the first is done.
        asked = [asyncio.create_task(s.engine.ask_streaming(Invoke(SCOPE, "work", b"{}"), sink)) for sink in sinks]
        for number in (1, 2):
            await endpoint.called()
            endpoint.answer(Succeeded(b""))
            await asked[number - 1]
            told = [sink.told for sink in sinks]

            assert told == [["text/plain", "hello"]] * number + [[]] * (2 - number)


async def test_who_does_not_ask_for_pieces_is_answered_whole() -> None:
    async with scene() as s:
        s.function("work")
        endpoint = s.endpoints["work"] = Streaming()
        asked = asyncio.create_task(s.engine.ask(Invoke(SCOPE, "work", b"{}")))
        await endpoint.called()
        endpoint.answer(Succeeded(b"1"))

        assert (await asked).outcome == Succeeded(b"1")


async def test_an_endpoint_that_cannot_stream_gives_all_in_the_answer() -> None:
    async with scene() as s:
        endpoint, sink = s.function("work"), Sink()
        asked = asyncio.create_task(s.engine.ask_streaming(Invoke(SCOPE, "work", b"{}"), sink))
        await endpoint.called()
        endpoint.answer(Succeeded(b"1"))

        assert (await asked).outcome == Succeeded(b"1")
        assert sink.told == []


async def test_an_invocation_that_nobody_waits_for_streams_nothing() -> None:
    async with scene() as s:
        s.function("work", SucceedAfter(0))
        sink = Sink()

        answer = await s.engine.ask_streaming(Invoke(SCOPE, "work", b"{}", InvocationType.EVENT), sink)

        assert answer.outcome is None
        assert sink.told == []


async def test_a_response_that_is_wanted_as_it_comes_is_not_begun_before_its_taker_is_known() -> None:
    async with scene() as s:
        s.function("work")
        s.endpoints["work"] = work = PromptEndpoint()
        asked = asyncio.create_task(s.engine.ask_streaming(Invoke(SCOPE, "work", b"{}"), Sink()))

        await work.called()
        work.answer(Succeeded(b"1"))

        assert work.begun == []
        assert (await asked).outcome == Succeeded(b"1")
