"""Topics with real clients and real endpoints: a web server that confirms, functions that publish, the AWS CLI."""

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.live import Live, live, until
from tests.machine import free_port, write
from tests.serving import Serving, client_at, serving
from tests.tools import environ_with_tools

FROZEN = """
clock: {frozen: 2026-11-21T12:00:00Z}
queues: {hook-dlq: {}}
topics: {news: {}}
"""

NEWS = "arn:aws:sns:us-east-1:000000000000:news"

RELAY = """
    import boto3

    sns = boto3.client("sns")

    def handler(event, context):
        for record in event["Records"]:
            sns.publish(TopicArn="arn:aws:sns:us-east-1:000000000000:news", Message="round")
    """

LOOPS = """
    functions: {relay: {CodeUri: ./code, Handler: relay.handler, Timeout: 20}}
    queues: {rounds: {VisibilityTimeout: 60}}
    topics: {news: {subscriptions: [{queue: rounds}]}}
    mappings: [{queue: rounds, function: relay}]
    """

BY_URL = """
    import json

    import boto3

    sns = boto3.client("sns")

    def handler(event, context):
        told = json.loads(event["body"])
        if told["Type"] == "SubscriptionConfirmation":
            sns.confirm_subscription(TopicArn=told["TopicArn"], Token=told["Token"])
        else:
            sns.publish(TopicArn=told["TopicArn"], Message="round")
        return {"statusCode": 200}
    """

WITH_URL = """
    functions: {{web: {{CodeUri: ./code, Handler: web.handler, Timeout: 20}}}}
    urls: {{web: {{function: web, port: {port}}}}}
    topics: {{news: {{}}}}
    """


class Hook:
    """A web server that keeps what it is sent, confirms what it is asked, and fails as often as it is told."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.failures = 0
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.requests.append(({name.lower(): text for name, text in self.headers.items()}, body))
                status = 200
                if hook.failures and self.headers["x-amz-sns-message-type"] == "Notification":
                    hook.failures -= 1
                    status = 503
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hook"

    def bodies(self, kind: str) -> list[dict[str, Any]]:
        return [json.loads(body) for headers, body in self.requests if headers["x-amz-sns-message-type"] == kind]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def a_hook() -> Iterator[Hook]:
    hook = Hook()
    try:
        yield hook
    finally:
        hook.close()


def confirmed(service: Serving, hook: Hook, **attributes: str) -> str:
    """The ARN of the hook's subscription, which it confirmed by visiting the URL that it was sent."""
    subscribed = service.client("sns").subscribe(
        TopicArn=NEWS, Protocol="http", Endpoint=hook.url, Attributes=attributes, ReturnSubscriptionArn=True
    )
    (question,) = until(lambda: hook.bodies("SubscriptionConfirmation"))
    assert subscribed["SubscriptionArn"] in visit(question["SubscribeURL"])
    arn: str = subscribed["SubscriptionArn"]
    return arn


def visit(url: str) -> str:
    """What stands at the URL, which must be there."""
    with urlopen(url, timeout=10) as response:  # noqa: S310 a link of a service of ours
        text: str = response.read().decode()
    return text


def test_an_endpoint_confirms_gets_messages_and_is_told_its_end() -> None:
    with serving(FROZEN) as service, a_hook() as hook:
        sns = service.client("sns")
        subscription = confirmed(service, hook)

        published = sns.publish(TopicArn=NEWS, Message="hello", Subject="Greeting")
        (told,) = until(lambda: hook.bodies("Notification"))
        assert "UnsubscribeResponse" in visit(told["UnsubscribeURL"])
        (ended,) = until(lambda: hook.bodies("UnsubscribeConfirmation"))

        assert (told["MessageId"], told["Message"], told["Subject"]) == (published["MessageId"], "hello", "Greeting")
        assert told["SigningCertURL"].startswith(service.url)
        assert sns.list_subscriptions()["Subscriptions"] == []
        assert "ConfirmSubscriptionResponse" in visit(ended["SubscribeURL"])
        assert [each["SubscriptionArn"] for each in sns.list_subscriptions()["Subscriptions"]] == [subscription]


def test_an_endpoint_that_fails_is_tried_again_when_the_clock_moves() -> None:
    with serving(FROZEN) as service, a_hook() as hook:
        confirmed(service, hook)
        hook.failures = 2

        service.client("sns").publish(TopicArn=NEWS, Message="hello")
        service.post("clock/advance", {"duration": "1m"})

        facts = [entry["fact"] for entry in service.get("journal?kinds=NotificationRetried,NotificationDelivered")]
        assert facts == ["NotificationRetried", "NotificationRetried", "NotificationDelivered"]
        assert len(hook.bodies("Notification")) == 3


def test_an_endpoint_that_stays_away_ends_in_the_dead_letter_queue() -> None:
    with serving(FROZEN) as service, a_hook() as hook:
        policy = '{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:hook-dlq"}'
        confirmed(service, hook, RedrivePolicy=policy)
        hook.failures = 10**6

        service.client("sns").publish(TopicArn=NEWS, Message="hello")
        service.post("clock/advance", {"duration": "2m"})

        (message,) = service.get("queues/hook-dlq/messages")
        assert json.loads(message["body"])["Message"] == "hello"
        assert len(hook.bodies("Notification")) == 4


