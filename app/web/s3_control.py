"""S3 Control's tags of buckets: the same tags as S3's own, read and written there."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import uuid4
from xml.etree import ElementTree

from app.core.errors import MalformedXml
from app.engine.storage import ObjectStorage, StoreAnswer, StoreRequest
from app.wire.s3_control import bucket_of_tags, parse_tags, render_control_error, render_tag_set, render_tags, untagged

_XML = {"content-type": "application/xml"}


async def answer_control(store: ObjectStorage, request: StoreRequest, path: str) -> StoreAnswer:
    """ListTagsForResource, TagResource and UntagResource of a bucket, by the `path` behind the API's date."""
    bucket = bucket_of_tags(path)
    if bucket is None or request.method not in ("GET", "POST", "DELETE"):
        return _refused(501, "NotImplemented", "Of S3 Control, only the tags of buckets are here.")
    told = await store.handle(_tagging(request, bucket, "GET"))
    if told.status not in (200, 404) or _code(told) not in ("", "NoSuchTagSet"):
        return _refused(told.status, _code(told), _message(told))
    tags = parse_tags(told.body) if told.status == 200 else {}
    if request.method == "GET":
        return StoreAnswer(200, _XML, render_tags(tags))
    try:
        given = parse_tags(request.body) if request.method == "POST" else {}
    except MalformedXml as refused:
        return _refused(400, "MalformedXML", refused.message)
    gone = untagged(request.query) if request.method == "DELETE" else []
    return await _keep(store, request, bucket, {key: value for key, value in (tags | given).items() if key not in gone})


async def _keep(store: ObjectStorage, request: StoreRequest, bucket: str, tags: Mapping[str, str]) -> StoreAnswer:
    if tags:
        kept = await store.handle(replace(_tagging(request, bucket, "PUT"), body=render_tag_set(tags)))
    else:
        kept = await store.handle(_tagging(request, bucket, "DELETE"))
    return StoreAnswer(204, {}) if kept.status < 300 else _refused(kept.status, _code(kept), _message(kept))


def _tagging(request: StoreRequest, bucket: str, method: str) -> StoreRequest:
    return StoreRequest(method, f"/{bucket}", "tagging", {"host": "localhost"}, scope=request.scope)


def _refused(status: int, code: str, message: str) -> StoreAnswer:
    return StoreAnswer(status, _XML, render_control_error(code, message, uuid4().hex[:16].upper()))


def _code(answer: StoreAnswer) -> str:
    return _told(answer, "Code")


def _message(answer: StoreAnswer) -> str:
    return _told(answer, "Message")


def _told(answer: StoreAnswer, element: str) -> str:
    """An element of the error that our own store answered; "" where it is none."""
    if answer.status < 300:
        return ""
    return ElementTree.fromstring(answer.body).findtext(element, "")  # noqa: S314 - what our own store answered
