"""`metrics`: what CloudWatch would show of functions."""

from typing import Any

import click

from app.cli.client import Client
from app.cli.common import json_option, pass_client, print_json, print_table

_OVERVIEW = (
    ("INVOCATIONS", "Invocations", "sum"),
    ("ERRORS", "Errors", "sum"),
    ("THROTTLES", "Throttles", "sum"),
    ("AVERAGE MS", "Duration", "average"),
    ("AT ONCE", "ConcurrentExecutions", "maximum"),
    ("EVENTS", "AsyncEventsReceived", "sum"),
    ("DROPPED", "AsyncEventsDropped", "sum"),
)
"""The columns of the table of all functions: title, metric, and which of its statistics."""


@click.command()
@click.argument("function", required=False)
@json_option
@pass_client
def metrics(client: Client, function: str | None, as_json: bool) -> None:
    """What was counted of one function, or the most of it for all."""
    shown = client.get("/metrics", function=function) if function else client.get("/metrics")
    if as_json:
        print_json(shown)
    elif function is None:
        rows = [_overview(each) for each in shown]
        titles = ("FUNCTION", *(title for title, _, _ in _OVERVIEW))
        print_table(titles, rows, nothing="there are no functions")
    else:
        rows = [
            (
                metric["name"],
                metric["samples"],
                *(_figure(metric[name]) for name in ("sum", "average", "minimum", "maximum")),
                metric["unit"],
            )
            for metric in shown[0]["metrics"]
        ]
        titles = ("METRIC", "SAMPLES", "SUM", "AVERAGE", "MINIMUM", "MAXIMUM", "UNIT")
        print_table(titles, rows, nothing=f"nothing was counted of {function} yet")


def _overview(shown: dict[str, Any]) -> tuple[str, ...]:
    by_name = {metric["name"]: metric for metric in shown["metrics"]}
    figures = (_figure(by_name[name][which]) if name in by_name else "0" for _, name, which in _OVERVIEW)
    return (shown["function"], *figures)


def _figure(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