def test_links_need_no_signature_where_everything_else_does() -> None:
    guarded = FROZEN + "listen: 0.0.0.0:0\nsecurity: {token: t, credentials: {AKIDTEAM: a-secret}}\n"
    with serving(guarded) as service, a_hook() as hook:
        sns = service.client("sns", key="AKIDTEAM", secret="a-secret")
        sns.subscribe(TopicArn=NEWS, Protocol="http", Endpoint=hook.url)
        (question,) = until(lambda: hook.bodies("SubscriptionConfirmation"))

        link = question["SubscribeURL"].split("/", 3)[3]
        assert service.ask("GET", f"/{link}").status == 200
        assert service.ask("GET", "/?Action=ListTopics&Version=2010-03-31").status == 403
        assert service.ask("GET", "/?Action=DeleteTopic&Version=2010-03-31&TopicArn=" + NEWS).status == 403
        assert len(sns.list_topics()["Topics"]) == 1


def test_a_loop_through_topic_queue_and_function_is_found_and_stopped(tmp_path: Path) -> None:
    write(tmp_path, "code/relay.py", RELAY)
    with live(tmp_path, LOOPS) as service:
        service.post("publish", {"topic": "news", "message": "go"})

        def stopped() -> list[dict[str, Any]]:
            return [warning for warning in service.get("warnings") if warning["kind"] == "stopped"]

        (warning,) = until(stopped, within_s=60)

    assert warning["text"].startswith(
        "loop: relay was stopped as AWS would stop it, invoked 17 times: "
        "topic news → rounds → relay → topic news → rounds → relay"
    )


def test_a_loop_through_topic_and_function_url_is_found_and_stopped(tmp_path: Path) -> None:
    """An endpoint of ours is told the trace of the publisher, and so is no stranger."""
    port = free_port()
    write(tmp_path, "code/web.py", BY_URL)
    with live(tmp_path, WITH_URL.format(port=port)) as service:
        sns = client_at(service.url, "sns")
        sns.subscribe(TopicArn=NEWS, Protocol="http", Endpoint=f"http://127.0.0.1:{port}/")
        until(lambda: sns.get_topic_attributes(TopicArn=NEWS)["Attributes"]["SubscriptionsConfirmed"] == "1")
        service.post("publish", {"topic": "news", "message": "go"})

        def stopped() -> list[dict[str, Any]]:
            return [warning for warning in service.get("warnings") if warning["kind"] == "stopped"]

        (warning,) = until(stopped, within_s=60)

    assert warning["text"].startswith(
        "loop: web was stopped as AWS would stop it, invoked 17 times: POST / of web → web → POST / of web → web"
    )


# The AWS CLI ----------------------------------------------------------------------------------------


@pytest.mark.real
def test_the_aws_cli_creates_subscribes_publishes_and_receives(tmp_path: Path) -> None:
    with live(tmp_path, "queues: {orders: {}}\n") as service:
        arn = aws(service, "sns", "create-topic", "--name", "news", "--attributes", "DisplayName=News")["TopicArn"]
        subscription = aws(
            service, "sns", "subscribe", "--topic-arn", arn, "--protocol", "sqs", "--notification-endpoint",
            "arn:aws:sqs:us-east-1:000000000000:orders", "--attributes", '{"FilterPolicy": "{\\"n\\": [7]}"}',
        )["SubscriptionArn"]  # fmt: skip
        attributes = '{"n": {"DataType": "Number", "StringValue": "7"}}'

        sent = aws(service, "sns", "publish", "--topic-arn", arn, "--message", "hello",
                   "--message-attributes", attributes)  # fmt: skip
        aws(service, "sns", "publish", "--topic-arn", arn, "--message", "not wanted")

        shown = aws(service, "sns", "get-subscription-attributes", "--subscription-arn", subscription)["Attributes"]
        assert json.loads(shown["FilterPolicy"]) == {"n": [7]}
        (message,) = service.get("queues/orders/messages")
        assert json.loads(message["body"])["MessageId"] == sent["MessageId"]
        failed = aws_fails(service, "sns", "publish", "--topic-arn", f"{arn}s", "--message", "hello")
        assert failed.endswith("(NotFound) when calling the Publish operation: Topic does not exist")


def aws(service: Live, *arguments: str) -> Any:
    done = _aws(service, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout) if done.stdout else None


def aws_fails(service: Live, *arguments: str) -> str:
    done = _aws(service, *arguments)
    assert done.returncode != 0, done.stdout
    return done.stderr.strip()


def _aws(service: Live, *arguments: str) -> "subprocess.CompletedProcess[str]":
    account = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    environ = {**environ_with_tools(), **account, "AWS_ENDPOINT_URL": service.url, "AWS_PAGER": ""}
    return subprocess.run(
        ["aws", *arguments, "--output", "json"], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
