"""The environment variables and the command line of a function's process (spec: environment of the process)."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from app.adapters.process.spec import ProcessSpec

RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_FORMAT",
        "AWS_LAMBDA_LOG_LEVEL",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)
"""What a user cannot set (developer guide, configuration-envvars)."""

_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "LD_LIBRARY_PATH")
_PYTHON_VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
_HERE = Path(__file__).parent


class InvalidEntrypoint(Exception):
    """There is nothing that could be started for this function."""


def build_variables(
    spec: ProcessSpec,
    *,
    slot: int,
    runtime_api: str,
    log_stream: str,
    tmp: Path | None = None,
    inherited: Mapping[str, str] = os.environ,
) -> dict[str, str]:
    """All variables of the process in this slot. `runtime_api` is `host:port`, `tmp` the folder that is its `/tmp`."""
    variables = {name: inherited[name] for name in _INHERITED if name in inherited}
    variables |= {
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1",
        "_AWS_XRAY_DAEMON_PORT": "2000",
        "PWD": str(spec.code),
        "SHLVL": "0",
    }
    if tmp is not None:
        # /tmp itself is everybody's here; what asks for a folder for temporary files gets the environment's own.
        variables["TMPDIR"] = str(tmp)
    if spec.endpoint_url:
        variables["AWS_ENDPOINT_URL"] = spec.endpoint_url
    variables |= {name: value for name, value in spec.environment.items() if name not in RESERVED}
    variables |= _search_paths(spec, variables)
    variables |= {
        "_HANDLER": spec.handler,
        "AWS_REGION": spec.region,
        "AWS_DEFAULT_REGION": spec.region,
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": spec.initialization_type,
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group or f"/aws/lambda/{spec.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_ACCESS_KEY_ID": spec.access_key_ids[slot] if slot < len(spec.access_key_ids) else spec.account,
        "AWS_SECRET_ACCESS_KEY": spec.secret_access_key,
        "AWS_SESSION_TOKEN": "triggerfish",
        "LAMBDA_TASK_ROOT": str(spec.code),
        "LAMBDA_RUNTIME_DIR": str(_HERE),
    }
    # Developer guide, configuration-envvars: not for runtimes of one's own.
    if spec.runtime == "python":
        variables["AWS_EXECUTION_ENV"] = f"AWS_Lambda_{_PYTHON_VERSION}"
    elif spec.runtime == "node":
        variables["AWS_EXECUTION_ENV"] = f"AWS_Lambda_{spec.runtime_name or 'nodejs'}"
    if spec.log_format == "JSON":
        variables["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
        variables["AWS_LAMBDA_LOG_LEVEL"] = spec.application_log_level or "INFO"
    return variables


def extensions_of(spec: ProcessSpec) -> list[Path]:
    """The external extensions that its layers bring: the executables in their `extensions` folders."""
    return [
        program
        for layer in spec.layers
        if (layer / "extensions").is_dir()
        for program in sorted((layer / "extensions").iterdir())
        if program.is_file() and os.access(program, os.X_OK)
    ]


def build_command(spec: ProcessSpec, search_path: str | None) -> list[str]:
    """The program and its arguments. Raises InvalidEntrypoint when there is none to run."""
    if not spec.code.is_dir():
        raise InvalidEntrypoint(f"there is no folder {str(spec.code)!r} to run the function in")
    if spec.command:
        return list(spec.command)
    match spec.runtime:
        case "python":
            return [*_wrapper(spec), sys.executable, "-P", str(_HERE / "bootstrap.py")]
        case "node":
            node = shutil.which("node", path=search_path)
            if node is None:
                raise InvalidEntrypoint("Node is not installed: there is no 'node' on the PATH")
            return [*_wrapper(spec), node, str(_HERE / "bootstrap.mjs")]
        case _:
            return [str(_find_bootstrap(spec))]


def _wrapper(spec: ProcessSpec) -> list[str]:
    """What is to start the runtime in its place, with the runtime's own command line after it (runtimes-modify; not for
    runtimes of one's own). One that is not there ends with exit status 127 (recorded), as a shell's does."""
    path = spec.environment.get("AWS_LAMBDA_EXEC_WRAPPER")
    if not path:
        return []
    folders = spec.layers if path.startswith("/opt/") else (spec.code,) if path.startswith("/var/task/") else ()
    parts = path.removeprefix("/opt/").removeprefix("/var/task/")
    found = next((folder / parts for folder in folders if (folder / parts).is_file()), None)
    return ["/bin/sh", "-c", 'exec "$0" "$@"', str(found or path)]


def _find_bootstrap(spec: ProcessSpec) -> Path:
    candidates = [folder / "bootstrap" for folder in (spec.code, *spec.layers)]
    for candidate in candidates:
        if candidate.is_file():
            if not os.access(candidate, os.X_OK):
                raise InvalidEntrypoint(f"fork/exec {candidate}: permission denied")
            return candidate
    raise InvalidEntrypoint(f"Couldn't find valid bootstrap(s): [{' '.join(map(str, candidates))}]")


def _search_paths(spec: ProcessSpec, variables: Mapping[str, str]) -> dict[str, str]:
    """The user's own entries first, then what the layers bring, where their runtimes look for it."""
    python = [
        layer / part for layer in spec.layers for part in (f"python/lib/{_PYTHON_VERSION}/site-packages", "python")
    ]
    folders: dict[str, list[Path]] = {
        "PYTHONPATH": python,
        "NODE_PATH": [layer / "nodejs/node_modules" for layer in spec.layers],
        "PATH": [layer / "bin" for layer in spec.layers],
        "LD_LIBRARY_PATH": [layer / "lib" for layer in spec.layers],
    }
    paths = {}
    for name, additions in folders.items():
        entries = [variables[name]] if variables.get(name) else []
        entries += [str(folder) for folder in additions if folder.is_dir()]
        if entries:
            paths[name] = os.pathsep.join(entries)
    return paths
