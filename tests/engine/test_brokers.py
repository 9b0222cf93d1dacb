"""The engine and a broker elsewhere that the test plays: what holds the clock, what waits, what is tried again."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from app.core.commands import DeclareRemoteQueue, RemoteAttributes, UpdateEventSourceMapping
from app.core.facts import BrokerBack, BrokerLost, MessageDeleted
from app.core.names import Arn
from app.core.sqs.message import Delivery
from app.engine.clock import Way
from app.engine.ports import BrokerError
from tests.core.sqs.test_remote_queues import message
from tests.core.stage import SCOPE
from tests.engine.scene import FakeEndpoint, Scene, a_few_turns, scene, soon

FAR = SCOPE.queue_arn("far")


class FakeBroker:
    """Keeps every receive open until the test answers it; fails with `error` while that is set."""

    def __init__(self) -> None:
        self.error: str | None = None
        self.open: list[asyncio.Future[tuple[Delivery, ...]]] = []
        self.asked: list[str] = []
        self.asked_at: list[float] = []
        self.deleted: list[tuple[str, ...]] = []
        self.may_delete = asyncio.Event()
        self.may_delete.set()
        self.answers_at_once = False

    async def attributes(self) -> RemoteAttributes:
        self._note("attributes")
        return RemoteAttributes(visibility_timeout_s=30)

    async def receive(self, max_messages: int, visibility_timeout_s: int | None) -> tuple[Delivery, ...]:
        self._note("receive")
        if self.answers_at_once:
            return ()
        answer: asyncio.Future[tuple[Delivery, ...]] = asyncio.get_running_loop().create_future()
        self.open.append(answer)
        return await answer

    async def delete(self, receipt_handles: Sequence[str]) -> dict[str, str]:
        self._note("delete")
        await self.may_delete.wait()
        self.deleted.append(tuple(receipt_handles))
        return {}

    async def close(self) -> None:
        """Nothing is behind it."""

    def describe(self) -> str:
        return "a broker"

    async def bring(self, *messages: Delivery) -> None:
        """Answer the oldest open receive."""
        await soon(lambda: bool(self.open))
        self.open.pop(0).set_result(messages)

    async def lose(self, error: str) -> None:
        """Fail everything from now on, the open receives first."""
        await soon(lambda: bool(self.open))
        self.error = error
        while self.open:
            self.open.pop().set_exception(BrokerError(error))

    def _note(self, what: str) -> None:
        self.asked.append(what)
        self.asked_at.append(asyncio.get_running_loop().time())
        if self.error is not None:
            raise BrokerError(self.error)


class Far:
    """A mapping of a queue at a fake broker to the function `work`."""

    def __init__(self, scene: Scene, broker: FakeBroker) -> None:
        self.scene = scene
        self.broker = broker
        scene.brokers[FAR] = broker
        self.work: FakeEndpoint = scene.function("work")
        scene.engine.submit(DeclareRemoteQueue(FAR, broker.describe()))
        scene.mapping(FAR, "work")

    def told(self, kind: type) -> int:
        """How often the journal tells of it."""
        return len(self.scene.engine.journal.entries(kinds=[kind.__name__]))


@asynccontextmanager
async def far(broker: FakeBroker | None = None) -> AsyncIterator[Far]:
    async with scene(Way.FROZEN) as made:
        yield Far(made, broker or FakeBroker())


async def test_what_a_broker_brings_is_invoked_and_deleted_there() -> None:
    async with far() as made:
        await made.broker.bring(message("a"), message("b"))
        await made.work.called()
        made.work.answer()
        await soon(lambda: made.told(MessageDeleted) == 2)

        assert made.broker.deleted == [("a#1", "b#1")]


async def test_a_receive_under_way_does_not_keep_the_clock_from_moving() -> None:
    async with far() as made:
        await soon(lambda: bool(made.broker.open))

        moved = await made.scene.engine.advance(3_600_000)

        assert made.scene.time == "13:00:00"
        assert moved.woken == len(made.scene.told("PollersScaled")) == 1


async def test_a_delete_under_way_keeps_the_clock_from_moving() -> None:
    async with far() as made:
        made.broker.may_delete.clear()
        await made.broker.bring(message("a"))
        await made.work.called()
        made.work.answer()
        await soon(lambda: "delete" in made.broker.asked)

        held = [hold.request_id for hold in made.scene.engine.holds]
        made.broker.may_delete.set()
        await made.scene.engine.settled()

        assert held == ["delete 1 at far"]
        assert made.told(MessageDeleted) == 1


async def test_many_deletes_go_in_batches_of_ten() -> None:
    async with far() as made:
        engine = made.scene.engine
        made.scene.function("many")
        await soon(lambda: bool(made.broker.open))
        made.scene.mapping(FAR, "many", BatchSize=12, MaximumBatchingWindowInSeconds=60)
        await soon(lambda: len(made.broker.open) == 2)
        first, second = made.broker.open
        made.broker.open.clear()
        second.set_result(tuple(message(f"a{n}") for n in range(10)))
        await soon(lambda: bool(made.broker.open))
        made.broker.open[0].set_result(tuple(message(f"b{n}") for n in range(2)))
        many = made.scene.endpoints["many"]
        assert isinstance(many, FakeEndpoint)
        await many.called()
        many.answer()
        await engine.settled()

        assert sorted(map(len, made.broker.deleted)) == [2, 10]
        first.cancel()


async def test_a_lost_broker_is_asked_again_with_pauses_until_it_is_back() -> None:
    async with far() as made:
        await made.broker.lose("connection refused")
        asked_before = len(made.broker.asked)

        await soon(lambda: len(made.broker.asked) >= asked_before + 2)
        made.broker.error = None
        await soon(lambda: made.told(BrokerBack) == 1)

        first, then = made.broker.asked_at[asked_before - 1], made.broker.asked_at[asked_before]
        assert then - first >= 0.4
        assert made.told(BrokerLost) == 1
        await soon(lambda: bool(made.broker.open))


async def test_what_it_had_answered_before_it_was_lost_does_not_say_that_it_is_back() -> None:
    async with far() as made:
        world, engine = made.scene.engine.world, made.scene.engine
        await made.broker.bring()
        made.broker.error = "connection refused"
        engine.submit(UpdateEventSourceMapping(SCOPE, world.mappings.all()[0].uuid, {"BatchSize": 9}))
        await soon(lambda: made.told(BrokerLost) == 1)

        await soon(lambda: not world.remote_queues.all()[0].polls)

        assert (world.remote_queues.all()[0].state, made.told(BrokerBack)) == ("lost", 0)


async def test_what_was_done_while_the_broker_was_away_is_deleted_when_it_is_back() -> None:
    async with far() as made:
        await made.broker.bring(message("a"))
        await made.work.called()
        made.broker.error = "connection refused"
        made.work.answer()
        await soon(lambda: made.told(BrokerLost) == 1)
        await a_few_turns()
        held = made.scene.engine.holds

        made.broker.error = None
        await soon(lambda: made.told(MessageDeleted) == 1)

        assert held == []
        assert made.broker.deleted == [("a#1",)]


async def test_a_broker_that_does_not_poll_long_is_asked_once_a_second() -> None:
    broker = FakeBroker()
    broker.answers_at_once = True
    async with far(broker):
        await soon(lambda: broker.asked.count("receive") == 2)

        first, second = (at for what, at in zip(broker.asked, broker.asked_at, strict=True) if what == "receive")
        assert second - first >= 0.9


async def test_an_engine_that_closes_leaves_nothing_running() -> None:
    async with far() as made:
        await soon(lambda: bool(made.broker.open))

        await made.scene.engine.close()

        assert made.broker.open[0].cancelled()
        assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_an_engine_that_closes_lets_deletes_end() -> None:
    async with far() as made:
        made.broker.may_delete.clear()
        await made.broker.bring(message("a"))
        await made.work.called()
        made.work.answer()
        await soon(lambda: "delete" in made.broker.asked)

        closing = asyncio.create_task(made.scene.engine.close())
        await a_few_turns()
        made.broker.may_delete.set()
        await closing

        assert made.broker.deleted == [("a#1",)]


async def test_a_queue_whose_broker_nobody_knows_is_told_as_lost() -> None:
    async with scene(Way.FROZEN) as made:
        nowhere: Arn = SCOPE.queue_arn("nowhere")
        made.engine.submit(DeclareRemoteQueue(nowhere, "nowhere"))

        await soon(lambda: bool(made.told("BrokerLost")))

        (queue,) = made.engine.world.remote_queues.all()
        assert queue.error == "no broker is known for nowhere"
