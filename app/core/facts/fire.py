"""What became of events of sources that are only played."""

from typing import TypeAlias

from app.core.names import Arn, name_of
from app.core.value import value


@value(frozen=True, slots=True)
class EventFired:
    """`refusal` is None when the target took it."""

    source: str
    target: Arn
    chain: str
    refusal: str | None = None

    @property
    def text(self) -> str:
        if self.refusal is None:
            return f"{self.source} fired at {name_of(self.target)}"
        return f"{self.source} fired at {name_of(self.target)}, which refused: {self.refusal}"


@value(frozen=True, slots=True)
class AnswerJudged:
    """An answer came that the source would take or reject; `verdict` says it."""

    source: str
    function: Arn
    would_accept: bool
    verdict: str

    @property
    def text(self) -> str:
        return f"{name_of(self.function)} answered {self.source}: {self.verdict}"


FireFact: TypeAlias = EventFired | AnswerJudged
