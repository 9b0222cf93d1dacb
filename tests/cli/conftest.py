"""The command line against a service that runs."""

from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result

from app.cli.root import root
from tests.serving import Serving, serving

Run = Callable[..., Result]


@pytest.fixture
def service() -> Iterator[Serving]:
    with serving() as running:
        yield running


@pytest.fixture
def run(service: Serving) -> Run:
    """Run `triggerfish` with these arguments against the service; `input` is its standard input."""

    def run(*arguments: str, input: str | None = None, color: bool = False, **env: str) -> Result:
        variables = {"TRIGGERFISH_ENDPOINT": service.url, "TRIGGERFISH_TOKEN": None, "NO_COLOR": None, **env}
        return CliRunner().invoke(root, arguments, input=input, env=variables, color=color)

    return run


@pytest.fixture
def poisoned(run: Run) -> str:
    """The id of one dead letter in `orders-dlq`."""
    sent = run("send", "orders", '{"poison": true}')
    run("clock", "advance", "10m")
    return sent.stdout.strip()
