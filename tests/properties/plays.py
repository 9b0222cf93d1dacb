"""Plays: lists of small steps that become commands of every kind, on a stage with queues, functions and a bucket."""

import json
from collections.abc import Callable
from typing import Any, TypeAlias

from hypothesis import strategies as st

from app.core.awslambda.function import (
    FailAfter,
    FailEvery,
    FunctionSpec,
    RefuseAsThrottled,
    ReportBatchItems,
    Script,
    SucceedAfter,
)
from app.core.awslambda.invocation import (
    HandlerFailed,
    InvocationType,
    Outcome,
    Succeeded,
    Throttled,
    TimedOut,
    Unreachable,
)
from app.core.commands import (
    AddPermission,
    CancelMessageMoveTask,
    CancelWait,
    ChangeMessageVisibility,
    ChangeMessageVisibilityBatch,
    ChangeObject,
    Command,
    CreateEventSourceMapping,
    CreateQueue,
    DeclareBucket,
    DeclareRemoteQueue,
    DeleteEventInvokeConfig,
    DeleteEventSourceMapping,
    DeleteFunction,
    DeleteMessage,
    DeleteMessageBatch,
    DeleteQueue,
    DescribeRemoteQueue,
    ForgetBucket,
    Invoke,
    Origin,
    PurgeQueue,
    PutBucketNotification,
    PutEventInvokeConfig,
    PutFunction,
    PutReservedConcurrency,
    Received,
    ReceiveMessage,
    RedriveMessages,
    RemoteAttributes,
    RemovePermission,
    ReportBrokerFailure,
    SendMessage,
    SendMessageBatch,
    SetQueueAttributes,
    SettleDeletes,
    SettleInvocation,
    SettleOutsideCall,
    SettleReceive,
    StartMessageMoveTask,
    TagMapping,
    TagQueue,
    UntagMapping,
    UntagQueue,
    UpdateEventSourceMapping,
)
from app.core.delivery.outside_calls import HttpAnswered, NoAnswer
from app.core.errors import Refused
from app.core.names import Arn
from app.core.s3.notification import NotificationConfiguration, NotificationRule
from app.core.sqs.message import Content, Delivery
from tests.core.stage import SCOPE, Stage
from tests.properties import (
    plays_access,
    plays_deployments,
    plays_environments,
    plays_events,
    plays_fire,
    plays_gateway,
    plays_invocations,
    plays_pipes,
    plays_s3,
    plays_scheduler,
    plays_sns,
)

Step: TypeAlias = tuple[str, int, int]
"""A verb and two numbers, from which the verb chooses what it acts on."""

MOST_ENVIRONMENTS = 3
_QUEUES = ("orders", "orders-dlq", "other", "line.fifo")
_FUNCTIONS = ("real", "quick", "slow")
_SECONDS = (0, 1, 2, 5, 30, 60, 300)
_SCRIPTS: tuple[Script | None, ...] = (
    None,
    SucceedAfter(0),
    SucceedAfter(2_500),
    FailAfter(500),
    FailEvery(2, 100),
    ReportBatchItems(bodies=("1",), after_ms=10),
    RefuseAsThrottled(2),
    RefuseAsThrottled(),
)
_OUTCOMES: tuple[Outcome, ...] = (
    Succeeded(b"null"),
    Succeeded(b'{"batchItemFailures":[{"itemIdentifier":"unknown"}]}'),
    HandlerFailed("Exception", "no", b"{}"),
    TimedOut(3_000),
    Throttled("ConcurrentInvocationLimitExceeded"),
    Unreachable("nobody there"),
)


