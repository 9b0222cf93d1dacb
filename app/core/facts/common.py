"""What is told of any kind of thing."""

from app.core.names import Arn
from app.core.value import value


@value(frozen=True, slots=True)
class Configured:
    """Something was created, changed or deleted: `what` says it in words."""

    what: str
    queue: Arn | None = None
    function: Arn | None = None

    @property
    def text(self) -> str:
        return self.what
