"""One table of handler behaviours through every runtime: our bootstraps, AWS's clients, and the real emulator.

What our own runtimes make of a handler must be what AWS's make of it.
"""

import json
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.adapters.classic_rie import ClassicRie
from app.core.awslambda.invocation import Exited, HandlerFailed, InitFailed, Outcome, Succeeded, TimedOut
from app.engine.ports import FunctionEndpoint
from tests.adapters.support import invocation, process_endpoint, write
from tests.rie.emulators import HAS_AWSLAMBDARIC, emulator, find_node_client, find_rie

pytestmark = pytest.mark.real


@dataclass(frozen=True)
class Behaviour:
    """What a handler does in each language, and what is to come of it. `node_error_type` is where
    Node's differs, `node_app` a whole file in place of the usual one."""

    name: str
    python: str
    node: str
    outcome: type[Outcome]
    error_type: str = ""
    node_error_type: str = ""
    node_app: str = ""


PYTHON_APP = "import os, sys, time\n\ndef handler(event, context):\n    {}\n"
NODE_APP = "export const handler = async (event, context) => {{ {} }}\n"

BEHAVIOURS = [
    Behaviour("returns", "return {'n': event}", "return { n: event }", Succeeded),
    Behaviour("returns nothing", "pass", "", Succeeded),
    Behaviour("prints", "print('hello')", "console.log('hello')", Succeeded),
    Behaviour(
        "raises", "raise ValueError('no')", "throw new RangeError('no')", HandlerFailed, "ValueError", "RangeError"
    ),
    Behaviour("sleeps past the limit", "time.sleep(20)", "await new Promise((r) => setTimeout(r, 20000))", TimedOut),
    Behaviour("exits with 3", "sys.exit(3)", "process.exit(3)", Exited),
    Behaviour("exits at once", "os._exit(3)", "process.abort()", Exited),
    Behaviour("is not JSON", "return {1}", "return { n: 1n }", HandlerFailed, "Runtime.MarshalError", "Error"),
    Behaviour(
        "is too large",
        "return 'x' * 7_000_000",
        "return 'x'.repeat(7_000_000)",
        HandlerFailed,
        "Function.ResponseSizeTooLarge",
    ),
    Behaviour(
        "cannot be imported",
        "pass\nimport nowhere_to_be_found",
        "}; import 'nowhere-to-be-found'; {",
        InitFailed,
        "Runtime.ImportModuleError",
        "Error",
    ),
    Behaviour(
        "has no such handler",
        "pass\n\ndel handler",
        "",
        InitFailed,
        "Runtime.HandlerNotFound",
        node_app="export const other = 1",
    ),
    Behaviour("exits at import", "pass\n\nos._exit(3)", "}; process.exit(3); {", Exited),
]

needs_python_client = pytest.mark.skipif(not HAS_AWSLAMBDARIC, reason="awslambdaric is not installed")
needs_rie = pytest.mark.skipif(find_rie() is None, reason="no Runtime Interface Emulator: run scripts/fetch-rie.sh")
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
needs_node_client = pytest.mark.skipif(find_node_client() is None, reason="aws-lambda-ric is not built: run make tools")


@asynccontextmanager
async def runtime(name: str, code: Path) -> AsyncIterator[FunctionEndpoint]:
    """The endpoint that runs the function in this folder by this runtime."""
    if name == "emulator":
        async with emulator(code, timeout_s=1) as url:
            rie = ClassicRie([url])
            yield rie
            await rie.close()
        return
    if name == "bootstrap":
        write(code, "bootstrap", f'#!/bin/sh\nexec {sys.executable} -m awslambdaric "$_HANDLER"\n').chmod(0o755)
        async with process_endpoint(code, runtime="provided") as endpoint:
            yield endpoint
        return
    commands: dict[str, tuple[str, ...]] = {
        "awslambdaric": (sys.executable, "-m", "awslambdaric", "app.handler"),
        "aws-lambda-ric": ("node", str(find_node_client()), "app.handler"),
    }
    language = "node" if name in ("node", "aws-lambda-ric") else "python"
    async with process_endpoint(code, runtime=language, command=commands.get(name, ())) as endpoint:
        yield endpoint


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda behaviour: behaviour.name)
@pytest.mark.parametrize(
    "name",
    [
        "python",
        pytest.param("awslambdaric", marks=needs_python_client),
        pytest.param("bootstrap", marks=needs_python_client),
        pytest.param("emulator", marks=[needs_python_client, needs_rie]),
        pytest.param("node", marks=needs_node),
        pytest.param("aws-lambda-ric", marks=needs_node_client),
    ],
)
async def test_a_handler_comes_to_the_same_in_every_runtime(tmp_path: Path, name: str, behaviour: Behaviour) -> None:
    write(tmp_path, "app.py", PYTHON_APP.format(behaviour.python))
    write(tmp_path, "app.mjs", behaviour.node_app or NODE_APP.format(behaviour.node))
    is_node = name in ("node", "aws-lambda-ric")
    limit_ms = 1_000 if behaviour.outcome is TimedOut else 10_000
    async with runtime(name, tmp_path) as endpoint:
        outcome = await endpoint.invoke(invocation({"n": 1}, timeout_ms=limit_ms))

    assert type(outcome) is behaviour.outcome
    if isinstance(outcome, HandlerFailed | InitFailed):
        expected = behaviour.node_error_type if is_node and behaviour.node_error_type else behaviour.error_type
        assert outcome.error_type == expected
    # The emulator does not tell how a runtime ended that ended in its init.
    is_untold = name == "emulator" and behaviour.name == "exits at import"
    if isinstance(outcome, Exited) and not is_untold and not (is_node and behaviour.name == "exits at once"):
        assert outcome.status == "exit status 3"
    if isinstance(outcome, Succeeded):
        assert json.loads(outcome.payload) == ({"n": {"n": 1}} if behaviour.name == "returns" else None)
