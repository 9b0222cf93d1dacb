"""Receipt handles: a message's place and the receive it was handed out by, checked so that garbage is told apart."""

from binascii import a2b_base64, b2a_base64, crc32

from app.core.errors import ReceiptHandleIsInvalid

# Three leading bytes that make every handle begin like Amazon's do: AQEB.
_MARK = b"\x01\x01\x01"
_SEAL_BYTES = 8
_BODY_BYTES = 15
_BYTES = _BODY_BYTES + _SEAL_BYTES + 4


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
        body = _MARK + order.to_bytes(8, "big") + receive_count.to_bytes(4, "big") + self._seal
        return b2a_base64(body + crc32(body).to_bytes(4, "big"), newline=False).decode()

    def read(self, handle: str) -> tuple[int, int]:
        """The place and the receive count in `handle`. Raises ReceiptHandleIsInvalid."""
        try:
            raw = a2b_base64(handle, strict_mode=True)
        except ValueError:
            raw = b""
        body = raw[:-4]
        if (
            len(raw) != _BYTES
            or body[_BODY_BYTES:] != self._seal
            or not body.startswith(_MARK)
            or crc32(body).to_bytes(4, "big") != raw[-4:]
        ):
            raise ReceiptHandleIsInvalid(f'The input receipt handle "{handle}" is not a valid receipt handle.')
        return int.from_bytes(body[3:11], "big"), int.from_bytes(body[11:_BODY_BYTES], "big")
