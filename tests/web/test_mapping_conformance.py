"""The conformance table of the event source mapping API, request by request over the wire.

Every case has an account of its own. `<uuid>` stands for the mapping that is given, or else the one created.
"""

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from app.core.awslambda.function import FunctionSpec
from app.core.commands import CreateAlias, CreateQueue, PutFunction
from app.core.limits import Limits
from app.core.names import Scope
from app.web.aws import AwsSettings
from tests.core.roles import deployed_with, roles
from tests.web.conftest import Served, serve

CASES = sorted((Path(__file__).parents[1] / "conformance" / "mapping" / "api").glob("*.json"))
TRANSITION_MS = 5_000
MAPPINGS = "/2015-03-31/event-source-mappings"
METHODS = {
    "CreateEventSourceMapping": "POST",
    "GetEventSourceMapping": "GET",
    "UpdateEventSourceMapping": "PUT",
    "DeleteEventSourceMapping": "DELETE",
}


@pytest.fixture(scope="module")
def served_slowly() -> Iterator[Served]:
    """A server where a mapping's transitions take five seconds, on a clock that stands still."""
    yield from serve(AwsSettings(), Limits(mapping_transition_ms=TRANSITION_MS))


@pytest.fixture(scope="module")
def served_strictly() -> Iterator[Served]:
    """The same where permissions are enforced."""
    yield from serve(AwsSettings(), Limits(mapping_transition_ms=TRANSITION_MS), enforced=True)


class Account:
    """Raw requests of one account: nothing is checked or put right on the way."""

    def __init__(self, served: Served, number: int) -> None:
        self.served = served
        self.scope = Scope(f"{number:012d}")
        self.uuid = "none"

    def ask(self, operation: str, parameters: dict[str, Any]) -> tuple[int, str | None, dict[str, Any]]:
        """Status, error type and body."""
        body = dict(parameters)
        uuid = body.pop("UUID", None)
        connection = HTTPConnection(urlsplit(self.served.url).netloc, timeout=10)
        credential = f"Credential={self.scope.account}/20261121/us-east-1/lambda/aws4_request"
        headers = {"Authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0"}
        path = f"{MAPPINGS}/{uuid}" if uuid else MAPPINGS
        connection.request(METHODS[operation], path, json.dumps(body) if body else None, headers)
        response = connection.getresponse()
        answer = response.status, response.getheader("x-amzn-errortype"), json.loads(response.read())
        connection.close()
        return answer

    def set_up(self, given: dict[str, Any]) -> None:
        for name, attributes in given["queues"].items():
            self.served.submit(CreateQueue(self.scope.queue_arn(name), attributes))
        for name, spec in given["functions"].items():
            self.served.submit(PutFunction(FunctionSpec(self.scope.function_arn(name), **spec)))
        for name, role in given.get("roles_of", {}).items():
            spec = FunctionSpec(self.scope.function_arn(name), deployment=deployed_with(self.scope, role))
            self.served.submit(PutFunction(spec))
        if "roles" in given:
            self.served.submit(roles(self.scope, given["roles"]))
        for name, version in given.get("aliases", {}).items():
            function, _, alias = name.partition(":")
            parameters = {"Name": alias, "FunctionVersion": version}
            self.served.submit(CreateAlias(self.scope.function_arn(function), parameters))
        for parameters in given.get("mappings", ()):
            self.uuid = self.ask("CreateEventSourceMapping", self.filled(parameters))[2]["UUID"]
            if given.get("settle", True):
                self.served.advance(TRANSITION_MS)

    def filled(self, value: Any) -> Any:
        text = json.dumps(value).replace("<account>", self.scope.account).replace("<uuid>", self.uuid)
        return json.loads(text)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_api_answers_as_lambda(path: Path, request: pytest.FixtureRequest) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    expected = case["expected"]
    served: Served = request.getfixturevalue("served_strictly" if case.get("enforced") else "served_slowly")
    account = Account(served, 100_000_000_000 + CASES.index(path))
    account.set_up(case["given"])

    status, error, body = account.ask(case["when"]["operation"], account.filled(case["when"]["parameters"]))
    account.uuid = body.get("UUID", account.uuid)

    if isinstance(body.get("LastModified"), int | float):
        body["LastModified"] = "<modified>"
    assert (status, error, body) == (expected["status"], expected.get("error"), account.filled(expected["body"]))
    if "then" in expected:
        served.advance(TRANSITION_MS)
        assert account.ask("GetEventSourceMapping", {"UUID": account.uuid})[2].get("State") == expected["then"]