class Play(Stage):
    """A stage that remembers what its commands answered, so that later steps can act on it."""

    def __init__(self, *, seed: int = 1) -> None:
        super().__init__(seed=seed)
        self.handles: list[str] = ["garbage"]
        self.uuids: list[str] = ["nothing"]
        self.tasks: list[str] = ["nothing"]
        self.requests: list[str] = ["nothing"]
        self.told: list[str] = []
        self.asked: set[type] = set()
        dlq = self.queue("orders-dlq")
        self.queue("orders", VisibilityTimeout="5", RedrivePolicy=_redrive(dlq, 3))
        self.queue("other", DelaySeconds="1", VisibilityTimeout="30", MessageRetentionPeriod="600")
        self.queue("line.fifo", FifoQueue="true", ContentBasedDeduplication="true", VisibilityTimeout="5")
        for name, script in zip(_FUNCTIONS, (None, SucceedAfter(0), FailAfter(2_500)), strict=True):
            self.submit(PutFunction(_spec(name, script, 2)))
        self.submit(DeclareBucket(SCOPE, "photos"))
        plays_sns.set_up(self)

    def play(self, step: Step) -> None:
        """Take one step; a refusal is an answer like any other."""
        verb, a, b = step
        if verb == "advance":
            self.advance(f"{_SECONDS[a % len(_SECONDS)] * 1_000 + b}ms")
            return
        command = VERBS[verb](self, a, b)
        if command is None:
            return
        self.told.append(repr(command))
        self.asked.add(type(command))
        try:
            answer = self.submit(command)
        except Refused as refusal:
            self.told.append(repr(refusal))
            return
        self.told.append(repr(answer))
        if isinstance(answer, Received):
            self.handles += [delivery.receipt_handle for delivery in answer.deliveries]
        elif isinstance(command, CreateEventSourceMapping):
            self.uuids.append(answer["UUID"])
        elif isinstance(command, StartMessageMoveTask):
            self.tasks.append(answer)

    def arn(self, number: int) -> Arn:
        return SCOPE.queue_arn(_QUEUES[number % len(_QUEUES)])

    def origin(self, number: int) -> Origin:
        """From outside, or from a call that runs now, known by its header or by its key."""
        if not self.calls or number % 3 == 0:
            return Origin()
        call = self.calls[number % len(self.calls)]
        if number % 3 == 1:
            return Origin(trace_header=call.trace_header)
        return Origin(access_key_id=f"{call.function_name}-{call.environment}")


def _spec(name: str, script: Script | None, environments: int, reserved: int | None = None) -> FunctionSpec:
    keys = tuple(f"{name}-{slot}" for slot in range(environments))
    return FunctionSpec(
        SCOPE.function_arn(name), environments=environments, script=script, reserved_concurrency=reserved,
        access_key_ids=keys, idle_timeout_ms=60_000 if environments > 1 else None,
        environment_age_ms=300_000 if environments == 3 else None,
    )  # fmt: skip


def _redrive(target: Arn, count: int) -> str:
    return json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": count})


def _pick(items: list[str], number: int) -> str:
    return items[-1 - number % len(items)]


def _message(play: Play, queue: Arn, a: int, b: int) -> SendMessage:
    group = "g" + str(b % 3) if queue.endswith(".fifo") or b % 5 == 0 else None
    delay_s = None if queue.endswith(".fifo") else (None, 0, 2)[b % 3]
    return SendMessage(queue, f"body {a * 7 + b}", delay_s=delay_s, group_id=group, origin=play.origin(a))


def _send_batch(play: Play, a: int, b: int) -> Command:
    queue = play.arn(a)
    return SendMessageBatch(queue, tuple((str(n), _message(play, queue, a, b + n)) for n in range(1 + b % 11)))


def _receive(play: Play, a: int, b: int) -> Command:
    return ReceiveMessage(play.arn(a), 1 + b % 10, (None, 0, 1, 5)[b % 4], (0, 0, 3)[b % 3])


def _change_batch(play: Play, a: int, b: int) -> Command:
    handles = play.handles[-1 - b % 3 :]
    entries = tuple((str(n), handle, _SECONDS[(b + n) % 5]) for n, handle in enumerate(handles))
    return ChangeMessageVisibilityBatch(play.arn(a), entries)


