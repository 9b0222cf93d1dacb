"""The MD5 digests SQS gives with messages (spec A4)."""

from collections.abc import Mapping
from hashlib import md5
from struct import pack

from app.core.message import MessageAttribute

_STRING, _BINARY = b"\x01", b"\x02"


def md5_of_text(text: str) -> str:
    """Hex MD5 of the UTF-8 text."""
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def md5_of_attributes(attributes: Mapping[str, MessageAttribute]) -> str | None:
    """Hex MD5 over the attributes sorted by name; None when there are none.

    Each is length and name, length and data type, one byte for text or binary, length and value; lengths are
    unsigned 32-bit big endian. (SQS developer guide, sqs-message-metadata.)
    """
    if not attributes:
        return None
    digest = md5(usedforsecurity=False)
    for name in sorted(attributes):
        attribute = attributes[name]
        value = attribute.value
        is_binary = isinstance(value, bytes)
        digest.update(_counted(name.encode()))
        digest.update(_counted(attribute.data_type.encode()))
        digest.update(_BINARY if is_binary else _STRING)
        digest.update(_counted(value if isinstance(value, bytes) else value.encode()))
    return digest.hexdigest()


def _counted(value: bytes) -> bytes:
    return pack(">I", len(value)) + value
