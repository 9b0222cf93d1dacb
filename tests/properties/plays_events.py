"""What plays do to event buses."""

import json
from collections.abc import Callable
from typing import Any

from app.core.commands import (
    CreateEventBus,
    DeleteEventBus,
    DeleteRule,
    EventEntry,
    PutBusPermission,
    PutEvents,
    PutRule,
    PutTargets,
    RemoveBusPermission,
    RemoveTargets,
    SetRuleState,
    TagEvents,
    UntagEvents,
    UpdateEventBus,
)
from app.core.names import Arn, Scope
from tests.core.stage import SCOPE

_BUSES = (None, "own", "other", "nobody's")
_RULES = ("one", "two", "three")
_PATTERNS: tuple[dict[str, Any], ...] = (
    {"source": ["app"]},
    {"source": [{"prefix": "a"}], "detail": {"n": [{"numeric": [">", 1]}]}},
    {"detail": {"n": [{"exists": False}]}},
    {"$or": [{"source": ["app"]}, {"detail-type": ["made"]}]},
    {"source": "broken"},
)
_ELSEWHERE = Scope("111122223333")


def _rule(a: int, b: int) -> PutRule:
    given: dict[str, Any] = {
        "Name": _RULES[a % 3],
        "EventPattern": json.dumps(_PATTERNS[b % 5]),
        "State": ("ENABLED", "DISABLED")[b % 7 == 0],
        "Tags": [{"Key": "a", "Value": "b"}],
    }
    if _BUSES[b % 4] is not None:
        given["EventBusName"] = _BUSES[b % 4]
    return PutRule(SCOPE, given)


def _targets(play: Any, a: int, b: int) -> PutTargets:
    """Targets of every kind, some of which are not there, with few retries, dead letters and every kind of input."""
    arns: tuple[Arn, ...] = (
        play.arn(a), SCOPE.function_arn("quick"), SCOPE.function_arn("nobody"), SCOPE.bus_arn("other"),
        SCOPE.bus_arn("default"), _ELSEWHERE.bus_arn("default"), SCOPE.queue_arn("nothing"),
    )  # fmt: skip
    target: dict[str, Any] = {"Id": str(b % 3), "Arn": arns[b % 7], "RetryPolicy": {"MaximumRetryAttempts": a % 3}}
    if target["Arn"].endswith(".fifo"):
        target["SqsParameters"] = {"MessageGroupId": "g"}
    if a % 2:
        target["DeadLetterConfig"] = {"Arn": SCOPE.queue_arn("orders-dlq")}
    if a % 5 == 0:
        target["InputTransformer"] = {"InputPathsMap": {"n": "$.detail.n"}, "InputTemplate": '{"n": <n>}'}
    elif a % 5 == 1:
        target["InputPath"] = "$.detail"
    return PutTargets(SCOPE, _RULES[a % 3], (target,), _BUSES[b % 4])


def _events(play: Any, a: int, b: int) -> PutEvents:
    entries = tuple(
        EventEntry(
            ("app", "b", "", "aws.s3")[(b + place) % 4], "made", ('{"n": 3}', '{"m": 1}', "[]")[(a + place) % 3],
            _BUSES[(a + place) % 4],
        )
        for place in range(1 + a % 3)
    )  # fmt: skip
    return PutEvents((SCOPE, _ELSEWHERE)[b % 5 == 0], entries)


# ruff: noqa: ARG005 -- every verb takes the same three arguments

VERBS: dict[str, Callable[[Any, int, int], Any]] = {
    "create bus": lambda play, a, b: CreateEventBus(SCOPE, {"Name": ("own", "other")[a % 2], "Description": str(b)}),
    "update bus": lambda play, a, b: UpdateEventBus(SCOPE, {"Name": ("own", "other")[a % 2], "Description": str(b)}),
    "delete bus": lambda play, a, b: DeleteEventBus(SCOPE, ("own", "other", "default")[b % 3]),
    "put bus permission": lambda play, a, b: PutBusPermission(
        SCOPE, {"Action": "events:PutEvents", "Principal": ("*", "111122223333")[a % 2], "StatementId": str(b % 3)}
    ),
    "remove bus permission": lambda play, a, b: RemoveBusPermission(
        SCOPE, {"StatementId": str(b % 3), "RemoveAllPermissions": a % 5 == 0}
    ),
    "put rule": lambda play, a, b: _rule(a, b),
    "delete rule": lambda play, a, b: DeleteRule(SCOPE, _RULES[a % 3], _BUSES[b % 4]),
    "set rule state": lambda play, a, b: SetRuleState(
        SCOPE, _RULES[a % 3], ("ENABLED", "DISABLED")[b % 2], _BUSES[b % 4]
    ),
    "put targets": _targets,
    "remove targets": lambda play, a, b: RemoveTargets(SCOPE, _RULES[a % 3], (str(b % 3), "9"), _BUSES[b % 4]),
    "tag events": lambda play, a, b: TagEvents(SCOPE.rule_arn("default", _RULES[a % 3]), {str(b % 3): "x"}),
    "untag events": lambda play, a, b: UntagEvents(SCOPE.bus_arn("default"), (str(b % 3),)),
    "put events": _events,
}