def _redrive_some(play: Play, a: int, b: int) -> Command:
    ids = [message.content.message_id for message in play.world.queues[play.arn(1)]] if _is_there(play, 1) else []
    chosen = None if b % 3 else tuple(ids[: b % 4]) or ("nothing",)
    destination = (None, play.arn(0), play.arn(2))[a % 3]
    return RedriveMessages(play.arn(1), chosen, destination, dict.fromkeys(ids[:b], "mended"))


def _is_there(play: Play, number: int) -> bool:
    return play.arn(number) in {queue.arn for queue in play.world.queues.all()}


def _set_attributes(play: Play, a: int, b: int) -> Command:
    choices: tuple[dict[str, str], ...] = (
        {"VisibilityTimeout": str(_SECONDS[b % 5])},
        {"RedrivePolicy": _redrive(play.arn(1), 1 + b % 4)},
        {"RedrivePolicy": _redrive(play.arn(0), 1 + b % 4)},
        {"RedrivePolicy": ""},
        {"MessageRetentionPeriod": ("60", "600", "345600")[b % 3]},
        {"ReceiveMessageWaitTimeSeconds": str(b % 3)},
    )
    return SetQueueAttributes(play.arn(a), choices[b % len(choices)])


def _create_queue(play: Play, a: int, b: int) -> Command:
    fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if play.arn(a).endswith(".fifo") else {}
    return CreateQueue(play.arn(a), fifo, {"by": "play"})


def _mapping(play: Play, a: int, b: int) -> dict[str, Any]:
    window = 0 if play.arn(a).endswith(".fifo") else b % 3
    return {
        "EventSourceArn": play.arn(a),
        "FunctionName": _FUNCTIONS[b % 3],
        "BatchSize": 1 + b % (30 if window else 10),
        "MaximumBatchingWindowInSeconds": window,
        "FunctionResponseTypes": ["ReportBatchItemFailures"] if b % 2 else [],
        "ScalingConfig": {"MaximumConcurrency": 2 + b % 3} if a % 2 else {},
        "Enabled": b % 7 != 0,
    }


def _update(play: Play, a: int, b: int) -> Command:
    choices: tuple[dict[str, Any], ...] = (
        {"Enabled": False},
        {"Enabled": True},
        {"BatchSize": 1 + b % 10},
        {"FunctionName": _FUNCTIONS[b % 3]},
        {"ScalingConfig": {"MaximumConcurrency": 2}, "ProvisionedPollerConfig": {}},
        {"ScalingConfig": {}, "ProvisionedPollerConfig": {"MinimumPollers": 2, "MaximumPollers": 3}},
        {"MaximumBatchingWindowInSeconds": b % 3},
    )
    return UpdateEventSourceMapping(SCOPE, _pick(play.uuids, a), choices[b % len(choices)])


def _put_function(play: Play, a: int, b: int) -> Command:
    name, script = _FUNCTIONS[a % 3], _SCRIPTS[b % len(_SCRIPTS)]
    return PutFunction(_spec(name, script, 1 + a % MOST_ENVIRONMENTS, (None, None, 0, 1, 2)[b % 5]))


def _invoke(play: Play, a: int, b: int) -> Command:
    kind = (InvocationType.EVENT, InvocationType.REQUEST_RESPONSE, InvocationType.EVENT, InvocationType.DRY_RUN)[b % 4]
    return Invoke(SCOPE, _FUNCTIONS[a % 3], b'{"a":1}', kind, origin=play.origin(b))


def _settle(play: Play, a: int, b: int) -> Command:
    if not play.calls or b % 10 == 9:
        return SettleInvocation(_pick(play.requests, a), _OUTCOMES[0])
    call = play.calls.pop(a % len(play.calls))
    play.requests.append(call.request_id)
    return SettleInvocation(call.request_id, _OUTCOMES[b % len(_OUTCOMES)])


