"""The laws of the whole world, for any list of commands (core/machine.py, and: same commands, same world)."""

from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from app.core.commands import Command
from app.core.facts import Effect, Wish
from app.core.machine import Machine
from app.core.time import earliest, parse_duration_ms
from tests.core.stage import SCOPE
from tests.properties.plays import VERBS, Play, Step, steps

plays = st.lists(steps, min_size=5, max_size=40)


class InLeaps(Play):
    """Wakes the world once for the whole way, not at every instant."""

    def advance(self, duration: str) -> None:
        self.now += parse_duration_ms(duration)
        self._absorb(self.world.wake(self.now), self.now)


class InSmallSteps(Play):
    """Wakes it also when nothing is due, and twice when something is."""

    def advance(self, duration: str) -> None:
        target = self.now + parse_duration_ms(duration)
        while self.now < target:
            super().advance(f"{min(700, target - self.now)}ms")
            assert self.world.wake(self.now) == [], "waking twice at one instant changes nothing"


class InTwoSteps(Play):
    """Begins each command, and finishes it when its wishes are known."""

    def _handle(self, command: Command) -> tuple[Any, list[Effect]]:
        answer, effects = self.world.begin(command, now=self.now)
        wishes = [effect for effect in effects if isinstance(effect, get_args(Wish))]
        self.world.finish(effects)
        assert wishes == [effect for effect in effects if isinstance(effect, get_args(Wish))]
        return answer, effects


def played(play: Play, play_steps: list[Step]) -> Play:
    for step in play_steps:
        play.play(step)
    play.advance("5m")
    return play


def state(play: Play) -> list[str]:
    """Everything the world shows of its machines."""
    world = play.world
    queues = [repr(queue) + str(queue.attributes(play.now)) for queue in world.queues.all()]
    messages = [repr(message) for queue in world.queues.all() for message in queue]
    functions = [repr(function) for function in world.functions.all()]
    mappings = [repr(mapping) + str(mapping.parameters) for mapping in world.mappings.all()]
    bridge = world.event_bridge
    buses = [repr(bus) + repr(list(bus.rules.values())) for bus in bridge.registry.all()]
    events = [repr(bridge.archives.all(SCOPE)), repr(bridge.replays.all(SCOPE)), repr(bridge.destinations.all(SCOPE))]
    return [*buses, *events, *queues, *messages, *functions, *mappings, str(world.next_wakeup())]


@given(plays)
def test_the_same_commands_twice_give_the_same_world(play_steps: list[Step]) -> None:
    one, two = played(Play(), play_steps), played(Play(), play_steps)

    assert one.facts == two.facts
    assert one.told == two.told
    assert repr(one.answers) == repr(two.answers)
    assert state(one) == state(two)


@given(plays)
def test_a_command_in_two_steps_comes_to_the_same(play_steps: list[Step]) -> None:
    two, one = (played(kind(), play_steps) for kind in (InTwoSteps, Play))

    assert two.facts == one.facts
    assert two.told == one.told
    assert repr(two.answers) == repr(one.answers)
    assert state(two) == state(one)


@given(plays)
def test_many_small_jumps_equal_one_big_jump(play_steps: list[Step]) -> None:
    small, usual, leap = (played(kind(), play_steps) for kind in (InSmallSteps, Play, InLeaps))

    assert small.facts == usual.facts
    assert [fact for _, fact in usual.facts] == [fact for _, fact in leap.facts]
    assert small.told == usual.told == leap.told
    assert state(small) == state(usual) == state(leap)


@given(plays)
def test_after_waking_nothing_is_due_and_waking_again_changes_nothing(play_steps: list[Step]) -> None:
    play = Play()

    for step in play_steps:
        play.play(step)

        before = state(play)
        at = play.world.next_wakeup()
        assert at is None or at > play.now
        assert play.world.wake(play.now) == []
        assert state(play) == before


@given(plays)
def test_the_world_wakes_when_the_first_of_its_machines_wants_to(play_steps: list[Step]) -> None:
    play = Play()
    world = play.world

    for step in play_steps:
        play.play(step)

        machines: list[Machine] = [*world.queues.all(), *world.mappings.machines(), *world._standing]
        first = earliest(*(machine.next_wakeup() for machine in machines))
        assert world.next_wakeup() == (None if first is None else max(first, play.now)), step


def test_plays_know_every_command() -> None:
    play = Play()
    for verb in VERBS:
        for number in range(12):
            play.play((verb, number, number))

    assert play.asked == set(get_args(Command))
