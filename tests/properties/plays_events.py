"""What plays do to event buses."""

import json
from collections.abc import Callable
from typing import Any

from app.core.commands import (
    CancelReplay,
    CreateApiDestination,
    CreateArchive,
    CreateConnection,
    CreateEventBus,
    DeauthorizeConnection,
    DeleteApiDestination,
    DeleteArchive,
    DeleteConnection,
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
    StartReplay,
    TagEvents,
    UntagEvents,
    UpdateApiDestination,
    UpdateArchive,
    UpdateConnection,
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
        SCOPE.function_arn("worker:nobody"), "arn:aws:sns:us-east-1:000000000000:nothing",
        "arn:aws:logs:us-east-1:000000000000:nothing", "arn:aws:ecs:us-east-1:000000000000:cluster/nothing",
        "arn:aws:lambda:us-east-1:000000000000:nonsense",
    )  # fmt: skip
    target: dict[str, Any] = {
        "Id": str(b % 3),
        "Arn": arns[b % len(arns)],
        "RoleArn": "arn:aws:iam::000000000000:role/events",
        "RetryPolicy": {"MaximumRetryAttempts": a % 3},
    }
    if target["Arn"].endswith(".fifo"):
        target["SqsParameters"] = {"MessageGroupId": "g"}
    if a % 2:
        target["DeadLetterConfig"] = {"Arn": SCOPE.queue_arn("orders-dlq")}
    if a % 5 == 0:
        target["InputTransformer"] = {"InputPathsMap": {"n": "$.detail.n"}, "InputTemplate": '{"n": <n>}'}
    elif a % 5 == 1 and "event-bus" not in target["Arn"]:
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


def _archive(a: int, b: int) -> dict[str, Any]:
    return {
        "ArchiveName": f"archive-{a % 2}",
        "EventSourceArn": SCOPE.bus_arn(("default", "own", "nobody's")[b % 3]),
        "EventPattern": json.dumps(_PATTERNS[b % 5]),
        "RetentionDays": b % 2,
    }


def _replay(play: Any, a: int, b: int) -> StartReplay:
    destination: dict[str, Any] = {"Arn": SCOPE.bus_arn(("default", "own")[b % 2])}
    if b % 3 == 0:
        destination["FilterArns"] = [SCOPE.rule_arn("default", "one")]
    return StartReplay(SCOPE, {
        "ReplayName": f"replay-{a % 5}",
        "EventSourceArn": f"arn:aws:events:us-east-1:000000000000:archive/archive-{a % 2}",
        "EventStartTime": (play.now - 600_000 * (b % 4)) / 1_000,
        "EventEndTime": play.now / 1_000,
        "Destination": destination,
    })  # fmt: skip


def _connection(a: int, b: int) -> dict[str, Any]:
    oauth = {
        "ClientParameters": {"ClientID": "me", "ClientSecret": "hush"}, "HttpMethod": "POST",
        "AuthorizationEndpoint": "http://localhost:1/token",
    }  # fmt: skip
    kinds: tuple[tuple[str, dict[str, Any]], ...] = (
        ("API_KEY", {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}}),
        ("OAUTH_CLIENT_CREDENTIALS", {"OAuthParameters": oauth}),
        ("BASIC", {}),
    )
    kind, parameters = kinds[b % 3]
    return {"Name": f"connection-{a % 2}", "AuthorizationType": kind, "AuthParameters": parameters}


def _destination(play: Any, a: int, b: int) -> CreateApiDestination:
    connections = play.world.event_bridge.connections.all(SCOPE)
    arn = connections[b % len(connections)].arn if connections else "arn:aws:events:us-east-1:0:connection/none/1"
    return CreateApiDestination(SCOPE, {
        "Name": f"destination-{a % 2}", "ConnectionArn": arn, "InvocationEndpoint": "http://localhost:1/hook",
        "HttpMethod": "POST", "InvocationRateLimitPerSecond": 1 + b % 2,
    })  # fmt: skip


def _target_destination(play: Any, a: int, b: int) -> PutTargets | None:
    destinations = play.world.event_bridge.destinations.all(SCOPE)
    if not destinations:
        return None
    arn = destinations[b % len(destinations)].arn
    target = {"Id": str(b % 3), "Arn": arn, "RoleArn": "arn:aws:iam::000000000000:role/events"}
    return PutTargets(SCOPE, _RULES[a % 3], (target,), _BUSES[b % 4])


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
    "create archive": lambda play, a, b: CreateArchive(SCOPE, _archive(a, b)),
    "update archive": lambda play, a, b: UpdateArchive(SCOPE, _archive(a, b)),
    "delete archive": lambda play, a, b: DeleteArchive(SCOPE, f"archive-{a % 2}") if b % 3 == 0 else None,
    "start replay": _replay,
    "cancel replay": lambda play, a, b: CancelReplay(SCOPE, f"replay-{a % 5}"),
    "create connection": lambda play, a, b: CreateConnection(SCOPE, _connection(a, b)),
    "update connection": lambda play, a, b: UpdateConnection(SCOPE, _connection(a, b)),
    "deauthorize connection": lambda play, a, b: (
        DeauthorizeConnection(SCOPE, f"connection-{a % 2}") if b % 3 == 0 else None
    ),
    "delete connection": lambda play, a, b: DeleteConnection(SCOPE, f"connection-{a % 2}") if b % 4 == 0 else None,
    "create destination": _destination,
    "update destination": lambda play, a, b: UpdateApiDestination(
        SCOPE, {"Name": f"destination-{a % 2}", "InvocationRateLimitPerSecond": 1 + b % 3}
    ),
    "delete destination": lambda play, a, b: (
        DeleteApiDestination(SCOPE, f"destination-{a % 2}") if b % 4 == 0 else None
    ),
    "target destination": _target_destination,
}
