"""SQS's query protocol for botocore, whose model of SQS is of JSON only: the names that XML needs, put back."""

from copy import deepcopy
from typing import Any

import boto3
import botocore.session

# Shape: the name that its members, or its keys and values, have in the query protocol (SQS API version 2012-11-05).
_MEMBERS = {
    "MessageList": "Message",
    "AttributeNameList": "AttributeName",
    "MessageSystemAttributeList": "MessageSystemAttributeName",
    "MessageAttributeNameList": "MessageAttributeName",
    "DeleteMessageBatchRequestEntryList": "DeleteMessageBatchRequestEntry",
    "DeleteMessageBatchResultEntryList": "DeleteMessageBatchResultEntry",
    "BatchResultErrorEntryList": "BatchResultErrorEntry",
}
_MAPS = {
    "QueueAttributeMap": "Attribute",
    "MessageSystemAttributeMap": "Attribute",
    "MessageBodyAttributeMap": "MessageAttribute",
}


def query_session() -> boto3.session.Session:
    """A session like any other, but whose SQS clients speak the query protocol."""
    inner = botocore.session.Session()
    inner.register_component("data_loader", _Loader(inner.get_component("data_loader")))
    return boto3.session.Session(botocore_session=inner)


class _Loader:
    """botocore's loader of models, with another model of SQS."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        model = self._loader.load_service_model(service_name, type_name, api_version)
        return _in_query(model) if (service_name, type_name) == ("sqs", "service-2") else model


def _in_query(model: Any) -> Any:
    model = deepcopy(model)
    model["metadata"] |= {"protocol": "query", "protocols": ["query"]}
    model["metadata"].pop("awsQueryCompatible", None)
    for name, operation in model["operations"].items():
        if "output" in operation:
            operation["output"]["resultWrapper"] = f"{name}Result"
    shapes = model["shapes"]
    for name, member in _MEMBERS.items():
        shapes[name]["member"]["locationName"] = member
    for name in _MAPS:
        shapes[name]["key"]["locationName"] = "Name"
        shapes[name]["value"]["locationName"] = "Value"
    elements = {**_MEMBERS, **_MAPS}
    for shape in shapes.values():
        for member in shape.get("members", {}).values():
            if member["shape"] in elements:
                member["locationName"] = elements[member["shape"]]
    return model
