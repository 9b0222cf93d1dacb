"""moto's S3 of one account, mended where a trigger would tell: what it tells of, suspended versions, restores."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import moto.s3.models as moto_models
from moto.s3.exceptions import InvalidBucketName, NoSuchUpload
from moto.s3.models import FakeAcl, FakeBucket, FakeDeleteMarker, FakeKey, FakeMultipart, S3Backend

from app.core.names import Scope
from app.core.s3.object_event import NO_DETAILS, Details
from app.core.s3.restores import copy_goes_at
from app.core.time import Instant, to_datetime
from app.engine.storage import BucketCreated, BucketDeleted, ObjectChange, StoreChange

_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

NULL_VERSION = "null"
"""The id of a version that was put while the bucket kept none."""


class Nothing(list[Any]):
    """Where moto would remember every object for ever, so as to reset it between tests."""

    def append(self, _: Any) -> None:
        pass


@dataclass(frozen=True, slots=True)
class _Restore:
    restored_at: Instant
    expires_at: Instant


class Key(FakeKey):  # type: ignore[misc] # moto is not checked
    """An object whose restore from an archive takes as long as S3 says, by our clock."""

    now: Callable[[], Instant]
    restore_under_way: _Restore | None = None

    @property
    def _expiry(self) -> datetime | None:
        """When the restored copy goes; None where there is none, or no longer."""
        restore = self.restore_under_way
        if restore is None or type(self).now() >= restore.expires_at:
            return None
        return to_datetime(restore.expires_at).replace(tzinfo=None)

    @_expiry.setter
    def _expiry(self, _: datetime | None) -> None:
        self.restore_under_way = None

    @property
    def status(self) -> str:
        restore = self.restore_under_way
        return "IN_PROGRESS" if restore is not None and type(self).now() < restore.restored_at else "RESTORED"

    def __deepcopy__(self, _: dict[int, Any]) -> "Key":
        """moto copies every version, content and all, to list them; a copy that is only looked at has no content."""
        etag = self.etag  # told from the content when it is first asked for
        shown: Key = object.__new__(type(self))
        shown.__dict__.update(self.__dict__, _etag=etag.strip('"'), _value_buffer=None, multipart=None, disposed=True)
        return shown


Key.instances_tracked = Nothing()


class Backend(S3Backend):  # type: ignore[misc] # moto is not checked
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

    def put_object(self, bucket_name: str, key_name: str, value: bytes, *args: Any, **kwargs: Any) -> FakeKey:
        """As moto; but where versions are suspended, the new one takes the place of the `null` version alone (user
        guide, AddingObjectstoVersionSuspendedBuckets)."""
        bucket = self.get_bucket(bucket_name)
        if bucket.versioning_status != "Suspended":
            return super().put_object(bucket_name, key_name, value, *args, **kwargs)
        is_silent = kwargs.pop("disable_notification", False)
        with _versions_kept(bucket):
            key = super().put_object(bucket_name, key_name, value, *args, disable_notification=True, **kwargs)
        key._version_id = NULL_VERSION  # noqa: SLF001 - moto has no other way
        _put_on_top(bucket, key)
        if not is_silent and key.multipart is None:
            name = "ObjectCreated:Post" if kwargs.get("request_method") == "POST" else "ObjectCreated:Put"
            self._report(object_change(name, bucket, key))
        return key

    def put_object_acl(
        self, bucket_name: str, key_name: str, acl: FakeAcl | None, disable_notification: bool | None = False
    ) -> None:
        key = self.get_object(bucket_name, key_name)
        before = _told(key.acl) if key is not None else ""
        super().put_object_acl(bucket_name, key_name, acl, disable_notification=True)
        # S3 tells only of an ACL that is now another (recorded).
        if key is not None and not disable_notification and _told(key.acl) != before:
            self._report(object_change("ObjectAcl:Put", self.get_bucket(bucket_name), key))

    def delete_object(
        self, bucket_name: str, key_name: str, version_id: str | None = None, bypass: bool = False
    ) -> tuple[bool, dict[str, Any]]:
        bucket = self.get_bucket(bucket_name)
        versions = {str(version.version_id) for version in bucket.keys.getlist(key_name, [])}
        has_versions = bucket.versioning_status in ("Enabled", "Suspended")
        with _versions_kept(bucket):
            done, about = super().delete_object(bucket_name, key_name, version_id, bypass)
        scope = Scope(bucket.account_id, bucket.region_name)
        if done and not has_versions:
            self._report(ObjectChange(scope, bucket_name, "ObjectRemoved:Delete", key_name))
        elif done and version_id is None:
            marker = about["version-id"]
            self._report(
                ObjectChange(
                    scope, bucket_name, "ObjectRemoved:DeleteMarkerCreated", key_name, version_id=_told_id(marker)
                )
            )
        elif done and version_id in versions:
            self._report(
                ObjectChange(scope, bucket_name, "ObjectRemoved:Delete", key_name, version_id=_told_id(version_id))
            )
        return done, about

    def mark_deleted(self, bucket: FakeBucket, key_name: str) -> FakeDeleteMarker:
        """Put a delete marker on top; nobody is told."""
        return self._set_delete_marker(bucket.name, key_name)

    def _set_delete_marker(self, bucket_name: str, key_name: str) -> FakeDeleteMarker:
        """As moto; but S3 marks as deleted what never was there, too (S3 user guide, DeletingObjectVersions), and
        where versions are suspended, the marker takes the place of the `null` version."""
        bucket = self.get_bucket(bucket_name)
        named = bucket.keys[key_name] if key_name in bucket.keys else SimpleNamespace(name=key_name)
        marker = FakeDeleteMarker(key=named)
        if _is_suspended(bucket):
            marker._version_id = NULL_VERSION  # noqa: SLF001 - moto has no other way
        _put_on_top(bucket, marker)
        return marker

    def restore(self, bucket: FakeBucket, key: Key, days: int, took_ms: int) -> bool:
        """Begin to restore an archived object, or keep its copy for longer. Whether it was there already."""
        now = self._instant()
        restore = key.restore_under_way
        is_there = key.expiry_date is not None
        restored_at = restore.restored_at if restore is not None and is_there else now + took_ms
        expires_at = copy_goes_at(max(now, restored_at), days)
        key.restore_under_way = _Restore(restored_at, expires_at)
        # S3 does not say what it tells when a copy only stays longer; we tell of the request (UNCONFIRMED).
        details = Details(key.storage_class, None, None if is_there else restored_at, expires_at)
        self._report(replace(object_change("ObjectRestore:Post", bucket, key), details=details))
        return is_there

    def create_multipart_upload(self, *args: Any, **kwargs: Any) -> FakeMultipart:
        upload = super().create_multipart_upload(*args, **kwargs)
        upload.begun_at = self._instant()
        return upload

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

    def _instant(self) -> Instant:
        return instant_of(self._utcnow())

    def _upload(self, bucket_name: str, multipart_id: str) -> FakeMultipart:
        """The upload. moto raises KeyError for one that is not there, S3 says NoSuchUpload."""
        upload = self.get_bucket(bucket_name).multiparts.get(multipart_id)
        if upload is None:
            raise NoSuchUpload(upload_id=multipart_id)
        return upload


def object_change(name: str, bucket: FakeBucket, key: FakeKey) -> ObjectChange:
    return ObjectChange(
        scope=Scope(bucket.account_id, bucket.region_name),
        bucket=bucket.name,
        event_name=name,
        key=key.name,
        size=key.size,
        etag=key.etag.strip('"'),
        version_id=_told_id(key.version_id),
        details=NO_DETAILS if key.storage_class == "STANDARD" else Details(key.storage_class),
    )


def instant_of(moment: datetime) -> Instant:
    """moto's naive UTC as an instant."""
    return round((moment.replace(tzinfo=UTC) - _EPOCH) / timedelta(milliseconds=1))


