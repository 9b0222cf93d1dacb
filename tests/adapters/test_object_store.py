"""The object store: what each S3 operation is told to have changed, and what moto is kept from."""

import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from app.adapters.object_store import ObjectStore
from app.core.delivery.outside_calls import SweepBucket
from app.core.names import Scope
from app.core.s3.lifecycle import KeyFilter, LifecycleRule, Transition
from app.core.s3.object_event import Details
from app.core.time import DAY_MS, HOUR_MS, parse_instant
from app.engine.storage import BucketCreated, BucketDeleted, ObjectChange, StoreAnswer, StoreRequest

NOON = parse_instant("2026-11-21T12:00:00Z")
MIDNIGHT = parse_instant("2026-11-22T00:00:00Z")
HOME = Scope()
ETAG_OF_A = "0cc175b9c0f1b6a831c399e269772661"
PRIVATE, PUBLIC = {"x-amz-acl": "private"}, {"x-amz-acl": "public-read"}
TAGGING = b"<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>"


@pytest.fixture
async def store() -> AsyncIterator[ObjectStore]:
    store = ObjectStore(lambda: NOON)
    await store.create_bucket(HOME, "photos")
    yield store
    await store.close()


async def ask(
    store: ObjectStore,
    method: str,
    path: str,
    body: bytes = b"",
    query: str = "",
    headers: dict[str, str] | None = None,
    scope: Scope = HOME,
) -> StoreAnswer:
    given = {"content-length": str(len(body)), **(headers or {})}
    return await store.handle(StoreRequest(method, path, query, given, body, scope))


def told(answer: StoreAnswer) -> list[tuple[str, str]]:
    """Event names and keys."""
    return [(change.event_name, change.key) for change in answer.changes if isinstance(change, ObjectChange)]


async def enable_versions(store: ObjectStore) -> None:
    body = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    await ask(store, "PUT", "/photos", body, "versioning")


def text_in(body: bytes, name: str) -> str:
    root = ElementTree.fromstring(body)  # noqa: S314 - what our own store answered
    return next(element.text or "" for element in root.iter() if element.tag.endswith(name))


