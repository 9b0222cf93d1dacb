"""Scenes with buses: short words for what most tests of them do."""

import json
from collections.abc import Mapping
from typing import Any

from app.core.commands import CreateEventBus, EventEntry, EventPut, PutEvents, PutRule, PutTargets
from app.core.names import Arn, Scope
from tests.core.stage import SCOPE, Stage


def bus(stage: Stage, name: str) -> Arn:
    arn: Arn = stage.submit(CreateEventBus(SCOPE, {"Name": name})).arn
    return arn


def rule(
    stage: Stage, name: str, pattern: Mapping[str, Any], *targets: Arn | Mapping[str, Any], bus: str = "default",
    scope: Scope = SCOPE,
) -> Arn:  # fmt: skip
    """A rule and its targets: their ARNs, or all that PutTargets takes but the Id, which is their place."""
    given = {"Name": name, "EventPattern": json.dumps(pattern), "EventBusName": bus}
    arn: Arn = stage.submit(PutRule(scope, given))
    members = [{"Arn": target} if isinstance(target, str) else target for target in targets]
    entries = tuple({"Id": str(place), **target} for place, target in enumerate(members, start=1))
    if entries:
        stage.submit(PutTargets(scope, name, entries, bus))
    return arn


def event(detail: Mapping[str, Any] | None = None, **more: Any) -> EventEntry:
    return EventEntry(**{"source": "shop", "detail_type": "order", "detail": json.dumps(detail or {}), **more})


def put(stage: Stage, detail: Mapping[str, Any] | None = None, **more: Any) -> EventPut:
    """Put one event; what became of it."""
    answer: EventPut = stage.submit(PutEvents(SCOPE, (event(detail, **more),)))[0]
    return answer


def received(stage: Stage, queue: Arn) -> str:
    """The body of the next message of a queue."""
    return stage.receive(queue)[0].content.body
