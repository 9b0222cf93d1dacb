"""`fire` and `templates` as they are typed, against a service that runs, with functions that really answer."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli.root import root
from tests.cli.conftest import Run
from tests.serving import Serving, serving

HANDLERS = """
import json
import urllib.request
def signup(event, context):
    event["response"]["autoConfirmUser"] = event["userName"] == "ann" or "yes"
    return event

def transform(event, context):
    return {"records": [{"recordId": r["recordId"], "result": "Ok", "data": r["data"]} for r in event["records"]]}

def resource(event, context):
    answer = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    answer.update(Status="SUCCESS", PhysicalResourceId="photos-1")
    answer.update(event["ResourceProperties"].get("Answer", {}))
    url = urllib.request.Request(event["ResponseURL"], json.dumps(answer).encode(), method="PUT")
    url.add_header("content-type", "")
    with urllib.request.urlopen(url) as answered:
        print(answered.status)

def fails(event, context):
    raise ValueError("no")
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("fire")
    (folder / "app.py").write_text(HANDLERS)
    with serving(_settings(folder)) as running:
        yield running


def _settings(folder: Path) -> str:
    functions = "".join(
        f"  {name}: {{CodeUri: {folder}, Handler: app.{name}, Timeout: 10}}\n"
        for name in ("signup", "transform", "resource", "fails")
    )
    return f"""
functions:
{functions}
queues: {{orders: {{}}, told: {{}}}}
buckets:
  photos:
    notifications: [{{Events: ["s3:ObjectCreated:*"], prefix: in/, queue: told}}]
"""


@pytest.fixture
def run(service: Serving) -> Run:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(root, arguments, env={"TRIGGERFISH_ENDPOINT": service.url})

    return run


def test_a_good_answer_is_told_with_what_was_returned(run: Run) -> None:
    fired = run("fire", "cognito", "PreSignUp", "--function", "signup", "--set", "userName=ann")

    lines = fired.stdout.splitlines()
    assert (fired.exit_code, lines[0], lines[-1]) == (0, "→ signup", "Cognito would take this answer")
    assert json.loads(lines[1])["response"]["autoConfirmUser"] is True


def test_an_answer_that_would_be_rejected_is_told_and_fails(run: Run) -> None:
    fired = run("fire", "cognito", "PreSignUp", "--function", "signup", "--set", "userName=bob")

    assert fired.exit_code == 1
    assert "Cognito would reject this answer because response.autoConfirmUser is no boolean" in fired.stdout


def test_a_function_that_fails_fails(run: Run) -> None:
    fired = run("fire", "cognito", "PreAuthentication", "--function", "fails")

    assert fired.exit_code == 1
    assert "Cognito would reject this because the function failed: ValueError: no" in fired.stdout


def test_who_does_not_wait_is_told_that_it_was_accepted(run: Run) -> None:
    fired = run("fire", "cloudwatch-logs", "--function", "fails", "--set", "awslogs.data.logGroup=/mine")

    assert fired.exit_code == 0
    assert fired.stdout.splitlines()[1].startswith("accepted ")


def test_each_of_many_is_an_event_of_its_own(run: Run) -> None:
    fired = run("fire", "firehose", "--function", "transform", "--repeat", "3", "--json")

    shots = json.loads(fired.stdout)["shots"]
    assert len({shot["event"]["invocationId"] for shot in shots}) == 3
    assert {shot["verdict"]["text"] for shot in shots} == {"Firehose would take this answer"}


def test_a_dry_run_prints_the_event_and_fires_nothing(run: Run, service: Serving) -> None:
    before = service.get("status")["journal_entries"]

    shown = run("fire", "cognito", "PreSignUp_AdminCreateUser", "--dry-run", "--set", "userNme=ann")

    assert json.loads(shown.stdout)["triggerSource"] == "PreSignUp_AdminCreateUser"
    assert shown.stderr == "note: userNme is not in the template\n"
    assert service.get("status")["journal_entries"] == before


