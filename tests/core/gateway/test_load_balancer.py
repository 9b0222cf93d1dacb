"""Load balancers: which rule takes a request, to which group it goes, and where a redirect leads."""

from dataclasses import replace

import pytest

from app.core.gateway.load_balancer import (
    FixedAnswer,
    Forward,
    Listener,
    LoadBalancer,
    Redirect,
    Rule,
    TargetGroup,
    groups_of,
    rule_for,
    why_untaken,
)
from app.core.gateway.request import GatewayRequest
from tests.core.stage import SCOPE

REQUEST = GatewayRequest(
    "GET", "/Pets/7", "v=2&name=a%20b", (("X-Kind", "toy"), ("x-kind", "Car")), source_ip="10.1.2.3", host="a.example"
)
ARN = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup"
A, B, C = (TargetGroup(name, f"{ARN}/{name}/1", f"function-{name}") for name in "abc")


@pytest.mark.parametrize(
    "rule",
    [
        Rule(),
        Rule(paths=("/Pets/*",)),
        Rule(paths=("/pets/*", "/Pets/?")),
        Rule(hosts=("*.EXAMPLE",)),
        Rule(methods=("POST", "GET")),
        Rule(headers=(("x-kind", ("c?r",)),)),
        Rule(headers=(("x-kind", ("toy",)), ("x-kind", ("car", "bike")))),
        Rule(queries=((("v", "2"),),)),
        Rule(queries=(((None, "2"),),)),
        Rule(queries=((("V", "1"), ("NAME", "A B")),)),
        Rule(queries=((("v", "*"),), (("name", "a*"),))),
        Rule(sources=("192.0.2.0/24", "10.0.0.0/8")),
        Rule(sources=("10.1.2.3/32",)),
    ],
    ids=lambda rule: rule.text,
)
def test_a_rule_takes_what_fits_all_that_it_says(rule: Rule) -> None:
    assert rule.takes(REQUEST)
    assert rule.misses(REQUEST) == []


@pytest.mark.parametrize(
    ("rule", "miss"),
    [
        (Rule(paths=("/pets/*",)), "path /Pets/7 does not fit /pets/*"),
        (Rule(hosts=("b.example", "c.example")), "host a.example does not fit b.example or c.example"),
        (Rule(methods=("POST",)), "the method is not POST"),
        (Rule(headers=(("x-kind", ("ca",)),)), "no header x-kind fits ca"),
        (Rule(headers=(("x-other", ("*",)),)), "no header x-other fits *"),
        (Rule(queries=((("v", "3"), (None, "z")),)), "the query has no v=3 or z"),
        (Rule(sources=("192.0.2.0/24", "nonsense")), "address 10.1.2.3 is not in 192.0.2.0/24 or nonsense"),
    ],
)
def test_a_rule_says_what_a_request_misses(rule: Rule, miss: str) -> None:
    assert not rule.takes(REQUEST)
    assert rule.misses(REQUEST) == [miss]


def test_the_first_rule_that_takes_a_request_has_it() -> None:
    rules = (Rule(paths=("/no",), name="1"), Rule(paths=("/Pets/*",), name="2"), Rule(name="3"))

    taken = rule_for(Listener(rules=rules), REQUEST)
    assert taken is rules[1]


def test_the_reason_begins_with_the_rule_that_nearly_takes_it() -> None:
    far = Rule(paths=("/x",), hosts=("x.example",), methods=("PUT",))
    near = Rule(paths=("/Pets/*",), methods=("POST",))
    listener = Listener(rules=(far, near))
    balancer = LoadBalancer("front", "front", SCOPE, (listener,))

    assert why_untaken(balancer, listener, REQUEST) == (
        "no rule takes GET /Pets/7 of host a.example; nearest is POST path /Pets/*: the method is not POST; "
        "rules: PUT host x.example path /x; POST path /Pets/*"
    )
    assert why_untaken(balancer, None, REQUEST) == "front has no listener"
    assert why_untaken(balancer, Listener(), REQUEST).endswith("rules: none")


def test_groups_are_chosen_by_their_weights() -> None:
    forward = Forward(((A, 1), (B, 0), (C, 3)))
    chosen = [forward.chosen(number) for number in range(400)]

    assert [chosen.count(group) for group in (A, B, C)] == [100, 0, 300]
    assert Forward(((A, 0),)).chosen(7) is None
    assert Forward(()).chosen(7) is None


def test_each_group_is_told_once() -> None:
    rules = (
        Rule(action=Forward(((A, 1), (B, 1)))),
        Rule(action=Forward(((A, 1),))),
        Rule(action=FixedAnswer(200, "", "")),
    )

    assert groups_of(rules) == [A, B]


def test_a_listener_is_the_one_whose_port_is_asked_for_or_the_first() -> None:
    first, second = Listener(80), Listener(8_080)
    balancer = LoadBalancer("front", "front", SCOPE, (first, second))

    assert [balancer.listener_at(port) for port in (80, 8_080, 4_566, None)] == [first, second, first, first]
    assert LoadBalancer("front", "front", SCOPE).listener_at(80) is None


@pytest.mark.parametrize(
    ("redirect", "location"),
    [
        (Redirect(), "http://a.example:4566/Pets/7?v=2&name=a%20b"),
        (Redirect(protocol="HTTPS", port="443"), "https://a.example:443/Pets/7?v=2&name=a%20b"),
        (Redirect(host="www.#{host}", path="/v1/#{path}", query=""), "http://www.a.example:4566/v1/Pets/7"),
        (Redirect(path="/", query="was=#{path}&#{query}"), "http://a.example:4566/?was=Pets/7&v=2&name=a%20b"),
    ],
)
def test_a_redirect_keeps_what_it_does_not_change(redirect: Redirect, location: str) -> None:
    assert redirect.location(REQUEST, 4_566) == location


def test_what_is_put_into_a_redirect_is_not_looked_at_again() -> None:
    request = replace(REQUEST, path="/#{query}")

    assert Redirect(query="").location(request, 80) == "http://a.example:80/#{query}"
