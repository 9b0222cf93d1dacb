"""`explain`: why something would not fire, or did not."""

import json
import sys
from typing import Any

import click

from app.cli.client import Client
from app.cli.common import json_option, pass_client, print_json, queue_name
from app.cli.events import S3Url

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

WOULD_NOT_FIRE = 3
"""The exit status when no function would be invoked, now or later."""

_MARKS = {"yes": "✔", "no": "✘", "wait": "…", "note": "·"}
_PLAIN_MARKS = {"yes": "[yes] ", "no": "[no]  ", "wait": "[wait]", "note": "[note]"}
_COLOURS = {"yes": "green", "no": "red", "wait": "yellow"}


class Attribute(click.ParamType[tuple[str, dict[str, str]]]):
    """`NAME=VALUE` or `NAME:TYPE=VALUE`, as its name and what the control API takes."""

    name = "NAME[:TYPE]=VALUE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, dict[str, str]]:
        named, equals, text = str(value).partition("=")
        name, _, data_type = named.partition(":")
        if not name or not equals:
            self.fail(f"{value!r} is not like NAME=VALUE or NAME:TYPE=VALUE", param, ctx)
        return name, {"data_type": data_type or "String", "value": text}


@click.command()
@click.argument("target", required=False)
@click.argument("body", required=False)
@click.option("--topic", metavar="NAME", help="A message as this topic would get it; TARGET is the message.")
@click.option("--subject", help="Of the message to the topic.")
@click.option("--message", metavar="ID", help="A message that was sent: what happened to it, and what comes next.")
@click.option("--schedule", metavar="NAME", help="A schedule, or a rule that has one.")
@click.option("--pipe", metavar="NAME", help="A pipe; TARGET is a message for its queue, if there is one.")
@click.option("--api", metavar="NAME", help="Of a request: the API, by name or id; the URL is a path then.")
@click.option("--invoke", metavar="FUNCTION", help="An invocation of this function.")
@click.option("--payload", metavar="JSON", help="What to invoke it with.")
@click.option("--async", "is_event", is_flag=True, help="Invoke it asynchronously.")
@click.option("--event", metavar="NAME", help="Which object event.  [default: ObjectCreated:Put]")
@click.option(
    "--put-event", nargs=3, metavar="SOURCE DETAIL-TYPE DETAIL", help="An event as it would be put on an event bus."
)
@click.option("--bus", metavar="NAME", help="The event's bus.  [default: the default bus]")
@click.option("--attribute", "attributes", type=Attribute(), multiple=True, help="Of the message; may be repeated.")
@click.option("--delay", type=int, metavar="SECONDS", help="Of the message.")
@click.option("--group", metavar="ID", help="The message's group.")
@click.option("--deduplication-id", metavar="ID", help="The message's deduplication id.")
@click.option("--function", metavar="NAME", help="Only what concerns this function.")
@json_option
@pass_client
def explain(
    client: Client,
    target: str | None,
    body: str | None,
    topic: str | None,
    subject: str | None,
    message: str | None,
    schedule: str | None,
    pipe: str | None,
    api: str | None,
    invoke: str | None,
    payload: str | None,
    is_event: bool,
    event: str | None,
    put_event: tuple[str, str, str] | None,
    bus: str | None,
    attributes: tuple[tuple[str, dict[str, str]], ...],
    delay: int | None,
    group: str | None,
    deduplication_id: str | None,
    function: str | None,
    as_json: bool,
) -> None:
    """Why would it not fire, or why did it not? Step by step, and nothing happens.

    \b
    triggerfish explain s3://BUCKET/KEY     an object event
    triggerfish explain QUEUE BODY          a message to be sent; a BODY of - is read from standard input
    triggerfish explain GET URL             an HTTP request to a front, or with --api NAME a path
    triggerfish explain --topic NAME BODY   a message to be published
    triggerfish explain --put-event SOURCE DETAIL-TYPE DETAIL
    triggerfish explain --message ID        a message that was sent
    triggerfish explain --schedule NAME     when it fires next
    triggerfish explain --pipe NAME [BODY]  whether it takes messages, or what becomes of this one
    triggerfish explain --invoke FUNCTION   an invocation

    Exits with 0 when a function is invoked, now or once what it waits for has come, and with 3 when it is not.
    """
    asked = [value for value in (target or pipe, put_event, message, schedule, invoke) if value is not None]
    if len(asked) != 1 or (invoke and function):
        raise click.UsageError(
            "say one of s3://BUCKET/KEY, QUEUE BODY, --topic NAME BODY, --put-event …, --message ID, "
            "--schedule NAME, --pipe NAME [BODY] and --invoke FUNCTION"
        )
    place = _pipe(pipe, target, body, topic) if pipe else _place(target, body, topic, api)
    wanted: dict[str, Any] = {
        "message": message, "schedule": schedule, "payload": _parsed(payload), "event": event, "delay": delay,
        "group": group, "deduplication_id": deduplication_id, "function": invoke or function,
        "attributes": dict(attributes) or None, "type": "Event" if is_event else None,
        "subject": subject, "api": api, **place, **_event(put_event), "bus": bus,
    }  # fmt: skip
    explained = client.post("/explain", {name: value for name, value in wanted.items() if value is not None})
    if as_json:
        print_json(explained)
    else:
        _print_explanation(explained)
    if explained["conclusion"]["verdict"] == "no":
        raise SystemExit(WOULD_NOT_FIRE)


