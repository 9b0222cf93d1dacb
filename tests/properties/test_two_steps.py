"""A command in two steps comes to the same as in one: what is put off is what nothing else in it could tell."""

from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar, get_args

from hypothesis import given
from hypothesis import strategies as st

from app.core.awslambda.function import FunctionSpec
from app.core.awslambda.invocation import HandlerFailed, Outcome, Ran, Succeeded, Throttled, Unreachable
from app.core.commands import (
    ChangeMessageVisibility,
    Command,
    DeleteMessage,
    PutFunction,
    ReceiveMessage,
    SetQueueAttributes,
    SettleInvocation,
    UpdateEventSourceMapping,
)
from app.core.errors import Refused
from app.core.facts import Effect, Wish
from app.core.limits import Limits
from app.core.names import Arn
from tests.core.stage import SCOPE, Stage


class InTwoSteps(Stage):
    """Begins each command, and finishes it when its wishes are known."""

    put_off: ClassVar[Counter[str]] = Counter()

    def _handle(self, command: Command) -> tuple[Any, list[Effect]]:
        answer, effects = self.world.begin(command, now=self.now)
        wishes = [effect for effect in effects if isinstance(effect, get_args(Wish))]
        before = len(effects)
        self.world.finish(effects)
        self.put_off[type(command).__name__] += len(effects) > before
        assert wishes == [effect for effect in effects if isinstance(effect, get_args(Wish))]
        return answer, effects


QUEUES = ("orders", "line.fifo", "fair")
OUTCOMES: tuple[Outcome, ...] = (
    Succeeded(b"null"),
    Succeeded(b"null"),
    Succeeded(b'{"batchItemFailures": []}'),
    Succeeded(b'{"batchItemFailures": [{"itemIdentifier": "nobody"}]}'),
    HandlerFailed("ValueError", "no", b"{}"),
    Throttled("ConcurrentInvocationLimitExceeded"),
    Unreachable("nobody is there"),
)


def _arn(number: int) -> Arn:
    return SCOPE.queue_arn(QUEUES[number % len(QUEUES)])


def _group(number: int, queue: Arn) -> dict[str, str]:
    return {} if queue.endswith("orders") else {"group_id": "abc"[number % 3]}


def _send(stage: Stage, number: int) -> None:
    queue = _arn(number)
    for each in range(1 + number % 7):
        stage.send(queue, f"{stage.now} {number} {each}", **_group(number + each, queue))


def _settle(stage: Stage, number: int) -> None:
    if stage.calls:
        stage.settle(OUTCOMES[number % len(OUTCOMES)], call=stage.calls[number % len(stage.calls)])


def _succeed(stage: Stage, number: int) -> None:
    if stage.calls:
        stage.settle(Succeeded(b"null", Ran(1.0, None, "END", "s")), call=stage.calls[number % len(stage.calls)])


def _as_client(stage: Stage, number: int) -> None:
    queue = _arn(number)
    for delivery in stage.submit(ReceiveMessage(queue, 1 + number % 5, visibility_timeout_s=number % 4)).deliveries:
        kind = number % 3
        if kind == 0:
            stage.submit(DeleteMessage(queue, delivery.receipt_handle))
        elif kind == 1 and number % 4:
            stage.submit(ChangeMessageVisibility(queue, delivery.receipt_handle, number % 2))


def _set_timeout(stage: Stage, number: int) -> None:
    stage.submit(SetQueueAttributes(_arn(number), {"VisibilityTimeout": str(1 + number % 9)}))


def _report_failures(stage: Stage, number: int) -> None:
    mappings = stage.world.mappings.all()
    uuid = mappings[number % len(mappings)].uuid
    reports = ["ReportBatchItemFailures"] if number % 2 else []
    stage.submit(UpdateEventSourceMapping(SCOPE, uuid, {"FunctionResponseTypes": reports}))


ACTIONS: dict[str, Callable[[Stage, int], object]] = {
    "send": _send,
    "settle": _settle,
    "succeed": _succeed,
    "advance": lambda stage, number: stage.advance(f"{(number % 5) * 700}ms"),
    "receive as a client": _as_client,
    "set the visibility timeout": _set_timeout,
    "report failures": _report_failures,
    "invoke": lambda stage, number: stage.invoke(("worker", "other")[number % 2]),
}
steps = st.lists(
    st.tuples(st.sampled_from([*ACTIONS, "send", "succeed", "succeed", "advance"]), st.integers(0, 60)),
    min_size=10, max_size=60,
)  # fmt: skip


def scene(kind: type[Stage], in_flight: int) -> Stage:
    """Functions without a script, whose calls end when they are settled; one has a mapping of each queue."""
    stage = kind(limits=Limits(in_flight_messages=in_flight, noisy_in_flight=2, purge_interval_ms=0))
    for name, environments in (("worker", 2), ("other", 1)):
        stage.submit(PutFunction(FunctionSpec(SCOPE.function_arn(name), environments=environments, timeout_s=1)))
    for name in QUEUES:
        fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if name.endswith(".fifo") else {}
        stage.queue(name, VisibilityTimeout="3", **fifo)
        stage.mapping(SCOPE.queue_arn(name), SCOPE.function_arn("worker"), BatchSize=3)
    stage.mapping(SCOPE.queue_arn("orders"), SCOPE.function_arn("other"), BatchSize=2)
    return stage


def _refusal(stage: Stage, act: Callable[[Stage, int], object], number: int) -> str | None:
    try:
        act(stage, number)
    except Refused as refusal:
        return repr(refusal)
    return None


def state(stage: Stage) -> list[str]:
    world = stage.world
    queues = [repr(queue) + str(queue.attributes(stage.now)) for queue in world.queues.all()]
    messages = [repr(message) for queue in world.queues.all() for message in queue]
    functions = [repr(function) for function in world.functions.all()]
    mappings = [f"{mapping!r} {mapping.count} {mapping.pollers}" for mapping in world.mappings.all()]
    return [*queues, *messages, *functions, *mappings, str(world.next_wakeup()), str(world.next_event())]


@given(steps, st.sampled_from([4, 120_000]))
def test_every_command_comes_to_the_same_in_two_steps(told: list[tuple[str, int]], in_flight: int) -> None:
    two, one = scene(InTwoSteps, in_flight), scene(Stage, in_flight)

    for action, number in told:
        refused = [_refusal(stage, ACTIONS[action], number) for stage in (two, one)]

        assert refused[0] == refused[1]
        assert two.facts == one.facts
        assert state(two) == state(one)


def test_what_succeeded_is_deleted_when_the_next_batch_is_on_its_way() -> None:
    stage = scene(Stage, 120_000)
    for _ in range(4):
        _send(stage, 6)
    call, before = stage.calls[0], len(stage.world.queues[SCOPE.queue_arn("orders")])

    _, effects = stage.world.begin(SettleInvocation(call.request_id, Succeeded(b"null")), now=stage.now)
    begun, queue = len(effects), stage.world.queues[SCOPE.queue_arn("orders")]

    assert [type(effect).__name__ for effect in effects if isinstance(effect, get_args(Wish))] == ["CallFunction"]
    assert len(queue) == before
    stage.world.finish(effects)
    assert [type(effect).__name__ for effect in effects].count("MessageDeleted") == len(effects) - begun > 0
    assert len(queue) == before - (len(effects) - begun)
