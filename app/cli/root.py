"""The `triggerfish` command: all its parts, its common options, and how its failures end."""

import os
from typing import Any

import click

from app.cli.buses import put_event, rules
from app.cli.client import Client, ServiceRefused, ServiceUnavailable, endpoint_of_environment
from app.cli.clock import clock
from app.cli.dead_letters import dlq
from app.cli.events import delete, invoke, put, send
from app.cli.explain import explain
from app.cli.fire import fire, templates
from app.cli.functions import functions, logs
from app.cli.journal import story, tail, warnings
from app.cli.lists import mappings, pipes, status
from app.cli.metrics import metrics
from app.cli.queues import queues
from app.cli.schedules import schedules
from app.cli.topics import publish, topics
from app.cli.up import Serve, up_command


class Root(click.Group):
    """A group whose commands end with one line and exit code 1 when the service does not do as asked."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (ServiceUnavailable, ServiceRefused) as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--endpoint", metavar="URL", help="The service. [env: TRIGGERFISH_ENDPOINT, AWS_ENDPOINT_URL]")
@click.version_option(package_name="triggerfish", prog_name="triggerfish")
@click.pass_context
def root(ctx: click.Context, endpoint: str | None) -> None:
    """Triggerfish: the trigger layer of AWS Lambda, on your machine.

    The token of the control API, if it has one, is read from TRIGGERFISH_TOKEN.
    """
    # click colours for terminals only; https://no-color.org turns it off there as well.
    ctx.color = False if os.environ.get("NO_COLOR") else None
    ctx.obj = Client(endpoint or endpoint_of_environment(), os.environ.get("TRIGGERFISH_TOKEN"))


for command in (
    status, put, delete, send, invoke, clock, dlq, queues, functions, mappings, logs, warnings, story, tail,
    explain, metrics, publish, topics, fire, templates, put_event, rules, schedules, pipes,
):  # fmt: skip
    root.add_command(command)


def run(serve: Serve) -> None:
    """Run the command line and exit: 0, 1 for a failure, 2 for bad usage. `up` calls `serve`."""
    root.add_command(up_command(serve))
    root(prog_name="triggerfish")
