"""Integrations of HTTP APIs over loopback: functions, servers and services behind parameter mappings, made by boto3."""

import json
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError

from tests.serving import Answer, Serving, serving
from tests.web.gateway.conftest import HANDLERS
from tests.web.gateway.elsewhere import Elsewhere

ECHO = "arn:aws:lambda:us-east-1:000000000000:function:echo"
SAY = "arn:aws:lambda:us-east-1:000000000000:function:say"
QUEUE = "http://localhost:4566/000000000000/orders"

Leading = Callable[..., Callable[..., Answer]]


@pytest.fixture(scope="module")
def service(there: Elsewhere) -> Iterator[Serving]:
    with serving(f"""
clock: {{frozen: 2026-11-21T12:00:00Z}}
functions:
  echo: {{CodeUri: {HANDLERS}, Handler: fronts.echo, Timeout: 10}}
  say: {{CodeUri: {HANDLERS}, Handler: fronts.say, Timeout: 10}}
queues:
  orders: {{}}
  heard: {{}}
rules:
  all: {{bus: default, EventPattern: {{source: [shop]}}, targets: [{{queue: heard}}]}}
apis:
  told:
    routes:
      GET /there: {{url: "{there.url}/x", responses: {{200: {{"overwrite:statuscode": "203"}}}}}}
""") as running:
        yield running


@pytest.fixture(scope="module")
def apis(service: Serving) -> Iterator[Any]:
    client = service.client("apigatewayv2")
    yield client
    client.close()


@pytest.fixture
def leading(service: Serving, apis: Any) -> Iterator[Leading]:
    """Makes an API with one route that leads to an integration, and gives back what asks it."""
    made = []

    def make(route: str, **integration: Any) -> Callable[..., Answer]:
        api = apis.create_api(Name="one", ProtocolType="HTTP")["ApiId"]
        made.append(api)
        members = {"PayloadFormatVersion": "1.0", **integration}
        kept = apis.create_integration(ApiId=api, **members)
        apis.create_route(ApiId=api, RouteKey=route, Target=f"integrations/{kept['IntegrationId']}")
        apis.create_stage(ApiId=api, StageName="$default", AutoDeploy=True, StageVariables={"env": "test"})

        def ask(method: str, path: str, body: Any = None, **headers: str) -> Answer:
            host = {"Host": f"{api}.execute-api.localhost:4566"}
            return service.ask(method, path, body, headers={**host, **headers})

        return ask

    yield make
    for api in made:
        apis.delete_api(ApiId=api)


# Functions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_a_function_gets_the_request_as_it_is_mapped(leading: Leading, version: str) -> None:
    ask = leading(
        "ANY /{proxy+}", IntegrationType="AWS_PROXY", IntegrationUri=ECHO, PayloadFormatVersion=version,
        RequestParameters={
            "append:header.x-a": "$request.querystring.q",
            "overwrite:header.x-b": "${request.path.proxy} of ${stageVariables.env}",
            "remove:header.x-c": "''",
            "append:querystring.q": "two",
            "overwrite:path": "/v1/$request.path",
        },
    )  # fmt: skip
    event = ask("GET", "/a/b?q=one", **{"X-A": "1", "X-C": "gone"}).json
    headers = {name.lower(): value for name, value in event["headers"].items()}

    assert (headers["x-a"], headers["x-b"]) == ("1,one", "a/b of test")
    assert "x-c" not in headers
    assert event["path" if version == "1.0" else "rawPath"] == "/v1/$request.path"
    assert event["queryStringParameters"] == {"q": "two" if version == "1.0" else "one,two"}
    assert event["pathParameters"] == {"proxy": "a/b"}


def test_a_functions_answer_is_mapped_by_its_status(leading: Leading) -> None:
    ask = leading(
        "POST /say", IntegrationType="AWS_PROXY", IntegrationUri=SAY, PayloadFormatVersion="2.0",
        ResponseParameters={
            "200": {"overwrite:statuscode": "201", "append:header.x-a": "$response.body.code",
                    "overwrite:header.x-stage": "$context.stage", "remove:header.x-gone": "''"},
            "500": {"overwrite:header.x-a": "sorry", "overwrite:statuscode": "502"},
        },
    )  # fmt: skip

    def say(result: Any) -> Answer:
        return ask("POST", "/say", result)

    good = say({"statusCode": 200, "headers": {"x-a": "1", "x-gone": "1"}, "body": '{"code": 7}'})
    other = say({"statusCode": 204, "headers": {"x-a": "1"}})
    bad = say("raise")

    assert (good.status, good.headers["x-a"], good.headers["x-stage"]) == (201, "1,7", "$default")
    assert "x-gone" not in good.headers
    assert (other.status, other.headers["x-a"]) == (204, "1")
    assert (bad.status, bad.headers["x-a"], bad.json) == (502, "sorry", {"message": "Internal Server Error"})


