"""A service whose endpoints, broker, subscription and API destination have passwords in their URLs: nothing that it
shows has one."""

import json
import logging

import pytest

from tests.live import until
from tests.machine import free_port
from tests.serving import serving

NOWHERE = f"http://me:sesame@127.0.0.1:{free_port()}"
SETTINGS = f"""
clock: {{frozen: 2026-11-21T12:00:00Z}}
functions:
  classic: {{rie: "{NOWHERE}", Timeout: 3}}
  many: {{concurrent_rie: "{NOWHERE}", environments: 2, Timeout: 3}}
  sam: {{invoke_api: "{NOWHERE}", Timeout: 3}}
  web: {{http: "{NOWHERE}/hook", Timeout: 3}}
queues:
  orders: {{VisibilityTimeout: 30}}
  far: {{endpoint: "{NOWHERE}"}}
topics:
  news: {{}}
mappings:
  - {{queue: orders, function: web}}
  - {{queue: far, function: web}}
"""
SHOWN = ("status", "functions", "brokers", "mappings", "topics", "queues", "journal?limit=1000", "metrics", "clock")


def test_nothing_that_is_shown_has_a_password(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with serving(SETTINGS) as service:
        sns, events = service.client("sns"), service.client("events")
        topic = sns.create_topic(Name="news")["TopicArn"]
        arn = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"{NOWHERE}/in", ReturnSubscriptionArn=True)
        connection = events.create_connection(
            Name="c", AuthorizationType="API_KEY",
            AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}},
        )["ConnectionArn"]  # fmt: skip
        destination = events.create_api_destination(
            Name="d", ConnectionArn=connection, InvocationEndpoint=f"{NOWHERE.replace('http:', 'https:')}/in",
            HttpMethod="POST",
        )["ApiDestinationArn"]  # fmt: skip
        events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
        events.put_targets(
            Rule="r", Targets=[{"Id": "1", "Arn": destination, "RoleArn": "arn:aws:iam::000000000000:role/r"}]
        )
        for name in ("classic", "many", "sam", "web"):
            service.ask("POST", f"functions/{name}/invoke", {})
        service.ask("POST", "queues/orders/messages", {"body": "hello"})
        events.put_events(Entries=[{"Source": "shop", "DetailType": "order", "Detail": "{}"}])
        until(lambda: [queue for queue in service.get("brokers") if queue["state"] == "lost"])
        service.post("clock/advance", {"duration": "2m"})

        shown = {path: service.ask("GET", path).content.decode() for path in SHOWN}
        questions = [{"queue": "far", "body": "x"}, {"topic": "news", "body": "x"}, {"function": "web"}]
        shown |= {str(question): json.dumps(service.post("explain", question)) for question in questions}
        shown["sns"] = str(sns.list_subscriptions()) + str(
            sns.get_subscription_attributes(SubscriptionArn=arn["SubscriptionArn"])
        )

    assert shown["journal?limit=1000"].count("me:****@") > 5
    assert "me:****@" in shown["functions"]
    assert "me:****@" in shown["sns"]
    assert [path for path, text in shown.items() if "sesame" in text] == []
    assert "sesame" not in caplog.text