def _notification(play: Play, a: int, b: int) -> Command:
    targets = (SCOPE.function_arn(_FUNCTIONS[a % 3]), play.arn(b % 3))
    rules = tuple(
        NotificationRule(prefix, target, ("s3:ObjectCreated:*",), prefix)
        for prefix, target in zip(("in/", "out/"), targets, strict=True)
    )
    return PutBucketNotification("photos", NotificationConfiguration(rules), skip_destination_validation=b % 2 == 0)


def _change_object(play: Play, a: int, b: int) -> Command:
    function = _FUNCTIONS[b % 3] if a % 4 == 0 else None
    name = ("ObjectCreated:Put", "ObjectRemoved:Delete")[b % 5 == 0]
    key = ("in/", "out/", "")[a % 3] + "cat.jpg"
    return ChangeObject(SCOPE, "photos", name, key, 3, "e", function=function, origin=play.origin(a))


REMOTE = SCOPE.queue_arn("elsewhere")
"""A queue at another broker, whose answers are steps like any other: on time, late, twice, or to nobody's question."""


def _remote_receive(play: Play, a: int, b: int) -> Command | None:
    deliveries = tuple(
        Delivery(
            Content(f"r{a}-{b}-{number}", "hello", "5d41402abc4b2a76b9719d911017c592", play.now, "AIDAELSEWHERE"),
            f"handle-{a}-{b}-{number}",
            1 + b % 3,
            play.now,
        )
        for number in range(b % 4)
    )
    return _at_broker(play, SettleReceive(REMOTE, 1 + a % 8, deliveries))


def _at_broker(play: Play, command: Command) -> Command | None:
    """The engine tells only of queues that were declared."""
    return command if any(queue.arn == REMOTE for queue in play.world.remote_queues.all()) else None


