"""An event as patterns see it: its leaves by dotted path, each with its place in the arrays around it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from app.core.pattern.tokens import Misread, Token, Tokens

Scalar: TypeAlias = str | int | float | bool | None
Place: TypeAlias = tuple[tuple[int, int], ...]
"""The arrays of objects around a leaf, outermost first: the array's number and the index in it."""


class WrittenNumber(float):
    """A number that remembers how it was written: `3.0e2` is not `300` where texts are compared."""

    __slots__ = ("text",)
    text: str

    @classmethod
    def read(cls, text: str) -> "WrittenNumber":
        number = cls(text)
        number.text = text
        return number


@dataclass(slots=True)
class Places:
    """Places as a tree, array by array, so that those in a chosen element are found without looking at all."""

    place: Place | None = None
    below: dict[int, dict[int, "Places"]] = field(default_factory=dict)

    @classmethod
    def of(cls, places: Iterable[Place]) -> "Places":
        root = cls()
        for place in places:
            node = root
            for array, index in place:
                node = node.below.setdefault(array, {}).setdefault(index, cls())
            node.place = place
        return root

    def agreeing_with(self, chosen: Mapping[int, int]) -> Iterator[Place]:
        """The places that lie in the elements chosen, which are indexes by array, or in arrays not chosen from yet."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            if node.place is not None:
                yield node.place
            for array, elements in node.below.items():
                index = chosen.get(array)
                if index is None:
                    waiting += elements.values()
                elif index in elements:
                    waiting.append(elements[index])


@dataclass(slots=True)
class Flattened:
    """`leaves`: every value that is no object or array, by path. `containers`: what there is instead of a leaf.
    `has_places` says whether any leaf lies in an array of objects."""

    leaves: dict[str, list[tuple[Scalar, Place]]] = field(default_factory=dict)
    containers: dict[str, str] = field(default_factory=dict)
    has_places: bool = False


def flatten(event: Any, *, within: Collection[str] | None = None) -> Flattened:
    """The leaves of an event; `within` are the paths worth entering, with all their prefixes (None: everything).

    A dot in a key equals nesting, an array counts as its elements, and an empty object or array has no leaf.
    Anything JSON can say is taken, at any depth.
    """
    flattened = Flattened()
    leaves, containers = flattened.leaves, flattened.containers
    arrays = 0
    waiting: list[tuple[str | None, Any, Place]] = [(None, event, ())]
    while waiting:
        path, value, place = waiting.pop()
        if isinstance(value, dict):
            containers[path or ""] = "an object"
            # In reverse onto the stack, so that leaves come in the event's order.
            for key in reversed(value):
                below = join(path, key)
                if within is None or below in within:
                    waiting.append((below, value[key], place))
        elif isinstance(value, list):
            if not value:
                containers[path or ""] = "an empty array"
            arrays += 1
            for index in range(len(value) - 1, -1, -1):
                element = value[index]
                is_scalar = not isinstance(element, dict | list)
                waiting.append((path, element, place if is_scalar else (*place, (arrays, index))))
        else:
            leaves.setdefault(path or "", []).append((value, place))
            if place:
                flattened.has_places = True
    return flattened


def join(path: str | None, key: str) -> str:
    """The path of `key` below `path`, which is None at the top."""
    return key if path is None else f"{path}.{key}"


def parse_written(text: str) -> Any:
    """JSON as Python values whose numbers are `WrittenNumber`s. Raises ValueError unless `text` is one JSON value."""
    tokens = Tokens(text)
    try:
        return _build(tokens)
    except Misread as misread:
        raise ValueError(str(misread)) from None


def _build(tokens: Tokens) -> Any:
    root: list[Any] = []
    containers: list[list[Any] | dict[str, Any]] = [root]
    names = [""]
    while (token := tokens.next()) is not Token.END:
        if token is Token.NAME:
            names[-1] = tokens.text
            continue
        if token in (Token.END_OBJECT, Token.END_ARRAY):
            containers.pop()
            names.pop()
            continue
        if len(containers) == 1 and root:
            raise ValueError("there is more behind the JSON value")
        value = _value(token, tokens)
        container = containers[-1]
        if isinstance(container, list):
            container.append(value)
        else:
            container[names[-1]] = value
        if token in (Token.OBJECT, Token.ARRAY):
            containers.append(value)
            names.append("")
    if not root:
        raise ValueError("there is no JSON value")
    return root[0]


def _value(token: Token, tokens: Tokens) -> Any:
    match token:
        case Token.OBJECT:
            return {}
        case Token.ARRAY:
            return []
        case Token.STRING:
            return tokens.text
        case Token.NUMBER:
            return WrittenNumber.read(tokens.text)
        case _:
            return {Token.TRUE: True, Token.FALSE: False, Token.NULL: None}[token]
