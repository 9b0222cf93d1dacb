"""The operations of Lambda by name, and the paths that are Lambda's."""

import re

from app.wire.awslambda import aliases, functions, layers, mappings, permissions, provisioned, settings, tags, urls
from app.wire.calls import Service

LAMBDA = Service(
    "Lambda",
    orders={
        "AddLayerVersionPermission": layers.add_layer_version_permission,
        "AddPermission": permissions.add_permission,
        "CreateAlias": aliases.create_alias,
        "CreateFunction": functions.create_function,
        "CreateFunctionUrlConfig": urls.create_function_url_config,
        "DeleteFunctionUrlConfig": urls.delete_function_url_config,
        "UpdateFunctionUrlConfig": urls.update_function_url_config,
        "DeleteAlias": aliases.delete_alias,
        "DeleteFunction": functions.delete_function,
        "DeleteLayerVersion": layers.delete_layer_version,
        "DeleteProvisionedConcurrencyConfig": provisioned.delete_provisioned_concurrency_config,
        "PublishLayerVersion": layers.publish_layer_version,
        "PublishVersion": functions.publish_version,
        "PutRuntimeManagementConfig": functions.put_runtime_management_config,
        "PutProvisionedConcurrencyConfig": provisioned.put_provisioned_concurrency_config,
        "RemoveLayerVersionPermission": layers.remove_layer_version_permission,
        "RemovePermission": permissions.remove_permission,
        "UpdateAlias": aliases.update_alias,
        "UpdateFunctionCode": functions.update_function_code,
        "UpdateFunctionConfiguration": functions.update_function_configuration,
        "CreateEventSourceMapping": mappings.create_event_source_mapping,
        "DeleteFunctionConcurrency": settings.delete_function_concurrency,
        "DeleteFunctionEventInvokeConfig": settings.delete_event_invoke_config,
        "PutFunctionConcurrency": settings.put_function_concurrency,
        "PutFunctionEventInvokeConfig": settings.put_event_invoke_config,
        "UpdateFunctionEventInvokeConfig": settings.update_event_invoke_config,
        "DeleteEventSourceMapping": mappings.delete_event_source_mapping,
        "UpdateEventSourceMapping": mappings.update_event_source_mapping,
    },
    readings={
        "GetAccountSettings": functions.account_settings,
        "GetAlias": aliases.get_alias,
        "GetFunctionCodeSigningConfig": functions.get_function_code_signing_config,
        "GetLayerVersion": layers.get_layer_version,
        "GetLayerVersionByArn": layers.get_layer_version_by_arn,
        "GetLayerVersionPolicy": layers.get_layer_version_policy,
        "GetPolicy": permissions.get_policy,
        "GetProvisionedConcurrencyConfig": provisioned.get_provisioned_concurrency_config,
        "GetRuntimeManagementConfig": functions.get_runtime_management_config,
        "ListAliases": aliases.list_aliases,
        "ListLayerVersions": layers.list_layer_versions,
        "ListLayers": layers.list_layers,
        "ListProvisionedConcurrencyConfigs": provisioned.list_provisioned_concurrency_configs,
        "ListVersionsByFunction": functions.list_versions_by_function,
        "GetEventSourceMapping": mappings.get_event_source_mapping,
        "GetFunction": functions.get_function,
        "GetFunctionUrlConfig": urls.get_function_url_config,
        "ListFunctionUrlConfigs": urls.list_function_url_configs,
        "GetFunctionConfiguration": functions.get_function_configuration,
        "GetFunctionConcurrency": settings.get_function_concurrency,
        "GetFunctionEventInvokeConfig": settings.get_event_invoke_config,
        "ListFunctionEventInvokeConfigs": settings.list_event_invoke_configs,
        "GetFunctionRecursionConfig": functions.get_function_recursion_config,
        "ListEventSourceMappings": mappings.list_event_source_mappings,
        "ListFunctions": functions.list_functions,
        "ListTags": tags.list_tags,
        "PutFunctionRecursionConfig": functions.put_function_recursion_config,
        "TagResource": tags.tag_resource,
        "UntagResource": tags.untag_resource,
    },
)
"""Invoke is not among them: it has ways of its own (`invoke.py`, `streaming.py`)."""

NOT_BY_MODEL = {
    "CreateEventSourceMapping", "UpdateEventSourceMapping", "DeleteEventSourceMapping", "GetEventSourceMapping",
    "ListEventSourceMappings", "PutFunctionEventInvokeConfig", "UpdateFunctionEventInvokeConfig",
    "DeleteFunctionEventInvokeConfig", "GetFunctionEventInvokeConfig", "ListFunctionEventInvokeConfigs",
    "PutFunctionRecursionConfig", "TagResource", "UntagResource", "ListTags",
}  # fmt: skip
"""Operations whose members are checked one by one where they are understood, not by the service's model."""

_LAMBDA_PATH = re.compile(
    r"/20\d\d-\d\d-\d\d/(?:functions|event-source-mappings|tags|layers|layers-by-arn|account-settings"
    r"|code-signing-configs|capacity-providers|durable-executions)(?:/|$)"
)


def is_lambda_path(path: str) -> bool:
    """Whether a path is one of Lambda's: an API date and one of its collections."""
    return _LAMBDA_PATH.match(path) is not None
