"""What is told of any kind of thing."""

from app.core.names import Arn, name_of
from app.core.value import value


@value(frozen=True, slots=True)
class AccessMissing:
    """A service sent to a queue or topic whose policy does not let it; `is_blocked` where permissions are enforced."""

    target: Arn
    action: str
    principal: str
    source: Arn | None
    is_blocked: bool

    @property
    def text(self) -> str:
        source = f" for {self.source}" if self.source else ""
        then = "blocked" if self.is_blocked else "AWS would not let it"
        return f"the policy of {name_of(self.target)} allows {self.principal} no {self.action}{source}: {then}"


@value(frozen=True, slots=True)
class Configured:
    """Something was created, changed or deleted: `what` says it in words."""

    what: str
    queue: Arn | None = None
    function: Arn | None = None

    @property
    def text(self) -> str:
        return self.what
