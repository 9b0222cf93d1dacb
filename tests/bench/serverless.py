"""serverless-offline, beside which fronts and invocations are measured: the same Node handler behind it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.servers import Server, free_port, running

_HANDLERS = Path(__file__).parent / "handlers"
_SERVERLESS = Path(__file__).parents[2] / ".tools/serverless-offline"

FUNCTION = "bench-dev-hello"
"""What its Lambda endpoint knows the handler of `handlers/hello.js` by."""


@dataclass(frozen=True, slots=True)
class Offline:
    """`server` has the HTTP API, with the route `GET /hello`; Invoke is answered at `lambda_port`."""

    server: Server
    lambda_port: int


@contextmanager
def serverless_offline(folder: Path) -> Iterator[Offline | None]:
    """It, started in `folder`; None where it was not fetched."""
    program = _SERVERLESS / "node_modules/.bin/serverless"
    if not program.exists():
        yield None
        return
    place = folder / "serverless"
    place.mkdir()
    (place / "node_modules").symlink_to(_SERVERLESS / "node_modules")
    (place / "hello.js").write_text((_HANDLERS / "hello.js").read_text())
    (place / "serverless.yml").write_text(
        "service: bench\nframeworkVersion: '3'\nprovider: {name: aws, runtime: nodejs20.x}\n"
        "plugins: [serverless-offline]\n"
        "functions:\n  hello: {handler: hello.handler, events: [{httpApi: 'GET /hello'}]}\n"
    )
    port, lambda_port = free_port(), free_port()
    command = (
        f"cd {place} && SLS_TELEMETRY_DISABLED=1 SLS_NOTIFICATIONS_MODE=off exec {program} offline "
        f"--httpPort {port} --lambdaPort {lambda_port} >{place}/log 2>&1"
    )
    with running(port, ["sh", "-c", command]) as server:
        yield Offline(server, lambda_port)
