"""The shapes of the answers that sources expect, source by source."""

from app.core.fire.shapes import SCALAR, TEXTS, Flag, Members, Number, OneOf, Rows, Text

# Cognito: the event comes back with its response filled in -------------------------------------------


GROUPS = Members({"groupsToOverride": Rows(Text()), "iamRolesToOverride": Rows(Text()), "preferredRole": Text()})
ID_TOKEN = Members({"claimsToAddOrOverride": Members(), "claimsToSuppress": Rows(Text())})
ACCESS_TOKEN = Members(
    {
        "claimsToAddOrOverride": Members(),
        "claimsToSuppress": Rows(Text()),
        "scopesToAdd": Rows(Text(pattern=r"\S+")),
        "scopesToSuppress": Rows(Text(pattern=r"\S+")),
    }
)
CLAIMS_V2 = Members(
    {
        "claimsAndScopeOverrideDetails": Members(
            {
                "idTokenGeneration": ID_TOKEN,
                "accessTokenGeneration": ACCESS_TOKEN,
                "groupOverrideDetails": GROUPS,
            }
        )
    }
)
CLAIMS_V1 = Members(
    {
        "claimsOverrideDetails": Members(
            {"claimsToAddOrOverride": TEXTS, "claimsToSuppress": Rows(Text()), "groupOverrideDetails": GROUPS}
        )
    }
)
MIGRATED = Members(
    {
        "userAttributes": TEXTS,
        "finalUserStatus": Text(one_of=("CONFIRMED", "RESET_REQUIRED", "FORCE_CHANGE_PASSWORD")),
        "messageAction": Text(one_of=("SUPPRESS", "RESEND")),
        "desiredDeliveryMediums": Rows(Text(one_of=("EMAIL", "SMS"))),
        "forceAliasCreation": Flag(),
        "enableSMSMFA": Flag(),
    },
    must=("userAttributes",),
)
SIGN_UP = Members({"autoConfirmUser": Flag(), "autoVerifyEmail": Flag(), "autoVerifyPhone": Flag()})
MESSAGE = Members({"smsMessage": Text(140), "emailMessage": Text(20_000), "emailSubject": Text(140)})
CHALLENGE = Members(
    {"publicChallengeParameters": TEXTS, "privateChallengeParameters": TEXTS, "challengeMetadata": Text()}
)
DEFINED = Members({"challengeName": Text(), "issueTokens": Flag(), "failAuthentication": Flag()})

# HTTP -----------------------------------------------------------------------------------------------

STATUS = Number(100, 599, may_be_text=True)
HEADERS = Members(others=SCALAR)
HEADER_LISTS = Members(others=Rows(SCALAR))
BALANCER = Members(
    {
        "statusCode": Number(100, 599),
        "statusDescription": Text(),
        "headers": TEXTS,
        "multiValueHeaders": Members(others=Rows(Text())),
        "body": Text(),
        "isBase64Encoded": Flag(),
    },
    must=("statusCode",),
)
REST = Members(
    {
        "statusCode": STATUS,
        "headers": HEADERS,
        "multiValueHeaders": HEADER_LISTS,
        "body": Text(),
        "isBase64Encoded": Flag(),
    },
    others=None,
)
POLICY = Members(
    {
        "Version": Text(one_of=("2012-10-17", "2008-10-17")),
        "Statement": OneOf(
            (Rows(Members(must=("Action", "Effect", "Resource"))), Members(must=("Action", "Effect", "Resource"))),
            "list of statements with Action, Effect and Resource",
        ),
    },
    must=("Statement",),
)
AUTHORIZED = Members(
    {"principalId": Text(), "policyDocument": POLICY, "context": Members(others=SCALAR), "usageIdentifierKey": Text()},
    must=("principalId", "policyDocument"),
)
SIMPLE = Members({"isAuthorized": Flag(), "context": Members()}, must=("isAuthorized",))
LATTICE = Members(
    {
        "statusCode": STATUS,
        "statusDescription": Text(),
        "headers": Members(),
        "body": Text(),
        "isBase64Encoded": Flag(),
    },
    must=("statusCode",),
)

# Lambda@Edge: header names in lower case, each with its list -------------------------------------------

EDGE_HEADERS = Members(others=Rows(Members({"key": Text(), "value": Text()}, must=("value",))))
EDGE_RESPONSE = Members(
    {
        "status": Number(200, 599, may_be_text=True),
        "statusDescription": Text(),
        "headers": EDGE_HEADERS,
        "body": Text(),
        "bodyEncoding": Text(one_of=("text", "base64")),
    },
    must=("status",),
)
EDGE_REQUEST = OneOf(
    (Members({"uri": Text(), "method": Text(), "headers": EDGE_HEADERS}, must=("uri", "method")), EDGE_RESPONSE),
    "request with uri and method, and no response with a status from 200 to 599",
)

# Batches that may report failures -------------------------------------------------------------------

FAILURES = Members({"batchItemFailures": Rows(Members({"itemIdentifier": Text()}, must=("itemIdentifier",)))})
MAY_REPORT = OneOf((Text(), Number(may_be_broken=True), Flag(), Rows(), FAILURES), "batch response")

# Bots ----------------------------------------------------------------------------------------------

