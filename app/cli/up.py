"""`triggerfish up`: starts the service."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import click


class Serve(Protocol):
    """Runs the service until it is interrupted, and answers the exit status."""

    def __call__(self, *, config: Path | None, environ: Mapping[str, str]) -> int: ...


def up_command(serve: Serve) -> click.Command:
    """The command that starts the service by calling `serve`; its options go before the environment's variables."""

    @click.command("up")
    @click.option(
        "--config",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="The settings file; without one nothing is set up.",
    )
    @click.option("--listen", metavar="HOST:PORT", help="Where to listen. [default: 127.0.0.1:4566]")
    @click.option("--clock", metavar="WAY", help="wall, auto, or frozen:2026-11-21T12:00:00Z.")
    def up(config: Path | None, listen: str | None, clock: str | None) -> None:
        """Start the service and stay until it is stopped."""
        given = {"TRIGGERFISH_LISTEN": listen, "TRIGGERFISH_CLOCK": clock}
        chosen = {name: value for name, value in given.items() if value is not None}
        raise SystemExit(serve(config=config, environ={**os.environ, **chosen}))

    return up
