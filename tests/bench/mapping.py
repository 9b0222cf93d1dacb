"""How many messages a second a mapping brings to warm processes, and for how much of their time they wait for more."""

import asyncio
import socket
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import orjson

from tests.bench.calls import function_settings, port_of, reports_of_handlers
from tests.bench.client import Connection, http_request
from tests.bench.figures import Figure, at_least, figure_of
from tests.bench.servers import Server, floor, service, wait_until_listening
from tests.bench.sizes import Sizes
from tests.bench.wire import batch_request, queues_named, repeat

_ROUNDS = 3
_BATCH_SIZE = 10
_PATIENCE_S = 60.0
_MINISTACK_PER_S = 2_200.0
_MOST_OF_THE_TIME = 50.0
_MILLISECOND_US = 1_000


@dataclass(frozen=True, slots=True)
class Flow:
    """Of one round, once the processes are warm: messages a second; the share of its environments' time in which they
    did not wait for an invocation, in percent; and the processor time of the service for one batch, in microseconds."""

    rate_per_s: float
    busy_percent: float
    service_us: float


async def measure_mapping(sizes: Sizes, folder: Path) -> list[Figure]:
    """From a full queue, into two environments and into one, beside runtimes that are handed events made beforehand.

    Of a handler that does nothing, all but the reading of its event is waiting, at the floor too: what we take for a
    batch shows there. That a function is what limits shows in one that works for a millisecond.
    """
    figures = []
    for environments, work_us in ((2, 0), (1, 0), (2, _MILLISECOND_US), (1, _MILLISECOND_US)):
        flows = await _flows(sizes, folder, environments, work_us)
        ours, bare = ([flow.rate_per_s for flow in found] for found in flows)
        busy, bare_busy = ([flow.busy_percent for flow in found] for found in flows)
        costs, bare_costs = ([flow.service_us for flow in found] for found in flows)
        into = f"{environments} warm processes" if environments > 1 else "1 warm process"
        name = f"mapping, batches of {_BATCH_SIZE} into {into}" + (", 1 ms a batch" if work_us else "")
        if work_us:
            share = figure_of(
                f"{name}: of its time the function has", "%", busy, bare_busy, at_least(_MOST_OF_THE_TIME)
            )
            figures += [figure_of(name, "messages/s", ours, bare), share]
            continue
        figures += [
            figure_of(name, "messages/s", ours, bare, at_least(_MINISTACK_PER_S)),
            figure_of(f"{name}: of its time the function has", "%", busy, bare_busy),
            figure_of(f"{name}: of a processor the service takes for a batch", "µs", costs, bare_costs),
        ]
    return figures


async def _flows(sizes: Sizes, folder: Path, environments: int, work_us: int) -> tuple[list[Flow], list[Flow]]:
    queues = [f"mapped-{number}" for number in range(min(_ROUNDS, sizes.rounds))]
    batches = sizes.mapped // _BATCH_SIZE
    found: tuple[list[Flow], list[Flow]] = ([], [])
    with (
        reports_of_handlers() as reports,
        service(folder, queues_named(queues) + function_settings(reports, environments, work_us=work_us)) as ours,
    ):
        wait_until_listening(ours)
        for queue in queues:
            # The server hung up on the one of the round before while the floor was measured.
            connection = await Connection.open(ours.port)
            await connection.play(repeat(batch_request(queue), batches))
            await connection.ask(_mapping_request(queue))
            found[0].append(await _flow(ours, reports, sizes.mapped))
            with floor("runtime_floor", batches, _BATCH_SIZE, environments, port_of(reports), work_us) as bare:
                wait_until_listening(bare)
                await (await Connection.open(bare.port)).ask(http_request("POST", "/start"))
                found[1].append(await _flow(bare, reports, sizes.mapped))
    return found


@dataclass(frozen=True, slots=True)
class _Report:
    """What a handler tells as it is entered; its process has waited for `waited_ns` in all."""

    entered_ns: int
    records: int
    process: int
    waited_ns: int


async def _flow(server: Server, reports: socket.socket, messages: int) -> Flow:
    """Reads what the handlers report until so many messages have come to them."""
    told: list[_Report] = []
    begun_at_s, first = 0.0, 0
    left = messages
    while left > 0:
        report = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(reports, 100), _PATIENCE_S)
        told.append(_Report(*map(int, report.split())))
        left -= told[-1].records
        # The processes start with the first invocations; after a tenth of them all are there.
        if not first and left <= messages * 0.9:
            begun_at_s, first = server.cpu_s, len(told)
    cpu_s = server.cpu_s - begun_at_s
    warm = sorted(told[first:], key=lambda report: report.entered_ns)
    rate_per_s = sum(report.records for report in warm[1:]) / (warm[-1].entered_ns - warm[0].entered_ns) * 1e9
    return Flow(rate_per_s, _busy_percent(warm), cpu_s / len(warm) * 1_000_000)


def _busy_percent(warm: list[_Report]) -> float:
    """All of it, where no process was entered twice."""
    by_process = sorted(warm, key=lambda report: (report.process, report.entered_ns))
    time_ns = waited_ns = 0
    for _, of_one in groupby(by_process, key=lambda report: report.process):
        reported = list(of_one)
        time_ns += reported[-1].entered_ns - reported[0].entered_ns
        waited_ns += reported[-1].waited_ns - reported[0].waited_ns
    return 100 * (1 - waited_ns / time_ns) if time_ns else 100.0


def _mapping_request(queue: str) -> bytes:
    parameters = {
        "EventSourceArn": f"arn:aws:sqs:us-east-1:000000000000:{queue}",
        "FunctionName": "reporting",
        "BatchSize": _BATCH_SIZE,
    }
    return http_request("POST", "/2015-03-31/event-source-mappings", orjson.dumps(parameters), service="lambda")
