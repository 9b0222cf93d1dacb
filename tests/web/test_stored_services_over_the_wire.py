"""Services that only store, asked by boto3 over the loopback."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.serving import Serving, serving


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    with serving("clock: {frozen: 2026-11-21T12:00:00Z}") as running:
        yield running


def test_a_role_is_made_and_found(service: Serving) -> None:
    iam = service.client("iam")

    made = iam.create_role(RoleName="worker", AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}')

    assert iam.get_role(RoleName="worker")["Role"]["Arn"] == made["Role"]["Arn"]
    assert made["Role"]["Arn"] == "arn:aws:iam::000000000000:role/worker"


@pytest.mark.parametrize(("key", "account"), [("test", "000000000000"), ("111122223333", "111122223333")])
def test_the_caller_is_told_its_account(service: Serving, key: str, account: str) -> None:
    assert service.client("sts", key=key).get_caller_identity()["Account"] == account


def test_log_events_are_kept(service: Serving) -> None:
    logs = service.client("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")

    noon_ms = 1_795_262_400_000
    logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=[{"timestamp": noon_ms, "message": "hello"}])

    assert [event["message"] for event in logs.filter_log_events(logGroupName="g")["events"]] == ["hello"]


def test_a_stream_takes_records(service: Serving) -> None:
    kinesis = service.client("kinesis")
    kinesis.create_stream(StreamName="clicks", ShardCount=1)

    put = kinesis.put_record(StreamName="clicks", Data=b"x", PartitionKey="a")

    assert put["ShardId"] == "shardId-000000000000"


def test_a_table_its_stream_a_metric_a_secret_and_a_parameter_are_kept(service: Serving) -> None:
    table = service.client("dynamodb").create_table(
        TableName="t", KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )  # fmt: skip
    service.client("cloudwatch").put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 1}])
    service.client("secretsmanager").create_secret(Name="s", SecretString="hush")
    service.client("ssm").put_parameter(Name="p", Value="v", Type="String")

    (stream,) = service.client("dynamodbstreams").list_streams()["Streams"]
    assert stream["StreamArn"] == table["TableDescription"]["LatestStreamArn"]
    assert service.client("cloudwatch").list_metrics(Namespace="n")["Metrics"][0]["MetricName"] == "m"
    assert service.client("secretsmanager").get_secret_value(SecretId="s")["SecretString"] == "hush"
    assert service.client("ssm").get_parameter(Name="p")["Parameter"]["Value"] == "v"


def test_both_kinds_of_api_have_their_control_plane(service: Serving) -> None:
    rest = service.client("apigateway").create_rest_api(name="a")["id"]
    http = service.client("apigatewayv2").create_api(Name="a", ProtocolType="HTTP")["ApiId"]

    assert service.client("apigateway").get_rest_api(restApiId=rest)["name"] == "a"
    assert service.client("apigatewayv2").get_api(ApiId=http)["ProtocolType"] == "HTTP"


def test_a_user_pool_is_made(service: Serving) -> None:
    assert service.client("cognito-idp").create_user_pool(PoolName="p")["UserPool"]["Id"].startswith("us-east-1_")


def test_what_is_not_emulated_is_named(service: Serving) -> None:
    with pytest.raises(ClientError, match="Triggerfish does not emulate the AWS service 'rds'"):
        service.client("rds").describe_db_instances()