class TestObjects:
    async def test_a_put_is_told_with_what_is_in_it(self, store: ObjectStore) -> None:
        answer = await ask(store, "PUT", "/photos/in/a.jpg", b"a")

        assert answer.status == 200
        assert answer.headers["etag"] == f'"{ETAG_OF_A}"'
        assert answer.changes == (
            ObjectChange(HOME, "photos", "ObjectCreated:Put", "in/a.jpg", size=1, etag=ETAG_OF_A),
        )

    async def test_a_put_with_tags_and_an_acl_is_one_change(self, store: ObjectStore) -> None:
        answer = await ask(store, "PUT", "/photos/a", b"a", headers={"x-amz-tagging": "k=v", **PUBLIC})

        assert told(answer) == [("ObjectCreated:Put", "a")]

    async def test_a_copy_is_told_of_the_copy(self, store: ObjectStore) -> None:
        await ask(store, "PUT", "/photos/a", b"a")

        answer = await ask(store, "PUT", "/photos/b", headers={"x-amz-copy-source": "/photos/a"})

        assert told(answer) == [("ObjectCreated:Copy", "b")]

    async def test_an_upload_in_parts_is_told_once_when_it_is_complete(self, store: ObjectStore) -> None:
        begun = await ask(store, "POST", "/photos/big", query="uploads")
        upload = f"uploadId={text_in(begun.body, 'UploadId')}"
        first = await ask(store, "PUT", "/photos/big", b"x" * 5_242_880, f"partNumber=1&{upload}")
        second = await ask(store, "PUT", "/photos/big", b"y", f"partNumber=2&{upload}")
        parts = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{part.headers['etag']}</ETag></Part>"
            for number, part in ((1, first), (2, second))
        )
        listed = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()

        complete = await ask(store, "POST", "/photos/big", listed, upload)
        again = await ask(store, "POST", "/photos/big", listed, upload)

        (change,) = complete.changes
        assert isinstance(change, ObjectChange)
        assert (change.event_name, change.size) == ("ObjectCreated:CompleteMultipartUpload", 5_242_881)
        assert change.etag is not None
        assert change.etag.endswith("-2")
        assert [answer.changes for answer in (begun, first, second)] == [(), (), ()]
        assert (again.status, again.changes) == (200, ())

    async def test_a_part_of_no_upload_is_refused(self, store: ObjectStore) -> None:
        answer = await ask(store, "PUT", "/photos/big", b"x", "partNumber=1&uploadId=nothing")

        assert (answer.status, text_in(answer.body, "Code")) == (404, "NoSuchUpload")

    async def test_tags_are_told_when_they_are_set_and_taken_away(self, store: ObjectStore) -> None:
        await ask(store, "PUT", "/photos/a", b"a")

        put = await ask(store, "PUT", "/photos/a", TAGGING, "tagging")
        deleted = await ask(store, "DELETE", "/photos/a", query="tagging")

        assert told(put) == [("ObjectTagging:Put", "a")]
        assert told(deleted) == [("ObjectTagging:Delete", "a")]

    async def test_an_acl_is_told_only_when_it_is_now_another(self, store: ObjectStore) -> None:
        await ask(store, "PUT", "/photos/a", b"a")

        answers = [
            await ask(store, "PUT", "/photos/a", query="acl", headers=acl) for acl in (PRIVATE, PUBLIC, PUBLIC, PRIVATE)
        ]

        assert [told(answer) for answer in answers] == [
            [],
            [("ObjectAcl:Put", "a")],
            [],
            [("ObjectAcl:Put", "a")],
        ]

    @pytest.mark.parametrize(
        "key", ["a b+c", "ü/ñ", "a;b", "a%2Fb", "//a", "a?b#c", "a\\b'\"&<>", "tagging", "日本語.jpg"]
    )
    async def test_any_key_is_kept_as_it_is(self, store: ObjectStore, key: str) -> None:
        put = await ask(store, "PUT", f"/photos/{quote(key)}", b"a")
        got = await ask(store, "GET", f"/photos/{quote(key)}")

        assert told(put) == [("ObjectCreated:Put", key)]
        assert got.body == b"a"

    async def test_a_raw_semicolon_is_part_of_the_key(self, store: ObjectStore) -> None:
        answer = await ask(store, "PUT", "/photos/a;b", b"a")

        assert told(answer) == [("ObjectCreated:Put", "a;b")]

    @pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
    async def test_a_body_that_looks_like_a_form_is_kept_as_bytes(self, store: ObjectStore, content_type: str) -> None:
        await ask(store, "PUT", "/photos/a", b"key=1&file=2", headers={"content-type": content_type})

        got = await ask(store, "GET", "/photos/a")

        assert (got.body, got.headers["content-type"]) == (b"key=1&file=2", content_type)

    async def test_a_request_without_a_signature_is_the_owners(self, store: ObjectStore) -> None:
        await ask(store, "PUT", "/photos/a", b"a")

        got = await ask(store, "GET", "/photos/a")

        assert got.status == 200


