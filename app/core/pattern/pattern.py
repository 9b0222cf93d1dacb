"""A compiled pattern: matching, which cannot fail, and the reason when it does not match."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.pattern.event import Flattened, Place, Places, Scalar, flatten
from app.core.pattern.matchers import Exactly, ExactNumber, IsAbsent, Matcher, shown

_SHOWN_VALUES = 5
_SHOWN_CHARS = 80


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why an event does not match: the key's path, what was wanted and what was there, in words."""

    path: str
    wanted: str
    was: str

    @property
    def text(self) -> str:
        return f"{self.path}: wanted {self.wanted}; was {self.was}"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One key of a pattern: some value at `path` has to satisfy one of the matchers."""

    path: str
    matchers: tuple[Matcher, ...]
    accepts_absence: bool = field(init=False)
    _exact: frozenset[str] = field(init=False)
    _others: tuple[Matcher, ...] = field(init=False)

    def __post_init__(self) -> None:
        exact = frozenset(m.value for m in self.matchers if isinstance(m, Exactly) and isinstance(m.value, str))
        others = tuple(m for m in self.matchers if not (isinstance(m, Exactly) and isinstance(m.value, str)))
        object.__setattr__(self, "accepts_absence", any(isinstance(m, IsAbsent) for m in self.matchers))
        object.__setattr__(self, "_exact", exact)
        object.__setattr__(self, "_others", others)

    @property
    def required_strings(self) -> frozenset[str] | None:
        """The strings of which one has to be there, for an index over many patterns; None if anything else will do."""
        return None if self._others else self._exact

    @property
    def words(self) -> str:
        wanted = [matcher.words for matcher in self.matchers]
        return wanted[0] if len(wanted) == 1 else f"one of {', '.join(wanted)}"

    def accepts(self, value: Scalar) -> bool:
        if value.__class__ is str and value in self._exact:
            return True
        # No generator: thousands of leaves are asked about one event.
        for matcher in self._others:  # noqa: SIM110
            if matcher.matches(value):
                return True
        return False


@dataclass(frozen=True, slots=True)
class Branch:
    """Keys that must all hold, sorted by path. A pattern without `$or` has one branch."""

    leaves: tuple[Leaf, ...]
    _quickest_first: tuple[Leaf, ...] = field(init=False)

    def __post_init__(self) -> None:
        ordered = sorted(self.leaves, key=lambda leaf: (leaf.required_strings is None, len(leaf.matchers)))
        object.__setattr__(self, "_quickest_first", tuple(ordered))

    def matches(self, event: Flattened) -> bool:
        if not event.has_places:
            return self._matches_without_places(event)
        candidates: list[list[Place]] = []
        for leaf in self.leaves:
            places = _accepted(leaf, event)
            if not places and not (
                leaf.accepts_absence and (leaf.path not in event.leaves or _is_in_array(leaf, event))
            ):
                return False
            candidates.append(places)
        if not any(place for places in candidates for place in places):
            # Without arrays of objects no two keys can contradict each other; absence then means absence.
            return all(
                places or leaf.path not in event.leaves for leaf, places in zip(self.leaves, candidates, strict=True)
            )
        return self._is_consistent(event, candidates)

    def _matches_without_places(self, event: Flattened) -> bool:
        """Without arrays of objects each key stands for itself, and what is there is not absent."""
        leaves = event.leaves
        for leaf in self._quickest_first:
            values = leaves.get(leaf.path)
            if values is None:
                if not leaf.accepts_absence:
                    return False
            else:
                for value, _ in values:
                    if leaf.accepts(value):
                        break
                else:
                    return False
        return True

    def failing(self, event: Flattened) -> list[Leaf]:
        """The keys that have no acceptable value, wherever it stands."""
        return [
            leaf
            for leaf in self.leaves
            if not _accepted(leaf, event) and not (leaf.accepts_absence and leaf.path not in event.leaves)
        ]

    def _is_consistent(self, event: Flattened, candidates: Sequence[Sequence[Place]]) -> bool:
        """Whether values can be chosen so that of each array all come from one element (the guide's Anna and Jones).

        Keys are taken in the order of their paths, and an absence is judged by the elements chosen before it, as
        event-ruler does. An array that no later key lies in is forgotten, which keeps the choices few.
        """
        last_use: dict[int, int] = {}
        for number, leaf in enumerate(self.leaves):
            for _, place in event.leaves.get(leaf.path, ()):
                for array, _ in place:
                    last_use[array] = number
        choices: set[frozenset[tuple[int, int]]] = {frozenset()}
        for number, (leaf, places) in enumerate(zip(self.leaves, candidates, strict=True)):
            accepted = Places.of(places)
            every = Places.of(place for _, place in event.leaves.get(leaf.path, ())) if leaf.accepts_absence else None
            following = set()
            for choice in choices:
                chosen = dict(choice)
                for place in accepted.agreeing_with(chosen):
                    following.add(_kept(chosen | dict(place), last_use, number))
                if every is not None and next(every.agreeing_with(chosen), None) is None:
                    following.add(_kept(chosen, last_use, number))
            if not following:
                return False
            choices = following
        return True


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern; of its branches one has to hold. `text` is what it was compiled from."""

    text: str
    branches: tuple[Branch, ...]
    paths: frozenset[str] = field(init=False)
    """The paths of its leaves with all their prefixes: what of an event is worth looking at."""

    def __post_init__(self) -> None:
        paths = {leaf.path for branch in self.branches for leaf in branch.leaves}
        object.__setattr__(self, "paths", frozenset(prefix for path in paths for prefix in _prefixes(path)))

    @property
    def compares_written_numbers(self) -> bool:
        """Whether an event's numbers have to be `WrittenNumber`s, for a list in the pattern compares their texts."""
        matchers = (matcher for branch in self.branches for leaf in branch.leaves for matcher in leaf.matchers)
        return any(isinstance(matcher, ExactNumber) and matcher.by_text for matcher in matchers)

    def matches(self, event: Any) -> bool:
        """Whether the event, any JSON value as Python reads it, matches. Never raises."""
        flattened = flatten(event, within=self.paths)
        return any(branch.matches(flattened) for branch in self.branches)

    def explain(self, event: Any) -> Mismatch | None:
        """Why the event does not match, by the first key of the branch that comes nearest; None if it matches."""
        flattened = flatten(event, within=self.paths)
        if any(branch.matches(flattened) for branch in self.branches):
            return None
        nearest = min(self.branches, key=lambda branch: len(branch.failing(flattened)))
        for leaf in nearest.failing(flattened):
            return Mismatch(leaf.path, leaf.words, _what_is_at(leaf.path, flattened))
        # Each key holds somewhere, but not all of them in one element of an array.
        leaves = [leaf for leaf in nearest.leaves if _is_in_array(leaf, flattened)]
        wanted = " with ".join(f"{leaf.path} {leaf.words}" for leaf in leaves)
        return Mismatch(leaves[0].path, f"one array element that has {wanted}", "spread over several elements")


def _accepted(leaf: Leaf, event: Flattened) -> list[Place]:
    return [place for value, place in event.leaves.get(leaf.path, ()) if leaf.accepts(value)]


def _is_in_array(leaf: Leaf, event: Flattened) -> bool:
    return any(place for _, place in event.leaves.get(leaf.path, ()))


def _kept(chosen: dict[int, int], last_use: dict[int, int], number: int) -> frozenset[tuple[int, int]]:
    return frozenset(item for item in chosen.items() if last_use.get(item[0], -1) > number)


def _prefixes(path: str) -> Iterable[str]:
    at = path.find(".")
    while at >= 0:
        yield path[:at]
        at = path.find(".", at + 1)
    yield path


def _what_is_at(path: str, event: Flattened) -> str:
    values = event.leaves.get(path, [])
    if not values:
        return event.containers.get(path, "absent")
    told = [_short(shown(value)) for value, _ in values[:_SHOWN_VALUES]]
    more = len(values) - len(told)
    return ", ".join(told) + (f" and {more} more" if more else "")


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"
