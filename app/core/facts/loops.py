"""Chains that came back."""

from app.core.names import Arn, name_of
from app.core.value import value


@value(frozen=True, slots=True)
class LoopWarned:
    """A chain came back to a function.

    `kind` is "early" at the second time round, "stopped" when the invocation was refused as AWS would, "allowed"
    when the function's RecursiveLoop is Allow, "unseen" when it runs on because AWS would not notice this loop.
    """

    function: Arn
    chain: str
    kind: str
    times: int
    path: tuple[str, ...]
    request: str

    @property
    def text(self) -> str:
        verdict = {
            "early": "comes round again",
            "stopped": "was stopped as AWS would stop it",
            "allowed": "runs on because its RecursiveLoop is Allow",
            "unseen": "runs on, and AWS would not stop it",
        }[self.kind]
        return f"loop: {name_of(self.function)} {verdict}, invoked {self.times} times: {' → '.join(self.round)}"

    @property
    def round(self) -> tuple[str, ...]:
        """The path until the function comes up for the second time: once round the loop."""
        return _once_round(self.path, name_of(self.function))


@value(frozen=True, slots=True)
class LoopSuspected:
    """What an HTTP endpoint of somebody's was told of seems to have come back, so many `times`, by way of `path`.

    `why` it is thought so. Each round has a chain of its own, `chain` is that of the last; nothing is stopped.
    """

    target: Arn
    name: str
    chain: str
    times: int
    path: tuple[str, ...]
    why: str

    @property
    def text(self) -> str:
        way = " → ".join(_once_round(self.path, self.name))
        return (
            f"loop suspected: {self.name} is told of what it seems to cause itself, {self.times} times round: {way}; "
            f"{self.why}. AWS would not see this loop"
        )


def _once_round(path: tuple[str, ...], name: str) -> tuple[str, ...]:
    places = [place for place, station in enumerate(path) if station == name]
    if len(places) < 2:
        return path
    return path[: places[1] + 1] + (("…",) if len(places) > 2 else ())
