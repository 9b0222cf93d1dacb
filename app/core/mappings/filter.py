"""The filters of a mapping over SQS messages: what of a message they see, and why one is dropped."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from app.core.limits import DEFAULT_LIMITS, Limits
from app.core.pattern import MAPPING_FILTER, Branch, Pattern, compile_pattern, parse_written

_BODY = "body"
_SHOWN_CHARS = 80


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter, as it sees a body that is plain text and one that is JSON.

    A branch that asks for keys inside the body fits JSON only, one that asks for the body itself plain text only, and
    one that does not look at the body fits both. The guide's table has no row for a body that is a bare JSON scalar;
    taken by its words, it is JSON like any other (UNCONFIRMED).
    """

    pattern: Pattern
    for_plain: Pattern
    for_json: Pattern
    sees_metadata: bool
    """Whether it looks at more of the record than its body."""
    compares_written_numbers: bool

    @classmethod
    def of(cls, source: str | Mapping[str, Any], limits: Limits = DEFAULT_LIMITS) -> "Filter":
        """Raises InvalidEventPattern."""
        pattern = compile_pattern(source, dialect=MAPPING_FILTER, limits=limits)
        plain = tuple(branch for branch in pattern.branches if not _asks_inside_body(branch))
        within = tuple(branch for branch in pattern.branches if not _asks_for_body(branch))
        return cls(
            pattern,
            for_plain=Pattern(pattern.text, plain),
            for_json=Pattern(pattern.text, within),
            sees_metadata=any(path.split(".", 1)[0] != _BODY for path in pattern.paths),
            compares_written_numbers=pattern.compares_written_numbers,
        )


@dataclass(frozen=True, slots=True)
class FilterCriteria:
    """A mapping's filters, of which one has to match."""

    filters: tuple[Filter, ...]

    def as_response(self) -> dict[str, Any]:
        return {"Filters": [{"Pattern": each.pattern.text} for each in self.filters]}

    def reason_to_drop(self, body: str, record: bytes) -> str | None:
        """Why no filter takes the message, in words, or None when one does. `record` is the message as rendered."""
        keeps_numbers = any(each.compares_written_numbers for each in self.filters)
        seen, is_json = _parsed(body, keeps_numbers=keeps_numbers)
        sees_metadata = any(each.sees_metadata for each in self.filters)
        view = {**(orjson.loads(record) if sees_metadata else {}), _BODY: seen}
        reasons = []
        for each in self.filters:
            fitting = each.for_json if is_json else each.for_plain
            if fitting.matches(view):
                return None
            reasons.append(_reason(fitting, view, body, is_json=is_json))
        if len(reasons) == 1:
            return reasons[0]
        return "; ".join(f"filter {number}: {reason}" for number, reason in enumerate(reasons, start=1))


def _reason(fitting: Pattern, view: dict[str, Any], body: str, *, is_json: bool) -> str:
    mismatch = fitting.explain(view) if fitting.branches else None
    if mismatch is not None:
        return mismatch.text
    short = repr(body if len(body) <= _SHOWN_CHARS else body[:_SHOWN_CHARS] + "…")
    if is_json:
        return f"{_BODY}: the filter wants plain text; was JSON: {short}"
    return f"{_BODY}: the filter wants JSON; was plain text: {short}"


def _parsed(body: str, *, keeps_numbers: bool) -> tuple[Any, bool]:
    """The body as the filters see it, and whether it is JSON."""
    try:
        parsed = orjson.loads(body)
        return (parse_written(body) if keeps_numbers else parsed), True
    except ValueError:
        return body, False


def _asks_for_body(branch: Branch) -> bool:
    return any(leaf.path == _BODY for leaf in branch.leaves)


def _asks_inside_body(branch: Branch) -> bool:
    return any(leaf.path.startswith(f"{_BODY}.") for leaf in branch.leaves)
