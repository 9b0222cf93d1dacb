"""The one loop: submit commands, wake the world when something is due, carry out effects, move the clock."""

import asyncio
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, cast, get_args

from app.core.awslambda.invocation import Outcome
from app.core.commands import CancelWait, Command, Received, SettleInvocation, Waiting
from app.core.errors import Refused
from app.core.facts import (
    Answered,
    CallFunction,
    CallOutside,
    Effect,
    Fact,
    RecycleEnvironment,
    ReleaseEndpoint,
    WarmEnvironments,
    Wish,
)
from app.core.metrics import Metrics
from app.core.names import Arn
from app.core.time import Instant, format_instant
from app.core.world import World
from app.engine.brokers import Brokers
from app.engine.calls import FunctionCalls
from app.engine.clock import Clock, Way
from app.engine.holds import Hold, Holds
from app.engine.journal import Journal
from app.engine.outside import OutsideCalls
from app.engine.ports import (
    Broker,
    FunctionEndpoint,
    OutsideWorld,
    ResponseSink,
)
from app.engine.warned import warning_of

_WISHES = frozenset(get_args(Wish))

# How long a timer may be off before the loop is woken for nothing: asyncio's clock and ours are read apart.
_LONGEST_SLEEP_S = 3_600.0


@dataclass(frozen=True, slots=True)
class Advanced:
    """Where the clock is now, how often the world was woken, and how many journal entries that made."""

    now: Instant
    woken: int
    facts: int