LEX_V2 = Members(
    {
        "sessionState": Members(
            {
                "dialogAction": Members(
                    {
                        "type": Text(one_of=("Close", "ConfirmIntent", "Delegate", "ElicitIntent", "ElicitSlot")),
                        "slotToElicit": Text(),
                    },
                    must=("type",),
                ),
                "intent": Members({"name": Text(), "slots": Members()}, must=("name",)),
                "sessionAttributes": TEXTS,
            },
            must=("dialogAction",),
        ),
        "messages": Rows(
            Members(
                {
                    "contentType": Text(one_of=("CustomPayload", "ImageResponseCard", "PlainText", "SSML")),
                    "content": Text(1_024),
                },
                must=("contentType",),
            )
        ),
        "requestAttributes": TEXTS,
    },
    must=("sessionState",),
)
LEX_V1 = Members(
    {
        "sessionAttributes": TEXTS,
        "dialogAction": Members(
            {
                "type": Text(one_of=("Close", "ConfirmIntent", "Delegate", "ElicitIntent", "ElicitSlot")),
                "fulfillmentState": Text(one_of=("Fulfilled", "Failed")),
                "message": Members(
                    {"contentType": Text(one_of=("PlainText", "SSML", "CustomPayload")), "content": Text()},
                    must=("contentType", "content"),
                ),
            },
            must=("type",),
        ),
    },
    must=("dialogAction",),
)
SPEECH = Members({"type": Text(one_of=("PlainText", "SSML")), "text": Text(8_000), "ssml": Text(8_000)}, must=("type",))
SKILL = Members(
    {
        "version": Text(),
        "sessionAttributes": Members(),
        "response": Members(
            {
                "outputSpeech": SPEECH,
                "card": Members(
                    {"type": Text(one_of=("Simple", "Standard", "LinkAccount", "AskForPermissionsConsent"))},
                    must=("type",),
                ),
                "reprompt": Members({"outputSpeech": SPEECH}),
                "directives": Rows(Members()),
                "shouldEndSession": Flag(),
            }
        ),
    },
    must=("version", "response"),
)
SMART_HOME = Members(
    {
        "event": Members(
            {
                "header": Members(
                    {
                        "namespace": Text(),
                        "name": Text(),
                        "messageId": Text(127),
                        "payloadVersion": Text(one_of=("3",)),
                    },
                    must=("namespace", "name", "messageId", "payloadVersion"),
                ),
                "payload": Members(),
            },
            must=("header", "payload"),
        ),
        "context": Members({"properties": Rows(Members())}),
    },
    must=("event",),
)
BEDROCK = Members(
    {
        "messageVersion": Text(one_of=("1.0",)),
        "response": Members(
            {
                "actionGroup": Text(),
                "apiPath": Text(),
                "httpMethod": Text(),
                "httpStatusCode": Number(100, 599),
                "responseBody": Members(others=Members({"body": Text()}, must=("body",))),
                "function": Text(),
                "functionResponse": Members(
                    {"responseState": Text(one_of=("FAILURE", "REPROMPT")), "responseBody": Members()},
                    must=("responseBody",),
                ),
            },
            must=("actionGroup",),
        ),
        "sessionAttributes": TEXTS,
        "promptSessionAttributes": TEXTS,
    },
    must=("messageVersion", "response"),
)

# Data ----------------------------------------------------------------------------------------------

TRANSFORMED = Members(
    {
        "records": Rows(
            Members(
                {
                    "recordId": Text(),
                    "result": Text(one_of=("Ok", "Dropped", "ProcessingFailed")),
                    "data": Text(),
                    "metadata": Members({"partitionKeys": Members(others=SCALAR)}),
                },
                must=("recordId", "result"),
            )
        )
    },
    must=("records",),
)
RESULTS = Text(one_of=("Succeeded", "TemporaryFailure", "PermanentFailure"))
BATCH_JOB = Members(
    {
        "invocationSchemaVersion": Text(one_of=("1.0", "2.0")),
        "treatMissingKeysAs": RESULTS,
        "invocationId": Text(),
        "results": Rows(
            Members({"taskId": Text(), "resultCode": RESULTS, "resultString": Text()}, must=("taskId", "resultCode"))
        ),
    },
    must=("invocationSchemaVersion", "invocationId", "results"),
)

# Devices and networks -------------------------------------------------------------------------------

IOT_AUTHORIZED = Members(
    {
        "isAuthenticated": Flag(),
        "principalId": Text(pattern=r"[a-zA-Z0-9]{1,128}"),
        "disconnectAfterInSeconds": Number(300, 86_400),
        "refreshAfterInSeconds": Number(300, 86_400),
        "policyDocuments": Rows(OneOf((Text(2_048), Members()), "policy"), most=10),
    },
    must=("isAuthenticated",),
)
PROVISIONED = Members({"allowProvisioning": Flag(), "parameterOverrides": TEXTS}, must=("allowProvisioning",))
VPN = Members(
    {
        "allow": Flag(),
        "error-msg-on-denied-connection": Text(255),
        "posture-compliance-statuses": Rows(Text()),
        "schema-version": Text(one_of=("v1", "v2", "v3")),
    },
    must=("allow", "error-msg-on-denied-connection", "posture-compliance-statuses", "schema-version"),
)
RESOLVED = Members(
    {
        "isAuthorized": Flag(),
        "resolverContext": Members(others=SCALAR),
        "deniedFields": Rows(Text()),
        "ttlOverride": Number(0, 3_600),
    },
    must=("isAuthorized",),
)
CUSTOM_RESOURCE = Members(
    {
        "Status": Text(one_of=("SUCCESS", "FAILED")),
        "Reason": Text(),
        "PhysicalResourceId": Text(1_024),
        "StackId": Text(),
        "RequestId": Text(),
        "LogicalResourceId": Text(),
        "NoEcho": Flag(),
        "Data": Members(),
    },
    must=("Status", "PhysicalResourceId", "StackId", "RequestId", "LogicalResourceId"),
)
"""A custom resource's response object (crpg-ref-responses)."""
