"""The checksums that S3 takes and Python does not have."""

import zlib

from hypothesis import given
from hypothesis import strategies as st

from app.wire import crc


def test_the_check_values_of_the_catalogue_come_out() -> None:
    assert crc.crc32c(b"123456789") == 0xE3069283
    assert crc.crc64nvme(b"123456789") == 0xAE8B14860A799888
    assert (crc.crc32c(b""), crc.crc64nvme(b"")) == (0, 0)


@given(st.binary(max_size=300))
def test_the_way_of_reckoning_is_that_of_zlib(data: bytes) -> None:
    """The same with the polynomial that Python has."""
    assert crc._crc(data, 0xEDB88320, 32) == zlib.crc32(data)


def test_a_large_one_is_reckoned_in_pieces() -> None:
    data = bytes(range(256)) * 1_025 + b"end"

    assert crc._crc(data, 0xEDB88320, 32) == zlib.crc32(data)
