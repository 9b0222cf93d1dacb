"""What is refused of services that only store, before who keeps them is asked: under which names, in which protocol."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.core import errors as core
from app.core.errors import Refused
from app.core.gateway import leading
from app.wire import errors, http
from app.wire.errors import AwsError, ErrorTable


@dataclass(frozen=True, slots=True)
class RefusedOf:
    """`protocol` where the request alone does not tell it: CloudFront speaks XML over REST."""

    names: ErrorTable = field(default_factory=dict)
    namespace: str = ""
    protocol: str | None = None


REFUSED: Mapping[str, RefusedOf] = {
    "cloudfront": RefusedOf(
        {leading.InvalidLambdaFunctionAssociation: AwsError("InvalidLambdaFunctionAssociation")},
        "http://cloudfront.amazonaws.com/doc/2020-05-31/",
        "query",
    ),
    "elasticloadbalancing": RefusedOf(
        {leading.InvalidTarget: AwsError("InvalidTarget"), core.AccessDenied: AwsError("AccessDenied", 403)},
        "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
    ),
}
"""By the name that requests are signed for."""


def refuse_stored(service: str, refused: Refused, request: http.HttpRequest, request_id: str) -> http.HttpAnswer:
    """The refusal as the service writes it."""
    about = REFUSED.get(service, RefusedOf())
    protocol = about.protocol or errors.protocol_of(request)
    return errors.refuse(refused, about.names, protocol=protocol, request_id=request_id, namespace=about.namespace)
