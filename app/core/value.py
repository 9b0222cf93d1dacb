"""The values that are made for every message: frozen for the type checker, cheap when the program runs."""

from typing import TYPE_CHECKING, Any, dataclass_transform

from msgspec import Struct, field

__all__ = ["Value", "value"]


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Value(Struct, frozen=True, gc=False):
    """A frozen value of which there may be hundreds of thousands: messages, and what is told of them.

    It takes a third of the time to make that a `value` takes, and the garbage collector neither keeps nor looks at it:
    100,000 messages in a queue made that look for tens of milliseconds at a time, and took more than a third of all the
    time of sending (CPython 3.11, 2026-11-27). So it must never come to hold itself, not even by way of others. To
    change one: `msgspec.structs.replace`.
    """


if TYPE_CHECKING:
    from dataclasses import dataclass as value
else:
    from dataclasses import dataclass

    def value(*, frozen: bool, slots: bool) -> Any:
        """`dataclass(frozen=True, slots=True)`, whose promise mypy alone enforces.

        Python lets a frozen class set its own fields only the long way round: it takes 2.1 µs to make one with eleven
        fields instead of 0.3 (CPython 3.11, 2026-11-21). Equality, hash, `replace` and matching are those of a frozen
        dataclass.
        """
        return dataclass(slots=slots, unsafe_hash=frozen)