class TestDeleting:
    async def test_a_delete_is_told_of_what_was_there(self, store: ObjectStore) -> None:
        await ask(store, "PUT", "/photos/a", b"a")

        first = await ask(store, "DELETE", "/photos/a")
        second = await ask(store, "DELETE", "/photos/a")

        assert first.changes == (ObjectChange(HOME, "photos", "ObjectRemoved:Delete", "a"),)
        assert (second.status, second.changes) == (204, ())

    async def test_a_batch_tells_of_each(self, store: ObjectStore) -> None:
        for key in ("a", "b"):
            await ask(store, "PUT", f"/photos/{key}", b"a")
        objects = "".join(f"<Object><Key>{key}</Key></Object>" for key in ("a", "b", "c"))

        answer = await ask(store, "POST", "/photos", f"<Delete>{objects}</Delete>".encode(), "delete")

        assert told(answer) == [("ObjectRemoved:Delete", "a"), ("ObjectRemoved:Delete", "b")]

    async def test_where_versions_are_kept_a_marker_is_made_and_versions_are_deleted(self, store: ObjectStore) -> None:
        await enable_versions(store)
        versions = [(await ask(store, "PUT", "/photos/a", body)).headers["x-amz-version-id"] for body in (b"a", b"b")]

        marked = await ask(store, "DELETE", "/photos/a")
        marker = marked.headers["x-amz-version-id"]
        deleted = [
            await ask(store, "DELETE", "/photos/a", query=f"versionId={version}") for version in (marker, *versions)
        ]
        nothing = await ask(store, "DELETE", "/photos/a", query="versionId=nothing")

        assert marked.changes == (
            ObjectChange(HOME, "photos", "ObjectRemoved:DeleteMarkerCreated", "a", version_id=marker),
        )
        assert [answer.changes for answer in deleted] == [
            (ObjectChange(HOME, "photos", "ObjectRemoved:Delete", "a", version_id=version),)
            for version in (marker, *versions)
        ]
        assert nothing.changes == ()

    async def test_where_versions_are_kept_what_never_was_is_marked_too(self, store: ObjectStore) -> None:
        await enable_versions(store)

        marked = await ask(store, "DELETE", "/photos/never")
        marker = marked.headers["x-amz-version-id"]
        listed = await ask(store, "GET", "/photos", query="versions")
        unmarked = await ask(store, "DELETE", "/photos/never", query=f"versionId={marker}")

        assert told(marked) == [("ObjectRemoved:DeleteMarkerCreated", "never")]
        assert b"<DeleteMarker>" in listed.body
        assert told(unmarked) == [("ObjectRemoved:Delete", "never")]
        assert (await ask(store, "DELETE", "/photos")).status == 204


class TestBuckets:
    async def test_a_bucket_is_told_where_it_is(self, store: ObjectStore) -> None:
        body = (
            b"<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>"
        )
        elsewhere = Scope("111122223333", "eu-west-1")

        created = await ask(store, "PUT", "/archive", body, scope=elsewhere)
        deleted = await ask(store, "DELETE", "/archive", scope=elsewhere)

        assert created.changes == (BucketCreated(elsewhere, "archive"),)
        assert deleted.changes == (BucketDeleted("archive"),)

    async def test_a_bucket_that_is_there_is_not_told_again(self, store: ObjectStore) -> None:
        answer = await ask(store, "PUT", "/photos")

        assert (answer.status, answer.changes) == (200, ())

    async def test_a_declared_bucket_is_told_to_nobody(self, store: ObjectStore) -> None:
        await store.create_bucket(HOME, "declared")
        await store.create_bucket(HOME, "declared")

        answer = await ask(store, "HEAD", "/declared")

        assert (answer.status, answer.changes) == (200, ())

    async def test_a_forgotten_bucket_is_gone_with_all_in_it(self, store: ObjectStore) -> None:
        await ask(store, "PUT", "/photos/a", b"a")

        await store.remove_bucket("photos")
        await store.remove_bucket("photos")

        answer = await ask(store, "GET", "/photos/a")
        assert (answer.status, text_in(answer.body, "Code")) == (404, "NoSuchBucket")
        assert answer.changes == ()

    async def test_a_name_that_s3_would_not_take_is_refused(self, store: ObjectStore) -> None:
        answer = await ask(store, "PUT", "/Not_A_Bucket")

        assert (answer.status, text_in(answer.body, "Code")) == (400, "InvalidBucketName")

    async def test_a_declared_name_that_s3_would_not_take_stops_nothing(
        self, store: ObjectStore, caplog: pytest.LogCaptureFixture
    ) -> None:
        await store.create_bucket(HOME, "Not_A_Bucket")

        assert "Not_A_Bucket" in caplog.text


