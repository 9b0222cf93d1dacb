"""How many messages a second a mapping brings to warm processes, and for how much of their time they wait for more."""

from collections.abc import Sequence
from pathlib import Path

from tests.bench.figures import Figure, Target, at_least, figure_of, ratio_at_least
from tests.bench.mapping_profile import BATCH_SIZE, Case, Row, profile_mapping, table_of
from tests.bench.runtimes import runtimes
from tests.bench.sizes import Sizes

_ROUNDS = 2
_RUNTIMES = ("our Python", "awslambdaric")
_HANDLERS = {"nothing": "an empty handler", "small": "parsing and printing", "busy": "1 ms of work"}
_BUSY = {"busy": 80}
"""For how much of its time a function is to have something to do, in percent, by handler. One that works for less than
about a millisecond a batch is faster than we are, and waits for us: the bare Runtime API cannot keep it busy either."""
_NOT_HERE = {("awslambdaric", "small")}
"""What only the profile has: it says nothing that the others do not."""


async def measure_mapping(sizes: Sizes, folder: Path) -> list[Figure]:
    """From a full queue, into processes of our Python runtime and of AWS's own, beside a bare Runtime API that hands
    out events made beforehand. Prints whose time goes where."""
    cases = [
        Case(runtime, handler, environments)
        for runtime in runtimes()
        if runtime.name in _RUNTIMES
        for handler in sizes.mapped_by
        for environments in (1, 2)
        if (runtime.name, handler) not in _NOT_HERE
    ]
    rounds = [await profile_mapping(folder, cases, sizes.mapped) for _ in range(min(_ROUNDS, sizes.rounds))]
    by_case = list(zip(*rounds, strict=True))
    print(table_of([sorted(rows, key=lambda row: row.batches_per_s)[len(rows) // 2] for rows in by_case]))
    return [figure for rows in by_case for figure in _figures(rows)]


def _figures(rows: Sequence[Row]) -> list[Figure]:
    case = rows[0].case
    bare = [row.bare for row in rows if row.bare is not None]
    into = f"{case.environments} warm process" + ("es" if case.environments > 1 else "")
    name = f"mapping, batches of {BATCH_SIZE} into {into} of {case.runtime.name}, {_HANDLERS[case.handler]}"
    to_bare: Target | None = None
    if (case.handler, case.environments) == ("nothing", 1):
        to_bare = ratio_at_least(0.5)
    busy = _BUSY.get(case.handler)
    return [
        figure_of(
            name, "messages/s", [row.messages_per_s for row in rows], [row.messages_per_s for row in bare], to_bare
        ),
        figure_of(
            f"{name}: of its time it has something to do", "%", [row.busy for row in rows],
            [row.busy for row in bare], None if busy is None else at_least(busy),
        ),
    ]  # fmt: skip
