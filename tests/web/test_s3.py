"""S3 as an unmodified boto3 sees it over loopback, with the real world behind it."""

import asyncio
import http.client
import json
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from io import BytesIO
from time import monotonic
from typing import Any, ParamSpec, TypeVar

import boto3
import pytest
import uvicorn
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

from app.adapters.object_store import ObjectStore
from app.core.awslambda.function import FailAfter, FunctionSpec, SucceedAfter
from app.core.commands import (
    CreateQueue,
    DeclareBucket,
    ForgetBucket,
    PutBucketNotification,
    PutFunction,
    Received,
    ReceiveMessage,
)
from app.core.facts import InvocationStarted, ObjectChanged
from app.core.names import Scope
from app.core.s3.notification import NotificationConfiguration, NotificationRule
from app.core.time import MINUTE_MS, parse_instant
from app.core.world import World
from app.engine.clock import Clock, Way
from app.engine.driver import Engine
from app.engine.journal import Journal
from app.web.s3 import S3App
from app.wire.events.shapes import Shapes

P = ParamSpec("P")
R = TypeVar("R")

HOME = Scope()
UPLOADS = HOME.queue_arn("uploads")
RESIZE = HOME.function_arn("resize")
NOON = parse_instant("2026-11-21T12:00:00Z")
SESSION = boto3.session.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
STRANGE_KEYS = ["in/a b+c.jpg", "ü/ñ/日本語.txt", "a//b", "/a", "100%/x?y=z&w#v", 'it\'s;"quoted"', "tail/"]


@dataclass
class Service:
    """A running S3 endpoint, its engine, and what was told of objects."""

    engine: Engine
    store: ObjectStore
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, **config: Any) -> Any:
        settings = Config(retries={"total_max_attempts": 1}, **config)
        return SESSION.client("s3", endpoint_url=self.url, config=settings)

    @property
    def told(self) -> list[str]:
        facts = [entry.fact for entry in self.engine.journal.entries()]
        return [f"{fact.event} {fact.key}" for fact in facts if isinstance(fact, ObjectChanged)]

    async def received(self) -> list[dict[str, Any]]:
        """The bodies of up to ten messages of the queue `uploads`, as JSON."""
        received = await self.engine.ask(ReceiveMessage(UPLOADS, max_messages=10))
        assert isinstance(received, Received)
        return [json.loads(delivery.content.body) for delivery in received.deliveries]

    def request(
        self, method: str, target: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, target, body, headers or {})
            response = connection.getresponse()
            return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        finally:
            connection.close()


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    clock = Clock(Way.FROZEN, at=NOON)
    engine = Engine(World(shapes=Shapes()), clock, Journal(), lambda _: None)
    store = ObjectStore(clock.now)
    engine.submit(DeclareBucket(HOME, "photos"))
    engine.submit(CreateQueue(UPLOADS))
    engine.submit(PutFunction(FunctionSpec(RESIZE, script=SucceedAfter())))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(S3App(engine, store, max_object_bytes=20_000_000), lifespan="off", log_level="warning")
        )
        serving = asyncio.create_task(server.serve([listener]))
        deadline = monotonic() + 10
        while not server.started:
            assert monotonic() < deadline, "the server did not start"
            await asyncio.sleep(0.01)
        yield Service(engine, store, listener.getsockname()[1])
        server.should_exit = True
        await serving
    await engine.close()
    await store.close()


