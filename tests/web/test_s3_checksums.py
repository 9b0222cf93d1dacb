"""Checksums of objects: believed, refused and given back, by header and by trailer."""

import base64
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest

from app.wire.s3_objects import checksum
from tests.serving import Serving, serving

BODY = b"hello"
NAMES = ["crc32", "crc32c", "crc64nvme", "sha1", "sha256"]
KNOWN = {"crc32": "NhCmhg==", "crc32c": "mnG7TA==", "crc64nvme": "M3eFcAZSQlc="}
"""Of `hello`; those of the CRCs were reckoned bit by bit from their polynomials."""


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    with serving("buckets: {photos: {}}\nclock: {frozen: 2026-11-21T12:00:00Z}\n") as running:
        yield running


def ask(
    service: Serving, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection("127.0.0.1", service.port, timeout=10)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    got = {name.lower(): value for name, value in response.getheaders()}
    content = response.read()
    connection.close()
    return response.status, got, content


def trailed(name: str, value: str) -> tuple[bytes, dict[str, str]]:
    """The body in chunks with the checksum behind it, and the headers that say so."""
    body = b"2\r\nhe\r\n3\r\nllo\r\n0\r\n" + f"x-amz-checksum-{name}:{value}\r\n\r\n".encode()
    headers = {
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "content-encoding": "aws-chunked",
        "x-amz-decoded-content-length": str(len(BODY)), "x-amz-trailer": f"x-amz-checksum-{name}",
    }  # fmt: skip
    return body, headers


def zeros_for(name: str) -> str:
    return base64.b64encode(bytes(len(base64.b64decode(checksum(name, BODY))))).decode()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("way", ["header", "trailer"])
def test_a_checksum_that_is_right_is_kept_and_given_back(service: Serving, name: str, way: str) -> None:
    value = KNOWN.get(name) or checksum(name, BODY)
    body, headers = trailed(name, value) if way == "trailer" else (BODY, {f"x-amz-checksum-{name}": value})

    status, told, _ = ask(service, "PUT", f"/photos/{way}-{name}", body, **headers)
    _, with_mode, got = ask(service, "GET", f"/photos/{way}-{name}", x_amz_checksum_mode="ENABLED")
    _, without, _ = ask(service, "GET", f"/photos/{way}-{name}")

    assert (status, told.get(f"x-amz-checksum-{name}"), got) == (200, value, BODY)
    assert with_mode[f"x-amz-checksum-{name}"] == value
    assert f"x-amz-checksum-{name}" not in without


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("way", ["header", "trailer"])
def test_one_that_is_wrong_is_refused_and_nothing_is_stored(service: Serving, name: str, way: str) -> None:
    wrong = zeros_for(name)
    body, headers = trailed(name, wrong) if way == "trailer" else (BODY, {f"x-amz-checksum-{name}": wrong})
    before = len(service.get("journal?limit=10000"))

    status, _, answer = ask(service, "PUT", f"/photos/wrong-{way}-{name}", body, **headers)

    assert status == 400
    assert f"<Code>BadDigest</Code><Message>The {name.upper()} you specified did not match".encode() in answer
    assert ask(service, "GET", f"/photos/wrong-{way}-{name}")[0] == 404
    assert len(service.get("journal?limit=10000")) == before


@pytest.mark.parametrize("name", ["CRC32C", "CRC64NVME", "SHA1"])
def test_one_that_s3_is_asked_to_reckon_is_reckoned(service: Serving, name: str) -> None:
    _, told, _ = ask(service, "PUT", "/photos/asked", BODY, x_amz_sdk_checksum_algorithm=name)

    assert told[f"x-amz-checksum-{name.lower()}"] == checksum(name, BODY)


@pytest.mark.parametrize("body", [b"zz\r\nhello", b"9\r\nhello\r\n0\r\n\r\n", b"", b"5\r\nhello"])
def test_chunks_that_are_none_are_no_object(service: Serving, body: bytes) -> None:
    _, headers = trailed("crc32", KNOWN["crc32"])

    status, _, answer = ask(service, "PUT", "/photos/chunks", body, **headers)

    assert status == 400
    assert b"<Code>IncompleteBody</Code>" in answer
    assert ask(service, "GET", "/photos/chunks")[0] == 404


def test_an_upload_in_parts_has_the_checksum_of_the_whole(service: Serving) -> None:
    s3: Any = service.client("s3", request_checksum_calculation="when_required")
    parts = [b"a" * 5_242_880, b"b" * 1_000]
    upload = s3.create_multipart_upload(
        Bucket="photos", Key="big", ChecksumAlgorithm="CRC64NVME", ChecksumType="FULL_OBJECT"
    )["UploadId"]
    done = []
    for number, part in enumerate(parts, 1):
        path = f"/photos/big?partNumber={number}&uploadId={upload}"
        value = {"x-amz-checksum-crc64nvme": checksum("crc64nvme", part)}
        status, told, _ = ask(service, "PUT", path, part, **value)
        assert status == 200
        done.append(
            {"PartNumber": number, "ETag": told["etag"], "ChecksumCRC64NVME": value["x-amz-checksum-crc64nvme"]}
        )
    s3.complete_multipart_upload(Bucket="photos", Key="big", UploadId=upload, MultipartUpload={"Parts": done})

    _, told, content = ask(service, "GET", "/photos/big", x_amz_checksum_mode="ENABLED")

    assert content == b"".join(parts)
    assert told["x-amz-checksum-crc64nvme"] == checksum("crc64nvme", content)
