"""`status`, `mappings`, …: what there is."""

from typing import Any

import click

from app.cli.client import Client
from app.cli.common import json_option, pass_client, print_json, print_table


@click.command()
@json_option
@pass_client
def status(client: Client, as_json: bool) -> None:
    """Everything at a glance."""
    shown = client.get("/status")
    if as_json:
        print_json(shown)
        return
    clock = shown["clock"]
    click.echo(f"Triggerfish {shown['version']} at {client.endpoint}")
    click.echo(f"clock: {clock['now']} ({clock['way']}), next due: {clock['next_wakeup'] or 'nothing'}")
    click.echo(f"journal: {shown['journal_entries']} entries; warnings: {shown['warnings']}")
    for title, lines in (
        ("functions", [f"{function['name']}  {function['endpoint']}" for function in shown["functions"]]),
        ("triggers", shown["triggers"]),
        ("queues", [f"{queue['name']}  {queue['visible']} visible" for queue in shown["queues"]]),
        ("brokers", [_told_of_broker(queue) for queue in shown["brokers"]]),
        ("buckets", shown["buckets"]),
    ):
        click.secho(f"{title}:", bold=True)
        for line in lines or ["none"]:
            click.echo(f"  {line}")


def _told_of_broker(queue: dict[str, Any]) -> str:
    trouble = f": {queue['error']}" if queue["error"] else ""
    return f"{queue['name']}  at {queue['broker']}, {queue['state']}{trouble}"


@click.command()
@json_option
@pass_client
def mappings(client: Client, as_json: bool) -> None:
    """Every event source mapping."""
    shown = client.get("/mappings")
    if as_json:
        print_json(shown)
        return
    rows = [
        (
            mapping["UUID"],
            mapping["EventSourceArn"].rsplit(":", 1)[-1],
            mapping["FunctionArn"].split(":function:")[-1],
            mapping["BatchSize"],
            mapping["State"],
            mapping["Scale"]["Pollers"],
            f"{mapping['Scale']['BatchesInFlight']} of {mapping['Scale']['BatchesAtMost']}",
        )
        for mapping in shown
    ]
    heads = ("UUID", "QUEUE", "FUNCTION", "BATCH", "STATE", "POLLERS", "IN FLIGHT")
    print_table(heads, rows, nothing="there are no mappings")


@click.command()
@json_option
@pass_client
def pipes(client: Client, as_json: bool) -> None:
    """Every pipe and where it leads."""
    shown = client.get("/pipes")
    if as_json:
        print_json(shown)
        return
    rows = [
        (pipe["name"], pipe["source"], " or ".join(pipe["filters"]), pipe["enrichment"] or "", pipe["target"],
         pipe["state"])
        for pipe in shown
    ]  # fmt: skip
    titles = ("PIPE", "QUEUE", "FILTER", "ENRICHMENT", "TARGET", "STATE")
    print_table(titles, rows, nothing="there are no pipes")
