"""The JSON protocol of SQS for requests as SDKs write them: read by what may stand in them, without moto or botocore.

A request with anything unusual (a null, a number for a text, an unknown member, a binary attribute) is left to the
general path, which answers the same and knows what to say about what is wrong.
"""

from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, TypeAlias

import orjson
from msgspec import UNSET, DecodeError, Meta, Struct, UnsetType, field, to_builtins
from msgspec.json import Decoder

from app.wire.calls import Call, Caller, Params, Readable, Result
from app.wire.http import HttpAnswer
from app.wire.sqs.errors import JSON_TYPE
from app.wire.sqs.operations import SQS

_POLL_BYTES = 512
"""What is longer is not kept: it names many attributes, and is rare."""


def plain_call(operation: str, body: bytes, caller: Caller, engine: Readable) -> Call | Result | None:
    """What a plain request comes to, as `SQS.ask` says, or None when the general path has to read it."""
    if operation == "ReceiveMessage" and len(body) <= _POLL_BYTES:
        receive = _receive(body, caller)
        return None if receive is None else SQS.let_in(operation, {}, caller, engine, receive)
    params = plain_params(operation, body)
    return None if params is None else SQS.ask(operation, params, caller, engine)


@lru_cache(maxsize=1024)
def _receive(body: bytes, caller: Caller) -> Call | None:
    """What a ReceiveMessage comes to: a consumer asks for the same again and again."""
    params = plain_params("ReceiveMessage", body)
    return None if params is None else SQS.orders["ReceiveMessage"](params, caller)


def plain_params(operation: str, body: bytes) -> Params | None:
    """The parameters of a plain request, or None when the general path has to read it."""
    plain = _PLAIN.get(operation)
    if plain is None:
        return None
    try:
        params: Params = to_builtins(plain.decode(body))
    except (DecodeError, UnicodeDecodeError):
        return None
    return params


def render_json(result: Result) -> HttpAnswer:
    """The result in the JSON protocol, byte for byte as the general path writes it."""
    return HttpAnswer(200, orjson.dumps(result, default=_base64), JSON_TYPE)


def _base64(value: object) -> str:
    assert isinstance(value, bytes), f"a result has a {type(value).__name__} in it"
    return b64encode(value).decode()


_Text: TypeAlias = str | UnsetType
_Texts: TypeAlias = list[str] | UnsetType
_TextMap: TypeAlias = dict[str, str] | UnsetType
_Number: TypeAlias = Annotated[int, Meta(ge=-(2**31), lt=2**31)] | UnsetType


class _Members(Struct, forbid_unknown_fields=True, rename="pascal", gc=False):
    """What may stand in a plain request; what is not in it is UNSET, and not in what is made of it."""


class _Attribute(_Members):
    data_type: _Text = UNSET
    string_value: _Text = UNSET


_Attributes: TypeAlias = dict[str, _Attribute] | UnsetType


class _CreateQueue(_Members):
    queue_name: _Text = UNSET
    attributes: _TextMap = UNSET
    tags: _TextMap = field(default=UNSET, name="tags")


class _GetQueueUrl(_Members):
    queue_name: _Text = UNSET
    queue_owner: _Text = field(default=UNSET, name="QueueOwnerAWSAccountId")


class _ListQueues(_Members):
    queue_name_prefix: _Text = UNSET
    max_results: _Number = UNSET
    next_token: _Text = UNSET


class _Queue(_Members):
    queue_url: _Text = UNSET


class _QueuePage(_Queue):
    max_results: _Number = UNSET
    next_token: _Text = UNSET


class _AttributeNames(_Queue):
    attribute_names: _Texts = UNSET


class _SetAttributes(_Queue):
    attributes: _TextMap = UNSET


class _Tag(_Queue):
    tags: _TextMap = UNSET


class _Untag(_Queue):
    tag_keys: _Texts = UNSET


class _Receive(_Queue):
    attribute_names: _Texts = UNSET
    message_system_attribute_names: _Texts = UNSET
    message_attribute_names: _Texts = UNSET
    max_number_of_messages: _Number = UNSET
    visibility_timeout: _Number = UNSET
    wait_time_seconds: _Number = UNSET
    receive_request_attempt_id: _Text = UNSET


class _ReceiptEntry(_Members):
    id: _Text = UNSET
    receipt_handle: _Text = UNSET


class _VisibilityEntry(_ReceiptEntry):
    visibility_timeout: _Number = UNSET


class _Message(_Members):
    message_body: _Text = UNSET
    delay_seconds: _Number = UNSET
    message_attributes: _Attributes = UNSET
    message_system_attributes: _Attributes = UNSET
    message_deduplication_id: _Text = UNSET
    message_group_id: _Text = UNSET


class _SendEntry(_Message):
    id: _Text = UNSET


class _Delete(_Queue):
    receipt_handle: _Text = UNSET


class _ChangeVisibility(_Delete):
    visibility_timeout: _Number = UNSET


class _Send(_Message):
    queue_url: _Text = UNSET


class _DeleteBatch(_Queue):
    entries: list[_ReceiptEntry] | UnsetType = UNSET


class _ChangeVisibilityBatch(_Queue):
    entries: list[_VisibilityEntry] | UnsetType = UNSET


class _SendBatch(_Queue):
    entries: list[_SendEntry] | UnsetType = UNSET


_PLAIN: Mapping[str, Decoder[_Members]] = {
    operation: Decoder(members)
    for operation, members in {
        "ChangeMessageVisibility": _ChangeVisibility,
        "ChangeMessageVisibilityBatch": _ChangeVisibilityBatch,
        "CreateQueue": _CreateQueue,
        "DeleteMessage": _Delete,
        "DeleteMessageBatch": _DeleteBatch,
        "DeleteQueue": _Queue,
        "GetQueueAttributes": _AttributeNames,
        "GetQueueUrl": _GetQueueUrl,
        "ListDeadLetterSourceQueues": _QueuePage,
        "ListQueueTags": _Queue,
        "ListQueues": _ListQueues,
        "PurgeQueue": _Queue,
        "ReceiveMessage": _Receive,
        "SendMessage": _Send,
        "SendMessageBatch": _SendBatch,
        "SetQueueAttributes": _SetAttributes,
        "TagQueue": _Tag,
        "UntagQueue": _Untag,
    }.items()
}