# Other servers --------------------------------------------------------------------------------------


def test_a_request_goes_on_with_what_its_path_and_its_mapping_say(leading: Leading, there: Elsewhere) -> None:
    ask = leading(
        "ANY /pets/{id}/{proxy+}", IntegrationType="HTTP_PROXY", IntegrationMethod="PUT",
        IntegrationUri=f"{there.url}/v1/{{id}}/{{proxy}}?fixed=1",
        RequestParameters={
            "overwrite:header.x-who": "$context.identity.sourceIp",
            "overwrite:header.Host": "pets.example",
            "remove:querystring.secret": "''",
            "append:header.x-twice": "3",
        },
    )  # fmt: skip
    told = ask("POST", "/pets/7/a%2Fb/c?q=x%20y&secret=1", b"whole", **{"X-Twice": "1,2", "Cookie": "a=1; b=2"}).json

    assert (told["method"], told["path"], told["body"]) == ("PUT", "/v1/7/a/b/c?fixed=1&q=x%20y", "whole")
    sent = told["headers"]
    assert (sent["x-who"], sent["host"], sent["x-twice"], sent["cookie"]) == (
        "127.0.0.1", "pets.example", "1,2,3", "a=1; b=2",
    )  # fmt: skip
    assert {"x-amzn-trace-id", "x-forwarded-for", "x-forwarded-proto"} <= set(sent)


def test_another_servers_answer_comes_back_with_all_its_cookies(
    service: Serving, apis: Any, leading: Leading, there: Elsewhere
) -> None:
    ask = leading(
        "GET /", IntegrationType="HTTP_PROXY", IntegrationMethod="GET", IntegrationUri=there.url,
        ResponseParameters={"403": {"overwrite:statuscode": "404"}},
    )  # fmt: skip
    connection = HTTPConnection("127.0.0.1", service.port, timeout=20)
    api = apis.get_apis()["Items"][-1]["ApiId"]
    connection.request("GET", "/", headers={"Host": f"{api}.execute-api.localhost"})
    pairs = connection.getresponse().getheaders()
    connection.close()

    assert [value for name, value in pairs if name == "set-cookie"] == ["a=1", "b=2"]
    assert ask("GET", "/", **{"X-Answer": "403"}).status == 404
    assert ask("GET", "/", **{"X-Answer": "500"}).status == 500


def test_a_server_that_does_not_answer_in_time_is_unavailable(leading: Leading, there: Elsewhere) -> None:
    ask = leading(
        "GET /", IntegrationType="HTTP_PROXY", IntegrationMethod="GET", IntegrationUri=f"{there.url}/never",
        TimeoutInMillis=100,
    )  # fmt: skip
    nobody = leading(
        "GET /", IntegrationType="HTTP_PROXY", IntegrationMethod="GET", IntegrationUri="http://127.0.0.1:1"
    )

    for asked in (ask, nobody):
        answer = asked("GET", "/")
        assert (answer.status, answer.json) == (503, {"message": "Service Unavailable"})


def test_settings_map_answers_too(service: Serving) -> None:
    assert service.ask("GET", "/_triggerfish/gateway/told/there").status == 203


# Services -------------------------------------------------------------------------------------------


