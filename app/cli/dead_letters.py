"""`triggerfish dlq`: dead letters, why they are there, and the way back."""

from typing import Any

import click

from app.cli.client import Client, segment
from app.cli.common import json_option, pass_client, print_json, print_story, print_table, queue_name

_PAGE = 1_000


class Edit(click.ParamType[tuple[str, str]]):
    """`ID=BODY`, as the pair of its parts."""

    name = "ID=BODY"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        message_id, equals, body = str(value).partition("=")
        if not message_id or not equals:
            self.fail(f"{value!r} is not like ID=BODY", param, ctx)
        return message_id, body


@click.group()
def dlq() -> None:
    """Dead-letter queues: look without receiving, redrive, purge, export."""


@dlq.command("list")
@json_option
@pass_client
def list_queues(client: Client, as_json: bool) -> None:
    """Every dead-letter queue, and whose it is."""
    queues = client.get("/dead-letter-queues")
    if as_json:
        print_json(queues)
        return
    rows = [
        (queue["name"], queue["visible"] + queue["in_flight"] + queue["delayed"], ", ".join(queue["sources"]))
        for queue in queues
    ]
    print_table(("QUEUE", "MESSAGES", "OF"), rows, nothing="no redrive policy names a dead-letter queue")


@dlq.command()
@click.argument("queue")
@json_option
@pass_client
def show(client: Client, queue: str, as_json: bool) -> None:
    """What is in it, and the story of each message, attempt by attempt."""
    messages = _all_messages(client, _path(queue))
    if as_json:
        print_json(messages)
        return
    for message in messages:
        _print_message(message)
    count = len(messages)
    click.echo(f"{queue_name(queue)}: {count} {'message' if count == 1 else 'messages'}")


@dlq.command()
@click.argument("queue")
@click.option("--message", "messages", metavar="ID", multiple=True, help="Only this one; may be repeated.")
@click.option("--edit", "edits", type=Edit(), multiple=True, help="This one, with a new body; may be repeated.")
@click.option("--to", "destination", metavar="QUEUE", help="Send them here, not to the queue each came from.")
@json_option
@pass_client
def redrive(
    client: Client,
    queue: str,
    messages: tuple[str, ...],
    edits: tuple[tuple[str, str], ...],
    destination: str | None,
    as_json: bool,
) -> None:
    """Send messages back to be handled again: all of them, or those that are named."""
    bodies = dict(edits)
    wanted = {
        "message_ids": list(dict.fromkeys([*messages, *bodies])) or None,
        "bodies": bodies,
        "destination": None if destination is None else queue_name(destination),
    }
    redriven = client.post(f"{_path(queue)}/redrive", wanted)
    if as_json:
        print_json(redriven)
        return
    count = len(redriven["message_ids"])
    click.echo(f"redriven: {count} {'message' if count == 1 else 'messages'}")


@dlq.command()
@click.argument("queue")
@json_option
@pass_client
def purge(client: Client, queue: str, as_json: bool) -> None:
    """Drop every message of it."""
    purged = client.post(f"{_path(queue)}/purge")
    if as_json:
        print_json(purged)
    else:
        click.echo(f"purged: {purged['messages']} messages")


@dlq.command()
@click.argument("queue")
@pass_client
def export(client: Client, queue: str) -> None:
    """Every message, with its story, as a line of JSON."""
    for line in client.download(f"{_path(queue)}/export"):
        click.echo(line, nl=False)


def _path(queue: str) -> str:
    return f"/dead-letter-queues/{segment(queue_name(queue))}"


def _all_messages(client: Client, path: str) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = client.get(f"{path}/messages", limit=_PAGE)
    page = messages
    while len(page) == _PAGE:
        page = client.get(f"{path}/messages", limit=_PAGE, after=page[-1]["message_id"])
        messages += page
    return messages


def _print_message(message: dict[str, Any]) -> None:
    click.secho(message["message_id"], bold=True, nl=False)
    click.echo(f"  {message['state']}, received {message['receive_count']} times")
    click.echo(f"  body: {message['body']}")
    for name, attribute in message["attributes"].items():
        click.echo(f"  {name} ({attribute['data_type']}): {attribute['value']}")
    print_story(message["story"])
    click.echo()
