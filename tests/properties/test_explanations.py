"""What is explained is what then happens, in worlds and for events that hypothesis makes up; and explaining changes
nothing at all."""

from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from types import BuiltinMethodType, FunctionType, MethodType
from typing import Any

from hypothesis import example, given, note, settings
from hypothesis import strategies as st

from app.core.awslambda.function import FailAfter, FailEvery, RefuseAsThrottled, ReportBatchItems, Script, SucceedAfter
from app.core.awslambda.invocation import InvocationType
from app.core.commands import (
    ChangeObject,
    Command,
    DeclareBucket,
    Invoke,
    PutBucketNotification,
    ReceiveMessage,
    SendMessage,
)
from app.core.errors import Refused
from app.core.explain import (
    About,
    Conclusion,
    Explanation,
    OfInvoke,
    OfMessage,
    OfObject,
    OfSend,
    Question,
    Verdict,
    explain,
)
from app.core.facts import (
    BatchFormed,
    EventDropped,
    InvocationEnded,
    InvocationStarted,
    MessageMoved,
    MessageReturned,
    MessageSent,
)
from app.core.limits import Limits
from app.core.names import Arn
from app.core.s3.notification import NotificationConfiguration, NotificationRule
from app.core.time import Instant
from app.core.world import World
from tests.core.stage import SCOPE, Stage

SCRIPTS: list[Script] = [
    SucceedAfter(),
    SucceedAfter(8_000),
    FailAfter(1_000),
    FailEvery(2, 500),
    ReportBatchItems(bodies=("b",), after_ms=700),
    RefuseAsThrottled(2),
    RefuseAsThrottled(),
]
BODIES = ['{"kind": "a"}', '{"kind": "a"}', '{"kind": "b"}', "plain"]
BROKEN = ["", "x" * 1_200, "\x00", "{}"]
WANTS_A = {"Filters": [{"Pattern": '{"body": {"kind": ["a"]}}'}]}
GROUPS = ["g", "h"]
FAR = "2h"

scripts = st.sampled_from(SCRIPTS)


@dataclass(frozen=True)
class FunctionPlan:
    script: Script
    environments: int
    reserved: int | None


@dataclass(frozen=True)
class MappingPlan:
    """A mapping from the queue to the function of that number."""

    function: int
    batch_size: int
    window_s: int
    is_enabled: bool
    is_filtered: bool
    is_limited: bool


@dataclass(frozen=True)
class SendPlan:
    body: str
    delay_s: int | None
    group: str | None
    deduplication: str | None


@dataclass(frozen=True)
class WorldPlan:
    is_fifo: bool
    delay_s: int
    retention_s: int
    receives: int | None
    limits: Limits
    functions: tuple[FunctionPlan, ...]
    mappings: tuple[MappingPlan, ...]
    before: tuple[Any, ...] = field(default=())


@st.composite
def sends(draw: st.DrawFn) -> SendPlan:
    is_broken = draw(st.integers(0, 19)) == 19
    return SendPlan(
        draw(st.sampled_from(BROKEN if is_broken else BODIES)),
        draw(st.sampled_from([None, None, 3, 901 if is_broken else 4])),
        draw(st.sampled_from([None, *GROUPS] if is_broken else GROUPS)),
        draw(st.sampled_from([str(number) for number in range(12)])),
    )


@st.composite
def worlds(draw: st.DrawFn) -> WorldPlan:
    is_fifo = draw(st.booleans())
    functions = draw(
        st.lists(
            st.builds(FunctionPlan, scripts, st.integers(1, 2), st.sampled_from([None, None, None, None, 0, 1])),
            min_size=1, max_size=2,
        )
    )  # fmt: skip
    mappings = draw(
        st.lists(
            st.builds(
                MappingPlan, st.integers(0, len(functions) - 1), st.integers(1, 3),
                st.just(0) if is_fifo else st.sampled_from([0, 5]), st.sampled_from([True, True, True, False]),
                st.sampled_from([False, False, True]), st.booleans(),
            ),
            min_size=draw(st.sampled_from([0, 1, 1, 1])), max_size=len(functions),
            unique_by=lambda plan: plan.function,
        )
    )  # fmt: skip
    step = st.one_of(
        sends(), sends(), sends(), sends(), st.integers(1, 12), st.integers(1, 3), st.just("invoke"), st.just("invoke"),
        st.just("receive"), st.just("poll"), st.just("delete"),
    )  # fmt: skip
    return WorldPlan(
        is_fifo,
        draw(st.sampled_from([0, 0, 4])),
        draw(st.sampled_from([345_600, 345_600, 60])),
        draw(st.sampled_from([None, 1, 2])),
        Limits(
            pollers_at_start=draw(st.sampled_from([1, 5])),
            pollers_per_minute=draw(st.sampled_from([0, 300])),
            in_flight_messages=draw(st.sampled_from([2, 120_000])),
            mapping_transition_ms=draw(st.sampled_from([0, 0, 2_500])),
        ),
        tuple(functions),
        tuple(mappings),
        tuple(draw(st.lists(step, max_size=8))),
    )


