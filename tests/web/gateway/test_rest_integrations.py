"""REST APIs in front of HTTP servers and AWS services: as they are, and with mapping templates."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest

from tests.serving import Serving, serving
from tests.web.gateway.elsewhere import Elsewhere

SETTINGS = """
queues:
  q: {}
topics:
  news: {}
"""
SQS = "arn:aws:apigateway:us-east-1:sqs:{}"
ROLE = "arn:aws:iam::000000000000:role/r"
FORM = {"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"}


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    with serving(SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(service: Serving) -> Any:
    return service.client("apigateway")


class Api:
    """An API with one method, deployed."""

    def __init__(self, service: Serving, gateway: Any, path: str, responses: Any = (), **integration: Any) -> None:
        self.service = service
        made = gateway.create_rest_api(name="out")
        self.id, resource = made["id"], made["rootResourceId"]
        for part in [part for part in path.split("/") if part]:
            resource = gateway.create_resource(restApiId=self.id, parentId=resource, pathPart=part)["id"]
        at = {"restApiId": self.id, "resourceId": resource, "httpMethod": "ANY"}
        gateway.put_method(**at, authorizationType="NONE", requestParameters={"method.request.path.proxy": True})
        gateway.put_integration(**at, **integration)
        for response in responses:
            gateway.put_method_response(**at, statusCode=response["statusCode"])
            gateway.put_integration_response(**at, **response)
        gateway.create_deployment(restApiId=self.id, stageName="dev", variables={"v": "x"})

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.service.ask(method, f"/restapis/{self.id}/dev/_user_request_{path}", body, headers=named)


def cookies_of(service: Serving, api: Api) -> list[str]:
    connection = HTTPConnection("127.0.0.1", service.port, timeout=20)
    connection.request("GET", f"/restapis/{api.id}/dev/_user_request_/all/x")
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.headers.get_all("set-cookie") or []


# HTTP servers ---------------------------------------------------------------------------------------


def test_a_request_goes_on_as_it_is(service: Serving, gateway: Any, there: Elsewhere) -> None:
    api = Api(service, gateway, "/all/{proxy+}", type="HTTP_PROXY", integrationHttpMethod="ANY",
              uri=f"{there.url}/on/{{proxy}}",
              requestParameters={"integration.request.path.proxy": "method.request.path.proxy"})  # fmt: skip

    told = api.ask("PUT", "/all/a/b?q=1&q=2", {"a": 1}, x_own="v").json

    assert (told["method"], told["path"], json.loads(told["body"])) == ("PUT", "/on/a/b?q=1&q=2", {"a": 1})
    assert (told["headers"]["x-own"], told["headers"]["x-forwarded-for"]) == ("v", "127.0.0.1")
    assert cookies_of(service, api) == ["a=1", "b=2"]


def test_parameters_are_added_on_the_way(service: Serving, gateway: Any, there: Elsewhere) -> None:
    api = Api(service, gateway, "/a", type="HTTP_PROXY", integrationHttpMethod="GET", uri=f"{there.url}/on",
              requestParameters={"integration.request.header.X-Stage": "context.stage",
                                 "integration.request.querystring.v": "stageVariables.v"})  # fmt: skip

    told = api.ask("POST", "/a", {}).json

    assert (told["method"], told["path"], told["headers"]["x-stage"]) == ("GET", "/on?v=x", "dev")


def test_templates_stand_on_both_sides_and_a_status_selects(service: Serving, gateway: Any, there: Elsewhere) -> None:
    mapped = '{"was": $input.json("$.method"), "sent": $input.json("$.body")}'
    api = Api(
        service, gateway, "/a", type="HTTP", integrationHttpMethod="POST", uri=f"{there.url}/on",
        requestTemplates={"application/json": '{"only": "$input.path("$.a")"}'},
        requestParameters={"integration.request.header.x-answer": "method.request.header.x-wanted"},
        responses=[
            {"statusCode": "200", "responseTemplates": {"application/json": mapped},
             "responseParameters": {"method.response.header.X-Seen": "integration.response.header.x-there"}},
            {"statusCode": "502", "selectionPattern": "5\\d{2}", "responseTemplates": {"application/json": '"down"'}},
        ],
    )  # fmt: skip

    fine, down = api.ask("POST", "/a", {"a": "b"}), api.ask("POST", "/a", {"a": "b"}, x_wanted="503")

    assert (fine.status, fine.json) == (200, {"was": "POST", "sent": '{"only": "b"}'})
    assert fine.headers["x-seen"]
    assert (down.status, down.content) == (502, b'"down"')


def test_a_server_that_takes_too_long_or_is_not_there(service: Serving, gateway: Any, there: Elsewhere) -> None:
    slow = Api(service, gateway, "/a", type="HTTP_PROXY", integrationHttpMethod="GET", uri=f"{there.url}/never",
               timeoutInMillis=100)  # fmt: skip
    gone = Api(service, gateway, "/a", type="HTTP_PROXY", integrationHttpMethod="GET", uri="http://127.0.0.1:1/")

    late, lost = slow.ask("GET", "/a"), gone.ask("GET", "/a")

    assert (late.status, late.content) == (504, b'{"message": "Endpoint request timed out"}')
    assert (lost.status, lost.content) == (504, b'{"message": "Network error communicating with endpoint"}')


# AWS services ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uri", "parameters", "template"),
    [
        (SQS.format("path/000000000000/q"), FORM,
         "Action=SendMessage&Version=2012-11-05&MessageBody=$util.urlEncode($input.body)"),
        (SQS.format("action/SendMessage"), {},
         '{"QueueUrl": "http://localhost/000000000000/q", "MessageBody": "$util.escapeJavaScript($input.body)"}'),
    ],
)  # fmt: skip
def test_a_message_is_sent_to_a_queue(
    service: Serving, gateway: Any, uri: str, parameters: dict[str, str], template: str
) -> None:
    api = Api(service, gateway, "/a", type="AWS", integrationHttpMethod="POST", uri=uri, credentials=ROLE,
              requestParameters=parameters, requestTemplates={"application/json": template},
              responses=[{"statusCode": "202"}])  # fmt: skip

    answer = api.ask("POST", "/a", {"id": 7})

    queues = service.client("sqs")
    url = f"{service.url}/000000000000/q"
    message = queues.receive_message(QueueUrl=url)["Messages"][0]
    queues.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert answer.status == 202, answer.content
    assert json.loads(message["Body"]) == {"id": 7}


def test_events_and_items_are_put(service: Serving, gateway: Any) -> None:
    tables = service.client("dynamodb")
    tables.create_table(
        TableName="pets", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip
    item = '{"TableName": "pets", "Item": {"id": {"S": "$input.path("$.id")"}}}'
    put = Api(service, gateway, "/a", type="AWS", integrationHttpMethod="POST", credentials=ROLE,
              uri="arn:aws:apigateway:us-east-1:dynamodb:action/PutItem", responses=[{"statusCode": "200"}],
              requestTemplates={"application/json": item})  # fmt: skip
    entry = '{"Entries": [{"Source": "shop", "DetailType": "order", "Detail": "{}"}]}'
    told = Api(service, gateway, "/a", type="AWS", integrationHttpMethod="POST", credentials=ROLE,
               uri="arn:aws:apigateway:us-east-1:events:action/PutEvents", responses=[{"statusCode": "200"}],
               requestTemplates={"application/json": entry})  # fmt: skip

    first, second = put.ask("POST", "/a", {"id": "rex"}), told.ask("POST", "/a", {})

    assert first.status == 200, first.content
    assert tables.get_item(TableName="pets", Key={"id": {"S": "rex"}})["Item"] == {"id": {"S": "rex"}}
    assert (second.status, second.json["FailedEntryCount"]) == (200, 0)


def test_what_a_service_refuses_is_selected_by_its_status(service: Serving, gateway: Any) -> None:
    api = Api(
        service, gateway, "/a", type="AWS", integrationHttpMethod="POST", credentials=ROLE,
        uri=SQS.format("action/SendMessage"), requestTemplates={"application/json": '{"QueueUrl": "none"}'},
        responses=[{"statusCode": "200"}, {"statusCode": "400", "selectionPattern": "4\\d{2}"}],
    )  # fmt: skip

    assert api.ask("POST", "/a", {}).status == 400
