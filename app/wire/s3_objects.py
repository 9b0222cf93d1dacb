"""What requests about objects say in their headers and bodies, where the store behind does not look."""

import base64
import binascii
import hashlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

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


def check_digests(headers: Mapping[str, str], body: bytes) -> None:
    """Raises StoreRefusal where the body is not the one that a header has the digest of.

    CRC32C and CRC64NVME need tables that Python has not; what a signed stream brings in its trailer is the stream's.
    """
    if "aws-chunked" in headers.get("content-encoding", "") or headers.get("x-amz-content-sha256", "").startswith(
        "STREAMING-"
    ):
        return
    md5 = headers.get("content-md5")
    if md5 is not None:
        try:
            given = base64.b64decode(md5, validate=True)
        except binascii.Error:
            given = b""
        if len(given) != 16:
            raise StoreRefusal(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")
        if given != hashlib.md5(body, usedforsecurity=False).digest():
            raise StoreRefusal(400, "BadDigest", "The Content-MD5 you specified did not match what we received.")
    for name, digest in _DIGESTS.items():
        given_text = headers.get(f"x-amz-checksum-{name}")
        if given_text is not None and given_text != base64.b64encode(digest(body)).decode():
            raise StoreRefusal(
                400, "BadDigest", f"The {name.upper()} you specified did not match the calculated checksum."
            )


def _malformed() -> StoreRefusal:
    return StoreRefusal(400, "MalformedXML", MalformedXml.message)


_DIGESTS: dict[str, Callable[[bytes], bytes]] = {
    "crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "sha1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "sha256": lambda body: hashlib.sha256(body).digest(),
}
