"""Many patterns asked about one event at once, without asking each: an index by what each of them cannot do without.

Of every branch of a pattern one key is chosen that an event must satisfy, and the branch is filed under the texts,
beginnings, ends or numbers that would satisfy it. An event's own values then name the few branches worth asking. What
no value names (a range, a negation, a wildcard that begins and ends with `*`) is filed under the presence of its key,
and what asks only for absence is asked always.
"""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
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


@dataclass(slots=True, eq=False)
class _Filed(Generic[K]):
    """A branch in the index: whose it is, its place among all, and where it is filed (None: nowhere, always asked)."""

    key: K
    number: int
    branch: Branch
    path: str | None
    terms: tuple[_Term, ...]


_Bucket: TypeAlias = dict[_Filed[K], None]
_Shelf: TypeAlias = dict[_KeyOf, dict[Hashable, _Bucket[K]]]


@dataclass(slots=True)
class PatternIndex(Generic[K]):
    """Patterns by key. Adding costs O(what the pattern says), asking O(values of the event + branches they name)."""

    _shelves: dict[str, _Shelf[K]] = field(default_factory=dict)
    _always: _Bucket[K] = field(default_factory=dict)
    _filed: dict[K, tuple[_Filed[K], ...]] = field(default_factory=dict)
    _patterns: dict[K, Pattern] = field(default_factory=dict)
    _paths: dict[str, int] = field(default_factory=dict)
    _count: int = 0

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
        self._count += 1
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
        leaf = self._choice(branch)
        if leaf is None:
            filed = _Filed(key, self._count, branch, None, ())
            self._always[filed] = None
            return filed
        filed = _Filed(key, self._count, branch, leaf.path, _terms(leaf))
        shelf = self._shelves.setdefault(leaf.path, {})
        for key_of, term in filed.terms:
            shelf.setdefault(key_of, {}).setdefault(term, {})[filed] = None
        return filed

    def _unfile(self, filed: _Filed[K]) -> None:
        if filed.path is None:
            del self._always[filed]
            return
        shelf = self._shelves[filed.path]
        for key_of, term in filed.terms:
            bucket = shelf[key_of][term]
            bucket.pop(filed, None)
            if not bucket:
                del shelf[key_of][term]
                if not shelf[key_of]:
                    del shelf[key_of]
        if not shelf:
            del self._shelves[filed.path]

    def _choice(self, branch: Branch) -> Leaf | None:
        """The key of the branch that the fewest others are filed under; so what all of them share stays empty."""
        best: tuple[int, int, Leaf] | None = None
        for leaf in branch.leaves:
            if leaf.accepts_absence:
                continue
            terms = _terms(leaf)
            shelf = self._shelves.get(leaf.path, {})
            company = max(len(shelf.get(key_of, {}).get(term, ())) for key_of, term in terms)
            # Presence says next to nothing: it is taken where there is nothing else.
            rank = (company + (1_000_000 if terms[0][0] is _presence else 0), len(terms))
            if best is None or rank < best[:2]:
                best = (*rank, leaf)
        return best[2] if best is not None else None

    # Asking ---------------------------------------------------------------------------------------------

    def _candidates(self, flattened: Flattened) -> Iterator[_Filed[K]]:
        yield from self._always
        shelves = self._shelves
        for path, values in flattened.leaves.items():
            shelf = shelves.get(path)
            if shelf is None:
                continue
            for key_of, buckets in shelf.items():
                for value, _ in values:
                    bucket = buckets.get(key_of(value))
                    if bucket is not None:
                        yield from bucket


# What a value must be -------------------------------------------------------------------------------


def _terms(leaf: Leaf) -> tuple[_Term, ...]:
    """The terms of which one has to hold; the presence of the key alone where a matcher has none."""
    terms = [_term(matcher) for matcher in leaf.matchers]
    given = [term for term in terms if term is not None]
    return tuple(dict.fromkeys(given)) if len(given) == len(terms) else ((_presence, _PRESENT),)


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


def _number(value: Scalar) -> Hashable:
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
