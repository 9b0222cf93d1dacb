"""Parameter mapping: what a request is changed by on its way to an integration."""

import pytest

from app.core.gateway.parameters import BadExpression, evaluate, mapped_parameters, url_of
from app.core.gateway.request import GatewayRequest

REQUEST = GatewayRequest(
    "POST", "/pets/7", "a=1&a=2&b=x%20y", (("X-A", "one"), ("x-a", "two")), b'{"id": 7, "tags": ["x", {"n": true}]}'
)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("plain", "plain"),
        ("$request.header.x-a", "one,two"),
        ("$request.header.none", None),
        ("$request.querystring.a", "1,2"),
        ("$request.querystring.b", "x y"),
        ("$request.path.id", "7"),
        ("$request.path", "/pets/7"),
        ("$request.body", REQUEST.body.decode()),
        ("$request.body.id", "7"),
        ("$request.body.tags[1].n", "true"),
        ("$request.body.tags[5]", None),
        ("$context.stage", "dev"),
        ("$stageVariables.env", "test"),
        ("${request.path.id}/of/${stageVariables.env}", "7/of/test"),
    ],
)
def test_an_expression_selects(expression: str, text: str | None) -> None:
    assert evaluate(expression, REQUEST, {"stage": "dev"}, {"id": "7"}, {"env": "test"}) == text


@pytest.mark.parametrize("expression", ["$request.cookie.a", "$foo.bar", "$request.what"])
def test_what_selects_nothing_that_there_is_is_told(expression: str) -> None:
    with pytest.raises(BadExpression):
        evaluate(expression, REQUEST, {}, {}, {})


def test_headers_query_and_path_are_changed() -> None:
    given = {
        "append:header.x-a": "three",
        "overwrite:header.x-b": "$request.path.id",
        "remove:header.gone": "",
        "overwrite:querystring.a": "9",
        "overwrite:path": "/other",
        "MessageBody": "$request.body.id",
    }
    mapped = mapped_parameters(given, REQUEST, {}, {"id": "7"}, {})

    assert mapped.headers({"x-a": "one", "gone": "1"}) == {"x-a": "one,three", "x-b": "7"}
    assert mapped.plain == {"MessageBody": "7"}
    assert url_of("http://h/pets?z=1", REQUEST, {}, mapped) == "http://h/other?z=1&a=9&b=x%20y"


def test_a_uri_is_filled_in_and_keeps_to_its_place() -> None:
    nothing = mapped_parameters({}, REQUEST, {}, {}, {})

    assert url_of("http://h/{proxy}", REQUEST, {"proxy": "a/b c?d#e"}, nothing).startswith(
        "http://h/a/b%20c%3Fd%23e?a=1"
    )
    with pytest.raises(BadExpression):
        url_of("http://h/{other}", REQUEST, {"proxy": "a"}, nothing)
