"""Which service a request is for, told by whatever the request has that tells it."""

import pytest

from app.wire.addressee import is_link, service_of, service_of_form
from app.wire.credentials import credential_in
from app.wire.http import HttpRequest

FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


def signed(service: str) -> dict[str, str]:
    return {"authorization": f"AWS4-HMAC-SHA256 Credential=AK/20261121/us-east-1/{service}/aws4_request, Signature=0"}


def service(headers: dict[str, str] | None = None, *, method: str = "POST", path: str = "/", query: str = "") -> str:
    request = HttpRequest(method, path, query, headers or {})
    return service_of(request, credential_in(request.headers.get("authorization", ""), query))


@pytest.mark.parametrize("name", ["sqs", "lambda", "s3", "events", "dynamodb"])
def test_a_signature_names_its_service(name: str) -> None:
    assert service(signed(name)) == name


def test_a_signature_is_believed_before_a_target() -> None:
    assert service({**signed("events"), "x-amz-target": "AmazonSQS.SendMessage"}) == "events"


@pytest.mark.parametrize(
    ("target", "name"),
    [("AWSEvents.PutEvents", "events"), ("DynamoDB_20120810.GetItem", "dynamodb"), ("Unknown.Thing", "Unknown")],
)
def test_an_unsigned_target_names_its_service(target: str, name: str) -> None:
    assert service({"x-amz-target": target}) == name


def test_the_two_versions_of_api_gateway_sign_alike_and_differ_by_their_paths() -> None:
    assert service(signed("apigateway"), path="/v2/apis") == "apigatewayv2"
    assert service(signed("apigateway"), path="/restapis") == "apigateway"


def test_without_a_signature_a_path_of_lambda_is_lambdas_and_any_other_one_is_a_bucket() -> None:
    assert service(path="/2015-03-31/functions/resize/invocations") == "lambda"
    assert service(method="GET", path="/photos/cat.jpg") == "s3"


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("Action=SendMessage&Version=2012-11-05", "sqs"),
        ("Action=SendMessage", "sqs"),
        ("Action=Publish&Version=2010-03-31", "sns"),
        ("Action=ConfirmSubscription&Token=t", "sns"),
        ("prefix=Action=1", "s3"),
    ],
)
def test_a_query_is_of_the_service_whose_action_or_version_it_has(query: str, name: str) -> None:
    assert service(method="GET", query=query) == name


def test_an_unsigned_form_tells_by_its_content_only() -> None:
    assert service(FORM) == ""
    assert service_of_form(b"Action=SendMessage&MessageBody=a") == "sqs"
    assert service_of_form(b"Action=Publish&Version=2010-03-31") == "sns"
    assert service_of_form(b'--x\r\nContent-Disposition: form-data; name="key"\r\n\r\na') == "s3"


def test_only_who_visits_a_link_of_a_notification_need_not_sign() -> None:
    assert is_link(HttpRequest("GET", "/", "Action=ConfirmSubscription&Token=t", {}))
    assert not is_link(HttpRequest("POST", "/", "Action=ConfirmSubscription&Token=t", {}))
    assert not is_link(HttpRequest("GET", "/", "Action=Publish", {}))
