"""How an answer has to look: shapes as data, and what is wrong with a value that is not of its shape.

A problem is the end of a sentence that begins with who would reject the answer: `response.autoConfirmUser is no
boolean`. Null stands for absent, as the services' own parsers have it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, assert_never


@dataclass(frozen=True, slots=True)
class Anything:
    """Whatever it is."""


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false; `must_be` where only one of them will do."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text, of at most `most` characters; one of `one_of`, or of the form `pattern`, where these are given."""

    most: int | None = None
    one_of: tuple[str, ...] = ()
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """A number, whole unless it `may_be_broken`; bounds are included."""

    least: int | None = None
    most: int | None = None
    may_be_broken: bool = False
    may_be_text: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """A list of one shape."""

    of: "Shape" = field(default_factory=Anything)
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Members:
    """An object. `must` are there; `others` is the shape of members that are not named, None where none may be."""

    of: Mapping[str, "Shape"] = field(default_factory=dict)
    must: tuple[str, ...] = ()
    others: "Shape | None" = field(default_factory=Anything)


@dataclass(frozen=True, slots=True)
class OneOf:
    """Any of several shapes; `words` say what they are together."""

    of: tuple["Shape", ...]
    words: str


Shape: TypeAlias = Anything | Flag | Text | Number | Rows | Members | OneOf

SCALAR = OneOf((Text(), Number(may_be_broken=True), Flag()), "text, number or boolean")
TEXTS = Members(others=Text())
"""An object of texts."""

THE_ANSWER = "the answer"


def problems(shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """Everything that is wrong with the value, from the outside inwards."""
    name = path or THE_ANSWER
    match shape:
        case Anything():
            return
        case Flag():
            if not isinstance(value, bool):
                yield f"{name} is no boolean"
        case Text():
            yield from _with_text(shape, value, name)
        case Number():
            yield from _with_number(shape, value, name)
        case Rows(of=of, most=most):
            if not isinstance(value, list):
                yield f"{name} is no list"
                return
            if most is not None and len(value) > most:
                yield f"{name} has {len(value)} entries, more than {most}"
            for place, one in enumerate(value):
                yield from problems(of, one, f"{path}[{place}]")
        case Members():
            yield from _with_members(shape, value, path)
        case OneOf(of=of, words=words):
            if all(any(problems(one, value)) for one in of):
                yield f"{name} is no {words}"
        case _:
            assert_never(shape)


def _with_text(shape: Text, value: Any, name: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{name} is no text"
    elif shape.one_of and value not in shape.one_of:
        yield f"{name} is {value!r}, which is none of {', '.join(shape.one_of)}"
    elif shape.most is not None and len(value) > shape.most:
        yield f"{name} has {len(value)} characters, more than {shape.most}"
    elif shape.pattern is not None and not re.fullmatch(shape.pattern, value):
        yield f"{name} is {value!r}, which is not of the form {shape.pattern}"


def _with_number(shape: Number, value: Any, name: str) -> Iterator[str]:
    if shape.may_be_text and isinstance(value, str) and re.fullmatch(r"-?\d{1,18}", value):
        value = int(value)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole and not (shape.may_be_broken and isinstance(value, float)):
        yield f"{name} is no {'number' if shape.may_be_broken else 'whole number'}"
    elif shape.least is not None and value < shape.least:
        yield f"{name} is {value}, less than {shape.least}"
    elif shape.most is not None and value > shape.most:
        yield f"{name} is {value}, more than {shape.most}"


def _with_members(shape: Members, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path or THE_ANSWER} is no object"
        return
    for name in shape.must:
        if value.get(name) is None:
            yield f"{_inside(path, name)} is missing"
    for name, member in value.items():
        if member is None:
            continue
        wanted = shape.of.get(name, shape.others)
        if wanted is None:
            yield f"{_inside(path, name)} is not one of {', '.join(shape.of)}"
        else:
            yield from problems(wanted, member, _inside(path, name))


def _inside(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
