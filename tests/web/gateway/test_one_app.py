"""SAM's hello-world, the same function behind each front: of the settings, and made by boto3 as a stack would be."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.serving import Serving, serving

APP = """
import json


def lambda_handler(event, context):
    return {"statusCode": 200, "body": json.dumps({"message": "hello world"})}
"""
HELLO = b'{"message": "hello world"}'
ARN = "arn:aws:lambda:us-east-1:000000000000:function:HelloWorldFunction"
PATHS = ["http/hello", "http/old", "url/hello", "balancer/hello", "rest/Prod/hello", "edge/hello"]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("hello_world")
    (folder / "app.py").write_text(APP, encoding="utf-8")
    with serving(f"""
functions:
  HelloWorldFunction: {{CodeUri: {folder}, Handler: app.lambda_handler, Runtime: python3.11}}
apis:
  http: {{routes: {{GET /hello: HelloWorldFunction, GET /old: {{function: HelloWorldFunction, payload: 1.0}}}}}}
urls: {{url: HelloWorldFunction}}
load_balancers: {{balancer: {{rules: [{{path: /hello, function: HelloWorldFunction}}]}}}}
rest_apis:
  rest: {{stage: Prod, methods: {{GET /hello: HelloWorldFunction}}}}
websocket_apis:
  socket: {{stage: Prod, routes: {{$connect: HelloWorldFunction, $default: HelloWorldFunction}}}}
distributions:
  edge: {{origin: {{url: "http://url.lambda-url.us-east-1.on.aws"}}}}
""") as running:
        yield running


@pytest.mark.parametrize("path", PATHS)
def test_the_same_app_answers_through_each_front(service: Serving, path: str) -> None:
    answer = service.ask("GET", f"/_triggerfish/gateway/{path}")

    assert (answer.status, answer.content) == (200, HELLO)


def test_the_same_app_answers_over_a_websocket(service: Serving) -> None:
    url = f"ws://127.0.0.1:{service.port}/_aws/execute-api/socket/Prod"
    with connect(url, open_timeout=10, close_timeout=5) as socket:
        socket.send("hello")

        assert socket.recv(timeout=10) == HELLO.decode()


# Made by boto3: each gives the host and the path that it answers under ------------------------------


def http_api(service: Serving) -> tuple[str, str]:
    apis = service.client("apigatewayv2")
    made = apis.create_api(Name="made", ProtocolType="HTTP", Target=ARN)
    apis.close()
    return made["ApiEndpoint"].removeprefix("http://"), "/hello"


def rest_api(service: Serving) -> tuple[str, str]:
    apis = service.client("apigateway")
    api = apis.create_rest_api(name="made")
    resource = apis.create_resource(restApiId=api["id"], parentId=api["rootResourceId"], pathPart="hello")["id"]
    method = {"restApiId": api["id"], "resourceId": resource, "httpMethod": "GET"}
    apis.put_method(**method, authorizationType="NONE")
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{ARN}/invocations"
    apis.put_integration(**method, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    apis.create_deployment(restApiId=api["id"], stageName="Prod")
    apis.close()
    return f"{api['id']}.execute-api.localhost:{service.port}", "/Prod/hello"


def function_url(service: Serving) -> tuple[str, str]:
    functions = service.client("lambda")
    url = functions.create_function_url_config(FunctionName="HelloWorldFunction", AuthType="NONE")["FunctionUrl"]
    functions.close()
    return url.removeprefix("http://").rstrip("/"), "/hello"


def load_balancer(service: Serving) -> tuple[str, str]:
    ec2, elb = service.client("ec2"), service.client("elbv2")
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]]
    made = elb.create_load_balancer(Name="made", Subnets=subnets[:2])["LoadBalancers"][0]
    group = elb.create_target_group(Name="made", TargetType="lambda")["TargetGroups"][0]["TargetGroupArn"]
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": ARN}])
    elb.create_listener(
        LoadBalancerArn=made["LoadBalancerArn"], Protocol="HTTP", Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )  # fmt: skip
    ec2.close()
    elb.close()
    return made["DNSName"], "/hello"


def distribution(service: Serving) -> tuple[str, str]:
    cloudfront = service.client("cloudfront")
    origin = {
        "Id": "url", "DomainName": "url.lambda-url.us-east-1.on.aws",
        "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
    }  # fmt: skip
    made = cloudfront.create_distribution(
        DistributionConfig={
            "CallerReference": "made", "Comment": "", "Enabled": True, "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {"TargetOriginId": "url", "ViewerProtocolPolicy": "allow-all"},
        }
    )["Distribution"]  # fmt: skip
    cloudfront.close()
    return made["DomainName"], "/hello"


@pytest.mark.parametrize("make", [http_api, rest_api, function_url, load_balancer, distribution])
def test_the_same_app_answers_through_what_boto3_makes(
    service: Serving, make: Callable[[Serving], tuple[str, str]]
) -> None:
    host, path = make(service)
    answer: Any = service.ask("GET", path, headers={"Host": host})

    assert (answer.status, answer.content) == (200, HELLO)
