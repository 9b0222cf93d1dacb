"""The plain path and the general path of SQS's JSON protocol: one corpus, byte for byte the same."""

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import botocore.session
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.commands import BatchAnswer, Origin, Received, ReceiveMessage, Sent
from app.core.errors import InvalidParameterValue
from app.core.names import Scope
from app.core.sqs.message import Content, Delivery, MessageAttribute
from app.core.world import World
from app.wire import protocol
from app.wire.calls import Call, Caller
from app.wire.events.shapes import Shapes
from app.wire.http import HttpRequest
from app.wire.refusals import SerializationFailed, UnknownOperation
from app.wire.sqs import general
from app.wire.sqs.operations import SQS
from app.wire.sqs.plain import plain_call, plain_params, render_json

URL = "http://localhost:4566/000000000000/orders"
CALLER = Caller(Scope(), Origin(), "http://localhost:4566")
TEXT = {"DataType": "String", "StringValue": "grüße \U0001f41f"}

_SENT = Sent("m-1", "md5", "md5a", "md5s")
_CONTENT = Content(
    "m-1",
    'body "quoted" <ä> / \t \u2028 \U0001f41f',
    "md5",
    1,
    "AIDA",
    {"a": MessageAttribute("String", "é"), "b": MessageAttribute("Binary", b"\x00\xff\x10")},
    trace_header="Root=1",
)
_DELIVERY = Delivery(_CONTENT, "handle", 3, 4, source="arn:aws:sqs:us-east-1:000000000000:first")
_FAILED = (("z", InvalidParameterValue("é is not good")),)

