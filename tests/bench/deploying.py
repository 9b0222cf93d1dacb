"""From CreateFunction to the first answer of what was created, and what it costs to call an alias.

The floors: a Python that starts and ends, and the same function called without a qualifier.
"""

import io
import subprocess
import sys
import time
import zipfile
from base64 import b64encode
from pathlib import Path

import orjson

from tests.bench.client import Connection, http_request
from tests.bench.figures import Figure, figure_of, ratio_at_least
from tests.bench.servers import service, wait_until_listening
from tests.bench.sizes import Sizes
from tests.bench.wire import repeat

_FUNCTIONS = "/2015-03-31/functions"
_HANDLER = "def handler(event, context): return event"


async def measure_deploying(sizes: Sizes, folder: Path) -> list[Figure]:
    """Functions created and invoked by turns with starts of Python; then calls of an alias by turns with plain ones."""
    deployed: list[float] = []
    bare: list[float] = []
    with service(folder) as ours:
        wait_until_listening(ours)
        connection = await Connection.open(ours.port)
        await _deploy(connection, "first")
        for number in range(sizes.starts * 3):
            begin = time.perf_counter()
            await _deploy(connection, f"f{number}")
            deployed.append((time.perf_counter() - begin) * 1_000)
            begin = time.perf_counter()
            subprocess.run([sys.executable, "-c", "pass"], check=True)  # noqa: ASYNC221  nothing else is to run
            bare.append((time.perf_counter() - begin) * 1_000)
        alias = orjson.dumps({"Name": "live", "FunctionVersion": "1"})
        await connection.ask(http_request("POST", f"{_FUNCTIONS}/first/aliases", alias, service="lambda"))
        rates = await _rates(sizes, connection)
    return [
        figure_of("CreateFunction to its first answer, beside `python -c pass`", "ms", deployed, bare),
        figure_of("Invoke of an alias, beside one without", "calls/s", rates[0], rates[1], ratio_at_least(0.8)),
    ]


async def _rates(sizes: Sizes, connection: Connection) -> tuple[list[float], list[float]]:
    rates: tuple[list[float], list[float]] = ([], [])
    for request in (_invoke("first:live"), _invoke("first")):
        await connection.play(repeat(request, 50))
    for _ in sizes.each_round():
        for name, found in zip(("first:live", "first"), rates, strict=True):
            begin = time.perf_counter()
            await connection.play(repeat(_invoke(name), sizes.calls))
            found.append(sizes.calls / (time.perf_counter() - begin))
    return rates


async def _deploy(connection: Connection, name: str) -> None:
    created = await connection.ask(_create(name))
    assert b'"State":"Pending"' in created, created
    answer = await connection.ask(_invoke(name))
    assert orjson.loads(answer) == {"id": 7}, answer


def _create(name: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        # Of each function another package: the same one would be unpacked once.
        archive.writestr("app.py", f"{_HANDLER}  # {name}")
    body = {
        "FunctionName": name, "Runtime": "python3.12", "Handler": "app.handler", "Publish": True,
        "Role": "arn:aws:iam::000000000000:role/any", "Code": {"ZipFile": b64encode(content.getvalue()).decode()},
    }  # fmt: skip
    return http_request("POST", _FUNCTIONS, orjson.dumps(body), service="lambda")


def _invoke(name: str) -> bytes:
    return http_request("POST", f"{_FUNCTIONS}/{name}/invocations", b'{"id":7}', service="lambda")
