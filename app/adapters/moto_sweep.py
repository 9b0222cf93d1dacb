"""Lifecycle rules carried out on moto's objects: the core says what is due, this does it."""

from collections.abc import Iterator
from typing import Any

from moto.s3.models import FakeBucket, FakeDeleteMarker

from app.adapters.moto_backend import NULL_VERSION, Backend, instant_of, object_change, without
from app.core.delivery.outside_calls import SweepBucket
from app.core.names import Scope
from app.core.s3.lifecycle import Expire, Move, Remove, StoredVersion, Swept, due_actions, is_upload_due
from app.core.s3.object_event import Details
from app.core.time import Instant, to_datetime


def sweep(backend: Backend, bucket: FakeBucket, call: SweepBucket) -> Iterator[Swept]:
    """Do everything that is due in the bucket at the call's midnight, key by key. What is locked stays."""
    rules, at = call.rules, call.at
    for key_name in sorted(bucket.keys):
        held = list(reversed(bucket.keys.getlist(key_name)))
        stored = [_as_stored(backend, version) for version in held]
        moto_of = {id(version): moto for version, moto in zip(stored, held, strict=True)}
        for action in due_actions(rules, stored, at, call.small):
            moto_version = moto_of[id(action.version)]
            match action:
                case Move(storage_class=storage_class):
                    yield _move(bucket, moto_version, storage_class)
                case Expire() if bucket.versioning_status is not None:
                    yield _mark(backend, bucket, key_name, at)
                case Expire() | Remove() if not _is_locked(moto_version):
                    yield _remove(bucket, key_name, moto_version)
                case _:
                    pass
    for upload in list(bucket.multiparts.values()):
        if is_upload_due(rules, upload.key_name, upload.begun_at, at):
            backend.abort_multipart_upload(bucket.name, upload.id)  # S3 tells nobody


def _as_stored(backend: Backend, version: Any) -> StoredVersion:
    created_at = instant_of(version.last_modified)
    if isinstance(version, FakeDeleteMarker):
        return StoredVersion(version.name, version.version_id, created_at, is_marker=True)
    tags = backend.tagger.get_tag_dict_for_resource(version.arn)
    return StoredVersion(version.name, version.version_id, created_at, version.size, version.storage_class, tags=tags)


def _is_locked(version: Any) -> bool:
    return not isinstance(version, FakeDeleteMarker) and version.is_locked(False)


def _mark(backend: Backend, bucket: FakeBucket, key_name: str, at: Instant) -> Swept:
    marker = backend.mark_deleted(bucket, key_name)
    marker.last_modified = to_datetime(at).replace(tzinfo=None)  # midnight, whenever S3 gets round to it
    return _swept(bucket, "LifecycleExpiration:DeleteMarkerCreated", key_name, marker.version_id)


def _remove(bucket: FakeBucket, key_name: str, version: Any) -> Swept:
    without(bucket, key_name, version)
    return _swept(bucket, "LifecycleExpiration:Delete", key_name, version.version_id)


def _swept(bucket: FakeBucket, name: str, key_name: str, version_id: str) -> Swept:
    told = None if version_id == NULL_VERSION else version_id
    return Swept(_scope_of(bucket), name, key_name, None, None, told, Details(by_s3=True))


def _move(bucket: FakeBucket, key: Any, storage_class: str) -> Swept:
    before = key.storage_class
    key.set_storage_class(storage_class)
    change = object_change("LifecycleTransition", bucket, key)
    details = Details(before, storage_class, by_s3=True)
    return Swept(change.scope, change.event_name, change.key, change.size, change.etag, change.version_id, details)


def _scope_of(bucket: FakeBucket) -> Scope:
    return Scope(bucket.account_id, bucket.region_name)