def _place(target: str | None, body: str | None, topic: str | None, api: str | None) -> dict[str, str]:
    """What the arguments name: an object, or a queue or topic and what it gets."""
    if topic is not None:
        if target is None or body is not None:
            raise click.UsageError("--topic NAME needs one BODY, which may be -")
        return {"topic": topic, "body": sys.stdin.read() if target == "-" else target}
    if target is None:
        return {}
    if body is not None and target in _METHODS and (api is not None or body.startswith(("http://", "https://"))):
        return {"method": target, "url": body}
    if target.startswith("s3://"):
        if body is not None:
            raise click.UsageError("an object event has no BODY")
        bucket, key = S3Url().convert(target, None, click.get_current_context())
        return {"bucket": bucket, "key": key}
    if body is None:
        raise click.UsageError("a message needs a BODY, which may be -")
    return {"queue": queue_name(target), "body": sys.stdin.read() if body == "-" else body}


def _pipe(pipe: str, target: str | None, body: str | None, topic: str | None) -> dict[str, str]:
    if body is not None or topic is not None:
        raise click.UsageError("--pipe NAME takes one BODY at most, which may be -")
    message = {} if target is None else {"body": sys.stdin.read() if target == "-" else target}
    return {"pipe": pipe, **message}


def _event(put_event: tuple[str, str, str] | None) -> dict[str, str]:
    if put_event is None:
        return {}
    source, detail_type, detail = put_event
    return {"source": source, "detail_type": detail_type, "detail": detail}


def _parsed(payload: str | None) -> Any:
    if payload is None:
        return None
    try:
        return json.loads(payload)
    except ValueError:
        raise click.BadParameter("it is not JSON", param_hint="--payload") from None


def _print_explanation(explained: dict[str, Any]) -> None:
    marks = _MARKS if _can_print("".join(_MARKS.values())) else _PLAIN_MARKS
    for step in explained["steps"]:
        click.secho(marks[step["verdict"]], fg=_COLOURS.get(step["verdict"]), nl=False)
        click.secho(f" {_printable(step['text'])}", dim=step["verdict"] == "note")
    conclusion = explained["conclusion"]
    click.secho(_printable(conclusion["text"]), fg=_COLOURS[conclusion["verdict"]], bold=True)


def _printable(text: str) -> str:
    """The text as the terminal can show it."""
    return text if _can_print(text) else text.replace("→", "->").encode("ascii", "replace").decode()


def _can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
