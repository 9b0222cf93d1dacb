"""`functions`, `functions show`, `logs`: what functions there are, where they run, and what they print."""

import contextlib
import json
import time
from typing import Any

import click

from app.cli.client import Client, ServiceUnavailable, segment
from app.cli.common import json_option, pass_client, print_json, print_table

_RECONNECT_AFTER_S = 1.0
_INVOCATIONS_SHOWN = 5


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def functions(ctx: click.Context, as_json: bool) -> None:
    """Every function and where it runs; `show` tells of one."""
    if ctx.invoked_subcommand is not None:
        return
    client: Client = ctx.obj
    shown = client.get("/functions")
    if as_json:
        print_json(shown)
        return
    rows = [
        (
            function["name"],
            f"{function['timeout_s']}s",
            _environments(function),
            function["in_flight"],
            function["waiting"],
            function["endpoint"],
        )
        for function in shown
    ]
    titles = ("FUNCTION", "TIMEOUT", "ENVIRONMENTS", "IN FLIGHT", "WAITING", "ENDPOINT")
    print_table(titles, rows, nothing="there are no functions")
    for function in shown:
        gone: dict[tuple[str, str], list[int]] = {}
        for lost in function["lost"]:
            gone.setdefault((lost["where"], lost["why"]), []).append(lost["environment"])
        for (where, why), slots in gone.items():
            which = f"environment {slots[0]}" if len(slots) == 1 else f"{len(slots)} environments"
            click.secho(f"{function['name']} lost {which}, {where}: {why}", fg="red")


def _environments(function: dict[str, Any]) -> str:
    """How many there are; how many of them are in, where not all are."""
    count, lost = function["environments"], len(function["lost"])
    return f"{count - lost} of {count}" if lost else str(count)


@functions.command()
@click.argument("function")
@json_option
@pass_client
def show(client: Client, function: str, as_json: bool) -> None:
    """One function: its environments, how they came and went, and its last invocations."""
    shown = client.get(f"/functions/{segment(function)}")
    environments = client.get(f"/functions/{segment(function)}/environments")
    ended = client.get("/journal", function=function, kinds="InvocationEnded", newest=True, limit=_INVOCATIONS_SHOWN)
    if as_json:
        print_json({**shown, **environments, "last_invocations": ended})
        return
    click.secho(shown["name"], bold=True, nl=False)
    click.echo(f"  {shown['endpoint']}")
    click.echo(
        f"timeout {shown['timeout_s']}s, memory {shown['memory_mb']} MB, at most {shown['environments']} environments; "
        f"{shown['in_flight']} in flight, {shown['waiting']} waiting"
    )
    if shown["refusal"] is not None:
        left = shown["refusal"]["left"]
        more = "until it is told otherwise" if left is None else f"{left} more"
        click.secho(f"refuses with {shown['refusal']['code']}, {more}", fg="red")
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(environments["ended"].items()))
    click.echo(
        f"starts: {environments['cold_starts']} cold, {environments['warm_starts']} warm; ended: {reasons or 'none'}"
    )
    print_table(
        ("SLOT", "STATE", "PID", "STARTED", "INIT", "INVOCATIONS", "LAST USED", "MEMORY", "LOG STREAM"),
        [_environment_row(environment) for environment in environments["environments"]],
        nothing="no environment is there now",
    )
    click.echo("last invocations:" if ended else "no invocations yet")
    for entry in ended:
        click.echo(f"  {entry['at']} {entry['text']}")


@functions.command()
@click.argument("function")
@click.option("--with", "code", metavar="NAME", help="`KMSDisabledException`, or a reason of a throttle.")
@click.option("--times", type=click.IntRange(min=0), help="How many invocations; 0 ends it. Without it, all.")
@click.option("--message", help="Instead of AWS's own words.")
@pass_client
def fail(client: Client, function: str, code: str | None, times: int | None, message: str | None) -> None:
    """Refuse the next invocations of a function in AWS's words, to see what its callers do then.

    Callers get the exception; asynchronous events and batches are tried again, as after any error of the service.
    """
    path = f"/functions/{segment(function)}/refusal"
    if times == 0:
        client.delete(path)
        click.echo(f"{function} is invoked again")
        return
    if code is None:
        raise click.UsageError("say with what it fails: --with KMSDisabledException; or end it: --times 0")
    client.put(path, {"with": code, "times": times, "message": message})
    count = "" if times == 1 else f"{times} "
    which = "every invocation" if times is None else f"the next {count}invocation{'' if times == 1 else 's'}"
    click.echo(f"{function} refuses {which} with {code}")


def _environment_row(environment: dict[str, Any]) -> tuple[object, ...]:
    init_ms = environment["init_ms"]
    return (
        environment["slot"],
        environment["state"],
        environment["pid"] or "",
        environment["began_at"],
        "" if init_ms is None else f"{init_ms:.1f} ms",
        environment["invocations"],
        environment["last_used_at"] or "",
        f"{environment['max_memory_mb']} MB",
        environment["environment"],
    )


@click.command()
@click.argument("function", required=False)
@click.option("-n", "--lines", default=200, show_default=True, type=click.IntRange(min=1), help="How many.")
@click.option("-f", "--follow", is_flag=True, help="Stay for what comes; Ctrl-C ends it.")
@click.option("--request", metavar="ID", help="Only what this invocation printed; needs no function.")
@click.option("--since", metavar="WHEN", help="Only later lines: `10m` ago on the service's clock, or an instant.")
@json_option
@pass_client
def logs(
    client: Client,
    function: str | None,
    lines: int,
    follow: bool,
    request: str | None,
    since: str | None,
    as_json: bool,
) -> None:
    """What a function printed: its last lines, or those of one invocation."""
    if function is None and request is None:
        raise click.UsageError("give the name of a function, or --request and an id")
    if follow and (request is not None or function is None):
        raise click.UsageError("--follow is for a function, not for one invocation")
    if function is None:
        shown = client.get(f"/invocations/{segment(request or '')}/logs")
    else:
        shown = client.get(f"/functions/{segment(function)}/logs", lines=lines, since=since, request=request)
    if as_json and not follow:
        print_json(shown)
        return
    for line in shown["lines"] if not as_json else ():
        click.echo(line)
    if follow and function is not None:
        with contextlib.suppress(KeyboardInterrupt):
            _follow(client, function, str(shown["last"]), as_json=as_json)


def _follow(client: Client, function: str, seen: str, *, as_json: bool) -> None:
    is_connected = True
    while True:
        try:
            for number, entry in client.follow(f"/functions/{segment(function)}/logs/stream", last_event_id=seen):
                seen, is_connected = number, True
                click.echo(json.dumps(entry, ensure_ascii=False) if as_json else entry["text"].rstrip("\n"))
        except ServiceUnavailable:
            pass
        if is_connected:
            click.echo(f"the connection to {client.endpoint} was lost; trying again", err=True)
        is_connected = False
        time.sleep(_RECONNECT_AFTER_S)
