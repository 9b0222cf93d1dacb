"""Any executable that speaks the Runtime API: AWS's own clients, and a bootstrap in shell."""

import importlib.util
import json
import shutil
import sys
from pathlib import Path

import pytest

from app.adapters.process.http_server import Connection, Request
from app.adapters.process.runtime_api import RuntimeApi
from app.core.awslambda.invocation import Exited, HandlerFailed, InitFailed, Succeeded
from tests.adapters.support import FUNCTION_ARN, TRACE_HEADER, invocation, process_endpoint, write
from tests.rie.emulators import find_node_client

needs_python_client = pytest.mark.skipif(
    importlib.util.find_spec("awslambdaric") is None, reason="awslambdaric is not installed"
)
needs_node_client = pytest.mark.skipif(find_node_client() is None, reason="aws-lambda-ric is not built: run make tools")

SHELL_BOOTSTRAP = """\
    #!/bin/sh
    # The loop of AWS's own tutorial on custom runtimes.
    set -eu
    api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
    while true; do
      headers=$(mktemp)
      event=$(curl -sS -D "$headers" "$api/invocation/next")
      id=$(grep -F 'Lambda-Runtime-Aws-Request-Id' "$headers" | tr -d '[:space:]' | cut -d: -f2)
      rm "$headers"
      echo "working on $event" >&2
      if [ "$event" = '"fail"' ]; then
        curl -sS -o /dev/null "$api/invocation/$id/error" -d '{"errorType":"Shell.Failed","errorMessage":"no"}'
      else
        curl -sS -o /dev/null "$api/invocation/$id/response" -d "Echoing request: $event"
      fi
    done
    """


@pytest.mark.real
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_a_bootstrap_in_shell_runs(tmp_path: Path) -> None:
    write(tmp_path, "bootstrap", SHELL_BOOTSTRAP).chmod(0o755)
    async with process_endpoint(tmp_path, runtime="provided") as endpoint:
        outcome = await endpoint.invoke(invocation({"n": 1}))
        failed = await endpoint.invoke(invocation("fail"))

    assert isinstance(outcome, Succeeded)
    assert outcome.payload == b'Echoing request: {"n": 1}'
    assert 'working on {"n": 1}\n' in outcome.ran.log_tail
    assert isinstance(failed, HandlerFailed)
    assert (failed.error_type, failed.message) == ("Shell.Failed", "no")


@needs_python_client
async def test_awslambdaric_runs_unmodified(tmp_path: Path) -> None:
    write(
        tmp_path,
        "app.py",
        """
        import os

        def handler(event, context):
            print("working")
            return [event, context.aws_request_id, context.invoked_function_arn, os.environ["_X_AMZN_TRACE_ID"]]
        """,
    )
    command = (sys.executable, "-m", "awslambdaric", "app.handler")
    async with process_endpoint(tmp_path, command=command) as endpoint:
        outcomes = [await endpoint.invoke(invocation(n, request_id=f"r-{n}")) for n in (1, 2)]

    for n, outcome in enumerate(outcomes, start=1):
        assert isinstance(outcome, Succeeded)
        assert outcome.payload.decode() == f'[{n}, "r-{n}", "{FUNCTION_ARN}", "{TRACE_HEADER}"]'
        assert "\nworking\n" in outcome.ran.log_tail


@pytest.mark.parametrize(
    "client",
    [
        pytest.param("awslambdaric", marks=needs_python_client),
        pytest.param("aws-lambda-ric", marks=needs_node_client),
    ],
)
async def test_what_awss_own_clients_send_is_read_once_and_then_known(
    client: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[str] = []
    serve = RuntimeApi._serve

    def counted(api: RuntimeApi, request: Request, connection: Connection) -> None:
        parsed.append(request.path.rpartition("/")[2])
        serve(api, request, connection)

    monkeypatch.setattr(RuntimeApi, "_serve", counted)
    write(tmp_path, "app.py", "def handler(event, context): return event")
    write(tmp_path, "app.js", "exports.handler = async (event) => event;")
    command = {
        "awslambdaric": (sys.executable, "-m", "awslambdaric", "app.handler"),
        "aws-lambda-ric": ("node", str(find_node_client()), "app.handler"),
    }[client]
    events = [1, {"text": "x" * 70_000}, "ü", None, [2]]
    async with process_endpoint(tmp_path, command=command) as endpoint:
        outcomes = [
            await endpoint.invoke(invocation(event, request_id=f"r-{n}")) for n, event in enumerate(events, start=1)
        ]

    assert [json.loads(outcome.payload) for outcome in outcomes if isinstance(outcome, Succeeded)] == events
    # What is too long for one piece is the parser's.
    assert parsed.count("next") <= 2
    assert parsed.count("response") <= 2


async def test_a_bootstrap_that_is_missing_or_cannot_be_run_is_an_invalid_entrypoint(tmp_path: Path) -> None:
    async with process_endpoint(tmp_path, runtime="provided") as endpoint:
        missing = await endpoint.invoke(invocation())
        write(tmp_path, "bootstrap", SHELL_BOOTSTRAP).chmod(0o644)
        not_executable = await endpoint.invoke(invocation())
        write(tmp_path, "bootstrap", "#!/nowhere/sh\n").chmod(0o755)
        no_interpreter = await endpoint.invoke(invocation())

    for outcome, text in [
        (missing, "Couldn't find valid bootstrap(s)"),
        (not_executable, "permission denied"),
        (no_interpreter, "no such file or directory"),
    ]:
        assert isinstance(outcome, InitFailed)
        assert outcome.error_type == "Runtime.InvalidEntrypoint"
        assert text in outcome.message


async def test_a_program_that_does_not_speak_the_runtime_api_has_exited(tmp_path: Path) -> None:
    async with process_endpoint(tmp_path, command=("sh", "-c", "exit 127")) as endpoint:
        outcome = await endpoint.invoke(invocation())

    assert isinstance(outcome, Exited)
    assert outcome.status == "exit status 127"
