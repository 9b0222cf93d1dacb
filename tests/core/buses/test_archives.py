"""Archives keep what a bus took, and replays send it again."""

import json
from typing import Any

from app.core.buses.replay import Replay
from app.core.commands import CancelReplay, CreateArchive, DeleteEventBus, StartReplay
from app.core.facts import ReplayMoved
from app.core.time import HOUR_MS, MINUTE_MS, SECOND_MS
from tests.core.buses.scenes import bus, put, received, rule
from tests.core.stage import NOON, SCOPE, Stage

ARCHIVE = "arn:aws:events:us-east-1:000000000000:archive/all"


def archive(stage: Stage, **more: Any) -> None:
    given = {"ArchiveName": "all", "EventSourceArn": SCOPE.bus_arn("default"), **more}
    stage.submit(CreateArchive(SCOPE, given))


def replay(stage: Stage, *, since: int = NOON - HOUR_MS, until: int = NOON + HOUR_MS, **destination: Any) -> Replay:
    given = {
        "ReplayName": "again",
        "EventSourceArn": ARCHIVE,
        "EventStartTime": since / SECOND_MS,
        "EventEndTime": until / SECOND_MS,
        "Destination": {"Arn": SCOPE.bus_arn("default"), **destination},
    }
    started: Replay = stage.submit(StartReplay(SCOPE, given))
    return started


def kept(stage: Stage) -> int:
    return len(stage.world.event_bridge.archives.get(SCOPE, "all").events(stage.now))


def test_a_replayed_event_is_the_same_but_for_the_name_of_the_replay() -> None:
    stage = Stage()
    queue = stage.queue("orders")
    rule(stage, "orders", {"source": ["shop"]}, queue)
    archive(stage)
    put(stage, {"id": 7})
    original = json.loads(received(stage, queue))

    replay(stage)
    stage.advance("2s")

    again = json.loads(received(stage, queue))
    assert again == {**original, "replay-name": "again"}
    assert list(again)[6:8] == ["region", "replay-name"]


def test_an_archive_keeps_what_its_pattern_takes_and_no_replays() -> None:
    stage = Stage()
    archive(stage, EventPattern='{"detail": {"keep": [true]}}')

    put(stage, {"keep": True})
    put(stage, {"keep": False})
    replay(stage)
    stage.advance("1m")

    assert kept(stage) == 1
    assert [fact.state for fact in stage.of(ReplayMoved)] == ["RUNNING", "COMPLETED"]


def test_an_archive_lets_go_of_what_is_too_old() -> None:
    stage = Stage()
    archive(stage, RetentionDays=1)
    put(stage)

    stage.advance("24h")
    before = kept(stage)
    stage.advance("1s")

    assert (before, kept(stage)) == (1, 0)
    summary = stage.world.event_bridge.archives.get(SCOPE, "all").summary(stage.now)
    assert (summary["EventCount"], summary["SizeBytes"]) == (0, 0)


def test_only_events_of_the_span_come_again_minute_by_minute() -> None:
    stage = Stage()
    queue = stage.queue("orders")
    archive(stage)
    for number in range(4):
        put(stage, {"number": number})
        stage.advance("1m")
    rule(stage, "orders", {"source": ["shop"]}, queue)

    replay(stage, since=NOON + MINUTE_MS, until=NOON + 2 * MINUTE_MS)
    stage.advance("1s")
    at_start = len(stage.bodies(queue))
    stage.advance("100ms")
    after_first = len(stage.bodies(queue))
    stage.advance("100ms")

    assert (at_start, after_first) == (0, 1)
    assert [json.loads(body)["detail"]["number"] for body in stage.bodies(queue)] == [1, 2]


def test_the_time_that_an_event_tells_decides_not_when_it_came() -> None:
    stage = Stage()
    queue = stage.queue("orders")
    archive(stage)
    put(stage, {"when": "long ago"}, time="2001-01-01")
    put(stage, {"when": "now"})
    rule(stage, "orders", {"source": ["shop"]}, queue)

    replay(stage)
    stage.advance("5s")

    assert [json.loads(body)["detail"]["when"] for body in stage.bodies(queue)] == ["now"]


def test_a_replay_may_be_for_some_rules_only() -> None:
    stage = Stage()
    one, two = stage.queue("one"), stage.queue("two")
    archive(stage)
    put(stage)
    wanted = rule(stage, "one", {"source": ["shop"]}, one)
    rule(stage, "two", {"source": ["shop"]}, two)

    replay(stage, FilterArns=[wanted])
    stage.advance("2s")

    assert (len(stage.bodies(one)), len(stage.bodies(two))) == (1, 0)


def test_a_rule_can_tell_replays_from_the_rest() -> None:
    stage = Stage()
    queue = stage.queue("orders")
    archive(stage)
    put(stage)
    rule(stage, "live", {"source": ["shop"], "replay-name": [{"exists": False}]}, queue)

    replay(stage)
    stage.advance("2s")

    assert stage.bodies(queue) == []


def test_a_cancelled_replay_sends_nothing_more() -> None:
    stage = Stage()
    queue = stage.queue("orders")
    archive(stage)
    for _ in range(3):
        put(stage)
        stage.advance("1m")
    rule(stage, "orders", {"source": ["shop"]}, queue)

    replay(stage)
    stage.advance("1100ms")
    stage.submit(CancelReplay(SCOPE, "again"))
    stage.advance("1m")

    assert len(stage.bodies(queue)) == 1
    assert [fact.state for fact in stage.of(ReplayMoved)] == ["RUNNING", "CANCELLING", "CANCELLED"]


def test_a_bus_that_goes_while_a_replay_runs_gets_nothing() -> None:
    stage = Stage()
    own = bus(stage, "own")
    stage.submit(CreateArchive(SCOPE, {"ArchiveName": "all", "EventSourceArn": own}))
    put(stage, bus="own")

    replay(stage, Arn=own)
    stage.submit(DeleteEventBus(SCOPE, "own"))
    stage.advance("1m")

    assert stage.world.event_bridge.replays.get(SCOPE, "again").view()["State"] == "COMPLETED"
