"""Many patterns asked about one event at once, without asking each: an index by what each of them cannot do without.

Of every branch of a pattern one key is chosen that an event must satisfy, and the branch is filed under the texts,
beginnings, ends or numbers that would satisfy it. An event's own values then name the few branches worth asking. Where
many share a text they are filed under two keys at once, as source and type together. A range is filed by where it
begins. What no value names (a negation, a wildcard that begins and ends with `*`) is filed under the presence of its
key, and what asks only for absence is asked always.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Collection, Hashable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import Any, Generic, TypeAlias, TypeVar

from app.core.pattern.event import Flattened, Scalar, flatten
from app.core.pattern.matchers import (
    EqualsIgnoreCase,
    Exactly,
    ExactNumber,
    Matcher,
    MatchesWildcard,
    Numeric,
    Prefix,
    Suffix,
    as_double,
)
from app.core.pattern.pattern import Branch, Leaf, Pattern

K = TypeVar("K", bound=Hashable)

_KeyOf: TypeAlias = Callable[[Scalar], Hashable | None]
_Term: TypeAlias = tuple[_KeyOf, Hashable]
"""A way to read a key off a value, and the key that it must be."""

_PRESENT = "present"
_LAST = 1 << 62
"""Behind every number of a branch."""


@dataclass(slots=True, eq=False)
class _Filed(Generic[K]):
    """A branch in the index: whose it is, its place among all, and where it is filed (None: nowhere, always asked)."""

    key: K
    number: int
    branch: Branch
    path: str | tuple[str, str] | None
    terms: tuple[_Term, ...]
    begins_at: float | None = None
    """Of a range: its lower bound. It is filed among the ranges of its path."""


_Bucket: TypeAlias = dict[_Filed[K], None]
_Shelf: TypeAlias = dict[_KeyOf, dict[Hashable, _Bucket[K]]]
_Ranges: TypeAlias = list[tuple[float, int, _Filed[K]]]

_CROWD = 4
"""How many branches may stand under one text before two keys are better."""
_PAIRS_MOST = 64


@dataclass(slots=True)
class PatternIndex(Generic[K]):
    """Patterns by key. Adding costs O(what the pattern says), asking O(values of the event + branches they name)."""

    _shelves: dict[str, _Shelf[K]] = field(default_factory=dict)
    _pairs: dict[tuple[str, str], dict[tuple[Scalar, Scalar], _Bucket[K]]] = field(default_factory=dict)
    _ranges: dict[str, _Ranges[K]] = field(default_factory=dict)
    _always: _Bucket[K] = field(default_factory=dict)
    _filed: dict[K, tuple[_Filed[K], ...]] = field(default_factory=dict)
    _patterns: dict[K, Pattern] = field(default_factory=dict)
    _paths: dict[str, int] = field(default_factory=dict)
    _places: int = 0
    """How many branches were ever filed: the numbers of those that are."""

    def __len__(self) -> int:
        return len(self._filed)

    def __contains__(self, key: object) -> bool:
        return key in self._filed

    def add(self, key: K, pattern: Pattern) -> None:
        """Ask this pattern too, in the place of one that had the key."""
        self.remove(key)
        self._patterns[key] = pattern
        for path in pattern.paths:
            self._paths[path] = self._paths.get(path, 0) + 1
        self._filed[key] = tuple(self._file(key, branch) for branch in pattern.branches)

    def remove(self, key: K) -> None:
        """Ask it no more; nothing if it is not there."""
        pattern = self._patterns.pop(key, None)
        if pattern is None:
            return
        for path in pattern.paths:
            self._paths[path] -= 1
            if not self._paths[path]:
                del self._paths[path]
        for filed in self._filed.pop(key):
            self._unfile(filed)

    def matching(self, event: Any) -> list[K]:
        """The keys of all patterns that the event matches, in the order of their adding. Never raises."""
        flattened = flatten(event, within=self._paths)
        matched: dict[K, int] = {}
        for filed in self._candidates(flattened):
            if filed.key not in matched and filed.branch.matches(flattened):
                matched[filed.key] = filed.number
        return sorted(matched, key=matched.__getitem__) if len(matched) > 1 else list(matched)

    def candidates(self, event: Any) -> int:
        """How many branches an event would be asked of: what the index is measured by."""
        return len(set(self._candidates(flatten(event, within=self._paths))))

    # Filing ---------------------------------------------------------------------------------------------

    def _file(self, key: K, branch: Branch) -> _Filed[K]:
        self._places += 1
        leaf, company = self._choice(branch)
        if leaf is None:
            filed = _Filed(key, self._places, branch, None, ())
            self._always[filed] = None
            return filed
        if company >= _CROWD and (pair := self._pair(branch)) is not None:
            return self._file_under_two(key, branch, *pair)
        begins_at = _beginning_of_range(leaf)
        if begins_at is not None:
            filed = _Filed(key, self._places, branch, leaf.path, (), begins_at)
            insort(self._ranges.setdefault(leaf.path, []), (begins_at, filed.number, filed))
            return filed
        filed = _Filed(key, self._places, branch, leaf.path, _terms(leaf))
        shelf = self._shelves.setdefault(leaf.path, {})
        for key_of, term in filed.terms:
            shelf.setdefault(key_of, {}).setdefault(term, {})[filed] = None
        return filed

    def _file_under_two(self, key: K, branch: Branch, one: Leaf, two: Leaf) -> _Filed[K]:
        filed = _Filed(key, self._places, branch, (one.path, two.path), ())
        texts = self._pairs.setdefault((one.path, two.path), {})
        for pair in product(one.required_strings or (), two.required_strings or ()):
            texts.setdefault(pair, {})[filed] = None
        return filed

    def _unfile(self, filed: _Filed[K]) -> None:
        path = filed.path
        if path is None:
            del self._always[filed]
        elif isinstance(path, tuple):
            _take_out(self._pairs[path], filed)
            if not self._pairs[path]:
                del self._pairs[path]
        elif filed.begins_at is not None:
            ranges = self._ranges[path]
            del ranges[bisect_left(ranges, (filed.begins_at, filed.number))]
            if not ranges:
                del self._ranges[path]
        else:
            shelf = self._shelves[path]
            for key_of in {key_of for key_of, _ in filed.terms}:
                _take_out(shelf[key_of], filed, {term for each, term in filed.terms if each is key_of})
                if not shelf[key_of]:
                    del shelf[key_of]
            if not shelf:
                del self._shelves[path]

    def _choice(self, branch: Branch) -> tuple[Leaf | None, int]:
        """The key of the branch that the fewest others are filed under, so that what all of them share stays empty; and
        how many those are."""
        best: tuple[int, int, Leaf] | None = None
        for leaf in branch.leaves:
            if leaf.accepts_absence:
                continue
            terms = _terms(leaf)
            shelf = self._shelves.get(leaf.path, {})
            company = max(len(shelf.get(key_of, {}).get(term, ())) for key_of, term in terms)
            # Presence and ranges say little: they are taken where there is nothing else.
            rank = (company + (1_000_000 if terms[0][0] is _presence else 0), len(terms))
            if best is None or rank < best[:2]:
                best = (*rank, leaf)
        return (best[2], best[0]) if best is not None else (None, 0)

    def _pair(self, branch: Branch) -> tuple[Leaf, Leaf] | None:
        """Two keys of the branch that want texts, if it has as many."""
        exact = [leaf for leaf in branch.leaves if leaf.required_strings is not None]
        if len(exact) < 2:
            return None
        one, two = sorted(exact, key=lambda leaf: len(leaf.matchers))[:2]
        return (one, two) if len(one.matchers) * len(two.matchers) <= _PAIRS_MOST else None

    # Asking ---------------------------------------------------------------------------------------------

    def _candidates(self, flattened: Flattened) -> Iterator[_Filed[K]]:
        yield from self._always
        leaves = flattened.leaves
        for paths, texts in self._pairs.items():
            ones, twos = leaves.get(paths[0]), leaves.get(paths[1])
            if ones is None or twos is None:
                continue
            for one, _ in ones:
                for two, _ in twos:
                    yield from texts.get((one, two), ())
        for path, ranges in self._ranges.items():
            for value, _ in leaves.get(path, ()):
                number = _number(value)
                if number is not None:
                    for place in range(bisect_right(ranges, (number, _LAST))):
                        yield ranges[place][2]
        shelves = self._shelves
        for path, values in leaves.items():
            shelf = shelves.get(path)
            if shelf is None:
                continue
            for key_of, buckets in shelf.items():
                for value, _ in values:
                    bucket = buckets.get(key_of(value))
                    if bucket is not None:
                        yield from bucket


def _take_out(buckets: dict[Any, _Bucket[K]], filed: _Filed[K], terms: Collection[Any] | None = None) -> None:
    """Out of the buckets of these terms (None: of all that have it); one that is empty goes too."""
    for term in [term for term, bucket in buckets.items() if filed in bucket] if terms is None else terms:
        del buckets[term][filed]
        if not buckets[term]:
            del buckets[term]


# What a value must be -------------------------------------------------------------------------------


def _terms(leaf: Leaf) -> tuple[_Term, ...]:
    """The terms of which one has to hold; the presence of the key alone where a matcher has none."""
    terms = [_term(matcher) for matcher in leaf.matchers]
    given = [term for term in terms if term is not None]
    return tuple(dict.fromkeys(given)) if len(given) == len(terms) else ((_presence, _PRESENT),)


def _beginning_of_range(leaf: Leaf) -> float | None:
    """The least lower bound of a key that wants ranges only; None for any other, or one that is open below."""
    bounds = [matcher.bounds[0] if isinstance(matcher, Numeric) else ("", 0.0) for matcher in leaf.matchers]
    if not all(operator in (">", ">=") for operator, _ in bounds):
        return None
    return min(bound for _, bound in bounds)


def _term(matcher: Matcher) -> _Term | None:
    match matcher:
        case Exactly(value=str() as text):
            return _text, text
        case Exactly(value=value):
            return _literal, (value,)
        case ExactNumber(text=text, by_text=False):
            return _number, as_double(float(text))
        case Numeric(bounds=(("=", bound),)):
            return _number, bound
        case EqualsIgnoreCase(text=text):
            return _lower, text.lower()
        case Prefix(text=text, ignores_case=ignores_case) if text:
            return _beginning(len(text.lower() if ignores_case else text), ignores_case), _cased(text, ignores_case)
        case Suffix(text=text, ignores_case=ignores_case) if text:
            return _ending(len(text.lower() if ignores_case else text), ignores_case), _cased(text, ignores_case)
        case MatchesWildcard(wildcard=wildcard) if wildcard.parts[0]:
            first = wildcard.parts[0]
            return (_text, first) if len(wildcard.parts) == 1 else (_beginning(len(first), False), first)
        case MatchesWildcard(wildcard=wildcard) if wildcard.parts[-1]:
            return _ending(len(wildcard.parts[-1]), False), wildcard.parts[-1]
        case _:
            return None


def _cased(text: str, ignores_case: bool) -> str:
    return text.lower() if ignores_case else text


def _presence(_: Scalar) -> Hashable:
    return _PRESENT


def _text(value: Scalar) -> Hashable:
    return value if isinstance(value, str) else None


def _lower(value: Scalar) -> Hashable:
    return value.lower() if isinstance(value, str) else None


def _literal(value: Scalar) -> Hashable:
    # In a tuple, for nothing else is: a bare None would be what other readers say of values that are not theirs.
    return (value,) if value is None or isinstance(value, bool) else None


def _number(value: Scalar) -> float | None:
    return None if isinstance(value, bool | str) or value is None else as_double(value)


@lru_cache(maxsize=4_096)
def _beginning(length: int, ignores_case: bool) -> _KeyOf:
    def key_of(value: Scalar) -> Hashable:
        return _cased(value, ignores_case)[:length] if isinstance(value, str) else None

    return key_of


@lru_cache(maxsize=4_096)
def _ending(length: int, ignores_case: bool) -> _KeyOf:
    def key_of(value: Scalar) -> Hashable:
        return _cased(value, ignores_case)[-length:] if isinstance(value, str) else None

    return key_of
