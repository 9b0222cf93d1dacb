"""CRC32C and CRC64NVME, which S3 takes for checksums and Python does not have; eight bytes at a time.

The polynomials and the check values are those of Koopman's and Williams' catalogues (`CRC-32/ISCSI`, `CRC-64/NVME`).
"""

from functools import cache
from struct import iter_unpack

_CRC32C = (0x82F63B78, 32)
_CRC64NVME = (0x9A6C9329AC4BC9B5, 64)


def crc32c(data: bytes) -> int:
    return _crc(data, *_CRC32C)


def crc64nvme(data: bytes) -> int:
    return _crc(data, *_CRC64NVME)


def _crc(data: bytes, polynomial: int, width: int) -> int:
    """Reflected, with every bit turned at the beginning and at the end."""
    t0, t1, t2, t3, t4, t5, t6, t7 = _tables(polynomial)
    ones = (1 << width) - 1
    whole = len(data) & ~7
    crc = ones
    # In pieces: the numbers of a large object all at once would take ten times its room.
    for begin in range(0, whole, 1 << 16):
        for (eight,) in iter_unpack("<Q", data[begin : min(begin + (1 << 16), whole)]):
            mixed = eight ^ crc
            crc = (
                t7[mixed & 255] ^ t6[mixed >> 8 & 255] ^ t5[mixed >> 16 & 255] ^ t4[mixed >> 24 & 255]
                ^ t3[mixed >> 32 & 255] ^ t2[mixed >> 40 & 255] ^ t1[mixed >> 48 & 255] ^ t0[mixed >> 56]
            )  # fmt: skip
    for byte in data[whole:]:
        crc = t0[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ ones


@cache
def _tables(polynomial: int) -> tuple[tuple[int, ...], ...]:
    """What a byte does to the remainder, with none to seven bytes of zeros behind it."""
    first = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (polynomial if crc & 1 else 0)
        first.append(crc)
    tables = [tuple(first)]
    for _ in range(7):
        tables.append(tuple(first[crc & 255] ^ crc >> 8 for crc in tables[-1]))
    return tuple(tables)
