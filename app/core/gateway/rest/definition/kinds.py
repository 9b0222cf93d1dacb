"""The kinds of resource that API Gateway v1 keeps: what each is called, what it starts with, what may be patched."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.gateway.rest.definition.patches import Patches, Place

_TEXT, _TRUTH, _NUMBER, _FRACTION = Place.TEXT, Place.TRUTH, Place.NUMBER, Place.FRACTION


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource. `id_key` is the member that names one, `parameter` what requests call that; `missing` is said
    of one that is not there, and `without_api` of one whose API is not, where AWS then says something else than usual
    (recorded 2024-04-15). What `has_own_name` is named by whoever creates it."""

    name: str
    parameter: str
    missing: str
    id_key: str = "id"
    without_api: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    patches: Patches = field(default_factory=lambda: Patches({}))
    is_dated: bool = False
    has_own_name: bool = False
    conflict: str = ""


OF_APIS = {
    kind.name: kind
    for kind in (
        Kind(
            "Authorizer", "authorizerId", "Invalid Authorizer identifier specified",
            defaults={"authorizerResultTtlInSeconds": 300},
            patches=Patches(
                {
                    "name": _TEXT, "type": _TEXT, "authType": _TEXT, "authorizerUri": _TEXT,
                    "authorizerCredentials": _TEXT, "identitySource": _TEXT, "identityValidationExpression": _TEXT,
                    "authorizerResultTtlInSeconds": _NUMBER, "providerARNs": Place.LIST,
                }
            ),
        ),
        Kind(
            "Model", "modelName", "Invalid model name specified: {}", "name",
            without_api="Invalid model name specified: {}",
            patches=Patches({"description": _TEXT, "schema": _TEXT}, is_listed=True), has_own_name=True,
            conflict="Model name already exists for this REST API",
        ),
        Kind(
            "RequestValidator", "requestValidatorId", "Invalid Request Validator identifier specified",
            without_api="Invalid Request Validator identifier specified",
            defaults={"validateRequestBody": False, "validateRequestParameters": False},
            patches=Patches(
                {"name": _TEXT, "validateRequestParameters": _TRUTH, "validateRequestBody": _TRUTH}, is_listed=True
            ),
        ),
        Kind(
            "DocumentationPart", "documentationPartId", "Invalid Documentation part identifier specified",
            without_api="Invalid Documentation part identifier specified",
            patches=Patches({"properties": _TEXT}, is_listed=True),
        ),
        Kind(
            "DocumentationVersion", "documentationVersion", "Invalid Documentation version specified", "version",
            patches=Patches({"description": _TEXT}, is_listed=True), is_dated=True, has_own_name=True,
            conflict="Documentation version already exists for this REST API",
        ),
        Kind(
            "Deployment", "deploymentId", "Invalid Deployment identifier specified",
            patches=Patches({"description": _TEXT}), is_dated=True,
        ),
        Kind(
            "Stage", "stageName", "Invalid stage identifier specified", "stageName", is_dated=True, has_own_name=True,
            conflict="Stage already exists",
            defaults={
                "cacheClusterEnabled": False, "cacheClusterStatus": "NOT_AVAILABLE", "methodSettings": {},
                "tracingEnabled": False,
            },
        ),
    )
}  # fmt: skip
"""What an API has several of; resources with their methods, and gateway responses, are kept in their own ways."""

OF_ACCOUNTS = {
    kind.name: kind
    for kind in (
        Kind(
            "ApiKey", "apiKey", "Invalid API Key identifier specified", defaults={"enabled": False, "stageKeys": []},
            patches=Patches(
                {"name": _TEXT, "description": _TEXT, "enabled": _TRUTH, "customerId": _TEXT, "stages": Place.LIST}
            ),
            is_dated=True,
        ),
        Kind("UsagePlan", "usagePlanId", "Invalid Usage Plan ID specified", defaults={"apiStages": []}),
        Kind(
            "ClientCertificate", "clientCertificateId", "Invalid Client Certificate identifier specified",
            "clientCertificateId", patches=Patches({"description": _TEXT}), is_dated=True,
        ),
        Kind(
            "VpcLink", "vpcLinkId", "Invalid VpcLink identifier specified", defaults={"status": "AVAILABLE"},
            patches=Patches({"name": _TEXT, "description": _TEXT}),
        ),
        Kind(
            "DomainNameAccessAssociation", "domainNameAccessAssociationArn",
            "Invalid domain name access association identifier specified", "domainNameAccessAssociationArn",
        ),
    )
}  # fmt: skip

