"""What SQS takes as a message."""

import pytest

from app.core.errors import InvalidMessageContents, InvalidParameterValue, MissingParameter
from app.core.limits import DEFAULT_LIMITS
from app.core.sqs.message import MessageAttribute
from app.core.sqs.message_rules import (
    check_batch,
    check_delay,
    check_ids_of_standard,
    check_message,
    check_queue_name,
    size_of,
    text_bytes,
)


def check(body: str = "x", /, **attributes: MessageAttribute) -> None:
    check_message(body, attributes)


def check_group(group_id: str) -> None:
    check_ids_of_standard(group_id, None)


def number(text: str) -> None:
    check(n=MessageAttribute("Number", text))


@pytest.mark.parametrize("body", ["x", "\t\n\r", "ü", "\ud7ff\ue000\ufffd", "\U00010000\U0010ffff", " "])
def test_a_body_is_any_text_xml_allows(body: str) -> None:
    check(body)


@pytest.mark.parametrize("body", ["\x00", "a\x0bb", "\x1f", "\ufffe", "\uffff", "\ud800"])
def test_a_body_with_another_character_is_refused(body: str) -> None:
    with pytest.raises(InvalidMessageContents):
        check(body)


def test_an_empty_body_is_missing() -> None:
    with pytest.raises(MissingParameter, match=r"The request must contain the parameter MessageBody\."):
        check("")


def test_size_is_body_and_each_attributes_name_type_and_value_in_utf8() -> None:
    attributes = {"ü": MessageAttribute("String", "äb"), "bin": MessageAttribute("Binary.x", b"\x00\x01")}

    assert text_bytes("aü") == 3
    assert size_of("aü", attributes) == 3 + (2 + 6 + 3) + (3 + 8 + 2)


@pytest.mark.parametrize("name", ["a", "A-b_c.d", "n" * 256, "größe", "a..b", "Aws", "amazonian"])
def test_an_attribute_may_be_named_so(name: str) -> None:
    check(**{name: MessageAttribute("String", "v")})


@pytest.mark.parametrize("name", ["", "n" * 257, ".a", "a.", "a b", "AWS.x", "aws.x", "Amazon.x", "a/b"])
def test_an_attribute_may_not_be_named_so(name: str) -> None:
    with pytest.raises(InvalidParameterValue):
        check(**{name: MessageAttribute("String", "v")})


@pytest.mark.parametrize("data_type", ["String", "String.json", "Number.cents", "Binary.gif"])
def test_a_type_may_carry_a_label(data_type: str) -> None:
    value: str | bytes = b"1" if data_type.startswith("Binary") else "1"

    check(a=MessageAttribute(data_type, value))


@pytest.mark.parametrize("data_type", ["", "string", "StringList", "Number.", "Float", "String." + "x" * 250])
def test_another_type_is_refused(data_type: str) -> None:
    with pytest.raises(InvalidParameterValue, match="type"):
        check(a=MessageAttribute(data_type, "1"))


@pytest.mark.parametrize(
    ("attribute", "kind"),
    [
        (MessageAttribute("String", ""), "String"),
        (MessageAttribute("Binary", b""), "Binary"),
        (MessageAttribute("String", b"x"), "String"),
        (MessageAttribute("Binary", "x"), "Binary"),
        (MessageAttribute("Number.cents", ""), "Number"),
    ],
)
def test_a_value_is_there_and_of_its_type(attribute: MessageAttribute, kind: str) -> None:
    with pytest.raises(InvalidParameterValue) as refusal:
        check(a=attribute)

    assert refusal.value.message == f"Message (user) attribute 'a' must contain a non-empty value of type '{kind}'."


def test_a_value_keeps_to_the_characters_of_bodies() -> None:
    with pytest.raises(InvalidParameterValue, match="was found in the value of message"):
        check(a=MessageAttribute("String", "\x00"))


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "-1",
        "+1.5",
        ".5",
        "5.",
        "1e10",
        "1E-10",
        "9" * 38,
        "0.000",
        "1" + "0" * 60,
        "1e126",
        "1e-128",
        "12300e-130",
    ],
)
def test_a_number_has_at_most_38_digits_and_a_modest_magnitude(text: str) -> None:
    number(text)


@pytest.mark.parametrize("text", ["x", "1e", "1e127", "1e-129", "1" * 39, "1.1.1", "0x10", "NaN", " 1", "1e99999", "."])
def test_another_text_is_no_number(text: str) -> None:
    with pytest.raises(InvalidParameterValue, match="Can't cast the value of message"):
        number(text)


def test_there_are_at_most_ten_attributes() -> None:
    ten = {f"a{n}": MessageAttribute("String", "v") for n in range(10)}
    check(**ten)

    with pytest.raises(InvalidParameterValue, match=r"Number of message attributes \[11\] exceeds"):
        check(b=MessageAttribute("String", "v"), **ten)


def test_a_type_has_256_characters_at_most() -> None:
    check(a=MessageAttribute("String." + "x" * 249, "v"))

    with pytest.raises(InvalidParameterValue, match="type must be shorter than 256 bytes"):
        check(a=MessageAttribute("String." + "x" * 250, "v"))


@pytest.mark.parametrize("group_id", ["a", "!~", "g" * 128])
def test_a_message_group_names_a_tenant_of_a_fair_queue(group_id: str) -> None:
    check_group(group_id)


@pytest.mark.parametrize("group_id", ["", " ", "a b", "g" * 129, "ü"])
def test_a_message_group_keeps_to_its_characters(group_id: str) -> None:
    with pytest.raises(InvalidParameterValue) as refusal:
        check_group(group_id)

    assert refusal.value.message == (
        f"Value {group_id} for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include "
        "alphanumeric and punctuation characters. 1 to 128 in length."
    )


def test_a_deduplication_id_is_not_for_standard_queues() -> None:
    with pytest.raises(InvalidParameterValue, match="not valid for this queue type"):
        check_ids_of_standard(None, "d")


def test_the_queue_names_rule_and_the_delays_rule_let_the_good_through() -> None:
    check_queue_name("a-B_9" * 16, is_fifo=False)
    check_queue_name("a" * 75 + ".fifo", is_fifo=True)
    for delay_s in (None, 0, 900):
        check_delay(delay_s, DEFAULT_LIMITS)
    check_batch([str(n) for n in range(10)], entry="Entry", limits=DEFAULT_LIMITS)
