"""The places of a function's environments, on their own."""

from collections.abc import Sequence

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from app.core.awslambda.environment_state import EnvironmentState
from app.core.awslambda.slots import Slots


def states(*why_out: str | None) -> list[EnvironmentState]:
    """Environments that are in (None) or out."""
    return [EnvironmentState(f"http://10.0.0.{number}", why) for number, why in enumerate(why_out)]


def test_the_lowest_free_slot_is_taken() -> None:
    slots = Slots(3)
    first = [slots.take(request) for request in "abc"]
    slots.give_back("c")
    slots.give_back("a")

    assert (first, slots.take("d"), slots.take("e")) == ([0, 1, 2], 0, 2)
    assert slots.free == 0


def test_a_slot_that_is_out_is_given_to_nobody_until_it_is_back() -> None:
    slots = Slots(3)
    lost = slots.describe(states(None, "refused", None))
    taken = [slots.take("a"), slots.take("b")]
    room = slots.free
    found = slots.describe(states(None, None, None))

    assert (lost, found) == (([1], []), ([], [1]))
    assert (taken, room, slots.free, slots.take("c")) == ([0, 2], 0, 1, 1)


def test_a_call_that_ends_in_a_lost_slot_does_not_free_it() -> None:
    slots = Slots(2)
    slots.take("a")
    slots.describe(states("refused", None))

    slots.give_back("a")

    assert (slots.free, slots.take("b")) == (1, 1)


def test_where_all_are_out_each_may_be_tried() -> None:
    slots = Slots(2)
    slots.describe(states("refused", "refused"))

    taken = [slots.take("a"), slots.take("b")]

    assert slots.is_stranded
    assert (taken, slots.free) == ([0, 1], 0)


def test_there_may_be_more_and_fewer() -> None:
    slots = Slots(1)
    more = slots.describe(states(None, None, None))
    for request in "abc":
        slots.take(request)
    fewer = slots.describe(states(None))
    for request in "abc":
        slots.give_back(request)

    assert (more, fewer) == (([], [1, 2]), ([1, 2], []))
    assert (slots.count, slots.free) == (1, 1)


def test_other_settings_forget_what_was_described() -> None:
    slots = Slots(2)
    slots.describe(states("refused", None))
    slots.take("a")

    slots.resize(3)

    assert (dict(slots.out), slots.states, slots.free) == ({}, (), 2)


class SlotsMachine(RuleBasedStateMachine):
    """Whatever comes, goes, is lost and is found: nothing is in two places, and no slot has two."""

    def __init__(self) -> None:
        super().__init__()
        self.slots = Slots(3)
        self.taken: dict[str, int] = {}
        self.count = 0

    @rule()
    def take(self) -> None:
        if not self.slots.free:
            return
        self.count += 1
        slot = self.slots.take(str(self.count))
        assert slot not in self.taken.values()
        assert slot < self.slots.count
        assert slot not in self.slots.out or self.slots.is_stranded
        self.taken[str(self.count)] = slot

    @rule(number=st.integers(0, 20))
    def give_back(self, number: int) -> None:
        if self.taken:
            request = sorted(self.taken)[number % len(self.taken)]
            self.slots.give_back(request)
            del self.taken[request]

    @rule(why_out=st.lists(st.sampled_from([None, None, "refused"]), min_size=1, max_size=5))
    def describe(self, why_out: Sequence[str | None]) -> None:
        self.slots.describe(states(*why_out))

    @rule(count=st.integers(1, 5))
    def resize(self, count: int) -> None:
        self.slots.resize(count)

    @invariant()
    def what_is_free_is_what_is_not_taken(self) -> None:
        slots = self.slots
        usable = {slot for slot in range(slots.count) if slot not in slots.out or slots.is_stranded}
        assert slots.free == len(usable - set(self.taken.values()))
        assert {request: slots.slot_of(request) for request in self.taken} == self.taken


TestSlots = SlotsMachine.TestCase
TestSlots.settings = hypothesis_settings(max_examples=60, stateful_step_count=40, deadline=None)
