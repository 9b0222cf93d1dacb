"""SQS's protocols, spoken with botocore's serializers and parsers and nothing of ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPResponse
from typing import Any, Protocol
from urllib.parse import urlencode
from xml.etree import ElementTree

import botocore.session
import orjson
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from moto.core.utils import _load_service_model

_NAMESPACE = "{http://queue.amazonaws.com/doc/2012-11-05/}"


@dataclass(frozen=True, slots=True)
class Error:
    """A refusal as it came over the wire. `type` is empty in the query protocol, which has none."""

    code: str
    status: int
    message: str
    type: str = ""
    fault: str = "Sender"


class Dialect(Protocol):
    """A protocol with its ways."""

    name: str

    def request(self, operation: str, params: Mapping[str, Any]) -> tuple[dict[str, str], bytes]:
        """Headers and body."""

    def answer(self, operation: str, status: int, headers: Mapping[str, str], body: bytes) -> Any:
        """The result as a dictionary, or the Error."""


class Json:
    """JSON 1.0; in query mode, as current SDKs of services that had the query protocol once."""

    def __init__(self, *, in_query_mode: bool) -> None:
        self.name = "json in query mode" if in_query_mode else "json"
        self._is_in_query_mode = in_query_mode

    def request(self, operation: str, params: Mapping[str, Any]) -> tuple[dict[str, str], bytes]:
        request = _serializer("json").serialize_to_request(params, _operation(operation))
        headers = {name.lower(): value for name, value in request["headers"].items()}
        assert headers["x-amzn-query-mode"] == "true", "botocore speaks in query mode"
        if not self._is_in_query_mode:
            del headers["x-amzn-query-mode"]
        return headers, request["body"]

    def answer(self, operation: str, status: int, headers: Mapping[str, str], body: bytes) -> Any:
        assert headers["content-type"] == "application/x-amz-json-1.0"
        if status >= 300:
            told = orjson.loads(body)
            code, _, fault = headers["x-amzn-query-error"].partition(";")
            return Error(code, status, told["message"], told["__type"], fault)
        response = {"status_code": status, "headers": headers, "body": body}
        parsed = create_parser("json").parse(response, _operation(operation).output_shape)
        parsed.pop("ResponseMetadata")
        return parsed


class Query:
    """The older protocol: a form in, XML out."""

    name = "query"

    def request(self, operation: str, params: Mapping[str, Any]) -> tuple[dict[str, str], bytes]:
        form = _serializer("query").serialize_to_request(params, _query_operation(operation))["body"]
        return {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}, urlencode(form).encode()

    def answer(self, operation: str, status: int, headers: Mapping[str, str], body: bytes) -> Any:
        assert headers["content-type"] == "text/xml"
        root = ElementTree.fromstring(body)  # noqa: S314 - it comes from our own service
        if status >= 300:
            assert root.tag == f"{_NAMESPACE}ErrorResponse"
            told = {element.tag.removeprefix(_NAMESPACE): element.text or "" for element in root[0]}
            assert root.findtext(f"{_NAMESPACE}RequestId") == headers["x-amzn-requestid"]
            return Error(told["Code"], status, told["Message"], fault=told["Type"])
        assert root.tag == f"{_NAMESPACE}{operation}Response"
        metadata = root.find(f"{_NAMESPACE}ResponseMetadata")
        assert metadata is not None
        assert metadata.findtext(f"{_NAMESPACE}RequestId") == headers["x-amzn-requestid"]
        shape = _query_operation(operation).output_shape
        if shape is None:
            assert len(root) == 1, "what has no result has no result element"
            return {}
        parsed = create_parser("query").parse({"status_code": status, "headers": headers, "body": body}, shape)
        parsed.pop("ResponseMetadata")
        return parsed


JSON = Json(in_query_mode=False)
JSON_IN_QUERY_MODE = Json(in_query_mode=True)
QUERY = Query()


def ask(
    port: int,
    dialect: Dialect,
    operation: str,
    params: Mapping[str, Any],
    *,
    account: str = "test",
    region: str = "us-east-1",
    headers: Mapping[str, str] | None = None,
    path: str = "/",
) -> Any:
    """What the service answers: a dictionary, or an Error."""
    own, body = dialect.request(operation, params)
    credential = f"AWS4-HMAC-SHA256 Credential={account}/20261121/{region}/sqs/aws4_request, SignedHeaders=host, "
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        sent = {**own, "authorization": credential + "Signature=0", **(headers or {})}
        connection.request("POST", path, body, sent)
        response: HTTPResponse = connection.getresponse()
        got = {name.lower(): value for name, value in response.getheaders()}
        assert got["x-amzn-requestid"], "every answer has a request id"
        return dialect.answer(operation, response.status, got, response.read())
    finally:
        connection.close()


@cache
def _operation(name: str) -> Any:
    return botocore.session.get_session().get_service_model("sqs").operation_model(name)


@cache
def _query_operation(name: str) -> Any:
    """The operation under the names of the query protocol."""
    return ServiceModel(query_model(), "sqs").operation_model(name)


def query_model() -> dict[str, Any]:
    """SQS's model with the names of the query protocol, which botocore's has no more, but moto's copy has.

    What that lacks in its turn is botocore 1.31's, the last that spoke it.
    """
    model: dict[str, Any] = _with_query_names(_load_service_model("sqs", "service-2"))
    model["shapes"]["ListMessageMoveTasksResultEntryList"]["member"]["locationName"] = "ListMessageMoveTasksResultEntry"
    model["metadata"] |= {"protocol": "query", "protocols": ["query"]}
    for name, operation in model["operations"].items():
        if "output" in operation:
            operation["output"]["resultWrapper"] = f"{name}Result"
    return model


def _with_query_names(model: Any) -> Any:
    if isinstance(model, list):
        return [_with_query_names(value) for value in model]
    if not isinstance(model, dict):
        return model
    renamed = {name: _with_query_names(value) for name, value in model.items()}
    if "locationNameForQueryCompatibility" in renamed:
        renamed["locationName"] = renamed["locationNameForQueryCompatibility"]
    return renamed


@cache
def _serializer(protocol: str) -> Any:
    return create_serializer(protocol, include_validation=False)