class TestTime:
    async def test_what_is_stored_is_stamped_by_our_clock(self) -> None:
        now = NOON
        store = ObjectStore(lambda: now)
        await store.create_bucket(HOME, "photos")
        now += 3_600_000
        await ask(store, "PUT", "/photos/a", b"a")

        buckets = await ask(store, "GET", "/")
        object_ = await ask(store, "HEAD", "/photos/a")
        await store.close()

        assert text_in(buckets.body, "CreationDate") == "2026-11-21T12:00:00.000Z"
        assert object_.headers["last-modified"] == "Sat, 21 Nov 2026 13:00:00 GMT"


class TestBadRequests:
    async def test_a_method_that_s3_has_not_is_refused(self, store: ObjectStore) -> None:
        post = await ask(store, "POST", "/photos/a", query="surprise")
        patch = await ask(store, "PATCH", "/photos/a")

        assert (post.status, text_in(post.body, "Code")) == (405, "MethodNotAllowed")
        assert (patch.status, text_in(patch.body, "Code")) == (501, "NotImplemented")

    async def test_a_body_that_is_not_xml_is_malformed(self, store: ObjectStore) -> None:
        answer = await ask(store, "POST", "/photos", b"junk", "delete")

        assert (answer.status, text_in(answer.body, "Code")) == (400, "MalformedXML")

    async def test_a_form_without_a_key_is_refused(self, store: ObjectStore) -> None:
        body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\na\r\n--x--\r\n'

        answer = await ask(store, "POST", "/photos", body, headers={"content-type": "multipart/form-data; boundary=x"})

        assert (answer.status, text_in(answer.body, "Code")) == (400, "InvalidArgument")

    async def test_what_moto_stumbles_over_is_one_failed_request(
        self, store: ObjectStore, caplog: pytest.LogCaptureFixture
    ) -> None:
        failed = await ask(store, "POST", "/photos", b"<Surprise/>", "delete")
        after = await ask(store, "PUT", "/photos/a", b"a")

        assert (failed.status, text_in(failed.body, "Code")) == (500, "InternalError")
        assert "the object store failed on POST /photos?delete" in caplog.text
        assert after.status == 200


class TestLoading:
    async def test_nothing_is_loaded_before_it_is_used(self) -> None:
        store = ObjectStore(lambda: NOON)

        assert not store.is_loaded
        await store.close()

    def test_importing_it_imports_neither_moto_nor_botocore(self) -> None:
        program = (
            "import sys, app.web.s3, app.adapters.object_store\n"
            "print(*sorted({name.split('.')[0] for name in sys.modules} & {'moto', 'boto3', 'botocore', 'werkzeug'}))"
        )

        printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

        assert printed.stdout.strip() == ""

    async def test_deleted_objects_are_let_go(self, store: ObjectStore) -> None:
        for _ in range(3):
            await ask(store, "PUT", "/photos/a", b"a")

        from moto.s3.models import FakeKey

        assert FakeKey.instances_tracked == []