class Engine:
    """Runs a `World` on a `Clock`. Everything happens on one event loop; nothing here polls.

    `endpoints` finds the endpoint of a function; a function without one answers Unreachable. `brokers` finds who
    keeps a queue that was declared as being elsewhere; `outside` makes the calls that are neither. `release_endpoint`
    is told of a function whose endpoint is no longer wanted as it is.
    """

    def __init__(
        self,
        world: World,
        clock: Clock,
        journal: Journal,
        endpoints: Callable[[Arn], FunctionEndpoint | None],
        brokers: Callable[[Arn], Broker | None] = lambda _: None,
        outside: OutsideWorld | None = None,
        release_endpoint: Callable[[Arn], None] = lambda _: None,
    ) -> None:
        self.world = world
        self.clock = clock
        self.journal = journal
        self.metrics = Metrics()
        self._release_endpoint = release_endpoint
        holds = self._holds = Holds(clock.now, self._count_waiting, self._let_go)
        self._calls = FunctionCalls(endpoints, holds, self.submit_outcome, self.submit)
        self._outside = OutsideCalls(outside, self.submit, holds.hold, holds.release)
        self._brokers = Brokers(brokers, self.submit, holds.hold, holds.release)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._told: dict[int, Callable[[Any], None]] = {}
        """Who is told an answer as it is there, without a turn of the loop in between."""
        self._long_polls: set[int] = set()
        self._is_streaming = False
        """Whether the command in progress wants its response as it comes."""
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: Instant | None = None
        self._moving = asyncio.Lock()
        self._unfinished: tuple[list[Effect], Instant] | None = None
        """The effects of a command that was begun, and when."""
        self._is_closed = False

    # Commands -------------------------------------------------------------------------------------------

    def submit(self, command: Command, then: Callable[[Any], None] | None = None) -> Any:
        """Answer the command now; its effects are carried out before this returns. Raises a `Refused`.

        A command that is answered `Waiting` has its answer told to `then`, which may be a `Refused`: as it is there,
        without a turn of the loop in between, so `then` has to be quick. `give_up` ends that wait. Not for long polls,
        whose patience is `later`'s. Without `then` the answer is there for `later`.
        """
        self._finish()
        now = self.clock.now()
        self._catch_up(now)
        try:
            answer, effects = self.world.handle(command, now=now)
            if isinstance(answer, Waiting):
                self._expect(answer, then)
            self._carry_out(effects, now)
        except Refused:
            # A refusal changes nothing, but what it tells (a loop that was stopped) has to be known.
            self._carry_out(self.world.wake(now), now)
            raise
        finally:
            self._arm()
        return answer

    def _begin(self, command: Command) -> None:
        """Grant what the command wishes. The rest is for `_finish`: a function that gets its next batch works while
        the end of the one before is written into the books."""
        self._finish()
        now = self.clock.now()
        self._catch_up(now)
        try:
            _, effects = self.world.begin(command, now=now)
        except Refused:
            self._carry_out(self.world.wake(now), now)
            raise
        self._unfinished = effects, now
        self._grant_all(effects)

    def _finish(self) -> None:
        """Finish what was begun; whoever is told something by it may have the next command already."""
        if self._unfinished is not None:
            (effects, now), self._unfinished = self._unfinished, None
            self.world.finish(effects)
            self._record(_facts_of(effects), set(map(type, effects)), now)

    async def ask(self, command: Command) -> Any:
        """Submit, and wait for the answer if it comes later. Raises a `Refused`; cancelling gives up the wait."""
        answer = self.submit(command)
        return await self.later(answer) if isinstance(answer, Waiting) else answer

    async def ask_streaming(
        self, command: Command, sink: ResponseSink, admitted: Callable[[Waiting], None] = lambda _: None
    ) -> Any:
        """The same for an Invoke whose response is wanted as it comes: what is streamed goes to `sink`, and the answer
        has the rest. An endpoint that cannot stream gives all of it in the answer. `admitted` is told before."""
        self._is_streaming = True
        try:
            answer = self.submit(command)
        finally:
            self._is_streaming = False
        if not isinstance(answer, Waiting):
            return answer
        admitted(answer)
        # The call begins when this coroutine waits, or later: nothing can have been streamed yet.
        self._calls.sinks[answer.waiter] = sink
        try:
            return await self.later(answer)
        finally:
            del self._calls.sinks[answer.waiter]

    def give_up(self, waiting: Waiting) -> None:
        """Nobody waits any more for what was to be told to a `then`; nothing happens where it has been told."""
        if self._told.pop(waiting.waiter, None) is not None and not self._is_closed:
            self.submit(CancelWait(waiting.waiter))

    async def later(self, waiting: Waiting) -> Any:
        """What a submitted command that was answered `Waiting` comes to; ask for it once.

        Raises a `Refused`; cancelling gives up the wait. A long poll is a real client's wait: where the clock stands
        still, it ends after as many real seconds.
        """
        # The answer may be there already: it stays until it is asked for.
        future = self._answers[waiting.waiter]
        patience_s = waiting.at_most_ms / 1_000 if waiting.at_most_ms and self.clock.way is not Way.WALL else None
        try:
            answer = await asyncio.wait_for(future, patience_s)
        except TimeoutError:
            self.submit(CancelWait(waiting.waiter))
            return Received()
        except asyncio.CancelledError:
            if not self._is_closed:
                self.submit(CancelWait(waiting.waiter))
            raise
        finally:
            self._answers.pop(waiting.waiter, None)
            self._long_polls.discard(waiting.waiter)
        if isinstance(answer, Refused):
            raise answer
        return answer

    def _expect(self, waiting: Waiting, then: Callable[[Any], None] | None) -> None:
        if then is not None:
            self._told[waiting.waiter] = then
        else:
            self._answers[waiting.waiter] = asyncio.get_running_loop().create_future()
            if waiting.at_most_ms is not None:
                self._long_polls.add(waiting.waiter)
        if self._holds.coming_back:
            self._holds.look()

    # The dial -------------------------------------------------------------------------------------------

    @property
    def holds(self) -> list[Hold]:
        """The real calls in flight."""
        return self._holds.all

    async def set_clock(self, way: str, at: Instant | None = None) -> None:
        """Move in another way. Setting a later instant lets everything until then happen first.

        Raises ValueError for an unknown way or an instant in the past.
        """
        if way not in list(Way):
            raise ValueError(f"there is no clock way {way!r}; use wall, frozen or auto")
        now = self.clock.now()
        if at is not None and at < now:
            raise ValueError(f"the clock is at {format_instant(now)} and cannot go back to {format_instant(at)}")
        if at is not None:
            await self._move(at)
        self.clock.set(Way(way))
        self._rearm()

    async def advance(self, duration_ms: int) -> Advanced:
        """Move the clock on; returns when everything due until then has happened, real calls included."""
        return await self._move(self.clock.now() + duration_ms)

    async def advance_to_next(self) -> Advanced:
        """Move to where something happens next, once no real call is in flight; where nothing does, stay.

        The end of a message's retention period is passed on the way, but is nowhere to go to.
        """
        await self._holds.wait()
        at = self.world.next_event()
        return await self._move(self.clock.now() if at is None else at)

    async def settled(self) -> None:
        """Wait until nothing real is in flight and nothing is due."""
        while not self._holds.are_free or self._is_due(self.clock.now()):
            self._catch_up(self.clock.now())
            await self._holds.wait()

    async def _move(self, target: Instant) -> Advanced:
        try:
            async with self._moving:
                first, woken = self.journal.last_number, 0
                while True:
                    # A call in flight holds the clock: what it leads to comes before what is due later.
                    await self._holds.wait()
                    at = self.world.next_wakeup()
                    if at is None or at > target:
                        break
                    self.clock.jump(at)
                    self._catch_up(max(at, self.clock.now()))
                    woken += 1
                    # Let the calls that this began get under way, and the web layer breathe.
                    await asyncio.sleep(0)
                self.clock.jump(target)
        finally:
            # Also when whoever waited for this gave up half-way.
            self._rearm()
        return Advanced(self.clock.now(), woken, self.journal.last_number - first)

    # Time -----------------------------------------------------------------------------------------------

    def _is_due(self, now: Instant) -> bool:
        at = self.world.next_wakeup()
        return at is not None and at <= now

    def _catch_up(self, now: Instant) -> None:
        """Let what is due happen, each at its own instant, so that the journal tells the true one."""
        while (at := self.world.next_wakeup()) is not None and at <= now:
            self._carry_out(self.world.wake(at), at)

    def _arm(self) -> None:
        """Set the timer for the next wake-up, as the clock's way wants it."""
        at = self.world.next_wakeup()
        if at is None or self._is_closed:
            return
        if self._timer is not None:
            # One that is early finds nothing to do and is set anew; to move it with every message is dearer.
            if self._timer_at is not None and self._timer_at <= at:
                return
            self._timer.cancel()
            self._timer = None
        self._timer_at = at
        loop = asyncio.get_running_loop()
        now = self.clock.now()
        if self.clock.way is Way.WALL or at <= now:
            delay_s = min(max(at - now, 0) / 1_000, _LONGEST_SLEEP_S)
            self._timer = loop.call_later(delay_s, self._tick)
        elif self._may_jump() and self.world.next_event(endless=False) is not None:
            self._timer = loop.call_later(0, self._jump)

    def _rearm(self) -> None:
        """Set the timer anew: the clock was moved, or nothing holds it any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._arm()

    def _may_jump(self) -> bool:
        """Whether the clock is to go by itself to the next event now. What only retention waits for is no event: it
        is not worth a jump of days, which would lose every dead letter."""
        return self.clock.way is Way.AUTO and self._holds.are_free and not self._moving.locked()

    def _tick(self) -> None:
        self._timer, self._timer_at = None, None
        self._catch_up(self.clock.now())
        self._arm()

    def _jump(self) -> None:
        """Auto: nothing real is in flight, so the next wake-up is now."""
        self._timer, self._timer_at = None, None
        # A recurring schedule is always due again: to follow it would be to run away with the clock.
        at = self.world.next_event(endless=False)
        if at is not None and self._holds.are_free and self.clock.way is Way.AUTO:
            self.clock.jump(at)
        self._tick()

    # Effects --------------------------------------------------------------------------------------------

    def _carry_out(self, effects: Sequence[Effect], at: Instant) -> None:
        kinds = set(map(type, effects))
        if _WISHES.isdisjoint(kinds):
            # Nearly always: what happens to messages is nothing but facts.
            self._record(cast("Sequence[Fact]", effects), kinds, at)
        else:
            self._grant_all(effects)
            self._record(_facts_of(effects), kinds, at)

    def _grant_all(self, effects: Sequence[Effect]) -> None:
        # A list of their own: who is told an answer may command, which puts more among the effects of what was begun.
        for wish in [effect for effect in effects if type(effect) in _WISHES]:
            self._grant(cast("Wish", wish))

    def _record(self, facts: Sequence[Fact], kinds: AbstractSet[type], at: Instant) -> None:
        """`kinds` are the types of the facts; others may be among them."""
        if facts:
            self.journal.record(at, facts, kinds)
            self.metrics.observe_all(facts, kinds, at)

    def _grant(self, wish: Wish) -> None:
        match wish:
            case CallFunction(invocation=invocation, waiter=waiter):
                self._calls.call(invocation, waiter, is_streaming=self._is_streaming)
            case ReleaseEndpoint(function=function):
                self._release_endpoint(function)
            case RecycleEnvironment():
                self._calls.recycle(wish)
            case WarmEnvironments():
                self._calls.warm(wish)
            case CallOutside():
                self._outside.carry_out(wish)
            case Answered(waiter=waiter, answer=answer):
                then = self._told.pop(waiter, None)
                if then is not None:
                    then(answer)
                else:
                    future = self._answers.get(waiter)
                    if future is not None and not future.done():
                        future.set_result(answer)
                if self._holds.coming_back:
                    self._holds.look()
            case _:
                self._brokers.carry_out(wish)

    def submit_outcome(self, request_id: str, outcome: Outcome) -> None:
        """Settle a call and let go of the clock, in this order: what it caused is known before time goes on."""
        hold = self._holds.get(request_id)
        try:
            self._begin(SettleInvocation(request_id, outcome))
        finally:
            self._finish()
            self._arm()
            # A call that reached nobody is made again elsewhere, under the same id, and holds the clock anew.
            if self._holds.get(request_id) is hold:
                self._holds.release(request_id)

    def _let_go(self) -> None:
        """Nothing holds the clock any more. Wall time was held by nobody, and its timer is set as it should be."""
        if self.clock.way is not Way.WALL:
            self._rearm()

    def _count_waiting(self) -> int:
        """How many requests wait for an answer of the world; long polls are real clients' and wait for themselves."""
        open_ones = [waiter for waiter, future in self._answers.items() if not future.done()]
        return len(self._told) + sum(waiter not in self._long_polls for waiter in open_ones)

    # Looking and ending ---------------------------------------------------------------------------------

    def warnings(self) -> list[dict[str, Any]]:
        """Loops and missing permissions as JSON, oldest first."""
        return [warning_of(entry) for entry in self.journal.warnings]

    def end_long_polls(self) -> None:
        """Answer every long poll with nothing, so that nobody waits for a service that is about to end."""
        for waiter in list(self._long_polls):
            future = self._answers.get(waiter)
            if future is not None and not future.done():
                self.submit(CancelWait(waiter))
                future.set_result(Received())

    async def close(self) -> None:
        """Stop waiting and cancel the calls in flight; endpoints are closed by whoever made them."""
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._calls.cancel()
        await self._brokers.close()
        await self._outside.close()
        for future in self._answers.values():
            future.cancel()
        await self._calls.close()


def _facts_of(effects: Sequence[Effect]) -> list[Fact]:
    return cast("list[Fact]", [effect for effect in effects if type(effect) not in _WISHES])
