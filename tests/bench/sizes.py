"""How much is measured: the whole, a quick look, and the least that shows that it works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """Rounds are measured by turns with the floor, many and short: a busy machine then slows both alike.

    `depths` are numbers of messages in a queue.
    """

    rounds: int
    sends: int
    drained: int
    drained_singly: int
    depths: tuple[int, ...]
    starts: int
    wakes: int
    calls: int
    mapped: int


FULL = Sizes(
    rounds=31, sends=800, drained=300, drained_singly=120, depths=(1_000, 10_000, 100_000), starts=7, wakes=1_500,
    calls=1_500, mapped=20_000,
)  # fmt: skip
QUICK = Sizes(
    rounds=9, sends=400, drained=200, drained_singly=80, depths=(1_000, 10_000), starts=3, wakes=400, calls=400,
    mapped=5_000,
)  # fmt: skip
LEAST = Sizes(rounds=1, sends=80, drained=20, drained_singly=10, depths=(20, 40), starts=1, wakes=5, calls=5, mapped=40)
