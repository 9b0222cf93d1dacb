"""Mappings over queues: every message ends deleted, dead-lettered, expired or still there, and is in one place only."""

from collections import Counter
from contextlib import suppress

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from app.core.commands import (
    DeleteEventSourceMapping,
    DeleteFunction,
    PutFunction,
    SendMessage,
    SetQueueAttributes,
    UpdateEventSourceMapping,
)
from app.core.errors import Refused
from app.core.facts import Fact, MessageDeleted, MessageExpired, MessageReceived, MessageSent
from app.core.function import (
    FailAfter,
    FailEvery,
    FunctionSpec,
    RefuseAsThrottled,
    ReportBatchItems,
    Script,
    SucceedAfter,
)
from app.core.limits import Limits
from app.core.names import Arn
from app.core.time import Instant
from tests.core.stage import SCOPE, Stage

SCRIPTS: tuple[Script, ...] = (
    SucceedAfter(0),
    SucceedAfter(2_500),
    SucceedAfter(4_000, b'{"batchItemFailures":[{"itemIdentifier":"unknown"}]}'),
    FailAfter(500),
    FailEvery(2, 100),
    ReportBatchItems(bodies=("1", "7"), after_ms=10),
    RefuseAsThrottled(2),
    RefuseAsThrottled(),
)
QUEUES = ("orders", "short", "line.fifo")
FUNCTIONS = ("one", "two")
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
        self.first_seen: dict[tuple[Arn, str], int] = {}
        self.read = 0
        fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
        dlq, fifo_dlq = self.stage.queue("dlq"), self.stage.queue("dlq.fifo", **fifo)
        self.stage.queue("orders", VisibilityTimeout="5", RedrivePolicy=_redrive(dlq))
        self.stage.queue("short", VisibilityTimeout="5", MessageRetentionPeriod="60")
        self.stage.queue("line.fifo", VisibilityTimeout="5", RedrivePolicy=_redrive(fifo_dlq), **fifo)
        for name in FUNCTIONS:
            self._put(name, SucceedAfter(0), 3)

    # What happens ---------------------------------------------------------------------------------------

    @rule(name=st.sampled_from(QUEUES), group=st.sampled_from("abc"), count=st.integers(1, 12))
    def send(self, name: str, group: str, count: int) -> None:
        queue = SCOPE.queue_arn(name)
        for _ in range(count):
            number = len(self.sent)
            group_id = group if name.endswith(".fifo") else None
            command = SendMessage(queue, f"{number} " + "x" * 50, group_id=group_id)
            self.sent[self.stage.submit(command).message_id] = (queue, group_id, number)

    @rule(ms=st.sampled_from((100, 700, 1_000, 2_500, 5_000, 15_000, 61_000)))
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
        here = Counter(message.content.message_id for queue in self.stage.world.queues() for message in queue)

        assert here + self.gone == Counter(list(self.sent)), "each is in one queue, or deleted or expired, once"

    @invariant()
    def nobody_else_has_what_a_poller_holds(self) -> None:
        held: Counter[int] = Counter()
        groups: Counter[tuple[Arn, str | None]] = Counter()
        for mapping in self.stage.world.mappings():
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
        for mapping in self.stage.world.mappings():
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
        mapped = {mapping.queue for mapping in self.stage.world.mappings()}
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
        for at, fact in self.stage.facts[self.read :]:
            self._enter(at, fact)
        self.read = len(self.stage.facts)

    def _enter(self, at: Instant, fact: Fact) -> None:
        match fact:
            case MessageSent():
                assert fact.message not in self.gone
            case MessageDeleted() | MessageExpired():
                self.gone[fact.message] += 1
            case MessageReceived(count=1):
                queue, group, number = self.sent[fact.message]
                if group is not None:
                    assert self.first_seen.get((queue, group), -1) < number, "a group is first seen in its order"
                    self.first_seen[(queue, group)] = number


def _redrive(target: Arn) -> str:
    return f'{{"deadLetterTargetArn":"{target}","maxReceiveCount":3}}'


TestMappingAccounts = MappingAccounts.TestCase
