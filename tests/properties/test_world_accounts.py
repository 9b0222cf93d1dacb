"""Nothing lost, nothing invented, nothing seen while invisible: books kept from the facts alone, for any commands."""

import json

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from app.core.awslambda.invocation import Succeeded
from app.core.commands import DeleteEventSourceMapping
from app.core.facts import (
    Configured,
    EventAccepted,
    EventDropped,
    Fact,
    InvocationEnded,
    MessageDeleted,
    MessageExpired,
    MessageMoved,
    MessageReceived,
    MessageReturned,
    MessageSent,
    QueuePurged,
    VisibilityChanged,
)
from app.core.names import Arn
from app.core.sqs.message import MessageState
from app.core.time import SECOND_MS, Instant
from tests.core.stage import SCOPE
from tests.properties.plays import MOST_ENVIRONMENTS, Play, Step, steps


class Books:
    """Where each message is, until when it is hidden, and which events are under way, by what the facts say."""

    def __init__(self, play: Play) -> None:
        self._play = play
        self._read = 0
        self.place: dict[str, Arn] = {}
        self.hidden_until: dict[str, Instant] = {}
        self.open_events: set[str] = set()

    def read(self) -> None:
        for at, fact in self._play.facts[self._read :]:
            self._enter(at, fact)
        self._read = len(self._play.facts)

    def _enter(self, at: Instant, fact: Fact) -> None:
        match fact:
            case MessageSent():
                assert fact.message not in self.place, "an id is given once"
                self.place[fact.message] = fact.queue
                self.hidden_until[fact.message] = at + fact.delay_s * SECOND_MS
            case MessageReceived():
                assert self.place[fact.message] == fact.queue
                assert at >= self.hidden_until[fact.message], "nothing is seen while it is invisible"
                assert not self._is_over_its_limit(fact), "a message is not received more often than its queue allows"
                self.hidden_until[fact.message] = fact.until
            case MessageReturned():
                assert self.hidden_until[fact.message] == at, "it is back when it was said to be"
            case VisibilityChanged():
                self.hidden_until[fact.message] = at + fact.timeout_s * SECOND_MS
            case MessageMoved():
                assert self.place.pop(fact.message) == fact.queue
                if not fact.reason.startswith("redriven"):
                    self.place[fact.message] = fact.destination
                    self.hidden_until[fact.message] = at
            case MessageDeleted() | MessageExpired():
                assert self.place.pop(fact.message) == fact.queue
            case QueuePurged():
                assert self._empty(fact.queue) == fact.count
            case Configured(what=what, queue=str(queue)) if what.endswith(" deleted") and what.startswith("queue "):
                self._empty(queue)
            case EventAccepted():
                assert fact.request not in self.open_events
                self.open_events.add(fact.request)
            case EventDropped():
                assert fact.condition
                self.open_events.remove(fact.request)
            case InvocationEnded(outcome="succeeded"):
                self.open_events.discard(fact.request)

    def _empty(self, queue: Arn) -> int:
        gone = [message for message, place in self.place.items() if place == queue]
        for message in gone:
            del self.place[message]
        return len(gone)

    def _is_over_its_limit(self, fact: MessageReceived) -> bool:
        """As the queue is set now; two queues that are each other's dead-letter queue keep no limit (test_queue)."""
        queues = {queue.arn: queue for queue in self._play.world.queues.all()}
        if fact.queue not in queues:
            return False
        redrive = queues[fact.queue].settings.redrive
        if redrive is None or redrive.dead_letter_target not in queues:
            return False
        back = queues[redrive.dead_letter_target].settings.redrive
        is_circle = redrive.dead_letter_target == fact.queue or (
            back is not None and back.dead_letter_target == fact.queue
        )
        return fact.count > redrive.max_receive_count and not is_circle


class World(RuleBasedStateMachine):
    """Plays any steps and audits the books after each."""

    def __init__(self) -> None:
        super().__init__()
        self.play = Play()
        self.books = Books(self.play)

    @rule(step=steps)
    def step(self, step: Step) -> None:
        self.play.play(step)

    @rule(ms=st.integers(1, 5_000))
    def wait(self, ms: int) -> None:
        self.play.advance(f"{ms}ms")

    @invariant()
    def nothing_is_lost_and_nothing_invented(self) -> None:
        self.books.read()
        there = {message.content.message_id: queue.arn for queue in self.play.world.queues.all() for message in queue}

        assert there == self.books.place

    @invariant()
    def counts_are_true(self) -> None:
        for queue in self.play.world.queues.all():
            states = [message.state for message in queue]
            assert states.count(MessageState.VISIBLE) == queue.visible_count
            assert states.count(MessageState.IN_FLIGHT) == queue.in_flight_count
            assert states.count(MessageState.DELAYED) == queue.delayed_count

    @invariant()
    def no_environment_runs_two_calls(self) -> None:
        for function in self.play.world.functions.all():
            slots = list(function.slots._taken.values())
            assert len(slots) == len(set(slots)) == function.in_flight <= MOST_ENVIRONMENTS

    @invariant()
    def records_are_json(self) -> None:
        for call in self.play.calls:
            json.loads(call.payload)

    def teardown(self) -> None:
        """Let everything end: no event stays under way for ever."""
        for mapping in self.play.world.mappings.all():
            self.play.submit(DeleteEventSourceMapping(SCOPE, mapping.uuid))
        for _ in range(45):
            while self.play.calls:
                self.play.settle(Succeeded(b"null"))
            self.play.advance("10m")
        self.books.read()

        assert self.books.open_events == set()


TestWorld = World.TestCase
