"""The services that are spoken to in the general way, by the name that their requests are signed for."""

from collections.abc import Mapping

from app.wire.apigateway.operations import APIGATEWAY
from app.wire.apigatewayv2.operations import APIGATEWAYV2
from app.wire.calls import Service
from app.wire.eventbridge.operations import EVENTS
from app.wire.pipes.operations import PIPES
from app.wire.scheduler.operations import SCHEDULER
from app.wire.sns.operations import ANONYMOUS, SNS

SERVICES: Mapping[str, Service] = {
    "apigateway": APIGATEWAY,
    "apigatewayv2": APIGATEWAYV2,
    "events": EVENTS,
    "pipes": PIPES,
    "scheduler": SCHEDULER,
    "sns": SNS,
}
"""SQS, Lambda and S3 have ways of their own and are not among them."""

_TARGETS: Mapping[str, str] = {
    "AWSCognitoIdentityProviderService": "cognito-idp",
    "AWSEvents": "events",
    "AWSStepFunctions": "states",
    "AmazonSSM": "ssm",
    "DynamoDBStreams_20120810": "dynamodb",
    "DynamoDB_20120810": "dynamodb",
    "Firehose_20150804": "firehose",
    "GraniteServiceVersion20100801": "monitoring",
    "Kinesis_20131202": "kinesis",
    "Logs_20140328": "logs",
    "TrentService": "kms",
    "secretsmanager": "secretsmanager",
}
"""The first word of `X-Amz-Target`, for requests that are not signed."""

_QUERY_VERSIONS: Mapping[str, str] = {
    "2010-03-31": "sns",
    "2010-05-08": "iam",
    "2010-08-01": "monitoring",
    "2011-06-15": "sts",
    "2015-12-01": "elasticloadbalancing",
    "2016-11-15": "ec2",
}
"""The `Version` of the query protocol, for requests that are not signed."""


def service_of_target(target: str) -> str:
    """The service that an `X-Amz-Target` is of; the target's own first word where it is none of these."""
    word = target.partition(".")[0]
    return _TARGETS.get(word, word)


def service_of_version(version: str) -> str | None:
    """The service whose query protocol has this version."""
    return _QUERY_VERSIONS.get(version)


def service_of_link(action: str) -> str | None:
    """The service whose links have this action in their query, for whoever visits one."""
    return "sns" if action in ANONYMOUS else None
