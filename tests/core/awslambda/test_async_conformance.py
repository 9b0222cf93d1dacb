"""The conformance table of asynchronous events: what is tried when, and what each target gets.

Every target is a stand-in that takes what it is given, so that a case shows the whole parcel; bodies are exact.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.core.awslambda.invocation import (
    Exited,
    HandlerFailed,
    InvocationType,
    Outcome,
    Succeeded,
    Throttled,
    TimedOut,
    Unreachable,
)
from app.core.commands import Invoke, PutReservedConcurrency
from app.core.delivery.targets import Parcel, Settled
from app.core.facts import EventDropped, InvocationStarted
from app.core.names import Arn, parse_arn
from app.core.time import Instant
from tests.core.stage import SCOPE, Stage, clock_time

CASES = sorted((Path(__file__).parents[2] / "conformance" / "async").glob("*.json"))
OUTCOMES: dict[str, Outcome] = {
    "succeeds": Succeeded(b'{"done":true}'),
    "raises": HandlerFailed("Boom", "it broke", b'{"errorMessage":"it broke","errorType":"Boom"}'),
    "times out": TimedOut(3_000),
    "exits": Exited("exit status 3"),
    "throttles": Throttled("ConcurrentInvocationLimitExceeded"),
    "unreachable": Unreachable("http://localhost:9000: Connection refused"),
}


@dataclass
class Taker:
    """Takes every parcel."""

    parcels: list[Parcel] = field(default_factory=list)

    def exists(self, arn: Arn) -> bool:
        return bool(arn)

    def deliver(self, parcel: Parcel, now: Instant, settled: Settled) -> None:
        self.parcels.append(parcel)
        settled(None, now)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_an_asynchronous_event_ends_as_on_lambda(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))

    told = told_of(case["given"])

    assert told == case["expected"]
    assert json.dumps(told) == json.dumps(case["expected"]), "the keys are in another order"


def told_of(given: dict[str, Any]) -> dict[str, Any]:
    """When the event was tried, why it was given up, and what each target got, from noon on for a day."""
    stage, taker = Stage(seed=given.get("seed", 1)), Taker()
    for service in {parse_arn(arn).service for arn in given["targets"].values()}:
        stage.world.targets.register(service, taker)
    worker = stage.function("worker", **given.get("function", {}), **given["targets"])
    if "reserved" in given:
        stage.submit(PutReservedConcurrency(worker, given["reserved"]))
    outcomes = list(given.get("outcomes", []))
    stage.submit(Invoke(SCOPE, given.get("name", "worker"), given["payload"].encode(), InvocationType.EVENT))
    tried: list[str] = []
    for _ in range(1_000):
        if stage.calls:
            tried = [clock_time(at) for at, fact in stage.facts if isinstance(fact, InvocationStarted)]
            stage.settle(OUTCOMES[outcomes.pop(0) if len(outcomes) > 1 else outcomes[0]])
        elif (due := stage.world.next_event()) is not None:
            stage.advance(f"{due - stage.now}ms")
        else:
            break
    dropped = [fact.condition for fact in stage.of(EventDropped)]
    return {
        "tried": tried if len(tried) < 8 else [*tried[:4], f"… {len(tried)} times", *tried[-2:]],
        "dropped": dropped[0] if dropped else None,
        "parcels": [_shown(parcel) for parcel in taker.parcels],
    }


def _shown(parcel: Parcel) -> dict[str, Any]:
    shown: dict[str, Any] = {"to": parcel.target}
    if parcel.key is not None:
        shown["key"] = parcel.key
    if parcel.attributes:
        shown["attributes"] = {name: [each.data_type, each.value] for name, each in parcel.attributes.items()}
    try:
        shown["body"] = json.loads(parcel.body)
    except ValueError:
        shown["text"] = parcel.body.decode()
    return shown
