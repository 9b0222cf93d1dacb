"""What API Gateway v1 refuses to write down, in its words (recorded where a date stands, else as users report)."""

import re

import orjson

from app.core.errors import InvalidParameterValue
from app.core.gateway.rest.api import DEFAULT_TIMEOUT_MS, MOST_STREAM_MS
from app.core.gateway.rest.definition.definition import Definition
from app.core.gateway.rest.definition.patches import Members
from app.core.gateway.rest.validation import is_schema

_METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY")
_PATH_PART = re.compile(r"[a-zA-Z0-9._\-:]+|\{[a-zA-Z0-9._\-:]+\+?\}")
_INTEGRATION_ARN = re.compile(r"arn:[a-z-]+:apigateway:[^:]*:(?P<service>[^:]+):(?P<kind>path|action)/(?P<what>.+)")
_MEDIA_TYPE = re.compile(r"[\w.+*-]+/[\w.+*-]+(;.*)?")
_NO_SCHEMA = "Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]"
_LARGEST_COMPRESSION = 10_485_760
_ENDPOINTS = ("REGIONAL", "EDGE", "PRIVATE")


def check_rest_api(members: Members) -> None:
    """Recorded in April 2024 and July 2025."""
    if members.get("name", "") == "":
        raise InvalidParameterValue("REST API Name cannot be an empty string")
    if members.get("description") == "":
        raise InvalidParameterValue("Description cannot be an empty string")
    size = members.get("minimumCompressionSize", 0)
    if not isinstance(size, int) or not 0 <= size <= _LARGEST_COMPRESSION:
        raise InvalidParameterValue("Invalid minimum compression size, must be between 0 and 10485760")
    if members.get("apiKeySource", "HEADER") not in ("HEADER", "AUTHORIZER"):
        raise InvalidParameterValue("Invalid API key source, must be HEADER or AUTHORIZER")
    endpoint = members["endpointConfiguration"]
    if not endpoint["types"]:
        raise InvalidParameterValue("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.")
    if len(endpoint["types"]) > 1:
        raise InvalidParameterValue("Cannot create an api with multiple Endpoint Types.")
    if endpoint["types"][0] not in _ENDPOINTS:
        raise InvalidParameterValue("Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE")
    if endpoint["ipAddressType"] not in ("ipv4", "dualstack"):
        raise InvalidParameterValue("ipAddressType must be either ipv4 or dualstack.")
    if endpoint["types"] == ["PRIVATE"] and endpoint["ipAddressType"] != "dualstack":
        raise InvalidParameterValue("Only dualstack ipAddressType is supported for Private APIs.")


def check_path_part(part: str) -> None:
    if not part:
        raise InvalidParameterValue("Resource's path part must be specified")
    if _PATH_PART.fullmatch(part) is None:
        raise InvalidParameterValue(
            "Resource's path part only allow a-zA-Z0-9._-: and curly braces at the beginning and the end and an "
            "optional plus sign before the closing brace."
        )


def check_method_name(name: str) -> None:
    """Recorded 2024-04-15."""
    if name not in _METHODS:
        raise InvalidParameterValue(
            "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY"
        )


def check_method(api: Definition, method: Members) -> None:
    """Recorded 2024-04-15."""
    kind = method["authorizationType"]
    if kind not in ("NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS"):
        raise InvalidParameterValue(
            "Invalid authorization type specified. Must be one of [NONE, AWS_IAM, CUSTOM, COGNITO_USER_POOLS]"
        )
    if kind in ("CUSTOM", "COGNITO_USER_POOLS") and method.get("authorizerId") not in api.kinds["Authorizer"]:
        raise InvalidParameterValue(
            "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires "
            "a valid authorizer."
        )
    validator = method.get("requestValidatorId")
    if validator is not None and validator not in api.kinds["RequestValidator"]:
        raise InvalidParameterValue("Invalid Request Validator identifier specified")
    for model in (method.get("requestModels") or {}).values():
        if model not in api.kinds["Model"]:
            raise InvalidParameterValue(f"Invalid model identifier specified: {model}")
    names = [parameter.split(".", 3)[3] for parameter in method.get("requestParameters") or {}
             if parameter.count(".") >= 3]  # fmt: skip
    if len(names) < len(method.get("requestParameters") or {}):
        raise InvalidParameterValue("Invalid mapping expression specified: request parameters are like "
                                    "method.request.header.name")  # fmt: skip
    if len(set(names)) < len(names):
        raise InvalidParameterValue("Parameter names must be unique across querystring, header and path")


