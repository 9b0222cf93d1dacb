"""A standard queue whose senders name groups: nothing is lost, and a quiet tenant is never behind a noisy one."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.core.commands import ChangeMessageVisibility, DeleteMessage, ReceiveMessage, SendMessage
from app.core.limits import DEFAULT_LIMITS
from app.core.sqs.message import MessageState
from tests.core.stage import Stage

NOISY_IN_FLIGHT = 3
TENANTS = st.sampled_from(["a", "b", "c", None])


class FairQueue(RuleBasedStateMachine):
    """Three in flight make a tenant noisy here, so that few messages show it. Between what is surely noisy (it has
    that many and a tenth of all) and surely quiet (never so many since it last had nothing waiting) nothing is said."""

    @initialize()
    def begin(self) -> None:
        self.stage = Stage(limits=replace(DEFAULT_LIMITS, noisy_in_flight=NOISY_IN_FLIGHT))
        self.arn = self.stage.queue("orders", VisibilityTimeout="30")
        self.live: dict[str, str] = {}
        self.most_in_flight: dict[str | None, int] = {}

    @rule(tenant=TENANTS, count=st.integers(1, 5))
    def send(self, tenant: str | None, count: int) -> None:
        for _ in range(count):
            self.live[self.stage.submit(SendMessage(self.arn, "x", group_id=tenant)).message_id] = ""

    @rule(count=st.integers(1, 10))
    def receive_one_by_one(self, count: int) -> None:
        for _ in range(count):
            noisy, quiet = self._surely_noisy(), self._surely_quiet_with_something_to_give()
            for delivery in self.stage.receive(self.arn):
                assert delivery.content.group_id not in noisy or not quiet
                self.live[delivery.content.message_id] = delivery.receipt_handle
            self._note()

    @rule(count=st.integers(1, 10))
    def receive(self, count: int) -> None:
        visible = self.stage.world.queues[self.arn].visible_count
        deliveries = self.stage.submit(ReceiveMessage(self.arn, count)).deliveries

        for delivery in deliveries:
            self.live[delivery.content.message_id] = delivery.receipt_handle
        assert len(deliveries) == min(count, visible), "a receive takes what there is"
        self._note()

    @precondition(lambda self: any(self.live.values()))
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        message_id = data.draw(st.sampled_from([message_id for message_id, handle in self.live.items() if handle]))
        self.stage.submit(DeleteMessage(self.arn, self.live.pop(message_id)))
        self._note()

    @precondition(lambda self: any(self.live.values()))
    @rule(data=st.data(), timeout_s=st.sampled_from([0, 60]))
    def change_visibility(self, data: st.DataObject, timeout_s: int) -> None:
        message_id = data.draw(st.sampled_from([message_id for message_id, handle in self.live.items() if handle]))
        self.stage.submit(ChangeMessageVisibility(self.arn, self.live[message_id], timeout_s))
        self._note()

    @rule(seconds=st.sampled_from([1, 30]))
    def advance(self, seconds: int) -> None:
        self.stage.advance(f"{seconds}s")
        self._note()

    @invariant()
    def nothing_is_lost(self) -> None:
        if hasattr(self, "stage"):
            assert {message.content.message_id for message in self.stage.world.queues[self.arn]} == set(self.live)

    def teardown(self) -> None:
        """In the end all that is there is handed out."""
        if not hasattr(self, "stage"):
            return
        self.stage.advance("60s")
        drained: set[str] = set()
        while got := self.stage.receive(self.arn, 10):
            drained |= {delivery.content.message_id for delivery in got}
        assert drained == set(self.live)

    def _in_flight(self) -> dict[str | None, int]:
        found: dict[str | None, int] = {}
        for message in self.stage.world.queues[self.arn]:
            if message.state is MessageState.IN_FLIGHT:
                found[message.content.group_id] = found.get(message.content.group_id, 0) + 1
        return found

    def _waiting(self) -> set[str | None]:
        queue = self.stage.world.queues[self.arn]
        return {message.content.group_id for message in queue if message.state is MessageState.VISIBLE}

    def _note(self) -> None:
        """Remember the most that each tenant had in flight since it last had nothing waiting."""
        in_flight, waiting = self._in_flight(), self._waiting()
        for tenant in ("a", "b", "c", None):
            before = self.most_in_flight.get(tenant, 0) if tenant in waiting else 0
            self.most_in_flight[tenant] = max(before, in_flight.get(tenant, 0))

    def _surely_noisy(self) -> set[str | None]:
        in_flight = self._in_flight()
        total = sum(in_flight.values())
        return {
            tenant
            for tenant, count in in_flight.items()
            if tenant is not None and count >= NOISY_IN_FLIGHT and count > 0.1 * total
        }

    def _surely_quiet_with_something_to_give(self) -> set[str | None]:
        return {
            tenant
            for tenant in self._waiting()
            if tenant is None or self.most_in_flight.get(tenant, 0) < NOISY_IN_FLIGHT
        }


TestFairQueue: Any = FairQueue.TestCase
