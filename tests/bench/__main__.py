"""`python -m tests.bench [NAMES…] [--quick] [--json FILE]`: measures, and prints a table.

`python -m tests.bench profile mapping` prints where the time of a mapping goes.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from tests.bench.calls import measure_calls, measure_puts
from tests.bench.deploying import measure_deploying
from tests.bench.elasticmq import measure_beside_elasticmq
from tests.bench.events import measure_patterns, measure_put_events
from tests.bench.fifo import measure_fifo
from tests.bench.figures import Figure, table
from tests.bench.http_api import measure_http_api
from tests.bench.invocations import measure_cold_starts, measure_invocations, measure_node_invocations
from tests.bench.mapping import measure_mapping
from tests.bench.moves import measure_moves
from tests.bench.profiles import PROFILES, show_mapping
from tests.bench.retries import measure_retries
from tests.bench.schedules import measure_schedules
from tests.bench.sizes import FULL, QUICK, Sizes
from tests.bench.start import measure_start
from tests.bench.topics import measure_topics
from tests.bench.wake import measure_wakes
from tests.bench.wire import measure_depths, measure_sends

MEASUREMENTS: dict[str, Callable[[Sizes, Path], Awaitable[list[Figure]]]] = {
    "sends": measure_sends,
    "depths": measure_depths,
    "fifo": measure_fifo,
    "moves": measure_moves,
    "elasticmq": measure_beside_elasticmq,
    "start": measure_start,
    "wakes": measure_wakes,
    "calls": measure_calls,
    "puts": measure_puts,
    "mapping": measure_mapping,
    "invocations": measure_invocations,
    "node-invocations": measure_node_invocations,
    "cold": measure_cold_starts,
    "deploying": measure_deploying,
    "http-api": measure_http_api,
    "retries": measure_retries,
    "schedules": measure_schedules,
    "topics": measure_topics,
    "patterns": measure_patterns,
    "put-events": measure_put_events,
}


async def measure(names: list[str], sizes: Sizes) -> list[Figure]:
    """The figures of the measurements named, each told on standard error when it begins."""
    figures: list[Figure] = []
    for name in names:
        begin = time.monotonic()
        print(f"{name} … ", end="", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            figures += await MEASUREMENTS[name](sizes, Path(folder))
        print(f"{time.monotonic() - begin:.0f} s", file=sys.stderr)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MEASUREMENTS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, for a first look")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    given = parser.parse_args()
    sizes = QUICK if given.quick else FULL
    if given.names[:1] == ["profile"]:
        if given.names[1:] != list(PROFILES):
            parser.error(f"there is a profile of {', '.join(PROFILES)}")
        with tempfile.TemporaryDirectory() as folder:
            uvloop.run(show_mapping(sizes, Path(folder)))
        return
    unknown = [name for name in given.names if name not in MEASUREMENTS]
    if unknown:
        parser.error(f"there is no measurement {unknown[0]!r}; there are {', '.join(MEASUREMENTS)}")
    figures = uvloop.run(measure(given.names or list(MEASUREMENTS), sizes))
    print(table(figures))
    print(f"load of the machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    if given.json is not None:
        given.json.write_text(json.dumps([figure.as_json() for figure in figures], indent=1) + "\n")


if __name__ == "__main__":
    main()