class Scene:
    """The world of a plan, up to the moment of the question."""

    def __init__(self, plan: WorldPlan) -> None:
        self.stage = stage = Stage(limits=plan.limits)
        self.plan = plan
        name, kind = ("orders.fifo", {"FifoQueue": "true"}) if plan.is_fifo else ("orders", {})
        dead = stage.queue("dead.fifo" if plan.is_fifo else "dead", **kind)
        more = {"DelaySeconds": str(plan.delay_s), "VisibilityTimeout": "10", "MaximumMessageSize": "1100"}
        more["MessageRetentionPeriod"] = str(plan.retention_s)
        if plan.receives is not None:
            more["RedrivePolicy"] = f'{{"deadLetterTargetArn":"{dead}","maxReceiveCount":{plan.receives}}}'
        self.queue = stage.queue(name, **kind, **more)
        self.functions = [
            stage.function(f"work{number}", each.script, environments=each.environments, timeout_s=9,
                           reserved_concurrency=each.reserved)
            for number, each in enumerate(plan.functions)
        ]  # fmt: skip
        for each in plan.mappings:
            self._map(each)
        self.sent: list[str] = []
        for step in plan.before:
            self._do(step)

    def send(self, plan: SendPlan) -> SendMessage:
        is_fifo = self.plan.is_fifo
        delay_s = None if is_fifo and plan.delay_s != 901 else plan.delay_s
        return SendMessage(
            self.queue, plan.body, delay_s, group_id=plan.group,
            deduplication_id=plan.deduplication if is_fifo else None,
        )  # fmt: skip

    def submit(self, command: Command) -> Any:
        """The answer, or the refusal."""
        try:
            return self.stage.submit(command)
        except Refused as refusal:
            return refusal

    def explain(self, question: Question) -> Explanation:
        before = dump(self.stage.world)
        explanation = explain(self.stage.world, question, now=self.stage.now, history=self._history(question))
        assert dump(self.stage.world) == before, "explaining changes nothing"
        note(f"{explanation.conclusion}\n" + "\n".join(f"{step.verdict} {step.text}" for step in explanation.steps))
        return explanation

    def started(self, message_id: str, *, since: int) -> list[tuple[Instant, BatchFormed]]:
        """The batches with the message whose invocation began, of the facts from number `since`."""
        facts = self.stage.facts[since:]
        began = {fact.request: at for at, fact in reversed(facts) if isinstance(fact, InvocationStarted)}
        batches = [fact for _, fact in self.stage.facts if isinstance(fact, BatchFormed)]
        return [(began[each.request], each) for each in batches
                if message_id in each.messages and each.request in began]  # fmt: skip

    def _history(self, question: Question) -> list[tuple[Instant, Any]]:
        if not isinstance(question, OfMessage):
            return []
        wanted = question.message_id
        return [
            (at, fact) for at, fact in self.stage.facts
            if getattr(fact, "message", None) == wanted or wanted in getattr(fact, "messages", ())
        ]  # fmt: skip

    def _map(self, plan: MappingPlan) -> None:
        given: dict[str, Any] = {"BatchSize": plan.batch_size, "Enabled": plan.is_enabled}
        if plan.window_s:
            given["MaximumBatchingWindowInSeconds"] = plan.window_s
        if plan.is_filtered:
            given["FilterCriteria"] = WANTS_A
        if plan.is_limited:
            given["ScalingConfig"] = {"MaximumConcurrency": 2}
        self.stage.mapping(self.queue, self.functions[plan.function], **given)

    def _do(self, step: Any) -> None:
        stage = self.stage
        match step:
            case SendPlan():
                with suppress(Refused):
                    self.sent.append(stage.submit(self.send(step)).message_id)
            case int(seconds):
                stage.advance(f"{seconds}s")
            case "receive":
                with suppress(Refused):
                    stage.submit(ReceiveMessage(self.queue, 2))
            case "poll":
                stage.submit(ReceiveMessage(self.queue, 1, wait_time_s=20))
            case "invoke":
                stage.invoke("work0", event=True)
            case "delete":
                for delivery in stage.receive(self.queue) if stage.at(self.queue).has_room_in_flight else ():
                    stage.delete(self.queue, delivery)


