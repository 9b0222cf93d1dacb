"""The dataclasses that are made for every message: frozen for the type checker, cheap when the program runs."""

from typing import TYPE_CHECKING, Any

__all__ = ["value"]

if TYPE_CHECKING:
    from dataclasses import dataclass as value
else:
    from dataclasses import dataclass

    def value(*, frozen: bool, slots: bool) -> Any:
        """`dataclass(frozen=True, slots=True)`, whose promise mypy alone enforces.

        Python lets a frozen class set its own fields only the long way round: a `Content` takes 2.1 µs to make instead
        of 0.3, and sending a message makes five such values (CPython 3.11, 2026-11-21). Equality, hash, `replace` and
        matching are those of a frozen dataclass.
        """
        return dataclass(slots=slots, unsafe_hash=frozen)
