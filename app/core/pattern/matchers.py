"""What a leaf may be asked: one small value an operator, which says yes or no to any JSON scalar."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Protocol, TypeGuard

from app.core.pattern.event import Scalar, WrittenNumber
from app.core.pattern.wildcard import Wildcard


class Matcher(Protocol):
    """`words` tell people what is wanted: `prefix 'b'`."""

    @property
    def words(self) -> str: ...

    def matches(self, value: Scalar) -> bool: ...


@dataclass(frozen=True, slots=True)
class Exactly:
    """A string, true, false or null; never a number, and `true` is not 1."""

    value: str | bool | None

    @property
    def words(self) -> str:
        return shown(self.value)

    def matches(self, value: Scalar) -> bool:
        return type(value) is type(self.value) and value == self.value


@dataclass(frozen=True, slots=True)
class ExactNumber:
    """A number: by its value, or, where `by_text`, by the way it is written (300, not 300.0)."""

    text: str
    by_text: bool = False

    @property
    def words(self) -> str:
        return self.text

    def matches(self, value: Scalar) -> bool:
        if not _is_number(value):
            return False
        return _written(value) == self.text if self.by_text else as_double(value) == float(self.text)


@dataclass(frozen=True, slots=True)
class EqualsIgnoreCase:
    text: str

    @property
    def words(self) -> str:
        return f"equals-ignore-case {shown(self.text)}"

    def matches(self, value: Scalar) -> bool:
        return isinstance(value, str) and value.lower() == self.text.lower()


@dataclass(frozen=True, slots=True)
class Prefix:
    text: str
    ignores_case: bool = False

    @property
    def words(self) -> str:
        return f"prefix {'equals-ignore-case ' if self.ignores_case else ''}{shown(self.text)}"

    def matches(self, value: Scalar) -> bool:
        if not isinstance(value, str):
            return False
        return value.lower().startswith(self.text.lower()) if self.ignores_case else value.startswith(self.text)


@dataclass(frozen=True, slots=True)
class Suffix:
    text: str
    ignores_case: bool = False

    @property
    def words(self) -> str:
        return f"suffix {'equals-ignore-case ' if self.ignores_case else ''}{shown(self.text)}"

    def matches(self, value: Scalar) -> bool:
        if not isinstance(value, str):
            return False
        return value.lower().endswith(self.text.lower()) if self.ignores_case else value.endswith(self.text)


@dataclass(frozen=True, slots=True)
class MatchesWildcard:
    text: str
    wildcard: Wildcard

    @property
    def words(self) -> str:
        return f"wildcard {shown(self.text)}"

    def matches(self, value: Scalar) -> bool:
        return isinstance(value, str) and self.wildcard.matches(value)


@dataclass(frozen=True, slots=True)
class AnythingBut:
    """Any leaf but these, which are all of one operator; a null is such a leaf, a missing key is none."""

    excluded: tuple[Matcher, ...]

    @property
    def words(self) -> str:
        return f"anything but {' or '.join(matcher.words for matcher in self.excluded) or 'nothing'}"

    def matches(self, value: Scalar) -> bool:
        return not any(matcher.matches(value) for matcher in self.excluded)


@dataclass(frozen=True, slots=True)
class Numeric:
    """A range of numbers, or one number where both bounds are `=`. Strings never match, whatever they say."""

    bounds: tuple[tuple[str, float], ...]

    @property
    def words(self) -> str:
        return "a number " + " and ".join(f"{operator} {bound:.15g}" for operator, bound in self.bounds)

    def matches(self, value: Scalar) -> bool:
        if not _is_number(value):
            return False
        number = as_double(value)
        return all(_compares(operator, number, bound) for operator, bound in self.bounds)


@dataclass(frozen=True, slots=True)
class Exists:
    @property
    def words(self) -> str:
        return "any value"

    def matches(self, value: Scalar) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class IsAbsent:
    """`exists: false`. No leaf satisfies it; the pattern asks whether there is one."""

    @property
    def words(self) -> str:
        return "no such key"

    def matches(self, value: Scalar) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class InNetwork:
    """An address from the one given to the last of its network; the bottom is not masked (event-ruler, CIDR)."""

    text: str
    version: int
    bottom: int
    top: int

    @property
    def words(self) -> str:
        return f"an address in {self.text}"

    def matches(self, value: Scalar) -> bool:
        if not isinstance(value, str) or "%" in value:
            return False
        try:
            address = ip_address(value)
        except ValueError:
            return False
        return address.version == self.version and self.bottom <= int(address) <= self.top


def shown(value: Scalar) -> str:
    """A value for people: 'text', 1.5, true, null."""
    if isinstance(value, str):
        return repr(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return _written(value)


def as_double(value: float) -> float:
    """The number as AWS computes with it, an IEEE double."""
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _is_number(value: Scalar) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _written(value: float) -> str:
    if isinstance(value, WrittenNumber):
        return value.text
    # Python refuses to write integers of thousands of digits; nobody wrote such a one either.
    return str(as_double(value)) if isinstance(value, int) and value.bit_length() > 1_024 else str(value)


def _compares(operator: str, number: float, bound: float) -> bool:
    match operator:
        case "=":
            return number == bound
        case "<":
            return number < bound
        case "<=":
            return number <= bound
        case ">":
            return number > bound
        case _:
            return number >= bound
