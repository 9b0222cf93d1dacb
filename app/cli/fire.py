"""`fire` and `templates`: events of any source, sent as the source sends them."""

import json
from typing import Any

import click

from app.cli.client import Client, segment
from app.cli.common import json_option, pass_client, print_json, print_table


@click.command()
@click.argument("source")
@click.argument("name", required=False)
@click.option("--function", metavar="NAME", help="The function that the source invokes.")
@click.option(
    "--target",
    metavar="ARN|NAME",
    help="Another target; for s3, sqs, sns and eventbridge a bucket, queue, topic or bus by its name.",
)
@click.option("--set", "settings", multiple=True, metavar="PATH=VALUE", help="Set a member; VALUE is JSON, or text.")
@click.option("--type", "kind", type=click.Choice(["RequestResponse", "Event"]), help="How to invoke.")
@click.option("--repeat", type=click.IntRange(1, 1_000), default=1, show_default=True, help="How often.")
@click.option("--dry-run", is_flag=True, help="Print the event and fire nothing.")
@json_option
@pass_client
def fire(
    client: Client,
    source: str,
    name: str | None,
    function: str | None,
    target: str | None,
    settings: tuple[str, ...],
    kind: str | None,
    repeat: int,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Fire an event as SOURCE would send it, and judge the answer as it would.

    NAME is one of `triggerfish templates SOURCE`. PATH goes from the event's root, with dots between names and list
    places, also into what is encoded: awslogs.data.logEvents.0.message=boom.

    Exits with 1 when the source would reject the answer, or when the target did not take the event.
    """
    wanted = {
        "source": source, "name": name, "function": function, "target": target, "set": dict(map(_setting, settings)),
        "type": kind, "repeat": repeat, "dry_run": dry_run,
    }  # fmt: skip
    fired = client.post("/fire", wanted)
    for path in fired["new_paths"]:
        click.secho(f"note: {path} is not in the template", fg="yellow", err=True)
    if as_json:
        print_json(fired)
    elif dry_run:
        for shot in fired["shots"]:
            print_json(shot["event"])
    else:
        for shot in fired["shots"]:
            _print_shot(shot)
    if not dry_run and not all(_is_well(shot) for shot in fired["shots"]):
        raise SystemExit(1)


@click.command()
@click.argument("source", required=False)
@click.argument("name", required=False)
@json_option
@pass_client
def templates(client: Client, source: str | None, name: str | None, as_json: bool) -> None:
    """List the events that can be fired, of one SOURCE if it is given; with a NAME, print the event."""
    if source is not None and name is not None:
        print_json(client.get(f"/templates/{segment(source)}/{segment(name)}")["event"])
        return
    found = client.get("/templates", source=source)
    if as_json:
        print_json(found)
        return
    rows = [[one["source"], one["name"], one["invocation"], one["description"]] for one in found]
    print_table(["SOURCE", "NAME", "INVOCATION", "DESCRIPTION"], rows, nothing="there are no templates")


def _setting(text: str) -> tuple[str, Any]:
    """A path as it is written, and its value: JSON if it is that, else text."""
    path, separator, value = text.partition("=")
    if not separator or not path:
        raise click.BadParameter(f"{text!r} is not like request.userAttributes.email=ann@example.com")
    try:
        return path, json.loads(value)
    except (ValueError, RecursionError):
        return path, value


def _print_shot(shot: dict[str, Any]) -> None:
    for route in shot["routes"]:
        if route["taken"]:
            click.secho(f"→ {route['name']}", fg="green")
        else:
            click.secho(f"✗ {route['name']}: {route['reason']}", fg="red" if route["rule_id"] == "direct" else None)
    if not shot["routes"]:
        click.echo("it leads nowhere: no rule wants it")
    invoked = shot["invoked"]
    if invoked is not None and invoked["outcome"] is None:
        click.echo(f"accepted {invoked['request_id']}")
    elif invoked is not None:
        click.echo(invoked["log_tail"].rstrip("\n"), err=True)
        click.echo(json.dumps(invoked["payload"], ensure_ascii=False))
    verdict = shot["verdict"]
    if verdict is not None and verdict["would_accept"] is not None:
        click.secho(verdict["text"], fg="green" if verdict["would_accept"] else "red")
    if shot["chain"]:
        click.secho(f"chain {shot['chain']}", dim=True)


def _is_well(shot: dict[str, Any]) -> bool:
    """Whether the source would be content. A rule of a bucket that does not want the event is no failure."""
    is_rejected = shot["verdict"] is not None and shot["verdict"]["would_accept"] is False
    return not is_rejected and all(route["taken"] or route["rule_id"] != "direct" for route in shot["routes"])
