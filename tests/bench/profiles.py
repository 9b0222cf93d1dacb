"""`python -m tests.bench profile mapping`: where the time goes, by process and by function."""

import pstats
from pathlib import Path

from tests.bench.mapping_profile import BATCH_SIZE, Case, profile_mapping, table_of
from tests.bench.runtimes import runtimes
from tests.bench.sizes import Sizes

PROFILES = ("mapping",)
_ENVIRONMENTS = (1, 2, 4)
_FUNCTIONS_SHOWN = 40
_ROOT = f"{Path(__file__).parents[2]}/"


async def show_mapping(sizes: Sizes, folder: Path) -> None:
    """Every runtime that is here, with every handler, in one environment and in more; then the service's functions."""
    for runtime in runtimes():
        cases = [Case(runtime, handler, count) for handler in sizes.mapped_by for count in _ENVIRONMENTS]
        print(table_of(await profile_mapping(folder, cases, sizes.mapped)), flush=True)
    case, statistics = Case(runtimes()[0], "small", 1), folder / "statistics"
    await profile_mapping(folder, [case], sizes.mapped, has_floor=False, statistics=statistics)
    print(_functions(statistics, sizes.mapped // BATCH_SIZE))


def _functions(statistics: Path, batches: int) -> str:
    """Ours that are called for every batch, its sending before included, by their own time. The profiler makes each
    call dearer: the order tells, and the number of calls, not the time."""
    known = pstats.Stats(str(statistics)).stats  # type: ignore[attr-defined]
    rows = [
        (own_s / batches * 1e6, all_s / batches * 1e6, calls / batches, f"{file.removeprefix(_ROOT)}:{line} {name}")
        for (file, line, name), (_, calls, own_s, all_s, _) in known.items()
        if calls >= 0.9 * batches and file.startswith(_ROOT + "app/")
    ]
    lines = ["the service's functions, under cProfile", " own µs  all µs  calls a batch"]
    lines += [f"{own:7.1f} {whole:7.1f} {calls:6.1f}  {name}" for own, whole, calls, name in sorted(rows, reverse=True)]
    return "\n".join(lines[: _FUNCTIONS_SHOWN + 2])
