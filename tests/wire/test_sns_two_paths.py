"""The plain path and the general path of Publish: the same parameters in, the same bytes out."""

import subprocess
import sys
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.wire import protocol
from app.wire.http import HttpRequest
from app.wire.protocol import Parsed
from app.wire.sns.plain import plain_publish, render_publish

NEWS = "arn:aws:sns:us-east-1:000000000000:news"
VERSION = {"Version": "2010-03-31"}
ATTRIBUTE = "MessageAttributes.entry"
ENTRY = "PublishBatchRequestEntries.member"


def general(form: bytes) -> Parsed:
    headers = {
        "host": "localhost:4566",
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        "content-length": str(len(form)),
    }
    return protocol.parse("sns", HttpRequest("POST", "/", "", headers, form))


def text(number: int, name: str, value: str, prefix: str = "") -> dict[str, str]:
    entry = f"{prefix}{ATTRIBUTE}.{number}"
    return {f"{entry}.Name": name, f"{entry}.Value.DataType": "String", f"{entry}.Value.StringValue": value}


def many_attributes() -> dict[str, str]:
    return {name: value for number in range(1, 13) for name, value in text(number, f"a{number}", "x").items()}


PLAIN: dict[str, dict[str, str]] = {
    "message": {"Action": "Publish", "TopicArn": NEWS, "Message": " grüße & <b> \u2028 😀+%\n"},
    "everything": {
        "Action": "Publish", "TargetArn": NEWS, "Message": "{}", "Subject": "", "MessageStructure": "json",
        "MessageGroupId": "g", "MessageDeduplicationId": "d", **text(1, "a.b", "é"), **text(2, "n", ""),
    },
    "telephone": {"Action": "Publish", "PhoneNumber": "+491701234567", "Message": "x"},
    "more than nine attributes": {"Action": "Publish", "TopicArn": NEWS, "Message": "x", **many_attributes()},
    "nothing": {"Action": "Publish"},
    "batch": {
        "Action": "PublishBatch", "TopicArn": NEWS, f"{ENTRY}.1.Id": "a", f"{ENTRY}.1.Message": "x",
        f"{ENTRY}.2.Id": "b", f"{ENTRY}.2.Message": "y", f"{ENTRY}.2.MessageGroupId": "g",
        **text(1, "a", "b", f"{ENTRY}.2."),
    },
    "batch without entries": {"Action": "PublishBatch", "TopicArn": NEWS},
}  # fmt: skip


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_form_is_read_as_the_general_path_reads_it(name: str) -> None:
    form = urlencode({**VERSION, **PLAIN[name]}).encode()
    parsed = general(form)

    assert plain_publish(form) == (parsed.operation, parsed.params)


@pytest.mark.parametrize(
    "form",
    [
        {"Action": "Subscribe", "TopicArn": NEWS},
        {"Action": "Publish", "Unknown": "x"},
        {"Action": "Publish", "Message.1": "x"},
        {"Action": "Publish", "Message": "x", "Message.1": "x"},
        {"Action": "Publish", "MessageAttributes": ""},
        {"Action": "Publish", f"{ATTRIBUTE}.1.Name": "a"},
        {"Action": "Publish", f"{ATTRIBUTE}.1.Name": "a", f"{ATTRIBUTE}.1.Value.BinaryValue": "AA=="},
        {"Action": "Publish", **text(2, "a", "b")},
        {"Action": "Publish", **text(1, "a", "b"), f"{ATTRIBUTE}.01.Name": "c"},
        {"Action": "PublishBatch", f"{ENTRY}": "x"},
        {"Action": "PublishBatch", f"{ENTRY}.1": "x"},
        {"Action": "PublishBatch", f"{ENTRY}.1.Id": "x", f"{ENTRY}.3.Id": "y"},
    ],
)
def test_the_unusual_is_left_to_the_general_path(form: dict[str, str]) -> None:
    assert plain_publish(urlencode(form).encode()) is None


@pytest.mark.parametrize("form", [b"Action=Publish&Message=a&Message=b", b"Action=Publish&Message=\xff", b"", b"&&=&"])
def test_what_no_sdk_writes_is_left_to_the_general_path(form: bytes) -> None:
    assert plain_publish(form) is None


WORDS = st.sampled_from(
    ["Message", "TopicArn", "Subject", "MessageAttributes", "entry", "member", "1", "2", "Name", "Value", "DataType",
     "StringValue", "BinaryValue", "PublishBatchRequestEntries", "Id", "", "key"]
)  # fmt: skip
LIKELY = st.sampled_from(
    [*text(1, "", ""), *text(2, "", ""), f"{ENTRY}.1.Id", f"{ENTRY}.2.Id", f"{ENTRY}.1.Message",
     f"{ENTRY}.1.{ATTRIBUTE}.1.Name", f"{ENTRY}.1.{ATTRIBUTE}.1.Value.StringValue"]
)  # fmt: skip
FORM_NAMES = st.one_of(LIKELY, st.lists(WORDS, min_size=1, max_size=6).map(".".join))
PAIRS = st.lists(st.tuples(FORM_NAMES, st.text(max_size=4)), max_size=8)


@given(st.sampled_from(["Publish", "PublishBatch"]), PAIRS)
def test_any_form_that_is_taken_as_plain_is_read_alike(operation: str, pairs: list[tuple[str, str]]) -> None:
    form = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in [("Action", operation), *pairs])
    plain = plain_publish(form.encode())
    if plain is None:
        return

    parsed = general(form.encode())

    assert plain == (parsed.operation, parsed.params)


RESULTS: list[tuple[str, dict[str, Any]]] = [
    ("Publish", {"MessageId": "m-1"}),
    ("Publish", {"MessageId": "m-1", "SequenceNumber": "10000000000000000000"}),
    ("PublishBatch", {"Successful": [{"Id": "a", "MessageId": "m-1"}], "Failed": []}),
    (
        "PublishBatch",
        {
            "Successful": [{"Id": "a", "MessageId": "m-1", "SequenceNumber": "1"}, {"Id": "b_-", "MessageId": "m-2"}],
            "Failed": [],
        },
    ),
]


@pytest.mark.parametrize(("operation", "result"), RESULTS)
def test_results_are_written_alike(operation: str, result: dict[str, Any]) -> None:
    assert render_publish(operation, result, "r-1") == protocol.render(
        Parsed("sns", "query", operation, {}), result, "r-1"
    )


def test_the_plain_path_loads_neither_moto_nor_botocore() -> None:
    code = (
        "import sys, app.wire.sns.plain as plain; plain.plain_publish(b'Action=Publish&Message=x');"
        "sys.exit(any(name.split('.')[0] in ('moto', 'botocore') for name in sys.modules))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
