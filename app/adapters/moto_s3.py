"""moto's S3 driven in process: a request in, a response and what it changed out. Imported on first use only.

What moto gives for storage stays moto's. Three things are ours: it tells every change of an object once and under the
right name, it takes its time from our clock, and it keeps no object alive that is deleted.
"""

import logging
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4
from xml.parsers.expat import ExpatError

import moto.s3.models as moto_models
from moto.core.model_instances import model_data
from moto.core.request import Request
from moto.s3 import notifications as moto_notifications
from moto.s3.exceptions import InvalidBucketName, NoSuchUpload, S3ClientError
from moto.s3.models import FakeAcl, FakeBucket, FakeDeleteMarker, FakeKey, FakeMultipart, S3Backend, s3_backends
from moto.s3.responses import S3Response
from moto.utilities.utils import get_partition

from app.core.errors import MalformedXml
from app.core.names import Scope
from app.core.time import Instant, to_datetime
from app.engine.storage import BucketCreated, BucketDeleted, ObjectChange, StoreAnswer, StoreChange, StoreRequest
from app.wire.s3 import render_error

_LOG = logging.getLogger(__name__)

_HOST = "localhost"
"""What moto sees as host: a name without a dot, so that it reads every path as `/bucket/key`."""

_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_POSTS_TO_KEY = {"uploads", "uploadId", "restore", "select"}

_REPORTED_BY_US = ("ObjectRemoved:", "ObjectAcl:")
"""Events that moto tells wrongly or only sometimes; `_Backend` tells them instead."""


class MotoS3:
    """moto's S3, its state emptied and its hooks turned to us. One at a time in a process."""

    def __init__(self, now: Callable[[], Instant]) -> None:
        self._changes: list[StoreChange] = []
        self._sets_tags = False
        self._now = now
        moto_models.utcnow = self._utcnow
        moto_notifications.send_event = self._moto_sends
        self.close()
        s3_backends.backend = partial(_Backend, self._changes.append, self._utcnow)
        for model in model_data["s3"].values():
            model.instances_tracked = _Nothing()

    def handle(self, request: StoreRequest) -> StoreAnswer:
        """The answer to a path-style request. moto's own failures become S3 errors."""
        self._changes.clear()
        self._sets_tags = "tagging" in _parameters(request)
        status, headers, body = self._answer(request)
        return StoreAnswer(int(status), _rendered(headers), _as_bytes(body), tuple(self._changes))

    def create_bucket(self, scope: Scope, bucket: str) -> None:
        if bucket not in s3_backends.bucket_accounts:
            try:
                self._backend(scope).create_bucket(bucket, scope.region)
            except S3ClientError as error:
                _LOG.warning("bucket %s was declared but S3 cannot keep it: %s", bucket, error.message)
        self._changes.clear()

    def remove_bucket(self, bucket: str) -> None:
        owner = s3_backends.bucket_accounts.get(bucket)
        if owner is not None:
            partition, account = owner
            backend = s3_backends[account][partition]
            _empty(backend.get_bucket(bucket))
            backend.delete_bucket(bucket)
        self._changes.clear()

    def close(self) -> None:
        """Forget every bucket and close the files that large objects are kept in."""
        for _, _, backend in s3_backends.iter_backends():
            for bucket in backend.buckets.values():
                _empty(bucket)
        s3_backends.clear()
        s3_backends.bucket_accounts.clear()

    def _answer(self, request: StoreRequest) -> tuple[int, dict[str, Any], str | bytes]:
        _, _, key = request.path.lstrip("/").partition("/")
        if key and request.method == "POST" and not _POSTS_TO_KEY & _parameters(request):
            return _failed(
                405, "MethodNotAllowed", "The specified method is not allowed against this resource.", request
            )
        try:
            with _as_moto_request(request) as asked:
                if not key and _is_form(asked) and "key" not in asked.form:
                    return _failed(400, "InvalidArgument", "Bucket POST must contain a field named 'key'.", request)
                respond = S3Response().key_response if key else S3Response().bucket_response
                status, headers, body = respond(asked, asked.raw_url, dict(asked.headers))
        except ExpatError:
            return _failed(400, "MalformedXML", MalformedXml.message, request)
        except NotImplementedError as error:
            return _failed(501, "NotImplemented", str(error) or "This operation is not implemented.", request)
        except Exception:  # whatever moto cannot do is one failed request
            _LOG.exception("the object store failed on %s %s?%s", request.method, request.path, request.query)
            message = "We encountered an internal error. Please try again."
            return _failed(500, "InternalError", message, request)
        return status, headers, body

    def _backend(self, scope: Scope) -> S3Backend:
        return s3_backends[scope.account][get_partition(scope.region)]

    def _utcnow(self) -> datetime:
        """Our time in moto's form: naive, in UTC."""
        return to_datetime(self._now()).replace(tzinfo=None)

    def _moto_sends(self, _account: str, event_name: Any, bucket: FakeBucket, key: FakeKey) -> None:
        """Stands in the place of `moto.s3.notifications.send_event`."""
        name = moto_notifications.S3NotificationEvent(event_name).value.removeprefix("s3:")
        # moto sets the tags of every new object, be there any or not, and tells it like a request to tag. A completed
        # upload it tells as Put as well.
        is_by_the_way = (name == "ObjectTagging:Put" and not self._sets_tags) or (
            name == "ObjectCreated:Put" and key.multipart is not None
        )
        if not is_by_the_way and not name.startswith(_REPORTED_BY_US):
            self._changes.append(_object_change(name, bucket, key))


