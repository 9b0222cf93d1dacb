"""Load balancers made by boto3 over the ELB API: what is kept answers at once, and what may not be is refused."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.serving import Answer, Serving, serving
from tests.web.gateway.conftest import HANDLERS

ARN = "arn:aws:lambda:us-east-1:000000000000:function:"


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    with serving(f"""
enforce_permissions: true
functions:
  echo: {{CodeUri: {HANDLERS}, Handler: fronts.echo, Timeout: 10}}
  other: {{script: {{succeed_after: 0s, payload: {{statusCode: 200, body: other}}}}}}
  sick: {{script: {{fail_after: 0s, error_type: ValueError, message: no}}}}
""") as running:
        yield running


@pytest.fixture(scope="module")
def elb(service: Serving) -> Iterator[Any]:
    client = service.client("elbv2")
    yield client
    client.close()


@pytest.fixture(scope="module")
def subnets(service: Serving) -> list[str]:
    """Of the default VPC, which is there from the start."""
    ec2 = service.client("ec2")
    found = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]]
    ec2.close()
    return found[:2]


def group(elb: Any, name: str, function: str | None = None, **parameters: Any) -> str:
    made = elb.create_target_group(Name=name, TargetType="lambda", **parameters)["TargetGroups"][0]["TargetGroupArn"]
    if function is not None:
        elb.register_targets(TargetGroupArn=made, Targets=[{"Id": ARN + function}])
    return str(made)


@pytest.fixture(scope="module")
def balancer(elb: Any, subnets: list[str]) -> dict[str, Any]:
    """`front`, whose listener says 404 to what no rule takes."""
    made: dict[str, Any] = elb.create_load_balancer(Name="front", Subnets=subnets)["LoadBalancers"][0]
    fixed = {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "nothing here"}
    listener = elb.create_listener(
        LoadBalancerArn=made["LoadBalancerArn"], Protocol="HTTP", Port=80,
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": fixed}],
    )["Listeners"][0]  # fmt: skip
    groups = {name: group(elb, name, name) for name in ("echo", "other")}
    return {**made, "listener": listener["ListenerArn"], "groups": groups}


class Ruled:
    """A rule for as long as the test runs, and what asks the balancer."""

    def __init__(self, service: Serving, elb: Any, balancer: dict[str, Any]) -> None:
        self.service, self.elb, self.balancer, self.made = service, elb, balancer, list[str]()

    def __call__(self, *conditions: dict[str, Any], action: dict[str, Any] | None = None, priority: int = 1) -> str:
        action = action or {"Type": "forward", "TargetGroupArn": self.balancer["groups"]["other"]}
        rule = self.elb.create_rule(
            ListenerArn=self.balancer["listener"], Conditions=list(conditions), Priority=priority, Actions=[action]
        )["Rules"][0]["RuleArn"]
        self.made.append(rule)
        return str(rule)

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        return self.service.ask(method, path, headers={"Host": self.balancer["DNSName"], **headers})


@pytest.fixture
def ruled(service: Serving, elb: Any, balancer: dict[str, Any]) -> Iterator[Ruled]:
    rules = Ruled(service, elb, balancer)
    yield rules
    for rule in rules.made:
        elb.delete_rule(RuleArn=rule)


def test_a_balancer_has_a_name_that_answers_here(service: Serving, balancer: dict[str, Any]) -> None:
    name, _, rest = balancer["DNSName"].partition(".")

    assert rest == f"us-east-1.elb.localhost:{service.port}"
    assert name.startswith("front-")
    by_name = service.ask("GET", "/", headers={"Host": balancer["DNSName"]})
    by_path = service.ask("GET", "/_triggerfish/gateway/front/")
    assert [(answer.status, answer.content) for answer in (by_name, by_path)] == [(404, b"nothing here")] * 2


@pytest.mark.parametrize(
    ("condition", "path", "headers"),
    [
        ({"Field": "path-pattern", "Values": ["/shop/*"]}, "/shop/7", {}),
        ({"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a", "/b"]}}, "/b", {}),
        ({"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET", "PUT"]}}, "/", {}),
        ({"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Kind", "Values": ["t*"]}}, "/",
         {"x-kind": "Toy"}),
        ({"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "2"}]}}, "/?v=2", {}),
        ({"Field": "query-string", "QueryStringConfig": {"Values": [{"Value": "be?a"}]}}, "/?kind=beta", {}),
        ({"Field": "source-ip", "SourceIpConfig": {"Values": ["127.0.0.0/8", "::1/128"]}}, "/", {}),
        ({"Field": "host-header", "HostHeaderConfig": {"Values": ["*.elb.localhost"]}}, "/", {}),
    ],
    ids=lambda given: given.get("Field", "") if isinstance(given, dict) else None,
)  # fmt: skip
def test_a_rule_takes_what_its_condition_says(
    ruled: Ruled, condition: dict[str, Any], path: str, headers: dict[str, str]
) -> None:
    before = ruled.ask(path, **headers)
    ruled(condition)

    assert (before.status, ruled.ask(path, **headers).content) == (404, b"other")
    assert ruled.ask("/elsewhere", "DELETE").status == 404 or condition["Field"] in ("source-ip", "host-header")


def test_rules_go_by_their_priority_and_can_change_it(ruled: Ruled, elb: Any) -> None:
    path = {"Field": "path-pattern", "Values": ["/p"]}
    echo = {"Type": "forward", "TargetGroupArn": ruled.balancer["groups"]["echo"]}
    last = ruled(path, priority=30)
    first = ruled(path, action=echo, priority=20)
    before = ruled.ask("/p").json["path"]
    elb.set_rule_priorities(RulePriorities=[{"RuleArn": last, "Priority": 10}])
    after = ruled.ask("/p").content
    elb.modify_rule(RuleArn=last, Conditions=[{"Field": "path-pattern", "Values": ["/q"]}])

    assert (before, after) == ("/p", b"other")
    assert ruled.ask("/q").content == b"other"
    assert ruled.ask("/p").json["path"] == "/p"
    assert first in ruled.made


def test_a_redirect_keeps_the_port_that_was_asked(ruled: Ruled) -> None:
    ruled(
        {"Field": "path-pattern", "Values": ["/old/*"]},
        action={"Type": "redirect", "RedirectConfig": {"Path": "/new/#{path}", "StatusCode": "HTTP_301"}},
    )
    answer = ruled.ask("/old/a?b=c")

    assert (answer.status, answer.headers["location"]) == (
        301, f"http://{ruled.balancer['DNSName']}/new/old/a?b=c",
    )  # fmt: skip
    assert b"<h1>301 Moved Permanently</h1>" in answer.content


def test_forwarding_follows_the_weights(ruled: Ruled) -> None:
    groups = ruled.balancer["groups"]
    weighted = [{"TargetGroupArn": groups["echo"], "Weight": 0}, {"TargetGroupArn": groups["other"], "Weight": 5}]
    ruled(
        {"Field": "path-pattern", "Values": ["/w"]},
        action={"Type": "forward", "ForwardConfig": {"TargetGroups": weighted}},
    )

    assert {ruled.ask("/w").content for _ in range(5)} == {b"other"}


def test_multi_value_headers_are_an_attribute(ruled: Ruled, elb: Any) -> None:
    many = group(elb, "many", "echo")
    ruled({"Field": "path-pattern", "Values": ["/m"]}, action={"Type": "forward", "TargetGroupArn": many})
    attributes = elb.describe_target_group_attributes(TargetGroupArn=many)["Attributes"]
    before = ruled.ask("/m?a=1&a=2").json
    elb.modify_target_group_attributes(
        TargetGroupArn=many, Attributes=[{"Key": "lambda.multi_value_headers.enabled", "Value": "true"}]
    )
    after = ruled.ask("/m?a=1&a=2")

    assert attributes == [{"Key": "lambda.multi_value_headers.enabled", "Value": "false"}]
    assert before["queryStringParameters"] == {"a": "2"}
    assert before["requestContext"]["elb"]["targetGroupArn"] == many
    assert after.json["multiValueQueryStringParameters"] == {"a": ["1", "2"]}
    assert after.headers["content-type"] != "application/json"  # `headers` of the answer are not looked at either


def test_a_group_without_a_target_is_unavailable(ruled: Ruled, elb: Any) -> None:
    empty = group(elb, "empty")
    ruled({"Field": "path-pattern", "Values": ["/e"]}, action={"Type": "forward", "TargetGroupArn": empty})
    before = ruled.ask("/e")
    elb.register_targets(TargetGroupArn=empty, Targets=[{"Id": f"{ARN}other"}])
    there = ruled.ask("/e")
    elb.deregister_targets(TargetGroupArn=empty, Targets=[{"Id": f"{ARN}other"}])

    assert (before.status, there.content, ruled.ask("/e").status) == (503, b"other", 503)


def test_the_health_of_a_target_is_what_its_checks_find(service: Serving, ruled: Ruled, elb: Any) -> None:
    checked = {
        name: group(elb, f"checked-{name}", name, HealthCheckEnabled=True, HealthCheckPath="/up",
                    HealthCheckIntervalSeconds=35, UnhealthyThresholdCount=2)
        for name in ("other", "sick")
    }  # fmt: skip

    def health(name: str) -> str:
        told = elb.describe_target_health(TargetGroupArn=checked[name])["TargetHealthDescriptions"]
        return str(told[0]["TargetHealth"]["State"])

    unused = health("other")
    for name, arn in checked.items():
        ruled({"Field": "path-pattern", "Values": [f"/{name}"]}, priority=len(name), action={
            "Type": "forward", "TargetGroupArn": arn})  # fmt: skip
    before = {name: health(name) for name in checked}
    service.post("clock/advance", {"duration": "36s"})

    assert unused == "initial"
    assert before == {"other": "initial", "sick": "initial"}
    assert {name: health(name) for name in checked} == {"other": "healthy", "sick": "unhealthy"}


def test_a_second_listener_answers_to_its_port(service: Serving, elb: Any, balancer: dict[str, Any]) -> None:
    listener = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=8080,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": balancer["groups"]["other"]}],
    )["Listeners"][0]["ListenerArn"]  # fmt: skip
    name = balancer["DNSName"].partition(":")[0]
    with pytest.raises(ClientError) as twice:
        elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=8080,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": balancer["groups"]["other"]}],
        )  # fmt: skip
    there = service.ask("GET", "/", headers={"Host": f"{name}:8080"})
    elb.delete_listener(ListenerArn=listener)

    assert there.content == b"other"
    assert twice.value.response["Error"]["Code"] == "DuplicateListener"
    assert service.ask("GET", "/", headers={"Host": f"{name}:8080"}).content == b"nothing here"


def test_a_target_needs_the_permission_of_its_group(service: Serving, ruled: Ruled, elb: Any) -> None:
    functions = service.client("lambda")
    function = functions.create_function(
        FunctionName="deployed", Runtime="python3.11", Handler="app.handler", Role="arn:aws:iam::000000000000:role/r",
        Code={"ZipFile": _zip("def handler(event, context):\n    return {'statusCode': 200, 'body': event['path']}\n")},
    )["FunctionArn"]  # fmt: skip
    arn = group(elb, "deployed")
    with pytest.raises(ClientError) as denied:
        elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": function}])
    functions.add_permission(
        FunctionName="deployed", StatementId="elb", Action="lambda:InvokeFunction",
        Principal="elasticloadbalancing.amazonaws.com", SourceArn=arn,
    )  # fmt: skip
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": function}])
    ruled({"Field": "path-pattern", "Values": ["/d"]}, action={"Type": "forward", "TargetGroupArn": arn})
    there = ruled.ask("/d")
    functions.remove_permission(FunctionName="deployed", StatementId="elb")
    gone = ruled.ask("/d")
    texts = [entry["text"] for entry in service.get("journal?kinds=RequestAnswered&limit=100")]
    functions.close()

    assert (there.status, there.content, gone.status) == (200, b"/d", 502)
    assert any("LambdaAccessDenied" in text for text in texts)
    assert denied.value.response["Error"]["Code"] == "AccessDenied"
    assert denied.value.response["Error"]["Message"] == (
        f"elasticloadbalancing principal does not have permission to invoke {function} from target group {arn}"
    )


def test_the_same_balancer_is_made_once_and_is_gone_when_it_is_deleted(
    service: Serving, elb: Any, subnets: list[str]
) -> None:
    first, again = (elb.create_load_balancer(Name="brief", Subnets=subnets)["LoadBalancers"][0] for _ in range(2))
    with pytest.raises(ClientError) as other:
        elb.create_load_balancer(Name="brief", Subnets=subnets, Scheme="internal")
    empty = service.ask("GET", "/", headers={"Host": first["DNSName"]})
    elb.delete_load_balancer(LoadBalancerArn=first["LoadBalancerArn"])

    assert first["LoadBalancerArn"] == again["LoadBalancerArn"]
    assert other.value.response["Error"]["Code"] == "DuplicateLoadBalancerName"
    assert empty.status == 404
    told = [entry["text"] for entry in service.get("journal?limit=1000")]
    assert "load balancer brief deleted" in told


@pytest.mark.parametrize(
    ("operation", "parameters", "code"),
    [
        ("register_targets", {"Targets": [{"Id": f"{ARN}nothing"}]}, "InvalidTarget"),
        ("register_targets", {"Targets": [{"Id": f"{ARN}echo"}, {"Id": f"{ARN}other"}]}, "InvalidTarget"),
        (
            "modify_target_group_attributes",
            {"Attributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "10"}]},
            "InvalidConfigurationRequest",
        ),
        (
            "modify_target_group_attributes",
            {"Attributes": [{"Key": "stickiness.enabled", "Value": "true"}]},
            "InvalidConfigurationRequest",
        ),
    ],
)  # fmt: skip
def test_what_a_target_group_cannot_have_is_refused(
    elb: Any, balancer: dict[str, Any], operation: str, parameters: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(elb, operation)(TargetGroupArn=balancer["groups"]["echo"], **parameters)

    assert refused.value.response["Error"]["Code"] == code


def test_a_request_is_explained_before_it_is_made(service: Serving, ruled: Ruled) -> None:
    ruled({"Field": "path-pattern", "Values": ["/p"]})
    taken, other = (
        service.post("explain", {"method": "GET", "url": f"http://{ruled.balancer['DNSName']}{path}"})
        for path in ("/p", "/q")
    )

    assert "the rule for path /p takes it" in [step["text"] for step in taken["steps"]]
    assert taken["conclusion"]["verdict"] == "yes"
    assert other["conclusion"]["text"].endswith("the rule for anything leads to no function")


def _zip(code: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", code)
    return packed.getvalue()
