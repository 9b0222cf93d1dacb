"""`rules`, `put-event`: whom rules tell, and what became of an event."""

import sys
from typing import Any

import click

from app.cli.client import Client
from app.cli.common import json_option, pass_client, print_json, print_table


@click.command()
@json_option
@pass_client
def rules(client: Client, as_json: bool) -> None:
    """Every rule of every event bus, and whom it tells."""
    shown = client.get("/rules")
    if as_json:
        print_json(shown)
        return
    rows = [
        (rule["bus"], rule["name"], rule["state"], rule["schedule"] or "", target["name"])
        for rule in shown
        for target in rule["targets"] or [{"name": "nobody"}]
    ]
    print_table(("BUS", "RULE", "STATE", "SCHEDULE", "TELLS"), rows, nothing="there are no rules")


@click.command("put-event")
@click.argument("source")
@click.argument("detail_type", metavar="DETAIL-TYPE")
@click.argument("detail", default="{}")
@click.option("--bus", metavar="NAME", help="A name or an ARN.  [default: the default bus]")
@click.option("--resource", "resources", multiple=True, metavar="ARN", help="A resource; may be repeated.")
@click.option("--time", help="When it happened.  [default: now]")
@json_option
@pass_client
def put_event(
    client: Client,
    source: str,
    detail_type: str,
    detail: str,
    bus: str | None,
    resources: tuple[str, ...],
    time: str | None,
    as_json: bool,
) -> None:
    """Put an event on a bus and see what each rule did with it.

    DETAIL is a JSON object; a DETAIL of - is read from standard input.
    """
    wanted = {
        "source": source,
        "detail_type": detail_type,
        "detail": sys.stdin.read() if detail == "-" else detail,
        "bus": bus,
        "resources": list(resources),
        "time": time,
    }
    put = client.post("/put-event", wanted)
    if as_json:
        print_json(put)
    else:
        _print(put)


def _print(put: dict[str, Any]) -> None:
    click.echo(put["event_id"])
    for rule in put["rules"]:
        if not rule["taken"]:
            click.echo(f"✗ {rule['rule']}: {rule['reason']}")
            continue
        for target in rule["targets"]:
            if target["taken"]:
                click.secho(f"→ {rule['rule']} → {target['name']}", fg="green")
            else:
                click.secho(f"✗ {rule['rule']} → {target['name']}: {target['reason']}", fg="red")
        if not rule["targets"]:
            click.echo(f"→ {rule['rule']}, which has no targets")
    if not put["bus_exists"]:
        click.echo(f"there is no event bus '{put['bus']}': AWS takes the event, and drops it")
    elif not put["rules"]:
        click.echo("this event bus has no rules")
    click.secho(f"chain {put['chain']}", dim=True)
