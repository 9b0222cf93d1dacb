"""The code's own manners: docstrings, AWS names for refusals, no sleeping tests, a test for every core module."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import app.core
import app.wire
from app.core import errors
from app.core.errors import Refused

ROOT = Path(__file__).parent.parent
APP = sorted((ROOT / "app").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

# Modules of values alone: there is no behaviour to test.
VALUES = {
    "environment_state",
    "call",
    "commands",
    "deployment",
    "errors",
    "invocation",
    "limits",
    "message",
    "outside_calls",
    "shapes",
    "value",
}
# Folders of the core whose every module has its test.
SERVICES = {"access", "awslambda", "delivery", "mappings", "s3", "sqs"}
# Told through what drives them.
TOLD_ELSEWHERE = {
    "buses": "test_put_events.py",
    "causes": "test_chain.py",
    "gateway": "test_gateways.py",
    "explain": "test_messages_to_send.py",
    "fire": "test_firing.py",
    "families": "test_deployments.py",
    "function_papers": "test_deployments.py",
    "lines": "test_queue.py",
    "consumers": "test_polling.py",
    "local_targets": "test_targets.py",
    "mapping_constraints": "test_mapping_parameters.py",
    "mapping_state": "test_mapping.py",
    "pattern": "test_pattern.py",
    "provisioned": "test_deployments.py",
    "provisioning": "test_deployments.py",
    "json_text": "test_put_events.py",
    "long_polls": "test_world.py",
    "input_template": "test_template.py",
    "pipes": "test_pipes.py",
    "redrive": "test_queue_attributes.py",
    "schedule": "test_expression.py",
    "remote_polling": "test_remote_queues.py",
    "topics": "test_topics.py",
}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def public_definitions(tree: ast.Module) -> Iterator[ast.ClassDef | ast.FunctionDef]:
    """Classes and functions of a module whose names begin without an underscore."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            yield node


def explains_itself(node: ast.ClassDef | ast.FunctionDef) -> bool:
    """A docstring, or a definition that is its own explanation: a value that only lists fields, an enumeration, a
    refusal with its message, a function that only gives back one expression or checks one rule."""
    if ast.get_docstring(node):
        return True
    if isinstance(node, ast.ClassDef):
        return all(is_field(part) for part in node.body)
    return len(node.body) <= 2


def is_field(part: ast.stmt) -> bool:
    """A field, a text about one, or a method that only gives back what follows from the fields."""
    if isinstance(part, ast.FunctionDef):
        return len(part.body) <= 2
    return isinstance(part, ast.Assign | ast.AnnAssign | ast.Expr)


@pytest.mark.parametrize("path", [path for path in [*APP, *TESTS] if path.stat().st_size], ids=name)
def test_a_module_begins_with_what_is_in_it(path: Path) -> None:
    docstring = ast.get_docstring(parsed(path))

    assert docstring, f"{name(path)} has no docstring"
    assert docstring.splitlines()[0].strip()


@pytest.mark.parametrize("path", sorted((ROOT / "app" / "core").rglob("*.py")), ids=name)
def test_what_is_public_in_the_core_is_explained(path: Path) -> None:
    silent = [node.name for node in public_definitions(parsed(path)) if not explains_itself(node)]

    assert silent == []


@pytest.mark.parametrize("path", [*APP, *TESTS], ids=name)
def test_nothing_is_left_to_do(path: Path) -> None:
    marks = ("TO" + "DO", "FIX" + "ME", "XX" + "X")

    assert not re.search(rf"\b({'|'.join(marks)})\b", path.read_text(encoding="utf-8"))


def sleeps(tree: ast.AST) -> Iterator[int]:
    """The lines that sleep for a time: `time.sleep` at all, `asyncio.sleep` for more than a turn of the loop."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "sleep":
            continue
        module = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
        is_one_turn = bool(node.args) and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0
        if module in ("time", "asyncio", "anyio") and not (module != "time" and is_one_turn):
            yield node.lineno


def in_a_loop_with_a_deadline(tree: ast.AST, line: int) -> bool:
    """Whether the sleep only paces a loop that polls something real outside, which has to end by itself."""
    return any(
        isinstance(node, ast.While | ast.For | ast.AsyncFor) and node.lineno < line <= (node.end_lineno or 0)
        for node in ast.walk(tree)
    )


@pytest.mark.parametrize("path", [path for path in TESTS if "bench" not in path.parts], ids=name)
def test_no_test_sleeps(path: Path) -> None:
    tree = parsed(path)

    assert [line for line in sleeps(tree) if not in_a_loop_with_a_deadline(tree, line)] == []


def test_every_core_module_has_its_test() -> None:
    tests = {path.name for path in (ROOT / "tests" / "core").rglob("test_*.py")}
    folders = [*app.core.__path__, *(f"{app.core.__path__[0]}/{service}" for service in SERVICES)]
    modules = {module.name for module in pkgutil.iter_modules(folders)} - VALUES - (SERVICES - {"mappings"})

    untested = {module for module in modules if TOLD_ELSEWHERE.get(module, f"test_{module}.py") not in tests}

    assert untested == set()


def refusal_tables() -> Iterator[Mapping[object, object]]:
    """The tables of the wire that give refusals their AWS names and statuses."""
    for module in pkgutil.walk_packages(app.wire.__path__, "app.wire."):
        for table in vars(importlib.import_module(module.name)).values():
            if isinstance(table, Mapping) and table and all(is_refusal(kind) for kind in table):
                yield table


def is_refusal(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Refused)


def test_every_refusal_has_its_names_on_the_wire() -> None:
    named = {kind for table in refusal_tables() for kind in table}

    nameless = {kind.__name__ for kind in vars(errors).values() if is_refusal(kind) and kind not in named}

    assert nameless == {"Refused"}, "the kind of them all has no name of its own"
