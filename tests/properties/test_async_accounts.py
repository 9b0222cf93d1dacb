"""Every asynchronous event, whatever its functions do and however they are changed: it is in one place, it is tried as
often and as long as its settings say, and it ends with a success or with a reason, told to whom it is to be told."""

from collections import Counter
from contextlib import suppress
from typing import Any

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.core.awslambda.async_invoke import Event
from app.core.awslambda.call import ForEvent
from app.core.awslambda.environment_state import EnvironmentState
from app.core.awslambda.function import EventSettings, Function, FunctionSpec
from app.core.awslambda.invocation import (
    Exited,
    HandlerFailed,
    InvocationType,
    Outcome,
    Succeeded,
    Throttled,
    TimedOut,
    Unreachable,
)
from app.core.commands import (
    Command,
    DeleteEventInvokeConfig,
    DeleteFunction,
    DescribeEnvironments,
    Invoke,
    PutEventInvokeConfig,
    PutFunction,
    PutReservedConcurrency,
)
from app.core.errors import Refused
from app.core.facts import (
    DestinationFailed,
    DestinationTold,
    EventAccepted,
    EventDropped,
    InvocationEnded,
    InvocationStarted,
)
from app.core.limits import Limits
from app.core.names import Arn
from tests.core.stage import SCOPE, Stage

LIMITS = Limits(account_concurrency=5, unreserved_concurrency=1, scaling_environments=4)
A, B = SCOPE.function_arn("a"), SCOPE.function_arn("b")
QUEUES = tuple(SCOPE.queue_arn(name) for name in ("done", "failed", "letters", "gone", "line.fifo"))
OUTCOMES: dict[str, Outcome] = {
    "succeeded": Succeeded(b"null"),
    "raised": HandlerFailed("Exception", "no", b"{}"),
    "timed out": TimedOut(3_000),
    "exited": Exited("exit status 1"),
    "throttled": Throttled("ConcurrentInvocationLimitExceeded"),
    "unreachable": Unreachable("closed"),
    "reached nobody": Unreachable("refused", reached_nobody=True),
}
FUNCTION_ERRORS = {"failed", "timed out", "exited"}
OLDEST_MS = 21_600_000
functions = st.sampled_from([A, B])
queues = st.sampled_from([None, *QUEUES])