class TestSuspendedVersions:
    """S3 user guide: AddingObjectstoVersionSuspendedBuckets, DeletingObjectsfromVersionSuspendedBuckets."""

    @staticmethod
    async def suspended(store: ObjectStore) -> str:
        """A bucket that has a version of `a`, and keeps no more; the id of that version."""
        await enable_versions(store)
        first = await ask(store, "PUT", "/photos/a", b"1")
        body = b"<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>"
        await ask(store, "PUT", "/photos", body, "versioning")
        return first.headers["x-amz-version-id"]

    async def test_a_put_takes_the_place_of_the_null_version_alone(self, store: ObjectStore) -> None:
        first = await self.suspended(store)

        answers = [await ask(store, "PUT", "/photos/a", body) for body in (b"22", b"333")]
        old = await ask(store, "GET", "/photos/a", query=f"versionId={first}")
        null = await ask(store, "GET", "/photos/a", query="versionId=null")
        listed = await ask(store, "GET", "/photos", query="versions")

        assert (old.body, null.body) == (b"1", b"333")
        assert listed.body.count(b"<Version>") == 2
        for answer, size in zip(answers, (2, 3), strict=True):
            (change,) = answer.changes
            assert isinstance(change, ObjectChange)
            assert (change.event_name, change.size, change.version_id) == ("ObjectCreated:Put", size, None)

    async def test_a_delete_puts_a_null_marker_and_keeps_the_others(self, store: ObjectStore) -> None:
        first = await self.suspended(store)
        await ask(store, "PUT", "/photos/a", b"22")

        deleted = await ask(store, "DELETE", "/photos/a")
        old = await ask(store, "GET", "/photos/a", query=f"versionId={first}")
        gone = await ask(store, "GET", "/photos/a")
        listed = await ask(store, "GET", "/photos", query="versions")

        assert deleted.changes == (ObjectChange(HOME, "photos", "ObjectRemoved:DeleteMarkerCreated", "a"),)
        assert deleted.headers["x-amz-version-id"] == "null"
        assert (old.body, gone.status) == (b"1", 404)
        assert (listed.body.count(b"<Version>"), listed.body.count(b"<DeleteMarker>")) == (1, 1)

    async def test_a_copy_and_an_upload_in_parts_are_told_under_their_own_names(self, store: ObjectStore) -> None:
        first = await self.suspended(store)
        begun = await ask(store, "POST", "/photos/a", query="uploads")
        upload = f"uploadId={text_in(begun.body, 'UploadId')}"
        part = await ask(store, "PUT", "/photos/a", b"part", f"partNumber=1&{upload}")
        listed = f"<Part><PartNumber>1</PartNumber><ETag>{part.headers['etag']}</ETag></Part>"
        body = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()

        copied = await ask(store, "PUT", "/photos/b", headers={"x-amz-copy-source": f"/photos/a?versionId={first}"})
        complete = await ask(store, "POST", "/photos/a", body, upload)
        listed_versions = await ask(store, "GET", "/photos", query="versions")

        assert told(copied) == [("ObjectCreated:Copy", "b")]
        assert told(complete) == [("ObjectCreated:CompleteMultipartUpload", "a")]
        assert listed_versions.body.count(b"<Version>") == 3

    async def test_a_version_is_deleted_for_good(self, store: ObjectStore) -> None:
        first = await self.suspended(store)
        await ask(store, "PUT", "/photos/a", b"22")

        deleted = await ask(store, "DELETE", "/photos/a", query=f"versionId={first}")
        left = await ask(store, "GET", "/photos/a")

        assert deleted.changes == (ObjectChange(HOME, "photos", "ObjectRemoved:Delete", "a", version_id=first),)
        assert left.body == b"22"


