"""Parameter mapping: what a request is changed by on its way to an integration, and its answer on the way back."""

import pytest

from app.core.gateway.parameters import (
    BadExpression,
    Sources,
    changed_answer,
    changed_request,
    evaluate,
    mapped_parameters,
    url_of,
)
from app.core.gateway.request import GatewayAnswer, GatewayRequest

REQUEST = GatewayRequest(
    "POST", "/pets/7", "a=1&a=2&b=x%20y", (("X-A", "one"), ("x-a", "two")), b'{"id": 7, "tags": ["x", {"n": true}]}'
)
CONTEXT = {
    "stage": "dev",
    "authorizer": {"tenant": "t1", "claims": {"sub": "me"}, "a.b": 7},
    "identity": {"sourceIp": "::1"},
}
SOURCES = Sources(CONTEXT, {"env": "test"}, REQUEST, {"id": "7"})
ANSWER = GatewayAnswer(200, (("x-a", "1"), ("Set-Cookie", "a=b"), ("x-a", "2")), b'{"code": "no", "n": {"m": [1, 2]}}')


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("plain", "plain"),
        ("", ""),
        ("$request.header.x-a", "one,two"),
        ("$request.header.X-A", "one,two"),
        ("$request.header.none", None),
        ("$request.querystring.a", "1,2"),
        ("$request.querystring.b", "x y"),
        ("$request.querystring.A", None),
        ("$request.path.id", "7"),
        ("$request.path", "/pets/7"),
        ("$request.body", REQUEST.body.decode()),
        ("$request.body.id", "7"),
        ("$request.body.tags[1].n", "true"),
        ("$request.body.tags[5]", None),
        ("$context.stage", "dev"),
        ("$context.none", None),
        ("$context.identity.sourceIp", "::1"),
        ("$context.authorizer.tenant", "t1"),
        ("$context.authorizer.claims.sub", "me"),
        ("$context.authorizer.a.b", "7"),
        ("$context.authorizer.claims", '{"sub":"me"}'),
        ("$stageVariables.env", "test"),
        ("${request.path.id}/of/${stageVariables.env}", "7/of/test"),
        ("${request.path.id} ${request.header.none}!", "7 !"),
    ],
)
def test_an_expression_selects(expression: str, text: str | None) -> None:
    assert evaluate(expression, SOURCES) == text


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("$response.header.x-a", "1,2"),
        ("$response.header.none", None),
        ("$response.body", ANSWER.body.decode()),
        ("$response.body.code", "no"),
        ("$response.body.n.m[1]", "2"),
        ("$context.stage", "dev"),
        ("$stageVariables.env", "test"),
    ],
)
def test_an_expression_selects_of_an_answer(expression: str, text: str | None) -> None:
    assert evaluate(expression, Sources(CONTEXT, {"env": "test"}, answer=ANSWER)) == text


@pytest.mark.parametrize(
    "expression", ["$request.cookie.a", "$foo.bar", "$request.what", "$response.body", "${request.method}"]
)
def test_what_selects_nothing_that_there_is_is_told(expression: str) -> None:
    with pytest.raises(BadExpression):
        evaluate(expression, SOURCES)


def test_a_path_is_looked_for_in_the_first_100_kb_of_a_body() -> None:
    large = GatewayRequest("POST", "/", "", (), b'{"id": 7, "rest": "' + b"x" * 102_400 + b'"}')

    assert evaluate("$request.body.id", Sources(request=large)) is None
    assert evaluate("$request.body", Sources(request=large)) == large.body.decode()


def test_headers_query_and_path_are_changed() -> None:
    given = {
        "append:header.x-a": "three",
        "append:header.x-c": "new",
        "overwrite:header.x-b": "$request.path.id",
        "remove:header.gone": "''",
        "overwrite:querystring.a": "9",
        "append:querystring.b": "z",
        "overwrite:path": "/other",
        "MessageBody": "$request.body.id",
    }
    mapped = mapped_parameters(given, SOURCES)
    changed = changed_request(REQUEST, mapped)

    assert mapped.headers((("X-A", "one"), ("Gone", "1"), ("k", "v"))) == (
        ("X-A", "one,three"), ("k", "v"), ("x-c", "new"), ("x-b", "7"),
    )  # fmt: skip
    assert mapped.plain == {"MessageBody": "7"}
    assert url_of("http://h/pets?z=1", REQUEST, {}, mapped) == "http://h/other?z=1&b=x%20y&a=9&b=z"
    assert (changed.path, changed.query, changed.body) == ("/other", "b=x%20y&a=9&b=z", REQUEST.body)


def test_what_an_expression_does_not_find_changes_nothing() -> None:
    mapped = mapped_parameters(
        {"overwrite:header.x-a": "$request.header.none", "overwrite:path": "$context.none"}, SOURCES
    )

    assert changed_request(REQUEST, mapped) == REQUEST


def test_a_value_of_several_lines_stays_one_header() -> None:
    mapped = mapped_parameters({"overwrite:header.x-b": "$request.body.t"}, Sources(
        request=GatewayRequest("POST", "/", "", (), b'{"t": "1\\r\\nset-cookie: a=b"}')))  # fmt: skip

    assert mapped.headers(()) == (("x-b", "1  set-cookie: a=b"),)


def test_a_uri_is_filled_in_and_keeps_to_its_place() -> None:
    nothing = mapped_parameters({}, SOURCES)

    assert url_of("http://h/{proxy}", REQUEST, {"proxy": "a/b c?d#e"}, nothing).startswith(
        "http://h/a/b%20c%3Fd%23e?a=1"
    )
    with pytest.raises(BadExpression):
        url_of("http://h/{other}", REQUEST, {"proxy": "a"}, nothing)


def test_an_answer_is_changed_by_the_mapping_of_its_status_alone() -> None:
    by_status = {
        "200": {
            "overwrite:statuscode": "403",
            "append:header.x-a": "$response.body.code",
            "remove:header.set-cookie": "''",
        },
        "403": {"overwrite:statuscode": "500"},
    }
    changed = changed_answer(ANSWER, by_status, Sources(CONTEXT))
    other = GatewayAnswer(201, ANSWER.headers)

    assert (changed.status, changed.headers) == (403, (("x-a", "1"), ("x-a", "2,no")))
    assert changed_answer(other, by_status, Sources()) is other


@pytest.mark.parametrize("status", ["99", "1000", "abc", "", "200.5"])
def test_a_status_that_is_none_is_not_put_there(status: str) -> None:
    assert changed_answer(ANSWER, {"200": {"overwrite:statuscode": status}}, Sources()).status == 200
