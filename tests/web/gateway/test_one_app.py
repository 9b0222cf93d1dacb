"""SAM's hello-world, the same function behind each front that takes its answer."""

import pytest

from tests.serving import serving

APP = """
import json


def lambda_handler(event, context):
    return {"statusCode": 200, "body": json.dumps({"message": "hello world"})}
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, bytes]]:
    """What each front answers, by its path."""
    folder = tmp_path_factory.mktemp("hello_world")
    (folder / "app.py").write_text(APP, encoding="utf-8")
    settings = f"""
functions:
  HelloWorldFunction: {{CodeUri: {folder}, Handler: app.lambda_handler, Runtime: python3.11}}
apis:
  http: {{routes: {{GET /hello: HelloWorldFunction, GET /old: {{function: HelloWorldFunction, payload: 1.0}}}}}}
urls: {{url: HelloWorldFunction}}
load_balancers: {{balancer: {{rules: [{{path: /hello, function: HelloWorldFunction}}]}}}}
rest_apis:
  rest: {{stage: Prod, methods: {{GET /hello: HelloWorldFunction}}}}
"""
    with serving(settings) as running:
        paths = ("http/hello", "http/old", "url/hello", "balancer/hello", "rest/Prod/hello")
        told = {path: running.ask("GET", f"/_triggerfish/gateway/{path}") for path in paths}
    return {path: (answer.status, answer.content) for path, answer in told.items()}


@pytest.mark.parametrize("path", ["http/hello", "http/old", "url/hello", "balancer/hello", "rest/Prod/hello"])
def test_the_same_app_answers_through_each_front(answers: dict[str, tuple[int, bytes]], path: str) -> None:
    assert answers[path] == (200, b'{"message": "hello world"}')
