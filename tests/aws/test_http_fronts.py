"""APIs, function URLs, load balancers and distributions with the AWS CLI, asked by curl under their own names."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.live import Live, live
from tests.tools import environ_with_tools
from tests.web.gateway.conftest import HANDLERS

pytestmark = pytest.mark.real

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:echo"
DISTRIBUTION = """{
  "CallerReference": "one", "Comment": "", "Enabled": true,
  "Origins": {"Quantity": 1, "Items": [{
    "Id": "url", "DomainName": "origin.lambda-url.us-east-1.on.aws",
    "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}}]},
  "DefaultCacheBehavior": {
    "TargetOriginId": "url", "ViewerProtocolPolicy": "allow-all",
    "LambdaFunctionAssociations": {"Quantity": 1, "Items": [{
      "EventType": "viewer-request", "LambdaFunctionARN": "arn:aws:lambda:us-east-1:000000000000:function:edge:1"}]}}
}"""
Aws = Callable[..., Any]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("service")
    settings = (
        f"functions: {{echo: {{CodeUri: {HANDLERS}, Handler: fronts.echo, Timeout: 10}},"
        f" edge: {{CodeUri: {HANDLERS}, Handler: fronts.edge, Timeout: 5}}}}\n"
        "urls: {origin: echo}\n"
    )
    with live(folder, settings) as running:
        yield running


@pytest.fixture
def aws(service: Live, tmp_path: Path) -> Aws:
    """Run `aws` with these arguments and give the JSON that it prints."""
    account = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    environ = {**environ_with_tools(), **account, "AWS_ENDPOINT_URL": service.url, "AWS_PAGER": ""}

    def aws(*arguments: str) -> Any:
        command = ["aws", "--endpoint-url", service.url, "--output", "json", *arguments]
        done = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "null")

    return aws


def asked(service: Live, url: str) -> Any:
    """What a URL that we told answers; its name leads here whatever the machine's resolver makes of it."""
    name = urlsplit(url).hostname
    command = ["curl", "-s", "--resolve", f"{name}:{service.port}:127.0.0.1", url]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout)


def test_an_api_with_a_target_answers_at_the_endpoint_that_it_tells(aws: Aws, service: Live) -> None:
    made = aws("apigatewayv2", "create-api", "--name", "quick", "--protocol-type", "HTTP", "--target", FUNCTION)

    event = asked(service, f"{made['ApiEndpoint']}/any/path")
    assert (event["routeKey"], event["rawPath"]) == ("$default", "/any/path")


def test_a_function_url_answers_where_it_says(aws: Aws, service: Live) -> None:
    made = aws("lambda", "create-function-url-config", "--function-name", "echo", "--auth-type", "NONE")

    assert asked(service, f"{made['FunctionUrl']}x?a=1")["rawQueryString"] == "a=1"


def test_a_load_balancer_answers_at_the_name_that_it_tells(aws: Aws, service: Live) -> None:
    subnets = aws("ec2", "describe-subnets", "--query", "Subnets[:2].SubnetId")
    balancer = aws("elbv2", "create-load-balancer", "--name", "made", "--subnets", *subnets)["LoadBalancers"][0]
    group = aws("elbv2", "create-target-group", "--name", "web", "--target-type", "lambda", "--query",
                "TargetGroups[0].TargetGroupArn")  # fmt: skip
    aws("elbv2", "register-targets", "--target-group-arn", group, "--targets", f"Id={FUNCTION}")
    aws("elbv2", "create-listener", "--load-balancer-arn", balancer["LoadBalancerArn"], "--protocol", "HTTP", "--port",
        "80", "--default-actions", f"Type=forward,TargetGroupArn={group}")  # fmt: skip

    event = asked(service, f"http://{balancer['DNSName']}/any?a=%2F")
    assert event["requestContext"]["elb"]["targetGroupArn"] == group
    assert (event["path"], event["queryStringParameters"]) == ("/any", {"a": "%2F"})


def test_a_distribution_answers_at_the_name_that_it_tells(aws: Aws, service: Live, tmp_path: Path) -> None:
    (tmp_path / "distribution.json").write_text(DISTRIBUTION, encoding="utf-8")
    aws("lambda", "publish-version", "--function-name", "edge")
    made = aws("cloudfront", "create-distribution", "--distribution-config", "file://distribution.json")

    event = asked(service, f"http://{made['Distribution']['DomainName']}/any?a=1")
    assert (event["rawPath"], event["queryStringParameters"]) == ("/any", {"a": "1"})
    assert event["headers"]["x-viewer-request"] == "seen"


REST = """
openapi: 3.0.1
info: {title: pets, version: "1"}
paths:
  /pets/{id}:
    get:
      responses: {"200": {description: ok}}
      x-amazon-apigateway-integration:
        type: aws_proxy
        httpMethod: POST
        uri: arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/<f>/invocations
"""


def test_a_rest_api_is_imported_tried_deployed_and_exported(aws: Aws, service: Live, tmp_path: Path) -> None:
    (tmp_path / "openapi.yaml").write_text(REST.replace("<f>", FUNCTION))
    api = aws("apigateway", "import-rest-api", "--body", "fileb://openapi.yaml")["id"]
    named = ["--rest-api-id", api]
    resources = aws("apigateway", "get-resources", *named)["items"]
    at = ["--resource-id", next(each["id"] for each in resources if each["path"] == "/pets/{id}")]

    tried = aws("apigateway", "test-invoke-method", *named, *at, "--http-method", "GET", "--path-with-query-string",
                "/pets/7")  # fmt: skip
    aws("apigateway", "create-deployment", *named, "--stage-name", "dev")
    event = asked(service, f"http://{api}.execute-api.localhost:{urlsplit(service.url).port}/dev/pets/8")
    aws("apigateway", "get-export", *named, "--stage-name", "dev", "--export-type", "oas30", "out.json")

    assert json.loads(tried["body"])["pathParameters"] == {"id": "7"}
    assert event["pathParameters"] == {"id": "8"}
    assert json.loads((tmp_path / "out.json").read_text())["info"]["title"] == "pets"
