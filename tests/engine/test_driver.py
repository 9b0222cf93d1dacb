"""The one loop: commands, the dial, real calls that hold it, and ending."""

import asyncio
from collections.abc import Callable

import pytest

from app.core.awslambda.function import FailAfter, SucceedAfter
from app.core.awslambda.invocation import (
    HandlerFailed,
    Invocation,
    InvocationType,
    Outcome,
    Succeeded,
    Throttled,
    Unreachable,
)
from app.core.commands import (
    CreateSchedule,
    DeleteQueue,
    EventEntry,
    Invoke,
    Invoked,
    Origin,
    PutEvents,
    PutRule,
    PutTargets,
    Received,
    ReceiveMessage,
    SendMessage,
)
from app.core.delivery.outside_calls import HttpAnswered, OutsideAnswer, OutsideCall
from app.core.errors import QueueDoesNotExist, RecursiveInvocation, TooManyRequests
from app.core.time import MINUTE_MS, SECOND_MS
from app.engine.clock import Clock, Way
from app.engine.holds import Hold
from tests.core.schedule.stage import given
from tests.core.stage import NOON, SCOPE
from tests.engine.scene import PromptEndpoint, a_few_turns, scene, soon

FAILED = HandlerFailed("Exception", "no", b"{}")


def event(function: str) -> Invoke:
    return Invoke(SCOPE, function, b"{}", InvocationType.EVENT)


# Commands


async def test_a_command_is_answered_and_its_facts_are_in_the_journal() -> None:
    async with scene() as s:
        orders = s.queue("orders")

        sent = s.engine.submit(SendMessage(orders, "hello"))

        (entry,) = s.engine.journal.entries(message=sent.message_id)
        assert (entry.at, entry.fact.text) == (NOON, f"orders got {sent.message_id} (5 bytes)")


async def test_a_refusal_reaches_who_asked() -> None:
    async with scene() as s:
        with pytest.raises(QueueDoesNotExist):
            s.engine.submit(DeleteQueue(SCOPE.queue_arn("nothing")))
        with pytest.raises(QueueDoesNotExist):
            await s.engine.ask(DeleteQueue(SCOPE.queue_arn("nothing")))


async def test_what_a_refusal_tells_is_in_the_journal_at_once() -> None:
    async with scene() as s:
        work = s.function("work", environments=17)
        waiting = [asyncio.create_task(s.engine.ask(Invoke(SCOPE, "work", b"{}")))]
        for times in range(1, 16):
            origin = Origin((await work.called(times)).trace_header)
            waiting.append(asyncio.create_task(s.engine.ask(Invoke(SCOPE, "work", b"{}", origin=origin))))
        origin = Origin((await work.called(16)).trace_header)

        with pytest.raises(RecursiveInvocation):
            await s.engine.ask(Invoke(SCOPE, "work", b"{}", origin=origin))

        assert [(warning["kind"], warning["hops"]) for warning in s.engine.warnings()] == [
            ("early", 2),
            ("stopped", 17),
        ]
        assert set(s.engine.warnings()[0]) == {"function", "kind", "hops", "path", "chain", "at", "text"}
        for _ in waiting:
            work.answer()
        await asyncio.gather(*waiting)


async def test_an_invocation_is_answered_by_its_endpoint() -> None:
    async with scene() as s:
        work = s.function("work", timeout_s=7)
        asked = asyncio.create_task(s.engine.ask(Invoke(SCOPE, "work:$LATEST", b'{"a":1}')))

        invocation = await work.called()
        work.answer(Succeeded(b"42"))

        assert (invocation.payload, invocation.timeout_ms) == (b'{"a":1}', 7_000)
        assert (await asked).outcome == Succeeded(b"42")


async def test_an_answer_can_be_told_as_it_is_there_and_its_wait_given_up() -> None:
    async with scene() as s:
        work = s.function("work")
        told: list[object] = []
        s.engine.submit(Invoke(SCOPE, "work", b"{}"), told.append)
        waiting = s.engine.submit(Invoke(SCOPE, "work", b"{}"), told.append)
        await work.called()
        s.engine.give_up(waiting)
        s.engine.give_up(waiting)
        work.answer(Succeeded(b"1"))
        await soon(lambda: len(told) == 1)
        await a_few_turns()

        assert [answer.outcome for answer in told if isinstance(answer, Invoked)] == [Succeeded(b"1")]
        assert work.open == []