async def threaded(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """boto3 blocks; the service answers on this loop meanwhile."""
    return await asyncio.to_thread(work, *args, **kwargs)


async def refusal(work: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
    with pytest.raises(ClientError) as refused:
        await threaded(work, *args, **kwargs)
    return {
        "Status": refused.value.response["ResponseMetadata"]["HTTPStatusCode"],
        **refused.value.response["Error"],
    }


class TestObjects:
    async def test_what_was_put_is_got(self, service: Service) -> None:
        s3 = service.client()

        await threaded(
            s3.put_object, Bucket="photos", Key="a.jpg", Body=b"hello", ContentType="image/jpeg", Metadata={"by": "me"}
        )
        got = await threaded(s3.get_object, Bucket="photos", Key="a.jpg")
        head = await threaded(s3.head_object, Bucket="photos", Key="a.jpg")

        assert await threaded(got["Body"].read) == b"hello"
        for answer in (got, head):
            assert answer["ContentLength"] == 5
            assert answer["ContentType"] == "image/jpeg"
            assert answer["ETag"] == '"5d41402abc4b2a76b9719d911017c592"'
            assert answer["Metadata"] == {"by": "me"}
            assert answer["LastModified"].isoformat() == "2026-11-21T12:00:00+00:00"
        assert service.told == ["ObjectCreated:Put a.jpg"]

    @pytest.mark.parametrize("addressing", ["path", "virtual"])
    async def test_any_key_goes_there_and_back(self, service: Service, addressing: str) -> None:
        # Not every resolver knows `photos.localhost`; as a proxy the service is asked for it all the same.
        config = Config(s3={"addressing_style": addressing}, proxies={"http": service.url})
        s3 = SESSION.client("s3", endpoint_url="http://localhost:4566", config=config)

        def there_and_back(key: str) -> list[str]:
            s3.put_object(Bucket="photos", Key=key, Body=b"x")
            listed = s3.list_objects_v2(Bucket="photos")
            assert s3.get_object(Bucket="photos", Key=key)["Body"].read() == b"x"
            s3.delete_object(Bucket="photos", Key=key)
            return [found["Key"] for found in listed["Contents"]]

        listed = [await threaded(there_and_back, key) for key in STRANGE_KEYS]

        assert listed == [[key] for key in STRANGE_KEYS]
        assert service.told == [
            f"{name} {key}" for key in STRANGE_KEYS for name in ("ObjectCreated:Put", "ObjectRemoved:Delete")
        ]

    async def test_part_of_an_object_is_got(self, service: Service) -> None:
        s3 = service.client()
        await threaded(s3.put_object, Bucket="photos", Key="a", Body=b"0123456789")

        got = await threaded(s3.get_object, Bucket="photos", Key="a", Range="bytes=2-4")
        beyond = await refusal(s3.get_object, Bucket="photos", Key="a", Range="bytes=20-")

        assert await threaded(got["Body"].read) == b"234"
        assert got["ContentRange"] == "bytes 2-4/10"
        assert (beyond["Status"], beyond["Code"]) == (416, "InvalidRange")

    async def test_conditions_are_kept(self, service: Service) -> None:
        s3 = service.client()
        etag = (await threaded(s3.put_object, Bucket="photos", Key="a", Body=b"1"))["ETag"]

        exists = await refusal(s3.put_object, Bucket="photos", Key="a", Body=b"2", IfNoneMatch="*")
        other = await refusal(s3.get_object, Bucket="photos", Key="a", IfMatch='"other"')
        status, _, body = await threaded(service.request, "GET", "/photos/a", None, {"If-None-Match": etag})

        assert (exists["Status"], exists["Code"]) == (412, "PreconditionFailed")
        assert other["Status"] == 412
        assert (status, body) == (304, b"")
        assert service.told == ["ObjectCreated:Put a"]

    async def test_a_copy_is_made(self, service: Service) -> None:
        s3 = service.client()
        await threaded(s3.put_object, Bucket="photos", Key="in/a b.jpg", Body=b"x")

        await threaded(
            s3.copy_object, Bucket="photos", Key="out/a.jpg", CopySource={"Bucket": "photos", "Key": "in/a b.jpg"}
        )

        assert service.told == ["ObjectCreated:Put in/a b.jpg", "ObjectCreated:Copy out/a.jpg"]

    async def test_a_large_file_is_one_upload_in_parts(self, service: Service) -> None:
        s3 = service.client()
        content = bytes(range(256)) * 4096 * 11
        in_parts = TransferConfig(multipart_threshold=5_242_880, multipart_chunksize=5_242_880)

        await threaded(s3.upload_fileobj, BytesIO(content), "photos", "big.bin", None, None, in_parts)
        got = await threaded(s3.get_object, Bucket="photos", Key="big.bin")

        assert await threaded(got["Body"].read) == content
        assert got["ETag"].endswith('-3"')
        assert service.told == ["ObjectCreated:CompleteMultipartUpload big.bin"]

    async def test_a_signed_stream_with_a_trailer_is_unwrapped(self, service: Service) -> None:
        body = b"3\r\nabc\r\n3\r\ndef\r\n0\r\nx-amz-checksum-crc32:S4457w==\r\n\r\n"
        headers = {
            "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            "content-encoding": "aws-chunked",
            "x-amz-decoded-content-length": "6",
            "x-amz-trailer": "x-amz-checksum-crc32",
        }

        status, _, _ = await threaded(service.request, "PUT", "/photos/a", body, headers)
        _, got_headers, got = await threaded(service.request, "GET", "/photos/a")

        assert (status, got) == (200, b"abcdef")
        assert "aws-chunked" not in got_headers.get("content-encoding", "")

    async def test_several_objects_are_deleted_at_once(self, service: Service) -> None:
        s3 = service.client()
        for key in ("a", "b&<c>"):
            await threaded(s3.put_object, Bucket="photos", Key=key, Body=b"x")

        answer = await threaded(
            s3.delete_objects, Bucket="photos", Delete={"Objects": [{"Key": "a"}, {"Key": "b&<c>"}, {"Key": "none"}]}
        )

        assert [deleted["Key"] for deleted in answer["Deleted"]] == ["a", "b&<c>", "none"]
        assert service.told[2:] == ["ObjectRemoved:Delete a", "ObjectRemoved:Delete b&<c>"]

    async def test_versions_are_kept_and_markers_told(self, service: Service) -> None:
        s3 = service.client()
        await threaded(s3.put_bucket_versioning, Bucket="photos", VersioningConfiguration={"Status": "Enabled"})
        version = (await threaded(s3.put_object, Bucket="photos", Key="a", Body=b"1"))["VersionId"]

        marked = await threaded(s3.delete_object, Bucket="photos", Key="a")
        gone = await refusal(s3.get_object, Bucket="photos", Key="a")
        still = await threaded(s3.get_object, Bucket="photos", Key="a", VersionId=version)
        await threaded(s3.delete_object, Bucket="photos", Key="a", VersionId=version)

        assert marked["DeleteMarker"]
        assert gone["Code"] == "NoSuchKey"
        assert await threaded(still["Body"].read) == b"1"
        assert service.told == ["ObjectCreated:Put a", "ObjectRemoved:DeleteMarkerCreated a", "ObjectRemoved:Delete a"]

    @pytest.mark.parametrize("signature", ["s3v4", "s3"])
    async def test_presigned_urls_work(self, service: Service, signature: str) -> None:
        s3 = service.client(signature_version=signature)
        object_ = {"Bucket": "photos", "Key": "pre signed+1.txt"}
        put_url = s3.generate_presigned_url("put_object", object_).removeprefix(service.url)
        get_url = s3.generate_presigned_url("get_object", object_).removeprefix(service.url)

        put, _, _ = await threaded(service.request, "PUT", put_url, b"content")
        got = await threaded(service.request, "GET", get_url)

        assert put == 200
        assert (got[0], got[2]) == (200, b"content")
        assert service.told == ["ObjectCreated:Put pre signed+1.txt"]

    async def test_a_browser_form_is_a_post(self, service: Service) -> None:
        form = service.client().generate_presigned_post("photos", "up/${filename}")
        fields = [
            f'--b\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in form["fields"].items()
        ]
        file = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nfrom a form\r\n--b--\r\n'
        headers = {"content-type": "multipart/form-data; boundary=b"}

        status, told, _ = await threaded(service.request, "POST", "/photos", "".join([*fields, file]).encode(), headers)
        got = await threaded(service.request, "GET", "/photos/up/a.txt")

        assert (status, got[2]) == (204, b"from a form")
        assert told["location"] == f"http://127.0.0.1:{service.port}/photos/up/a.txt"
        assert told["etag"] == got[1]["etag"]
        assert service.told == ["ObjectCreated:Post up/a.txt"]

    @pytest.mark.parametrize(("status", "answer"), [("201", b"<Key>up/a.txt</Key>"), ("200", b"")])
    async def test_a_form_may_ask_for_another_status(self, service: Service, status: str, answer: bytes) -> None:
        asked = {"success_action_status": status}
        form = service.client().generate_presigned_post("photos", "up/a.txt", Fields=asked, Conditions=[asked])
        fields = [
            f'--b\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in form["fields"].items()
        ]
        file = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhi\r\n--b--\r\n'
        headers = {"content-type": "multipart/form-data; boundary=b"}

        got, _, body = await threaded(service.request, "POST", "/photos", "".join([*fields, file]).encode(), headers)

        assert got == int(status)
        assert answer in body

    @pytest.mark.parametrize(("size", "code"), [(11, b"EntityTooLarge"), (1, b"EntityTooSmall")])
    async def test_a_form_that_breaks_its_policy_stores_nothing(self, service: Service, size: int, code: bytes) -> None:
        limits = [["content-length-range", 2, 10]]
        form = service.client().generate_presigned_post("photos", "up/a.txt", Conditions=limits)
        fields = [
            f'--b\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in form["fields"].items()
        ]
        content = "x" * size
        file = f'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n{content}\r\n--b--\r\n'
        headers = {"content-type": "multipart/form-data; boundary=b"}

        status, _, body = await threaded(service.request, "POST", "/photos", "".join([*fields, file]).encode(), headers)

        assert status == 400
        assert b"<Code>" + code + b"</Code>" in body
        assert service.told == []

    async def test_a_body_waits_for_the_servers_word(self, service: Service) -> None:
        def put() -> bytes:
            with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
                head = "PUT /photos/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"
                connection.sendall(head.encode())
                word = connection.recv(1024)
                connection.sendall(b"x")
                return word + connection.recv(1024)

        said = await threaded(put)

        assert said.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")

    async def test_a_body_that_is_too_large_is_refused(self, service: Service) -> None:
        status, _, body = await threaded(service.request, "PUT", "/photos/a", b"x" * 20_000_001)

        assert status == 400
        assert b"<Code>EntityTooLarge</Code>" in body
        assert service.told == []

    async def test_errors_are_s3s(self, service: Service) -> None:
        s3 = service.client()

        no_key = await refusal(s3.get_object, Bucket="photos", Key="none")
        no_bucket = await refusal(s3.get_object, Bucket="nothing", Key="none")
        no_head = await refusal(s3.head_object, Bucket="photos", Key="none")

        assert (no_key["Status"], no_key["Code"]) == (404, "NoSuchKey")
        assert (no_bucket["Status"], no_bucket["Code"]) == (404, "NoSuchBucket")
        assert (no_head["Status"], no_head["Code"]) == (404, "404")

    async def test_an_error_has_one_request_id(self, service: Service) -> None:
        _, headers, body = await threaded(service.request, "GET", "/photos/none")

        assert f"<RequestId>{headers['x-amz-request-id']}</RequestId>".encode() in body
        assert headers["x-amz-id-2"]


class TestBuckets:
    async def test_a_bucket_made_over_the_wire_is_known_to_the_world(self, service: Service) -> None:
        s3 = SESSION.client(
            "s3",
            endpoint_url=service.url,
            aws_access_key_id="111122223333",
            aws_secret_access_key="test",
            region_name="eu-west-1",
        )

        await threaded(
            s3.create_bucket, Bucket="archive", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        scope = service.engine.world.buckets["archive"].scope
        await threaded(s3.delete_bucket, Bucket="archive")

        assert scope == Scope("111122223333", "eu-west-1")
        assert "archive" not in service.engine.world.buckets.all

    async def test_a_bucket_declared_at_run_time_takes_objects(self, service: Service) -> None:
        s3 = service.client()
        await threaded(s3.list_buckets)
        service.engine.submit(DeclareBucket(HOME, "later"))

        await threaded(s3.put_object, Bucket="later", Key="a", Body=b"x")
        listed = await threaded(s3.list_buckets)

        assert {bucket["Name"] for bucket in listed["Buckets"]} == {"later", "photos"}

    async def test_a_bucket_forgotten_at_run_time_is_gone(self, service: Service) -> None:
        s3 = service.client()
        await threaded(s3.put_object, Bucket="photos", Key="a", Body=b"x")
        service.engine.submit(ForgetBucket("photos"))

        refused = await refusal(s3.get_object, Bucket="photos", Key="a")

        assert refused["Code"] == "NoSuchBucket"

    async def test_a_bucket_that_is_not_empty_stays(self, service: Service) -> None:
        s3 = service.client()
        await threaded(s3.put_object, Bucket="photos", Key="a", Body=b"x")

        refused = await refusal(s3.delete_bucket, Bucket="photos")

        assert (refused["Status"], refused["Code"]) == (409, "BucketNotEmpty")
        assert "photos" in service.engine.world.buckets.all


def notify(arn: str, *events: str, id: str = "", **filter_rules: str) -> dict[str, Any]:
    """A configuration entry in boto3's shape."""
    kind = "LambdaFunctionArn" if ":lambda:" in arn else "TopicArn" if ":sns:" in arn else "QueueArn"
    entry: dict[str, Any] = {kind: arn, "Events": list(events)}
    if id:
        entry["Id"] = id
    if filter_rules:
        rules = [{"Name": name, "Value": value} for name, value in filter_rules.items()]
        entry["Filter"] = {"Key": {"FilterRules": rules}}
    return entry


class TestNotificationConfiguration:
    async def test_it_is_given_back_as_it_was_put(self, service: Service) -> None:
        s3 = service.client()
        topic = "arn:aws:sns:us-east-1:000000000000:uploads"
        configuration = {
            "TopicConfigurations": [notify(topic, "s3:ObjectTagging:*", id="t")],
            "QueueConfigurations": [notify(UPLOADS, "s3:ObjectRemoved:*", id="q", Suffix=".jpg")],
            "LambdaFunctionConfigurations": [
                notify(RESIZE, "s3:ObjectCreated:Put", "s3:ObjectCreated:Copy", id="f", Prefix="in/", Suffix=".jpg")
            ],
            "EventBridgeConfiguration": {},
        }

        await threaded(
            s3.put_bucket_notification_configuration,
            Bucket="photos",
            NotificationConfiguration=configuration,
            SkipDestinationValidation=True,
        )
        given_back = await threaded(s3.get_bucket_notification_configuration, Bucket="photos")

        given_back.pop("ResponseMetadata")
        assert given_back == configuration

    async def test_a_new_one_replaces_all_of_the_old(self, service: Service) -> None:
        s3 = service.client()
        first = {"QueueConfigurations": [notify(UPLOADS, "s3:ObjectRemoved:*")]}
        await threaded(s3.put_bucket_notification_configuration, Bucket="photos", NotificationConfiguration=first)

        await threaded(s3.put_bucket_notification_configuration, Bucket="photos", NotificationConfiguration={})
        given_back = await threaded(s3.get_bucket_notification_configuration, Bucket="photos")

        assert list(given_back) == ["ResponseMetadata"]

    async def test_an_entry_without_an_id_is_given_one(self, service: Service) -> None:
        s3 = service.client()
        entry = {"QueueConfigurations": [notify(UPLOADS, "s3:ObjectRemoved:*")]}
        await threaded(s3.put_bucket_notification_configuration, Bucket="photos", NotificationConfiguration=entry)

        given_back = await threaded(s3.get_bucket_notification_configuration, Bucket="photos")

        assert given_back["QueueConfigurations"][0]["Id"]

    async def test_a_queue_gets_the_test_event(self, service: Service) -> None:
        s3 = service.client()
        entry = {"QueueConfigurations": [notify(UPLOADS, "s3:ObjectRemoved:*")]}

        await threaded(s3.put_bucket_notification_configuration, Bucket="photos", NotificationConfiguration=entry)

        (event,) = await service.received()
        assert (event["Event"], event["Bucket"]) == ("s3:TestEvent", "photos")

    @pytest.mark.parametrize(
        ("configuration", "message", "arguments"),
        [
            (
                {"QueueConfigurations": [notify("junk", "s3:ObjectCreated:*")]},
                "The ARN could not be parsed",
                {"ArgumentName": "Queue", "ArgumentValue": "junk"},
            ),
            (
                {"QueueConfigurations": [notify(UPLOADS, "s3:Surprise")]},
                "The event is not supported for notifications",
                {"ArgumentName": "Event", "ArgumentValue": "s3:Surprise"},
            ),
            (
                {
                    "QueueConfigurations": [notify(UPLOADS + "-not", "s3:ObjectCreated:*")],
                    "LambdaFunctionConfigurations": [notify(RESIZE + "-not", "s3:ObjectRemoved:*")],
                },
                "Unable to validate the following destination configurations",
                {
                    "ArgumentName1": f"{UPLOADS}-not",
                    "ArgumentValue1": "The destination queue does not exist",
                    "ArgumentName2": f"{RESIZE}-not, null",
                    "ArgumentValue2": f"Not authorized to invoke function [{RESIZE}-not]",
                },
            ),
            (
                {
                    "QueueConfigurations": [notify(UPLOADS, "s3:ObjectCreated:*")],
                    "LambdaFunctionConfigurations": [notify(RESIZE, "s3:ObjectCreated:Put")],
                },
                "Configurations overlap. Configurations on the same bucket cannot share a common event type.",
                {},
            ),
            (
                {"QueueConfigurations": [notify(UPLOADS, "s3:ObjectCreated:*", infix="x")]},
                "filter rule name must be either prefix or suffix",
                {"ArgumentName": "FilterRule.Name", "ArgumentValue": "infix"},
            ),
            (
                {"QueueConfigurations": [notify(UPLOADS, "s3:ObjectCreated:*", prefix="a", Prefix="b")]},
                "Cannot specify more than one prefix rule in a filter.",
                {"ArgumentName": "FilterRule.Name", "ArgumentValue": "prefix"},
            ),
        ],
    )
    async def test_what_s3_would_not_take_is_refused_and_changes_nothing(
        self, service: Service, configuration: dict[str, Any], message: str, arguments: dict[str, str]
    ) -> None:
        s3 = service.client()

        refused = await refusal(
            s3.put_bucket_notification_configuration, Bucket="photos", NotificationConfiguration=configuration
        )

        assert refused == {"Status": 400, "Code": "InvalidArgument", "Message": message, **arguments}
        assert service.engine.world.buckets["photos"].configuration == NotificationConfiguration()

    async def test_destinations_may_be_left_unchecked(self, service: Service) -> None:
        s3 = service.client()

        await threaded(
            s3.put_bucket_notification_configuration,
            Bucket="photos",
            NotificationConfiguration={"QueueConfigurations": [notify(UPLOADS + "-not", "s3:ObjectCreated:*")]},
            SkipDestinationValidation=True,
        )

        (rule,) = service.engine.world.buckets["photos"].configuration.rules
        assert rule.target == f"{UPLOADS}-not"

    async def test_a_bucket_that_is_not_there_has_none(self, service: Service) -> None:
        s3 = service.client()

        put = await refusal(s3.put_bucket_notification_configuration, Bucket="nothing", NotificationConfiguration={})
        got = await refusal(s3.get_bucket_notification_configuration, Bucket="nothing")

        assert (
            put
            == got
            == {
                "Status": 404,
                "Code": "NoSuchBucket",
                "Message": "The specified bucket does not exist",
                "BucketName": "nothing",
            }
        )

    async def test_a_body_that_is_not_xml_is_malformed(self, service: Service) -> None:
        status, _, body = await threaded(service.request, "PUT", "/photos?notification", b"junk")

        assert status == 400
        assert b"<Code>MalformedXML</Code>" in body


class TestNotifications:
    async def test_a_put_reaches_the_queue_that_wants_it(self, service: Service) -> None:
        rules = (NotificationRule("thumbs", UPLOADS, ("s3:ObjectCreated:*",), "in/", ".jpg"),)
        service.engine.submit(PutBucketNotification("photos", NotificationConfiguration(rules)))
        s3 = service.client()
        await service.received()

        await threaded(s3.put_object, Bucket="photos", Key="in/my photo.jpg", Body=b"hello")
        await threaded(s3.put_object, Bucket="photos", Key="out/other.jpg", Body=b"hello")

        (event,) = await service.received()
        (record,) = event["Records"]
        assert record["eventName"] == "ObjectCreated:Put"
        assert record["eventTime"] == "2026-11-21T12:00:00.000Z"
        assert record["requestParameters"] == {"sourceIPAddress": "127.0.0.1"}
        assert record["s3"]["configurationId"] == "thumbs"
        assert record["s3"]["bucket"]["name"] == "photos"
        assert record["s3"]["object"]["key"] == "in/my+photo.jpg"
        assert record["s3"]["object"]["size"] == 5
        assert record["s3"]["object"]["eTag"] == "5d41402abc4b2a76b9719d911017c592"

    async def test_a_put_runs_a_function_and_runs_it_again_after_one_and_two_minutes(self, service: Service) -> None:
        service.engine.submit(PutFunction(FunctionSpec(RESIZE, script=FailAfter())))
        rules = (NotificationRule("thumbs", RESIZE, ("s3:ObjectCreated:*",)),)
        service.engine.submit(PutBucketNotification("photos", NotificationConfiguration(rules)))

        await threaded(service.client().put_object, Bucket="photos", Key="a.jpg", Body=b"x")
        await service.engine.advance(5 * MINUTE_MS)

        entries = service.engine.journal.entries()
        assert [(entry.at - NOON) // MINUTE_MS for entry in entries if isinstance(entry.fact, InvocationStarted)] == [
            0,
            1,
            3,
        ]

    async def test_a_trace_header_ties_the_change_to_its_cause(self, service: Service) -> None:
        rules = (NotificationRule("thumbs", UPLOADS, ("s3:ObjectCreated:*",)),)
        service.engine.submit(PutBucketNotification("photos", NotificationConfiguration(rules)))
        await service.received()
        trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"

        await threaded(service.request, "PUT", "/photos/a", b"x", {"X-Amzn-Trace-Id": trace})

        received = await service.engine.ask(ReceiveMessage(UPLOADS))
        assert "Root=1-5759e988-bd862e3fe1be46a994272793" in received.deliveries[0].content.trace_header

    async def test_the_key_that_signed_a_request_is_its_origin_and_that_of_a_url_is_not(self, service: Service) -> None:
        slot_key = "AKIATRIGGERFISH00001"
        service.engine.submit(
            PutFunction(FunctionSpec(RESIZE, script=SucceedAfter(60_000), access_key_ids=(slot_key,)))
        )
        rules = (NotificationRule("thumbs", RESIZE, ("s3:ObjectCreated:*",), prefix="in/"),)
        service.engine.submit(PutBucketNotification("photos", NotificationConfiguration(rules)))
        s3 = SESSION.client("s3", endpoint_url=service.url, aws_access_key_id=slot_key, aws_secret_access_key="test")
        url = s3.generate_presigned_url("put_object", {"Bucket": "photos", "Key": "by-url"}).removeprefix(service.url)

        await threaded(service.client().put_object, Bucket="photos", Key="in/a.jpg", Body=b"x")
        await service.engine.advance(0)
        await threaded(s3.put_object, Bucket="photos", Key="out/a.jpg", Body=b"x")
        await threaded(service.request, "PUT", url, b"x")

        first, by_function, by_url = (
            fact.chain for entry in service.engine.journal.entries() if isinstance(fact := entry.fact, ObjectChanged)
        )
        assert by_function == first
        assert by_url != first

    async def test_the_record_tells_the_request_id_that_the_client_has(self, service: Service) -> None:
        rules = (NotificationRule("thumbs", UPLOADS, ("s3:ObjectCreated:*",)),)
        service.engine.submit(PutBucketNotification("photos", NotificationConfiguration(rules)))
        await service.received()

        put = await threaded(service.client().put_object, Bucket="photos", Key="a.jpg", Body=b"x")

        (event,) = await service.received()
        told = put["ResponseMetadata"]
        assert event["Records"][0]["responseElements"] == {
            "x-amz-request-id": told["RequestId"],
            "x-amz-id-2": told["HostId"],
        }

    async def test_an_answer_does_not_wait_for_its_notification(self, service: Service) -> None:
        service.engine.submit(PutFunction(FunctionSpec(RESIZE, script=SucceedAfter(600_000))))
        rules = (NotificationRule("thumbs", RESIZE, ("s3:ObjectCreated:*",)),)
        service.engine.submit(PutBucketNotification("photos", NotificationConfiguration(rules)))

        await threaded(service.client().put_object, Bucket="photos", Key="a.jpg", Body=b"x")

        # The clock stands, so that the function that it started can never end.
        assert service.engine.world.functions[RESIZE].in_flight == 1

    async def test_nothing_is_loaded_until_s3_is_used(self, service: Service) -> None:
        rules = (NotificationRule("thumbs", UPLOADS, ("s3:ObjectCreated:*",)),)

        service.engine.submit(PutBucketNotification("photos", NotificationConfiguration(rules)))

        assert not service.store.is_loaded


class TestLifecycleConfiguration:
    RULE = {  # noqa: RUF012 - nobody changes it
        "ID": "logs",
        "Filter": {"And": {"Prefix": "logs/", "Tags": [{"Key": "k", "Value": "v"}]}},
        "Status": "Enabled",
        "Expiration": {"Days": 90},
        "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}],
        "NoncurrentVersionExpiration": {"NoncurrentDays": 7, "NewerNoncurrentVersions": 2},
    }

    async def test_it_is_given_back_as_it_was_put_and_taken_away(self, service: Service) -> None:
        s3 = service.client()
        wanted = {"Rules": [self.RULE]}

        await threaded(s3.put_bucket_lifecycle_configuration, Bucket="photos", LifecycleConfiguration=wanted)
        got = await threaded(s3.get_bucket_lifecycle_configuration, Bucket="photos")
        await threaded(s3.delete_bucket_lifecycle, Bucket="photos")
        gone = await refusal(s3.get_bucket_lifecycle_configuration, Bucket="photos")

        assert got["Rules"] == [self.RULE]
        assert got["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
        assert (gone["Status"], gone["Code"]) == (404, "NoSuchLifecycleConfiguration")
        assert gone["BucketName"] == "photos"

    async def test_what_s3_would_not_take_changes_nothing(self, service: Service) -> None:
        s3 = service.client()
        wanted = {"Rules": [{**self.RULE, "Expiration": {"Days": 30}}]}

        refused = await refusal(s3.put_bucket_lifecycle_configuration, Bucket="photos", LifecycleConfiguration=wanted)

        assert refused["Message"] == (
            "'Days' in the Expiration action for filter '(prefix=logs/)' must be greater than 'Days' in the Transition "
            "action"
        )
        assert service.engine.world.buckets["photos"].lifecycle == ()

    async def test_small_objects_go_to_an_archive_only_where_that_is_said(self, service: Service) -> None:
        s3 = service.client()
        archive = {"ID": "a", "Filter": {"Prefix": ""}, "Status": "Enabled"}
        wanted = {"Rules": [{**archive, "Transitions": [{"Days": 1, "StorageClass": "GLACIER"}]}]}

        put = await threaded(
            s3.put_bucket_lifecycle_configuration,
            Bucket="photos",
            LifecycleConfiguration=wanted,
            TransitionDefaultMinimumObjectSize="varies_by_storage_class",
        )
        status, _, body = await threaded(
            service.request,
            "PUT",
            "/photos?lifecycle",
            b"<LifecycleConfiguration><Rule><Status>Enabled</Status><Prefix/><Expiration><Days>1</Days></Expiration>"
            b"</Rule></LifecycleConfiguration>",
            {"x-amz-transition-default-minimum-object-size": "small"},
        )

        assert put["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"
        assert service.engine.world.buckets["photos"].small_objects == "varies_by_storage_class"
        assert (status, b"<Code>InvalidArgument</Code>" in body) == (400, True)
