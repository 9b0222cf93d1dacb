"""`topics`, `publish`: whom topics tell, and what became of a message."""

import sys
from typing import Any

import click

from app.cli.client import Client
from app.cli.common import json_option, pass_client, print_json, print_table
from app.cli.explain import Attribute


@click.command()
@json_option
@pass_client
def topics(client: Client, as_json: bool) -> None:
    """Every topic and whom it tells."""
    shown = client.get("/topics")
    if as_json:
        print_json(shown)
        return
    rows = [
        (topic["name"], subscription["name"], subscription["protocol"], _filter(subscription), _state(subscription))
        for topic in shown
        for subscription in topic["subscriptions"] or [_NOBODY]
    ]
    print_table(("TOPIC", "TELLS", "PROTOCOL", "FILTER", "STATE"), rows, nothing="there are no topics")


@click.command()
@click.argument("topic")
@click.argument("message")
@click.option("--subject", help="Its subject.")
@click.option("--attribute", "attributes", type=Attribute(), multiple=True, help="A message attribute; repeatable.")
@click.option("--group", metavar="ID", help="Its MessageGroupId.")
@click.option("--deduplication-id", metavar="ID", help="Its MessageDeduplicationId.")
@click.option("--by-protocol", is_flag=True, help="MESSAGE is JSON with one for each protocol and a default.")
@json_option
@pass_client
def publish(
    client: Client,
    topic: str,
    message: str,
    subject: str | None,
    attributes: tuple[tuple[str, dict[str, str]], ...],
    group: str | None,
    deduplication_id: str | None,
    by_protocol: bool,
    as_json: bool,
) -> None:
    """Publish to a topic and see what each of its subscriptions did with it.

    TOPIC is a name or an ARN; a MESSAGE of - is read from standard input.
    """
    wanted = {
        "topic": topic,
        "message": sys.stdin.read() if message == "-" else message,
        "subject": subject,
        "structure": "json" if by_protocol else None,
        "attributes": dict(attributes),
        "group_id": group,
        "deduplication_id": deduplication_id,
    }
    published = client.post("/publish", wanted)
    if as_json:
        print_json(published)
    else:
        _print(published)


def _print(published: dict[str, Any]) -> None:
    click.echo(published["message_id"])
    for route in published["routes"]:
        reason = f": {route['reason']}" if route["reason"] else ""
        if route["taken"]:
            click.secho(f"→ {route['name']}{reason}", fg="green")
        else:
            click.echo(f"✗ {route['name']}{reason}")
    if published["duplicate"]:
        click.echo("a duplicate: the topic had it within five minutes, and delivers nothing")
    elif not published["routes"]:
        click.echo("nobody is subscribed to this topic")
    click.secho(f"chain {published['chain']}", dim=True)


_NOBODY = {"name": "nobody", "protocol": "", "attributes": {}, "pending": False}


def _filter(subscription: dict[str, Any]) -> str:
    return str(subscription["attributes"].get("FilterPolicy", ""))


def _state(subscription: dict[str, Any]) -> str:
    if not subscription["protocol"]:
        return ""
    return "waits to be confirmed" if subscription["pending"] else "confirmed"
