"""Calls to the outside, really made: to users' URLs, and to AWS services behind our own URL."""

import json
from base64 import b64encode

import pytest

from app.adapters.outside import Outside
from app.core.delivery.outside_calls import AwsAnswered, AwsCall, AwsRefused, HttpAnswered, HttpCall, NoAnswer
from app.core.names import Scope
from tests.adapters.support import answering, fake_server
from tests.machine import free_port

NOWHERE = "http://127.0.0.1:{}"


async def test_an_http_call_arrives_as_it_was_asked_for() -> None:
    async with fake_server(answering(b"thanks", 202)) as server:
        outside = Outside(NOWHERE.format(free_port()), "secret")
        call = HttpCall("POST", server.url + "/hook?v=1", (("x-amz-sns-message-type", "Notification"),), b"hello")

        answer = await outside.make(call)
        await outside.close()

    path, headers, body = server.requests[0]
    assert isinstance(answer, HttpAnswered)
    assert (answer.status, answer.body) == (202, b"thanks")
    assert (path, headers["x-amz-sns-message-type"], body) == ("/hook?v=1", "Notification", b"hello")


async def test_a_user_and_a_password_in_the_url_are_sent_as_http_has_them() -> None:
    async with fake_server(answering(b"", 200)) as server:
        outside = Outside(NOWHERE.format(free_port()), "secret")

        await outside.make(HttpCall("POST", server.url.replace("://", "://us%40er:p%3Ass@") + "/a%20b"))
        await outside.close()

    path, headers, _ = server.requests[0]
    assert (path, headers["Authorization"]) == ("/a%20b", f"Basic {b64encode(b'us@er:p:ss').decode()}")


async def test_nobody_at_the_url_is_no_answer() -> None:
    outside = Outside(NOWHERE.format(free_port()), "secret")

    answer = await outside.make(HttpCall("GET", NOWHERE.format(free_port())))
    await outside.close()

    assert isinstance(answer, NoAnswer)
    assert answer.message.endswith(": Connection refused")


async def test_an_aws_call_is_signed_for_its_account_and_carries_the_chain() -> None:
    record = {"ShardId": "shardId-000000000000", "SequenceNumber": "1"}
    async with fake_server(answering(json.dumps(record).encode())) as server:
        outside = Outside(server.url, "secret")
        given = {"StreamName": "clicks", "PartitionKey": "a", "Data": b"{}"}
        call = AwsCall("kinesis", "PutRecord", given, Scope("111111111111", "eu-west-1"), "Root=1-a;Parent=b")

        answer = await outside.make(call)
        await outside.close()

    _, headers, _ = server.requests[0]
    assert answer == AwsAnswered(record)
    assert "Credential=111111111111/" in headers["Authorization"]
    assert "/eu-west-1/kinesis/" in headers["Authorization"]
    assert headers["X-Amzn-Trace-Id"] == "Root=1-a;Parent=b"


async def test_an_error_of_the_service_is_its_code_and_message() -> None:
    error = json.dumps({"__type": "ResourceNotFoundException", "message": "Stream clicks not found"}).encode()
    async with fake_server(answering(error, 400)) as server:
        outside = Outside(server.url, "secret")

        answer = await outside.make(AwsCall("kinesis", "DescribeStream", {"StreamName": "clicks"}))
        await outside.close()

    assert answer == AwsRefused("ResourceNotFoundException", "Stream clicks not found")


async def test_a_call_to_nobody_is_no_answer() -> None:
    outside = Outside(NOWHERE.format(free_port()), "secret")

    away = await outside.make(AwsCall("kinesis", "ListStreams"))
    await outside.close()

    assert isinstance(away, NoAnswer)


async def test_a_call_that_cannot_be_made_is_refused_for_good() -> None:
    outside = Outside(NOWHERE.format(free_port()), "secret")

    wrong = await outside.make(AwsCall("kinesis", "PutRecord", {"No": "such member"}))
    operation = await outside.make(AwsCall("kinesis", "FlyAway"))
    service = await outside.make(AwsCall("nothing", "ListStreams"))
    await outside.close()

    assert isinstance(wrong, AwsRefused)
    assert wrong.code == "ValidationException"
    assert operation == AwsRefused("UnknownOperationException", "kinesis has no operation FlyAway")
    assert service == AwsRefused("UnknownOperationException", "there is no service nothing")


async def test_members_may_be_written_as_scheduler_writes_them() -> None:
    async with fake_server(answering(b'{"executionArn": "e", "startDate": 1}')) as server:
        outside = Outside(server.url, "secret")
        given = {"StateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:m", "Input": "{}"}

        answer = await outside.make(AwsCall("stepfunctions", "StartExecution", given))
        await outside.close()

    assert isinstance(answer, AwsAnswered)
    assert json.loads(server.requests[0][2]) == {
        "stateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:m", "input": "{}",
    }  # fmt: skip


async def test_a_name_of_this_machine_is_found_where_its_system_does_not_know_it() -> None:
    async with fake_server(answering(b"here", 200)) as server:
        outside = Outside(NOWHERE.format(free_port()), "secret")

        answer = await outside.make(
            HttpCall("GET", server.url.replace("127.0.0.1", "a.lambda-url.us-east-1.localhost"))
        )
        await outside.close()

    assert isinstance(answer, HttpAnswered)
    assert answer.body == b"here"


@pytest.mark.parametrize(
    ("url", "is_ours"),
    [
        ("/_triggerfish/gateway/hook/", True),
        ("http://localhost:4566/x", True),
        ("http://127.0.0.1:3000/x", True),
        ("http://hook.lambda-url.us-east-1.localhost:4566/", True),
        ("http://hook.lambda-url.us-east-1.localhost.localstack.cloud:4566/", True),
        ("http://localhost:4567/x", False),
        ("http://shop.example:4566/x", False),
        ("https://shop.example/x", False),
        ("http://localhost:no/", False),
    ],
)
def test_what_is_asked_of_the_service_itself_comes_back(url: str, is_ours: bool) -> None:
    outside = Outside("http://127.0.0.1:4566", "secret", ports=[3000])

    assert outside.comes_back(HttpCall("POST", url)) is is_ours
