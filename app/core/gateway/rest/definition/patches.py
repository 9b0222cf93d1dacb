"""PatchOperations of API Gateway: a path into a resource, and what may be done there."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from app.core.errors import InvalidParameterValue, ResourceNotFound

Members: TypeAlias = dict[str, Any]
"""A resource under AWS's member names."""


class Place(StrEnum):
    """What stands at a path. A value always comes as text."""

    TEXT = "text"
    TRUTH = "truth"
    NUMBER = "number"
    FRACTION = "fraction"
    TEXTS = "texts by name"
    TRUTHS = "truths by name"
    LIST = "list of texts"


_SCALARS = (Place.TEXT, Place.TRUTH, Place.NUMBER, Place.FRACTION)
_NOT_THERE = {"requestModels": "Content-Type specified was not found",
              "responseModels": "Content-Type specified was not found"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Patch:
    """One operation; `path` and `source` begin with a slash, and a slash within a name is `~1`."""

    op: str
    path: str | None = None
    value: str | None = None
    source: str | None = None

    @property
    def steps(self) -> tuple[str, ...]:
        """The names on the path, as they are."""
        return steps_of(self.path or "")


@dataclass(frozen=True, slots=True)
class Patches:
    """The paths that a kind of resource has. `is_listed` tells with a wrong path which there are, as AWS does for some
    kinds and not for others (recorded 2024-04-15). `optional` scalars may be added and removed."""

    places: Mapping[str, Place]
    is_listed: bool = False
    optional: frozenset[str] = frozenset()


def patches_in(given: Sequence[Mapping[str, Any]] | None) -> list[Patch]:
    """The operations of a request."""
    return [
        Patch(str(each.get("op")), each.get("path"), each.get("value"), each.get("from")) for each in given or ()
    ]  # fmt: skip


def steps_of(path: str) -> tuple[str, ...]:
    """The names on a path: `/a/b~1c` is `a`, `b/c`."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in path.removeprefix("/").split("/"))


def patched(members: Members, patches: Sequence[Patch], table: Patches) -> Members:
    """A copy of the resource with all operations carried out. Raises InvalidParameterValue, ResourceNotFound."""
    after = deepcopy(members)
    for patch in patches:
        _apply(after, patch, table)
    return after


def _apply(members: Members, patch: Patch, table: Patches) -> None:
    steps = patch.steps
    scalar, named = "/".join(steps), "/".join(steps[:-1])
    place = table.places.get(scalar)
    if patch.path is not None and place in _SCALARS:
        _apply_to_scalar(members, patch, steps, place, table)
    elif patch.path is not None and len(steps) > 1 and (place := table.places.get(named)) not in (None, *_SCALARS):
        assert place is not None, "looked up just now"
        _apply_to_named(members, patch, steps, place)
    else:
        raise _wrong_path(patch, table)


def _apply_to_scalar(members: Members, patch: Patch, steps: tuple[str, ...], place: Place, table: Patches) -> None:
    is_optional = "/".join(steps) in table.optional
    if patch.op != "replace" and not (is_optional and patch.op in ("add", "remove")):
        if table.is_listed:
            raise InvalidParameterValue(
                f"Invalid patch path  '{patch.path}' specified for op '{patch.op}'. Please choose supported operations"
            )
        raise InvalidParameterValue("Invalid patch operation specified. Must be one of: [replace]")
    holder = _holder(members, steps[:-1])
    value = None if patch.op == "remove" else value_of(patch.value, place)
    if value is None:
        holder.pop(steps[-1], None)
    else:
        holder[steps[-1]] = value


def _apply_to_named(members: Members, patch: Patch, steps: tuple[str, ...], place: Place) -> None:
    """An entry of a map, or a member of a list, by its name."""
    if patch.op not in ("add", "remove", "replace"):
        raise InvalidParameterValue("Invalid patch operation specified. Must be 'add'|'remove'|'replace'")
    owner, kind, name = _holder(members, steps[:-2]), steps[-2], steps[-1]
    if place is Place.LIST:
        _apply_to_list(owner, kind, name, patch)
        return
    entries: Members = owner.setdefault(kind, {})
    if patch.op != "add" and name not in entries:
        if not entries:
            del owner[kind]
        raise ResourceNotFound(_NOT_THERE.get(kind, "Invalid parameter name specified"))
    if patch.op == "remove":
        del entries[name]
        if not entries:
            del owner[kind]
        return
    if place is Place.TEXTS and not patch.value and kind in ("responseTemplates", "responseParameters"):
        raise InvalidParameterValue(f"Invalid null or empty value in {kind}")
    entries[name] = value_of(patch.value or "", Place.TRUTH if place is Place.TRUTHS else Place.TEXT)


def _apply_to_list(owner: Members, kind: str, name: str, patch: Patch) -> None:
    """A list has its members for names; what replaces one stands at the end (recorded 2025-07-02)."""
    items: list[str] = [item for item in owner.get(kind, ()) if patch.op == "add" or item != name]
    added = name if patch.op == "add" else patch.value
    if patch.op != "remove" and added and added not in items:
        items.append(added)
    if items:
        owner[kind] = items
    else:
        owner.pop(kind, None)


def value_of(text: str | None, place: Place) -> Any:
    """The value that a text stands for; what is no truth is false (recorded 2024-04-15). Raises
    InvalidParameterValue."""
    match place:
        case Place.TRUTH:
            return str(text).lower() == "true"
        case Place.NUMBER | Place.FRACTION:
            if text is None:
                return None
            make: Callable[[str], float] = int if place is Place.NUMBER else float
            try:
                return make(text)
            except ValueError:
                raise InvalidParameterValue(f"Invalid value specified. Must be a number: {text}") from None
        case _:
            return text


def _holder(members: Members, steps: tuple[str, ...]) -> Members:
    for step in steps:
        members = members.setdefault(step, {})
    return members


def _wrong_path(patch: Patch, table: Patches) -> InvalidParameterValue:
    if not table.is_listed:
        return InvalidParameterValue(f"Invalid patch path {patch.path if patch.path is not None else 'null'}")
    if patch.op != "replace":
        return InvalidParameterValue(
            f"Invalid patch path  '{patch.path}' specified for op '{patch.op}'. Please choose supported operations"
        )
    known = ", ".join(f"/{path}" for path in table.places)
    return InvalidParameterValue(
        f"Invalid patch path  '{patch.path}' specified for op 'replace'. Must be one of: [{known}]"
    )