class _Backend(S3Backend):  # type: ignore[misc] # moto is not checked
    """moto's backend of one account, telling of what the hook does not tell right."""

    def __init__(
        self,
        report: Callable[[StoreChange], None],
        utcnow: Callable[[], datetime],
        region_name: str,
        account_id: str,
    ) -> None:
        super().__init__(region_name, account_id)
        self._report = report
        self._utcnow = utcnow

    def create_bucket(self, bucket_name: str, region_name: str, bucket_namespace: str | None = None) -> FakeBucket:
        if not _BUCKET_NAME.fullmatch(bucket_name):
            raise InvalidBucketName
        bucket = super().create_bucket(bucket_name, region_name, bucket_namespace)
        bucket.creation_date = self._utcnow().replace(tzinfo=UTC)
        self._report(BucketCreated(Scope(self.account_id, region_name), bucket_name))
        return bucket

    def delete_bucket(self, bucket_name: str) -> FakeBucket | None:
        bucket = super().delete_bucket(bucket_name)
        if bucket is not None:
            self._report(BucketDeleted(bucket_name))
        return bucket

    def put_object_acl(
        self, bucket_name: str, key_name: str, acl: FakeAcl | None, disable_notification: bool | None = False
    ) -> None:
        key = self.get_object(bucket_name, key_name)
        before = _told(key.acl) if key is not None else ""
        super().put_object_acl(bucket_name, key_name, acl, disable_notification=True)
        # S3 tells only of an ACL that is now another (spec push E.1, recorded).
        if key is not None and not disable_notification and _told(key.acl) != before:
            self._report(_object_change("ObjectAcl:Put", self.get_bucket(bucket_name), key))

    def delete_object(
        self, bucket_name: str, key_name: str, version_id: str | None = None, bypass: bool = False
    ) -> tuple[bool, dict[str, Any]]:
        bucket = self.get_bucket(bucket_name)
        versions = {str(version.version_id) for version in bucket.keys.getlist(key_name, [])}
        done, about = super().delete_object(bucket_name, key_name, version_id, bypass)
        scope = Scope(bucket.account_id, bucket.region_name)
        if done and not bucket.is_versioned:
            self._report(ObjectChange(scope, bucket_name, "ObjectRemoved:Delete", key_name))
        elif done and version_id is None:
            marker = about["version-id"]
            self._report(
                ObjectChange(scope, bucket_name, "ObjectRemoved:DeleteMarkerCreated", key_name, version_id=marker)
            )
        elif done and version_id in versions:
            self._report(ObjectChange(scope, bucket_name, "ObjectRemoved:Delete", key_name, version_id=version_id))
        return done, about

    def _set_delete_marker(self, bucket_name: str, key_name: str) -> FakeDeleteMarker:
        """As moto; but S3 marks as deleted what never was there, too (S3 user guide, DeletingObjectVersions)."""
        bucket = self.get_bucket(bucket_name)
        if key_name in bucket.keys:
            return super()._set_delete_marker(bucket_name, key_name)
        marker = FakeDeleteMarker(key=SimpleNamespace(name=key_name))
        bucket.keys[key_name] = marker
        return marker

    def upload_part(self, bucket_name: str, multipart_id: str, part_id: int, value: bytes) -> FakeKey:
        self._upload(bucket_name, multipart_id)
        return super().upload_part(bucket_name, multipart_id, part_id, value)

    def complete_multipart_upload(
        self, bucket_name: str, multipart_id: str, body: Iterator[tuple[int, str]]
    ) -> FakeKey | None:
        self._upload(bucket_name, multipart_id)
        return super().complete_multipart_upload(bucket_name, multipart_id, body)

    def abort_multipart_upload(self, bucket_name: str, multipart_id: str) -> None:
        upload = self._upload(bucket_name, multipart_id)
        super().abort_multipart_upload(bucket_name, multipart_id)
        upload.dispose()

    def _upload(self, bucket_name: str, multipart_id: str) -> FakeMultipart:
        """The upload. moto raises KeyError for one that is not there, S3 says NoSuchUpload."""
        upload = self.get_bucket(bucket_name).multiparts.get(multipart_id)
        if upload is None:
            raise NoSuchUpload(upload_id=multipart_id)
        return upload


