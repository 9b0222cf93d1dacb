"""AWS's own programs for these tests: where they are, and how they are started and stopped."""

import asyncio
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.machine import free_port as free_port

ROOT = Path(__file__).parent.parent.parent
HAS_AWSLAMBDARIC = importlib.util.find_spec("awslambdaric") is not None


def find_rie() -> Path | None:
    """The emulator: TRIGGERFISH_RIE, or what scripts/fetch-rie.sh has fetched."""
    candidate = Path(os.environ.get("TRIGGERFISH_RIE") or ROOT / ".tools/aws-lambda-rie")
    return candidate if os.access(candidate, os.X_OK) else None


def find_node_client() -> Path | None:
    """The start script of aws-lambda-ric: in TRIGGERFISH_NODE_RIC, or where the tools are fetched to."""
    folder = Path(os.environ.get("TRIGGERFISH_NODE_RIC") or ROOT / ".tools/node/node_modules/aws-lambda-ric")
    script = folder / "bin/index.mjs"
    is_built = any(folder.rglob("*.node"))
    return script if script.exists() and is_built and shutil.which("node") else None


@asynccontextmanager
async def emulator(
    code: Path,
    *,
    handler: str = "app.handler",
    timeout_s: int = 3,
    variables: dict[str, str] | None = None,
    port: int | None = None,
) -> AsyncIterator[str]:
    """A real emulator with awslambdaric in it; gives its URL once it listens."""
    command = [sys.executable, "-m", "awslambdaric", handler]
    environment = {"AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout_s), **(variables or {})}
    async with _running([], command, code, environment, port) as url:
        yield url


@asynccontextmanager
async def concurrent_emulator(code: Path, *, timeout_s: int = 3) -> AsyncIterator[str]:
    """A real emulator in its concurrent mode; gives its URL.

    It runs `/var/task/bootstrap` and nothing else, so `code` is put there in a mount namespace of its own.
    """
    prepare = 'mount -t tmpfs none /var && mkdir /var/task && mount --bind "$1" /var/task && cd /var/task'
    wrapper = ["unshare", "-m", "sh", "-c", prepare + ' && shift && exec "$@"', "sh", str(code)]
    environment = {"AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout_s), "AWS_LAMBDA_MAX_CONCURRENCY": "2"}
    async with _running(wrapper, [], code, environment) as url:
        yield url


def why_not_concurrent() -> str:
    """The reason why the concurrent mode cannot be started here; empty when it can."""
    if find_rie() is None:
        return "no Runtime Interface Emulator: run scripts/fetch-rie.sh"
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return "the concurrent emulator wants /var/task, which needs root and unshare"
    if subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode != 0:
        return "no mount namespace can be made here"
    if shutil.which("node") is None:
        return "Node is not installed"
    # The emulator runs the runtime as an unprivileged user.
    if any(folder.stat().st_mode & 0o001 == 0 for folder in Path(shutil.which("node") or "/").resolve().parents):
        return "Node is installed where only its owner may run it"
    return ""


@asynccontextmanager
async def _running(
    wrapper: list[str], command: list[str], folder: Path, environment: dict[str, str], port: int | None = None
) -> AsyncIterator[str]:
    rie = find_rie()
    assert rie is not None, "the test is skipped where there is no emulator"
    port = port or free_port()
    process = await asyncio.create_subprocess_exec(
        *wrapper,
        str(rie.resolve()),
        "--runtime-interface-emulator-address",
        f"127.0.0.1:{port}",
        "--runtime-api-address",
        f"127.0.0.1:{free_port()}",
        *command,
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        await _listening(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        # The emulator kills its runtime, which is a group of its own, when it is asked to end.
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), 5)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _listening(port: int, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(10):
        while process.returncode is None:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return
    raise RuntimeError(f"the emulator ended with {process.returncode}")
