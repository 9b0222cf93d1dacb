"""`schedules`: when what fires next, and firing it now."""

from typing import Any

import click

from app.cli.client import Client
from app.cli.common import json_option, pass_client, print_json


@click.command()
@click.argument("name", required=False)
@click.option("-n", "--count", default=10, show_default=True, type=click.IntRange(0, 1_000), help="How many times.")
@click.option("--fire", is_flag=True, help="Fire it now, whatever its times and its state.")
@json_option
@pass_client
def schedules(client: Client, name: str | None, count: int, fire: bool, as_json: bool) -> None:
    """When schedules and scheduled rules fire next; NAME is a name, group/name or ARN.

    Times are those of the schedule's zone, each with its offset.
    """
    if fire:
        if name is None:
            raise click.UsageError("--fire needs the NAME of a schedule")
        _print_fired(client.post("/schedules/fire", {"name": name}), as_json=as_json)
        return
    shown = client.get("/schedules", name=name, count=count)
    if as_json:
        print_json(shown)
        return
    if not shown:
        click.echo("there are no schedules")
    for schedule in shown:
        _print(schedule)


def _print(schedule: dict[str, Any]) -> None:
    word = "rule " if schedule["kind"] == "rule" else ""
    targets = ", ".join(schedule["targets"]) or "nothing"
    click.secho(f"{word}{schedule['name']}  {schedule['expression']}  {schedule['zone']} → {targets}", bold=True)
    for time in schedule["next"]:
        click.echo(f"  {time['local']}")
    if schedule["why_not"] is not None:
        click.secho(f"  {schedule['why_not']}", fg="yellow")


def _print_fired(fired: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(fired)
        return
    for failure in fired["failures"]:
        click.secho(f"✗ {failure}", fg="red")
    if not fired["failures"]:
        click.echo(f"→ {fired['name']} fired")
    click.echo(f"chain {fired['chain']}")
