"""Any executable that speaks the Runtime API: AWS's own clients, and a bootstrap in shell."""

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

from app.core.invocation import Exited, HandlerFailed, InitFailed, Succeeded
from tests.adapters.support import FUNCTION_ARN, TRACE_HEADER, invocation, process_endpoint, write

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


@pytest.mark.skipif(importlib.util.find_spec("awslambdaric") is None, reason="awslambdaric is not installed")
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
