"""Identifiers from the world's seed: the same commands give the same ids."""

from hashlib import blake2b

_DIGEST_BYTES = 64


class Ids:
    """A counter run through a keyed hash, whose digits are dealt out one id after the other.

    Equal seeds and equal requests give equal sequences.
    """

    __slots__ = ("_count", "_digits", "_key", "_place")

    def __init__(self, seed: int) -> None:
        self._key = seed.to_bytes(16, "big", signed=True)
        self._count = 0
        self._digits = ""
        self._place = 0

    def hex(self, digits: int) -> str:
        """The next `digits` hexadecimal digits (at most 128), lower case."""
        begin = self._place
        end = begin + digits
        if end > len(self._digits):
            self._count += 1
            # Of one digest come several ids: a digest for each would cost as much as the rest of making it.
            count = self._count.to_bytes(8, "big")
            self._digits = blake2b(count, key=self._key, digest_size=_DIGEST_BYTES).hexdigest()
            begin, end = 0, digits
        self._place = end
        return self._digits[begin:end]

    def uuid(self) -> str:
        """The next identifier in the form of a random (version 4) UUID."""
        digits = self.hex(32)
        variant = _VARIANTS[digits[16]]
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"

    def below(self, bound: int) -> int:
        """The next integer in range(bound)."""
        return int(self.hex(16), 16) % bound


_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
"""The two leading bits of a UUID's variant are fixed, the others are the digit's."""
