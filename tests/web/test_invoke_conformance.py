"""The conformance tables of Invoke, over loopback with boto3: what it is refused with, and what a function's failure is
told as, with the lines of its log.

`…` is any run of characters, `<request>` the invocation's id. Of the files of a package those with a `*` can be run.
"""

import base64
import io
import json
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from tests.serving import Serving, serving

FOLDER = Path(__file__).parents[1] / "conformance" / "invoke"
REFUSALS = sorted((FOLDER / "refusals").glob("*.json"))
ERRORS = sorted((FOLDER / "errors").glob("*.json"))
FROZEN = {"clock": {"frozen": "2026-11-21T12:00:00Z"}}


@pytest.fixture(scope="module")
def service_with() -> Iterator[Callable[[str], Serving]]:
    """A service for each settings that cases have; each case deletes what the one before it has left."""
    running: dict[str, Serving] = {}
    with ExitStack() as stack:

        def find(settings: str) -> Serving:
            if settings not in running:
                running[settings] = stack.enter_context(serving(settings))
            return running[settings]

        yield find


@pytest.mark.parametrize("path", REFUSALS, ids=lambda path: path.stem)
def test_an_invocation_is_refused_in_awss_words(path: Path, service_with: Callable[[str], Serving]) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    service = service_with(json.dumps({**FROZEN, **case.get("settings", {})}))
    for function in service.get("functions"):
        service.ask("DELETE", f"functions/{function['name']}")
    for name, settings in case["functions"].items():
        service.post("functions", {"name": name, **settings})
    kept: dict[str, str] = {}
    for step in case["given"]:
        do(service, step, kept)
    expected, when = case["expected"], case["when"]
    client = service.client("lambda", key=when.get("account", "test"), parameter_validation=False)

    try:
        answer = getattr(client, xform_name(when["operation"]))(**filled(when["parameters"], kept))
    except ClientError as refused:
        answer = refused.response

    assert answer["ResponseMetadata"]["HTTPStatusCode"] == expected["status"], answer
    assert answer["Error"]["Code"] == expected["error"]
    assert is_like(answer["Error"]["Message"], expected["message"]), answer["Error"]["Message"]
    assert {name: answer.get(name) for name in expected["members"]} == expected["members"]
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert {name: headers.get(name) for name in expected.get("headers", {})} == expected.get("headers", {})


@pytest.mark.parametrize("path", ERRORS, ids=lambda path: path.stem)
def test_a_failure_is_told_as_lambda_tells_it(path: Path, service_with: Callable[[str], Serving]) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    if case["runtime"].startswith("nodejs") and shutil.which("node") is None:
        pytest.skip("no Node on the PATH")
    client = service_with(json.dumps(case.get("settings", {}))).client("lambda")
    client.create_function(
        FunctionName=path.stem, Role="arn:aws:iam::000000000000:role/app", Runtime=case["runtime"],
        Handler=case["handler"], Code={"ZipFile": zipped(case["files"])}, Timeout=case.get("timeout", 20),
        Environment={"Variables": case.get("environment", {})},
    )  # fmt: skip
    expected = case["expected"]

    answer = client.invoke(FunctionName=path.stem, LogType="Tail")

    request_id = answer["ResponseMetadata"]["RequestId"]
    payload = json.loads(answer["Payload"].read())
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert is_like(payload, with_request(expected["payload"], request_id)), payload
    lines = base64.b64decode(answer["LogResult"]).decode().split("\n")
    wanted = [with_request(line, request_id) for line in expected.get("log", [])]
    assert in_order(wanted, lines), lines


def do(service: Serving, step: dict[str, Any], kept: dict[str, str]) -> None:
    """One of the steps before: a call, the clock, or a function that is told to refuse."""
    if "advance" in step:
        service.post("clock/advance", {"duration": step["advance"]})
    elif "refuse" in step:
        wanted = {name: value for name, value in step.items() if name != "refuse"}
        assert service.ask("PUT", f"functions/{step['refuse']}/refusal", wanted).status == 200
    else:
        answer = getattr(service.client(step["service"]), xform_name(step["operation"]))(
            **filled(step["parameters"], kept)
        )
        for name, path in step.get("keep", {}).items():
            value: Any = answer
            for member in path.split("."):
                value = value[member]
            kept[name] = value


def filled(value: Any, kept: dict[str, str]) -> Any:
    match value:
        case dict():
            return {name: filled(member, kept) for name, member in value.items()}
        case list():
            return [filled(member, kept) for member in value]
        case "<zip>":
            return zipped({"app.py": "def handler(event, context): pass"})
        case "<broken zip>":
            return zipped({"app.py": "def handler(event, context): pass"}).replace(b"context): pass", b"context): fail")
        case str() if found := re.fullmatch(r"<json of (\d+) bytes>", value):
            return b'"' + b"x" * (int(found[1]) - 2) + b'"'
        case str():
            return re.sub(r"<(\w+)>", lambda found: kept[found[1]], value)
        case _:
            return value


def zipped(files: dict[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, source in files.items():
            entry = zipfile.ZipInfo(name.removesuffix("*"))
            entry.external_attr = (0o755 if name.endswith("*") else 0o644) << 16
            archive.writestr(entry, source)
    return content.getvalue()


def with_request(expected: Any, request_id: str) -> Any:
    return json.loads(json.dumps(expected).replace("<request>", request_id))


def is_like(told: Any, expected: Any) -> bool:
    """Whether it is what was expected; a list that ends with `…` may have more."""
    if isinstance(expected, str) and isinstance(told, str):
        return re.fullmatch(".*".join(map(re.escape, expected.split("…"))), told, re.DOTALL) is not None
    if isinstance(expected, dict) and isinstance(told, dict):
        return told.keys() == expected.keys() and all(is_like(told[name], expected[name]) for name in expected)
    if isinstance(expected, list) and isinstance(told, list):
        if expected and expected[-1] == "…":
            expected, told = expected[:-1], told[: len(expected) - 1]
        return len(told) == len(expected) and all(map(is_like, told, expected))
    return bool(told == expected)


def in_order(wanted: list[str], lines: list[str]) -> bool:
    """Whether each of the wanted lines comes, one after another."""
    rest = iter(lines)
    return all(any(is_like(line, pattern) for line in rest) for pattern in wanted)
