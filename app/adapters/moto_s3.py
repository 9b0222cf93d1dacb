"""moto's S3 driven in process: a request in, a response and what it changed out. Imported on first use only.

What moto gives for storage stays moto's. Three things are ours: it tells every change of an object once and under the
right name, it takes its time from our clock, and it keeps no object alive that is deleted. `moto_backend` has what is
mended inside.
"""

import logging
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qs, unquote
from uuid import uuid4
from xml.parsers.expat import ExpatError

import moto.s3.models as moto_models
from moto.core.model_instances import model_data
from moto.core.request import Request
from moto.s3 import notifications as moto_notifications
from moto.s3 import responses as moto_responses
from moto.s3.exceptions import MissingBucket, S3ClientError
from moto.s3.models import FakeBucket, FakeKey, s3_backends
from moto.s3.responses import S3Response
from moto.utilities.utils import get_partition

from app.adapters.moto_backend import Backend, Key, Nothing, object_change
from app.adapters.moto_config import configure
from app.adapters.moto_sweep import sweep
from app.core.delivery.outside_calls import BucketSwept, SweepBucket
from app.core.errors import MalformedXml, NoSuchBucket
from app.core.names import Scope
from app.core.s3.restores import ARCHIVES, TIERS_MS
from app.core.time import Instant, to_datetime
from app.engine.storage import ObjectChange, StoreAnswer, StoreChange, StoreRequest
from app.wire.s3 import render_error
from app.wire.s3_defaults import ENCRYPTION, answer_request_payment
from app.wire.s3_objects import StoreRefusal, checked_digests, checksum, parse_restore
from app.wire.s3_post_answer import answer_post
from app.wire.s3_post_policy import check_post_policy

_LOG = logging.getLogger(__name__)

_HOST = "localhost"
"""What moto sees as host: a name without a dot, so that it reads every path as `/bucket/key`."""

_CONDITION_FAILED = "At least one of the pre-conditions you specified did not hold"
_XML = {"content-type": "application/xml"}

_POSTS_TO_KEY = {"uploads", "uploadId", "restore", "select"}

_REPORTED_BY_US = ("ObjectRemoved:", "ObjectAcl:")
"""Events that moto tells wrongly or only sometimes; `Backend` tells them instead."""


