"""What is checked of an event source mapping's members, beside Lambda's own service model as botocore has it."""

from typing import Any

import botocore.session
import pytest

from app.core.mappings import mapping_constraints as ours
from app.core.mappings.mapping_parameters import _KNOWN

MODEL = botocore.session.get_session().get_service_model("lambda")
OPERATIONS = ("CreateEventSourceMapping", "UpdateEventSourceMapping")
UNREAD = {"SelfManagedEventSource", "AmazonManagedKafkaEventSourceConfig", "SelfManagedKafkaEventSourceConfig",
          "DocumentDBEventSourceConfig", "DestinationConfig", "FilterCriteria", "Tags"}  # fmt: skip
"""Structures that are refused as a whole, or whose members have rules of their own."""


def shapes(operation: str) -> dict[tuple[str, ...], Any]:
    """Every member, and those inside structures that are read, by path."""
    found: dict[tuple[str, ...], Any] = {}
    for name, shape in MODEL.operation_model(operation).input_shape.members.items():
        found[name,] = shape
        if shape.type_name == "structure" and name not in UNREAD:
            found |= {(name, inner): member for inner, member in shape.members.items()}
    return found


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_member_is_known(operation: str) -> None:
    assert {name for name, *_ in shapes(operation)} <= _KNOWN


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_range_length_pattern_and_word_is_the_models(operation: str) -> None:
    members = shapes(operation)
    members.pop(("UUID",), None)
    bounds = {path: (shape.metadata["min"], shape.metadata["max"]) for path, shape in members.items()
              if {"min", "max"} <= set(shape.metadata)}  # fmt: skip
    of_numbers = {path: bound for path, bound in bounds.items() if members[path].type_name == "integer"}
    of_words = {path: bound for path, bound in bounds.items() if path in ours._WORD_LISTS}
    of_lengths = {path: bound for path, bound in bounds.items() if path not in (*of_numbers, *of_words)}

    assert of_numbers == _of(members, ours._RANGES)
    assert of_lengths == _of(members, ours._LENGTHS)
    assert {path: most for path, (_, most) in of_words.items()} == {
        path: most for path, (most, _) in _of(members, ours._WORD_LISTS).items()
    }
    assert {path: set(members[path].member.enum) for path in of_words} == {
        path: set(words) for path, (_, words) in _of(members, ours._WORD_LISTS).items()
    }
    assert {path: set(shape.enum) for path, shape in members.items() if getattr(shape, "enum", None)} == {
        path: set(words) for path, words in _of(members, ours._WORDS).items()
    }
    assert {path: shape.metadata["pattern"] for path, shape in members.items() if "pattern" in shape.metadata} == _of(
        members, ours._PATTERNS
    )


def _of(members: dict[tuple[str, ...], Any], table: dict[tuple[str, ...], Any]) -> dict[tuple[str, ...], Any]:
    """The rows of our table whose members this operation has."""
    return {path: row for path, row in table.items() if path in members}
