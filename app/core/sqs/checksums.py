"""The digests SQS answers with: MD5 of bodies and of message attributes."""

from collections.abc import Mapping
from hashlib import md5

from app.core.sqs.message import MessageAttribute

_STRING = b"\x01"
_BINARY = b"\x02"


def md5_of_body(body: str) -> str:
    """Hexadecimal MD5 of the body's UTF-8 bytes."""
    return md5(body.encode(), usedforsecurity=False).hexdigest()


def md5_of_attributes(attributes: Mapping[str, MessageAttribute]) -> str | None:
    """Hexadecimal MD5 over user or system attributes, or None when there are none.

    Sorted by name; each length a big-endian 32-bit number before what it measures
    (SQS developer guide, sqs-message-metadata: calculating the MD5 message digest for message attributes).
    """
    if not attributes:
        return None
    digest = md5(usedforsecurity=False)
    for name in sorted(attributes):
        attribute = attributes[name]
        value = attribute.value
        digest.update(_measured(name.encode()))
        digest.update(_measured(attribute.data_type.encode()))
        digest.update(_STRING if isinstance(value, str) else _BINARY)
        digest.update(_measured(value.encode() if isinstance(value, str) else value))
    return digest.hexdigest()


def _measured(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part