def test_an_s3_event_takes_the_buckets_own_routes(run: Run, service: Serving) -> None:
    taken = run("fire", "s3", "put", "--target", "photos", "--set", "Records.0.s3.object.key=in/a.jpg")
    refused = run("fire", "s3", "put", "--set", "Records.0.s3.object.key=out/a.jpg")
    (message,) = service.get("queues/told/messages")[-1:]

    assert taken.stdout.startswith("→ told\n")
    assert refused.stdout.startswith("✗ told: prefix 'in/' does not begin 'out/a.jpg'\n")
    assert refused.exit_code == 0
    assert json.loads(message["body"])["Records"][0]["s3"]["object"]["key"] == "in/a.jpg"


def test_messages_go_into_their_queue(run: Run, service: Serving) -> None:
    fired = run("fire", "sqs", "message-attributes", "--target", "orders", "--set", "Records.0.body=hello")
    (message,) = service.get("queues/orders/messages")

    assert fired.exit_code == 0
    assert message["body"] == "hello"
    assert message["attributes"]


def test_an_event_may_go_to_any_other_target(run: Run) -> None:
    queue = "arn:aws:sqs:us-east-1:000000000000:told"

    assert run("fire", "iot", "rule", "--target", queue).exit_code == 0
    missing = run("fire", "iot", "rule", "--target", f"{queue}-not")

    assert (missing.exit_code, missing.stdout.splitlines()[0]) == (
        1,
        "✗ told-not: The specified queue does not exist.",
    )


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("cogito",), "there are no events of 'cogito'; did you mean 'cognito'?"),
        (("cognito", "PreSingUp"), "there is no event 'PreSingUp' of cognito; did you mean 'pre-sign-up'?"),
        (("iot", "rule"), "say where iot rule goes: to a function, or to another target"),
        (("iot", "rule", "--function", "a", "--target", "b"), "not to both"),
        (("iot", "rule", "--target", "told"), "'told' is no ARN"),
        (("iot", "rule", "--function", "signup", "--set", "device.x=1"), "device is 'sensor-7', with nothing inside"),
        (("s3", "put", "--target", "nothing"), "The specified bucket does not exist"),
        (("s3", "put", "--target", "photos", "--set", "Records.0.eventName=X"), "S3 sends no event 'X'"),
        (("s3", "put", "--target", "photos", "--set", "Records=1"), "the event has no list of Records"),
        (("sqs", "batch", "--target", "orders", "--set", "Records.0.body=5"), "the event has no body"),
    ],
)
def test_what_was_wrong_to_ask_is_told_in_one_line(run: Run, arguments: tuple[str, ...], problem: str) -> None:
    told = run("fire", *arguments)

    assert told.exit_code == 1
    assert problem in told.stderr
    assert told.stderr.count("\n") == 1


def test_a_function_that_is_not_there_is_a_route_not_taken(run: Run) -> None:
    told = run("fire", "iot", "rule", "--function", "nothing")

    assert told.exit_code == 1
    assert told.stdout.startswith("✗ nothing: Function not found")


def test_templates_are_listed_and_shown(run: Run) -> None:
    everything, some = run("templates").stdout, run("templates", "ses").stdout
    one = run("templates", "ses", "receipt")

    assert "cloudfront" in everything
    assert [line.split()[1] for line in some.splitlines()[1:]] == ["receipt", "receipt-waiting"]
    assert json.loads(one.stdout)["Records"][0]["eventSource"] == "aws:ses"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ((), "CloudFormation would take this answer"),
        (
            ("--set", 'ResourceProperties.Answer={"Status": "FAILED"}'),
            "CloudFormation would reject this answer because Reason is missing, which FAILED needs",
        ),
    ],
)
def test_a_custom_resource_answers_at_its_url(run: Run, service: Serving, settings: tuple[str, ...], told: str) -> None:
    assert run("fire", "cloudformation", "create", "--function", "resource", *settings).exit_code == 0
    service.post("clock/advance", {"duration": "0s"})

    texts = [entry["text"] for entry in service.get("journal?newest=true&limit=50")]

    assert f"resource answered cloudformation: {told}" in texts
