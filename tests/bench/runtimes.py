"""The runtimes that a function's process may have: ours, and the clients that AWS gives away."""

import importlib.util
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

HANDLERS = Path(__file__).parent / "handlers"
_OURS = Path(__file__).parents[2] / "app/adapters/process"
_NODE_CLIENT = Path(
    os.environ.get("TRIGGERFISH_NODE_RIC") or Path(__file__).parents[2] / ".tools/node/node_modules/aws-lambda-ric"
)


@dataclass(frozen=True, slots=True)
class Runtime:
    """`program` starts it, with the handler's name for a last argument where it is `named`; ours have it from the
    environment, and need no `command` in the settings."""

    name: str
    runtime: str
    program: tuple[str, ...]
    is_ours: bool

    def command(self, handler: str) -> list[str]:
        return [*self.program, *([] if self.is_ours else [handler])]

    def settings(self, function: str, handler: str, environments: int) -> str:
        """The entry of a function of that name, below `functions:`."""
        command = "" if self.is_ours else f"    command: [{', '.join(self.command(handler))}]\n"
        return (
            f"  {function}:\n    Handler: {handler}\n    Runtime: {self.runtime}\n    CodeUri: {HANDLERS}\n"
            f"    environments: {environments}\n{command}"
        )


def variables_for(handler: str, address: str) -> dict[str, str]:
    """What a runtime has to know to ask a Runtime API at that address."""
    return {
        **os.environ,
        "AWS_LAMBDA_RUNTIME_API": address,
        "LAMBDA_TASK_ROOT": str(HANDLERS),
        "_HANDLER": handler,
    }


def runtimes() -> list[Runtime]:
    """Those that are here."""
    found = [Runtime("our Python", "python3.11", (sys.executable, "-P", str(_OURS / "bootstrap.py")), is_ours=True)]
    if importlib.util.find_spec("awslambdaric") is not None:
        found.append(Runtime("awslambdaric", "python3.11", (sys.executable, "-m", "awslambdaric"), is_ours=False))
    node = shutil.which("node")
    if node is not None:
        found.append(Runtime("our Node", "nodejs20.x", (node, str(_OURS / "bootstrap.mjs")), is_ours=True))
        if any(_NODE_CLIENT.rglob("*.node")):
            client = (node, str(_NODE_CLIENT / "bin/index.mjs"))
            found.append(Runtime("aws-lambda-ric", "nodejs20.x", client, is_ours=False))
    return found


def runtime_named(name: str) -> Runtime:
    return next(runtime for runtime in runtimes() if runtime.name == name)
