"""What SQS takes as tags."""

import pytest

from app.core.errors import InvalidParameterValue
from app.core.sqs.queue_tags import check_tag_keys, check_tags


@pytest.mark.parametrize("tags", [{}, {"team": "blue"}, {"größe _.:/=+-@": ""}, {"k" * 128: "v" * 256}])
def test_letters_digits_blanks_and_a_few_symbols_are_tags(tags: dict[str, str]) -> None:
    check_tags(tags)


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"": "v"}, "Tag keys must be between 1 and 128 characters in length."),
        ({"k" * 129: "v"}, "Tag keys must be between 1 and 128 characters in length."),
        ({"a!": "v"}, "Tag keys may only contain unicode letters, digits, whitespace, "),
        ({"a": "v!"}, "Tag values may only contain unicode letters, digits, whitespace, "),
        ({"a": "v" * 257}, "Tag values must be between 0 and 256 characters in length."),
    ],
)
def test_other_tags_are_refused(tags: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidParameterValue) as refusal:
        check_tags(tags)

    assert refusal.value.message.startswith(words)


def test_keys_alone_keep_to_the_same_form() -> None:
    with pytest.raises(InvalidParameterValue):
        check_tag_keys(["team", "a!"])
