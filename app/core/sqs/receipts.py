"""Receipt handles: a message's place and the receive it was handed out by, checked so that garbage is told apart."""

from binascii import a2b_base64, b2a_base64
from struct import Struct, error

from app.core.errors import InvalidIdFormat, MissingParameter, ReceiptHandleIsInvalid, Refused

# Three leading bytes that make every handle begin like Amazon's do: AQEB.
_MARK = b"\x01\x01\x01"
_SEAL_BYTES = 9
_REST = Struct(">QIqB")
"""Place, receive count, checksum, and a nought that makes it a multiple of three bytes: then every character counts."""

_OLD_BYTES = 100
"""Handles of API versions before 2012 are Base64 as well, of so many bytes or more, and have no mark: they are what the
API reference has InvalidIdFormat for. Where AWS itself draws the line nobody told (UNCONFIRMED)."""


class Receipts:
    """Handles of one queue. A handle of another queue, or of this queue's name in an earlier life, is garbage.

    Each begins with the queue's seal, which nobody hits upon by mistake, and carries a checksum, so that no slip makes
    it the handle of another message. A keyed digest would also keep out a forger, of whom there is none here, and took
    a tenth of the time of a receive with its delete.
    """

    __slots__ = ("_beginning",)

    def __init__(self, key: bytes) -> None:
        """`key` is the queue's own; of a long one, the first nine bytes count."""
        seal = key[:_SEAL_BYTES].ljust(_SEAL_BYTES, b"\0")
        self._beginning = b2a_base64(_MARK + seal, newline=False).decode()

    def issue(self, order: int, receive_count: int) -> str:
        # Python's hash of whole numbers is the same in every process, and mixes well.
        rest = _REST.pack(order, receive_count, hash((order, receive_count)), 0)
        return self._beginning + b2a_base64(rest, newline=False).decode()

    def read(self, handle: str) -> tuple[int, int]:
        """The place and the receive count in `handle`. Raises MissingParameter for blanks, InvalidIdFormat for a handle
        of an old version, ReceiptHandleIsInvalid."""
        beginning = self._beginning
        if not handle.startswith(beginning):
            raise _refusal(handle)
        try:
            order, receive_count, checksum, end = _REST.unpack(a2b_base64(handle[len(beginning) :], strict_mode=True))
        except (ValueError, error):
            raise _refusal(handle) from None
        if end or checksum != hash((order, receive_count)):
            raise _refusal(handle)
        return order, receive_count


def _refusal(handle: str) -> Refused:
    """What is wrong with a handle that is none of this queue's."""
    if not handle or handle.isspace():
        return MissingParameter("The request must contain the parameter ReceiptHandle.")
    garbage = ReceiptHandleIsInvalid(f'The input receipt handle "{handle}" is not a valid receipt handle.')
    try:
        raw = a2b_base64(handle, strict_mode=True)
    except ValueError:
        return garbage
    if len(raw) >= _OLD_BYTES and not raw.startswith(_MARK):
        return InvalidIdFormat()
    try:
        order, receive_count, checksum, end = _REST.unpack(raw[len(_MARK) + _SEAL_BYTES :])
    except error:
        return garbage
    if not raw.startswith(_MARK) or end or checksum != hash((order, receive_count)):
        return garbage
    # What users saw of a handle that is one, but another queue's (spulec/PyQS#24, aws-sdk-java-v2#3101).
    return ReceiptHandleIsInvalid(f'The receipt handle "{handle}" is not valid for this queue.')