def test_a_route_sends_receives_deletes_and_purges(service: Serving, leading: Leading) -> None:
    aws = {"IntegrationType": "AWS_PROXY"}
    send = leading(
        "POST /orders", **aws, IntegrationSubtype="SQS-SendMessage",
        RequestParameters={"QueueUrl": QUEUE, "MessageBody": "$request.body.order", "DelaySeconds": "0",
                           "MessageAttributes": "$request.body.attributes"},
    )  # fmt: skip
    receive = leading(
        "GET /orders", **aws, IntegrationSubtype="SQS-ReceiveMessage",
        RequestParameters={"QueueUrl": QUEUE, "MaxNumberOfMessages": "10", "VisibilityTimeout": "30",
                           "MessageAttributeNames": '["All"]', "AttributeNames": "ApproximateReceiveCount"},
    )  # fmt: skip
    delete = leading(
        "DELETE /orders", **aws, IntegrationSubtype="SQS-DeleteMessage",
        RequestParameters={"QueueUrl": QUEUE, "ReceiptHandle": "$request.querystring.receipt"},
    )  # fmt: skip
    purge = leading(
        "DELETE /all", **aws, IntegrationSubtype="SQS-PurgeQueue", RequestParameters={"QueueUrl": QUEUE}
    )  # fmt: skip
    attributes = {"kind": {"DataType": "String", "StringValue": "toy"}}

    sent = send("POST", "/orders", {"order": {"id": 7}, "attributes": attributes})
    lacking = send("POST", "/orders", {"attributes": attributes})
    messages = receive("GET", "/orders").json["Messages"]
    deleted = delete("DELETE", f"/orders?receipt={quote(messages[0]['ReceiptHandle'], safe='')}")
    bad = delete("DELETE", "/orders?receipt=nonsense")
    send("POST", "/orders", {"order": "again", "attributes": attributes})
    purged = purge("DELETE", "/all")
    sqs = service.client("sqs")
    left = sqs.receive_message(QueueUrl=f"{service.url}/000000000000/orders").get("Messages", [])
    sqs.close()

    assert (sent.status, sent.headers["content-type"]) == (200, "application/json")
    assert sent.json["MessageId"] == messages[0]["MessageId"]
    assert (lacking.status, lacking.json) == (
        400, {"message": "Unable to resolve property MessageBody from source $request.body.order"},
    )  # fmt: skip
    assert messages[0]["Body"] == '{"id":7}'
    assert messages[0]["MessageAttributes"]["kind"]["StringValue"] == "toy"
    assert messages[0]["Attributes"] == {"ApproximateReceiveCount": "1"}
    assert (deleted.status, bad.status, purged.status) == (200, 400, 200)
    assert "message" in bad.json
    assert left == []


def test_a_route_puts_events_whose_rules_fire(service: Serving, leading: Leading) -> None:
    ask = leading(
        "POST /events", IntegrationType="AWS_PROXY", IntegrationSubtype="EventBridge-PutEvents",
        RequestParameters={"Source": "shop", "DetailType": "$request.header.kind", "Detail": "$request.body",
                           "Resources": '["a", "b"]'},
    )  # fmt: skip

    answer = ask("POST", "/events", b'{"total": 99}', kind="order")
    sqs = service.client("sqs")
    heard = json.loads(sqs.receive_message(QueueUrl=f"{service.url}/000000000000/heard")["Messages"][0]["Body"])
    sqs.close()

    assert answer.json["FailedEntryCount"] == 0
    assert (heard["detail-type"], heard["detail"], heard["resources"]) == ("order", {"total": 99}, ["a", "b"])
    assert answer.json["Entries"][0]["EventId"] == heard["id"]


def test_a_route_puts_records_and_starts_executions_that_are_kept(service: Serving, leading: Leading) -> None:
    kinesis, states = service.client("kinesis"), service.client("stepfunctions")
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    machine = states.create_state_machine(
        name="flow", definition='{"StartAt": "a", "States": {"a": {"Type": "Pass", "End": true}}}',
        roleArn="arn:aws:iam::000000000000:role/r",
    )["stateMachineArn"]  # fmt: skip
    put = leading(
        "POST /clicks", IntegrationType="AWS_PROXY", IntegrationSubtype="Kinesis-PutRecord",
        RequestParameters={"StreamName": "clicks", "Data": "$request.body", "PartitionKey": "$request.querystring.k"},
    )  # fmt: skip
    start = leading(
        "POST /flow", IntegrationType="AWS_PROXY", IntegrationSubtype="StepFunctions-StartExecution",
        RequestParameters={"StateMachineArn": machine, "Input": "$request.body"},
    )  # fmt: skip

    record, started = put("POST", "/clicks?k=1", b"click"), start("POST", "/flow", b"{}")
    executions = states.list_executions(stateMachineArn=machine)["executions"]
    kinesis.close()
    states.close()

    assert set(record.json) >= {"SequenceNumber", "ShardId"}
    assert started.status == 200, started.content
    assert [execution["executionArn"] for execution in executions] == [started.json["executionArn"]]


