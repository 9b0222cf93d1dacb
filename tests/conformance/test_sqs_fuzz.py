"""Both protocols of SQS under requests made from botocore's own model, valid and broken: no 5xx and no hang.

`TRIGGERFISH_FUZZ` sets the number of requests (1,500) and `TRIGGERFISH_FUZZ_SEED` where they begin.
"""

import json
import os
import re
from collections.abc import Iterator
from http.client import HTTPConnection
from random import Random
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import botocore.session
import pytest

from app.core.limits import DEFAULT_LIMITS
from tests.conformance.clients import QUERY
from tests.conformance.conftest import Stage

REQUESTS = int(os.environ.get("TRIGGERFISH_FUZZ", "1500"))
SEED = int(os.environ.get("TRIGGERFISH_FUZZ_SEED", "1"))
PATIENCE_S = 5.0

MODEL = botocore.session.get_session().get_service_model("sqs")
JSON_TYPE = "application/x-amz-json-1.0"
FORM_TYPE = "application/x-www-form-urlencoded"
TEXTS = (
    *(
        "",
        " ",
        "x",
        "orders",
        "orders.fifo",
        "dead",
        "a b",
        "grüße",
        "\U0001f41f",
        "\x00",
        "\ud800",
        "\ufffe",
        "\r\n",
        "0",
        "-1",
    ),
    *(
        "true",
        "All",
        ".*",
        "{}",
        "[]",
        "null",
        "1e400",
        "9" * 400,
        "x" * 300,
        "x" * 70_000,
        "arn:aws:sqs",
        "arn:::::",
        "%",
        "]]>",
        "&",
    ),
    *(
        "[" * 20_000,
        '{"a":' * 5_000,
        "http://[",
        "http://[::1]:99999/x",
        "//",
        "/000000000000/orders",
        "?",
        "AQEB",
        "String.x",
    ),
    *('{"Statement":[1]}', '{"Statement":null}', '{"Statement":{"Sid":[]}}', '{"redrivePermission":["byQueue"]}'),
    '{"deadLetterTargetArn":[],"maxReceiveCount":1e999}',
    '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":"1"}',
    '{"redrivePermission":"byQueue","sourceQueueArns":[null,{}]}',
)
"""What breaks parsers, and what is nearly right."""

NUMBERS = (0, 1, 5, 10, 11, -1, 900, 43_200, 43_201, 2**31, 2**63, 2**64, -(2**63) - 1, 10**30)
WRONG: tuple[Any, ...] = (
    None,
    True,
    False,
    [],
    {},
    [[]],
    {"": ""},
    1.5,
    float("inf"),
    float("nan"),
    "x",
    77,
    [None],
    [{}],
    {"a": None},
)
KNOWN: dict[str, tuple[Any, ...]] = {
    "QueueUrl": ("orders", "orders.fifo", "dead", "http://127.0.0.1/000000000000/orders"),
    "QueueName": ("orders", "orders.fifo", "dead", "more", "more.fifo"),
    "SourceArn": ("arn:aws:sqs:us-east-1:000000000000:dead", "arn:aws:sqs:us-east-1:000000000000:orders"),
    "DestinationArn": ("arn:aws:sqs:us-east-1:000000000000:orders", "arn:aws:sqs:us-east-1:000000000000:dead"),
    "MessageGroupId": ("a", "b"),
    "MessageDeduplicationId": ("1", "2", "3"),
    "ReceiveRequestAttemptId": ("try", "again"),
    "DataType": ("String", "Number", "Binary", "String.x"),
    "Label": ("one", "two"),
    "AWSAccountIds": (["111122223333"],),
    "Actions": (["SendMessage"], ["*"]),
    # A long poll would be no hang, but wait.
    "WaitTimeSeconds": (0, 21, -1, 2**63),
}
ATTRIBUTES = (
    *("DelaySeconds", "MaximumMessageSize", "MessageRetentionPeriod", "VisibilityTimeout", "Policy", "RedrivePolicy"),
    *("RedriveAllowPolicy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled", "FifoQueue"),
    *("ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit", "All", "QueueArn", "Surprise"),
)


