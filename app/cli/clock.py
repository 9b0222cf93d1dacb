"""`triggerfish clock`: shows, sets and moves the clock."""

from typing import Any

import click

from app.cli.client import Client
from app.cli.common import json_option, pass_client, print_json


@click.group(invoke_without_command=True)
@click.pass_context
def clock(ctx: click.Context) -> None:
    """The clock: wall, frozen or auto."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(show)


@clock.command()
@json_option
@pass_client
def show(client: Client, as_json: bool = False) -> None:
    """What time it is, and what is due next."""
    _print_clock(client.get("/clock"), as_json)


@clock.command()
@click.argument("duration")
@json_option
@pass_client
def advance(client: Client, duration: str, as_json: bool) -> None:
    """Move the clock by DURATION (45s, 10m, 1h30m); returns when all that was due has happened."""
    _print_advanced(client.post("/clock/advance", {"duration": duration}), as_json)


@clock.command("next")
@json_option
@pass_client
def advance_to_next(client: Client, as_json: bool) -> None:
    """Move the clock to whatever is due next."""
    _print_advanced(client.post("/clock/advance-to-next"), as_json)


@clock.command("set")
@click.argument("way", type=click.Choice(["wall", "frozen", "auto"]))
@click.option("--at", metavar="INSTANT", help="Set it to this instant, like 2026-11-21T12:00:00Z; never back.")
@json_option
@pass_client
def set_clock(client: Client, way: str, at: str | None, as_json: bool) -> None:
    """Choose how the clock goes."""
    _print_clock(client.put("/clock", {"way": way, "at": at}), as_json)


def _print_clock(shown: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(shown)
        return
    click.echo(f"{shown['now']}  {shown['way']}")
    click.echo(f"next due: {shown['next_wakeup'] or 'nothing'}")
    for hold in shown["holds"]:
        click.echo(f"held by {hold['function']} since {hold['since']} (request {hold['request_id']})")


def _print_advanced(advanced: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(advanced)
        return
    click.echo(f"{advanced['now']}  wake-ups: {advanced['woken']}, new journal entries: {advanced['facts']}")
