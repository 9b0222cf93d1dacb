"""Receipt handles: a message's place and the receive it was handed out by, sealed so that garbage is told apart."""

from base64 import b64decode, b64encode
from hashlib import blake2b

from app.core.errors import ReceiptHandleIsInvalid

# Three leading bytes that make every handle begin like Amazon's do: AQEB.
_MARK = b"\x01\x01\x01"
_BODY_BYTES = 15
_SEAL_BYTES = 12


class Receipts:
    """Handles of one queue. A handle of another queue, or of this queue's name in an earlier life, is garbage."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def issue(self, order: int, receive_count: int) -> str:
        body = _MARK + order.to_bytes(8, "big") + receive_count.to_bytes(4, "big")
        return b64encode(body + blake2b(body, key=self._key, digest_size=_SEAL_BYTES).digest()).decode()

    def read(self, handle: str) -> tuple[int, int]:
        """The place and the receive count in `handle`. Raises ReceiptHandleIsInvalid."""
        try:
            raw = b64decode(handle, validate=True)
        except ValueError:
            raw = b""
        body, seal = raw[:_BODY_BYTES], raw[_BODY_BYTES:]
        if blake2b(body, key=self._key, digest_size=_SEAL_BYTES).digest() != seal:
            raise ReceiptHandleIsInvalid(f'The input receipt handle "{handle}" is not a valid receipt handle.')
        return int.from_bytes(body[3:11], "big"), int.from_bytes(body[11:], "big")
