"""S3 over HTTP: objects go to the store, notification configurations to the world; changes become commands."""

import logging
import re
from collections.abc import Mapping
from typing import Any, Protocol, assert_never
from urllib.parse import parse_qs, unquote
from uuid import uuid4

from starlette.types import Message, Receive, Send
from starlette.types import Scope as AsgiScope

from app.core.commands import ChangeObject, Command, DeclareBucket, ForgetBucket, Origin, PutBucketNotification
from app.core.errors import Refused
from app.core.names import DEFAULT_ACCOUNT, DEFAULT_REGION, Scope
from app.core.notification import NotificationConfiguration
from app.engine.storage import (
    BucketCreated,
    BucketDeleted,
    ObjectChange,
    ObjectStorage,
    StoreAnswer,
    StoreChange,
    StoreRequest,
)
from app.wire.s3 import bucket_of_host, parse_notification, render_notification, render_refusal

_LOG = logging.getLogger(__name__)

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/[^/]*/([^/,\s]*)/|^AWS ([^:\s]+):")
_ACCOUNT = re.compile(r"\d{12}")
_HOP_HEADERS = frozenset({"connection", "keep-alive", "transfer-encoding", "expect", "host"})
_SERVER_HEADERS = frozenset({"date", "server"})
"""The HTTP server writes these."""


class _Bucket(Protocol):
    @property
    def scope(self) -> Scope: ...


class _World(Protocol):
    @property
    def buckets(self) -> Mapping[str, _Bucket]: ...

    def bucket_notification(self, bucket: str) -> NotificationConfiguration: ...


class _Engine(Protocol):
    @property
    def world(self) -> _World: ...

    def submit(self, command: Command) -> Any: ...


class S3App:
    """An ASGI application that answers whatever is addressed to S3."""

    def __init__(self, engine: _Engine, store: ObjectStorage) -> None:
        self._engine = engine
        self._store = store
        self._mirrored: set[str] = set()

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        request, origin = _read_head(scope)
        body = await _read_body(receive)
        if body is None:
            return
        request = StoreRequest(request.method, request.path, request.query, request.headers, body, request.scope)
        answer = await self._answer(request, origin, _client_of(scope))
        await _send_answer(answer, request.method, send)

    async def _answer(self, request: StoreRequest, origin: Origin, source_ip: str) -> StoreAnswer:
        await self._mirror_buckets()
        bucket, _, key = unquote(request.path).lstrip("/").partition("/")
        is_notification = not key and "notification" in parse_qs(request.query, keep_blank_values=True)
        if is_notification and request.method in ("GET", "PUT"):
            return self._answer_notification(request, bucket)
        answer = await self._store.handle(request)
        for change in answer.changes:
            self._tell(change, origin, source_ip)
        return answer

    async def _mirror_buckets(self) -> None:
        """Buckets that settings or the control API declared exist for S3 clients too, and forgotten ones no longer."""
        declared = self._engine.world.buckets
        for bucket in declared.keys() - self._mirrored:
            if bucket in declared:  # still: the loop ran on while others were made
                await self._store.create_bucket(declared[bucket].scope, bucket)
                self._mirrored.add(bucket)
        for bucket in self._mirrored - declared.keys():
            self._mirrored.discard(bucket)
            await self._store.remove_bucket(bucket)

    def _answer_notification(self, request: StoreRequest, bucket: str) -> StoreAnswer:
        try:
            if request.method == "GET":
                found = self._engine.world.bucket_notification(bucket)
                return StoreAnswer(200, {"content-type": "application/xml"}, render_notification(found))
            skips = request.headers.get("x-amz-skip-destination-validation", "").lower() == "true"
            self._engine.world.bucket_notification(bucket)  # a bucket that is not there comes before a bad body
            self._engine.submit(PutBucketNotification(bucket, parse_notification(request.body), skips))
            return StoreAnswer(200, {})
        except Refused as refused:
            request_id, host_id = _request_id(), _host_id()
            status, body = render_refusal(refused, bucket=bucket, request_id=request_id, host_id=host_id)
            headers = {"content-type": "application/xml", "x-amz-request-id": request_id, "x-amz-id-2": host_id}
            return StoreAnswer(status, headers, body)

    def _tell(self, change: StoreChange, origin: Origin, source_ip: str) -> None:
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
                    self._engine.submit(_as_command(change, origin, source_ip))
                case _:
                    assert_never(change)
        except Refused as refused:
            _LOG.warning("%s is not known to the event plane: %s", change, refused.message)


def _as_command(change: ObjectChange, origin: Origin, source_ip: str) -> ChangeObject:
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
    access_key_id, region = _credential(headers, query)
    account = access_key_id if access_key_id and _ACCOUNT.fullmatch(access_key_id) else DEFAULT_ACCOUNT
    request = StoreRequest(scope["method"], path, query, headers, scope=Scope(account, region or DEFAULT_REGION))
    return request, Origin(headers.get("x-amzn-trace-id"), access_key_id)


def _headers_of(scope: AsgiScope) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name == "host" or name not in _HOP_HEADERS:
            headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def _credential(headers: Mapping[str, str], query: str) -> tuple[str | None, str | None]:
    """Access key id and region of a signature, version 4 or 2, in the header or in a presigned URL."""
    found = _CREDENTIAL.search(headers.get("authorization", ""))
    if found:
        return found[1] or found[3], found[2]
    parameters = parse_qs(query)
    access_key_id, *scope = parameters.get("X-Amz-Credential", [""])[0].split("/")
    region = scope[1] if len(scope) > 1 else None
    return access_key_id or parameters.get("AWSAccessKeyId", [None])[0], region


async def _read_body(receive: Receive) -> bytes | None:
    """The whole body, or None when the client went away before it was sent."""
    parts = []
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _client_of(scope: AsgiScope) -> str:
    client = scope.get("client")
    return client[0] if client else "127.0.0.1"


# Writing --------------------------------------------------------------------------------------------


async def _send_answer(answer: StoreAnswer, method: str, send: Send) -> None:
    headers = {name: value for name, value in answer.headers.items() if name not in _SERVER_HEADERS | _HOP_HEADERS}
    headers.setdefault("x-amz-request-id", _request_id())
    headers.setdefault("x-amz-id-2", _host_id())
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
