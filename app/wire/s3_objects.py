"""What requests about objects say in their headers and bodies, where the store behind does not look."""

import base64
import binascii
import hashlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

from anycrc import Model

from app.core.errors import MalformedXml


class StoreRefusal(Exception):
    """An S3 error of the store's own: status, code and message as S3 has them."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class RestoreRequest:
    """For how many days, and how fast: Standard, Expedited or Bulk."""

    days: int
    tier: str = "Standard"


def parse_restore(body: bytes) -> RestoreRequest:
    """The body of RestoreObject. Raises StoreRefusal."""
    if b"<!DOCTYPE" in body:
        raise _malformed()
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - without a DOCTYPE there are no entities to expand
        days = root.findtext("{*}Days")
        tier = root.findtext("{*}GlacierJobParameters/{*}Tier") or root.findtext("{*}Tier") or "Standard"
        wanted = RestoreRequest(int(days or ""), tier)
    except (ElementTree.ParseError, ValueError):
        raise _malformed() from None
    if wanted.days < 1:
        raise StoreRefusal(400, "InvalidArgument", "Days must be a positive integer")
    return wanted


def checksum(name: str, body: bytes) -> str:
    """The checksum of the body in base64; `name` is S3's, in any case (`CRC64NVME`)."""
    return base64.b64encode(_DIGESTS[name.lower()](body)).decode()


def checked_digests(headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    """The checksum headers that an object is to be kept with: those of the request, of its trailer, or what the client
    asked S3 to reckon. Raises StoreRefusal where the body is not the one that a header or trailer has the digest of."""
    content, told = body, headers
    if "aws-chunked" in headers.get("content-encoding", "") or headers.get("x-amz-content-sha256", "").startswith(
        "STREAMING-"
    ):
        content, trailers = read_chunks(body)
        told = {**headers, **trailers}
    _check_md5(headers.get("content-md5"), content)
    wanted = headers.get("x-amz-sdk-checksum-algorithm", "").lower()
    kept: dict[str, str] = {}
    for name in _DIGESTS:
        header = f"x-amz-checksum-{name}"
        given = told.get(header)
        if given is None and name != wanted:
            continue
        found = checksum(name, content)
        if given not in (None, found):
            raise StoreRefusal(
                400, "BadDigest", f"The {name.upper()} you specified did not match the calculated checksum."
            )
        kept = {"x-amz-sdk-checksum-algorithm": name.upper(), header: found}
    return kept


def read_chunks(body: bytes) -> tuple[bytes, dict[str, str]]:
    """What a body in chunks (`aws-chunked`) says, and its trailer with lower-case names. Raises StoreRefusal."""
    content, at = [], 0
    while True:
        line_ends = body.find(b"\r\n", at)
        try:
            size = int(body[at:line_ends].partition(b";")[0], 16)
        except ValueError:
            raise StoreRefusal(400, "IncompleteBody", _INCOMPLETE) from None
        begin = line_ends + 2
        if size == 0:
            break
        if size < 0 or begin + size > len(body):
            raise StoreRefusal(400, "IncompleteBody", _INCOMPLETE)
        content.append(body[begin : begin + size])
        at = begin + size + 2
    lines = [line.partition(b":") for line in body[begin:].split(b"\r\n")]
    trailers = {name.decode("latin-1").strip().lower(): value.decode("latin-1").strip() for name, _, value in lines}
    return b"".join(content), {name: value for name, value in trailers.items() if name}


def _check_md5(md5: str | None, body: bytes) -> None:
    if md5 is None:
        return
    try:
        given = base64.b64decode(md5, validate=True)
    except binascii.Error:
        given = b""
    if len(given) != 16:
        raise StoreRefusal(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")
    if given != hashlib.md5(body, usedforsecurity=False).digest():
        raise StoreRefusal(400, "BadDigest", "The Content-MD5 you specified did not match what we received.")


_CRC32C = Model("CRC32-ISCSI")
_CRC64NVME = Model("CRC64-NVME")

_INCOMPLETE = "You did not provide the number of bytes specified by the Content-Length HTTP header"


def _malformed() -> StoreRefusal:
    return StoreRefusal(400, "MalformedXML", MalformedXml.message)


_DIGESTS: dict[str, Callable[[bytes], bytes]] = {
    "crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "crc32c": lambda body: _CRC32C.calc(body).to_bytes(4, "big"),
    "crc64nvme": lambda body: _CRC64NVME.calc(body).to_bytes(8, "big"),
    "sha1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "sha256": lambda body: hashlib.sha256(body).digest(),
}