def check_integration(integration: Members) -> None:
    """Recorded in March 2025 for AWS_PROXY, in December 2024 for parameters."""
    kind, uri = integration["type"], str(integration.get("uri") or "")
    if kind in ("HTTP", "HTTP_PROXY", "AWS", "AWS_PROXY") and not integration.get("httpMethod"):
        raise InvalidParameterValue("Enumeration value for HttpMethod must be non-empty")
    if kind in ("AWS", "AWS_PROXY"):
        _check_integration_arn(kind, uri, integration)
    is_private = integration.get("connectionType") == "VPC_LINK"
    is_url = uri.startswith(("http://", "https://", "${stageVariables."))
    if kind in ("HTTP", "HTTP_PROXY") and not is_private and not is_url:
        raise InvalidParameterValue("Invalid HTTP endpoint specified for URI")
    streams = integration.get("responseTransferMode") == "STREAM"
    if streams and kind not in ("AWS_PROXY", "HTTP_PROXY"):
        raise InvalidParameterValue("Response transfer mode STREAM is only supported for proxy integrations")
    most = MOST_STREAM_MS if streams else DEFAULT_TIMEOUT_MS
    if not 50 <= integration["timeoutInMillis"] <= most:
        raise InvalidParameterValue(f"Timeout should be between 50 ms and {most} ms")
    for expression in (integration.get("requestParameters") or {}).values():
        if not is_mapping_expression(expression):
            told = f"Invalid mapping expression specified: {expression}"
            raise InvalidParameterValue(
                f"Invalid mapping expression specified: Validation Result: warnings : [], errors : [{told}]"
            )


def _check_integration_arn(kind: str, uri: str, integration: Members) -> None:
    if not uri.startswith("arn:"):
        raise InvalidParameterValue("Invalid ARN specified in the request")
    found = _INTEGRATION_ARN.fullmatch(uri)
    if found is None:
        raise InvalidParameterValue("AWS ARN for integration must contain path or action")
    service = found["service"].rpartition(".")[2]
    if kind == "AWS_PROXY" and service not in ("lambda", "firehose"):
        raise InvalidParameterValue(
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations."
        )
    if kind == "AWS" and service != "lambda" and not integration.get("credentials"):
        raise InvalidParameterValue("Role ARN must be specified for AWS integrations")


def check_integration_response(response: Members) -> None:
    """Recorded 2025-06-18."""
    for content_type in response.get("responseTemplates") or {}:
        if _MEDIA_TYPE.fullmatch(content_type) is None:
            raise InvalidParameterValue(
                f"Validation Result: warnings : [], errors : [Invalid content type specified: {content_type}]"
            )


def is_mapping_expression(text: str) -> bool:
    """Whether a parameter can be made of it: a literal in quotes, or a part of the request, context or stage."""
    is_literal = len(text) >= 2 and text[0] == text[-1] == "'"
    return is_literal or text.startswith(("method.request.", "context.", "stageVariables.", "integration.response."))


def check_authorizer(authorizer: Members) -> None:
    """Of API Gateway's reference for Authorizer; the words are UNCONFIRMED."""
    kind = authorizer.get("type")
    if kind not in ("TOKEN", "REQUEST", "COGNITO_USER_POOLS"):
        raise InvalidParameterValue("Invalid authorizer type specified. Valid options are TOKEN,REQUEST,"
                                    "COGNITO_USER_POOLS")  # fmt: skip
    if kind == "COGNITO_USER_POOLS":
        if not authorizer.get("providerARNs"):
            raise InvalidParameterValue("Authorizer type COGNITO_USER_POOLS must have at least one provider ARN")
    elif not str(authorizer.get("authorizerUri") or "").startswith("arn:"):
        raise InvalidParameterValue("Invalid Authorizer URI: it must be the invocation ARN of a Lambda function")
    ttl = authorizer.get("authorizerResultTtlInSeconds", 300)
    if not 0 <= ttl <= 3_600:
        raise InvalidParameterValue("Authorizer result TTL must be between 0 and 3600 seconds")
    if kind == "REQUEST" and ttl and not authorizer.get("identitySource"):
        raise InvalidParameterValue("Identity source is required if caching is enabled for a REQUEST authorizer")
    if kind == "TOKEN" and not str(authorizer.get("identitySource") or "").startswith("method.request.header."):
        raise InvalidParameterValue("Identity source for TOKEN authorizers must be a header")


def check_model(model: Members) -> None:
    """Recorded 2024-04-15; of schemas that are none, as users reported them (aws-cdk, issues 18715 and 27433)."""
    if not model["name"]:
        raise InvalidParameterValue("Model name must be non-empty")
    schema = model.get("schema")
    if not schema:
        raise InvalidParameterValue("Model schema must have at least 1 property or array items defined")
    if model.get("contentType") == "application/json":
        try:
            document = orjson.loads(schema)
        except orjson.JSONDecodeError:
            raise InvalidParameterValue(_NO_SCHEMA) from None
        if not is_schema(document):
            raise InvalidParameterValue(_NO_SCHEMA)


def check_deployable(api: Definition) -> None:
    """What CreateDeployment says of an API with nothing to deploy."""
    methods = [method for resource in api.resources.values() for method in resource.get("resourceMethods", {}).values()]
    if not methods:
        raise InvalidParameterValue("The REST API doesn't contain any methods")
    if any("methodIntegration" not in method for method in methods):
        raise InvalidParameterValue("No integration defined for method")


def check_stage_variables(variables: Members | None) -> None:
    """Names of letters, digits and underscores; values without what could leave a URI (guide, stage-variables)."""
    for name, value in (variables or {}).items():
        if re.fullmatch(r"[A-Za-z0-9_]{1,64}", name) is None:
            raise InvalidParameterValue(
                "Stage variable name must be alphanumeric and underscore, at most 64 characters"
            )
        if re.fullmatch(r"[A-Za-z0-9\-._~:/?#&=,]{0,512}", value) is None:
            raise InvalidParameterValue(
                "Invalid stage variable value specified. Values are at most 512 of A-Za-z0-9-._~:/?#&=,"
            )
