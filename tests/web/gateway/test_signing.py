"""Fronts that want a signature: whose it is, and whether it is good where secrets are set."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.serving import Answer, Serving, serving
from tests.web.gateway.conftest import HANDLERS

KEY, SECRET = "AKIDEXAMPLE", "a-secret-of-ours"
URL = "signed.lambda-url.us-east-1.localhost:4566"
API = "shop.execute-api.localhost:4566"
TWO_PERMISSIONS: tuple[dict[str, Any], ...] = (
    {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "AWS_IAM"},
    {"Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True},
)


def signed(
    host: str, path: str, service: str, *, method: str = "GET", body: bytes = b"", key: str = KEY, secret: str = SECRET
) -> dict[str, str]:
    """The headers that an SDK would send."""
    request = AWSRequest(method, f"http://{host}{path}", headers={"Host": host}, data=body)
    SigV4Auth(Credentials(key, secret), service, "us-east-1").add_auth(request)
    return dict(request.headers.items())


# With secrets ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def strict() -> Iterator[Serving]:
    with serving(f"""
listen: 0.0.0.0:4566
security: {{token: t, credentials: {{{KEY}: {SECRET}}}}}
functions:
  echo: {{CodeUri: {HANDLERS}, Handler: fronts.echo, Timeout: 10}}
urls: {{signed: {{function: echo, AuthType: AWS_IAM}}}}
apis: {{shop: {{routes: {{ANY /signed: {{function: echo, authorizer: AWS_IAM}}}}}}}}
""") as running:
        yield running


@pytest.mark.parametrize(
    ("host", "path", "service"), [(URL, "/a%20b?q=1&p=2", "lambda"), (API, "/signed", "execute-api")]
)
def test_a_good_signature_is_taken(strict: Serving, host: str, path: str, service: str) -> None:
    body = b'{"a": 1}'
    answer = strict.ask("POST", path, body, headers=signed(host, path, service, method="POST", body=body))

    assert answer.status == 200, answer.content
    assert answer.json["requestContext"]["authorizer"]["iam"]["accessKey"] == KEY


def test_a_path_that_leads_to_the_front_is_signed_whole(strict: Serving) -> None:
    host, path = f"127.0.0.1:{strict.port}", "/_triggerfish/gateway/signed/x"

    assert strict.ask("GET", path, headers=signed(host, path, "lambda")).status == 200


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        (signed(URL, "/", "lambda", secret="another"), "The request signature we calculated does not match"),
        (signed(URL, "/other", "lambda"), "The request signature we calculated does not match"),
        (signed(URL, "/", "lambda", key="AKIDOTHER"), "The security token included in the request is invalid."),
        (signed(URL, "/", "execute-api"), "Credential should be scoped to correct service: 'lambda'. "),
    ],
)
def test_a_bad_signature_is_told_why(strict: Serving, headers: dict[str, str], words: str) -> None:
    answer = strict.ask("GET", "/", headers=headers)

    assert (answer.status, answer.json["message"][: len(words)]) == (403, words)


def test_an_api_says_so_too(strict: Serving) -> None:
    wrong = strict.ask("GET", "/signed", headers=signed(API, "/signed", "lambda"))
    none = strict.ask("GET", "/signed", headers={"Host": API})

    assert wrong.json == {"message": "Credential should be scoped to correct service: 'execute-api'. "}
    assert (wrong.status, none.status, none.json) == (403, 403, {"message": "Forbidden"})


# Accounts and policies ------------------------------------------------------------------------------


def test_another_account_needs_two_permissions() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(HANDLERS / "fronts.py", "fronts.py")
    with serving("enforce_permissions: true\n") as running:
        functions = running.client("lambda")
        functions.create_function(
            FunctionName="web", Role="arn:aws:iam::000000000000:role/r", Runtime="python3.12", Handler="fronts.echo",
            Code={"ZipFile": packed.getvalue()},
        )  # fmt: skip
        url = functions.create_function_url_config(FunctionName="web", AuthType="AWS_IAM")["FunctionUrl"]
        host = url.removeprefix("http://").rstrip("/")

        def ask(account: str) -> Answer:
            return running.ask("GET", "/", headers=signed(host, "/", "lambda", key=account))

        own, before = ask("000000000000"), ask("111111111111")
        statuses = []
        for number, permission in enumerate(TWO_PERMISSIONS):
            given: dict[str, Any] = {"StatementId": str(number), "Principal": "111111111111", **permission}
            functions.add_permission(FunctionName="web", **given)
            statuses.append(ask("111111111111").status)
        missing = [entry["text"] for entry in running.get("journal?kinds=PermissionMissing&limit=100")]
        functions.close()

    assert own.json["requestContext"]["authorizer"]["iam"]["userArn"] == "arn:aws:iam::000000000000:root"
    assert (before.status, statuses) == (403, [403, 200])
    assert before.headers["x-amzn-errortype"] == "AccessDeniedException"
    assert missing == [
        "arn:aws:iam::111111111111:root has no permission lambda:InvokeFunctionUrl for web: blocked",
        "arn:aws:iam::111111111111:root has no permission to invoke web: blocked",
    ]
