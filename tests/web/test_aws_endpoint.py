"""Which service a request is for, what happens to bodies that are too large, and raw JSON answers."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest

from app.web.aws import AwsSettings
from tests.web.conftest import Served, serve

AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=00"


def _ask(
    served: Served, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection(served.url.removeprefix("http://"), timeout=10)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, {name.lower(): value for name, value in response.getheaders()}, content


def _sqs_json(served: Served, operation: str, body: bytes, **headers: str) -> tuple[int, dict[str, str], Any]:
    status, answered, content = _ask(
        served,
        "POST",
        "/",
        body,
        X_Amz_Target=f"AmazonSQS.{operation}",
        Content_Type="application/x-amz-json-1.0",
        **headers,
    )
    return status, answered, json.loads(content)


@pytest.fixture
def small() -> Iterator[Served]:
    yield from serve(AwsSettings(max_body_bytes=1_000, max_object_bytes=5_000))


def test_every_answer_has_a_request_id_of_its_own(served: Served) -> None:
    ids = {_sqs_json(served, "ListQueues", b"{}")[1]["x-amzn-requestid"] for _ in range(3)}

    assert len(ids) == 3
    assert {len(request_id) for request_id in ids} == {36}


def test_a_json_error_names_type_and_query_code(served: Served) -> None:
    body = b'{"QueueUrl":"http://localhost:4566/000000000000/nothing","MessageBody":"x"}'

    status, headers, error = _sqs_json(served, "SendMessage", body, x_amzn_query_mode="true")

    assert status == 400
    assert headers["content-type"] == "application/x-amz-json-1.0"
    assert headers["x-amzn-query-error"] == "AWS.SimpleQueueService.NonExistentQueue;Sender"
    assert error == {
        "__type": "com.amazonaws.sqs#QueueDoesNotExist",
        "message": "The specified queue does not exist.",
    }


@pytest.mark.parametrize(("mode", "status"), [({}, 400), ({"x_amzn_query_mode": "true"}, 403)])
def test_only_query_mode_shows_the_query_statuses(served: Served, mode: dict[str, str], status: int) -> None:
    _sqs_json(served, "CreateQueue", b'{"QueueName":"orders"}')
    url = b'{"QueueUrl":"http://localhost:4566/000000000000/orders"}'
    _sqs_json(served, "PurgeQueue", url)

    answered, _, error = _sqs_json(served, "PurgeQueue", url, **mode)

    assert answered == status
    assert error["__type"] == "com.amazonaws.sqs#PurgeQueueInProgress"


@pytest.mark.parametrize(
    ("operation", "body", "kind"),
    [
        ("SendMessage", b"{", "SerializationException"),
        ("SendMessage", b'{"QueueUrl":7}', "SerializationException"),
        ("SendMessage", b"{}", "MissingRequiredParameterException"),
        ("DoNothing", b"{}", "UnknownOperationException"),
    ],
)
def test_a_request_that_cannot_be_read_is_the_frameworks_error(
    served: Served, operation: str, body: bytes, kind: str
) -> None:
    status, _, error = _sqs_json(served, operation, body)

    assert (status, error["__type"]) == (400, f"com.amazon.coral.service#{kind}")


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/photos/in/cat.jpg", {}),
        ("PUT", "/photos/in/cat.jpg", {"Authorization": AUTHORIZATION.format("s3")}),
        ("GET", "/", {}),
        ("GET", "/photos?list-type=2&Action=none&Version=1", {}),
        ("PUT", "/2015-03-31/functions/x", {"Authorization": AUTHORIZATION.format("s3")}),
        ("PUT", "/photos/f", {"Content-Type": "application/x-www-form-urlencoded"}),
        ("POST", "/photos/f?uploads", {"Content-Type": "application/x-www-form-urlencoded"}),
    ],
)
def test_what_is_for_no_other_service_is_for_s3(
    served: Served, method: str, path: str, headers: dict[str, str]
) -> None:
    body = b"12345" if method != "GET" else b""

    status, _, content = _ask(served, method, path, body, **headers)

    assert (status, content) == (200, b"<got>%d</got>" % len(body))


def test_a_lambda_path_needs_no_signature(served: Served) -> None:
    status, _, content = _ask(served, "GET", "/2015-03-31/event-source-mappings/")

    assert (status, json.loads(content)) == (200, {"EventSourceMappings": []})


@pytest.mark.parametrize("named", ["authorization", "target"])
def test_a_service_that_is_not_emulated_is_named(served: Served, named: str) -> None:
    headers = {"Content_Type": "application/x-amz-json-1.0", "X_Amz_Target": "DynamoDB_20120810.ListTables"}
    if named == "authorization":
        headers["Authorization"] = AUTHORIZATION.format("dynamodb")

    status, answered, content = _ask(served, "POST", "/", b"{}", **headers)

    assert status == 501
    assert "x-amzn-requestid" in answered
    assert json.loads(content) == {
        "__type": "NotImplementedException",
        "message": "Triggerfish does not emulate the AWS service 'dynamodb'.",
    }


def test_a_query_service_that_is_not_emulated_is_named_in_xml(served: Served) -> None:
    status, _, content = _ask(
        served,
        "POST",
        "/",
        b"Action=GetCallerIdentity&Version=2011-06-15",
        Content_Type="application/x-www-form-urlencoded",
        Authorization=AUTHORIZATION.format("sts"),
    )

    assert status == 501
    assert b"<Message>Triggerfish does not emulate the AWS service 'sts'." in content


def test_a_body_beyond_the_limit_is_refused_and_the_service_goes_on(small: Served) -> None:
    status, _, error = _sqs_json(small, "SendMessage", b'{"QueueUrl":"' + b"x" * 200_000 + b'"}')

    assert status == 413
    assert error["__type"] == "com.amazon.coral.service#RequestEntityTooLargeException"
    assert _sqs_json(small, "ListQueues", b"{}")[0] == 200


def test_an_object_beyond_the_limit_is_refused_as_s3_would(small: Served) -> None:
    status, _, content = _ask(small, "PUT", "/photos/big", b"x" * 5_001)

    assert status == 400
    assert b"<Code>EntityTooLarge</Code>" in content


def test_an_object_within_its_own_limit_may_be_larger_than_other_bodies(small: Served) -> None:
    assert _ask(small, "PUT", "/photos/fine", b"x" * 5_000)[2] == b"<got>5000</got>"


def test_a_chunked_object_beyond_the_limit_is_refused_too(small: Served) -> None:
    connection = HTTPConnection(small.url.removeprefix("http://"), timeout=10)
    connection.request("PUT", "/photos/big", iter([b"x" * 3_000, b"x" * 3_000]), encode_chunked=True)
    response = connection.getresponse()
    content = response.read()
    connection.close()

    assert response.status == 400
    assert b"<Code>EntityTooLarge</Code>" in content
