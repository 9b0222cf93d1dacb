"""`queues`, `queues fail`: what queues there are, and how one is made to refuse."""

import click

from app.cli.client import Client, segment
from app.cli.common import json_option, pass_client, print_json, print_table, queue_name

_OPERATIONS = ("SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility")


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def queues(ctx: click.Context, as_json: bool) -> None:
    """Every queue and how full it is; `fail` has one refuse."""
    if ctx.invoked_subcommand is not None:
        return
    client: Client = ctx.obj
    shown = client.get("/queues")
    if as_json:
        print_json(shown)
        return
    rows = [(queue["name"], queue["visible"], queue["in_flight"], queue["delayed"]) for queue in shown]
    print_table(("QUEUE", "VISIBLE", "IN FLIGHT", "DELAYED"), rows, nothing="there are no queues")
    for queue in shown:
        if (refusal := queue["refusal"]) is not None:
            left = "until it is told otherwise" if refusal["left"] is None else f"{refusal['left']} more"
            of = f" of {refusal['operation']}" if refusal["operation"] else ""
            click.secho(f"{queue['name']} refuses with {refusal['code']}, {left}{of}", fg="red")


@queues.command()
@click.argument("queue")
@click.option("--with", "code", metavar="NAME", help="`KmsThrottled`, `RequestThrottled`, `InternalFailure`, ….")
@click.option("--times", type=click.IntRange(min=0), help="How many calls; 0 ends it. Without it, all.")
@click.option("--on", "operation", type=click.Choice(_OPERATIONS), help="Only this operation, and its batch.")
@click.option("--message", help="Instead of AWS's own words.")
@pass_client
def fail(
    client: Client, queue: str, code: str | None, times: int | None, operation: str | None, message: str | None
) -> None:
    """Refuse the next operations on a queue's messages in AWS's words, to see what comes of it.

    Clients get the error; a mapping's pollers, topics, rules and redrives do what they do when SQS fails.
    """
    name = queue_name(queue)
    path = f"/queues/{segment(name)}/refusal"
    if times == 0:
        client.delete(path)
        click.echo(f"{name} refuses nothing any more")
        return
    if code is None:
        raise click.UsageError("say with what it fails: --with KmsThrottled; or end it: --times 0")
    client.put(path, {"with": code, "times": times, "operation": operation, "message": message})
    what = operation or "call"
    which = f"every {what}" if times is None else f"the next {what}" if times == 1 else f"the next {times} {what}s"
    click.echo(f"{name} refuses {which} with {code}")
