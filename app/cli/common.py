"""What commands share: the client they are given, JSON, tables, and the look of stories."""

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from app.cli.client import Client

C = TypeVar("C", bound=Callable[..., Any])

pass_client = click.make_pass_decorator(Client)

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, as the control API gives it.")


def json_option(command: C) -> C:
    """Give the command an `as_json` flag."""
    return _AS_JSON(command)


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(titles: Sequence[str], rows: Sequence[Sequence[object]], *, nothing: str) -> None:
    """Columns as wide as they need to be; the sentence `nothing` when there are no rows."""
    if not rows:
        click.echo(nothing)
        return
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(titles, *texts, strict=True)]
    click.secho(_aligned(titles, widths), bold=True)
    for row in texts:
        click.echo(_aligned(row, widths))


def print_story(lines: Sequence[str], *, indent: str = "  ") -> None:
    """Story lines: what was logged is dim, what failed is red."""
    for line in lines:
        if line.startswith("    "):
            click.secho(f"{indent}{line}", dim=True)
        elif any(word in line for word in _TROUBLE):
            click.secho(f"{indent}{line}", fg="red")
        else:
            click.echo(f"{indent}{line}")


def queue_name(text: str) -> str:
    """The queue that a name, an ARN or a queue URL names."""
    return text.rstrip("/").rsplit("/", 1)[-1] if "://" in text else text


_TROUBLE = (": failed", ": timed out", ": exited", ": init failed", ": refused", ": unreachable")


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