def without(bucket: FakeBucket, key_name: str, version: Any) -> None:
    """Delete one version for good; a key without versions is no key."""
    left = [other for other in bucket.keys.getlist(key_name) if other is not version]
    bucket.keys.setlist(key_name, left)
    if not left:
        dict.pop(bucket.keys, key_name)


def _put_on_top(bucket: FakeBucket, version: Any) -> None:
    """Make it the current version; one `null` version takes the place of another."""
    is_other = version.version_id != NULL_VERSION
    below = [other for other in bucket.keys.getlist(version.name, []) if other is not version]
    kept = [other for other in below if is_other or other.version_id != NULL_VERSION]
    bucket.keys.setlist(version.name, [*kept, version])


@contextmanager
def _versions_kept(bucket: FakeBucket) -> Iterator[None]:
    """moto takes a bucket whose versions are suspended for one that has none; meanwhile it keeps them."""
    status = bucket.versioning_status
    if status == "Suspended":
        bucket.versioning_status, bucket.is_suspended = "Enabled", True
    try:
        yield
    finally:
        bucket.versioning_status, bucket.is_suspended = status, False


def _is_suspended(bucket: FakeBucket) -> bool:
    return bucket.versioning_status == "Suspended" or getattr(bucket, "is_suspended", False)


def _told_id(version_id: str | None) -> str | None:
    """A version id as events tell it: the `null` version has none."""
    return None if version_id == NULL_VERSION else version_id


def _told(acl: FakeAcl | None) -> str:
    """The grants in words; moto leaves None where S3 has the private ACL."""
    return repr(acl or moto_models.get_canned_acl("private"))
