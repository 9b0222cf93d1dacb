"""API destinations: the requests that they are, who is proved to call, how often, and what comes of the answers."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from app.core.commands import (
    CreateApiDestination,
    CreateConnection,
    DeauthorizeConnection,
    DeleteApiDestination,
    PutEvents,
)
from app.core.delivery.outside_calls import HttpAnswered, HttpCall, NoAnswer, OutsideAnswer
from app.core.facts import EventDelivered, EventDeliveryFailed
from tests.core.buses.scenes import event, put, rule
from tests.core.stage import SCOPE, Stage

ROLE = "arn:aws:iam::000000000000:role/events"
API_KEY = {"ApiKeyAuthParameters": {"ApiKeyName": "x-api-key", "ApiKeyValue": "hush"}}
OAUTH = {
    "OAuthParameters": {
        "ClientParameters": {"ClientID": "me", "ClientSecret": "hush"},
        "AuthorizationEndpoint": "https://login.example.com/token",
        "HttpMethod": "POST",
        "OAuthHttpParameters": {"BodyParameters": [{"Key": "scope", "Value": "all"}]},
    }
}
OK = HttpAnswered(200, {}, b"")
TOKEN = HttpAnswered(200, {}, b'{"access_token": "abc", "expires_in": 3600}')


def staged(
    kind: str = "API_KEY", parameters: Mapping[str, Any] = API_KEY, *, target: Mapping[str, Any] | None = None,
    **destination: Any,
) -> Stage:  # fmt: skip
    stage = Stage()
    connection = stage.submit(
        CreateConnection(SCOPE, {"Name": "c", "AuthorizationType": kind, "AuthParameters": parameters})
    )
    given = {"Name": "d", "ConnectionArn": connection.arn, "HttpMethod": "POST",
             "InvocationEndpoint": "https://example.com/hook", **destination}  # fmt: skip
    arn = stage.submit(CreateApiDestination(SCOPE, given))["ApiDestinationArn"]
    rule(stage, "out", {"source": ["shop"]}, {"Arn": arn, "RoleArn": ROLE, **(target or {})})
    return stage


def called(stage: Stage, answer: OutsideAnswer = OK) -> HttpCall:
    call = stage.settle_outside(answer)
    assert isinstance(call, HttpCall)
    return call


def test_an_event_is_posted_with_the_key() -> None:
    stage = staged()

    answer = put(stage, {"id": 7})
    call = called(stage)

    assert (call.method, call.url, call.timeout_ms) == ("POST", "https://example.com/hook", 5_000)
    assert json.loads(call.body)["id"] == answer.event_id
    headers = dict(call.headers)
    assert headers["x-api-key"] == "hush"
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["User-Agent"] == "Amazon/EventBridge/ApiDestinations"
    assert len(stage.of(EventDelivered)) == 1


def test_a_name_and_a_password_are_sent_as_basic_authorization() -> None:
    stage = staged("BASIC", {"BasicAuthParameters": {"Username": "me", "Password": "hush"}})

    put(stage)

    assert dict(called(stage).headers)["Authorization"] == "Basic bWU6aHVzaA=="


def test_what_target_and_connection_add_goes_to_path_query_headers_and_body() -> None:
    invocation = {
        "HeaderParameters": [{"Key": "X-Who", "Value": "connection"}],
        "QueryStringParameters": [{"Key": "c", "Value": "3"}],
        "BodyParameters": [{"Key": "extra", "Value": "yes"}],
    }
    target = {
        "InputPath": "$.detail",
        "HttpParameters": {
            "PathParameterValues": ["a b", "c"],
            "HeaderParameters": {"x-who": "target", "X-More": "1"},
            "QueryStringParameters": {"b": "2"},
        },
    }
    stage = staged(
        parameters={**API_KEY, "InvocationHttpParameters": invocation}, target=target,
        InvocationEndpoint="https://example.com/*/of/*?a=1",
    )  # fmt: skip

    put(stage, {"id": 7})
    call = called(stage)

    assert call.url == "https://example.com/a%20b/of/c?a=1&b=2&c=3"
    assert json.loads(call.body) == {"id": 7, "extra": "yes"}
    assert {name.lower(): value for name, value in call.headers}["x-who"] == "connection"
    assert dict(call.headers)["X-More"] == "1"


def test_a_token_is_fetched_once_and_again_when_it_is_refused() -> None:
    stage = staged("OAUTH_CLIENT_CREDENTIALS", OAUTH)

    put(stage)
    asked = called(stage, TOKEN)
    first = called(stage)
    put(stage)
    second = called(stage, HttpAnswered(401, {}, b""))
    stage.advance("2s")
    asked_again = called(stage, HttpAnswered(200, {}, b'{"access_token": "new"}'))
    third = called(stage)

    assert asked.url == asked_again.url == "https://login.example.com/token"
    assert asked.body == b"grant_type=client_credentials&client_id=me&client_secret=hush&scope=all"
    tokens = [dict(call.headers)["Authorization"] for call in (first, second, third)]
    assert tokens == ["Bearer abc", "Bearer abc", "Bearer new"]
    assert [fact.attempts for fact in stage.of(EventDelivered)] == [1, 2]


@pytest.mark.parametrize("answer", [HttpAnswered(400, {}, b"{}"), HttpAnswered(200, {}, b"[]"), NoAnswer("nobody")])
def test_without_a_token_the_delivery_is_tried_again(answer: OutsideAnswer) -> None:
    stage = staged("OAUTH_CLIENT_CREDENTIALS", OAUTH)

    put(stage)
    called(stage, answer)
    stage.advance("2s")

    assert [fact.code for fact in stage.of(EventDeliveryFailed)] == ["CONNECTION_FAILURE"]
    assert called(stage, TOKEN).url == "https://login.example.com/token"


@pytest.mark.parametrize(
    ("answer", "code", "is_retried"),
    [
        (HttpAnswered(400, {}, b""), "ERROR_FROM_TARGET", False),
        (HttpAnswered(404, {}, b""), "ERROR_FROM_TARGET", False),
        (HttpAnswered(302, {}, b""), "ERROR_FROM_TARGET", False),
        (HttpAnswered(409, {}, b""), "ERROR_FROM_TARGET", True),
        (HttpAnswered(429, {}, b""), "THROTTLING", True),
        (HttpAnswered(503, {}, b""), "ERROR_FROM_TARGET", True),
        (NoAnswer("https://example.com/hook: no answer within 5 seconds"), "TIMEOUT", True),
        (NoAnswer("connection refused"), "CONNECTION_FAILURE", True),
    ],
)
def test_what_is_not_taken_is_told_and_perhaps_tried_again(answer: OutsideAnswer, code: str, is_retried: bool) -> None:
    stage = staged()

    put(stage)
    called(stage, answer)
    stage.advance("2s")

    assert [(fact.code, fact.retry_at is not None) for fact in stage.of(EventDeliveryFailed)] == [(code, is_retried)]
    assert bool(stage.outside) is is_retried


def test_retry_after_is_kept_to() -> None:
    stage = staged()

    put(stage)
    called(stage, HttpAnswered(503, {"retry-after": "30"}, b""))
    stage.advance("29s")
    before = len(stage.outside)
    stage.advance("1s")

    assert (before, len(stage.outside)) == (0, 1)


def test_no_more_calls_are_made_in_a_second_than_the_rate_allows() -> None:
    stage = staged(InvocationRateLimitPerSecond=2)

    stage.submit(PutEvents(SCOPE, (event(),) * 5))
    counts = [len(stage.outside)]
    for _ in range(3):
        stage.advance("1s")
        counts.append(len(stage.outside))

    assert counts == [2, 4, 5, 5]


def test_what_waits_for_a_destination_that_goes_is_told_so() -> None:
    stage = staged(InvocationRateLimitPerSecond=1)
    stage.submit(PutEvents(SCOPE, (event(),) * 2))

    stage.submit(DeleteApiDestination(SCOPE, "d"))
    put(stage)

    assert [fact.code for fact in stage.of(EventDeliveryFailed)] == ["NO_RESOURCE", "NO_RESOURCE"]


def test_nothing_is_called_with_a_connection_that_was_deauthorized() -> None:
    stage = staged()
    stage.submit(DeauthorizeConnection(SCOPE, "c"))

    put(stage)

    assert stage.outside == []
    assert [fact.code for fact in stage.of(EventDeliveryFailed)] == ["NO_PERMISSIONS"]
