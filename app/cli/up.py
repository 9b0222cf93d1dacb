"""`triggerfish up`: starts the service."""

from pathlib import Path

import click


@click.command()
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The settings file; default: triggerfish.yaml here, if there is one.",
)
@click.option("--listen", metavar="HOST:PORT", help="Where to listen. [default: 127.0.0.1:4566]")
@click.option("--clock", metavar="WAY", help="wall, auto, frozen, or frozen@2026-11-21T12:00:00Z.")
def up(config: Path | None, listen: str | None, clock: str | None) -> None:
    """Start the service and stay until it is stopped."""
    # The service and all it needs are imported here: the other commands are to start at once.
    from app.main import serve

    raise SystemExit(serve(config=config, listen=listen, clock=clock))