CORPUS: dict[str, tuple[str, dict[str, Any], Any]] = {
    "send": ("SendMessage", {"QueueUrl": URL, "MessageBody": "hi"}, Sent("m-1", "md5")),
    "send everything": (
        "SendMessage",
        {
            "QueueUrl": URL,
            "MessageBody": "grüße\n",
            "DelaySeconds": 3,
            "MessageAttributes": {"a": TEXT, "n": {"DataType": "Number", "StringValue": "1"}},
            "MessageSystemAttributes": {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1"}},
            "MessageGroupId": "g",
            "MessageDeduplicationId": "d",
        },
        Sent("m-1", "md5", "md5a", "md5s", "00000000000000000001"),
    ),
    "send batch": (
        "SendMessageBatch",
        {
            "QueueUrl": URL,
            "Entries": [
                {"Id": "a", "MessageBody": "x"},
                {"Id": "b", "MessageBody": "y", "DelaySeconds": 1, "MessageAttributes": {"a": TEXT}},
            ],
        },
        BatchAnswer((("a", Sent("m-1", "md5")), ("b", _SENT)), _FAILED),
    ),
    "empty batch": ("SendMessageBatch", {"QueueUrl": URL, "Entries": []}, BatchAnswer()),
    "receive nothing": ("ReceiveMessage", {"QueueUrl": URL}, Received()),
    "receive": (
        "ReceiveMessage",
        {"QueueUrl": URL, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0, "WaitTimeSeconds": 20},
        Received((_DELIVERY, _DELIVERY)),
    ),
    "receive with all attributes": (
        "ReceiveMessage",
        {
            "QueueUrl": URL,
            "AttributeNames": ["SenderId"],
            "MessageSystemAttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
            "ReceiveRequestAttemptId": "r",
        },
        Received((_DELIVERY,)),
    ),
    "delete": ("DeleteMessage", {"QueueUrl": URL, "ReceiptHandle": "h"}, None),
    "delete batch": (
        "DeleteMessageBatch",
        {"QueueUrl": URL, "Entries": [{"Id": "a", "ReceiptHandle": "h"}]},
        BatchAnswer((("a", None),), _FAILED),
    ),
    "change visibility": (
        "ChangeMessageVisibility",
        {"QueueUrl": URL, "ReceiptHandle": "h", "VisibilityTimeout": 0},
        None,
    ),
    "change visibility batch": (
        "ChangeMessageVisibilityBatch",
        {"QueueUrl": URL, "Entries": [{"Id": "a", "ReceiptHandle": "h", "VisibilityTimeout": 7}]},
        BatchAnswer((("a", None),)),
    ),
    "create queue": (
        "CreateQueue",
        {"QueueName": "orders", "Attributes": {"DelaySeconds": "5"}, "tags": {"team": "blue"}},
        "arn:aws:sqs:us-east-1:000000000000:orders",
    ),
    "set attributes": ("SetQueueAttributes", {"QueueUrl": URL, "Attributes": {"DelaySeconds": "5"}}, None),
    "tag": ("TagQueue", {"QueueUrl": URL, "Tags": {"team": "blue"}}, None),
    "untag": ("UntagQueue", {"QueueUrl": URL, "TagKeys": ["team", "cost"]}, None),
    "purge": ("PurgeQueue", {"QueueUrl": URL}, None),
    "delete queue": ("DeleteQueue", {"QueueUrl": URL}, None),
}


class _NoEngine:
    """Orders read nothing but who may give them."""

    world: Any = World(shapes=Shapes())
    clock: Any = None


def _request(operation: str, body: bytes) -> HttpRequest:
    headers = {
        "host": "localhost:4566",
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": f"AmazonSQS.{operation}",
    }
    return HttpRequest("POST", "/", "", headers, body)


def _call(operation: str, params: Any) -> Call:
    asked = SQS.ask(operation, params, CALLER, _NoEngine())
    assert isinstance(asked, Call)
    return asked


@pytest.mark.parametrize("name", CORPUS)
def test_both_paths_make_the_same_command_and_the_same_bytes(name: str) -> None:
    operation, params, answer = CORPUS[name]
    body = orjson.dumps(params)
    plain = plain_params(operation, body)
    parsed = general.parse(_request(operation, body))

    assert plain is not None
    assert parsed.operation == operation
    plain_call, general_call = _call(operation, plain), _call(operation, parsed.params)
    assert plain_call.command == general_call.command
    assert render_json(plain_call.render(answer)) == protocol.render(parsed, general_call.render(answer), "r-1")


@pytest.mark.parametrize(
    ("operation", "result"),
    [
        ("GetQueueUrl", {"QueueUrl": URL}),
        ("GetQueueAttributes", {"Attributes": {"DelaySeconds": "0", "QueueArn": "arn"}}),
        ("ListQueues", {}),
        ("ListQueues", {"QueueUrls": [URL], "NextToken": "abc="}),
        ("ListDeadLetterSourceQueues", {"queueUrls": []}),
        ("ListDeadLetterSourceQueues", {"queueUrls": [URL], "NextToken": "abc="}),
        ("ListQueueTags", {"Tags": {"é": "ü"}}),
    ],
)
def test_both_paths_write_what_was_read_alike(operation: str, result: dict[str, Any]) -> None:
    parsed = protocol.Parsed("sqs", "json", operation, {})

    assert render_json(result) == protocol.render(parsed, result, "r-1")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"QueueUrl": 7, "MessageBody": "x"}',
        b'{"QueueUrl": "u", "MessageBody": null}',
        b'{"QueueUrl": "u", "MessageBody": "x", "DelaySeconds": true}',
        b'{"QueueUrl": "u", "MessageBody": "x", "DelaySeconds": 1.5}',
        b'{"QueueUrl": "u", "MessageBody": "x", "Surprise": 1}',
        b'{"QueueUrl": "u", "MessageAttributes": {"a": {"DataType": "Binary", "BinaryValue": "AA=="}}}',
        b'{"QueueUrl": "u", "MessageBody": "\\ud800"}',
        b'{"QueueUrl": "u", "MessageBody": "x", "DelaySeconds": 5.0}',
        b'{"QueueUrl": "u", "MessageBody": "x", "DelaySeconds": 123456789012345678901234567890}',
        b'{"QueueUrl": "u", "MessageBody": "\xff"}',
        b'{"QueueUrl": "u", "MessageBody": "\x01"}',
        b'\xef\xbb\xbf{"QueueUrl": "u", "MessageBody": "x"}',
        b'{"QueueUrl": "u", "MessageBody": "x"} more',
        b'{"QueueUrl": "u", "MessageBody": "x", "MessageAttributes": {"a": {"DataType": "S", "StringListValues": []}}}',
    ],
)
def test_whatever_is_unusual_is_left_to_the_general_path(body: bytes) -> None:
    assert plain_params("SendMessage", body) is None


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Id", "DataType", "a"]), inner),
    max_leaves=6,
)
_ENTRY = st.fixed_dictionaries(
    {"Id": _VALUES | st.just("a"), "MessageBody": _VALUES | st.just("x")},
    optional={
        "DelaySeconds": _VALUES,
        "MessageAttributes": st.dictionaries(
            st.text(max_size=2), st.dictionaries(st.sampled_from(["DataType", "StringValue", "BinaryValue"]), _VALUES)
        ),
    },
)


@given(
    st.sampled_from(["SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch", "ReceiveMessage"]),
    st.fixed_dictionaries(
        {"QueueUrl": _VALUES | st.just(URL)},
        optional={"Entries": _VALUES | st.lists(_ENTRY, max_size=3), "MaxNumberOfMessages": _VALUES, "More": _VALUES},
    ),
)
def test_what_the_plain_path_reads_is_what_the_general_path_reads(operation: str, params: dict[str, Any]) -> None:
    body = json.dumps(params).encode()
    plain = plain_params(operation, body)

    if plain is not None:
        assert plain == general.parse(_request(operation, body)).params


def test_of_a_member_that_is_there_twice_both_paths_take_the_same() -> None:
    body = b'{"QueueUrl": "u", "MessageBody": "x", "MessageBody": "y"}'

    assert plain_params("SendMessage", body) == general.parse(_request("SendMessage", body)).params


