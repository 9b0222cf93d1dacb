"""S3 notifications as handlers receive them, against golden files."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.core.s3.object_event import EVENT_TYPES, Details, ObjectEvent, is_told_to_buses
from app.core.time import parse_instant
from app.wire.events.s3 import s3_event, s3_test_event
from app.wire.events.s3_eventbridge import s3_bus_event

GOLDEN = Path(__file__).parent.parent / "golden"
CASES = sorted((GOLDEN / "s3").glob("*.json"))
BUS_CASES = sorted((GOLDEN / "s3_eventbridge").glob("*.json"))


def event_of(given: dict[str, Any]) -> ObjectEvent:
    return ObjectEvent(**{**given, "details": Details(**given.get("details", {}))})


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_an_event_is_rendered_as_s3_sends_it(path: Path) -> None:
    case: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    given = case["given"]

    rendered = s3_event(
        event_of(given["event"]),
        rule_id=given["rule_id"],
        region=given["region"],
        now=parse_instant(given["now"]),
    )

    assert json.loads(rendered) == case["event"]
    assert json.dumps(json.loads(rendered)) == json.dumps(case["event"]), "the keys are in another order"


@pytest.mark.parametrize("path", BUS_CASES, ids=lambda path: path.stem)
def test_a_bus_is_told_in_its_own_shape(path: Path) -> None:
    case: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    given = case["given"]

    rendered = s3_bus_event(event_of(given["event"]), account=given["account"], now=parse_instant(given["now"]))

    assert json.dumps(json.loads(rendered)) == json.dumps(case["event"])


def test_every_event_has_a_golden_record() -> None:
    told = {json.loads(path.read_text(encoding="utf-8"))["given"]["event"]["name"] for path in CASES}
    names = {name.removeprefix("s3:") for name in EVENT_TYPES if not name.endswith("*")}

    assert names - told == set()


def test_every_event_that_a_bus_is_told_of_has_one_there() -> None:
    told = {json.loads(path.read_text(encoding="utf-8"))["given"]["event"]["name"] for path in BUS_CASES}
    names = {name.removeprefix("s3:") for name in EVENT_TYPES if not name.endswith("*")}

    assert {name for name in names if is_told_to_buses(name)} - told == set()


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("ObjectCreated:Post", "2.1"),
        ("ObjectRestore:Completed", "2.1"),
        ("ObjectRestore:Delete", "2.3"),
        ("ReducedRedundancyLostObject", "2.1"),
        ("Replication:OperationNotTracked", "2.2"),
        ("LifecycleExpiration:Delete", "2.3"),
        ("LifecycleTransition", "2.3"),
        ("IntelligentTiering", "2.3"),
        ("ObjectTagging:Delete", "2.3"),
    ],
)
def test_the_version_is_that_of_the_event_type(name: str, version: str) -> None:
    event = ObjectEvent(name, "photos", "a")

    (record,) = json.loads(s3_event(event, rule_id="", region="us-east-1", now=0))["Records"]

    assert record["eventVersion"] == version


def test_the_test_event_has_no_records() -> None:
    rendered = s3_test_event("photos", request_id="R1", host_id="H1", now=parse_instant("2026-11-21T12:00:00Z"))

    assert json.loads(rendered) == {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": "2026-11-21T12:00:00.000Z",
        "Bucket": "photos",
        "RequestId": "R1",
        "HostId": "H1",
    }
