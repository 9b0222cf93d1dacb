"""Receipt handles: a message's place and the receive it was handed out by, checked so that garbage is told apart."""

from binascii import a2b_base64, b2a_base64, crc32
from struct import Struct, error

from app.core.errors import InvalidIdFormat, MissingParameter, ReceiptHandleIsInvalid

# Three leading bytes that make every handle begin like Amazon's do: AQEB.
_MARK = b"\x01\x01\x01"
_SEAL_BYTES = 8
_BODY = Struct(f">3sQI{_SEAL_BYTES}s")
_CHECKED = Struct(f">3sQI{_SEAL_BYTES}sI")
"""Mark, place, receive count, seal; and the checksum of these."""

_OLD_BYTES = 100
"""Handles of API versions before 2012 are Base64 as well, of so many bytes or more, and have no mark: they are what the
API reference has InvalidIdFormat for. Where AWS itself draws the line nobody told (UNCONFIRMED)."""


class Receipts:
    """Handles of one queue. A handle of another queue, or of this queue's name in an earlier life, is garbage.

    Each carries the queue's seal, which nobody hits upon by mistake, and a checksum, so that no slip makes it the
    handle of another message. A keyed digest would also keep out a forger, of whom there is none here, and took a
    tenth of the time of a receive with its delete.
    """

    __slots__ = ("_seal",)

    def __init__(self, key: bytes) -> None:
        """`key` is the queue's own; of a long one, the first eight bytes count."""
        self._seal = key[:_SEAL_BYTES].ljust(_SEAL_BYTES, b"\0")

    def issue(self, order: int, receive_count: int) -> str:
        body = _BODY.pack(_MARK, order, receive_count, self._seal)
        return b2a_base64(body + crc32(body).to_bytes(4, "big"), newline=False).decode()

    def read(self, handle: str) -> tuple[int, int]:
        """The place and the receive count in `handle`. Raises MissingParameter for blanks, InvalidIdFormat for a handle
        of an old version, ReceiptHandleIsInvalid."""
        if not handle or handle.isspace():
            raise MissingParameter("The request must contain the parameter ReceiptHandle.")
        try:
            raw = a2b_base64(handle, strict_mode=True)
        except ValueError:
            raise _invalid(handle) from None
        if len(raw) >= _OLD_BYTES and not raw.startswith(_MARK):
            raise InvalidIdFormat
        try:
            mark, order, receive_count, seal, checksum = _CHECKED.unpack(raw)
        except error:
            raise _invalid(handle) from None
        if mark != _MARK or crc32(raw[: _BODY.size]) != checksum:
            raise _invalid(handle)
        if seal != self._seal:
            # What users saw of a handle that is one, but another queue's (spulec/PyQS#24, aws-sdk-java-v2#3101).
            raise ReceiptHandleIsInvalid(f'The receipt handle "{handle}" is not valid for this queue.')
        return order, receive_count


def _invalid(handle: str) -> ReceiptHandleIsInvalid:
    return ReceiptHandleIsInvalid(f'The input receipt handle "{handle}" is not a valid receipt handle.')
