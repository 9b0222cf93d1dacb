"""Provisioned concurrency of a version or an alias, as it was asked for."""

from app.core.time import Instant
from app.core.value import value


@value(frozen=True, slots=True)
class ProvisionedConcurrency:
    """How many environments are to be warm before they are called. `ready_at` is when they may be, by the clock;
    `warmed` is how many really are, None while they are being started.

    `failure` is why they never will be.
    """

    requested: int
    modified_at: Instant
    ready_at: Instant
    warmed: int | None = None
    failure: str | None = None

    def status(self, now: Instant) -> str:
        """AWS's word: IN_PROGRESS, READY or FAILED."""
        if self.failure is not None:
            return "FAILED"
        return "IN_PROGRESS" if self.warmed is None or now < self.ready_at else "READY"

    def available(self, now: Instant) -> int:
        return min(self.warmed or 0, self.requested) if self.status(now) == "READY" else 0
