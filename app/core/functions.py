"""The functions of the world: who may run now, who waits, what an outcome means for whom it was for."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, assert_never

from app.core.async_invoke import Again, AsyncQueue, Done, Event, GivenUp
from app.core.call import Call, ForBatch, ForEvent, ForWaiter
from app.core.chain import Cause, Chains, times_seen
from app.core.commands import (
    DeleteEventInvokeConfig,
    DeleteFunction,
    Invoke,
    Invoked,
    Origin,
    PutEventInvokeConfig,
    PutFunction,
    PutReservedConcurrency,
    SettleInvocation,
    Waiting,
)
from app.core.destinations import dead_letter_attributes, record
from app.core.errors import (
    InvalidParameterValue,
    InvalidRequestContent,
    RecursiveInvocation,
    Refused,
    RequestTooLarge,
    ResourceNotFound,
    TooManyRequests,
)
from app.core.event_invoke import EventInvokeConfig, configured
from app.core.facts import (
    Answered,
    CallFunction,
    Configured,
    DestinationFailed,
    DestinationTold,
    Effect,
    EventAccepted,
    EventDropped,
    EventRetried,
    InvocationEnded,
    InvocationStarted,
    InvocationThrottled,
    LoopWarned,
)
from app.core.function import Function
from app.core.ids import Ids
from app.core.invocation import Invocation, InvocationType, Outcome, Throttled, Unreachable
from app.core.limits import Limits
from app.core.names import Arn, Scope, parse_arn
from app.core.outcomes import error_of, ran_of, word_of
from app.core.script import Running, plan
from app.core.targets import Parcel, Targets, Teller
from app.core.time import Instant, earliest

_RESERVED_EXCEEDED = "ReservedFunctionConcurrentInvocationLimitExceeded"
_FUNCTION_NAME = re.compile(
    r"(?:arn:(?:aws[a-zA-Z-]*)?:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):function:"
    r"|(?P<account2>\d{12}):function:|function:)?(?P<name>[a-zA-Z0-9-_]+)(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9-_]+))?"
)


@dataclass(frozen=True, slots=True)
class FunctionName:
    """A function as a caller wrote it: the unqualified ARN, and the qualifier if there was one."""

    arn: Arn
    qualifier: str | None

    @property
    def as_invoked(self) -> Arn:
        return f"{self.arn}:{self.qualifier}" if self.qualifier else self.arn


def parse_function_name(text: str, scope: Scope, *, qualifier: str | None = None) -> FunctionName | None:
    """A name, partial ARN or ARN, with or without qualifier; None when it is none of these."""
    match = _FUNCTION_NAME.fullmatch(text)
    if match is None:
        return None
    region = match["region"] or scope.region
    account = match["account"] or match["account2"] or scope.account
    return FunctionName(Scope(account, region).function_arn(match["name"]), match["qualifier"] or qualifier)


Stopped: TypeAlias = RecursiveInvocation | Throttled
"""What kept a call from running: the loop detection or a limit."""


@dataclass(slots=True)
class Functions:
    """All functions by ARN. `freed` is told when an environment is free again, `settle_batch` what came of a mapping's
    batch; `targets` get what destinations are to get; effects go to `outbox`."""

    ids: Ids
    limits: Limits
    chains: Chains
    outbox: list[Effect]
    cause_of: Callable[[Origin, str | None, Instant], Cause]
    next_waiter: Callable[[], int]
    freed: Callable[[Function], None]
    settle_batch: Callable[[ForBatch, Outcome, Instant], None]
    targets: Targets
    scripted: Running = field(default_factory=Running)
    _functions: dict[Arn, Function] = field(default_factory=dict)
    _events: AsyncQueue = field(init=False)
    _by_key: dict[str, tuple[Arn, int]] = field(default_factory=dict)
    _function_of: dict[str, Arn] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._events = AsyncQueue(self.limits)

    # Reading --------------------------------------------------------------------------------------------

    def __getitem__(self, arn: Arn) -> Function:
        try:
            return self._functions[arn]
        except KeyError:
            raise ResourceNotFound(f"Function not found: {arn}") from None

    def get(self, arn: Arn) -> Function | None:
        return self._functions.get(arn)

    def all(self, scope: Scope | None = None) -> list[Function]:
        functions = sorted(self._functions.values(), key=lambda function: function.spec.name)
        return [function for function in functions if scope is None or parse_arn(function.arn).scope == scope]

    def events_waiting(self, arn: Arn) -> int:
        """How many asynchronous events wait for their next attempt."""
        return len(self._events.waiting_for(arn))

    def events_of(self, arn: Arn) -> list[Event]:
        """The asynchronous events that wait for their next attempt."""
        return self._events.waiting_for(arn)

    def caller_with_key(self, access_key_id: str) -> tuple[Function, Call | None] | None:
        """The function whose environment signs with this key, and the call that runs there now."""
        found = self._by_key.get(access_key_id)
        if found is None:
            return None
        arn, slot = found
        function = self._functions[arn]
        return function, function.call_in_slot(slot)

    # Functions ------------------------------------------------------------------------------------------

    def put(self, command: PutFunction, now: Instant) -> None:
        spec = command.spec
        function = self._functions.get(spec.arn)
        if function is None:
            function = self._functions[spec.arn] = Function(spec)
            self.outbox.append(Configured(f"function {spec.name} created", function=spec.arn))
        else:
            self._forget_keys(function)
            function.change(spec)
            self.outbox.append(Configured(f"function {spec.name} changed", function=spec.arn))
        for slot, key in enumerate(spec.access_key_ids):
            self._by_key[key] = (spec.arn, slot)
        self._run_line(function, now)
        self.freed(function)

    def delete(self, command: DeleteFunction, now: Instant) -> None:
        """Forget the function; what waits for it is dropped, what runs settles for nobody but its own caller."""
        function = self[command.function]
        gone = ResourceNotFound(f"Function not found: {function.arn}:$LATEST")
        for call in [*function.line, *function.running.values()]:
            self._function_of.pop(call.request_id, None)
            match call.owner:
                case ForWaiter(waiter=waiter):
                    self.outbox.append(Answered(waiter, gone))
                case ForEvent(event=event):
                    self._drop(function, event, "FunctionDeleted")
                case ForBatch() as batch:
                    self.settle_batch(batch, Throttled("FunctionDeleted", gone.message), now)
        for event in self._events.waiting_for(function.arn):
            self._events.drop(event)
            self._drop(function, event, "FunctionDeleted")
        self._forget_keys(function)
        del self._functions[function.arn]
        self.outbox.append(Configured(f"function {function.spec.name} deleted", function=function.arn))

    def put_event_invoke(self, command: PutEventInvokeConfig, now: Instant) -> dict[str, Any]:
        function = self._functions.get(command.function)
        if function is None:
            raise ResourceNotFound("The function doesn't exist.")
        before = function.event_invoke if command.merges else None
        if command.merges and before is None:
            raise _no_config(function)
        function.event_invoke = configured(
            before, command.given, function=function.arn, exists=self.targets.exists, now=now
        )
        self.outbox.append(Configured(f"function {function.spec.name}: event-invoke config set", function=function.arn))
        return function.event_invoke.view(function.arn)

    def delete_event_invoke(self, command: DeleteEventInvokeConfig, now: Instant) -> None:
        function = self._functions.get(command.function)
        if function is None:
            raise ResourceNotFound("The function doesn't exist.")
        if function.event_invoke is None:
            raise _no_config(function)
        function.event_invoke = None
        self.outbox.append(
            Configured(f"function {function.spec.name}: event-invoke config gone", function=function.arn)
        )

    def event_invoke_of(self, arn: Arn) -> EventInvokeConfig:
        """Raises ResourceNotFound when there is no such function, or no config."""
        function = self._functions.get(arn)
        if function is None:
            raise ResourceNotFound("The function doesn't exist.")
        if function.event_invoke is None:
            raise _no_config(function)
        return function.event_invoke

    def put_reserved_concurrency(self, command: PutReservedConcurrency, now: Instant) -> None:
        """Raises InvalidParameterValue when too little would be left unreserved (spec E)."""
        function = self[command.function]
        others = sum(f.spec.reserved_concurrency or 0 for f in self._functions.values() if f is not function)
        left = self.limits.account_concurrency - others - (command.reserved or 0)
        if command.reserved is not None and left < self.limits.unreserved_concurrency:
            raise InvalidParameterValue(
                "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
                f"below its minimum value of [{self.limits.unreserved_concurrency}]."
            )
        self.put(PutFunction(replace(function.spec, reserved_concurrency=command.reserved)), now)

    # Invoking -------------------------------------------------------------------------------------------

    def invoke(self, command: Invoke, now: Instant) -> Invoked | Waiting:
        name, function = self.named(command)
        arn = name.arn
        self.check_payload(command)
        request_id = self.ids.uuid()
        if command.type is InvocationType.DRY_RUN:
            return Invoked(request_id)
        payload = command.payload or b"{}"
        cause = self.cause_of(command.origin, command.origin.trace_header, now)
        source = cause.hop.stations[-1] if cause.hop else "Invoke"
        if command.type is InvocationType.EVENT:
            event = Event(request_id, arn, name.as_invoked, payload, source, cause, now)
            self.accept(function, event, now)
            return Invoked(request_id)
        waiter = self.next_waiter()
        call = Call(request_id, arn, name.as_invoked, payload, source, cause, ForWaiter(waiter),
                    client_context=command.client_context)  # fmt: skip
        match self.submit(function, call, now):
            case None:
                return Waiting(waiter)
            case RecursiveInvocation() as refusal:
                raise refusal
            case Throttled(reason=reason, message=message):
                raise TooManyRequests(reason, message)

    def named(self, command: Invoke) -> tuple[FunctionName, Function]:
        """Which function an Invoke means. Raises ResourceNotFound."""
        name = parse_function_name(command.function, command.scope, qualifier=command.qualifier)
        arn = name.arn if name else command.scope.function_arn(command.function)
        function = self._functions.get(arn)
        # Versions and aliases are not there, so only $LATEST can be meant.
        if name is None or function is None or name.qualifier not in (None, "$LATEST"):
            qualifier = (name and name.qualifier) or "$LATEST"
            raise ResourceNotFound(f"Function not found: {arn}:{qualifier}")
        return name, function

    def check_payload(self, command: Invoke) -> None:
        """Raises RequestTooLarge, InvalidRequestContent."""
        is_event = command.type is InvocationType.EVENT
        most = self.limits.async_payload_bytes if is_event else self.limits.sync_payload_bytes
        if len(command.payload) > most:
            raise RequestTooLarge(f"Request must be smaller than {most} bytes for the InvokeFunction operation")
        if not command.payload:
            return
        try:
            json.loads(command.payload)
        except (ValueError, RecursionError) as error:
            raise InvalidRequestContent(
                f"Could not parse request body into json: Could not parse payload into json: {error}\n"
                " at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 1]"
            ) from None

    def judge(self, function: Function, cause: Cause) -> Stopped | None:
        """What would forbid the invocation that `cause` asks for now; nothing happens."""
        is_loop = times_seen(cause, function.arn) > self.limits.chain_invocations
        if is_loop and function.spec.recursive_loop != "Allow":
            return RecursiveInvocation()
        return Throttled(_RESERVED_EXCEEDED) if function.is_at_reserved_limit else None

    def accept(self, function: Function, event: Event, now: Instant) -> None:
        """Take an event into the asynchronous queue; its first attempt is at once."""
        self.outbox.append(EventAccepted(function.arn, event.request_id, event.cause.chain, event.source))
        self._attempt(function, event, now)

    def submit(self, function: Function, call: Call, now: Instant) -> Stopped | None:
        """Run the call or let it stand in line for an environment; gives back what forbids both."""
        hop = self.chains.extend(call.cause, function=function.arn, request_id=call.request_id)
        call.hop = hop
        stopped = self.judge(function, call.cause)
        self._warn_of_loop(function, call, is_stopped=isinstance(stopped, RecursiveInvocation))
        if stopped is not None:
            return stopped
        self._function_of[call.request_id] = function.arn
        self.chains.keep(hop)
        if function.has_room:
            self._begin(function, call, now)
        else:
            function.line.append(call)
        return None

    def settle(self, command: SettleInvocation, now: Instant) -> None:
        """What came of a call that was running. An outcome for nobody (a deleted function's) is let go."""
        arn = self._function_of.pop(command.request_id, None)
        function = self._functions.get(arn) if arn else None
        if function is None or command.request_id not in function.running:
            return
        call = function.end(command.request_id)
        outcome = command.outcome
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
                event.last_hop = call.hop
                self._settle_event(function, event, outcome, now)
            case _:
                assert_never(call.owner)
        self._run_line(function, now)
        self.freed(function)

    def cancel_wait(self, waiter: int) -> None:
        """The caller is gone: a call still in line is dropped, a running one runs on, as on Lambda."""
        for function in self._functions.values():
            for call in function.line:
                if call.owner == ForWaiter(waiter):
                    function.line.remove(call)
                    self._function_of.pop(call.request_id, None)
                    return

    # Time -----------------------------------------------------------------------------------------------

    def next_wakeup(self) -> Instant | None:
        return earliest(self._events.next_wakeup(), self.scripted.next_wakeup())

    def wake(self, now: Instant) -> None:
        """Settle the scripted calls that ended, and try again the events whose time has come."""
        for request_id, outcome in self.scripted.ended(now):
            self.settle(SettleInvocation(request_id, outcome), now)
        for event in list(self._events.due(now)):
            self._attempt(self._functions[event.function], event, now)

    # Inside ---------------------------------------------------------------------------------------------

    def _begin(self, function: Function, call: Call, now: Instant) -> None:
        slot = function.begin(call)
        spec, hop = function.spec, call.hop
        assert hop is not None, "a call has its hop before it begins"
        self.outbox.append(
            InvocationStarted(spec.arn, call.request_id, hop.chain, call.attempt, call.source, slot, len(call.payload))
        )
        if spec.script is not None:
            after_ms, outcome = plan(spec, spec.script, call.payload, nth=function.invocations)
            self.scripted.start(call.request_id, outcome, at=now + after_ms)
            return
        self.outbox.append(
            CallFunction(
                Invocation(
                    call.request_id,
                    call.function_arn,
                    spec.name,
                    call.payload,
                    spec.timeout_ms,
                    self.chains.header_of(hop),
                    slot,
                    call.attempt,
                    call.client_context,
                )
            )
        )

    def _run_line(self, function: Function, now: Instant) -> None:
        while (call := function.next_in_line()) is not None:
            self._begin(function, call, now)

    def _warn_of_loop(self, function: Function, call: Call, *, is_stopped: bool) -> None:
        """Tell of the invocation after the sixteenth on one path, which AWS would refuse, and warn early (spec F)."""
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

    def _attempt(self, function: Function, event: Event, now: Instant) -> None:
        event.attempts += 1
        call = Call(event.request_id, function.arn, event.function_arn, event.payload, event.source, event.cause,
                    ForEvent(event), attempt=event.attempts)  # fmt: skip
        match self.submit(function, call, now):
            case RecursiveInvocation():
                # Dropped without a retry; which condition AWS writes then is UNCONFIRMED.
                event.attempts -= 1
                self._give_up(function, event, None, "RecursiveInvocation", now)
            case Throttled() as throttled:
                event.attempts -= 1
                if function.spec.reserved_concurrency == 0:
                    self._give_up(function, event, None, "ZeroReservedConcurrency", now)
                else:
                    self._settle_event(function, event, throttled, now)

    def _settle_event(self, function: Function, event: Event, outcome: Outcome, now: Instant) -> None:
        rules = function.retry_rules
        chain = event.cause.chain
        match self._events.settle(event, outcome, rules, now=now):
            case Done():
                self._tell(function, event, function.on_success, "OnSuccess", outcome, "Success", now)
            case Again(at=at) if isinstance(outcome, Throttled):
                self.outbox.append(InvocationThrottled(function.arn, event.request_id, chain, outcome.reason, at))
            case Again(at=at):
                attempt = event.attempts + 1
                self.outbox.append(EventRetried(function.arn, event.request_id, chain, attempt, at, at - now))
            case GivenUp(condition=condition):
                self._give_up(function, event, outcome, condition, now)

    def _give_up(self, function: Function, event: Event, outcome: Outcome | None, condition: str, now: Instant) -> None:
        """The event ends: at its OnFailure destination, in the function's dead-letter queue, in both, or nowhere."""
        self._drop(function, event, condition)
        ran = None if isinstance(outcome, Throttled | Unreachable) else outcome
        self._tell(function, event, function.on_failure, "OnFailure", ran, condition, now)
        self._tell(function, event, function.spec.dead_letter_target, "DeadLetterConfig", ran, condition, now)

    def _tell(
        self, function: Function, event: Event, target: Arn | None, role: str, outcome: Outcome | None, condition: str,
        now: Instant,
    ) -> None:  # fmt: skip
        if target is None:
            return
        hop = event.last_hop
        cause = event.cause if hop is None else Cause(hop.chain, hop)
        is_dead_letter = role == "DeadLetterConfig"
        body = event.payload if is_dead_letter else record(event, outcome, condition, now=now)
        attributes = dead_letter_attributes(event, outcome) if is_dead_letter else {}
        chain, teller = event.cause.chain, Teller(self.outbox)

        def settled(refusal: Refused | None, _: Instant) -> None:
            if refusal is None:
                teller.tell(DestinationTold(function.arn, event.request_id, chain, role, target, condition))
            else:
                reason = refusal.message
                teller.tell(DestinationFailed(function.arn, event.request_id, chain, role, target, reason))

        source = hop.stations[-1] if hop else "destination"
        self.targets.deliver(Parcel(target, body, cause, source, attributes=attributes), now, settled)
        teller.goes_on_later()

    def _drop(self, function: Function, event: Event, condition: str) -> None:
        self.outbox.append(EventDropped(function.arn, event.request_id, event.cause.chain, condition, event.attempts))

    def _answer(self, call: Call, outcome: Outcome) -> Invoked | TooManyRequests:
        if isinstance(outcome, Throttled):
            return TooManyRequests(outcome.reason, outcome.message)
        assert call.hop is not None, "a settled call has its hop"
        return Invoked(call.request_id, outcome, trace_header=self.chains.header_of(call.hop))

    def _forget_keys(self, function: Function) -> None:
        for key in function.spec.access_key_ids:
            self._by_key.pop(key, None)


def _no_config(function: Function) -> ResourceNotFound:
    return ResourceNotFound(f"The function {function.arn}:$LATEST doesn't have an EventInvokeConfig")