def test_no_request_is_answered_with_a_5xx_or_not_at_all(stage: Stage) -> None:
    stage.begin(DEFAULT_LIMITS)
    random = Random(SEED)
    for name in ("orders", "orders.fifo", "dead"):
        attributes = {"Attributes": {"FifoQueue": "true"}} if name.endswith(".fifo") else {}
        _exchange(stage.port, *_json("CreateQueue", {"QueueName": name, **attributes}))
    handles: list[str] = []
    understood: set[tuple[str, str]] = set()

    for number, (method, path, headers, body) in enumerate(_requests(random, handles)):
        where = f"request {number}: {method} {path[:100]!r} {headers} {body[:300]!r}"
        try:
            status, answer = _exchange(stage.port, method, path, headers, body)
        except TimeoutError:
            pytest.fail(f"no answer in {PATIENCE_S:g} s to {where}")
        assert status < 500, f"{status} {answer[:300]!r} to {where}"
        if not _UNREAD.search(answer) and (asked := _asked(headers, body)) is not None:
            understood.add(asked)
        handles += _handles_in(answer)
        del handles[:-20]

    status, answer = _exchange(stage.port, *_json("CreateQueue", {"QueueName": "after"}))
    assert (status, b"after" in answer) == (200, True)
    # What no parser ever took was never looked into.
    assert understood >= {(operation, kind) for operation in MODEL.operation_names for kind in ("json", "query")}


def _requests(random: Random, handles: list[str]) -> Iterator[tuple[str, str, dict[str, str], bytes]]:
    for operation in MODEL.operation_names * _OF_EACH:
        yield _json(operation, _input(operation, random, handles))
        yield _query(operation, random, handles)
    for _ in range(REQUESTS):
        operation = random.choice(MODEL.operation_names)
        kind = random.random()
        if kind < 0.45:
            method, _, headers, body = _json(operation, _input(operation, random, handles))
            yield method, _path(random), {**headers, **_more(random)}, body
        elif kind < 0.8:
            yield _query(operation, random, handles)
        else:
            yield _garbage(operation, random, handles)


_OF_EACH = 8
"""How often each operation is asked for in each protocol, besides those that are drawn."""


_UNREAD = re.compile(rb"SerializationException|UnknownOperation|InvalidAction|Malformed")
"""In an answer: the request was not understood as one of the operation."""


def _asked(headers: dict[str, str], body: bytes) -> tuple[str, str] | None:
    """The operation and the protocol of a request."""
    if "x-amz-target" in headers:
        return headers["x-amz-target"].partition(".")[2], "json"
    action = dict(_pairs(body.replace(b"\xff", b"?"))).get("Action")
    return None if action is None else (action, "query")


def _path(random: Random) -> str:
    if random.random() < 0.5:
        return "/"
    known = ("/000000000000/orders", "/queue/orders.fifo", "/%00/%ff", "//", "/?", "/?a=%", "/" + "x" * 4_000, "/..;/")
    return random.choice((*known, "/" + quote(random.choice(TEXTS)[:200], errors="replace")))


def _more(random: Random) -> dict[str, str]:
    """Headers that SDKs, proxies and nobody sends."""
    choices: tuple[dict[str, str], ...] = (
        {"x-amzn-query-mode": random.choice(("true", "false", "", "\xff"))},
        {"x-amzn-trace-id": random.choice(("Root=1-5759e988-bd862e3fe1be46a994272793", "Root=", "=;=;", "x" * 9_000))},
        {"host": random.choice(("sqs.eu-west-1.localhost.localstack.cloud", "queue.amazonaws.com", "[", "", "a:b:c"))},
        {"accept": random.choice(("application/xml", "*/*;q=x", ""))},
        {"accept-encoding": "gzip, br, x", "content-encoding": random.choice(("gzip", "identity", "x"))},
        {"x-amz-date": random.choice(("20261121T120000Z", "yesterday")), "x-amz-security-token": "t" * 2_000},
        {"x-forwarded-for": "::::", "x-forwarded-host": "[", "forwarded": "for=;"},
        {"content-md5": "x", "x-amz-content-sha256": "UNSIGNED-PAYLOAD", "amz-sdk-request": "attempt=x"},
        {"expect": "100-continue"},
        _signed(random),
    )
    return {name: value for each in random.sample(choices, random.choice((0, 1, 2, 3))) for name, value in each.items()}


def _input(operation: str, random: Random, handles: list[str]) -> Any:
    shape = MODEL.operation_model(operation).input_shape
    return _value(shape, "", random, handles, breakage=random.choice((0.0, 0.02, 0.2)))