# ruff: noqa: ARG005 -- every verb takes the same three arguments
VERBS: dict[str, Callable[[Play, int, int], Command | None]] = {
    "create queue": _create_queue,
    "delete queue": lambda play, a, b: DeleteQueue(play.arn(a)) if b % 4 == 0 else None,
    "set attributes": _set_attributes,
    "purge": lambda play, a, b: PurgeQueue(play.arn(a)) if b % 3 == 0 else None,
    "tag": lambda play, a, b: TagQueue(play.arn(a), {str(b % 3): "x"}),
    "untag": lambda play, a, b: UntagQueue(play.arn(a), (str(b % 3),)),
    "send": lambda play, a, b: _message(play, play.arn(a), a, b),
    "send batch": _send_batch,
    "receive": _receive,
    "cancel wait": lambda play, a, b: CancelWait(a),
    "delete": lambda play, a, b: DeleteMessage(play.arn(a), _pick(play.handles, b)),
    "delete batch": lambda play, a, b: DeleteMessageBatch(
        play.arn(a), tuple((str(n), handle) for n, handle in enumerate(play.handles[-1 - b % 5 :]))
    ),
    "change visibility": lambda play, a, b: ChangeMessageVisibility(
        play.arn(a), _pick(play.handles, b), _SECONDS[b % len(_SECONDS)]
    ),
    "change visibility batch": _change_batch,
    "redrive": _redrive_some,
    "start move task": lambda play, a, b: StartMessageMoveTask(
        play.arn(1), (None, play.arn(0), play.arn(2))[a % 3], (None, 1, 7)[b % 3]
    ),
    "cancel move task": lambda play, a, b: CancelMessageMoveTask(_pick(play.tasks, a)),
    "add permission": lambda play, a, b: AddPermission(
        play.arn(a), str(b % 3), ("123456789012",), ("SendMessage",) * (b % 2)
    ),
    "remove permission": lambda play, a, b: RemovePermission(play.arn(a), str(b % 3)),
    "put function": _put_function,
    "delete function": lambda play, a, b: DeleteFunction(SCOPE.function_arn(_FUNCTIONS[a % 3])) if b % 4 == 0 else None,
    "put event invoke": lambda play, a, b: PutEventInvokeConfig(
        SCOPE.function_arn(_FUNCTIONS[a % 3]),
        (
            {"MaximumRetryAttempts": b % 4},
            {"DestinationConfig": {"OnFailure": {"Destination": play.arn(b)}}},
            {"DestinationConfig": {"OnSuccess": {"Destination": SCOPE.function_arn(_FUNCTIONS[b % 3])}}},
            {},
        )[a % 4],
        merges=b % 2 == 0,
    ),
    "delete event invoke": lambda play, a, b: DeleteEventInvokeConfig(SCOPE.function_arn(_FUNCTIONS[a % 3])),
    "reserve concurrency": lambda play, a, b: PutReservedConcurrency(
        SCOPE.function_arn(_FUNCTIONS[a % 3]), (None, 0, 1, 901)[b % 4]
    ),
    "create mapping": lambda play, a, b: CreateEventSourceMapping(SCOPE, _mapping(play, a, b)),
    "update mapping": _update,
    "delete mapping": lambda play, a, b: DeleteEventSourceMapping(SCOPE, _pick(play.uuids, a)),
    "tag mapping": lambda play, a, b: TagMapping(SCOPE, _pick(play.uuids, a), {str(b % 3): "x"}),
    "untag mapping": lambda play, a, b: UntagMapping(SCOPE, _pick(play.uuids, a), (str(b % 3),)),
    "declare remote queue": lambda play, a, b: DeclareRemoteQueue(REMOTE, "a broker elsewhere"),
    "describe remote queue": lambda play, a, b: _at_broker(
        play, DescribeRemoteQueue(REMOTE, RemoteAttributes((2, 5, 30)[b % 3], b))
    ),
    "map remote queue": lambda play, a, b: CreateEventSourceMapping(
        SCOPE, {"EventSourceArn": REMOTE, "FunctionName": _FUNCTIONS[a % 3], "BatchSize": 1 + b % 10}
    ),
    "settle receive": _remote_receive,
    "settle deletes": lambda play, a, b: _at_broker(
        play, SettleDeletes(REMOTE, (f"handle-{a}-{b}-0",), ((f"handle-{a}-{b}-1", "it was not there"),))
    ),
    "broker failure": lambda play, a, b: _at_broker(
        play, ReportBrokerFailure(REMOTE, "nobody answers", (None, 1 + a % 8)[b % 2])
    ),
    "invoke": _invoke,
    "settle": _settle,
    "settle outside call": lambda play, a, b: SettleOutsideCall(
        play.outside.pop(0).number if play.outside else a,
        (NoAnswer("nobody"), HttpAnswered(200 + 100 * (b % 4), {}, b""))[b % 2],
    ),
    "declare bucket": lambda play, a, b: DeclareBucket(SCOPE, "photos"),
    "forget bucket": lambda play, a, b: ForgetBucket("photos") if b % 4 == 0 else None,
    "put notification": _notification,
    "change object": _change_object,
    **plays_access.VERBS,
    **plays_fire.VERBS,
    **plays_s3.VERBS,
    **plays_sns.VERBS,
    **plays_events.VERBS,
    **plays_deployments.VERBS,
    **plays_environments.VERBS,
    **plays_pipes.VERBS,
    **plays_invocations.VERBS,
    **plays_gateway.VERBS,
    **plays_scheduler.VERBS,
}

# What makes things happen comes more often than what ends them.
_OFTEN = ["advance", "send", "send batch", "receive", "settle", "invoke", "create mapping", "delete", "change object"]
_OFTEN += [*plays_sns.OFTEN, *plays_scheduler.OFTEN, "put events"]

steps: st.SearchStrategy[Step] = st.tuples(
    st.sampled_from([*VERBS, *_OFTEN, *_OFTEN]), st.integers(0, 60), st.integers(0, 60)
)
"""One step, of any kind."""
