"""What each source expects of a function that it waits for: one row a template, or a `*` for all of a source.

The shapes are from AWS's documentation of each source (the page is the template's in `event_templates/catalog.json`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from app.core.fire import answers, expected
from app.core.fire.shapes import SCALAR, Anything, Flag, Members, Number, Rows, Shape, Text

Check = Callable[[Any, Any], Iterator[str]]
"""Given the event and the answer, the problems that no shape tells."""

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Contract:
    """`who` waits, for `within_s` seconds of the function's own time (None: for its timeout), and expects `shape`.

    `check` runs on answers of the right shape. `note` is what the source looks at instead of the answer, for people.
    """

    who: str
    shape: Shape = field(default_factory=Anything)
    within_s: float | None = None
    at_most_bytes: int | None = None
    check: Check | None = None
    note: str = ""


def contract_of(source: str, name: str) -> Contract | None:
    """The contract of a template; None where nobody waits for an answer."""
    return CONTRACTS.get((source, name)) or CONTRACTS.get((source, "*"))


def _cognito(response: Shape, check: Check | None = None) -> Contract:
    shape = Members({"response": response, "request": Members(), "triggerSource": Text()}, must=("response",))
    return Contract("Cognito", shape, within_s=5, check=check)


CALLBACKS: dict[str, Contract] = {
    "cloudformation": Contract(
        "CloudFormation", expected.CUSTOM_RESOURCE, at_most_bytes=4_096, check=answers.of_this_request
    ),
}
"""By source: what it expects where it is answered with a request instead, to a URL in the event."""

CONTRACTS: dict[tuple[str, str], Contract] = {
    ("cognito", "pre-sign-up"): _cognito(expected.SIGN_UP, answers.signed_up),
    ("cognito", "custom-message"): _cognito(expected.MESSAGE, answers.has_the_code),
    ("cognito", "define-auth-challenge"): _cognito(expected.DEFINED, answers.goes_on_one_way),
    ("cognito", "create-auth-challenge"): _cognito(expected.CHALLENGE),
    ("cognito", "verify-auth-challenge-response"): _cognito(
        Members({"answerCorrect": Flag()}, must=("answerCorrect",))
    ),
    ("cognito", "pre-token-generation"): _cognito(expected.CLAIMS_V1, answers.leaves_reserved_claims),
    ("cognito", "pre-token-generation-v2"): _cognito(expected.CLAIMS_V2, answers.leaves_reserved_claims),
    ("cognito", "pre-token-generation-v3"): _cognito(expected.CLAIMS_V2, answers.leaves_reserved_claims),
    ("cognito", "user-migration"): _cognito(expected.MIGRATED),
    ("cognito", "inbound-federation"): _cognito(Members({"userAttributesToMap": Members()})),
    ("cognito", "*"): _cognito(Members()),
    ("cognito", "custom-sms-sender"): Contract("Cognito", within_s=5, note="what the function sent, not its answer"),
    ("cognito", "custom-email-sender"): Contract("Cognito", within_s=5, note="what the function sent, not its answer"),
    ("cognito-sync", "*"): Contract("Cognito Sync", Members(must=("datasetRecords",)), within_s=5),
    ("apigateway", "rest-proxy"): Contract("API Gateway", expected.REST, within_s=29, check=answers.is_not_empty),
    ("apigateway", "http-api"): Contract("API Gateway", within_s=30, check=answers.http_response),
    ("apigateway", "websocket-connect"): Contract("API Gateway", expected.REST, within_s=29),
    ("apigateway", "websocket-message"): Contract("API Gateway", Anything(), within_s=29),
    ("apigateway", "authorizer-token"): Contract("API Gateway", expected.AUTHORIZED, within_s=29),
    ("apigateway", "authorizer-request"): Contract("API Gateway", expected.AUTHORIZED, within_s=29),
    ("apigateway", "http-authorizer"): Contract("API Gateway", expected.SIMPLE, within_s=10),
    ("lambda-url", "*"): Contract("The function URL", check=answers.http_response),
    ("alb", "*"): Contract(
        "The load balancer", expected.BALANCER, at_most_bytes=MIB, check=answers.one_kind_of_headers
    ),
    ("vpc-lattice", "*"): Contract("VPC Lattice", expected.LATTICE),
    ("cloudfront", "viewer-request"): Contract("CloudFront", expected.EDGE_REQUEST, within_s=5),
    ("cloudfront", "origin-request"): Contract("CloudFront", expected.EDGE_REQUEST, within_s=30),
    ("cloudfront", "origin-response"): Contract("CloudFront", expected.EDGE_RESPONSE, within_s=30),
    ("cloudfront", "viewer-response"): Contract("CloudFront", expected.EDGE_RESPONSE, within_s=5),
    ("lex", "v2-dialog"): Contract("Lex", expected.LEX_V2, within_s=30, check=answers.lex_action),
    ("lex", "v2-fulfillment"): Contract("Lex", expected.LEX_V2, within_s=30, check=answers.lex_action),
    ("lex", "v1-dialog"): Contract("Lex", expected.LEX_V1, within_s=30, check=answers.lex_v1_action),
    ("connect", "*"): Contract("Connect", Members(others=SCALAR), within_s=8, at_most_bytes=32 * 1024),
    ("alexa", "smart-home-discovery"): Contract("Alexa", expected.SMART_HOME, within_s=8),
    ("alexa", "*"): Contract(
        "Alexa", expected.SKILL, within_s=8, at_most_bytes=120 * 1024, check=answers.speech_has_words
    ),
    ("bedrock", "*"): Contract("Bedrock", expected.BEDROCK, at_most_bytes=25_000, check=answers.bedrock_way),
    ("firehose", "*"): Contract(
        "Firehose", expected.TRANSFORMED, within_s=300, at_most_bytes=6 * MIB, check=answers.every_record_once
    ),
    ("s3-batch", "*"): Contract("S3 Batch Operations", expected.BATCH_JOB, check=answers.every_task_once),
    ("s3-object-lambda", "get-object"): Contract(
        "S3 Object Lambda", within_s=60, note="the call of WriteGetObjectResponse, not the answer"
    ),
    ("s3-object-lambda", "head-object"): Contract(
        "S3 Object Lambda",
        Members({"statusCode": Number(100, 599), "headers": Members()}, must=("statusCode",)),
        within_s=60,
    ),
    **{
        ("s3-object-lambda", name): Contract(
            "S3 Object Lambda",
            Members(
                {"statusCode": Number(100, 599), "listResultXml": Text(), "listBucketResult": Members()},
                must=("statusCode",),
            ),
            within_s=60,
        )
        for name in ("list-objects", "list-objects-v2")
    },
    ("ses", "receipt-waiting"): Contract(
        "SES",
        Members({"disposition": Text(one_of=("CONTINUE", "STOP_RULE", "STOP_RULE_SET"))}, must=("disposition",)),
        within_s=30,
    ),
    ("iot", "custom-authorizer"): Contract(
        "IoT Core", expected.IOT_AUTHORIZED, within_s=5, check=answers.authorized_in_full
    ),
    ("iot", "pre-provisioning-hook"): Contract("IoT Core", expected.PROVISIONED, within_s=5),
    ("appsync", "direct-resolver"): Contract("AppSync", within_s=30),
    ("appsync", "batch-resolver"): Contract("AppSync", Rows(), within_s=30, check=answers.one_for_each),
    ("appsync", "authorizer"): Contract("AppSync", expected.RESOLVED, within_s=10, at_most_bytes=5 * MIB),
    ("secrets-manager", "*"): Contract("Secrets Manager", note="the versions of the secret, not the answer"),
    ("client-vpn", "*"): Contract("Client VPN", expected.VPN, within_s=30),
    ("codedeploy", "*"): Contract(
        "CodeDeploy", note="the call of PutLifecycleEventHookExecutionStatus, not the answer"
    ),
    ("cloudwatch", "custom-widget"): Contract("The dashboard"),
    ("step-functions", "*"): Contract("Step Functions"),
    ("workmail", "receipt-waiting"): Contract(
        "WorkMail", Members({"actions": Rows(Members({"action": Members()}))}), within_s=15
    ),
    ("kinesis", "*"): Contract("The event source mapping", expected.MAY_REPORT, check=answers.known_sequence_numbers),
    ("dynamodb", "*"): Contract("The event source mapping", expected.MAY_REPORT, check=answers.known_sequence_numbers),
    ("sqs", "*"): Contract("The event source mapping", expected.MAY_REPORT, check=answers.known_messages),
    ("kafka", "*"): Contract("The event source mapping"),
    ("mq", "*"): Contract("The event source mapping"),
    ("documentdb", "*"): Contract("The event source mapping"),
}
