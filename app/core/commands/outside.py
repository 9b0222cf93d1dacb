"""What the engine tells of calls that the world made to the outside."""

from typing import TypeAlias

from app.core.delivery.outside_calls import OutsideAnswer
from app.core.value import value


@value(frozen=True, slots=True)
class SettleOutsideCall:
    """What came of a `CallOutside`; from the engine, never from outside."""

    number: int
    answer: OutsideAnswer


OutsideCommand: TypeAlias = SettleOutsideCall