class MotoS3:
    """moto's S3, its state emptied and its hooks turned to us. One at a time in a process."""

    def __init__(self, now: Callable[[], Instant]) -> None:
        self._changes: list[StoreChange] = []
        self._sets_tags = False
        self._now = now
        configure()
        moto_models.utcnow = self._utcnow
        moto_notifications.send_event = self._moto_sends
        Key.now = staticmethod(now)
        moto_models.FakeKey = Key
        moto_models.compute_checksum = moto_responses.compute_checksum = _compute_checksum
        self.close()
        s3_backends.backend = partial(Backend, self._changes.append, self._utcnow)
        for model in model_data["s3"].values():
            model.instances_tracked = Nothing()

    def handle(self, request: StoreRequest) -> StoreAnswer:
        """The answer to a path-style request. moto's own failures become S3 errors."""
        self._changes.clear()
        self._sets_tags = "tagging" in _parameters(request)
        status, headers, body = self._answer(request)
        return StoreAnswer(int(status), _rendered(headers), _as_bytes(body), tuple(self._changes))

    def create_bucket(self, scope: Scope, bucket: str, versioning: bool) -> None:
        if bucket not in s3_backends.bucket_accounts:
            try:
                made = self._backend(scope).create_bucket(bucket, scope.region)
                made.versioning_status = "Enabled" if versioning else None
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

    def sweep(self, call: SweepBucket) -> BucketSwept:
        """Do what lifecycle rules want; nothing in a bucket that is not there."""
        owner = s3_backends.bucket_accounts.get(call.bucket)
        if owner is None:
            return BucketSwept(())
        partition, account = owner
        backend = s3_backends[account][partition]
        done = tuple(sweep(backend, backend.get_bucket(call.bucket), call))
        self._changes.clear()
        return BucketSwept(done)

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
        parameters = _parameters(request)
        try:
            if not key and "requestPayment" in parameters:
                # moto does not know it, and would list the bucket or make it.
                self._backend(request.scope).get_bucket(unquote(request.path).strip("/"))
                return 200, _XML, answer_request_payment(request.method, request.body)
            if request.method == "PUT":
                digests = checked_digests(request.headers, request.body)
                request = replace(request, headers={**request.headers, **digests})
            if key and request.method == "POST":
                self._check_conditions(request)
                if "restore" in _parameters(request):
                    return self._restore(request), {}, b""
            with _as_moto_request(request) as asked:
                if not key and _is_form(asked) and "key" not in asked.form:
                    return _failed(400, "InvalidArgument", "Bucket POST must contain a field named 'key'.", request)
                if not key and _is_form(asked):
                    check_post_policy(asked.form, _file_bytes(asked), unquote(request.path).strip("/"))
                respond = S3Response().key_response if key else S3Response().bucket_response
                status, headers, body = respond(asked, asked.raw_url, dict(asked.headers))
                if not key and _is_form(asked) and int(status) < 400:
                    status, answered, body = self._answer_form(asked, request)
                    headers = {**headers, **answered}
        except StoreRefusal as refusal:
            return _failed(refusal.status, refusal.code, refusal.message, request)
        except MissingBucket:
            return _failed(404, "NoSuchBucket", NoSuchBucket.message, request)
        except ExpatError:
            return _failed(400, "MalformedXML", MalformedXml.message, request)
        except NotImplementedError as error:
            return _failed(501, "NotImplemented", str(error) or "This operation is not implemented.", request)
        except Exception:  # whatever moto cannot do is one failed request
            _LOG.exception("the object store failed on %s %s?%s", request.method, request.path, request.query)
            message = "We encountered an internal error. Please try again."
            return _failed(500, "InternalError", message, request)
        if not key and "encryption" in parameters and status == 404 and b"ServerSideEncryption" in _as_bytes(body):
            return 200, _XML, ENCRYPTION
        return status, headers, body

    def _restore(self, request: StoreRequest) -> int:
        """The status: 202 where a restore begins, 200 where the copy is there and stays longer."""
        bucket_name, _, key_name = unquote(request.path).lstrip("/").partition("/")
        backend = self._backend(request.scope)
        bucket = backend.get_bucket(bucket_name)
        version = parse_qs(request.query).get("versionId", [None])[0]
        key = backend.get_object(bucket_name, key_name, version_id=version)
        if key is None:
            raise StoreRefusal(404, "NoSuchKey", "The specified key does not exist.")
        wanted = parse_restore(request.body)
        if key.storage_class not in ARCHIVES:
            raise StoreRefusal(
                403, "InvalidObjectState", "Restore is not allowed for the object's current storage class"
            )
        took_ms = TIERS_MS.get((key.storage_class, wanted.tier))
        if took_ms is None:
            raise StoreRefusal(400, "InvalidArgument", "Retrieval option is not supported by this storage class")
        if key.expiry_date is not None and key.status == "IN_PROGRESS":
            raise StoreRefusal(409, "RestoreAlreadyInProgress", "Object restore is already in progress")
        return 200 if backend.restore(bucket, key, wanted.days, took_ms) else 202

    def _answer_form(self, form: Request, request: StoreRequest) -> tuple[int, dict[str, str], bytes]:
        stored = next(change for change in reversed(self._changes) if isinstance(change, ObjectChange))
        return answer_post(
            form.form,
            bucket=stored.bucket,
            key=stored.key,
            etag=stored.etag or "",
            host=request.headers.get("host", _HOST),
        )

    def _check_conditions(self, request: StoreRequest) -> None:
        """What moto checks for a put alone, S3 checks for a completed upload as well (conditional-writes)."""
        condition = request.headers.get("if-none-match"), request.headers.get("if-match")
        if "uploadId" not in _parameters(request) or condition == (None, None):
            return
        bucket_name, _, key_name = unquote(request.path).lstrip("/").partition("/")
        key = self._backend(request.scope).get_object(bucket_name, key_name)
        if condition[0] == "*" and key is not None:
            raise StoreRefusal(412, "PreconditionFailed", _CONDITION_FAILED)
        if condition[1] is not None and key is None:
            raise StoreRefusal(404, "NoSuchKey", "The specified key does not exist.")
        if condition[1] is not None and key.etag.strip('"') != condition[1].strip('"'):
            raise StoreRefusal(412, "PreconditionFailed", _CONDITION_FAILED)

    def _backend(self, scope: Scope) -> Backend:
        backend: Backend = s3_backends[scope.account][get_partition(scope.region)]
        return backend

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
            self._changes.append(object_change(name, bucket, key))


class _Request(Request):  # type: ignore[misc] # moto is not checked
    """A request whose body is an HTML form only when a browser posts one; otherwise it is bytes to be kept."""

    @property
    def want_form_data_parsed(self) -> bool:
        return _is_form(self)


def _parameters(request: StoreRequest) -> set[str]:
    return set(parse_qs(request.query, keep_blank_values=True))


def _is_form(request: Request) -> bool:
    return bool(request.method == "POST" and request.mimetype == "multipart/form-data")


def _compute_checksum(body: bytes, algorithm: str, encode_base64: bool = True) -> bytes:
    """moto's own has CRC32C and CRC64NVME only where native libraries are, and else takes CRC32 for them."""
    told = checksum(algorithm or "SHA256", body).encode()
    return told if encode_base64 else b64decode(told)


def _as_moto_request(request: StoreRequest) -> Request:
    headers = {**request.headers, "host": _HOST, "x-moto-account-id": request.scope.account}
    if "authorization" not in headers and "Signature=" not in request.query:
        # Who may call at all is decided before us; whoever did is the owner, not the public that moto would see.
        headers["authorization"] = "anonymous"
    path = request.path.replace(";", "%3B")  # moto would take it for the parameters of a path and lose it
    query = f"?{request.query}" if request.query else ""
    return _Request.from_primitives(request.method, f"http://{_HOST}{path}{query}", headers, request.body)


def _file_bytes(form: Request) -> int:
    """How large the file of a form is; it may be written as a field, too."""
    if "file" not in form.files:
        return len(form.form.get("file", "").encode())
    stream = form.files["file"].stream
    size: int = stream.seek(0, 2)
    stream.seek(0)
    return size


def _empty(bucket: FakeBucket) -> None:
    for key in list(bucket.keys):
        bucket.keys.setlist(key, [])  # this closes what each version was kept in
    dict.clear(bucket.keys)
    for upload in bucket.multiparts.values():
        upload.dispose()
    bucket.multiparts.clear()


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
