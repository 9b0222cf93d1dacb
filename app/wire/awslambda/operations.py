"""The operations of Lambda by name, and the paths that are Lambda's."""

import re

from app.wire.awslambda import functions, mappings, settings, tags
from app.wire.calls import Service

LAMBDA = Service(
    "Lambda",
    orders={
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
        "GetEventSourceMapping": mappings.get_event_source_mapping,
        "GetFunction": functions.get_function,
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
"""Invoke is not among them: it has a way of its own (`invoke.py`)."""

_LAMBDA_PATH = re.compile(
    r"/20\d\d-\d\d-\d\d/(?:functions|event-source-mappings|tags|layers|layers-by-arn|account-settings"
    r"|code-signing-configs|capacity-providers|durable-executions)(?:/|$)"
)


def is_lambda_path(path: str) -> bool:
    """Whether a path is one of Lambda's: an API date and one of its collections."""
    return _LAMBDA_PATH.match(path) is not None
