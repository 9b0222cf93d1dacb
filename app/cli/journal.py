"""`tail`, `story`, `warnings`: what happened."""

import contextlib
import json
import time
from typing import Any

import click

from app.cli.client import Client, ServiceUnavailable, segment
from app.cli.common import json_option, pass_client, print_json, print_story

_RECONNECT_AFTER_S = 1.0

_COLOURS = {
    "MessageSent": "cyan",
    "MessageReceived": "blue",
    "MessageReturned": "yellow",
    "MessageMoved": "magenta",
    "MessageDeleted": "green",
    "MessageExpired": "magenta",
    "BatchFormed": "blue",
    "InvocationStarted": "blue",
    "InvocationThrottled": "yellow",
    "EventRetried": "yellow",
    "EventDropped": "red",
    "ObjectChanged": "cyan",
    "NotificationFailed": "red",
    "LoopWarned": "red",
    "LoopSuspected": "yellow",
}


@click.command()
@click.option("--queue", metavar="NAME", help="Only what concerns this queue.")
@click.option("--function", metavar="NAME", help="Only what concerns this function.")
@click.option("--message", metavar="ID", help="Only what concerns this message.")
@click.option("--chain", metavar="ID", help="Only what belongs to this chain.")
@click.option(
    "-n", "--last", default=10, show_default=True, type=click.IntRange(min=0), help="Begin with the last few."
)
@click.option("--no-follow", is_flag=True, help="Do not stay for what comes.")
@json_option
@pass_client
def tail(
    client: Client,
    queue: str | None,
    function: str | None,
    message: str | None,
    chain: str | None,
    last: int,
    no_follow: bool,
    as_json: bool,
) -> None:
    """What happens, as it happens. Reconnects when the service was away; Ctrl-C ends it."""
    filters = {"queue": queue, "function": function, "message": message, "chain": chain}
    seen = client.get("/status")["journal_entries"]
    if last:
        for entry in client.get("/journal", newest=True, limit=last, **filters):
            _print_entry(entry, as_json)
            seen = max(seen, entry["number"])
    if not no_follow:
        with contextlib.suppress(KeyboardInterrupt):
            _follow(client, str(seen), filters, as_json)


@click.command()
@click.argument("message_id")
@json_option
@pass_client
def story(client: Client, message_id: str, as_json: bool) -> None:
    """What happened to a message, wherever it is now."""
    found = client.get(f"/messages/{segment(message_id)}")
    if as_json:
        print_json(found)
        return
    nowhere = "in no queue any more" if found["state"] == "gone" else found["state"]
    place = f"{found['state']} in {found['queue']}" if found["queue"] else nowhere
    click.secho(message_id, bold=True, nl=False)
    click.echo(f"  {place}")
    print_story(found["story"])


@click.command()
@json_option
@pass_client
def warnings(client: Client, as_json: bool) -> None:
    """Recursion loops with their paths, and permissions that are missing."""
    shown = client.get("/warnings")
    if as_json:
        print_json(shown)
        return
    for warning in shown:
        click.secho(f"{warning['at']} {warning['text']}", fg="red" if warning["kind"] == "stopped" else "yellow")
        if warning["chain"]:
            click.secho(f"    chain {warning['chain']}", dim=True)
    if not shown:
        click.echo("no warnings")


def _follow(client: Client, seen: str, filters: dict[str, str | None], as_json: bool) -> None:
    is_connected = True
    while True:
        try:
            for number, entry in client.follow("/journal/stream", last_event_id=seen, **filters):
                seen, is_connected = number, True
                _print_entry(entry, as_json)
        except ServiceUnavailable:
            pass
        if is_connected:
            click.echo(f"the connection to {client.endpoint} was lost; trying again", err=True)
        is_connected = False
        time.sleep(_RECONNECT_AFTER_S)


def _print_entry(entry: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(entry, ensure_ascii=False))
        return
    failed = entry["fact"] == "InvocationEnded" and entry["outcome"] != "succeeded"
    click.secho(f"{entry['at']} ", dim=True, nl=False)
    click.secho(entry["text"], fg="red" if failed else _COLOURS.get(entry["fact"]))