# Refusals -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("integration", "words"),
    [
        (
            {"IntegrationType": "HTTP_PROXY", "IntegrationUri": "http://localhost:1", "ConnectionType": "VPC_LINK",
             "ConnectionId": "abc"},
            "does not emulate VPC links",
        ),
        (
            {"IntegrationType": "AWS_PROXY", "IntegrationUri": ECHO,
             "RequestParameters": {"overwrite:header.Authorization": "x"}},
            "Operations on header Authorization are restricted",
        ),
        (
            {"IntegrationType": "AWS_PROXY", "IntegrationUri": ECHO,
             "ResponseParameters": {"20": {"overwrite:statuscode": "x"}}},
            "Invalid status code specified: 20",
        ),
        (
            {"IntegrationType": "AWS_PROXY", "IntegrationSubtype": "StepFunctions-StartSyncExecution",
             "RequestParameters": {"StateMachineArn": "x"}},
            "does not emulate integrations of the subtype StepFunctions-StartSyncExecution",
        ),
        (
            {"IntegrationType": "AWS_PROXY", "IntegrationSubtype": "SQS-SendMessage",
             "RequestParameters": {"QueueUrl": "x"}},
            "Missing required parameters: MessageBody",
        ),
    ],
)  # fmt: skip
def test_what_an_integration_may_not_say_is_a_bad_request(apis: Any, integration: dict[str, Any], words: str) -> None:
    api = apis.create_api(Name="none", ProtocolType="HTTP")["ApiId"]
    with pytest.raises(ClientError) as refused:
        apis.create_integration(ApiId=api, PayloadFormatVersion="1.0", IntegrationMethod="GET", **integration)
    kept = apis.get_integrations(ApiId=api)["Items"]
    apis.delete_api(ApiId=api)

    error = refused.value.response["Error"]
    assert (error["Code"], kept) == ("BadRequestException", [])
    assert words in error["Message"]


# Around them ----------------------------------------------------------------------------------------


def test_a_stages_throttle_is_on_the_clock(service: Serving, apis: Any) -> None:
    api = apis.create_api(Name="narrow", ProtocolType="HTTP", Target=ECHO)["ApiId"]
    apis.update_stage(
        ApiId=api, StageName="$default",
        DefaultRouteSettings={"ThrottlingRateLimit": 2.0, "ThrottlingBurstLimit": 1},
    )  # fmt: skip
    host = {"Host": f"{api}.execute-api.localhost:4566"}
    first, second = (service.ask("GET", "/", headers=host).status for _ in range(2))
    service.post("clock/advance", {"duration": "500ms"})
    third = service.ask("GET", "/", headers=host).status
    apis.delete_api(ApiId=api)

    assert (first, second, third) == (200, 429, 200)


def test_mutual_tls_of_a_domain_name_is_kept(apis: Any) -> None:
    certificate = {"CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/c", "EndpointType": "REGIONAL"}
    apis.create_domain_name(
        DomainName="api.example", DomainNameConfigurations=[certificate],
        MutualTlsAuthentication={"TruststoreUri": "s3://trust/store.pem", "TruststoreVersion": "1"},
    )  # fmt: skip
    told = apis.get_domain_name(DomainName="api.example")["MutualTlsAuthentication"]
    apis.delete_domain_name(DomainName="api.example")

    assert (told["TruststoreUri"], told["TruststoreVersion"]) == ("s3://trust/store.pem", "1")


def test_a_document_has_mappings_too(service: Serving, apis: Any, there: Elsewhere) -> None:
    integration = {
        "type": "http_proxy", "httpMethod": "GET", "uri": there.url, "payloadFormatVersion": "1.0",
        "requestParameters": {"overwrite:path": "/there"},
        "responseParameters": {"200": {"overwrite:statuscode": "203"}},
    }  # fmt: skip
    document = {
        "openapi": "3.0.1", "info": {"title": "mapped", "version": "1"},
        "paths": {"/here": {"get": {"x-amazon-apigateway-integration": integration}}},
    }  # fmt: skip
    api = apis.import_api(Body=json.dumps(document))["ApiId"]
    apis.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    answer = service.ask("GET", "/here", headers={"Host": f"{api}.execute-api.localhost:4566"})
    apis.delete_api(ApiId=api)

    assert (answer.status, answer.json["path"]) == (203, "/there")


def test_what_is_kept_of_an_authorizer_is_kept_by_an_identity(apis: Any) -> None:
    api = apis.create_api(Name="kept", ProtocolType="HTTP")["ApiId"]
    with pytest.raises(ClientError) as refused:
        apis.create_authorizer(
            ApiId=api, Name="a", AuthorizerType="REQUEST", AuthorizerUri=ECHO, AuthorizerPayloadFormatVersion="2.0",
            AuthorizerResultTtlInSeconds=60, IdentitySource=[],
        )  # fmt: skip
    apis.delete_api(ApiId=api)

    assert refused.value.response["Error"]["Code"] == "BadRequestException"
