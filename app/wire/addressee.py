"""Which service a request is for, as far as it tells: by its target, its signature, its path, its query or its form."""

from urllib.parse import parse_qs

from app.wire.apigatewayv2 import operations as apigatewayv2
from app.wire.awslambda.operations import is_lambda_path
from app.wire.credentials import Credential
from app.wire.http import HttpRequest
from app.wire.services import service_of_link, service_of_target, service_of_version
from app.wire.sqs import general as sqs_general

_SQS_VERSION = "2012-11-05"


def service_of(request: HttpRequest, credential: Credential) -> str:
    """AWS's signing name of the service, "" when the request alone does not tell."""
    target = request.headers.get("x-amz-target")
    if target is not None:
        return credential.service or service_of_target(target)
    if credential.service == apigatewayv2.SIGNED_AS and request.path.startswith("/v2/"):
        return apigatewayv2.NAME
    if credential.service:
        return credential.service
    if is_lambda_path(request.path):
        return "lambda"
    if "Action=" in request.query and (asked := _service_of_query(request.query)) is not None:
        return asked
    return "" if has_form(request) else "s3"


def is_link(request: HttpRequest) -> bool:
    """Whether somebody visits a link of a notification, which needs no signature: whoever has it may."""
    return request.method == "GET" and service_of_link(parse_qs(request.query).get("Action", [""])[0]) is not None


def _service_of_query(query: str) -> str | None:
    """Which service a query string asks; None when it only looks as if it did."""
    values = parse_qs(query)
    link = service_of_link(values.get("Action", [""])[0]) if "Version" not in values else None
    if link is not None:
        return link
    return "sqs" if _is_sqs_query(query.encode()) else service_of_version(values.get("Version", [""])[0])


def has_form(request: HttpRequest) -> bool:
    return request.headers.get("content-type", "").lower().startswith(sqs_general.FORM_TYPE)


def service_of_form(form: bytes) -> str:
    """Which service an unsigned form asks; S3 when it is an upload."""
    if _is_sqs_query(form):
        return "sqs"
    version = parse_qs(form.decode("latin-1")).get("Version", [""])[0]
    return service_of_version(version) or "s3"


def _is_sqs_query(form: bytes) -> bool:
    """Whether a form asks something of SQS."""
    values = parse_qs(form.decode("latin-1"))
    return "Action" in values and values.get("Version", [_SQS_VERSION]) == [_SQS_VERSION]
