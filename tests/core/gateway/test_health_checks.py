"""Health checks of target groups on the clock."""

import json

from app.core.awslambda.invocation import HandlerFailed, Succeeded
from app.core.commands import PutFront, RemoveFront
from app.core.facts import TargetHealthChanged
from app.core.gateway.load_balancer import Forward, HealthCheck, Listener, LoadBalancer, Rule, TargetGroup
from tests.core.stage import SCOPE, Stage

OK = Succeeded(b'{"statusCode": 200}')
BROKEN = HandlerFailed("Exception", "no", b"{}")


def scene_with(check: HealthCheck | None) -> Stage:
    scene = Stage()
    function = scene.function("web")
    group = TargetGroup("web", "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/web/1", function)
    group = TargetGroup(group.name, group.arn, function, health_check=check)
    scene.submit(
        PutFront(LoadBalancer("front", "front", SCOPE, (Listener(rules=(Rule(action=Forward(((group, 1),))),)),)))
    )
    return scene


def test_a_target_is_checked_again_and_again() -> None:
    scene = scene_with(HealthCheck(path="/up", interval_s=10))

    scene.advance("10s")
    event = json.loads(scene.calls[0].payload)
    scene.settle(OK)
    scene.advance("10s")

    assert len(scene.calls) == 1
    assert (event["path"], event["headers"]) == ("/up", {"user-agent": "ELB-HealthChecker/2.0"})
    assert (event["body"], event["queryStringParameters"]) == ("", {})


def test_health_changes_after_so_many_alike() -> None:
    scene = scene_with(HealthCheck(interval_s=10, healthy_threshold=3, unhealthy_threshold=2))

    for outcome in (OK, BROKEN, BROKEN, OK, OK, OK):
        scene.advance("10s")
        scene.settle(outcome)

    assert [fact.is_healthy for fact in scene.of(TargetHealthChanged)] == [True, False, True]
    assert scene.of(TargetHealthChanged)[1].text == "web is unhealthy in target group web: the function failed"


def test_without_a_check_nothing_is_asked() -> None:
    scene = scene_with(None)
    scene.advance("10m")

    assert scene.calls == []
    assert scene.world.next_wakeup() is None


def test_a_balancer_that_is_gone_checks_no_more() -> None:
    scene = scene_with(HealthCheck(interval_s=10))
    scene.submit(RemoveFront("front"))
    scene.advance("1m")

    assert scene.calls == []


def test_the_clock_does_not_go_to_a_check_by_itself() -> None:
    scene = scene_with(HealthCheck(interval_s=10))

    assert scene.world.next_wakeup() is not None
    assert scene.world.next_event() is None
