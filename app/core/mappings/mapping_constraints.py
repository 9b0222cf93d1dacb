"""What Lambda's API model says of an event source mapping's members, checked before any rule of the service."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.core.errors import ValidationFailed

_RANGES: dict[tuple[str, ...], tuple[int, int]] = {
    ("BatchSize",): (1, 10_000),
    ("MaximumBatchingWindowInSeconds",): (0, 300),
    ("ScalingConfig", "MaximumConcurrency"): (2, 1_000),
    ("ProvisionedPollerConfig", "MinimumPollers"): (1, 200),
    ("ProvisionedPollerConfig", "MaximumPollers"): (1, 10_000),
    ("ParallelizationFactor",): (1, 10),
    ("MaximumRetryAttempts",): (-1, 10_000),
    ("MaximumRecordAgeInSeconds",): (-1, 604_800),
    ("TumblingWindowInSeconds",): (0, 900),
}
_WORD_LISTS: dict[tuple[str, ...], tuple[int, tuple[str, ...]]] = {
    ("FunctionResponseTypes",): (1, ("ReportBatchItemFailures",)),
    ("MetricsConfig", "Metrics"): (3, ("EventCount", "ErrorCount", "KafkaMetrics")),
}
_LENGTHS: dict[tuple[str, ...], tuple[int, int]] = {
    ("EventSourceArn",): (0, 10_000),
    ("FunctionName",): (1, 256),
    ("KMSKeyArn",): (0, 10_000),
    ("ProvisionedPollerConfig", "PollerGroupName"): (0, 128),
    ("SourceAccessConfigurations",): (0, 23),
    ("Topics",): (1, 1),
    ("Queues",): (1, 1),
}
_PATTERNS: dict[tuple[str, ...], str] = {
    (
        "EventSourceArn",
    ): r"arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?"
    r":(\d{12})?:(.*)",
    ("FunctionName",): r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?"
    r"(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?",
    ("KMSKeyArn",): r"(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()",
    ("ProvisionedPollerConfig", "PollerGroupName"): r"[a-zA-Z0-9-_]*",
}
_WORDS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("StartingPosition",): ("LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"),
    ("LoggingConfig", "SystemLogLevel"): ("DEBUG", "INFO", "WARN"),
}
_STRUCTURES = ("ScalingConfig", "ProvisionedPollerConfig", "MetricsConfig", "LoggingConfig", "Tags")
_LISTS = ("SourceAccessConfigurations", "Topics", "Queues")
_FLAGS = ("Enabled", "BisectBatchOnFunctionError")


def check_model(given: Mapping[str, Any], *, is_create: bool) -> None:
    """Raises ValidationFailed that names every member which breaks a constraint, as AWS does: all at once.

    The ranges, enumerations and patterns are those of Lambda's service model; the texts those recorded for others of
    its members (UNCONFIRMED for most of these).
    """
    _check_types(given)
    broken = [
        *_missing(given, is_create), *_out_of_range(given), *_unknown_words(given), *_out_of_length(given),
        *_unlike_pattern(given),
    ]  # fmt: skip
    if broken:
        noun = "error" if len(broken) == 1 else "errors"
        raise ValidationFailed(f"{len(broken)} validation {noun} detected: {'; '.join(broken)}")


def _check_types(given: Mapping[str, Any]) -> None:
    """The wire has checked these already; settings and the control API bring any JSON."""
    for name in _STRUCTURES:
        _check_type(given, (name,), Mapping, "an object")
    for name in _FLAGS:
        _check_type(given, (name,), bool, "true or false")
    for path in _RANGES:
        _check_type(given, path, int, "a whole number")
    for path in _WORD_LISTS:
        _check_type(given, path, list, "a list")
    for name in _LISTS:
        _check_type(given, (name,), list, "a list")
    for path in (*_PATTERNS, *_WORDS):
        _check_type(given, path, str, "text")


def _check_type(given: Mapping[str, Any], path: tuple[str, ...], kind: type[Any], noun: str) -> None:
    value = _at(given, path)
    if value is None or (isinstance(value, kind) and (kind is bool or not isinstance(value, bool))):
        return
    raise ValidationFailed(f"{'.'.join(path)} must be {noun}, not {value!r}")


def _missing(given: Mapping[str, Any], is_create: bool) -> Iterator[str]:
    if is_create and given.get("FunctionName") is None:
        yield _broken(None, ("FunctionName",), "Member must not be null")


def _out_of_range(given: Mapping[str, Any]) -> Iterator[str]:
    for path, (least, most) in _RANGES.items():
        value = _at(given, path)
        if value is not None and value < least:
            yield _broken(value, path, f"Member must have value greater than or equal to {least}")
        elif value is not None and value > most:
            yield _broken(value, path, f"Member must have value less than or equal to {most}")


def _unknown_words(given: Mapping[str, Any]) -> Iterator[str]:
    for path, (most, words) in _WORD_LISTS.items():
        value = _at(given, path) or ()
        shown = f"[{', '.join(map(str, value))}]"
        if any(word not in words for word in value):
            rule = f"Member must satisfy enum value set: [{', '.join(words)}]"
            yield _broken(shown, path, f"Member must satisfy constraint: [{rule}]")
        if len(value) > most:
            yield _broken(shown, path, f"Member must have length less than or equal to {most}")
    for path, words in _WORDS.items():
        word = _at(given, path)
        if word is not None and word not in words:
            yield _broken(word, path, f"Member must satisfy enum value set: [{', '.join(words)}]")


def _out_of_length(given: Mapping[str, Any]) -> Iterator[str]:
    for path, (least, most) in _LENGTHS.items():
        value = _at(given, path)
        if value is not None and len(value) < least:
            yield _broken(value, path, f"Member must have length greater than or equal to {least}")
        elif value is not None and len(value) > most:
            yield _broken(value, path, f"Member must have length less than or equal to {most}")


def _unlike_pattern(given: Mapping[str, Any]) -> Iterator[str]:
    for path, pattern in _PATTERNS.items():
        value = _at(given, path)
        if value is not None and re.fullmatch(pattern, value) is None:
            yield _broken(value, path, f"Member must satisfy regular expression pattern: {pattern}")


def _at(given: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = given
    for name in path:
        value = (value or {}).get(name)
    return value


def _broken(value: object, path: tuple[str, ...], rule: str) -> str:
    """One constraint in the words of AWS; a null value stands without quotes."""
    member = ".".join(name[0].lower() + name[1:] for name in path)
    shown = "null" if value is None else f"'{value}'"
    return f"Value {shown} at '{member}' failed to satisfy constraint: {rule}"