class _Request(Request):  # type: ignore[misc] # moto is not checked
    """A request whose body is an HTML form only when a browser posts one; otherwise it is bytes to be kept."""

    @property
    def want_form_data_parsed(self) -> bool:
        return _is_form(self)


class _Nothing(list[Any]):
    """Where moto would remember every object for ever, so as to reset it between tests."""

    def append(self, _: Any) -> None:
        pass


def _parameters(request: StoreRequest) -> set[str]:
    return set(parse_qs(request.query, keep_blank_values=True))


def _is_form(request: Request) -> bool:
    return bool(request.method == "POST" and request.mimetype == "multipart/form-data")


def _as_moto_request(request: StoreRequest) -> Request:
    headers = {**request.headers, "host": _HOST, "x-moto-account-id": request.scope.account}
    if "authorization" not in headers and "Signature=" not in request.query:
        # Who may call at all is decided before us; whoever did is the owner, not the public that moto would see.
        headers["authorization"] = "anonymous"
    path = request.path.replace(";", "%3B")  # moto would take it for the parameters of a path and lose it
    query = f"?{request.query}" if request.query else ""
    return _Request.from_primitives(request.method, f"http://{_HOST}{path}{query}", headers, request.body)


def _empty(bucket: FakeBucket) -> None:
    for key in list(bucket.keys):
        bucket.keys.setlist(key, [])  # this closes what each version was kept in
    dict.clear(bucket.keys)
    for upload in bucket.multiparts.values():
        upload.dispose()
    bucket.multiparts.clear()


def _object_change(name: str, bucket: FakeBucket, key: FakeKey) -> ObjectChange:
    return ObjectChange(
        scope=Scope(bucket.account_id, bucket.region_name),
        bucket=bucket.name,
        event_name=name,
        key=key.name,
        size=key.size,
        etag=key.etag.strip('"'),
        version_id=None if key.version_id == "null" else key.version_id,
    )


def _told(acl: FakeAcl | None) -> str:
    """The grants in words; moto leaves None where S3 has the private ACL."""
    return repr(acl or moto_models.get_canned_acl("private"))


def _failed(status: int, code: str, message: str, request: StoreRequest) -> tuple[int, dict[str, Any], bytes]:
    request_id = uuid4().hex[:16].upper()
    body = render_error(code, message, {"Resource": request.path}, request_id=request_id, host_id=request_id)
    return status, {"content-type": "application/xml", "x-amz-request-id": request_id}, body


def _rendered(headers: dict[str, Any]) -> dict[str, str]:
    """Lower-case names, text values. moto puts None where it has nothing, and a dictionary for a copy's checksum.

    Its request id, which is in its error documents too, gets the name that S3 gives it.
    """
    rendered = {name.lower(): str(value) for name, value in headers.items() if isinstance(value, str | int)}
    if "x-amzn-requestid" in rendered:
        rendered["x-amz-request-id"] = rendered.pop("x-amzn-requestid")
    return rendered


def _as_bytes(body: str | bytes | None) -> bytes:
    return body.encode() if isinstance(body, str) else body or b""
