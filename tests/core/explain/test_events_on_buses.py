"""Events explained: which rules take them, and what lies behind each target, as far as it goes."""

import pytest

from app.core.awslambda.function import SucceedAfter
from app.core.commands import (
    ChangeObject,
    CreateTopic,
    DeclareBucket,
    EventEntry,
    PutBucketNotification,
    SetRuleState,
    Subscribe,
)
from app.core.explain import About, Explanation, OfEvent, OfObject, Verdict, explain
from app.core.s3.notification import NotificationConfiguration
from tests.core.buses.scenes import bus, put, rule
from tests.core.stage import SCOPE, Stage


def explained(stage: Stage, detail: str = "{}", **more: object) -> Explanation:
    entry = EventEntry("shop", "order", detail)
    before = repr(stage.world.event_bridge.registry.buses)
    told = explain(stage.world, OfEvent(entry, SCOPE, **more), now=stage.now)  # type: ignore[arg-type]

    assert repr(stage.world.event_bridge.registry.buses) == before
    return told


def texts(explanation: Explanation) -> list[str]:
    return [step.text for step in explanation.steps]


def test_each_rule_says_why_it_takes_the_event_or_not() -> None:
    stage = Stage()
    stage.function("worker", SucceedAfter(0))
    rule(stage, "work", {"source": ["shop"]}, SCOPE.function_arn("worker"))
    rule(stage, "off", {"source": ["shop"]})
    stage.submit(SetRuleState(SCOPE, "off", "DISABLED"))
    rule(stage, "refunds", {"detail-type": ["refund"]})

    told = explained(stage)

    assert told.conclusion.verdict is Verdict.YES
    assert texts(told)[:2] == ["event bus 'default' is there, with 3 rules", "rule 'default/work' takes it"]
    assert texts(told)[-2:] == [
        "rule 'default/off' says no: it is disabled",
        "rule 'default/refunds' says no: detail-type: wanted 'refund'; was 'order'",
    ]


def test_a_bus_that_nobody_used_stays_unused() -> None:
    told = explained(Stage())

    assert told.conclusion.text == "would not fire: no rule of event bus 'default' takes it"


def test_what_lies_behind_a_bus_and_a_topic_is_looked_into() -> None:
    stage = Stage()
    function = stage.function("worker", SucceedAfter(0))
    topic = SCOPE.topic_arn("news")
    stage.submit(CreateTopic(topic, {}, {}))
    stage.submit(Subscribe(topic, "lambda", function, {}, SCOPE))
    own = bus(stage, "own")
    rule(stage, "relay", {"source": ["shop"]}, own)
    rule(stage, "tell", {"source": ["shop"]}, topic, bus="own")

    told = explained(stage)

    assert told.conclusion.verdict is Verdict.YES
    assert [step.about for step in told.steps][:6] == [
        About.BUS, About.RULE, About.BUS, About.RULE, About.TOPIC, About.MESSAGE,
    ]  # fmt: skip
    put(stage)
    stage.advance("1s")
    assert "worker succeeded" in stage.story()


def test_an_event_that_would_go_in_a_circle_is_told_so() -> None:
    stage = Stage()
    own = bus(stage, "own")
    rule(stage, "relay", {"source": ["shop"]}, own)
    rule(stage, "back", {"source": ["shop"]}, SCOPE.bus_arn("default"), bus="own")

    told = explained(stage)

    assert told.conclusion.verdict is Verdict.NO
    assert told.steps[-1].code == "LOOP_DETECTED"


def test_only_the_target_that_is_asked_for_is_looked_at() -> None:
    stage = Stage()
    queue = stage.queue("orders")
    rule(stage, "orders", {"source": ["shop"]}, queue, SCOPE.function_arn("gone"))

    told = explained(stage, target=queue)
    nobody = explained(stage, target=SCOPE.queue_arn("other"))

    assert not any("gone" in text for text in texts(told))
    assert nobody.conclusion.text == "would not fire: no rule of event bus 'default' takes it to 'other'"


@pytest.mark.parametrize(("takes", "verdict"), [("photos", Verdict.YES), ("other", Verdict.NO)])
def test_an_object_is_followed_to_the_bus_and_its_rules(takes: str, verdict: Verdict) -> None:
    stage = Stage()
    function = stage.function("worker", SucceedAfter(0))
    stage.submit(DeclareBucket(SCOPE, "photos"))
    stage.submit(PutBucketNotification("photos", NotificationConfiguration((), event_bridge=True)))
    rule(stage, "objects", {"source": ["aws.s3"], "detail": {"bucket": {"name": [takes]}}}, function)
    change = ChangeObject(SCOPE, "photos", "ObjectCreated:Put", "cat.jpg", 3, "e")

    told = explain(stage.world, OfObject(change), now=stage.now)

    assert told.conclusion.verdict is verdict
    assert About.BUS in [step.about for step in told.steps]
