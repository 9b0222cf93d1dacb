"""`put`, `delete`, `send`, `invoke`: things that happen."""

import json
import sys
from typing import Any

import click

from app.cli.client import Client, segment
from app.cli.common import json_option, pass_client, print_json, queue_name


class S3Url(click.ParamType[tuple[str, str]]):
    """`s3://bucket/key`, as the pair of its parts."""

    name = "s3://bucket/key"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        bucket, _, key = str(value).removeprefix("s3://").partition("/")
        if not str(value).startswith("s3://") or not bucket or not key:
            self.fail(f"{value!r} is not like s3://bucket/key", param, ctx)
        return bucket, key


@click.command()
@click.argument("url", type=S3Url())
@click.option("--size", type=click.IntRange(min=0), metavar="BYTES", help="The object's size in the event.")
@click.option("--etag", help="Its ETag in the event.")
@click.option("--event", metavar="NAME", help="Which event.  [default: ObjectCreated:Put]")
@click.option("--version-id", metavar="ID", help="Its version in the event.")
@click.option("--function", metavar="NAME", help="Go straight to this function, past the bucket's rules.")
@json_option
@pass_client
def put(
    client: Client,
    url: tuple[str, str],
    size: int | None,
    etag: str | None,
    event: str | None,
    version_id: str | None,
    function: str | None,
    as_json: bool,
) -> None:
    """Make believe that an object was put: the same event on the same routes, and no object."""
    wanted = {
        "bucket": url[0], "key": url[1], "size": size, "etag": etag, "event": event, "version_id": version_id,
        "function": function,
    }  # fmt: skip
    _print_routes(client.post("/put", wanted), as_json)


@click.command()
@click.argument("url", type=S3Url())
@click.option("--event", metavar="NAME", help="Which event.  [default: ObjectRemoved:Delete]")
@click.option("--version-id", metavar="ID", help="Its version in the event.")
@click.option("--function", metavar="NAME", help="Go straight to this function, past the bucket's rules.")
@json_option
@pass_client
def delete(
    client: Client,
    url: tuple[str, str],
    event: str | None,
    version_id: str | None,
    function: str | None,
    as_json: bool,
) -> None:
    """Make believe that an object was deleted."""
    wanted = {"bucket": url[0], "key": url[1], "event": event, "version_id": version_id, "function": function}
    _print_routes(client.post("/delete", wanted), as_json)


@click.command()
@click.argument("queue")
@click.argument("body")
@click.option("--delay", type=int, metavar="SECONDS", help="Hide it for so long first.")
@json_option
@pass_client
def send(client: Client, queue: str, body: str, delay: int | None, as_json: bool) -> None:
    """Send a message. QUEUE is a name, an ARN or a URL; a BODY of - is read from standard input."""
    text = sys.stdin.read() if body == "-" else body
    sent = client.post(f"/queues/{segment(queue_name(queue))}/messages", {"body": text, "delay_s": delay})
    if as_json:
        print_json(sent)
    else:
        click.echo(sent["message_id"])


@click.command()
@click.argument("function")
@click.option("--payload", default="{}", show_default=True, metavar="JSON", help="The event; - reads standard input.")
@click.option("--event", "is_event", is_flag=True, help="Asynchronously: do not wait for what comes of it.")
@json_option
@pass_client
def invoke(client: Client, function: str, payload: str, is_event: bool, as_json: bool) -> None:
    """Invoke a function and print what it returned; what it logged goes to standard error.

    Exits with 1 when the function did not succeed.
    """
    event = sys.stdin.read() if payload == "-" else payload
    type_ = "Event" if is_event else "RequestResponse"
    invoked = client.post_bytes(f"/functions/{segment(function)}/invoke", event.encode(), type=type_)
    if as_json:
        print_json(invoked)
    elif invoked["outcome"] is None:
        click.echo(f"accepted {invoked['request_id']}")
    else:
        click.echo(invoked["log_tail"].rstrip("\n"), err=True)
        if invoked["payload"] is not None or invoked["outcome"] == "succeeded":
            click.echo(json.dumps(invoked["payload"], ensure_ascii=False))
        if invoked["outcome"] != "succeeded":
            reason = ": ".join(part for part in (invoked["error_type"], invoked["error_message"]) if part)
            click.secho(f"{invoked['outcome']}: {reason}", fg="red", err=True)
    if invoked["outcome"] not in (None, "succeeded"):
        raise SystemExit(1)


def _print_routes(routed: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(routed)
        return
    for route in routed["routes"]:
        if route["taken"]:
            click.secho(f"→ {route['name']}", fg="green")
        else:
            click.echo(f"✗ {route['name']}: {route['reason']}")
    if not routed["routes"]:
        click.echo("no notification of this bucket leads anywhere")
    click.secho(f"chain {routed['chain']}", dim=True)
