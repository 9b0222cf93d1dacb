"""Signatures made by botocore, accepted as they are and refused when anything of them is changed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import boto3
import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from app.core.errors import Refused
from app.core.time import MINUTE_MS, SECOND_MS
from app.web.signature import verify
from app.wire.http import HttpRequest
from app.wire.refusals import (
    ContentHashMismatch,
    InvalidClientToken,
    MissingAuthenticationToken,
    RequestExpired,
    SignatureDoesNotMatch,
)
from tests.web.conftest import SECRET, Served

SECRETS = {"known": SECRET}
TARGET = "AmazonSQS.SendMessage"


def _signed(
    auth: Any, method: str = "POST", url: str = "http://localhost:4566/", body: bytes = b"{}", **headers: str
) -> tuple[HttpRequest, int]:
    """A request signed by botocore, as it arrives, and the instant it was signed at."""
    request: Any = AWSRequest(method, url, {name.replace("_", "-"): value for name, value in headers.items()}, body)
    auth.add_auth(request)
    parts = urlsplit(request.url)
    arrived = {name.lower(): value for name, value in request.headers.items()} | {"host": parts.netloc}
    stamp = request.context["timestamp"]
    at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return HttpRequest(method, parts.path, parts.query, arrived, body), round(at.timestamp()) * SECOND_MS


def _sqs(key: str = "known", secret: str = SECRET) -> Any:
    return SigV4Auth(Credentials(key, secret), "sqs", "eu-west-1")


def _s3() -> Any:
    return S3SigV4Auth(Credentials("known", SECRET), "s3", "us-east-1")


def test_a_signed_request_is_accepted() -> None:
    request, at = _signed(_sqs(), X_Amz_Target=TARGET, Content_Type="application/x-amz-json-1.0")

    verify(request, SECRETS, now=at)


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "http://localhost:4566/?Action=ListQueues&Version=2012-11-05&QueueNamePrefix=a%20b"),
        (
            "POST",
            "http://localhost:4566/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A0%3Afunction%3Af/invocations",
        ),
        ("POST", "http://localhost:4566/000000000000/orders"),
    ],
)
def test_paths_and_queries_are_signed_in_their_canonical_form(method: str, url: str) -> None:
    request, at = _signed(_sqs(), method, url)

    verify(request, SECRETS, now=at)


@pytest.mark.parametrize(
    "path", ["/photos/in/cat.jpg", "/photos/a%20b%2Fc//d/../%C3%A9", "/photos/x?list-type=2&prefix=a%2F"]
)
def test_s3_signs_its_paths_as_they_are(path: str) -> None:
    request, at = _signed(_s3(), "PUT", f"http://localhost:4566{path}", b"meow")

    verify(request, SECRETS, now=at)


def test_s3_may_leave_the_body_unsigned() -> None:
    request: Any = AWSRequest("PUT", "http://localhost:4566/photos/cat.jpg", {}, b"meow")
    request.context["payload_signing_enabled"] = False
    auth = _s3()
    auth._should_sha256_sign_payload = lambda _: False
    auth.add_auth(request)
    headers = {name.lower(): value for name, value in request.headers.items()} | {"host": "localhost:4566"}
    at = datetime.strptime(request.context["timestamp"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)

    assert headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"
    verify(
        HttpRequest("PUT", "/photos/cat.jpg", "", headers, b"anything"), SECRETS, now=round(at.timestamp()) * SECOND_MS
    )


def test_a_presigned_query_is_accepted_until_it_expires() -> None:
    auth = SigV4QueryAuth(Credentials("known", SECRET), "sqs", "eu-west-1", expires=60)
    url = "http://localhost:4566/000000000000/orders?Action=ReceiveMessage"
    request, at = _signed(auth, "GET", url, b"")

    verify(request, SECRETS, now=at + 59 * SECOND_MS)
    with pytest.raises(RequestExpired):
        verify(request, SECRETS, now=at + 61 * SECOND_MS)


def _with_header(name: str, value: str) -> Callable[[HttpRequest], HttpRequest]:
    return lambda request: replace(request, headers={**request.headers, name: value})


def _without_signed_header(name: str) -> Callable[[HttpRequest], HttpRequest]:
    def change(request: HttpRequest) -> HttpRequest:
        authorization = request.headers["authorization"].replace(f";{name}", "").replace(f"{name};", "")
        return replace(request, headers={**request.headers, "authorization": authorization})

    return change


@pytest.mark.parametrize(
    "tamper",
    [
        lambda request: replace(request, body=b'{"more":1}'),
        lambda request: replace(request, method="PUT"),
        lambda request: replace(request, path="/000000000000/other"),
        lambda request: replace(request, query="Action=PurgeQueue"),
        _with_header("x-amz-target", "AmazonSQS.DeleteQueue"),
        _with_header("x-amz-security-token", "added"),
        _with_header("host", "elsewhere"),
        _without_signed_header("x-amz-target"),
        _without_signed_header("host"),
    ],
    ids=["body", "method", "path", "query", "target", "added header", "host", "target left out", "host left out"],
)
def test_a_request_changed_after_signing_is_refused(tamper: Callable[[HttpRequest], HttpRequest]) -> None:
    request, at = _signed(_sqs(), X_Amz_Target=TARGET)

    with pytest.raises(SignatureDoesNotMatch):
        verify(tamper(request), SECRETS, now=at)


def test_an_unknown_key_and_a_wrong_secret_are_told_apart() -> None:
    stranger, at = _signed(_sqs(key="stranger"))
    impostor, _ = _signed(_sqs(secret="guess"))

    with pytest.raises(InvalidClientToken):
        verify(stranger, SECRETS, now=at)
    with pytest.raises(SignatureDoesNotMatch):
        verify(impostor, SECRETS, now=at)


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer x"}, {"authorization": "AWS known:abc"}])
def test_a_request_without_a_version_4_signature_is_missing_its_token(headers: Mapping[str, str]) -> None:
    with pytest.raises(MissingAuthenticationToken):
        verify(HttpRequest("POST", "/", "", {"host": "localhost", **headers}), SECRETS, now=0)


@pytest.mark.parametrize(
    "authorization",
    [
        "AWS4-HMAC-SHA256 nonsense",
        "AWS4-HMAC-SHA256 Credential=known/20261121/r/sqs/aws4_request, SignedHeaders=host, Signature=",
        "AWS4-HMAC-SHA256 Credential=known/20261121/r/sqs/aws4_request, SignedHeaders=host, Signature=ü",
    ],
)
def test_a_malformed_signature_is_refused(authorization: str) -> None:
    headers = {"host": "localhost", "authorization": authorization, "x-amz-date": "20261121T120000Z"}

    with pytest.raises(SignatureDoesNotMatch):
        verify(HttpRequest("POST", "/", "", headers), SECRETS, now=1_795_262_400_000)


@pytest.mark.parametrize("skew_ms", [-15 * MINUTE_MS, 15 * MINUTE_MS])
def test_the_clocks_may_differ_by_fifteen_minutes_and_no_more(skew_ms: int) -> None:
    request, at = _signed(_sqs())

    verify(request, SECRETS, now=at + skew_ms)
    with pytest.raises(RequestExpired):
        verify(request, SECRETS, now=at + skew_ms + (1 if skew_ms > 0 else -1))


def test_a_body_that_is_not_the_declared_one_is_s3s_own_error() -> None:
    request, at = _signed(_s3(), "PUT", "http://localhost:4566/photos/cat.jpg", b"meow")

    with pytest.raises(ContentHashMismatch):
        verify(replace(request, body=b"woof"), SECRETS, now=at)


def test_every_refusal_of_a_signature_is_a_refusal() -> None:
    assert issubclass(SignatureDoesNotMatch, Refused)


# Over the wire ----------------------------------------------------------------------------------------


def _error(call: Any, **params: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as refused:
        call(**params)
    response = refused.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_guarded_server_takes_what_boto3_signs_with_the_secret(guarded: Served) -> None:
    sqs = guarded.client("sqs", key="known", secret=SECRET)

    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="grüße")

    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "grüße"
    assert guarded.client("lambda", key="known", secret=SECRET).list_functions()["Functions"] == []


def test_a_guarded_server_refuses_each_service_in_its_own_words(guarded: Served) -> None:
    assert _error(guarded.client("sqs").list_queues) == ("InvalidClientTokenId", 403)
    assert _error(guarded.client("sqs", key="known").list_queues) == ("SignatureDoesNotMatch", 403)
    assert _error(guarded.client("lambda").list_functions) == ("UnrecognizedClientException", 403)
    s3 = guarded.client("s3", s3={"addressing_style": "path"})
    assert _error(s3.get_object, Bucket="b", Key="k") == ("InvalidAccessKeyId", 403)


def test_a_guarded_server_gives_s3_the_body_it_checked(guarded: Served) -> None:
    s3 = guarded.client("s3", key="known", secret=SECRET, s3={"addressing_style": "path"})

    answer = s3.put_object(Bucket="photos", Key="in/cat é.jpg", Body=b"meow")

    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_presigned_s3_url_is_accepted(guarded: Served) -> None:
    s3 = boto3.client(
        "s3",
        endpoint_url=guarded.url,
        region_name="us-east-1",
        aws_access_key_id="known",
        aws_secret_access_key=SECRET,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "photos", "Key": "in/cat.jpg"}, ExpiresIn=60)

    with urlopen(url, timeout=10) as response:  # noqa: S310 - our own server's address
        assert response.read() == b"<got>0</got>"
