"""A standard queue against a slow, simple model of one: a list that is searched from its front each time."""

from dataclasses import dataclass

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, consumes, invariant, multiple, rule

from app.core.errors import InvalidParameterValue
from app.core.facts import MessageReturned
from app.core.limits import Limits
from app.core.sqs.message import Content, MessageState
from app.core.sqs.queue import Queue
from app.core.sqs.queue_attributes import QueueAttributes
from app.core.sqs.redrive import RedrivePolicy
from app.core.time import SECOND_MS, Instant
from tests.core.stage import NOON, SCOPE

LIMITS = Limits(in_flight_messages=6)
RETENTION_S = 120
MOST_RECEIVES = 4
DLQ = SCOPE.queue_arn("dlq")


@dataclass
class Copy:
    """What the model knows of a message. Its place in line is its place in the model's list."""

    id: str
    sent_at: Instant
    visible_at: Instant
    count: int = 0
    last_received_at: Instant | None = None
    is_hidden: bool = False


class QueueAgainstModel(RuleBasedStateMachine):
    handles: Bundle[tuple[str, str]] = Bundle("handles")

    def __init__(self) -> None:
        super().__init__()
        settings = QueueAttributes(
            visibility_timeout_s=7, retention_s=RETENTION_S, redrive=RedrivePolicy(DLQ, MOST_RECEIVES)
        )
        self.queue = Queue(
            SCOPE.queue_arn("orders"), settings, tags={}, seal=b"seal", limits=LIMITS, now=NOON
        )  # fmt: skip
        self.now = NOON
        self.line: list[Copy] = []
        self.sent = 0

    # What is done to both -------------------------------------------------------------------------------

    @rule(delay_s=st.sampled_from([0, 0, 0, 1, 10]))
    def send(self, delay_s: int) -> None:
        self.sent += 1
        content = Content(f"m{self.sent}", "hello", "md5", self.now, "me")
        self.queue.send(content, delay_s=delay_s, now=self.now)

        self.line.append(Copy(content.message_id, self.now, self.now + delay_s * SECOND_MS))
        self.line[-1].is_hidden = delay_s > 0

    @rule(
        target=handles, most=st.integers(1, 10), timeout_s=st.sampled_from([None, 0, 1, 7, 30]), may_die=st.booleans()
    )
    def receive(self, most: int, timeout_s: int | None, may_die: bool) -> MultipleResults[tuple[str, str]]:
        taken = self.queue.receive(
            most, visibility_timeout_s=timeout_s, by="me", has_dead_letter_queue=may_die, now=self.now
        )

        expected, dead = self._take(most, 7 if timeout_s is None else timeout_s, may_die)
        assert [(d.content.message_id, d.receive_count) for _, d in taken.messages] == expected
        assert [message.content.message_id for message in taken.exhausted] == dead
        return multiple(*((d.content.message_id, d.receipt_handle) for _, d in taken.messages))

    @rule(handle=handles)
    def delete(self, handle: tuple[str, str]) -> None:
        gone = self.queue.delete(handle[1])

        copy = self._find(handle[0])
        assert (gone is None) == (copy is None)
        if copy is not None:
            self.line.remove(copy)

    @rule(handle=consumes(handles))
    def delete_twice(self, handle: tuple[str, str]) -> None:
        self.delete(handle)
        assert self.queue.delete(handle[1]) is None

    @rule(handle=handles, timeout_s=st.sampled_from([0, 0, 1, 7, 43_200]))
    def change_visibility(self, handle: tuple[str, str], timeout_s: int) -> None:
        copy = self._find(handle[0])
        received_at = copy.last_received_at if copy is not None else None
        if copy is None or received_at is None or self.now + timeout_s * SECOND_MS > received_at + 43_200 * SECOND_MS:
            with pytest.raises(InvalidParameterValue):
                self.queue.change_visibility(handle[1], timeout_s, now=self.now)
            return
        self.queue.change_visibility(handle[1], timeout_s, now=self.now)

        if timeout_s:
            self._hide(copy, timeout_s)
        elif copy.is_hidden:
            self._show(copy)

    @rule(ms=st.sampled_from([1, 500, 1_000, 3_000, 7_000, 40_000]))
    def wait(self, ms: int) -> None:
        target, returned = self.now + ms, []
        while (at := self.queue.next_wakeup()) is not None and at <= target:
            effects = self.queue.wake(at)
            returned += [effect.message for effect in effects if isinstance(effect, MessageReturned)]
            assert self.queue.wake(at) == []
            assert (after := self.queue.next_wakeup()) is None or after > at
        self.now = target

        assert returned == self._pass(target, returned)

    @rule()
    def purge(self) -> None:
        assert self.queue.purge(now=self.now) == len(self.line)
        self.line.clear()

    # What is compared -----------------------------------------------------------------------------------

    @invariant()
    def both_hold_the_same_messages(self) -> None:
        assert {message.content.message_id for message in self.queue} == {copy.id for copy in self.line}
        visible = {m.content.message_id for m in self.queue if m.state is MessageState.VISIBLE}
        assert visible == {copy.id for copy in self.line if not copy.is_hidden}
        counts = (self.queue.visible_count, self.queue.in_flight_count + self.queue.delayed_count)
        assert counts == (len(visible), len(self.line) - len(visible))

    @invariant()
    def what_is_stale_does_not_pile_up(self) -> None:
        assert len(self.queue._hidden) <= 2 * len(self.line) + 70
        assert len(self.queue._by_age) <= 2 * len(self.line) + 70

    # The model ------------------------------------------------------------------------------------------

    def _take(self, most: int, timeout_s: int, may_die: bool) -> tuple[list[tuple[str, int]], list[str]]:
        room = LIMITS.in_flight_messages - sum(copy.is_hidden and copy.count > 0 for copy in self.line)
        taken: list[tuple[str, int]] = []
        dead: list[str] = []
        shown_again: list[Copy] = []
        for copy in [copy for copy in self.line if not copy.is_hidden]:
            if len(taken) >= min(most, room):
                break
            if may_die and copy.count >= MOST_RECEIVES:
                self.line.remove(copy)
                dead.append(copy.id)
                continue
            copy.count += 1
            copy.last_received_at = self.now
            taken.append((copy.id, copy.count))
            if timeout_s:
                self._hide(copy, timeout_s)
            else:
                shown_again.append(copy)
        for copy in shown_again:
            self._show(copy)
        return taken, dead

    def _pass(self, target: Instant, returned: list[str]) -> list[str]:
        """Who comes back until `target`, by time, at one instant in the order seen; who is too old is gone then."""
        ends = {copy.id: copy.sent_at + RETENTION_S * SECOND_MS for copy in self.line}
        due = [copy for copy in self.line if copy.is_hidden and copy.visible_at <= min(target, ends[copy.id])]
        assert {copy.id for copy in due} == set(returned)
        due.sort(key=lambda copy: (copy.visible_at, returned.index(copy.id)))
        for copy in due:
            self._show(copy)
        self.line = [copy for copy in self.line if ends[copy.id] > target]
        return [copy.id for copy in due]

    def _hide(self, copy: Copy, timeout_s: int) -> None:
        copy.visible_at = self.now + timeout_s * SECOND_MS
        copy.is_hidden = True

    def _show(self, copy: Copy) -> None:
        copy.is_hidden = False
        if copy.count >= LIMITS.receives_before_back:
            self.line.remove(copy)
            self.line.append(copy)

    def _find(self, message_id: str) -> Copy | None:
        return next((copy for copy in self.line if copy.id == message_id), None)


TestQueueAgainstModel = QueueAgainstModel.TestCase