async def test_a_call_that_can_be_begun_in_passing_needs_no_turn_of_the_loop() -> None:
    async with scene() as s:
        s.function("work")
        s.endpoints["work"] = work = PromptEndpoint()
        told: list[object] = []

        s.engine.submit(Invoke(SCOPE, "work", b"{}"), told.append)
        holds = len(s.engine.holds)
        work.begun[0][1](Succeeded(b"1"))

        assert (holds, len(s.engine.holds)) == (1, 0)
        assert [answer.outcome for answer in told if isinstance(answer, Invoked)] == [Succeeded(b"1")]


async def test_a_function_has_its_next_batch_before_the_end_of_the_one_before_is_in_the_books() -> None:
    async with scene() as s:
        orders = s.queue("orders")
        s.function("work")
        s.endpoints["work"] = work = PromptEndpoint()
        s.mapping(orders, "work", BatchSize=1)
        sent = [s.engine.submit(SendMessage(orders, body)).message_id for body in "ab"]
        seen: list[tuple[int, bool]] = []
        begin = work.begin

        def look(invocation: Invocation, settled: Callable[[Outcome], None]) -> bool:
            in_books = [entry.fact.text for entry in s.engine.journal.entries() if "deleted" in entry.fact.text]
            seen.append((len(s.engine.world.queues[orders]), bool(in_books)))
            return begin(invocation, settled)

        work.begin = look  # type: ignore[method-assign]
        work.begun.pop()[1](Succeeded(b"null"))

        texts = [entry.fact.text for entry in s.engine.journal.entries()]
        assert seen == [(2, False)]
        assert [message.content.message_id for message in s.engine.world.queues[orders]] == sent[1:]
        assert _place("deleted", texts) < _place(f"handed {sent[1]}", texts)


async def test_who_is_told_an_answer_may_command_in_the_same_breath() -> None:
    async with scene() as s:
        orders = s.queue("orders")
        s.function("work")
        s.endpoints["work"] = work = PromptEndpoint()
        counted: list[str] = []

        def told(_: object) -> None:
            s.engine.submit(SendMessage(orders, "told"))
            counted.append(s.engine.world.queues[orders].attributes(NOON)["ApproximateNumberOfMessages"])

        s.engine.submit(Invoke(SCOPE, "work", b"{}"), told)
        work.begun[0][1](Succeeded(b"1"))

        texts = [entry.fact.text for entry in s.engine.journal.entries()]
        assert counted == ["1"]
        assert _place("work succeeded", texts) < _place("orders got", texts)


def _place(words: str, texts: list[str]) -> int:
    return next(place for place, text in enumerate(texts) if words in text)


async def test_a_call_that_has_to_wait_for_its_endpoint_is_made_in_its_own_time() -> None:
    async with scene() as s:
        s.function("work", environments=2)
        s.endpoints["work"] = work = PromptEndpoint()
        s.engine.submit(Invoke(SCOPE, "work", b"1"))
        second = asyncio.create_task(s.engine.ask(Invoke(SCOPE, "work", b"2")))

        invocation = await work.called()
        work.answer(Succeeded(b"2"))

        assert (invocation.payload, (await second).outcome) == (b"2", Succeeded(b"2"))


async def test_an_endpoint_that_raises_in_passing_counts_as_unreachable(caplog: pytest.LogCaptureFixture) -> None:
    async with scene() as s:
        s.function("work")
        s.endpoints["work"] = PromptEndpoint(RuntimeError("broken"))

        invoked = await s.engine.ask(Invoke(SCOPE, "work", b"{}"))

        assert isinstance(invoked.outcome, Unreachable)
        assert "RuntimeError: broken" in invoked.outcome.message
        assert "the endpoint of work failed" in caplog.text