def test_a_receive_that_is_asked_for_again_is_the_same_command_for_each_caller() -> None:
    body = b'{"QueueUrl": "orders", "MaxNumberOfMessages": 2}'
    elsewhere = Caller(Scope(region="eu-west-1"), Origin(), "http://localhost:4566")

    calls = [plain_call("ReceiveMessage", body, caller, _NoEngine()) for caller in (CALLER, elsewhere, CALLER)]

    assert [call.command for call in calls if isinstance(call, Call)] == [
        ReceiveMessage(f"arn:aws:sqs:{region}:000000000000:orders", 2)
        for region in ("us-east-1", "eu-west-1", "us-east-1")
    ]


def test_every_operation_that_aws_has_is_there() -> None:
    model = botocore.session.get_session().get_service_model("sqs")

    assert {*SQS.orders, *SQS.readings} == set(model.operation_names)


def test_an_operation_without_a_plain_form_is_left_to_the_general_path() -> None:
    assert plain_params("AddPermission", b"{}") is None


def test_the_general_path_reads_binary_attributes_as_bytes() -> None:
    body = b'{"QueueUrl":"u","MessageBody":"x","MessageAttributes":{"a":{"DataType":"Binary","BinaryValue":"AP8="}}}'

    parsed = general.parse(_request("SendMessage", body))

    assert parsed.params["MessageAttributes"] == {"a": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}


def test_nulls_and_unknown_members_are_ignored() -> None:
    parsed = general.parse(_request("SendMessage", b'{"QueueUrl":"u","MessageBody":"x","DelaySeconds":null,"More":{}}'))

    assert parsed.params == {"QueueUrl": "u", "MessageBody": "x"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"QueueUrl": 7}', "NUMBER_VALUE can not be converted to a String"),
        (b'{"DelaySeconds": "7"}', "STRING_VALUE can not be converted to an Integer"),
        (b'{"DelaySeconds": true}', "TRUE_VALUE can not be converted to an Integer"),
        (b'{"DelaySeconds": 1.5}', "DECIMAL_VALUE can not be converted to an Integer"),
        (b'{"QueueUrl": ["u"]}', "Start of list found where not expected"),
        (b'{"QueueUrl": {"u": 1}}', "Start of structure or map found where not expected."),
        (b'{"MessageAttributes": ["u"]}', "Start of list found where not expected"),
        (b'{"MessageAttributes": {"a": {"DataType": 1}}}', "NUMBER_VALUE can not be converted to a String"),
        (b'{"MessageAttributes": {"a": {"BinaryListValues": [null]}}}', "null can not be converted to a Blob"),
    ],
)
def test_a_value_of_the_wrong_kind_is_a_serialization_failure(body: bytes, message: str) -> None:
    with pytest.raises(SerializationFailed) as refused:
        general.parse(_request("SendMessage", body))

    assert refused.value.message == message


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b'"text"', b'{"MessageBody":"\\ud800"}'])
def test_a_body_that_is_no_json_object_is_a_serialization_failure(body: bytes) -> None:
    with pytest.raises(SerializationFailed):
        general.parse(_request("SendMessage", body))


@pytest.mark.parametrize("host", ["a:b:c", "[", "localhost:x", "", "a b"])
def test_a_host_that_is_none_is_no_matter(host: str) -> None:
    request = _request("SendMessage", b'{"QueueUrl":"u","MessageBody":"x"}')
    request = replace(request, headers={**request.headers, "host": host})

    assert general.parse(request).params == {"QueueUrl": "u", "MessageBody": "x"}


def test_bad_base64_is_a_serialization_failure() -> None:
    with pytest.raises(SerializationFailed):
        general.parse(_request("SendMessage", b'{"MessageAttributes":{"a":{"BinaryValue":"A"}}}'))


def test_an_operation_that_sqs_does_not_have_is_unknown() -> None:
    with pytest.raises(UnknownOperation, match="The action DoNothing is not valid for this endpoint"):
        general.parse(_request("DoNothing", b"{}"))


def test_the_target_alone_makes_it_json() -> None:
    request = HttpRequest(
        "POST", "/", "", {"x-amz-target": "AmazonSQS.ListQueues", "content-type": "text/plain"}, b"{}"
    )

    assert general.parse(request).protocol == "json"


def test_the_plain_path_never_loads_moto_or_botocore() -> None:
    script = (
        "import sys, app.web.aws\n"
        "from app.wire.sqs.plain import plain_params, render_json\n"
        'assert plain_params(\'SendMessage\', b\'{"QueueUrl":"u","MessageBody":"x"}\')\n'
        "assert render_json({'MessageId': 'm'}).status == 200\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'moto', 'botocore', 'boto3'}))\n"
    )

    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)

    assert ran.stdout.strip() == "[]"
