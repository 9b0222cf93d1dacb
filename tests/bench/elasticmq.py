"""Triggerfish beside ElasticMQ, the fastest of its peers, in the same run: sends over eight connections.

The npm package carries a jar of 2013, which speaks the query protocol alone; so ElasticMQ is asked in that, and
Triggerfish in the JSON protocol of today's SDKs.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.client import open_connections, query_request, seconds_for, sqs_request
from tests.bench.figures import Figure, figure_of, ratio_at_least
from tests.bench.servers import Server, free_port, running, service, wait_until_listening
from tests.bench.sizes import Sizes
from tests.bench.wire import BODY, batch_request, queue_url, queues_named, repeat

_JARS = Path(__file__).parents[2] / ".tools/elasticmq/node_modules/elasticmq"
_CONNECTIONS = 8
_WARM_UP = 50
_AHEAD = ratio_at_least(1)


async def measure_beside_elasticmq(sizes: Sizes, folder: Path) -> list[Figure]:
    """SendMessage, and batches of ten, each beside ElasticMQ's; without ElasticMQ, only ours."""
    with service(folder, queues_named(["sends"])) as ours:
        wait_until_listening(ours)
        one = sqs_request("SendMessage", {"QueueUrl": queue_url("sends"), "MessageBody": BODY})
        plans = [
            ("SendMessage", one, _query(_send()), 1),
            ("batch of 10", batch_request("sends"), _query(_batch()), 10),
        ]
        jar = next(_JARS.glob("*.jar"), None)
        if jar is None or shutil.which("java") is None:
            rates = [await _rate(ours, request, sizes.sends // messages, messages) for _, request, _, messages in plans]
            names = [f"{name}, 8 connections (no ElasticMQ: run make tools)" for name, *_ in plans]
            return [Figure(name, "messages/s", rate) for name, rate in zip(names, rates, strict=True)]
        with _elasticmq(jar, folder) as theirs:
            wait_until_listening(theirs)
            (first,) = await open_connections(theirs.port, 1)
            await first.ask(_query({"Action": "CreateQueue", "QueueName": "sends"}, path="/"))
            first.close()
            figures = []
            for name, request, query, messages in plans:
                mine: list[float] = []
                its: list[float] = []
                # Java compiles what is run often: it is given the time.
                await _rate(theirs, query, sizes.sends * _WARM_UP // messages // 10, messages)
                for _ in sizes.each_round():
                    mine.append(await _rate(ours, request, sizes.sends // messages, messages))
                    its.append(await _rate(theirs, query, sizes.sends // messages, messages))
                title = f"{name}, 8 connections, beside ElasticMQ"
                figures.append(figure_of(title, "messages/s", mine, its, _AHEAD))
            return figures


async def _rate(server: Server, request: bytes, times: int, messages: int) -> float:
    connections = await open_connections(server.port, _CONNECTIONS)
    each = max(1, times // _CONNECTIONS)
    seconds = await seconds_for(connections, [repeat(request, each) for _ in connections])
    for connection in connections:
        connection.close()
    return each * _CONNECTIONS * messages / seconds


@contextmanager
def _elasticmq(jar: Path, folder: Path) -> Iterator[Server]:
    port = free_port()
    settings = folder / "elasticmq.conf"
    settings.write_text(
        f'include classpath("application.conf")\nnode-address.port = {port}\n'
        f'rest-sqs {{ bind-port = {port}, bind-hostname = "127.0.0.1" }}\n'
    )
    # It looks into java.util.regex, which Java keeps shut nowadays.
    opened = "java.base/java.util.regex=ALL-UNNAMED"
    with running(port, ["java", "--add-opens", opened, f"-Dconfig.file={settings}", "-jar", str(jar)]) as server:
        yield server


def _send() -> dict[str, str]:
    return {"Action": "SendMessage", "MessageBody": BODY}


def _batch() -> dict[str, str]:
    entries = {}
    for number in range(1, 11):
        entries[f"SendMessageBatchRequestEntry.{number}.Id"] = str(number)
        entries[f"SendMessageBatchRequestEntry.{number}.MessageBody"] = BODY
    return {"Action": "SendMessageBatch", **entries}


def _query(params: dict[str, str], *, path: str = "/queue/sends") -> bytes:
    return query_request(params, path)