def dump(world: World) -> list[Any]:
    """All there is to a world, down to the last field, as a flat run of values; each object once, by its number."""
    values: list[Any] = []
    numbers: dict[int, int] = {}
    kept: list[Any] = []
    waiting: list[Any] = [world]
    while waiting:
        thing = waiting.pop()
        if thing is None or isinstance(thing, (str, bytes, int, float)):
            values.append(thing)
        elif isinstance(thing, (FunctionType, MethodType, BuiltinMethodType)):
            values.append(thing.__qualname__)
        elif id(thing) in numbers:
            values.append(numbers[id(thing)])
        else:
            numbers[id(thing)] = len(numbers)
            # Kept alive: another object must not come to live at its address meanwhile.
            kept.append(thing)
            values.append(type(thing).__name__)
            waiting += _parts(thing)
    return values


def _parts(thing: Any) -> list[Any]:
    if isinstance(thing, dict):
        return [*thing.keys(), *thing.values()]
    if isinstance(thing, (list, tuple, set, frozenset, deque)):
        return list(thing)
    if isinstance(thing, count):
        return [repr(thing)]
    names = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
    return [getattr(thing, name, None) for name in [*names, *getattr(thing, "__dict__", {})]]


def check_never(scene: Scene, message_id: str, conclusion: Conclusion, since: int) -> None:
    """A no is for good where only one mapping could change its mind."""
    if len(scene.plan.mappings) < 2 and conclusion.about is not About.RECEIVER:
        scene.stage.advance(FAR)
        assert not scene.started(message_id, since=since)


def check_wait(scene: Scene, message_id: str, conclusion: Conclusion, since: int) -> None:
    """It is not invoked yet; and what it waits for ends when it was said to."""
    stage = scene.stage
    assert not scene.started(message_id, since=since)
    if conclusion.at is None:
        return
    wait_ms = conclusion.at - stage.now
    assert wait_ms > 0
    if conclusion.about in (About.DELAY, About.VISIBILITY):
        stage.advance(f"{wait_ms - 1}ms")
        assert not scene.started(message_id, since=since)
        stage.advance("1ms")
        assert conclusion.at in [
            at for at, fact in stage.facts[since:] if isinstance(fact, MessageReturned) and fact.message == message_id
        ]
    elif conclusion.about is About.BATCH:
        stage.advance(f"{wait_ms}ms")
        formed = [at for at, fact in stage.facts if isinstance(fact, BatchFormed) and message_id in fact.messages]
        assert formed
        assert formed[-1] <= conclusion.at
    elif conclusion.about is About.MAPPING:
        stage.advance(f"{wait_ms}ms")
        assert any(mapping.polls for mapping in stage.world.mappings.all())


def check_sent(scene: Scene, message_id: str, conclusion: Conclusion, since: int) -> None:
    """What was said of a message that would be sent is true of the one that was sent now."""
    if conclusion.verdict is Verdict.YES:
        [(at, batch)] = scene.started(message_id, since=since)
        assert (at, batch.function, len(batch.messages)) == (conclusion.at, conclusion.function, conclusion.batch)
        assert at == scene.stage.now
    elif conclusion.verdict is Verdict.WAIT:
        check_wait(scene, message_id, conclusion, since)
    elif conclusion.about is not About.DUPLICATE:
        assert not scene.started(message_id, since=since)
        check_never(scene, message_id, conclusion, since)


# The quick profile's number would leave some reasons out.
enough = settings(max_examples=max(100, settings().max_examples))


# A function that failed and is free again, and a group that its message holds back.
HELD_BACK = WorldPlan(
    True, 0, 345_600, None, Limits(), (FunctionPlan(FailAfter(1_000), 2, None),),
    (MappingPlan(0, 1, 0, True, False, False),), (SendPlan(BODIES[0], None, "g", "1"), 2),
)  # fmt: skip