class TestRestores:
    GLACIER = {"x-amz-storage-class": "GLACIER"}  # noqa: RUF012 - nobody changes it

    @staticmethod
    def wanted(days: int = 2, tier: str = "Standard") -> bytes:
        job = f"<GlacierJobParameters><Tier>{tier}</Tier></GlacierJobParameters>"
        return f"<RestoreRequest><Days>{days}</Days>{job}</RestoreRequest>".encode()

    async def test_an_archived_object_is_read_once_it_is_back_and_no_longer_than_asked(self) -> None:
        now = [NOON]
        store = ObjectStore(lambda: now[0])
        await store.create_bucket(HOME, "photos")
        await ask(store, "PUT", "/photos/a", b"a", headers=self.GLACIER)

        statuses = [(await ask(store, "GET", "/photos/a")).status]
        begun = await ask(store, "POST", "/photos/a", self.wanted(), "restore")
        again = await ask(store, "POST", "/photos/a", self.wanted(), "restore")
        during = await ask(store, "HEAD", "/photos/a")
        statuses.append((await ask(store, "GET", "/photos/a")).status)
        now[0] += 5 * HOUR_MS
        back = await ask(store, "HEAD", "/photos/a")
        statuses.append((await ask(store, "GET", "/photos/a")).status)
        longer = await ask(store, "POST", "/photos/a", self.wanted(3), "restore")
        now[0] += 4 * DAY_MS
        statuses.append((await ask(store, "GET", "/photos/a")).status)
        await store.close()

        assert statuses == [403, 403, 200, 403]
        assert (begun.status, again.status, longer.status) == (202, 409, 200)
        assert during.headers["x-amz-restore"] == 'ongoing-request="true"'
        assert back.headers["x-amz-restore"] == ('ongoing-request="false", expiry-date="Tue, 24 Nov 2026 00:00:00 GMT"')
        (change,) = begun.changes
        assert isinstance(change, ObjectChange)
        assert change.event_name == "ObjectRestore:Post"
        assert change.details == Details("GLACIER", None, NOON + 5 * HOUR_MS, parse_instant("2026-11-24T00:00:00Z"))

    @pytest.mark.parametrize(
        ("storage_class", "body", "status", "code"),
        [
            ("STANDARD", b"<RestoreRequest><Days>1</Days></RestoreRequest>", 403, "InvalidObjectState"),
            ("GLACIER", b"<RestoreRequest><Days>0</Days></RestoreRequest>", 400, "InvalidArgument"),
            ("GLACIER", b"<RestoreRequest/>", 400, "MalformedXML"),
            ("GLACIER", b"junk", 400, "MalformedXML"),
            ("DEEP_ARCHIVE", wanted(1, "Expedited"), 400, "InvalidArgument"),
        ],
    )
    async def test_what_cannot_be_restored_is_refused(
        self, store: ObjectStore, storage_class: str, body: bytes, status: int, code: str
    ) -> None:
        await ask(store, "PUT", "/photos/a", b"a", headers={"x-amz-storage-class": storage_class})

        answer = await ask(store, "POST", "/photos/a", body, "restore")

        assert (answer.status, text_in(answer.body, "Code"), answer.changes) == (status, code, ())


