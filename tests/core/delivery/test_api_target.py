"""APIs of API Gateway as targets: how each is called, and what its answer means."""

import json

import pytest

from app.core.delivery.outside_calls import HttpAnswered, HttpCall
from app.core.facts import EventDelivered, EventDeliveryFailed
from tests.core.buses.scenes import put, rule
from tests.core.stage import SCOPE, Stage

ARN = f"arn:aws:execute-api:{SCOPE.region}:{SCOPE.account}:"


def called(resource: str, answer: HttpAnswered, **target: object) -> tuple[Stage, HttpCall]:
    stage = Stage()
    rule(stage, "out", {"source": ["shop"]}, {"Arn": ARN + resource, **target})
    put(stage, {"id": 7})
    call = stage.settle_outside(answer)
    assert isinstance(call, HttpCall)
    return stage, call


def test_a_rule_calls_an_api_with_its_event() -> None:
    parameters = {"PathParameterValues": ["7"], "HeaderParameters": {"X-A": "1"}, "QueryStringParameters": {"q": "x&y"}}
    stage, call = called("shop/dev/POST/orders/*", HttpAnswered(200, {}, b""), HttpParameters=parameters)

    assert (call.method, call.url) == ("POST", "/_aws/execute-api/shop/dev/orders/7?q=x%26y")
    assert json.loads(call.body)["detail"] == {"id": 7}
    assert dict(call.headers)["x-a"] == "1"
    assert len(stage.of(EventDelivered)) == 1


def test_a_get_has_no_body_and_any_method_is_a_post() -> None:
    _, get = called("shop/dev/GET/orders", HttpAnswered(200, {}, b""))
    _, any_method = called("shop/dev/*/", HttpAnswered(200, {}, b""))

    assert (get.method, get.body) == ("GET", b"")
    assert (any_method.method, any_method.url) == ("POST", "/_aws/execute-api/shop/dev/")


@pytest.mark.parametrize(("status", "is_over"), [(404, True), (403, True), (429, False), (502, False)])
def test_a_refusal_is_for_good_and_a_failure_is_tried_again(status: int, is_over: bool) -> None:
    stage, _ = called("shop/dev/POST/orders", HttpAnswered(status, {}, b""))

    (failed,) = stage.of(EventDeliveryFailed)[:1]
    stage.advance("10m")

    assert f"status {status}" in failed.text
    assert (stage.outside == []) is is_over


def test_an_arn_without_a_method_names_nothing() -> None:
    stage = Stage()
    rule(stage, "out", {"source": ["shop"]}, {"Arn": f"{ARN}shop/dev"})

    put(stage)

    (failed,) = stage.of(EventDeliveryFailed)
    assert "names no method of an API" in failed.text
    assert stage.outside == []
