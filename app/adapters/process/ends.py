"""How an init or an invocation of an environment can end."""

from dataclasses import dataclass
from typing import TypeAlias

from app.core.value import value


@dataclass(frozen=True, slots=True)
class Ready:
    """The runtime and every extension asked for their first invocation."""


@value(frozen=True, slots=True)
class Responded:
    payload: bytes


@dataclass(frozen=True, slots=True)
class ResponseTooLarge:
    """The runtime posted more than Lambda takes."""


@dataclass(frozen=True, slots=True)
class Erred:
    """The runtime posted an error; `error_type` is the header's, which may be empty."""

    error_type: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class InitErred:
    error_type: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """The process is gone. `was_told` says whether it had been told the invocation."""

    status: str
    was_told: bool


@dataclass(frozen=True, slots=True)
class ExtensionFailed:
    """An extension crashed or gave up; `error_type` is AWS's: `Extension.Crash` or what it told itself."""

    error_type: str
    message: str


@dataclass(frozen=True, slots=True)
class Overran:
    """The time is up."""


InitEnd: TypeAlias = Ready | InitErred | Ended | ExtensionFailed | Overran
RunEnd: TypeAlias = Responded | ResponseTooLarge | Erred | Ended | ExtensionFailed | Overran
Aftermath: TypeAlias = ExtensionFailed | Overran
"""What went wrong with extensions after the runtime had answered."""
