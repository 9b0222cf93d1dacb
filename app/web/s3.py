"""S3 over HTTP: objects go to the store, notification configurations to the world; changes become commands."""

import logging
from dataclasses import replace
from typing import assert_never
from urllib.parse import parse_qs, unquote
from uuid import uuid4

from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from app.core.commands import (
    ChangeObject,
    DeclareBucket,
    ForgetBucket,
    Origin,
    PutBucketLifecycle,
    PutBucketNotification,
)
from app.core.errors import MalformedXml, Refused
from app.core.s3.lifecycle import SMALL_STAY
from app.engine.driver import Engine
from app.engine.storage import (
    BucketCreated,
    BucketDeleted,
    ObjectChange,
    ObjectStorage,
    StoreAnswer,
    StoreChange,
    StoreRequest,
)
from app.web.asgi import ClientGone, read_body
from app.web.s3_control import answer_control
from app.wire.credentials import credential_in
from app.wire.gate import SERVER
from app.wire.refusals import BodyTooLarge
from app.wire.s3 import bucket_of_host, parse_notification, render_notification, render_refusal
from app.wire.s3_control import control_path
from app.wire.s3_lifecycle import parse_lifecycle, render_lifecycle

_LOG = logging.getLogger(__name__)

_HOP_HEADERS = frozenset({"connection", "keep-alive", "transfer-encoding", "expect", "host"})
_SERVER_HEADERS = frozenset({"date", "server"})
"""The HTTP server writes these."""


_SMALL = "x-amz-transition-default-minimum-object-size"


class S3App:
    """An ASGI application that answers whatever is addressed to S3."""

    def __init__(self, engine: Engine, store: ObjectStorage, *, max_object_bytes: int = 300_000_000) -> None:
        """A body of more than `max_object_bytes` is EntityTooLarge: it would be kept in memory while it is stored."""
        self._engine = engine
        self._store = store
        self._max_object_bytes = max_object_bytes
        self._mirrored: set[str] = set()

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        request, origin = _read_head(scope)
        try:
            request = replace(request, body=await read_body(receive, self._max_object_bytes))
        except ClientGone:
            return
        except BodyTooLarge as refused:
            await _send_answer(_refused(refused, ""), request.method, send)
            return
        answer = await self._answer(request, origin, _client_of(scope))
        await _send_answer(answer, request.method, send)

    async def _answer(self, request: StoreRequest, origin: Origin, source_ip: str) -> StoreAnswer:
        await self._mirror_buckets()
        control = control_path(request.path, request.headers)
        if control is not None:
            return await answer_control(self._store, request, control)
        bucket, _, key = unquote(request.path).lstrip("/").partition("/")
        is_notification = not key and "notification" in parse_qs(request.query, keep_blank_values=True)
        if is_notification and request.method in ("GET", "PUT"):
            return self._answer_notification(request, bucket)
        if not key and "lifecycle" in parse_qs(request.query, keep_blank_values=True):
            return self._answer_lifecycle(request, bucket)
        answer = _with_ids(await self._store.handle(request))
        for change in answer.changes:
            self._tell(change, origin, source_ip, answer)
        return answer

    async def _mirror_buckets(self) -> None:
        """Buckets that settings or the control API declared exist for S3 clients too, and forgotten ones no longer."""
        declared = self._engine.world.buckets.all
        for bucket in sorted(declared.keys() - self._mirrored):
            if bucket in declared:  # still: the loop ran on while others were made
                await self._store.create_bucket(
                    declared[bucket].scope, bucket, versioning=declared[bucket].starts_versioned
                )
                self._mirrored.add(bucket)
        for bucket in self._mirrored - declared.keys():
            self._mirrored.discard(bucket)
            await self._store.remove_bucket(bucket)

    def _answer_notification(self, request: StoreRequest, bucket: str) -> StoreAnswer:
        try:
            if request.method == "GET":
                found = self._engine.world.buckets[bucket].configuration
                return StoreAnswer(200, {"content-type": "application/xml"}, render_notification(found))
            skips = request.headers.get("x-amz-skip-destination-validation", "").lower() == "true"
            self._check_bucket(bucket)
            self._engine.submit(PutBucketNotification(bucket, parse_notification(request.body), skips))
            return StoreAnswer(200, {})
        except Refused as refused:
            return _refused(refused, bucket)

    def _check_bucket(self, bucket: str) -> None:
        """Raises NoSuchBucket: a bucket that is not there comes before a bad body."""
        self._engine.world.buckets[bucket]

    def _answer_lifecycle(self, request: StoreRequest, bucket: str) -> StoreAnswer:
        try:
            if request.method == "GET":
                found = self._engine.world.buckets.lifecycle_of(bucket)
                small = self._engine.world.buckets[bucket].small_objects
                return StoreAnswer(200, {"content-type": "application/xml", _SMALL: small}, render_lifecycle(found))
            self._check_bucket(bucket)
            if request.method == "DELETE":
                self._engine.submit(PutBucketLifecycle(bucket, ()))
                return StoreAnswer(204, {})
            rules = parse_lifecycle(request.body)
            if not rules:
                raise MalformedXml
            small = request.headers.get(_SMALL, SMALL_STAY)
            self._engine.submit(PutBucketLifecycle(bucket, rules, small))
            return StoreAnswer(200, {_SMALL: small})
        except Refused as refused:
            return _refused(refused, bucket)

    def _tell(self, change: StoreChange, origin: Origin, source_ip: str, answer: StoreAnswer) -> None:
        """The store has done it; the world is told. A refusal cannot undo it and is only logged."""
        try:
            match change:
                case BucketCreated(scope=scope, bucket=bucket):
                    self._engine.submit(DeclareBucket(scope, bucket))
                    self._mirrored.add(bucket)
                case BucketDeleted(bucket=bucket):
                    self._mirrored.discard(bucket)
                    self._engine.submit(ForgetBucket(bucket))
                case ObjectChange():
                    self._engine.submit(_as_command(change, origin, source_ip, answer))
                case _:
                    assert_never(change)
        except Refused as refused:
            _LOG.warning("%s is not known to the event plane: %s", change, refused.message)


