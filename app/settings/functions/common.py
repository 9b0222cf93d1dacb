"""What is said of a function wherever it runs: AWS's settings, and where its events end."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Literal, TypeAlias, TypedDict

from app.settings.reading import Field, Table
from app.settings.values.functions import DestinationSettings

_Named: TypeAlias = Literal["queue", "function", "topic", "bus", "bucket"]

COMMON_KEYS = (
    "Timeout",
    "MemorySize",
    "RecursiveLoop",
    "ReservedConcurrentExecutions",
    "MaximumRetryAttempts",
    "MaximumEventAgeInSeconds",
    "DestinationConfig",
    "DeadLetterConfig",
    "Description",
    "environments",
)


class Common(TypedDict):
    """The arguments of every kind of function but `environments`, whose default is the kind's."""

    name: str
    timeout_s: int
    memory_mb: int
    recursive_loop: Any
    reserved_concurrency: int | None
    maximum_retry_attempts: int
    maximum_event_age_s: int
    on_success: DestinationSettings | None
    on_failure: DestinationSettings | None
    dead_letter: DestinationSettings | None
    description: str


def has(field: Field, key: str) -> bool:
    return isinstance(field.value, Mapping) and key in field.value


def read_common(name: str, table: Table) -> Common:
    destinations = table.read("DestinationConfig", _destinations) or {}
    return Common(
        name=name,
        timeout_s=table.integer("Timeout", 3, least=1, most=900),
        memory_mb=table.integer("MemorySize", 128, least=128, most=10_240),
        recursive_loop=table.word("RecursiveLoop", "Terminate", ("Terminate", "Allow")),
        reserved_concurrency=table.read("ReservedConcurrentExecutions", lambda entry: entry.integer(0)),
        maximum_retry_attempts=table.integer("MaximumRetryAttempts", 2, least=0, most=2),
        maximum_event_age_s=table.integer("MaximumEventAgeInSeconds", 21_600, least=60, most=21_600),
        on_success=destinations.get("OnSuccess"),
        on_failure=destinations.get("OnFailure"),
        dead_letter=table.read("DeadLetterConfig", partial(_destination, ("queue", "topic"), "TargetArn")),
        description=table.text("Description", ""),
    )


def _destinations(field: Field) -> dict[str, DestinationSettings]:
    """AWS's DestinationConfig: OnSuccess and OnFailure, each a destination. A bucket takes failures only."""
    table = field.table(("OnSuccess", "OnFailure"))
    kinds: dict[str, tuple[_Named, ...]] = {
        "OnSuccess": ("queue", "function", "topic", "bus"),
        "OnFailure": ("queue", "function", "topic", "bus", "bucket"),
    }
    read = {name: table.read(name, partial(_destination, kinds[name], "Destination")) for name in table.entries}
    return {name: destination for name, destination in read.items() if destination is not None}


def _destination(kinds: tuple[_Named, ...], arn_key: str, field: Field) -> DestinationSettings | None:
    """Something by name, or an ARN under AWS's own key."""
    table = field.table((*kinds, arn_key))
    given = [name for name in (*kinds, arn_key) if name in table.entries]
    if len(given) != 1:
        field.wrong(f"must have one of {', '.join(kinds)} and {arn_key}")
        return None
    target = table.read(given[0], Field.text)
    if target is None:
        return None
    return DestinationSettings(next((kind for kind in kinds if kind == given[0]), "arn"), target)


def read_environments(table: Table, default: int) -> int:
    return table.integer("environments", default, least=1, most=10_000)
