"""From the text of a pattern to a `Pattern`, or to AWS's refusal."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.limits import DEFAULT_LIMITS, Limits
from app.core.pattern.event import join
from app.core.pattern.matchers import Matcher
from app.core.pattern.operators import OPERATORS, Rules, read_matchers, refused
from app.core.pattern.pattern import Branch, Leaf, Pattern
from app.core.pattern.tokens import Misread, Token, Tokens


@dataclass(frozen=True, slots=True)
class Dialect:
    """Which operators a service takes, and whether it compares the numbers in a list by how they are written.

    `anything_but` are those that may stand inside an `anything-but`, `nested_lists` says whether with a list there.
    """

    operators: frozenset[str]
    numbers_by_text: bool
    anything_but: frozenset[str] = frozenset({"prefix", "suffix", "wildcard", "equals-ignore-case"})
    nested_lists: bool = True


EVENTBRIDGE = Dialect(frozenset(OPERATORS), numbers_by_text=False)
# What the Lambda developer guide lists (invocation-eventfiltering); that wildcard and cidr are refused is UNCONFIRMED.
MAPPING_FILTER = Dialect(frozenset(OPERATORS) - {"wildcard", "cidr", "exactly"}, numbers_by_text=True)
# As recorded 2024-05, an older event-ruler; `wildcard` is not documented, but taken by the live service in
# 2026 (field report).
SNS = Dialect(
    frozenset(OPERATORS) - {"exactly"}, numbers_by_text=False, anything_but=frozenset({"prefix"}), nested_lists=False
)

_OR = "$or"
# event-ruler's reserved words; an object in `$or` that has one makes it an ordinary field.
_RESERVED_IN_OR = frozenset(OPERATORS) | {
    "html", "=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case", "date-after",
    "date-on-or-after", "date-before", "date-on-or-before", "in-date-range", "ip-address-in-range",
    "ip-address-not-in-range",
}  # fmt: skip

_Fields = dict[str, tuple[Matcher, ...]]


def compile_pattern(
    source: str | Mapping[str, Any], *, dialect: Dialect = EVENTBRIDGE, limits: Limits = DEFAULT_LIMITS
) -> Pattern:
    """The pattern in `source`, JSON text or what it says. Raises InvalidEventPattern in AWS's words.

    A `$or` that is no list of two objects without reserved names is an ordinary field name: what cannot be read with
    `$or` is read again without, and the refusal is that of the second reading (event-ruler, GenericMachine).
    """
    text = source if isinstance(source, str) else _text_of(source)
    rules = Rules(
        dialect.operators, dialect.numbers_by_text, limits.wildcard_complexity, dialect.anything_but,
        dialect.nested_lists,
    )  # fmt: skip
    try:
        branches = _read(text, rules, knows_or=True, combinations=limits.pattern_combinations)
    except Misread as misread:
        if _OR not in text:
            raise refused(str(misread)) from None
        branches = _read_plainly(text, rules)
    return Pattern(text, tuple(_branch(fields) for fields in branches))


def _text_of(source: Mapping[str, Any]) -> str:
    try:
        return json.dumps(source)
    except (TypeError, ValueError, RecursionError) as error:
        raise refused(f"The pattern is no JSON: {error}") from None


def _read_plainly(text: str, rules: Rules) -> list[_Fields]:
    try:
        return _read(text, rules, knows_or=False, combinations=1)
    except Misread as misread:
        raise refused(str(misread)) from None


def _branch(fields: _Fields) -> Branch:
    return Branch(tuple(Leaf(path, fields[path]) for path in sorted(fields)))


@dataclass(slots=True)
class _ObjectFrame:
    """An object being read: its path, and the branches that its fields are written into."""

    path: str | None
    branches: list[_Fields]
    is_in_or: bool
    has_fields: bool = False


@dataclass(slots=True)
class _OrFrame:
    """A `$or` being read: each of its objects continues every branch there was before it."""

    path: str | None
    outer: list[_Fields]
    before: list[_Fields]
    collected: list[_Fields] = field(default_factory=list)
    count: int = 0


def _read(text: str, rules: Rules, *, knows_or: bool, combinations: int) -> list[_Fields]:
    tokens = Tokens(text)
    if tokens.next() is not Token.OBJECT:
        raise tokens.misread("Filter is not an object")
    branches: list[_Fields] = []
    frames: list[_ObjectFrame | _OrFrame] = [_ObjectFrame(None, branches, is_in_or=False)]
    # Frames instead of recursion: a pattern may nest deeper than Python's stack.
    while frames:
        frame = frames[-1]
        if isinstance(frame, _OrFrame):
            _go_on_in_or(tokens, frame, frames, combinations)
        else:
            _go_on_in_object(tokens, frame, frames, rules, knows_or=knows_or)
    return branches


def _go_on_in_object(
    tokens: Tokens, frame: _ObjectFrame, frames: list[_ObjectFrame | _OrFrame], rules: Rules, *, knows_or: bool
) -> None:
    if tokens.next() is Token.END_OBJECT:
        if not frame.has_fields:
            raise tokens.misread("Empty objects are not allowed")
        frames.pop()
        if frames and isinstance(around := frames[-1], _OrFrame):
            around.collected += frame.branches
        return
    frame.has_fields = True
    name = tokens.text
    if knows_or and name == _OR:
        if tokens.next() is not Token.ARRAY:
            raise tokens.misread("It must be an Array followed with $or.")
        frames.append(_OrFrame(frame.path, frame.branches, frame.branches[:]))
        return
    if frame.is_in_or and name in _RESERVED_IN_OR:
        raise tokens.misread(f"{name} is Ruler reserved fieldName which cannot be used inside $or.")
    path = join(frame.path, name)
    match tokens.next():
        case Token.OBJECT:
            frames.append(_ObjectFrame(path, frame.branches, frame.is_in_or))
        case Token.ARRAY:
            matchers = read_matchers(tokens, rules)
            if not frame.branches:
                frame.branches.append({})
            for fields in frame.branches:
                fields[path] = matchers  # the last of two equal keys wins
        case _:
            raise tokens.misread(f'"{name}" must be an object or an array')


def _go_on_in_or(tokens: Tokens, frame: _OrFrame, frames: list[_ObjectFrame | _OrFrame], combinations: int) -> None:
    match tokens.next():
        case Token.END_ARRAY:
            if frame.count < 2:
                raise tokens.misread("There must have at least 2 Objects in $or relationship.")
            frame.outer[:] = frame.collected
            frames.pop()
        case Token.OBJECT:
            if len(frame.collected) + max(1, len(frame.before)) > combinations:
                # Only the number is documented (eb-create-pattern-operators); the text is UNCONFIRMED.
                raise refused(f"Rule has more than {combinations} $or combinations")
            frame.count += 1
            branches = [dict(fields) for fields in frame.before] or [{}]
            frames.append(_ObjectFrame(frame.path, branches, is_in_or=True))
        case _:
            raise tokens.misread("Only JSON object is allowed in array of $or relationship.")
