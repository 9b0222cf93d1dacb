"""Identifiers from the world's seed: the same commands give the same ids."""

from hashlib import blake2b

_DIGEST_BYTES = 64
_DIGEST_DIGITS = 2 * _DIGEST_BYTES


class Ids:
    """A counter run through a keyed hash, whose digits are dealt out one id after the other.

    Equal seeds and equal requests give equal sequences.
    """

    __slots__ = ("_count", "_digits", "_key", "_place")

    def __init__(self, seed: int) -> None:
        self._key = seed.to_bytes(16, "big", signed=True)
        self._count = 0
        self._digits = ""
        self._place = _DIGEST_DIGITS

    def hex(self, digits: int) -> str:
        """The next `digits` hexadecimal digits (at most 128), lower case."""
        begin = self._place
        if begin + digits > _DIGEST_DIGITS:
            begin = self._digest()
        self._place = begin + digits
        return self._digits[begin : self._place]

    def uuid(self) -> str:
        """The next identifier in the form of a random (version 4) UUID."""
        # `hex(32)` written out: it is asked for with every message.
        at = self._place
        if at + 32 > _DIGEST_DIGITS:
            at = self._digest()
        self._place = at + 32
        digits = self._digits
        return (
            f"{digits[at : at + 8]}-{digits[at + 8 : at + 12]}-4{digits[at + 13 : at + 16]}-"
            f"{_VARIANTS[digits[at + 16]]}{digits[at + 17 : at + 20]}-{digits[at + 20 : at + 32]}"
        )

    def below(self, bound: int) -> int:
        """The next integer in range(bound)."""
        return int(self.hex(16), 16) % bound

    def _digest(self) -> int:
        """Make new digits and say where they begin. Of one digest come several ids: one for each would cost as much
        as the rest of making it."""
        self._count += 1
        count = self._count.to_bytes(8, "big")
        self._digits = blake2b(count, key=self._key, digest_size=_DIGEST_BYTES).hexdigest()
        return 0


_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
"""The two leading bits of a UUID's variant are fixed, the others are the digit's."""
