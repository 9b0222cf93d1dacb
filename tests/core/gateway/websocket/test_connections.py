"""Connections by the clock, and the route that a message is for."""

import pytest

from app.core.commands import Waiting
from app.core.commands.gateway import CloseSocket, OpenSocket, TouchSocket
from app.core.facts import SocketClosed
from app.core.gateway.websocket.api import SocketRoute, SocketStage, route_of, selected_key
from app.core.gateway.websocket.connections import SocketEnded
from tests.core.stage import Stage


def opened(stage: Stage) -> int:
    answer: Waiting = stage.submit(OpenSocket("c1", "chat", "chat", "dev"))
    return answer.waiter


def test_ten_minutes_without_a_message_end_a_connection() -> None:
    stage = Stage()
    waiter = opened(stage)

    stage.advance("9m")
    stage.submit(TouchSocket("c1"))
    stage.advance("9m")
    before = dict(stage.answers)
    stage.advance("1m")

    assert before == {}
    assert stage.answers == {waiter: SocketEnded(1001, "Idle connection timeout")}
    assert [fact.code for fact in stage.of(SocketClosed)] == [1001]


def test_two_hours_end_a_connection_that_is_never_idle() -> None:
    stage = Stage()
    waiter = opened(stage)

    for _ in range(24):
        stage.advance("5m")
        stage.submit(TouchSocket("c1"))

    assert stage.answers == {waiter: SocketEnded(1001, "Going away")}


def test_a_closed_connection_is_ended_no_more() -> None:
    stage = Stage()
    opened(stage)

    stage.submit(CloseSocket("c1", 1000, "done"))
    stage.submit(TouchSocket("c1"))
    stage.advance("3h")

    assert stage.answers == {}
    assert [fact.reason for fact in stage.of(SocketClosed)] == ["done"]
    assert stage.world.sockets.of("chat") == []


@pytest.mark.parametrize(
    ("expression", "body", "key"),
    [
        ("$request.body.action", '{"action": "send"}', "send"),
        ("$request.body.a.b", '{"a": {"b": 7}}', "7"),
        ("$request.body.a", '{"a": {"b": 7}}', '{"b":7}'),
        ("$request.body.none", "{}", ""),
        ("$request.body.a", "[1]", ""),
        ("$request.body.a", "plain", None),
        ("${request.body.a}/${request.body.b}", '{"a": "x", "b": true}', "x/true"),
    ],
)
def test_what_selects_a_route(expression: str, body: str, key: str | None) -> None:
    assert selected_key(expression, body) == key


def test_without_a_default_route_nothing_takes_what_names_none() -> None:
    stage = SocketStage("dev", {"send": SocketRoute("send"), "$connect": SocketRoute("$connect")})

    found = [route_of(stage, "$request.body.action", f'{{"action": "{name}"}}') for name in ("send", "$connect", "x")]

    assert [route.key if route else None for route in found] == ["send", None, None]
