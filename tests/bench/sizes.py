"""How much is measured: the whole, a quick look, and the least that shows that it works."""

import time
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """Rounds are measured by turns with the floor, many and short: a busy machine then slows both alike.

    There are fewer once `patience_s` is over. `depths` are numbers of messages in a queue, `mapped_by` handlers of
    `handlers/steady.py`.
    """

    rounds: int
    patience_s: float
    sends: int
    drained: int
    drained_singly: int
    depths: tuple[int, ...]
    starts: int
    wakes: int
    calls: int
    mapped: int
    moved: int
    events: int = 4_000
    puts: int = 200
    rules: tuple[int, ...] = (100, 1_000, 10_000)
    drained_by_many: int = 800
    mapped_by: tuple[str, ...] = ("nothing", "small", "busy")

    def each_round(self) -> Iterator[int]:
        """The numbers of the rounds of one figure: at least one, and none begins when the patience is over."""
        deadline = time.monotonic() + self.patience_s
        for number in range(self.rounds):
            if number and time.monotonic() > deadline:
                return
            yield number


FULL = Sizes(
    rounds=31, patience_s=8, sends=800, drained=300, drained_singly=120, depths=(1_000, 10_000, 100_000),
    starts=7, wakes=1_500, calls=1_500, mapped=10_000, moved=2_000,
)  # fmt: skip
QUICK = Sizes(
    rounds=9, patience_s=3, sends=400, drained=200, drained_singly=80, depths=(1_000, 10_000),
    starts=3, wakes=400, calls=400, mapped=5_000, moved=1_000, events=1_000, puts=80, drained_by_many=400,
)  # fmt: skip
LEAST = Sizes(
    rounds=1,
    patience_s=1,
    sends=80,
    drained=20,
    drained_singly=10,
    depths=(100, 200),
    starts=1,
    wakes=5,
    calls=5,
    mapped=2_000,
    moved=20,
    events=10,
    puts=8,
    rules=(10,),
    drained_by_many=80,
    mapped_by=("small",),
)