@enough
@given(worlds(), sends())
@example(HELD_BACK, SendPlan(BODIES[0], None, "g", "2"))
def test_a_message_that_would_be_sent(plan: WorldPlan, wanted: SendPlan) -> None:
    scene = Scene(plan)
    command = scene.send(wanted)
    conclusion = scene.explain(OfSend(command)).conclusion
    since = len(scene.stage.facts)

    sent = scene.submit(command)

    if isinstance(sent, Refused):
        assert (conclusion.verdict, conclusion.about) == (Verdict.NO, About.MESSAGE)
        assert sent.message in conclusion.text
        return
    if conclusion.about is About.DUPLICATE:
        assert sent.message_id in conclusion.text
    assert conclusion.about is not About.MESSAGE
    check_sent(scene, sent.message_id, conclusion, since)


@enough
@given(worlds())
def test_messages_that_were_sent(plan: WorldPlan) -> None:
    questions = Scene(plan)
    for message_id in dict.fromkeys(questions.sent):
        scene = Scene(plan)
        stage = scene.stage
        conclusion = scene.explain(OfMessage(message_id)).conclusion
        since = len(stage.facts)

        match conclusion.verdict, conclusion.about:
            case Verdict.YES, About.FUNCTION:
                (_, batch) = scene.started(message_id, since=0)[-1]
                ended = {fact.request for _, fact in stage.facts if isinstance(fact, InvocationEnded)}
                assert (batch.function, len(batch.messages)) == (conclusion.function, conclusion.batch)
                assert batch.request not in ended
            case Verdict.YES, _:
                assert scene.started(message_id, since=0)
            case Verdict.WAIT, _:
                check_wait(scene, message_id, conclusion, since)
            case Verdict.NO, About.REDRIVE:
                stage.advance(FAR)
                moved = [fact for fact in stage.of(MessageMoved) if fact.message == message_id]
                assert moved
                assert not scene.started(message_id, since=since)
            case _:
                check_never(scene, message_id, conclusion, since)


@enough
@given(worlds(), st.sampled_from(list(InvocationType)[:2]), st.sampled_from([b"{}", b"no json", b""]))
def test_an_invocation(plan: WorldPlan, kind: InvocationType, payload: bytes) -> None:
    scene = Scene(plan)
    command = Invoke(SCOPE, "work0", payload, kind)
    conclusion = scene.explain(OfInvoke(command)).conclusion
    since = len(scene.stage.facts)

    answer = scene.submit(command)

    if isinstance(answer, Refused):
        assert conclusion.verdict is Verdict.NO
        assert answer.message in conclusion.text or conclusion.about is About.CONCURRENCY
        return
    started = [at for at, fact in scene.stage.facts[since:] if isinstance(fact, InvocationStarted)]
    dropped = [at for at, fact in scene.stage.facts[since:] if isinstance(fact, EventDropped)]
    assert (bool(started), bool(dropped)) == (
        conclusion.verdict is Verdict.YES,
        conclusion.verdict is Verdict.NO,
    )


@enough
@given(worlds(), st.booleans(), st.sampled_from(["in/a.jpg"] * 6 + ["in/a.png", "out/a.jpg"]), st.integers(0, 7))
def test_an_object_event(plan: WorldPlan, is_for_queue: bool, key: str, chance: int) -> None:
    is_removed = chance == 5
    scene = Scene(replace(plan, is_fifo=False))
    stage = scene.stage
    target: Arn = scene.queue if is_for_queue else scene.functions[0]
    stage.submit(DeclareBucket(SCOPE, "photos"))
    rule = NotificationRule("r", target, ("s3:ObjectCreated:*",), "in/", ".jpg")
    stage.submit(PutBucketNotification("photos", NotificationConfiguration((rule,))))
    command = ChangeObject(SCOPE, "photos", "ObjectRemoved:Delete" if is_removed else "ObjectCreated:Put", key)
    conclusion = scene.explain(OfObject(command)).conclusion
    since = len(stage.facts)

    stage.submit(command)

    sent = [fact.message for _, fact in stage.facts[since:] if isinstance(fact, MessageSent)]
    if sent:
        check_sent(scene, sent[0], conclusion, since)
        return
    started = [at for at, fact in stage.facts[since:] if isinstance(fact, InvocationStarted)]
    assert bool(started) == (conclusion.verdict is Verdict.YES)
    if is_removed or key != "in/a.jpg":
        assert (conclusion.verdict, conclusion.about) == (Verdict.NO, About.RULE)
