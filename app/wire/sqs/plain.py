"""The JSON protocol of SQS for requests as SDKs write them: straight from orjson, without moto or botocore.

A request with anything unusual (a null, a number for a text, an unknown member, a binary attribute) is left to the
general path, which answers the same and knows what to say about what is wrong.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import orjson

from app.wire.calls import Params, Result
from app.wire.http import HttpAnswer
from app.wire.sqs.errors import JSON_TYPE

IsPlain: TypeAlias = Callable[[Any], bool]

_ONLY_TEXT = frozenset({str})


def plain_params(operation: str, body: bytes) -> Params | None:
    """The parameters of a plain request, or None when the general path has to read it."""
    members = _MEMBERS.get(operation)
    if members is None:
        return None
    try:
        params = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return params if _has_members(params, members) else None


def render_json(result: Result) -> HttpAnswer:
    """The result in the JSON protocol, byte for byte as the general path writes it."""
    return HttpAnswer(200, orjson.dumps(result, default=_base64), JSON_TYPE)


def _base64(value: object) -> str:
    assert isinstance(value, bytes), f"a result has a {type(value).__name__} in it"
    return b64encode(value).decode()


def _has_members(value: Any, members: Mapping[str, IsPlain]) -> bool:
    if type(value) is not dict:
        return False
    for name, member in value.items():
        is_plain = members.get(name)
        if is_plain is None or not is_plain(member):
            return False
    return True


def _text(value: Any) -> bool:
    return type(value) is str


def _number(value: Any) -> bool:
    return type(value) is int


def _texts(value: Any) -> bool:
    return type(value) is list and all(type(member) is str for member in value)


def _text_map(value: Any) -> bool:
    return type(value) is dict and all(type(member) is str for member in value.values())


def _attributes(value: Any) -> bool:
    return type(value) is dict and all(_has_members(member, _ATTRIBUTE) for member in value.values())


def _entries(members: Mapping[str, IsPlain]) -> IsPlain:
    texts = frozenset(name for name, member in members.items() if member is _text)

    def is_plain(value: Any) -> bool:
        if type(value) is not list:
            return False
        for entry in value:
            # Entries of nothing but texts are nearly all there are.
            if type(entry) is dict and texts.issuperset(entry) and _ONLY_TEXT.issuperset(map(type, entry.values())):
                continue
            if not _has_members(entry, members):
                return False
        return True

    return is_plain


_ATTRIBUTE: Mapping[str, IsPlain] = {"DataType": _text, "StringValue": _text}
_QUEUE: Mapping[str, IsPlain] = {"QueueUrl": _text}
_PAGE: Mapping[str, IsPlain] = {"MaxResults": _number, "NextToken": _text}
_RECEIPT: Mapping[str, IsPlain] = {"ReceiptHandle": _text}
_VISIBILITY: Mapping[str, IsPlain] = {"ReceiptHandle": _text, "VisibilityTimeout": _number}
_ID: Mapping[str, IsPlain] = {"Id": _text}
_SEND: Mapping[str, IsPlain] = {
    "MessageBody": _text,
    "DelaySeconds": _number,
    "MessageAttributes": _attributes,
    "MessageSystemAttributes": _attributes,
    "MessageDeduplicationId": _text,
    "MessageGroupId": _text,
}

_MEMBERS: Mapping[str, Mapping[str, IsPlain]] = {
    "ChangeMessageVisibility": {**_QUEUE, **_VISIBILITY},
    "ChangeMessageVisibilityBatch": {**_QUEUE, "Entries": _entries({**_ID, **_VISIBILITY})},
    "CreateQueue": {"QueueName": _text, "Attributes": _text_map, "tags": _text_map},
    "DeleteMessage": {**_QUEUE, **_RECEIPT},
    "DeleteMessageBatch": {**_QUEUE, "Entries": _entries({**_ID, **_RECEIPT})},
    "DeleteQueue": _QUEUE,
    "GetQueueAttributes": {**_QUEUE, "AttributeNames": _texts},
    "GetQueueUrl": {"QueueName": _text, "QueueOwnerAWSAccountId": _text},
    "ListDeadLetterSourceQueues": {**_QUEUE, **_PAGE},
    "ListQueueTags": _QUEUE,
    "ListQueues": {"QueueNamePrefix": _text, **_PAGE},
    "PurgeQueue": _QUEUE,
    "ReceiveMessage": {
        **_QUEUE,
        "AttributeNames": _texts,
        "MessageSystemAttributeNames": _texts,
        "MessageAttributeNames": _texts,
        "MaxNumberOfMessages": _number,
        "VisibilityTimeout": _number,
        "WaitTimeSeconds": _number,
        "ReceiveRequestAttemptId": _text,
    },
    "SendMessage": {**_QUEUE, **_SEND},
    "SendMessageBatch": {**_QUEUE, "Entries": _entries({**_ID, **_SEND})},
    "SetQueueAttributes": {**_QUEUE, "Attributes": _text_map},
    "TagQueue": {**_QUEUE, "Tags": _text_map},
    "UntagQueue": {**_QUEUE, "TagKeys": _texts},
}
