"""Identifiers from the world's seed: the same commands give the same ids."""

from hashlib import blake2b


class Ids:
    """A counter run through a keyed hash. Equal seeds give equal sequences."""

    __slots__ = ("_count", "_key")

    def __init__(self, seed: int) -> None:
        self._key = seed.to_bytes(16, "big", signed=True)
        self._count = 0

    def hex(self, digits: int) -> str:
        """The next `digits` hexadecimal digits (at most 64), lower case."""
        self._count += 1
        count = self._count.to_bytes(8, "big")
        return blake2b(count, key=self._key, digest_size=(digits + 1) // 2).hexdigest()[:digits]

    def uuid(self) -> str:
        """The next identifier in the form of a random (version 4) UUID."""
        digits = self.hex(32)
        variant = "89ab"[int(digits[16], 16) & 3]
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"

    def below(self, bound: int) -> int:
        """The next integer in range(bound)."""
        return int(self.hex(16), 16) % bound
