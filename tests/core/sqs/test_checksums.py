"""Digests against AWS's recorded values."""

from app.core.sqs.checksums import md5_of_attributes, md5_of_body
from app.core.sqs.message import MessageAttribute


def test_a_single_string_attribute_has_the_recorded_digest() -> None:
    digest = md5_of_attributes({"Foo": MessageAttribute("String", "Bar")})

    assert digest == "ae7155c6026991b6d54b11589678bf9c"


def test_the_order_of_attributes_does_not_change_the_digest() -> None:
    one, two = MessageAttribute("String", "1"), MessageAttribute("Number.cents", "2")

    assert md5_of_attributes({"a": one, "b": two}) == md5_of_attributes({"b": two, "a": one})


def test_binary_and_text_of_equal_bytes_have_different_digests() -> None:
    text = md5_of_attributes({"a": MessageAttribute("Binary", "x")})
    binary = md5_of_attributes({"a": MessageAttribute("Binary", b"x")})

    assert text != binary


def test_no_attributes_have_no_digest() -> None:
    assert md5_of_attributes({}) is None


def test_a_body_is_digested_as_utf_8() -> None:
    assert md5_of_body("grüße") == "fee40dc24d0ad6a90c608052aa4e9e66"
