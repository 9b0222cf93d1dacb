"""Load balancers over loopback: rules, both header modes, and what they say by themselves."""

import json
from typing import Any

import pytest

from tests.serving import Answer, Serving


def ask(fronts: Serving, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    return fronts.ask(method, f"/_triggerfish/gateway/front{path}", body, headers=headers)


def told(answer: Answer) -> Any:
    assert answer.status == 200, answer.content
    return answer.json


def test_a_balancer_answers_by_host_too(fronts: Serving) -> None:
    answer = fronts.ask("GET", "/api/x", headers={"Host": "front.us-east-1.elb.localhost:4566"})

    assert told(answer)["path"] == "/api/x"


def test_the_event_has_single_values_and_leaves_the_query_as_it_is(fronts: Serving) -> None:
    event = told(ask(fronts, "GET", "/api/x?a=1&a=%2F&b=x+y", **{"X-A": "1"}))

    assert event["queryStringParameters"] == {"a": "%2F", "b": "x+y"}
    assert (event["body"], event["isBase64Encoded"]) == ("", False)
    assert event["headers"]["x-a"] == "1"
    assert {"x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"} <= set(event["headers"])
    assert set(event) == {
        "requestContext", "httpMethod", "path", "queryStringParameters", "headers", "body", "isBase64Encoded",
    }  # fmt: skip
    assert event["requestContext"]["elb"]["targetGroupArn"].startswith("arn:aws:elasticloadbalancing:us-east-1:")


def test_without_a_query_its_member_is_empty_and_there(fronts: Serving) -> None:
    assert told(ask(fronts, "GET", "/api/x"))["queryStringParameters"] == {}


def test_with_multi_value_headers_the_members_have_other_names(fronts: Serving) -> None:
    event = told(ask(fronts, "GET", "/multi/x?a=1&a=2"))

    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"]}
    assert event["multiValueHeaders"]["x-forwarded-proto"] == ["http"]
    assert not {"headers", "queryStringParameters"} & set(event)


@pytest.mark.parametrize(
    ("content_type", "body", "text", "is_base64"),
    [
        ("text/csv", b"a,b", "a,b", False),
        ("application/json", b"{}", "{}", False),
        ("application/vnd.api+json", b"{}", "e30=", True),
        ("application/x-www-form-urlencoded", b"a=1", "YT0x", True),
    ],
)
def test_a_body_is_text_for_four_kinds(
    fronts: Serving, content_type: str, body: bytes, text: str, is_base64: bool
) -> None:
    event = told(ask(fronts, "POST", "/api/x", body, **{"Content-Type": content_type}))

    assert (event["body"], event["isBase64Encoded"]) == (text, is_base64)


def say(fronts: Serving, result: Any, path: str = "/say") -> Answer:
    return ask(fronts, "POST", path, json.dumps(result).encode(), **{"Content-Type": "application/json"})


def test_a_result_is_an_answer(fronts: Serving) -> None:
    answer = say(fronts, {"statusCode": 201, "statusDescription": "201 Created", "headers": {"x-a": "1"}, "body": "x"})

    assert (answer.status, answer.headers["x-a"], answer.content) == (201, "1", b"x")


@pytest.mark.parametrize(
    "result",
    ["raise", "exit", "text", {}, {"body": "x"}, {"statusCode": "200"}, {"statusCode": 700},
     {"statusCode": 200, "body": 7}, {"statusCode": 200, "headers": {"a": "b\r\nc: d"}}],
    ids=range(9),
)  # fmt: skip
def test_what_is_no_answer_is_a_bad_gateway(fronts: Serving, result: Any) -> None:
    answer = say(fronts, result)

    assert answer.status == 502
    assert answer.content.startswith(b"<html>\r\n<head><title>502 Bad Gateway</title></head>")


def test_headers_of_the_other_mode_are_not_looked_at(fronts: Serving) -> None:
    result = {"statusCode": 200, "headers": {"x-a": "1"}, "multiValueHeaders": {"x-b": ["1", "2"]}, "body": ""}

    assert "x-b" not in say(fronts, result).headers
    assert "x-a" not in say(fronts, result, "/say-multi").headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("GET", "/say", 404), ("TRACE", "/api/x", 405), ("GET", "/fixed", 503)],
)
def test_what_it_says_by_itself(fronts: Serving, method: str, path: str, status: int) -> None:
    assert ask(fronts, method, path).status == status


def test_a_body_of_more_than_a_megabyte_is_too_large(fronts: Serving) -> None:
    assert ask(fronts, "POST", "/api/x", b"x" * 1_048_577).status == 413


def test_a_rule_may_ask_for_a_host(fronts: Serving) -> None:
    answer = ask(fronts, "GET", "/other", Host="a.example")

    assert told(answer)["headers"]["host"] == "a.example"


def test_the_journal_says_which_rules_there_are(fronts: Serving) -> None:
    ask(fronts, "GET", "/nowhere")

    texts = [entry["text"] for entry in fronts.get("journal?kinds=RequestUnrouted&limit=1000")]
    assert any("no rule takes GET /nowhere" in text and "path /api/*" in text for text in texts)
