"""The invocations under way: who may run now, who stands in line, and whom an outcome is for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn, assert_never

from app.core.access.keys import Keys
from app.core.awslambda.async_events import AsyncEvents
from app.core.awslambda.async_invoke import Event
from app.core.awslambda.call import Call, ForBatch, ForEvent, ForReply, ForWaiter, Stopped
from app.core.awslambda.concurrency import Concurrency
from app.core.awslambda.function import Function
from app.core.awslambda.functions import Functions
from app.core.awslambda.invocation import Invocation, InvocationType, Outcome, Throttled, Unreachable
from app.core.awslambda.outcomes import error_of, ran_of, word_of
from app.core.awslambda.script import Running, plan
from app.core.chain import Cause, Chains, times_seen
from app.core.commands import Invoke, Invoked, Origin, SettleInvocation, Waiting
from app.core.delivery.targets import Targets
from app.core.errors import InvocationRefused, RecursiveInvocation, ResourceNotFound, TooManyRequests
from app.core.facts import (
    Answered,
    CallFunction,
    Effect,
    InvocationEnded,
    InvocationMoved,
    InvocationStarted,
    InvocationThrottled,
    LoopWarned,
)
from app.core.ids import Ids
from app.core.limits import Limits
from app.core.names import LATEST, Arn
from app.core.time import Instant


@dataclass(slots=True)
class Invocations:
    """The calls of all functions. `keys` says whether a function's variables can be read, `admit` raises for who may
    not invoke; `freed` is told when an environment is free again, `settle_batch` what came of a mapping's batch;
    `events` are the asynchronous ones, tried from there; effects go to `outbox`."""

    ids: Ids
    limits: Limits
    chains: Chains
    outbox: list[Effect]
    functions: Functions
    concurrency: Concurrency
    targets: Targets
    cause_of: Callable[[Origin, str | None, Instant], Cause]
    next_waiter: Callable[[], int]
    freed: Callable[[Function], None]
    settle_batch: Callable[[ForBatch, Outcome, Instant], None]
    keys: Keys
    admit: Callable[[Invoke], None]
    events: AsyncEvents = field(init=False)
    scripted: Running = field(default_factory=Running)
    _function_of: dict[str, Arn] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.events = AsyncEvents(self.ids, self.limits, self.outbox, self.functions, self.targets, self.submit)

    # Invoking -------------------------------------------------------------------------------------------

    def invoke(self, command: Invoke, now: Instant) -> Invoked | Waiting:
        """Raises a `Refused`: whoever asks may not, the function is not there, or what invoking it comes to at once."""
        self.admit(command)
        name, chosen = self.functions.called(command)
        arn, function, version = name.arn, chosen.function, chosen.version
        self.functions.check_payload(command)
        request_id = command.request_id or self.ids.uuid()
        if command.type is InvocationType.DRY_RUN:
            return Invoked(request_id, version=version)
        payload = command.payload or b"{}"
        cause = self.cause_of(command.origin, command.origin.trace_header, now)
        if command.station is not None:
            cause = cause.via(command.station)
        source = command.station or (cause.hop.stations[-1] if cause.hop else "Invoke")
        if command.type is InvocationType.EVENT:
            event = Event(request_id, arn, name.as_invoked, payload, source, cause, now)
            self.events.accept(function, event, now, version)
            return Invoked(request_id, version=version)
        if (outcome := self._refusal(function, now)) is not None:
            # At once, also where the clock stands; what nobody waits for takes its time, as everything that may come
            # back does.
            self._refuse(function, request_id, cause.chain, outcome)
        waiter = self.next_waiter()
        call = Call(request_id, arn, name.as_invoked, payload, source, cause, ForWaiter(waiter),
                    client_context=command.client_context, version=version)  # fmt: skip
        match self.submit(function, call, now):
            case None:
                return Waiting(waiter, request_id=request_id, version=version)
            case RecursiveInvocation() as refusal:
                raise refusal
            case Throttled(reason=reason, message=message):
                raise TooManyRequests(reason, message)

    def is_loop(self, function: Function, cause: Cause) -> bool:
        """Whether the loop detection would stop the invocation that `cause` asks for."""
        comes_again = times_seen(cause, function.arn) > self.limits.chain_invocations
        return comes_again and function.main.spec.recursive_loop != "Allow"

    def submit(self, function: Function, call: Call, now: Instant) -> Stopped | None:
        """Run the call or let it stand in line for an environment; gives back what forbids both."""
        hop = self.chains.extend(call.cause, function=function.arn, request_id=call.request_id)
        call.hop = hop
        if call.version == LATEST:
            call.version = function.version
        stopped = self._judge(function, call, now)
        self._warn_of_loop(function, call, is_stopped=isinstance(stopped, RecursiveInvocation))
        if stopped is not None:
            if isinstance(stopped, Throttled) and isinstance(call.owner, ForWaiter):
                # Whoever waits for an event or a batch tells of it, with when it is tried again.
                self.outbox.append(
                    InvocationThrottled(function.arn, call.request_id, hop.chain, stopped.reason, retry_at=None)
                )
            return stopped
        call.seat = self.concurrency.take(function.arn, call.version, is_synchronous=call.is_synchronous, now=now)
        self._function_of[call.request_id] = function.spec.arn
        self.chains.keep(hop)
        if function.has_room:
            self._begin(function, call, now)
        else:
            function.line.append(call)
        return None

    def settle(self, command: SettleInvocation, now: Instant) -> None:
        """What came of a call that was running. An outcome for nobody (a deleted function's) is let go."""
        arn = self._function_of.pop(command.request_id, None)
        function = self.functions.exactly(arn) if arn else None
        if function is None or command.request_id not in function.running:
            return
        outcome, call = command.outcome, function.running[command.request_id]
        if isinstance(outcome, Unreachable) and outcome.reached_nobody and function.can_go_elsewhere(call):
            self._move(function, call, outcome.message, now)
            return
        function.end(command.request_id, now)
        self._give_back(call)
        error_type, message = error_of(outcome)
        ran = ran_of(outcome)
        assert call.hop is not None, "a running call has its hop"
        self.outbox.append(
            InvocationEnded(
                function.arn,
                call.request_id,
                call.hop.chain,
                word_of(outcome),
                error_type,
                message,
                ran.duration_ms,
                ran.log_tail,
            )
        )
        match call.owner:
            case ForWaiter(waiter=waiter):
                self.outbox.append(Answered(waiter, self._answer(call, outcome)))
            case ForBatch() as batch:
                self.settle_batch(batch, outcome, now)
            case ForEvent(event=event):
                event.last_hop, event.version = call.hop, call.version
                self.events.settle(function, event, outcome, now)
            case ForReply(then=then):
                then(outcome, now)
            case _:
                assert_never(call.owner)
        self.serve(function, now)

    def cancel_wait(self, waiter: int) -> None:
        """The caller is gone: a call still in line is dropped, a running one runs on, as on Lambda."""
        for function in self.functions.at_work():
            for call in function.line:
                if call.owner == ForWaiter(waiter):
                    function.line.remove(call)
                    self._function_of.pop(call.request_id, None)
                    self._give_back(call)
                    return

    def change(self, function: Function, now: Instant) -> None:
        """The function is new, or has other settings: they hold for what comes next."""
        main = function.main
        self.concurrency.configure(main.arn, main.spec.reserved_concurrency, main.provisioned, now=now)
        self.serve(function, now)

    def serve(self, function: Function, now: Instant) -> None:
        """Let who waits for the function go on: it has room, or other settings."""
        while (call := function.next_in_line()) is not None:
            if isinstance(call.owner, ForBatch) and call.owner.batch.hidden_until <= now:
                self._miss(call, call.owner, now)
            else:
                self._begin(function, call, now)
        self.freed(function)

    def _miss(self, call: Call, owner: ForBatch, now: Instant) -> None:
        """The batch stood in line until its messages were visible again, and somebody else may have them by now."""
        self._function_of.pop(call.request_id, None)
        self._give_back(call)
        self.settle_batch(owner, Throttled("ConcurrentInvocationLimitExceeded"), now)

    def forget(self, function: Function, now: Instant) -> None:
        """The function is gone: what waits for it is dropped, what runs settles for nobody but its own caller."""
        gone = ResourceNotFound(f"Function not found: {function.arn}:$LATEST")
        for call in [*function.line, *function.running.values()]:
            self._function_of.pop(call.request_id, None)
            if function.main is not function:
                self._give_back(call)
            match call.owner:
                case ForWaiter(waiter=waiter):
                    self.outbox.append(Answered(waiter, gone))
                case ForEvent(event=event):
                    self.events.drop(function, event, "FunctionDeleted")
                case ForBatch() as batch:
                    self.settle_batch(batch, Throttled("FunctionDeleted", gone.message), now)
                case ForReply(then=then):
                    then(Throttled("FunctionDeleted", gone.message), now)
        if function.main is function:
            self.events.forget(function)
            self.concurrency.forget(function.arn)

    # Time -----------------------------------------------------------------------------------------------

    def next_wakeup(self) -> Instant | None:
        return self.scripted.next_wakeup()

    def wake(self, now: Instant) -> None:
        """Settle the scripted calls that ended."""
        for request_id, outcome in self.scripted.ended(now):
            self.settle(SettleInvocation(request_id, outcome), now)

    # Inside ---------------------------------------------------------------------------------------------

    def _judge(self, function: Function, call: Call, now: Instant) -> Stopped | None:
        if self.is_loop(function, call.cause):
            return RecursiveInvocation()
        obstacle = self.concurrency.obstacle(
            function.arn, call.version, is_synchronous=call.is_synchronous, now=now
        )  # fmt: skip
        return obstacle.throttled if obstacle is not None else None

    def _give_back(self, call: Call) -> None:
        assert call.seat is not None, "a call that was admitted has its seat"
        self.concurrency.give_back(call.function, call.seat)

    def _begin(self, function: Function, call: Call, now: Instant) -> None:
        slot = function.begin(call)
        spec, hop = function.spec, call.hop
        assert hop is not None, "a call has its hop before it begins"
        call.trace_header = self.chains.header_of(hop)
        self.outbox.append(self._started(function, call, slot))
        waits = isinstance(call.owner, ForWaiter)
        if not waits and (refusal := self._refusal(function, now)) is not None:
            self.scripted.start(call.request_id, refusal, at=now + 1)
            return
        if spec.script is not None:
            after_ms, outcome = plan(spec, spec.script, call.payload, nth=function.invocations)
            self.scripted.start(call.request_id, outcome, at=now + after_ms)
            return
        invocation = Invocation(
            call.request_id,
            call.function_arn,
            spec.name,
            call.payload,
            spec.timeout_ms,
            call.trace_header,
            slot,
            call.attempt,
            call.client_context,
            function.version,
        )
        waiter = call.owner.waiter if isinstance(call.owner, ForWaiter) else None
        self.outbox.append(CallFunction(invocation, waiter))

    def _refusal(self, function: Function, now: Instant) -> Throttled | Unreachable | None:
        """What the call ends with instead of running, because somebody said so, or because of the function's key."""
        main = function.main
        if main.rehearsal is not None:
            refusal = main.rehearsal.take()
            if main.rehearsal.is_over:
                main.rehearsal = None
            return refusal
        return self.keys.refusal(function.spec, now)

    def _refuse(self, function: Function, request_id: str, chain: str, refusal: Throttled | Unreachable) -> NoReturn:
        """Tell of it, and raise it."""
        match refusal:
            case Throttled(reason=reason, message=message):
                self.outbox.append(InvocationThrottled(function.arn, request_id, chain, reason, retry_at=None))
                raise TooManyRequests(reason, message)
            case Unreachable(code=code, message=message):
                word = word_of(refusal)
                self.outbox.append(InvocationEnded(function.arn, request_id, chain, word, code, message, 0.0, ""))
                raise InvocationRefused(code, message)

    def _move(self, function: Function, call: Call, why: str, now: Instant) -> None:
        """Nothing has run of the call: it goes before all others to an environment that is there."""
        assert call.hop is not None, "a running call has its hop"
        slot = function.slots.slot_of(call.request_id)
        self.outbox.append(InvocationMoved(function.arn, call.request_id, call.hop.chain, slot, why))
        function.end(call.request_id, now)
        call.moves += 1
        self._function_of[call.request_id] = function.spec.arn
        function.line.appendleft(call)
        self.serve(function, now)

    def _started(self, function: Function, call: Call, slot: int) -> InvocationStarted:
        seat, hop = call.seat, call.hop
        assert seat is not None, "a call has its seat before it begins"
        assert hop is not None, "a call has its hop before it begins"
        use = self.concurrency.use_of(function.arn)
        return InvocationStarted(
            function.arn, call.request_id, hop.chain, call.attempt, call.source, slot, len(call.payload), call.version,
            use.running, use.account.unreserved, use.provisioned.get(call.version, 0),
            use.in_provisioned.get(call.version, 0), seat.is_spillover, use.account.running,
            function.main.provisioned_as.get(call.version, ""),
        )  # fmt: skip

    def _warn_of_loop(self, function: Function, call: Call, *, is_stopped: bool) -> None:
        """Tell of the invocation after the sixteenth on one path, which AWS would refuse, and warn early."""
        hop, most = call.hop, self.limits.chain_invocations
        assert hop is not None, "the hop is there before it is judged"
        times, seen = hop.times[function.arn], hop.seen_times[function.arn]
        if is_stopped:
            self._warn(function, call, "stopped", seen)
        elif times == self.limits.chain_warning_at:
            self._warn(function, call, "early", times)
        elif times == most + 1:
            self._warn(function, call, "allowed" if seen > most else "unseen", times)

    def _warn(self, function: Function, call: Call, kind: str, times: int) -> None:
        assert call.hop is not None, "the hop is there before it is judged"
        stations = call.hop.stations
        self.outbox.append(LoopWarned(function.arn, call.hop.chain, kind, times, stations, call.request_id))

    def _answer(self, call: Call, outcome: Outcome) -> Invoked | TooManyRequests:
        if isinstance(outcome, Throttled):
            return TooManyRequests(outcome.reason, outcome.message)
        return Invoked(call.request_id, outcome, call.version, call.trace_header)
