"""The composition root: from settings to one ASGI app, and that app served."""

import asyncio
import contextlib
import gc
import logging
import shutil
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, cast

import click
import uvicorn

from app import __version__
from app.service import Service, SetupError
from app.settings import Listen, Settings, SettingsError, load
from app.web.at_once import AtOnceProtocol
from app.web.aws import AwsEndpoint, AwsSettings
from app.web.control.address import is_for_control
from app.web.control.parts import ControlParts
from app.web.deferred import Deferred
from app.web.gateway.application import GatewayApp
from app.web.gateway.rest_testing import RestTests
from app.web.gateway.signing import Signatures
from app.web.lambda_api import LambdaParts
from app.web.s3 import S3App
from app.web.sockets import FramedWebSockets

Scope = Any
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

_PATIENCE_S = 1.0
"""How long open requests may go on once the service is told to end."""


def create_app(
    settings: Settings, *, port: int | None = None, on_ready: Callable[[Service], None] | None = None
) -> tuple[AsgiApp, "partial[AtOnceProtocol]"]:
    """The whole service as an ASGI app, set up when the server starts its lifespan and shut down with it, and the
    protocol of uvicorn's that has a way past it for what can be answered without.

    `port` is the one really listened on, where the settings leave it open; `on_ready` is told when all is set up.
    """
    url = f"http://{_reachable(settings.listen)}:{port or settings.listen.port}"
    service = Service(settings, url=url)
    aws = AwsEndpoint(
        service.engine,
        AwsSettings(secrets=_secrets(service)),
        S3App(service.engine, service.store),
        service.stored,
        LambdaParts(service.packages, service.store),
        RestTests(service.engine, service.outside, url).operations(),
    )
    signatures = Signatures(_secrets(service))
    gateway = GatewayApp(service.engine, service.outside, _ports_of(settings), url, signatures)
    listen = f"{settings.listen.host}:{port or settings.listen.port}"
    control = Deferred(lambda: _control_app(service, listen))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            address = gateway.address_of(scope)
            if address is not None:
                await gateway.answer(address, scope, receive, send)
                return
            await (control if is_for_control(scope) else aws)(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _live(service, receive, send, on_ready)
        elif (address := gateway.address_of(scope)) is not None:
            await gateway.connect(address, scope, receive, send)
        else:
            # A WebSocket to nobody; closing before accepting answers the handshake with 403.
            await send({"type": "websocket.close"})

    patience_s = settings.limits.client_idle_ms / 1_000
    return app, partial(AtOnceProtocol, aws.answer_at_once, aws.answer_later, gateway.at_once, patience_s=patience_s)


def server_config(app: AsgiApp, protocol: Callable[..., Any], **more: Any) -> uvicorn.Config:
    """How uvicorn is to serve the app; `more` are settings of its own that are not clients' to see."""
    return uvicorn.Config(
        app,
        http=cast("Any", protocol),  # it takes any maker of protocols
        ws=FramedWebSockets,
        lifespan="on",
        server_header=False,  # AWS's services name none, but for those that we answer with theirs
        proxy_headers=False,  # nobody stands between: who claims to be another address is not believed
        **more,
    )


def serve(*, config: Path | None, environ: Mapping[str, str]) -> int:
    """Run the service until it is interrupted. Answers the exit status, after one clear line if it is not 0."""
    try:
        settings = load(config, environ)
    except SettingsError as error:
        for problem in error.problems:
            click.echo(f"triggerfish: {problem}", err=True)
        return 1
    with contextlib.ExitStack() as open_sockets:
        sockets = []
        for place in _places(settings):
            try:
                sockets.append(open_sockets.enter_context(_listening(place)))
            except OSError as error:
                click.echo(f"triggerfish: cannot listen on {place}: {error.strerror}", err=True)
                return 1
        return _serve(settings, sockets)


def _places(settings: Settings) -> list[Listen]:
    """Where the service listens: its own address first, then the ports that fronts have to themselves."""
    own = settings.listen
    return [own, *(Listen(own.host, port) for port in _ports_of(settings))]


def _ports_of(settings: Settings) -> dict[int, str]:
    return {front.port: front.id for front in settings.fronts if front.port is not None}


def _serve(settings: Settings, sockets: list[socket.socket]) -> int:
    port: int = sockets[0].getsockname()[1]
    failures: list[str] = []

    def ready(service: Service) -> None:
        server.before_shutdown = service.end_waits
        _relieve_garbage_collector()
        _announce(service, port)

    app, protocol = create_app(settings, port=port, on_ready=ready)
    server = _Server(
        server_config(
            _noting_failures(app, failures),
            protocol,
            # What it would log at the end, requests that were cut off, is no error of ours; ours are told by us.
            log_level="critical",
            access_log=False,
            timeout_graceful_shutdown=5,
        )
    )
    # uvicorn says that the start failed and exits; why it failed is told below, in its place.
    logging.getLogger("uvicorn.error").addFilter(lambda record: not (failures and "startup failed" in record.msg))
    # What ended it is raised anew by uvicorn when all is shut down: Ctrl-C is an ordinary end here.
    with contextlib.suppress(SystemExit, KeyboardInterrupt):
        server.run(sockets=sockets)
    for failure in failures:
        click.echo(f"triggerfish: {failure}", err=True)
    return 1 if failures else 0


class _Server(uvicorn.Server):
    """uvicorn, which waits for responses that are not over before it ends: those without an end are ended first, and
    who waits for long (a long poll, an invocation, an advance) is hung up on after a moment."""

    before_shutdown: Callable[[], None] | None = None

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.before_shutdown is not None:
            self.before_shutdown()
        hanging_up = asyncio.get_running_loop().call_later(_PATIENCE_S, self._hang_up)
        await super().shutdown(sockets)
        hanging_up.cancel()

    def _hang_up(self) -> None:
        for connection in self.server_state.connections:
            connection.transport.close()


def _relieve_garbage_collector() -> None:
    """Let the collector look at less, and less often: what there is now stays, and messages leave no cycles behind.

    With Python's own thresholds, a fifth of the time of sending in batches is spent on looking at messages that are
    still there (CPython 3.11, 2026-11-21).
    """
    gc.freeze()
    gc.enable()
    gc.set_threshold(10_000, 10, 10)


def _listening(listen: Listen) -> socket.socket:
    """A socket bound and listening, so that a port in use is told before anything starts."""
    family, kind, protocol, _, address = socket.getaddrinfo(listen.host, listen.port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(2048)
    except OSError:
        listening.close()
        raise
    return listening


async def _live(service: Service, receive: Receive, send: Send, on_ready: Callable[[Service], None] | None) -> None:
    await receive()
    try:
        await service.set_up()
    except SetupError as error:
        await service.close()
        await send({"type": "lifespan.startup.failed", "message": str(error)})
        return
    if on_ready is not None:
        on_ready(service)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await service.close()
    await send({"type": "lifespan.shutdown.complete"})


def _noting_failures(app: AsgiApp, failures: list[str]) -> AsgiApp:
    """`app`, with what its lifespan fails for kept, so that it is told in one line instead of a traceback."""

    async def noting(scope: Scope, receive: Receive, send: Send) -> None:
        async def note(message: Any) -> None:
            if message["type"] == "lifespan.startup.failed":
                failures.append(message["message"])
                message = {**message, "message": ""}
            await send(message)

        await app(scope, receive, note if scope["type"] == "lifespan" else send)

    return noting


def _control_app(service: Service, listen: str) -> AsgiApp:
    # FastAPI and pydantic take half of the whole start and 20 MB, which a service that only emulates need not pay.
    from app.web.control.application import build_control_app

    return build_control_app(service.engine, _control_parts(service, listen))


def _control_parts(service: Service, listen: str) -> ControlParts:
    # Templates and contracts of forty sources, which a service that nobody fires at need not read.
    from app.adapters.event_templates import load_catalogue

    settings = service.settings
    return ControlParts(
        version=__version__,
        listen=listen,
        add_function=service.add_function_entry,
        remove_function=service.remove_function,
        add_queue=service.add_queue_entry,
        add_remote_queue=service.add_remote_queue_entry,
        add_topic=service.add_topic_entry,
        add_bus=service.add_bus_entry,
        add_rule=service.add_rule_entry,
        add_bucket=service.add_bucket_entry,
        add_schedule=service.add_schedule_entry,
        add_pipe=service.add_pipe_entry,
        add_mapping=service.add_mapping_entry,
        describe_function=service.endpoints.describe,
        logs=service.endpoints.logs,
        environments_of=service.endpoints.status,
        templates=load_catalogue,
        scope=service.scope,
        token=settings.security.token,
        host_names=settings.hosts,
    )


def _secrets(service: Service) -> Mapping[str, str] | None:
    settings = service.settings
    if settings.listen.is_loopback or settings.security.trust_private_network:
        return None
    return _Secrets(service)


class _Secrets(Mapping[str, str]):
    """The secrets that may sign AWS calls: the configured ones, those of the functions' own environments, and of the
    service itself, which calls in the name of an account."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def __getitem__(self, access_key_id: str) -> str:
        configured = self._service.settings.security.credentials
        if access_key_id not in configured and (access_key_id in self._own() or _is_account(access_key_id)):
            return self._service.secret
        return configured[access_key_id]

    def __iter__(self) -> Iterator[str]:
        return iter([*self._service.settings.security.credentials, *self._own()])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def _own(self) -> list[str]:
        return list(self._service.engine.world.functions.access_key_ids)


def _is_account(access_key_id: str) -> bool:
    return len(access_key_id) == 12 and access_key_id.isdecimal()


def _reachable(listen: Listen) -> str:
    """The host under which processes of this machine reach the service."""
    host = "127.0.0.1" if listen.host in ("0.0.0.0", "localhost") else "::1" if listen.host == "::" else listen.host  # noqa: S104 compared, not bound
    return f"[{host}]" if ":" in host else host


def _announce(service: Service, port: int) -> None:
    """Where it listens, what it knows, and three things to try."""
    told = service.announcement()
    url = f"http://{_reachable(service.settings.listen)}:{port}".replace("127.0.0.1", "localhost")
    lines = [f"Triggerfish {__version__} listens on {url}  (page and API docs: {url}/_triggerfish/)"]
    for title, entries in (("functions", told.functions), ("triggers", told.triggers)):
        lines.append(f"  {title}:" + ("" if entries else " none yet"))
        lines += [f"    {entry}" for entry in entries]
    lines.append("  try:")
    lines += [f"    {_command(url, port)} {arguments}" for arguments in _things_to_try(service)]
    # At once: who waits for the first line, as scripts do, finds the others there too.
    click.echo("\n".join(lines))


def _command(url: str, port: int) -> str:
    """How whoever started this can call the command again: it need not be on their PATH, nor the port the default."""
    program = sys.argv[0]
    is_found = Path(program).name != "triggerfish" or program == shutil.which("triggerfish")
    return ("triggerfish" if is_found else program) + ("" if port == Listen().port else f" --endpoint {url}")


def _things_to_try(service: Service) -> list[str]:
    """Arguments for the command."""
    world = service.engine.world
    bucket = next((b for b in world.buckets.all.values() if b.configuration.rules), None)
    own = {queue.arn: queue for queue in world.queues.all()}
    queue = next((own[mapping.queue] for mapping in world.mappings.all() if mapping.queue in own), None)
    tries = []
    if bucket is not None:
        rule = bucket.configuration.rules[0]
        tries.append(f"put s3://{bucket.name}/{rule.prefix}cat{rule.suffix or '.jpg'} --size 48213")
    if queue is not None:
        tries.append(f"""send {queue.name} '{{"id": 7, "poison": true}}'""")
    tries.append("clock advance 10m")
    return [*tries, *["tail", "status"][: 3 - len(tries)]]
