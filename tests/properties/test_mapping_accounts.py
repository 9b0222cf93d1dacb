"""Mappings over queues: every message ends deleted, dead-lettered, expired or still there, and is in one place only."""

from collections import Counter
from contextlib import suppress

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.core.awslambda.function import (
    FailAfter,
    FailEvery,
    FunctionSpec,
    RefuseAsThrottled,
    ReportBatchItems,
    Script,
    SucceedAfter,
)
from app.core.commands import (
    DeleteEventSourceMapping,
    DeleteFunction,
    PutFunction,
    SendMessage,
    SetQueueAttributes,
    UpdateEventSourceMapping,
)
from app.core.errors import Refused
from app.core.facts import (
    BatchFormed,
    Fact,
    InvocationEnded,
    InvocationStarted,
    InvocationThrottled,
    MessageDeleted,
    MessageExpired,
    MessageMoved,
    MessageReceived,
    MessageSent,
)
from app.core.limits import Limits
from app.core.names import Arn
from app.core.sqs.message import Message
from app.core.time import Instant
from tests.core.stage import SCOPE, Stage

SCRIPTS: tuple[Script, ...] = (
    SucceedAfter(0),
    SucceedAfter(2_500),
    SucceedAfter(2_000, b'{"batchItemFailures":[{"itemIdentifier":"unknown"}]}'),
    FailAfter(500),
    FailEvery(2, 100),
    ReportBatchItems(bodies=("1", "7"), after_ms=10),
    RefuseAsThrottled(2),
    RefuseAsThrottled(),
)
QUEUES = ("orders", "short", "line.fifo")
FUNCTIONS = ("one", "two")
MOST_RECEIVES = 3
MOST_PAYLOAD_BYTES = 3_000
"""About six records: a receive of ten makes two batches."""

numbers = st.integers(0, 60)


