"""What SQS takes as the tags of a queue."""

from collections.abc import Iterable, Mapping

from app.core.errors import InvalidParameterValue

# SQSDG:sqs-queue-tags.
_KEY_MOST = 128
_VALUE_MOST = 256
_SYMBOLS = frozenset("_.:/=+-@")
_CHARACTERS = "may only contain unicode letters, digits, whitespace, or one of these symbols: _ . : / = + - @"


def check_tags(tags: Mapping[str, str]) -> None:
    """Raises InvalidParameterValue for a key or a value of another form."""
    check_tag_keys(tags)
    for value in tags.values():
        if len(value) > _VALUE_MOST:
            raise InvalidParameterValue(f"Tag values must be between 0 and {_VALUE_MOST} characters in length.")
        if not _is_tag_text(value):
            raise InvalidParameterValue(f"Tag values {_CHARACTERS}")


def check_tag_keys(keys: Iterable[str]) -> None:
    """Raises InvalidParameterValue for a key of another form."""
    for key in keys:
        if not 1 <= len(key) <= _KEY_MOST:
            raise InvalidParameterValue(f"Tag keys must be between 1 and {_KEY_MOST} characters in length.")
        if not _is_tag_text(key):
            raise InvalidParameterValue(f"Tag keys {_CHARACTERS}")


def _is_tag_text(text: str) -> bool:
    return all(char.isalnum() or char.isspace() or char in _SYMBOLS for char in text)