class TestLifecycle:
    @staticmethod
    def rules(**more: Any) -> tuple[LifecycleRule, ...]:
        return (LifecycleRule("r", is_enabled=True, **more),)

    async def test_an_object_expires_for_good_where_no_versions_are_kept(self, store: ObjectStore) -> None:
        await ask(store, "PUT", "/photos/old", b"a")
        swept = [
            await store.sweep(SweepBucket("photos", self.rules(expire_days=1), MIDNIGHT + days * DAY_MS))
            for days in range(3)
        ]
        gone = await ask(store, "GET", "/photos/old")

        assert [[done.event_name for done in sweep.done] for sweep in swept] == [
            [],
            ["LifecycleExpiration:Delete"],
            [],
        ]
        assert gone.status == 404

    async def test_with_versions_a_marker_of_midnight_hides_it_and_the_version_goes_later(
        self, store: ObjectStore
    ) -> None:
        await enable_versions(store)
        version = (await ask(store, "PUT", "/photos/a", b"a")).headers["x-amz-version-id"]
        rules = self.rules(expire_days=1, noncurrent_days=1)

        swept = [await store.sweep(SweepBucket("photos", rules, MIDNIGHT + days * DAY_MS)) for days in range(1, 5)]
        listed = await ask(store, "GET", "/photos", query="versions")

        told = [[(done.event_name, done.version_id == version) for done in sweep.done] for sweep in swept]
        assert told == [
            [("LifecycleExpiration:DeleteMarkerCreated", False)],
            [("LifecycleExpiration:Delete", True)],
            [("LifecycleExpiration:Delete", False)],
            [],
        ]
        assert b"<Version>" not in listed.body
        assert b"<DeleteMarker>" not in listed.body

    async def test_an_object_goes_to_another_class_and_keeps_what_is_in_it(self, store: ObjectStore) -> None:
        content = b"x" * 200_000
        await ask(store, "PUT", "/photos/a", content)
        rules = self.rules(transitions=(Transition("GLACIER_IR", 1),))

        swept = await store.sweep(SweepBucket("photos", rules, MIDNIGHT + DAY_MS))
        got = await ask(store, "GET", "/photos/a")

        (done,) = swept.done
        assert (done.event_name, done.size) == ("LifecycleTransition", 200_000)
        assert done.details == Details("STANDARD", "GLACIER_IR", by_s3=True)
        assert (got.headers["x-amz-storage-class"], got.body) == ("GLACIER_IR", content)

    async def test_tags_choose_and_an_unfinished_upload_is_given_up(self, store: ObjectStore) -> None:
        await ask(store, "PUT", "/photos/kept", b"a")
        await ask(store, "PUT", "/photos/temporary", b"a", headers={"x-amz-tagging": "k=v"})
        await ask(store, "POST", "/photos/big", query="uploads")
        tagged = LifecycleRule("t", is_enabled=True, filter=KeyFilter(tags=(("k", "v"),)), expire_days=1)

        swept = await store.sweep(SweepBucket("photos", (tagged, *self.rules(abort_days=1)), MIDNIGHT + DAY_MS))
        uploads = await ask(store, "GET", "/photos", query="uploads")

        assert [done.key for done in swept.done] == ["temporary"]
        assert b"<Upload>" not in uploads.body

    async def test_a_store_that_was_never_used_is_not_loaded_for_it(self) -> None:
        store = ObjectStore(lambda: NOON)

        assert (await store.sweep(SweepBucket("photos", self.rules(expire_days=1), MIDNIGHT))).done == ()
        assert not store.is_loaded


class TestDigestsAndConditions:
    @pytest.mark.parametrize(
        ("headers", "code"),
        [
            ({"content-md5": "junk"}, "InvalidDigest"),
            ({"content-md5": "1B2M2Y8AsgTpgAmY7PhCfg=="}, "BadDigest"),
            ({"x-amz-checksum-crc32": "AAAAAA=="}, "BadDigest"),
            ({"x-amz-checksum-sha256": "AAAA"}, "BadDigest"),
        ],
    )
    async def test_a_body_that_is_not_the_one_meant_is_not_stored(
        self, store: ObjectStore, headers: dict[str, str], code: str
    ) -> None:
        answer = await ask(store, "PUT", "/photos/a", b"a", headers=headers)

        assert (answer.status, text_in(answer.body, "Code"), answer.changes) == (400, code, ())

    async def test_the_right_digests_are_taken(self, store: ObjectStore) -> None:
        headers = {"content-md5": "DMF1ucDxtqgxw5niaXcmYQ==", "x-amz-checksum-crc32": "6Le+Qw=="}

        answer = await ask(store, "PUT", "/photos/a", b"a", headers=headers)

        assert (answer.status, told(answer)) == (200, [("ObjectCreated:Put", "a")])

    async def test_an_upload_is_completed_only_where_nothing_is_yet_if_so_wished(self, store: ObjectStore) -> None:
        await ask(store, "PUT", "/photos/big", b"a")
        begun = await ask(store, "POST", "/photos/big", query="uploads")
        upload = f"uploadId={text_in(begun.body, 'UploadId')}"

        refused = await ask(store, "POST", "/photos/big", b"<CompleteMultipartUpload/>", upload, {"if-none-match": "*"})

        assert (refused.status, text_in(refused.body, "Code")) == (412, "PreconditionFailed")
