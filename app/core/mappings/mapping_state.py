"""The states of an event source mapping, and what may be asked of it in which."""

from dataclasses import dataclass
from enum import StrEnum


class MappingState(StrEnum):
    CREATING = "Creating"
    ENABLING = "Enabling"
    ENABLED = "Enabled"
    UPDATING = "Updating"
    DISABLING = "Disabling"
    DISABLED = "Disabled"
    DELETING = "Deleting"


class Change(StrEnum):
    """What may be asked of a mapping. An update that says nothing of `Enabled` is `UPDATE`."""

    ENABLE = "enable"
    DISABLE = "disable"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Move:
    """A transition: the state it is seen in meanwhile, and the one it ends in. None is 'gone'."""

    through: MappingState
    to: MappingState | None


CREATION = Move(MappingState.CREATING, MappingState.ENABLED)
"""A mapping created with `Enabled: false` is `DISABLED` at once."""

# What is not in a state's row is refused: the mapping is in use. So is everything within a transition.
MOVES: dict[MappingState, dict[Change, Move]] = {
    MappingState.ENABLED: {
        Change.ENABLE: Move(MappingState.UPDATING, MappingState.ENABLED),
        Change.UPDATE: Move(MappingState.UPDATING, MappingState.ENABLED),
        Change.DISABLE: Move(MappingState.DISABLING, MappingState.DISABLED),
        Change.DELETE: Move(MappingState.DELETING, None),
    },
    MappingState.DISABLED: {
        Change.ENABLE: Move(MappingState.ENABLING, MappingState.ENABLED),
        Change.UPDATE: Move(MappingState.UPDATING, MappingState.DISABLED),
        Change.DISABLE: Move(MappingState.UPDATING, MappingState.DISABLED),
        Change.DELETE: Move(MappingState.DELETING, None),
    },
}
