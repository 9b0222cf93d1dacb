"""PutEvents read plainly and by its model: the same parameters, and the same bytes in answer."""

from typing import Any

import orjson
import pytest

from app.core.commands import EventPut
from app.wire import protocol
from app.wire.constraints import check_constraints
from app.wire.eventbridge.entries import rendered
from app.wire.eventbridge.operations import EVENTS
from app.wire.eventbridge.plain import plain_params
from app.wire.http import HttpRequest

ENTRY = {"Source": "shop", "DetailType": "grüße", "Detail": '{"a": "\\u00e9"}'}
PLAIN: dict[str, Any] = {
    "one": {"Entries": [ENTRY]},
    "ten": {"Entries": [ENTRY] * 10},
    "everything": {
        "Entries": [
            {**ENTRY, "EventBusName": "shop", "Resources": ["a", "b"], "Time": 1_640_995_200, "TraceHeader": "Root=1"},
            {**ENTRY, "EventBusName": "arn:aws:events:us-east-1:000000000000:event-bus/shop", "Time": 1.5},
        ]
    },
    "nothing": {"Entries": [{}]},
    "empty texts": {"Entries": [{"Source": "", "DetailType": "", "Detail": ""}]},
}
UNUSUAL: dict[str, Any] = {
    "no entries": {"Entries": []},
    "eleven": {"Entries": [ENTRY] * 11},
    "a null": {"Entries": [{**ENTRY, "Source": None}]},
    "a number": {"Entries": [{**ENTRY, "Source": 7}]},
    "unknown member": {"Entries": [{**ENTRY, "Sauce": "x"}]},
    "unknown parameter": {"Entries": [ENTRY], "EndpointId": "a.b"},
    "bad bus": {"Entries": [{**ENTRY, "EventBusName": "a b"}]},
    "time as text": {"Entries": [{**ENTRY, "Time": "2022-01-01"}]},
    "true as time": {"Entries": [{**ENTRY, "Time": True}]},
    "a list": [],
}


def request_of(params: Any) -> HttpRequest:
    headers = {"x-amz-target": "AWSEvents.PutEvents", "content-type": "application/x-amz-json-1.1", "host": "localhost"}
    return HttpRequest("POST", "/", "", headers, orjson.dumps(params), "http")


@pytest.mark.parametrize("name", PLAIN)
def test_plain_requests_are_read_as_the_model_reads_them(name: str) -> None:
    request = request_of(PLAIN[name])

    parsed = protocol.parse("events", request, check=check_constraints)

    assert plain_params("PutEvents", request.body) == parsed.params


@pytest.mark.parametrize("name", UNUSUAL)
def test_unusual_requests_are_left_to_the_model(name: str) -> None:
    assert plain_params("PutEvents", orjson.dumps(UNUSUAL[name])) is None


def test_other_operations_and_broken_json_are_left_to_the_model() -> None:
    assert plain_params("PutRule", b"{}") is None
    assert plain_params("PutEvents", b'{"Entries": [') is None


def test_answers_have_the_same_bytes() -> None:
    answers = (EventPut("4edeb1d7-bae4-0302-b6b6-a9e8b7cd38f0"), EventPut(None, "MalformedDetail", "é is malformed."))
    parsed = protocol.parse("events", request_of(PLAIN["one"]))

    general = protocol.render(parsed, rendered(answers), "id")

    assert EVENTS.plain is plain_params
    assert (general.status, general.content_type) == (200, "application/x-amz-json-1.1")
    assert general.body == orjson.dumps(rendered(answers))
