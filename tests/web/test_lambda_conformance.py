"""The conformance table of the Lambda API: each request, in an account of its own, and what AWS says to it.

`given` are requests that come first and succeed. `<zip>` stands for a package, `<account>` for the account.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from tests.serving import Serving, serving

CASES = sorted((Path(__file__).parents[1] / "conformance" / "lambda").glob("*.json"))
DIFFERS = ("ResponseMetadata", "RevisionId", "LastModified")


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    with serving("{}") as running:
        yield running


def package() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): pass")
    return content.getvalue()


def filled(value: Any, account: str) -> Any:
    """With the account, and with packages as bytes."""
    match value:
        case dict():
            return {name.replace("<account>", account): filled(member, account) for name, member in value.items()}
        case list():
            return [filled(member, account) for member in value]
        case "<zip>":
            return package()
        case "<no zip>":
            return b"this is no zip"
        case str():
            return value.replace("<account>", account)
        case _:
            return value


def ask(client: Any, request: dict[str, Any], account: str) -> dict[str, Any]:
    operation = getattr(client, xform_name(request["operation"]))
    answer: dict[str, Any] = operation(**filled(request["parameters"], account))
    return answer


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_api_answers_as_lambda(path: Path, service: Serving) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    account = f"{100_000_000_000 + CASES.index(path):012d}"
    client = service.client("lambda", key=account, parameter_validation=False)
    for request in case["given"]:
        ask(client, request, account)
    expected = filled(case["expected"], account)

    try:
        answer = ask(client, case["when"], account)
    except ClientError as refused:
        answer = refused.response

    assert answer["ResponseMetadata"]["HTTPStatusCode"] == expected["status"], answer
    if "error" in expected:
        assert (answer["Error"]["Code"], answer["Error"]["Message"]) == (expected["error"], expected["message"])
    if "body" in expected:
        assert {name: told for name, told in answer.items() if name not in DIFFERS} == expected["body"]