def _value(shape: Any, name: str, random: Random, handles: list[str], *, breakage: float) -> Any:
    """A value of the shape, each part of it broken with the given probability."""
    if random.random() < breakage:
        return random.choice(WRONG)
    if name == "ReceiptHandle" and handles and random.random() < 0.8:
        return random.choice(handles)
    if name in KNOWN and (name == "WaitTimeSeconds" or random.random() < 0.9):
        return random.choice(KNOWN[name])
    match shape.type_name:
        case "structure":
            return {
                member: _value(of, member, random, handles, breakage=breakage)
                for member, of in shape.members.items()
                if random.random() < (0.95 if member in shape.required_members else 0.4)
            }
        case "list":
            count = random.choice((0, 1, 2, 3, 10, 11))
            return [_value(shape.member, "", random, handles, breakage=breakage) for _ in range(count)]
        case "map":
            keys = ATTRIBUTES if shape.name == "QueueAttributeMap" else TEXTS[:20]
            chosen = random.sample(keys, random.choice((0, 1, 1, 2)))
            return {key: _value(shape.value, "", random, handles, breakage=breakage) for key in chosen}
        case "integer" | "long":
            return random.choice(NUMBERS)
        case "boolean":
            return random.random() < 0.5
        case "blob":
            return random.choice(("AA==", "", "A", "grüße"))
        case _:
            return random.choice(TEXTS) if random.random() < 0.6 else f"id{random.randrange(20)}"


def _json(operation: str, params: Any) -> tuple[str, str, dict[str, str], bytes]:
    headers = {"x-amz-target": f"AmazonSQS.{operation}", "content-type": JSON_TYPE}
    return "POST", "/", headers, json.dumps(params).encode()


def _query(operation: str, random: Random, handles: list[str]) -> tuple[str, str, dict[str, str], bytes]:
    """A form of the operation's own names; broken by leaving out, renaming and adding."""
    params = _input(operation, random, handles)
    try:
        form = dict(_pairs(QUERY.request(operation, params)[1]))
    except (AttributeError, KeyError, TypeError, ValueError):
        # What is broken as a value has no form: a plain one then, with the values as texts.
        texts = {name: str(value) for name, value in params.items()} if isinstance(params, dict) else {}
        form = {"Action": operation, **texts}
    for _ in range(random.choice((0, 0, 1, 3))):
        name = random.choice(
            [*form, "Attribute.1.Name", "Attribute.999999999.Value", "Entries", "AttributeName.x", "."]
        )
        change = random.random()
        if change < 0.3:
            form.pop(name, None)
        else:
            form[name + random.choice(("", "", ".1", ".0", ".-1"))] = random.choice(TEXTS)
    body = urlencode(form, errors="surrogatepass")
    path = random.choice(("/", "/000000000000/orders", "/queue/orders", "/%00/%ff"))
    if random.random() < 0.1 and len(body) < 4_000:
        return "GET", f"{path}?{body}", _signed(random), b""
    return "POST", path, {"content-type": FORM_TYPE, **_signed(random)}, body.encode()


def _garbage(operation: str, random: Random, handles: list[str]) -> tuple[str, str, dict[str, str], bytes]:
    """Bodies that are no body, cut ones, and headers that do not fit them."""
    _, _, headers, whole = _json(operation, _input(operation, random, handles))
    body = random.choice(
        (
            random.randbytes(random.randrange(200)),
            whole[: random.randrange(len(whole) + 1)],
            b"[" * 50_000,
            b"\xff\xfe",
            b"null",
            b"0",
            b'"x"',
            whole,
        )
    )
    target = random.choice(
        (f"AmazonSQS.{operation}", "AmazonSQS.", "AmazonSQS.Nothing", "AmazonSQS.\xff", f"amazonsqs.{operation}")
    )
    headers = {"x-amz-target": target, "content-type": random.choice((JSON_TYPE, "", "text/xml", FORM_TYPE))}
    if random.random() < 0.4:
        headers = {"content-type": FORM_TYPE}
        body = random.choice((b"Action=", b"Action=" + operation.encode() + b"&", b"Action=%ff&Version=")) + body
    return (
        "POST",
        random.choice(("/", "/" + quote(random.choice(TEXTS)[:200], errors="replace"))),
        {**headers, **_signed(random)},
        body,
    )


def _signed(random: Random) -> dict[str, str]:
    """As an SDK signs for SQS, and with a credential that is none."""
    scope = random.choice(
        ("test/20261121/us-east-1/sqs", "111122223333/20261121/eu-west-1/sqs", "test/x/us:east/sqs", "//-/sqs")
    )
    return {"authorization": f"AWS4-HMAC-SHA256 Credential={scope}/aws4_request, Signature=0"}


def _pairs(form: bytes) -> Iterator[tuple[str, str]]:
    yield from parse_qsl(form.decode(), keep_blank_values=True)


def _exchange(port: int, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _handles_in(answer: bytes) -> list[str]:
    if not answer.startswith(b'{"Messages"'):
        return []
    return [message["ReceiptHandle"] for message in json.loads(answer)["Messages"]]