class MappingAccounts(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        limits = Limits(batch_payload_bytes=MOST_PAYLOAD_BYTES, mapping_transition_ms=700)
        self.stage = Stage(limits=limits)
        self.uuids: list[str] = []
        self.sent: dict[str, tuple[Arn, str | None, int]] = {}
        self.gone: Counter[str] = Counter()
        self.handed_out: dict[str, tuple[Instant, Instant]] = {}
        self.left: set[str] = set()
        self.batched: set[str] = set()
        self.requests: dict[str, set[str]] = {}
        self.batches: dict[str, tuple[str, ...]] = {}
        self.succeeded: set[str] = set()
        self.running: set[str] = set()
        self.last: dict[str, Message] = {}
        self.read = 0
        fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
        dlq, fifo_dlq = self.stage.queue("dlq"), self.stage.queue("dlq.fifo", **fifo)
        self.stage.queue("orders", VisibilityTimeout="5", RedrivePolicy=_redrive(dlq))
        self.stage.queue("short", VisibilityTimeout="5", MessageRetentionPeriod="60")
        self.stage.queue("line.fifo", VisibilityTimeout="5", RedrivePolicy=_redrive(fifo_dlq), **fifo)
        for name in FUNCTIONS:
            self._put(name, SucceedAfter(0), 3)

    # What happens ---------------------------------------------------------------------------------------

    @initialize(given=st.tuples(*[st.tuples(st.sampled_from(FUNCTIONS), numbers)] * len(QUEUES)),
                scripts=st.tuples(*[st.sampled_from(SCRIPTS)] * len(FUNCTIONS)))  # fmt: skip
    def begin(self, given: tuple[tuple[str, int], ...], scripts: tuple[Script, ...]) -> None:
        """Each queue has a mapping and some messages from the start, so that most of a play is about those."""
        for name, script in zip(FUNCTIONS, scripts, strict=True):
            self._put(name, script, 3)
        for name, (function, number) in zip(QUEUES, given, strict=True):
            self.map(name, function, number)
            self.send(name, "abc"[number % 3], 1 + number % 12)

    @rule(name=st.sampled_from(QUEUES), group=st.sampled_from("abc"), count=st.integers(1, 12))
    def send(self, name: str, group: str, count: int) -> None:
        queue = SCOPE.queue_arn(name)
        for _ in range(count):
            number = len(self.sent)
            group_id = group if name.endswith(".fifo") else None
            command = SendMessage(queue, f"{number} " + "x" * 50, group_id=group_id)
            self.sent[self.stage.submit(command).message_id] = (queue, group_id, number)

    @rule(ms=st.sampled_from((100, 700, 1_000, 2_500, 5_000, 5_000, 15_000, 61_000)))
    def advance(self, ms: int) -> None:
        self.stage.advance(f"{ms}ms")

    @rule(name=st.sampled_from(QUEUES), function=st.sampled_from(FUNCTIONS), number=numbers)
    def map(self, name: str, function: str, number: int) -> None:
        window = 0 if name.endswith(".fifo") else number % 3
        parameters = {
            "BatchSize": 1 + number % (30 if window else 10),
            "MaximumBatchingWindowInSeconds": window,
            "FunctionResponseTypes": ["ReportBatchItemFailures"] if number % 2 else [],
            "ScalingConfig": {"MaximumConcurrency": 2} if number % 5 == 0 else {},
            "Enabled": number % 7 != 0,
        }
        with suppress(Refused):  # there is one already, or the queue shows messages too soon
            self.uuids.append(self.stage.mapping(SCOPE.queue_arn(name), SCOPE.function_arn(function), **parameters))

    @rule(number=numbers, which=numbers)
    def update(self, number: int, which: int) -> None:
        choices: tuple[dict[str, object], ...] = (
            {"Enabled": False},
            {"Enabled": True},
            {"BatchSize": 1 + number % 10},
            {"FunctionName": FUNCTIONS[number % 2]},
            {"MaximumBatchingWindowInSeconds": number % 4},
            {"ProvisionedPollerConfig": {"MinimumPollers": 2}, "ScalingConfig": {}},
            {"FunctionResponseTypes": []},
        )
        self._try(which, choices[number % len(choices)])

    @rule(which=numbers)
    def unmap(self, which: int) -> None:
        if not self.uuids:
            return
        with suppress(Refused):  # it is in a transition, or gone
            self.stage.submit(DeleteEventSourceMapping(SCOPE, self.uuids[which % len(self.uuids)]))

    @rule(name=st.sampled_from(FUNCTIONS), script=st.sampled_from(SCRIPTS), environments=st.integers(1, 6))
    def change_function(self, name: str, script: Script, environments: int) -> None:
        self._put(name, script, environments)

    @rule(name=st.sampled_from(FUNCTIONS))
    def delete_function(self, name: str) -> None:
        with suppress(Refused):  # it is gone already
            self.stage.submit(DeleteFunction(SCOPE.function_arn(name)))

    @rule(name=st.sampled_from(QUEUES), seconds=st.sampled_from(("0", "1", "5", "30")))
    def change_visibility_timeout(self, name: str, seconds: str) -> None:
        self.stage.submit(SetQueueAttributes(SCOPE.queue_arn(name), {"VisibilityTimeout": seconds}))

    # What holds -----------------------------------------------------------------------------------------

    @invariant()
    def every_message_is_in_one_place(self) -> None:
        self._read_facts()
        here = Counter(message.content.message_id for queue in self.stage.world.queues.all() for message in queue)

        assert here + self.gone == Counter(list(self.sent)), "each is in one queue, or deleted or expired, once"

    @invariant()
    def what_succeeded_is_gone_and_nothing_else_is_deleted(self) -> None:
        self._read_facts()
        for queue in self.stage.world.queues.all():
            for message in queue:
                self.last[message.content.message_id] = message
                if message.content.message_id in self.left:
                    continue  # it was a dead letter before an invocation that outran its visibility timeout ended
                kept = [each for each in message.attempts if each.outcome == "succeeded"]
                assert all((each.error_message or "").startswith("not deleted: ") for each in kept), "it was handled"

    @invariant()
    def nobody_else_has_what_a_poller_holds(self) -> None:
        held: Counter[int] = Counter()
        groups: Counter[tuple[Arn, str | None]] = Counter()
        for mapping in self.stage.world.mappings.all():
            waiting = [throttling.batch for throttling in mapping.throttled.values()]
            for batch in (*mapping.running.values(), *waiting):
                if batch.hidden_until <= self.stage.now:
                    continue  # the function outran the visibility timeout: others may have its messages by now
                held.update(id(item.message) for item in batch.items)
                groups.update((mapping.queue, group) for group in batch.groups if mapping.is_fifo)

        assert max(held.values(), default=1) == 1, "no message is in two batches"
        assert max(groups.values(), default=1) == 1, "a FIFO group has one batch in flight"

    @invariant()
    def counts_fit_together(self) -> None:
        for mapping in self.stage.world.mappings.all():
            count = mapping.count
            assert count.deleted <= count.polled
            assert count.failed <= count.invoked

    def teardown(self) -> None:
        """Let every mapping work on functions that succeed: what has a mapping is drained."""
        for name in FUNCTIONS:
            self._put(name, SucceedAfter(0), 3)
        for name in QUEUES:
            self.stage.submit(SetQueueAttributes(SCOPE.queue_arn(name), {"VisibilityTimeout": "30"}))
        self.stage.advance("2s")
        for which in range(len(self.uuids)):
            self._try(which, {"Enabled": True})
        self.stage.advance("1h")

        self.every_message_is_in_one_place()
        mapped = {mapping.queue for mapping in self.stage.world.mappings.all()}
        assert all(len(self.stage.at(queue)) == 0 for queue in mapped)

    # Inside ---------------------------------------------------------------------------------------------

    def _put(self, name: str, script: Script, environments: int) -> None:
        self.stage.submit(PutFunction(FunctionSpec(SCOPE.function_arn(name), environments=environments, script=script)))

    def _try(self, which: int, parameters: dict[str, object]) -> None:
        if not self.uuids:
            return
        with suppress(
            Refused
        ):  # AWS would refuse it as well: a window on a FIFO queue, a transition, a mapping that is gone
            self.stage.submit(UpdateEventSourceMapping(SCOPE, self.uuids[which % len(self.uuids)], parameters))

    def _read_facts(self) -> None:
        new = self.stage.facts[self.read :]
        self.read = len(self.stage.facts)
        for at, fact in new:
            self._enter(at, fact)
        for _, fact in new:
            if isinstance(fact, MessageDeleted):
                self._check_deleted(fact.message)

    def _check_deleted(self, message_id: str) -> None:
        """Only what an invocation has handled is deleted."""
        requests = self.requests.get(message_id, set())
        assert requests & self.succeeded, "no invocation that had it has succeeded"
        if (message := self.last.get(message_id)) is not None:
            outcomes = [attempt.outcome for attempt in message.attempts]
            assert "succeeded" in outcomes, f"it was reported as failed: {outcomes}"

    def _enter(self, at: Instant, fact: Fact) -> None:
        match fact:
            case MessageSent():
                assert fact.message not in self.gone
            case MessageDeleted() | MessageExpired():
                self.gone[fact.message] += 1
                self.left.add(fact.message)
            case MessageMoved():
                self.left.add(fact.message)
            case BatchFormed():
                self.batches[fact.request] = fact.messages
                self.batched.update(fact.messages)
                for message_id in fact.messages:
                    self.requests.setdefault(message_id, set()).add(fact.request)
            case InvocationStarted():
                assert fact.request not in self.running, "a batch runs once at a time"
                self.running.add(fact.request)
                self._check_begun(self.batches[fact.request], at)
            case InvocationThrottled():
                # A function that is deleted while it runs throttles what it ran.
                self.running.discard(fact.request)
            case InvocationEnded():
                self.running.discard(fact.request)
                if fact.outcome == "succeeded":
                    self.succeeded.add(fact.request)
            case MessageReceived():
                assert fact.count <= MOST_RECEIVES or fact.queue == SCOPE.queue_arn("short"), (
                    "it is a dead letter by now"
                )
                hidden_until = self.handed_out.get(fact.message, (at, at))[1]
                assert hidden_until <= at, "nobody gets it while it is hidden"
                assert fact.count == 1 or fact.message in self.batched, "what was received before was in a batch"
                self.batched.discard(fact.message)
                self.handed_out[fact.message] = (at, fact.until)
                queue, group, number = self.sent[fact.message]
                if group is not None:
                    self._check_order(queue, group, number, at)

    def _check_begun(self, messages: tuple[str, ...], at: Instant) -> None:
        """A batch begins while it has its messages, and nothing of their groups is hidden that was sent before them."""
        for message_id in messages:
            assert self.handed_out[message_id][1] > at, "its messages may be somebody else's by now"
            queue, group, number = self.sent[message_id]
            for other, (of_queue, of_group, before) in self.sent.items() if group is not None else ():
                if (of_queue, of_group) == (queue, group) and before < number and other not in (*messages, *self.left):
                    assert self.handed_out.get(other, (at, at))[1] <= at, f"{number} is invoked before {before}"

    def _check_order(self, queue: Arn, group: str, number: int, at: Instant) -> None:
        """All that was sent to the group before it has left the queue, or was handed out at this moment."""
        for other, (of_queue, of_group, before) in self.sent.items():
            if (of_queue, of_group) == (queue, group) and before < number and other not in self.left:
                assert self.handed_out.get(other, (-1, -1))[0] == at, f"{number} comes before {before}"


def _redrive(target: Arn) -> str:
    return f'{{"deadLetterTargetArn":"{target}","maxReceiveCount":{MOST_RECEIVES}}}'


TestMappingAccounts = MappingAccounts.TestCase
TestMappingAccounts.settings = settings(max_examples=max(200, settings().max_examples))