REST_API = Patches(
    {
        "name": _TEXT, "description": _TEXT, "version": _TEXT, "apiKeySource": _TEXT, "policy": _TEXT,
        "minimumCompressionSize": _NUMBER, "disableExecuteApiEndpoint": _TRUTH, "binaryMediaTypes": Place.LIST,
        "endpointConfiguration/types": Place.LIST, "endpointConfiguration/ipAddressType": _TEXT,
        "endpointConfiguration/vpcEndpointIds": Place.LIST, "securityPolicy": _TEXT, "endpointAccessMode": _TEXT,
    },
    optional=frozenset({"description", "version", "policy"}),
)  # fmt: skip
RESOURCE = Patches({"parentId": _TEXT, "pathPart": _TEXT}, is_listed=True)
METHOD = Patches(
    {
        "authorizationType": _TEXT, "authorizerId": _TEXT, "apiKeyRequired": _TRUTH, "requestValidatorId": _TEXT,
        "operationName": _TEXT, "authorizationScopes": Place.LIST, "requestParameters": Place.TRUTHS,
        "requestModels": Place.TEXTS,
    }
)  # fmt: skip
METHOD_RESPONSE = Patches({"responseParameters": Place.TRUTHS, "responseModels": Place.TEXTS})
INTEGRATION = Patches(
    {
        "uri": _TEXT, "httpMethod": _TEXT, "credentials": _TEXT, "connectionType": _TEXT, "connectionId": _TEXT,
        "passthroughBehavior": _TEXT, "contentHandling": _TEXT, "timeoutInMillis": _NUMBER, "cacheNamespace": _TEXT,
        "cacheKeyParameters": Place.LIST, "requestParameters": Place.TEXTS, "requestTemplates": Place.TEXTS,
        "tlsConfig/insecureSkipVerification": _TRUTH, "responseTransferMode": _TEXT, "integrationTarget": _TEXT,
    },
    optional=frozenset({"contentHandling", "credentials"}),
)  # fmt: skip
INTEGRATION_RESPONSE = Patches(
    {
        "selectionPattern": _TEXT, "contentHandling": _TEXT, "responseParameters": Place.TEXTS,
        "responseTemplates": Place.TEXTS,
    },
    optional=frozenset({"contentHandling", "selectionPattern"}),
)  # fmt: skip
GATEWAY_RESPONSE = Patches({"statusCode": _TEXT, "responseParameters": Place.TEXTS, "responseTemplates": Place.TEXTS})
USAGE_PLAN = Patches(
    {
        "name": _TEXT, "description": _TEXT, "productCode": _TEXT, "throttle/rateLimit": _FRACTION,
        "throttle/burstLimit": _NUMBER, "quota/limit": _NUMBER, "quota/offset": _NUMBER, "quota/period": _TEXT,
    },
    optional=frozenset({"throttle/rateLimit", "throttle/burstLimit", "quota/limit", "quota/offset", "quota/period"}),
)  # fmt: skip
DOMAIN_NAME = Patches(
    {
        "certificateName": _TEXT, "certificateArn": _TEXT, "regionalCertificateName": _TEXT,
        "regionalCertificateArn": _TEXT, "securityPolicy": _TEXT, "endpointAccessMode": _TEXT, "policy": _TEXT,
        "endpointConfiguration/types": Place.LIST, "endpointConfiguration/ipAddressType": _TEXT,
        "mutualTlsAuthentication/truststoreUri": _TEXT, "mutualTlsAuthentication/truststoreVersion": _TEXT,
        "ownershipVerificationCertificateArn": _TEXT, "routingMode": _TEXT,
    },
    optional=frozenset(
        {"policy", "mutualTlsAuthentication/truststoreUri", "mutualTlsAuthentication/truststoreVersion"}
    ),
)  # fmt: skip
BASE_PATH_MAPPING = Patches({"basePath": _TEXT, "restApiId": _TEXT, "stage": _TEXT})
ACCOUNT = Patches({"cloudwatchRoleArn": _TEXT}, optional=frozenset({"cloudwatchRoleArn"}))
