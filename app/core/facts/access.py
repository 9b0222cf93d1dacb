"""What is told of who may do what."""

from typing import TypeAlias

from app.core.names import Arn
from app.core.value import value


@value(frozen=True, slots=True)
class CallerLacksAccess:
    """Somebody asked something of a queue that policies do not let them; `is_blocked` where permissions are enforced.

    `is_for_tls_only`: over HTTPS they would be let in.
    """

    target: Arn
    action: str
    principal: Arn
    why: str
    is_blocked: bool
    is_for_tls_only: bool = False

    @property
    def text(self) -> str:
        then = "AWS would not let it"
        if self.is_blocked:
            then = "blocked"
        elif self.is_for_tls_only:
            then = "AWS would let it over HTTPS only"
        _, _, name = self.target.rpartition(":")
        return f"{self.principal} may not {self.action} {name}: {self.why}: {then}".replace("  ", " ")


@value(frozen=True, slots=True)
class QueueKeyUnknown:
    """A queue is to be encrypted with a key that KMS does not have here, though somebody uses KMS."""

    queue: Arn
    key: Arn

    @property
    def text(self) -> str:
        name = self.queue.rpartition(":")[2]
        return f"KMS does not have the key of {name} here: {self.key}: AWS would refuse to send to it and to receive"


AccessFact: TypeAlias = CallerLacksAccess | QueueKeyUnknown
