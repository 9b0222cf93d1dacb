"""Provisioned concurrency of a version or an alias, as it was asked for (spec E)."""

from app.core.time import Instant
from app.core.value import value


@value(frozen=True, slots=True)
class ProvisionedConcurrency:
    """How many environments are to be warm before they are called. `ready_at` is when they are, by the clock.

    `failure` is why they never will be.
    """

    requested: int
    modified_at: Instant
    ready_at: Instant
    failure: str | None = None

    def status(self, now: Instant) -> str:
        """AWS's word: IN_PROGRESS, READY or FAILED."""
        if self.failure is not None:
            return "FAILED"
        return "READY" if now >= self.ready_at else "IN_PROGRESS"

    def available(self, now: Instant) -> int:
        return self.requested if self.status(now) == "READY" else 0