async def test_what_ends_after_the_engine_is_told_to_nobody() -> None:
    async with scene() as s:
        s.function("work")
        s.endpoints["work"] = work = PromptEndpoint()
        told: list[object] = []
        s.engine.submit(Invoke(SCOPE, "work", b"{}"), told.append)
        await s.engine.close()
        before = s.engine.journal.last_number

        work.begun[0][1](Succeeded(b"1"))

        assert (told, s.engine.journal.last_number) == ([], before)


async def test_a_throttle_at_the_endpoint_is_a_refusal_for_the_caller() -> None:
    async with scene() as s:
        work = s.function("work")
        asked = asyncio.create_task(s.engine.ask(Invoke(SCOPE, "work", b"{}")))
        await work.called()

        work.answer(Throttled("ConcurrentInvocationLimitExceeded"))

        with pytest.raises(TooManyRequests):
            await asked


@pytest.mark.parametrize("error", [RuntimeError("broken"), asyncio.CancelledError()], ids=repr)
async def test_an_endpoint_that_raises_counts_as_unreachable(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    async with scene() as s:
        work = s.function("work")
        asked = asyncio.create_task(s.engine.ask(Invoke(SCOPE, "work", b"{}")))
        await work.called()

        work.answer(error)
        answer = await asked

        assert isinstance(answer.outcome, Unreachable)
        assert answer.outcome.message.startswith(f"the endpoint failed: {type(error).__name__}")
        assert s.engine.holds == []
        assert "the endpoint of work failed" in caplog.text


async def test_a_function_without_an_endpoint_is_unreachable() -> None:
    async with scene() as s:
        s.function("work")
        s.endpoints.clear()

        answer = await s.engine.ask(Invoke(SCOPE, "work", b"{}"))

        assert answer.outcome == Unreachable("there is no endpoint for function 'work'")


# Frozen


async def test_a_frozen_clock_stands_until_it_is_advanced() -> None:
    async with scene() as s:
        orders = s.queue("orders")
        s.engine.submit(SendMessage(orders, "hello", delay_s=30))
        await a_few_turns()
        before = (s.time, s.engine.world.queues[orders].visible_count)

        advanced = await s.engine.advance(MINUTE_MS)

        assert before == ("12:00:00", 0)
        assert (advanced.now, advanced.woken, advanced.facts) == (NOON + MINUTE_MS, 1, 1)
        assert s.told("MessageReturned") == ["12:00:30 MessageReturned"]


async def test_advance_waits_for_real_calls_and_for_what_they_cause() -> None:
    async with scene() as s:
        orders = s.queue("orders", VisibilityTimeout="5")
        work = s.function("work")
        s.mapping(orders, "work")
        s.engine.submit(SendMessage(orders, "hello"))
        moving = asyncio.create_task(s.engine.advance(12 * SECOND_MS))

        for _ in range(3):
            await work.called()
            await a_few_turns()
            assert not moving.done()
            work.answer(FAILED)
        await moving

        assert s.told("InvocationStarted", "MessageReturned") == [
            "12:00:00 InvocationStarted",
            "12:00:05 MessageReturned",
            "12:00:05 InvocationStarted",
            "12:00:10 MessageReturned",
            "12:00:10 InvocationStarted",
        ]
        assert s.time == "12:00:12"


async def test_a_call_in_flight_holds_the_clock_by_name() -> None:
    async with scene() as s:
        work = s.function("work")
        s.engine.submit(event("work"))
        invocation = await work.called()
        moving = asyncio.create_task(s.engine.advance(1_000))
        await a_few_turns()

        held = (s.engine.holds, s.time)
        work.answer()
        await moving

        assert held == ([Hold(invocation.request_id, "work", NOON)], "12:00:00")
        assert (s.engine.holds, s.time) == ([], "12:00:01")


async def test_two_advances_come_one_after_the_other() -> None:
    async with scene() as s:
        await asyncio.gather(s.engine.advance(1_000), s.engine.advance(2_000))

        assert s.time in ("12:00:02", "12:00:03")


async def test_a_retry_is_somewhere_to_go_to_and_not_work_in_flight() -> None:
    async with scene() as s:
        work = s.function("work")
        s.engine.submit(event("work"))
        await work.called()
        work.answer(FAILED)

        attempts = []
        for outcome in (FAILED, Succeeded(b"null")):
            moving = asyncio.create_task(s.engine.advance_to_next())
            attempt = (await work.called()).attempt
            attempts.append((attempt, s.time))
            work.answer(outcome)
            await moving

        assert (attempts, s.time) == ([(2, "12:01:00"), (3, "12:03:00")], "12:03:00")


async def test_advance_to_next_stays_where_nothing_happens_next() -> None:
    async with scene() as s:
        orders = s.queue("orders")
        s.engine.submit(SendMessage(orders, "hello"))

        advanced = await s.engine.advance_to_next()

        assert (advanced.now, advanced.facts) == (NOON, 0)


async def test_settled_waits_for_calls_and_for_what_they_cause_now() -> None:
    async with scene() as s:
        orders = s.queue("orders")
        work = s.function("work")
        s.mapping(orders, "work", BatchSize=1)
        for _ in range(2):
            s.engine.submit(SendMessage(orders, "hello"))
        settling = asyncio.create_task(s.engine.settled())

        for _ in range(2):
            await work.called()
            assert not settling.done()
            work.answer()
        await settling

        assert len(s.engine.world.queues[orders]) == 0


# Setting the clock


async def test_setting_a_later_instant_lets_everything_until_then_happen() -> None:
    async with scene() as s:
        orders = s.queue("orders")
        s.engine.submit(SendMessage(orders, "hello", delay_s=30))

        await s.engine.set_clock("frozen", NOON + MINUTE_MS)

        assert (s.time, s.told("MessageReturned")) == ("12:01:00", ["12:00:30 MessageReturned"])


async def test_an_unknown_way_and_an_instant_in_the_past_are_refused() -> None:
    async with scene() as s:
        with pytest.raises(ValueError, match="there is no clock way 'sideways'; use wall, frozen or auto"):
            await s.engine.set_clock("sideways")
        with pytest.raises(ValueError, match=r"cannot go back to 2026-11-21T11:59:59\.000Z"):
            await s.engine.set_clock("frozen", NOON - 1_000)

        assert (s.time, s.engine.clock.way) == ("12:00:00", Way.FROZEN)


# Auto


async def test_auto_goes_to_the_next_wakeup_by_itself() -> None:
    async with scene(Way.AUTO) as s:
        s.function("work", FailAfter(1_000))

        s.engine.submit(event("work"))
        await soon(lambda: "EventDropped" in " ".join(s.told()))

        assert s.told("EventDropped") == ["12:03:03 EventDropped"]


async def test_auto_stands_while_a_real_call_is_in_flight() -> None:
    async with scene(Way.AUTO) as s:
        work = s.function("work")
        orders = s.queue("orders")
        s.engine.submit(event("work"))
        s.engine.submit(SendMessage(orders, "hello", delay_s=30))
        await work.called()
        await a_few_turns()
        standing = s.time

        work.answer()
        await soon(lambda: s.engine.world.queues[orders].visible_count == 1)

        assert (standing, s.time) == ("12:00:00", "12:00:30")


async def test_auto_does_not_jump_to_the_end_of_a_retention_period() -> None:
    async with scene(Way.AUTO) as s:
        orders = s.queue("orders")

        s.engine.submit(SendMessage(orders, "hello"))
        await a_few_turns()

        assert (s.time, s.engine.world.queues[orders].visible_count) == ("12:00:00", 1)


async def test_auto_follows_a_one_time_schedule_and_no_recurring_one() -> None:
    async with scene(Way.AUTO) as s:
        orders = s.queue("orders")
        s.engine.submit(CreateSchedule(SCOPE, given("often", "cron(0 * * * ? *)", orders)))
        s.engine.submit(CreateSchedule(SCOPE, given("once", "at(2026-11-21T14:30:00)", orders)))
        await soon(lambda: s.engine.world.queues[orders].visible_count == 3)
        await a_few_turns()

        assert (s.time, s.engine.world.queues[orders].visible_count) == ("14:30:00", 3)
        assert s.engine.world.next_event() is not None, "who asks for the next gets the recurring one"


async def test_a_clock_turned_to_auto_starts_to_move() -> None:
    async with scene() as s:
        orders = s.queue("orders")
        s.engine.submit(SendMessage(orders, "hello", delay_s=30))
        await a_few_turns()

        await s.engine.set_clock("auto")
        await soon(lambda: s.engine.world.queues[orders].visible_count == 1)

        assert s.time == "12:00:30"


# Wall


async def test_on_the_wall_clock_things_happen_when_they_are_due() -> None:
    async with scene(Way.WALL) as s:
        s.function("work", SucceedAfter(30))
        before = s.engine.clock.now()

        answer = await asyncio.wait_for(s.engine.ask(Invoke(SCOPE, "work", b"{}")), 5)

        assert answer.outcome.ran.duration_ms == 30
        assert s.engine.clock.now() >= before + 30


async def test_a_command_finds_done_what_was_due_before_it() -> None:
    ms = 0
    async with scene(clock=Clock(Way.WALL, at=NOON, monotonic_ms=lambda: ms)) as s:
        orders = s.queue("orders")
        s.engine.submit(SendMessage(orders, "hello", delay_s=5))

        ms = 6_000
        received = s.engine.submit(ReceiveMessage(orders))

        assert len(received.deliveries) == 1
        assert s.told("MessageReturned", "MessageReceived") == ["12:00:05 MessageReturned", "12:00:06 MessageReceived"]


async def test_the_wall_clock_can_be_advanced_too() -> None:
    async with scene(clock=Clock(Way.WALL, at=NOON, monotonic_ms=lambda: 0)) as s:
        orders = s.queue("orders")
        s.engine.submit(SendMessage(orders, "hello", delay_s=5))

        await s.engine.advance(10 * SECOND_MS)

        assert (s.time, s.engine.world.queues[orders].visible_count) == ("12:00:10", 1)


# Long polls


async def test_a_long_poll_is_completed_by_a_send() -> None:
    async with scene() as s:
        orders = s.queue("orders")
        polling = asyncio.create_task(s.engine.ask(ReceiveMessage(orders, wait_time_s=20)))
        await a_few_turns()

        s.engine.submit(SendMessage(orders, "hello"))
        received = await asyncio.wait_for(polling, 5)

        assert [delivery.content.body for delivery in received.deliveries] == ["hello"]


async def test_a_long_poll_ends_at_its_deadline() -> None:
    async with scene() as s:
        orders = s.queue("orders")
        polling = asyncio.create_task(s.engine.ask(ReceiveMessage(orders, wait_time_s=20)))
        await a_few_turns()

        await s.engine.advance(19_999)
        await a_few_turns()
        early = polling.done()
        await s.engine.advance(1)

        assert (early, await asyncio.wait_for(polling, 5)) == (False, Received())


async def test_on_a_clock_that_stands_a_long_poll_ends_after_as_many_real_seconds() -> None:
    async with scene() as s:
        orders = s.queue("orders")

        received = await asyncio.wait_for(s.engine.ask(ReceiveMessage(orders, wait_time_s=1)), 5)
        s.engine.submit(SendMessage(orders, "hello"))

        assert (received, s.time) == (Received(), "12:00:00")
        assert s.engine.world.queues[orders].visible_count == 1, "nobody waits any more"


async def test_a_cancelled_long_poll_takes_no_message_with_it() -> None:
    async with scene() as s:
        orders = s.queue("orders")
        polling = asyncio.create_task(s.engine.ask(ReceiveMessage(orders, wait_time_s=20)))
        await a_few_turns()

        polling.cancel()
        await asyncio.wait([polling])
        s.engine.submit(SendMessage(orders, "hello"))

        assert s.engine.world.queues[orders].visible_count == 1


async def test_a_long_poll_on_a_deleted_queue_is_refused() -> None:
    async with scene() as s:
        orders = s.queue("orders")
        polling = asyncio.create_task(s.engine.ask(ReceiveMessage(orders, wait_time_s=20)))
        await a_few_turns()

        s.engine.submit(DeleteQueue(orders))

        with pytest.raises(QueueDoesNotExist):
            await asyncio.wait_for(polling, 5)


async def test_a_cancelled_invocation_runs_on_and_is_settled() -> None:
    async with scene() as s:
        work = s.function("work")
        asked = asyncio.create_task(s.engine.ask(Invoke(SCOPE, "work", b"{}")))
        await work.called()
        asked.cancel()
        await asyncio.wait([asked])

        work.answer()
        await s.engine.settled()

        assert s.told("InvocationEnded") == ["12:00:00 InvocationEnded"]
        assert (work.cancelled, s.engine.holds) == (0, [])


async def test_a_service_that_ends_answers_its_long_polls_with_nothing() -> None:
    async with scene() as s:
        orders = s.queue("orders")
        polling = asyncio.create_task(s.engine.ask(ReceiveMessage(orders, wait_time_s=20)))
        await a_few_turns()

        s.engine.end_long_polls()

        assert await asyncio.wait_for(polling, 5) == Received()


# Ending


async def test_closing_leaves_no_task_behind() -> None:
    before = asyncio.all_tasks()
    async with scene(Way.WALL) as s:
        work = s.function("work")
        orders = s.queue("orders")
        s.engine.submit(SendMessage(orders, "hello", delay_s=30))
        asked = asyncio.create_task(s.engine.ask(Invoke(SCOPE, "work", b"{}")))
        polling = asyncio.create_task(s.engine.ask(ReceiveMessage(orders, wait_time_s=20)))
        await work.called()

        await s.engine.close()
        await asyncio.wait([asked, polling])

        assert (asked.cancelled(), polling.cancelled(), work.cancelled) == (True, True, 1)
        assert asyncio.all_tasks() == before


# Calls to this service itself


async def test_a_call_of_ours_that_waits_for_a_scripted_function_lets_time_go_on_until_it_is_answered() -> None:
    """A rule calls an API of ours, whose function takes a minute of virtual time."""
    async with scene() as s:
        s.function("slow", SucceedAfter(MINUTE_MS), timeout_s=900)
        api = f"arn:aws:execute-api:{SCOPE.region}:{SCOPE.account}:shop/dev/POST/orders"
        s.engine.submit(PutRule(SCOPE, {"Name": "out", "EventPattern": '{"source": ["shop"]}'}))
        s.engine.submit(PutTargets(SCOPE, "out", ({"Id": "1", "Arn": api},), "default"))

        async def through_the_front(_: OutsideCall) -> OutsideAnswer:
            await a_few_turns()
            before = s.time
            invoked: Invoked = await s.engine.ask(Invoke(SCOPE, "slow", b"{}"))
            await a_few_turns()
            times.append((before, s.time))
            return HttpAnswered(200, {}, invoked.outcome.payload if isinstance(invoked.outcome, Succeeded) else b"")

        times: list[tuple[str, str]] = []
        s.outside = through_the_front
        s.engine.submit(PutEvents(SCOPE, (EventEntry("shop", "order", "{}"),)))
        await s.engine.advance(5 * MINUTE_MS)

        assert times == [("12:00:00", "12:01:00")]
        assert s.told("EventDelivered") == ["12:01:00 EventDelivered"]


async def test_a_call_of_ours_holds_the_clock_until_it_has_arrived() -> None:
    async with scene() as s:
        may_arrive = asyncio.Event()

        async def on_its_way(_: OutsideCall) -> OutsideAnswer:
            await may_arrive.wait()
            return HttpAnswered(200, {}, b"")

        s.outside = on_its_way
        api = f"arn:aws:execute-api:{SCOPE.region}:{SCOPE.account}:shop/dev/POST/orders"
        s.engine.submit(PutRule(SCOPE, {"Name": "out", "EventPattern": '{"source": ["shop"]}'}))
        s.engine.submit(PutTargets(SCOPE, "out", ({"Id": "1", "Arn": api},), "default"))
        s.engine.submit(PutEvents(SCOPE, (EventEntry("shop", "order", "{}"),)))
        moving = asyncio.create_task(s.engine.advance(MINUTE_MS))
        await a_few_turns()
        held = s.time
        may_arrive.set()
        await moving

        assert held == "12:00:00"
        assert s.told("EventDelivered") == ["12:00:00 EventDelivered"]
