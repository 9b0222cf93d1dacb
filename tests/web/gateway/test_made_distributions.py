"""Distributions made by boto3 over the CloudFront API: what is kept answers at once, published functions around it."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.serving import Answer, Serving, serving
from tests.web.gateway.conftest import HANDLERS
from tests.web.gateway.elsewhere import Elsewhere

EDGE = "arn:aws:lambda:us-east-1:000000000000:function:edge"


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    with serving(f"""
functions:
  edge: {{CodeUri: {HANDLERS}, Handler: fronts.edge, Timeout: 5}}
  echo: {{CodeUri: {HANDLERS}, Handler: fronts.echo, Timeout: 10}}
  slow: {{CodeUri: {HANDLERS}, Handler: fronts.edge, Timeout: 10}}
buckets: {{site: {{}}}}
urls: {{echo-url: echo}}
""") as running:
        s3, functions = running.client("s3", s3={"addressing_style": "path"}), running.client("lambda")
        for name in ("index.html", "a.txt"):
            s3.put_object(Bucket="site", Key=f"public/{name}", Body=name.encode(), ContentType="text/plain")
        for name in ("edge", "slow"):
            functions.publish_version(FunctionName=name)
        s3.close()
        functions.close()
        yield running


@pytest.fixture(scope="module")
def cloudfront(service: Serving) -> Iterator[Any]:
    client = service.client("cloudfront")
    yield client
    client.close()


def behavior(origin: str, **functions: str) -> dict[str, Any]:
    items = [
        {"LambdaFunctionARN": arn, "EventType": event.replace("_", "-"), "IncludeBody": event == "viewer_request"}
        for event, arn in functions.items()
    ]
    return {
        "TargetOriginId": origin,
        "ViewerProtocolPolicy": "allow-all",
        "ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "all"}},
        "MinTTL": 0,
        "LambdaFunctionAssociations": {"Quantity": len(items), "Items": items},
    }


BUCKET = {
    "Id": "bucket", "DomainName": "site.s3.us-east-1.amazonaws.com", "OriginPath": "/public",
    "S3OriginConfig": {"OriginAccessIdentity": ""},
}  # fmt: skip


def server(id: str, domain: str, port: int = 80) -> dict[str, Any]:
    return {
        "Id": id,
        "DomainName": domain,
        "CustomOriginConfig": {"HTTPPort": port, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"},
        "CustomHeaders": {"Quantity": 1, "Items": [{"HeaderName": "X-Secret", "HeaderValue": "s1"}]},
    }


def config(reference: str, *origins: dict[str, Any], default: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "CallerReference": reference,
        "Comment": "",
        "Enabled": True,
        "DefaultRootObject": "index.html",
        "Origins": {"Quantity": len(origins), "Items": list(origins)},
        "DefaultCacheBehavior": default,
        **more,
    }


def ask(service: Serving, made: dict[str, Any], path: str, method: str = "GET", **headers: str) -> Answer:
    return service.ask(method, path, headers={"Host": made["DomainName"], **headers})


def test_a_distribution_is_made_asked_changed_and_deleted(service: Serving, cloudfront: Any) -> None:
    wanted = config("one", BUCKET, default=behavior("bucket"))
    made = cloudfront.create_distribution(DistributionConfig=wanted)
    there = made["Distribution"]
    plain = ask(service, there, "/a.txt")
    root = ask(service, there, "/")
    by_path = service.ask("GET", f"/_triggerfish/gateway/{there['Id']}/a.txt")
    changed = {**wanted, "DefaultCacheBehavior": behavior("bucket", viewer_request=f"{EDGE}:1")}
    update = cloudfront.update_distribution(DistributionConfig=changed, Id=there["Id"], IfMatch=made["ETag"])
    through = ask(service, there, "/a.txt?q=1", **{"x-do": "viewer-request=generate"})
    told = cloudfront.get_distribution_config(Id=there["Id"])
    with pytest.raises(ClientError) as enabled:
        cloudfront.delete_distribution(Id=there["Id"], IfMatch=update["ETag"])
    off = cloudfront.update_distribution(
        DistributionConfig={**changed, "Enabled": False}, Id=there["Id"], IfMatch=update["ETag"]
    )
    closed = ask(service, there, "/a.txt")
    with pytest.raises(ClientError) as stale:
        cloudfront.delete_distribution(Id=there["Id"], IfMatch=update["ETag"])
    cloudfront.delete_distribution(Id=there["Id"], IfMatch=off["ETag"])
    with pytest.raises(ClientError) as gone:
        cloudfront.get_distribution(Id=there["Id"])

    assert there["DomainName"] == f"{there['Id'].lower()}.cloudfront.localhost:{service.port}"
    assert [(answer.status, answer.content) for answer in (plain, root, by_path)] == [
        (200, b"a.txt"), (200, b"index.html"), (200, b"a.txt"),
    ]  # fmt: skip
    cf = through.json
    assert (cf["config"]["distributionId"], cf["config"]["eventType"]) == (there["Id"], "viewer-request")
    assert cf["request"]["body"]["action"] == "read-only"
    associations = told["DistributionConfig"]["DefaultCacheBehavior"]["LambdaFunctionAssociations"]
    assert associations == {
        "Quantity": 1,
        "Items": [{"LambdaFunctionARN": f"{EDGE}:1", "EventType": "viewer-request", "IncludeBody": True}],
    }
    assert told["ETag"] == update["ETag"] != made["ETag"]
    assert closed.status == 404
    refused = [each.value.response for each in (enabled, stale, gone)]
    assert [(each["Error"]["Code"], each["ResponseMetadata"]["HTTPStatusCode"]) for each in refused] == [
        ("DistributionNotDisabled", 409), ("PreconditionFailed", 412), ("NoSuchDistribution", 404),
    ]  # fmt: skip


def test_behaviors_go_by_path_to_their_origins(service: Serving, cloudfront: Any, there: Elsewhere) -> None:
    host, _, port = there.url.removeprefix("http://").partition(":")
    url = server("url", "echo-url.lambda-url.us-east-1.on.aws")
    behaviors = [
        {"PathPattern": "api/*", **behavior("api", origin_request=f"{EDGE}:1")},
        {"PathPattern": "/url/*", **behavior("url")},
    ]
    made = cloudfront.create_distribution(
        DistributionConfig=config(
            "two", BUCKET, server("api", host, int(port)), url, default=behavior("bucket"),
            CacheBehaviors={"Quantity": 2, "Items": behaviors},
        )
    )["Distribution"]  # fmt: skip
    api = ask(service, made, "/api/x?q=1", cookie="a=1; b=2").json
    generated = ask(service, made, "/api/x", **{"x-do": "origin-request=generate"}).json
    connection = HTTPConnection("127.0.0.1", service.port, timeout=20)
    connection.request("GET", "/api/x", headers={"Host": made["DomainName"]})
    cookies = [value for name, value in connection.getresponse().getheaders() if name == "set-cookie"]
    connection.close()

    assert (api["path"], api["headers"]["x-secret"], api["headers"]["host"]) == ("/api/x?q=1", "s1", f"{host}:{port}")
    assert api["headers"]["cookie"] == "a=1; b=2"
    assert cookies == ["a=1", "b=2"]
    assert generated["request"]["origin"]["custom"]["port"] == int(port)
    assert generated["request"]["origin"]["custom"]["customHeaders"]["x-secret"][0]["value"] == "s1"
    assert generated["request"]["headers"]["host"][0]["value"] == f"{host}:{port}"
    event = ask(service, made, "/url/y").json
    assert event["rawPath"] == "/url/y"
    assert event["headers"]["host"] == "echo-url.lambda-url.us-east-1.on.aws"
    assert ask(service, made, "/a.txt").content == b"a.txt"


def test_an_error_of_the_origins_may_have_a_page(service: Serving, cloudfront: Any) -> None:
    pages = [
        {"ErrorCode": 404, "ResponsePagePath": "/index.html", "ResponseCode": "200", "ErrorCachingMinTTL": 0},
        {"ErrorCode": 405, "ResponsePagePath": "/none.html", "ResponseCode": "200", "ErrorCachingMinTTL": 0},
    ]
    made = cloudfront.create_distribution(
        DistributionConfig=config("pages", BUCKET, default=behavior("bucket"),
                                  CustomErrorResponses={"Quantity": 2, "Items": pages})
    )["Distribution"]  # fmt: skip
    answer = ask(service, made, "/deep/link?q=1")

    assert (answer.status, answer.content, answer.headers["content-type"]) == (200, b"index.html", "text/plain")
    assert ask(service, made, "/a.txt").content == b"a.txt"


def test_methods_that_a_behavior_does_not_take_are_refused(service: Serving, cloudfront: Any) -> None:
    made = cloudfront.create_distribution(
        DistributionConfig=config("three", BUCKET, default=behavior("bucket"))
    )["Distribution"]  # fmt: skip
    answer = ask(service, made, "/a.txt", "DELETE")

    assert (answer.status, answer.headers["x-cache"]) == (403, "Error from cloudfront")
    assert b"not configured to allow the HTTP request method" in answer.content


@pytest.mark.parametrize(
    ("functions", "words"),
    [
        ({"viewer_request": EDGE}, "The function ARN must reference a specific function version."),
        ({"viewer_request": f"{EDGE}:$LATEST"}, "The function ARN must reference a specific function version."),
        ({"viewer_request": f"{EDGE}:7"}, "Lambda@Edge cannot retrieve the specified Lambda function."),
        (
            {"viewer_request": EDGE.replace("us-east-1", "eu-west-1") + ":1"},
            "The function must be in region 'us-east-1'.",
        ),
        ({"viewer_request": EDGE.replace("edge", "slow") + ":1"}, "The function timeout is larger than"),
        ({"viewer_soon": f"{EDGE}:1"}, "The event type is not one of"),
    ],
)
def test_a_function_that_cannot_be_at_the_edge_is_refused(
    cloudfront: Any, functions: dict[str, str], words: str
) -> None:
    before = cloudfront.list_distributions()["DistributionList"]["Quantity"]
    with pytest.raises(ClientError) as refused:
        cloudfront.create_distribution(
            DistributionConfig=config("four", BUCKET, default=behavior("bucket", **functions))
        )

    error = refused.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == (
        "InvalidLambdaFunctionAssociation", 400,
    )  # fmt: skip
    assert error["Error"]["Message"].startswith(words)
    assert cloudfront.list_distributions()["DistributionList"]["Quantity"] == before


def test_what_changes_a_distribution_names_its_version(cloudfront: Any) -> None:
    wanted = config("five", BUCKET, default=behavior("bucket"))
    made = cloudfront.create_distribution(DistributionConfig=wanted)
    made_id = made["Distribution"]["Id"]

    for parameters, code in (
        ({"DistributionConfig": wanted}, "InvalidIfMatchVersion"),
        ({"DistributionConfig": wanted, "IfMatch": "E0"}, "PreconditionFailed"),
        ({"DistributionConfig": {**wanted, "CallerReference": "other"}, "IfMatch": made["ETag"]}, "IllegalUpdate"),
    ):
        with pytest.raises(ClientError) as refused:
            cloudfront.update_distribution(Id=made_id, **parameters)
        assert refused.value.response["Error"]["Code"] == code


def test_what_is_edged_is_told_in_the_journal(service: Serving, cloudfront: Any) -> None:
    made = cloudfront.create_distribution(
        DistributionConfig=config("six", BUCKET, default=behavior("bucket", viewer_request=f"{EDGE}:1"))
    )["Distribution"]  # fmt: skip
    explained = service.post("explain", {"method": "GET", "url": f"http://{made['DomainName']}/a.txt"})

    assert explained["conclusion"]["verdict"] == "yes"
    assert "behavior * takes /a.txt" in [step["text"] for step in explained["steps"]]
    assert json.loads(ask(service, made, "/x", **{"x-do": "viewer-request=generate"}).content)["config"]["requestId"]
