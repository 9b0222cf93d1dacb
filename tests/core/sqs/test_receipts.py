"""Receipt handles."""

from base64 import b64decode, b64encode

import pytest

from app.core.errors import InvalidIdFormat, MissingParameter, ReceiptHandleIsInvalid
from app.core.sqs.receipts import Receipts


def test_a_handle_tells_place_and_receive_and_looks_like_amazons() -> None:
    receipts = Receipts(b"the key of one")

    handle = receipts.issue(7, 3)

    assert handle.startswith("AQEB")
    assert receipts.read(handle) == (7, 3)


def test_every_receive_has_its_own_handle() -> None:
    receipts = Receipts(b"the key of one")

    assert len({receipts.issue(order, count) for order in range(10) for count in range(10)}) == 100


def test_the_handle_of_another_queue_is_told_from_garbage() -> None:
    theirs = Receipts(b"another key").issue(1, 1)

    with pytest.raises(ReceiptHandleIsInvalid) as refusal:
        Receipts(b"the key of one").read(theirs)

    assert refusal.value.message == f'The receipt handle "{theirs}" is not valid for this queue.'


@pytest.mark.parametrize("handle", ["", "  "])
def test_a_blank_handle_is_a_missing_one(handle: str) -> None:
    with pytest.raises(MissingParameter, match=r"The request must contain the parameter ReceiptHandle\."):
        Receipts(b"the key of one").read(handle)


def test_a_handle_of_an_old_version_is_told_from_garbage() -> None:
    with pytest.raises(InvalidIdFormat):
        Receipts(b"the key of one").read(b64encode(b"+" * 120).decode())


def test_a_handle_with_any_bit_turned_is_garbage() -> None:
    receipts = Receipts(b"the key of one")
    raw = b64decode(receipts.issue(1, 1))

    for place in range(len(raw)):
        turned = bytearray(raw)
        turned[place] ^= 1
        with pytest.raises(ReceiptHandleIsInvalid):
            receipts.read(b64encode(turned).decode())


@pytest.mark.parametrize(("size", "refusal"), [(99, ReceiptHandleIsInvalid), (100, InvalidIdFormat)])
def test_a_hundred_bytes_without_the_mark_are_a_handle_of_an_old_version(size: int, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        Receipts(b"the key of one").read(b64encode(b"x" * size).decode())
