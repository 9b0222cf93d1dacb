"""What can be asked of pipes."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from app.core.names import Arn, Scope
from app.core.value import value


@value(frozen=True, slots=True)
class CreatePipe:
    """`parameters` has AWS's names (`Source`, `Target`, `SourceParameters`, …) and JSON values."""

    scope: Scope
    name: str
    parameters: Mapping[str, Any]


@value(frozen=True, slots=True)
class UpdatePipe:
    scope: Scope
    name: str
    parameters: Mapping[str, Any]


@value(frozen=True, slots=True)
class DeletePipe:
    scope: Scope
    name: str


@value(frozen=True, slots=True)
class StartPipe:
    scope: Scope
    name: str


@value(frozen=True, slots=True)
class StopPipe:
    scope: Scope
    name: str


@value(frozen=True, slots=True)
class TagPipe:
    pipe: Arn
    tags: Mapping[str, str]


@value(frozen=True, slots=True)
class UntagPipe:
    pipe: Arn
    keys: tuple[str, ...]


PipeCommand: TypeAlias = CreatePipe | UpdatePipe | DeletePipe | StartPipe | StopPipe | TagPipe | UntagPipe
