"""A FIFO queue and its dead-letter queue against a simple model that scans all it has."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.core.commands import ChangeMessageVisibility, DeleteMessage, PurgeQueue, ReceiveMessage, SendMessage, Sent
from app.core.errors import InvalidParameterValue, PurgeQueueInProgress
from app.core.sqs.message import Delivery
from app.core.time import MINUTE_MS, SECOND_MS, Instant
from tests.core.stage import Stage

GROUPS = st.sampled_from(["a", "b", "c"])
SECONDS = st.sampled_from([0, 1, 5, 60])


@dataclass(slots=True)
class Model:
    """A message as the model knows it; `hidden_until` covers delay and visibility timeout alike."""

    id: str
    group: str
    hidden_until: Instant
    count: int = 0
    handle: str = ""
    is_in_flight: bool = False


class FifoQueue(RuleBasedStateMachine):
    """Within a group: in order, nothing past a hidden message. Within the window: no duplicate. Nothing lost, nothing
    in two places, nothing handed out while it is hidden."""

    @initialize(delay_s=st.sampled_from([0, 3]), most=st.sampled_from([2, 1000]))
    def begin(self, delay_s: int, most: int) -> None:
        self.stage = Stage()
        self.dead_letters = self.stage.queue("dead.fifo", FifoQueue="true")
        policy = f'{{"deadLetterTargetArn":"{self.dead_letters}","maxReceiveCount":{most}}}'
        self.queue = self.stage.queue(
            "orders.fifo", FifoQueue="true", DelaySeconds=str(delay_s), RedrivePolicy=policy, VisibilityTimeout="5"
        )
        self.delay_s, self.most = delay_s, most
        self.live: dict[str, Model] = {}
        self.dead: set[str] = set()
        self.gone: dict[str, str] = {}
        self.accepted: dict[str, tuple[Instant, Sent]] = {}
        self.stale: list[tuple[str, str]] = []
        self.last_sequence = 0

    # What is done ---------------------------------------------------------------------------------------

    @rule(group=GROUPS, deduplication_id=st.sampled_from("123456789"))
    def send(self, group: str, deduplication_id: str) -> None:
        first = self.accepted.get(deduplication_id)
        command = SendMessage(self.queue, "x", group_id=group, deduplication_id=deduplication_id)

        sent: Sent = self.stage.submit(command)

        now = self.stage.now
        if first is not None and now < first[0] + 5 * MINUTE_MS:
            assert sent == first[1], "a duplicate gets the first answer"
            return
        assert sent.message_id not in {*self.live, *self.dead, *self.gone}
        assert sent.sequence_number is not None
        assert int(sent.sequence_number) > self.last_sequence
        self.last_sequence = int(sent.sequence_number)
        self.accepted[deduplication_id] = (now, sent)
        self.live[sent.message_id] = Model(sent.message_id, group, now + self.delay_s * SECOND_MS)

    @rule(sends=st.lists(st.tuples(GROUPS, st.sampled_from("123456789")), min_size=3, max_size=9))
    def send_several(self, sends: list[tuple[str, str]]) -> None:
        for group, deduplication_id in sends:
            self.send(group, deduplication_id)

    @precondition(lambda self: self.accepted)
    @rule(data=st.data(), group=GROUPS, ms_too_early=st.sampled_from([0, 1]))
    def send_again_at_the_end_of_the_window(self, data: st.DataObject, group: str, ms_too_early: int) -> None:
        deduplication_id = data.draw(st.sampled_from(sorted(self.accepted)))
        at = self.accepted[deduplication_id][0] + 5 * MINUTE_MS - ms_too_early
        if at > self.stage.now:
            self._advance(at - self.stage.now)
            self.send(group, deduplication_id)

    @rule(count=st.integers(2, 10), times=st.integers(1, 3))
    def let_come_again(self, count: int, times: int) -> None:
        for _ in range(times):
            self.receive(count, None)
            self._advance(5 * SECOND_MS)

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def keep_one_back(self, data: st.DataObject) -> None:
        """Of what is received one is hidden for longer, and the rest comes again."""
        self.receive(10, None)
        held = [message for message in self.live.values() if message.is_in_flight]
        if held:
            message = data.draw(st.sampled_from(held))
            self.stage.submit(ChangeMessageVisibility(self.queue, message.handle, 30))
            message.hidden_until = self.stage.now + 30 * SECOND_MS
            self._advance(5 * SECOND_MS)
            self.receive(10, None)

    @rule(count=st.integers(1, 10), timeout_s=st.none() | SECONDS)
    def receive(self, count: int, timeout_s: int | None) -> None:
        runs = {group: self._run(group) for group in "abc"}
        dead_before = self._ids(self.dead_letters)

        got = self.stage.submit(ReceiveMessage(self.queue, count, timeout_s)).deliveries

        moved = self._ids(self.dead_letters) - dead_before
        self._note_moved(moved, runs)
        left = {group: [m for m in run if m.id not in moved] for group, run in runs.items()}
        visited: list[str] = []
        for delivery in got:
            group = delivery.content.group_id
            if visited[-1:] != [group]:
                assert group not in visited, "a receive takes all it takes of a group at once"
                assert not visited or not left[visited[-1]], "it goes on when it has all of a group"
                visited.append(group)
            assert delivery.content.message_id == left[group][0].id, "in order, and nothing hidden"
            self._note_received(left[group].pop(0), delivery, 5 if timeout_s is None else timeout_s)
        assert len(got) == count or not any(left.values()), "a receive takes what there is"

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        message = data.draw(st.sampled_from(sorted(self.live.values(), key=lambda message: message.id)))
        if not message.handle:
            return
        if self._is_current(message):
            self.stage.submit(DeleteMessage(self.queue, message.handle))
            self.gone[message.id] = message.handle
            del self.live[message.id]
        else:
            with pytest.raises(InvalidParameterValue, match="The receipt handle has expired"):
                self.stage.submit(DeleteMessage(self.queue, message.handle))

    @precondition(lambda self: self.live)
    @rule(data=st.data(), timeout_s=SECONDS)
    def change_visibility(self, data: st.DataObject, timeout_s: int) -> None:
        message = data.draw(st.sampled_from(sorted(self.live.values(), key=lambda message: message.id)))
        if not message.handle:
            return
        command = ChangeMessageVisibility(self.queue, message.handle, timeout_s)
        if self._is_current(message):
            self.stage.submit(command)
            message.hidden_until = self.stage.now + timeout_s * SECOND_MS
            message.is_in_flight = timeout_s > 0
        else:
            with pytest.raises(InvalidParameterValue, match="The receipt handle has expired"):
                self.stage.submit(command)

    @precondition(lambda self: self.stale)
    @rule(data=st.data())
    def use_an_older_handle(self, data: st.DataObject) -> None:
        message_id, handle = data.draw(st.sampled_from(self.stale))
        if message_id in self.live:
            with pytest.raises(InvalidParameterValue, match="The receipt handle has expired"):
                self.stage.submit(DeleteMessage(self.queue, handle))
        else:
            self.stage.submit(DeleteMessage(self.queue, handle))

    @rule(ms=st.sampled_from([1, 999, 1_000, 4_000, 4_999, 5_000, 60_000, 300_000]))
    def advance(self, ms: int) -> None:
        self._advance(ms)

    def _advance(self, ms: int) -> None:
        self.stage.advance(f"{ms}ms")
        for message in self.live.values():
            message.is_in_flight = message.is_in_flight and message.hidden_until > self.stage.now

    @rule()
    def purge(self) -> None:
        try:
            self.stage.submit(PurgeQueue(self.queue))
        except PurgeQueueInProgress:
            return
        self.gone |= {message.id: message.handle for message in self.live.values()}
        self.live.clear()
        self.accepted.clear()

    # What always holds ----------------------------------------------------------------------------------

    @invariant()
    def nothing_is_lost_and_nothing_is_in_two_places(self) -> None:
        if not hasattr(self, "stage"):
            return
        assert self._ids(self.queue) == set(self.live)
        assert self._ids(self.dead_letters) == self.dead

    @invariant()
    def the_counts_are_those_of_the_model(self) -> None:
        if not hasattr(self, "stage"):
            return
        queue = self.stage.world.queues[self.queue]
        now = self.stage.now
        assert queue.in_flight_count == sum(message.is_in_flight for message in self.live.values())
        assert queue.visible_count == sum(message.hidden_until <= now for message in self.live.values())
        assert queue.visible_count + queue.in_flight_count + queue.delayed_count == len(self.live)

    # The model ------------------------------------------------------------------------------------------

    def _run(self, group: str) -> list[Model]:
        """From the head of the group to the first that is hidden."""
        run: list[Model] = []
        for message in self.live.values():
            if message.group == group:
                if message.hidden_until > self.stage.now:
                    break
                run.append(message)
        return run

    def _is_current(self, message: Model) -> bool:
        return message.is_in_flight

    def _note_received(self, message: Model, delivery: Delivery, timeout_s: int) -> None:
        if message.handle:
            self.stale.append((message.id, message.handle))
        message.count += 1
        assert delivery.receive_count == message.count <= self.most
        message.handle = delivery.receipt_handle
        message.hidden_until = self.stage.now + timeout_s * SECOND_MS
        message.is_in_flight = timeout_s > 0

    def _note_moved(self, moved: set[str], runs: dict[str, list[Model]]) -> None:
        for message_id in moved:
            message = self.live.pop(message_id)
            assert message in runs[message.group], "only what could have been handed out is moved"
            assert message.count == self.most
            self.dead.add(message_id)

    def _ids(self, arn: str) -> set[str]:
        return {message.content.message_id for message in self.stage.world.queues[arn]}


TestFifoQueue: Any = FifoQueue.TestCase
TestFifoQueue.settings = settings(max_examples=max(200, settings().max_examples))