def _as_command(change: ObjectChange, origin: Origin, source_ip: str, answer: StoreAnswer) -> ChangeObject:
    """The event tells the ids of the request, as the client has them."""
    return ChangeObject(
        scope=change.scope,
        bucket=change.bucket,
        event_name=change.event_name,
        key=change.key,
        size=change.size,
        etag=change.etag,
        version_id=change.version_id,
        source_ip=source_ip,
        origin=origin,
        details=change.details,
        request_id=answer.headers["x-amz-request-id"],
        host_id=answer.headers["x-amz-id-2"],
    )


# Reading --------------------------------------------------------------------------------------------


def _read_head(scope: AsgiScope) -> tuple[StoreRequest, Origin]:
    """The request without its body, in path style, and what it tells of its cause."""
    headers = _headers_of(scope)
    path = scope.get("raw_path", scope["path"].encode()).partition(b"?")[0].decode("latin-1")
    bucket = bucket_of_host(headers.get("host", ""))
    if bucket is not None:
        path = f"/{bucket}{path}"
    query = scope["query_string"].decode("latin-1")
    authorization = headers.get("authorization", "")
    credential = credential_in(authorization, query)
    request = StoreRequest(scope["method"], path, query, headers, scope=credential.scope)
    # A presigned URL tells whose permission is used, not who uses it: an origin it is not.
    access_key_id = credential.access_key_id if authorization else None
    return request, Origin(headers.get("x-amzn-trace-id"), access_key_id)


def _headers_of(scope: AsgiScope) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name == "host" or name not in _HOP_HEADERS:
            headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def _client_of(scope: AsgiScope) -> str:
    client = scope.get("client")
    return client[0] if client else "127.0.0.1"


# Writing --------------------------------------------------------------------------------------------


def _refused(refused: Refused, bucket: str) -> StoreAnswer:
    request_id, host_id = _request_id(), _host_id()
    status, body = render_refusal(refused, bucket=bucket, request_id=request_id, host_id=host_id)
    headers = {"content-type": "application/xml", "x-amz-request-id": request_id, "x-amz-id-2": host_id}
    return StoreAnswer(status, headers, body)


def _with_ids(answer: StoreAnswer) -> StoreAnswer:
    """The answer with S3's two ids, which people quote to AWS, and which events tell too."""
    return replace(answer, headers={"x-amz-request-id": _request_id(), "x-amz-id-2": _host_id(), **answer.headers})


async def _send_answer(answer: StoreAnswer, method: str, send: Send) -> None:
    answer = _with_ids(answer)
    headers = {name: value for name, value in answer.headers.items() if name not in _SERVER_HEADERS | _HOP_HEADERS}
    headers["server"] = SERVER
    body = answer.body
    if answer.status in (204, 304):
        body = b""
        headers.pop("content-length", None)
    elif method == "HEAD":
        body = b""
        headers.setdefault("content-length", "0")
    else:
        headers["content-length"] = str(len(body))
    raw_headers = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw_headers})
    await send({"type": "http.response.body", "body": body})


def _request_id() -> str:
    return uuid4().hex[:16].upper()


def _host_id() -> str:
    return f"{uuid4().hex}{uuid4().hex}"
