"""What is said of the service itself: where it listens, how its clock goes, whom it lets in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TypeAlias

from app.core.time import Instant

DEFAULT_SEED = 1
DEFAULT_JOURNAL_FACTS = 100_000


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the service listens; port 0 is any that is free."""

    host: str = "127.0.0.1"
    port: int = 4566

    @property
    def is_loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Wall:
    """The clock goes as the one on the wall."""


@dataclass(frozen=True, slots=True)
class Auto:
    """The clock jumps to the next wake-up whenever nothing real is in flight."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """The clock stands at `at` and moves only when told."""

    at: Instant


ClockSetting: TypeAlias = Wall | Auto | Frozen


@dataclass(frozen=True, slots=True)
class Security:
    """What a service that listens beyond loopback asks for.

    `token` is the control API's bearer token; `credentials` are the secrets of the access keys that may sign
    AWS calls. `trust_private_network` waives both.
    """

    token: str | None = field(default=None, repr=False)
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    trust_private_network: bool = False