class AsyncAccounts(RuleBasedStateMachine):
    """Two functions, their destinations, and a ledger of facts by request."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage(limits=LIMITS)
        self.read = 0
        self.accepted_at: dict[str, int] = {}
        self.errors: Counter[str] = Counter()
        self.successes: Counter[str] = Counter()
        self.drops: dict[str, list[str]] = {}
        self.told: Counter[tuple[str, str]] = Counter()
        self.wanted: set[tuple[str, str]] = set()

    @initialize(on_success=queues, on_failure=queues, letters=queues)
    def set_up(self, on_success: Arn | None, on_failure: Arn | None, letters: Arn | None) -> None:
        for queue in QUEUES[:3]:
            self.stage.queue(queue.rpartition(":")[2])
        self.stage.queue("line.fifo", FifoQueue="true", ContentBasedDeduplication="true")
        self._put(A, 2, on_success=on_success, on_failure=on_failure, dead_letter_target=letters)
        self._put(B, 1)

    # What comes -----------------------------------------------------------------------------------------

    @rule(function=functions, is_event=st.sampled_from([True, True, True, False]))
    def invoke(self, function: Arn, is_event: bool) -> None:
        kind = InvocationType.EVENT if is_event else InvocationType.REQUEST_RESPONSE
        self._try(Invoke(SCOPE, function, b"{}", kind))

    @rule(number=st.integers(0, 9), outcome=st.sampled_from(sorted(OUTCOMES)))
    def settle(self, number: int, outcome: str) -> None:
        if self.stage.calls:
            self.stage.settle(OUTCOMES[outcome], call=self.stage.calls[number % len(self.stage.calls)])
            self._account()

    @rule(times=st.integers(1, 4), outcome=st.sampled_from(["raised", "timed out", "throttled"]))
    def fail_again_and_again(self, times: int, outcome: str) -> None:
        """Rarely comes about by chance."""
        for _ in range(times):
            for call in self.stage.calls[:]:
                self.stage.settle(OUTCOMES[outcome], call=call)
            self.stage.advance("2m")
        self._account()

    @rule(others=st.integers(1, 2))
    def lose_the_environment_of_a_call(self, others: int) -> None:
        call = next((call for call in self.stage.calls if call.function_arn == A), None)
        if call is None:
            return
        slots = range(1 + max(call.environment, others))
        out = tuple(EnvironmentState(f"http://10.0.0.{slot}", "refused" if slot == call.environment else None)
                    for slot in slots)  # fmt: skip
        self._try(DescribeEnvironments(A, out))
        self.stage.settle(OUTCOMES["reached nobody"], call=call)
        self._account()

    @rule(duration=st.sampled_from(["1s", "20s", "1m", "3m", "1h", "7h"]))
    def pass_time(self, duration: str) -> None:
        self.stage.advance(duration)
        self._account()

    # What changes ---------------------------------------------------------------------------------------

    @rule(function=functions, environments=st.integers(1, 3), on_failure=queues, letters=queues,
          age_s=st.sampled_from([60, 90, 3_600, 21_600]), retries=st.integers(0, 2))  # fmt: skip
    def change(
        self, function: Arn, environments: int, on_failure: Arn | None, letters: Arn | None, age_s: int, retries: int
    ) -> None:
        self._put(function, environments, on_failure=on_failure, dead_letter_target=letters,
                  maximum_event_age_s=age_s, maximum_retry_attempts=retries)  # fmt: skip

    @rule(function=functions, reserved=st.sampled_from([None, 0, 1, 2]))
    def reserve(self, function: Arn, reserved: int | None) -> None:
        self._try(PutReservedConcurrency(function, reserved))

    @rule(function=functions, retries=st.integers(0, 2), on_success=queues)
    def configure(self, function: Arn, retries: int, on_success: Arn | None) -> None:
        destinations = {"OnSuccess": {"Destination": on_success}} if on_success else {}
        self._try(PutEventInvokeConfig(function, {"MaximumRetryAttempts": retries, "DestinationConfig": destinations}))

    @rule(function=functions)
    def end_configuration(self, function: Arn) -> None:
        self._try(DeleteEventInvokeConfig(function))

    @rule(out=st.lists(st.sampled_from([None, "refused"]), min_size=1, max_size=3))
    def describe(self, out: list[str | None]) -> None:
        states = tuple(EnvironmentState(f"http://10.0.0.{slot}", why) for slot, why in enumerate(out))
        self._try(DescribeEnvironments(A, states))

    @rule(function=functions)
    def delete(self, function: Arn) -> None:
        self._try(DeleteFunction(function))
        self.stage.calls = [call for call in self.stage.calls if call.function_arn != function]
        self._put(function, 1)

    # What holds -----------------------------------------------------------------------------------------

    @invariant()
    def each_event_is_in_one_place(self) -> None:
        places: Counter[str] = Counter()
        for function in self._functions():
            places.update(event.request_id for event in self._waiting(function))
            calls = [*function.line, *function.running.values()]
            places.update(call.request_id for call in calls if isinstance(call.owner, ForEvent))
        places.update(self.successes)
        places.update({request: len(drops) for request, drops in self.drops.items()})

        assert dict(places) == dict.fromkeys(self.accepted_at, 1)

    @invariant()
    def nothing_is_tried_too_often_or_too_late(self) -> None:
        assert all(count <= 3 for count in self.errors.values())
        for function in self._functions():
            for event in self._waiting(function):
                assert event.due_at is not None
                assert event.due_at > self.stage.now
                assert event.due_at < event.accepted_at + OLDEST_MS

    @invariant()
    def no_limit_of_concurrency_is_passed(self) -> None:
        concurrency = self.stage.world.concurrency
        running = 0
        for function in self._functions():
            use = concurrency.use_of(function.arn)
            assert use.running == function.in_flight + function.waiting
            assert function.in_flight <= 3
            running += use.running
        assert running == concurrency.account_of(A).running <= LIMITS.account_concurrency

    @invariant()
    def whom_an_end_is_to_be_told_is_told_once(self) -> None:
        assert set(self.told) == self.wanted
        assert all(count == 1 for count in self.told.values())

    def teardown(self) -> None:
        """In the end everything has ended."""
        for _ in range(200):
            if self.stage.calls:
                self.stage.settle()
            elif self.stage.world.next_event() is not None and self._open():
                self.stage.advance("7h")
            else:
                break
        self._account()

        assert self._open() == set()
        assert set(self.successes) | set(self.drops) == set(self.accepted_at)
        assert all(reason for reasons in self.drops.values() for reason in reasons)

    # Inside ---------------------------------------------------------------------------------------------

    def _put(self, function: Arn, environments: int, **more: Any) -> None:
        self._try(PutFunction(FunctionSpec(function, environments=environments, **more)))

    def _try(self, command: Command) -> None:
        with suppress(Refused):
            self.stage.submit(command)
        self._account()

    def _functions(self) -> list[Function]:
        return self.stage.world.functions.all()

    def _waiting(self, function: Function) -> list[Event]:
        return self.stage.world.invocations.events.waiting_for(function.arn)

    def _open(self) -> set[str]:
        return set(self.accepted_at) - set(self.successes) - set(self.drops)

    def _account(self) -> None:
        """Read what happened since, and what had to be told of it by the settings of that moment."""
        new, self.read = self.stage.facts[self.read :], len(self.stage.facts)
        for at, fact in new:
            match fact:
                case EventAccepted(request=request):
                    self.accepted_at[request] = at
                case InvocationStarted(request=request) if request in self.accepted_at:
                    assert request in self._open(), "what has ended is not tried again"
                case InvocationEnded(function=function, request=request, outcome=outcome) if (
                    request in self.accepted_at
                ):
                    self.errors[request] += outcome in FUNCTION_ERRORS
                    if outcome == "succeeded":
                        self.successes[request] += 1
                        self._want(request, OnSuccess=self._settings(function).on_success)
                case EventDropped(function=function, request=request, condition=condition):
                    self.drops.setdefault(request, []).append(condition)
                    if condition != "FunctionDeleted":
                        letters = self.stage.world.functions[function].spec.dead_letter_target
                        on_failure = self._settings(function).on_failure
                        self._want(request, OnFailure=on_failure, DeadLetterConfig=letters)
                case DestinationTold(request=request, role=role) | DestinationFailed(request=request, role=role):
                    assert request in self.successes or request in self.drops
                    self.told[request, role] += 1

    def _settings(self, function: Arn) -> EventSettings:
        return self.stage.world.functions[function].event_settings("$LATEST")

    def _want(self, request: str, **targets: Arn | None) -> None:
        self.wanted.update((request, role) for role, target in targets.items() if target is not None)


TestAsyncAccounts = AsyncAccounts.TestCase
TestAsyncAccounts.settings = hypothesis_settings(max_examples=50, stateful_step_count=40, deadline=None)
