"""Extensions: external ones from layers, internal ones from the handler, what they are told, and when they fail."""

import json
import sys
import time
from pathlib import Path
from typing import Any

from app.adapters.logs import InvocationLogs
from app.core.awslambda.invocation import InitFailed, Succeeded, TimedOut
from tests.adapters.support import FUNCTION_ARN, TRACE_HEADER, eventually, invocation, is_alive, process_endpoint, write

EXTENSION = """\
#!{python}
import http.client, json, os, sys, time

api = os.environ["AWS_LAMBDA_RUNTIME_API"]
story = open("{story}", "a", buffering=1)

def call(method, path, body=None, **headers):
    connection = http.client.HTTPConnection(api)
    named = {{"Lambda-Extension-" + name.replace("_", "-"): value for name, value in headers.items()}}
    connection.request(method, "/2020-01-01/extension/" + path, body, named)
    answer = connection.getresponse()
    return answer, answer.read()

answer, about = call("POST", "register", json.dumps({{"events": {events}}}), Name=os.path.basename(sys.argv[0]),
                     Accept_Feature="accountId")
identifier = answer.getheader("Lambda-Extension-Identifier")
story.write("registered " + about.decode())
print("the extension prints", flush=True)
while True:
    {before}
    answer, event = call("GET", "event/next", Identifier=identifier)
    story.write("told " + event.decode() + "\\n")
    if json.loads(event)["eventType"] == "SHUTDOWN":
        {at_shutdown}
        break
    {during}
story.write("ended\\n")
"""

APP = """
    import os, time

    def handler(event, context):
        if event == "hang":
            time.sleep(30)
        if event == "exit":
            os._exit(3)
        return os.getpid()
    """


def extension(
    layer: Path,
    *,
    events: str = '["INVOKE", "SHUTDOWN"]',
    name: str = "watcher",
    before: str = "pass",
    during: str = "pass",
    at_shutdown: str = "pass",
) -> Path:
    """An executable in the layer; gives the file in which it writes down what it was told."""
    story = layer / f"{name}.story"
    text = EXTENSION.format(
        python=sys.executable, story=story, events=events, before=before, during=during, at_shutdown=at_shutdown
    )
    program = write(layer, f"extensions/{name}", "")
    program.write_text(text)
    program.chmod(0o755)
    return story


def told(story: Path) -> list[Any]:
    """What it was told, in JSON, and its own words."""
    lines = story.read_text().splitlines()
    return [json.loads(line.partition(" ")[2]) if " " in line else line for line in lines]


async def test_an_external_extension_is_told_of_invocations_and_of_the_end(tmp_path: Path) -> None:
    write(tmp_path / "code", "app.py", APP)
    story = extension(tmp_path / "layer")
    logs = InvocationLogs()
    async with process_endpoint(tmp_path / "code", layers=(tmp_path / "layer",), logs=logs, watch=False) as endpoint:
        first = await endpoint.invoke(invocation(1, request_id="r-1", timeout_ms=9_000))
        await endpoint.invoke(invocation(2, request_id="r-2", timeout_ms=9_000))
        (environment,) = endpoint.status().environments

    about, one, two, end, ended = told(story)
    assert isinstance(first, Succeeded)
    assert about == {
        "functionName": "resize",
        "functionVersion": "$LATEST",
        "handler": "app.handler",
        "accountId": "000000000000",
    }
    assert one.pop("deadlineMs") > time.time() * 1_000
    assert one == {
        "eventType": "INVOKE",
        "requestId": "r-1",
        "invokedFunctionArn": FUNCTION_ARN,
        "tracing": {"type": "X-Amzn-Trace-Id", "value": TRACE_HEADER},
    }
    assert two["requestId"] == "r-2"
    assert (end["eventType"], end["shutdownReason"]) == ("SHUTDOWN", "spindown")
    assert ended == "ended"
    assert environment.extensions == ("watcher",)
    log = logs.of("r-1")
    lines = [
        "the extension prints\n",
        "EXTENSION\tName: watcher\tState: Ready\tEvents: [INVOKE, SHUTDOWN]\n",
        "\nSTART ",
    ]
    assert [log.index(line) for line in lines] == sorted(log.index(line) for line in lines)


async def test_an_invocation_ends_when_its_extensions_are_done_too(tmp_path: Path) -> None:
    write(tmp_path / "code", "app.py", APP)
    extension(tmp_path / "layer", during="time.sleep(0.3)")
    logs = InvocationLogs()
    async with process_endpoint(tmp_path / "code", layers=(tmp_path / "layer",), logs=logs, watch=False) as endpoint:
        outcome = await endpoint.invoke(invocation(1, timeout_ms=9_000))

    assert isinstance(outcome, Succeeded)
    assert outcome.ran.duration_ms >= 300


async def test_an_extension_that_overruns_costs_the_environment_and_not_the_answer(tmp_path: Path) -> None:
    write(tmp_path / "code", "app.py", APP)
    story = extension(tmp_path / "layer", during="time.sleep(30)")
    logs = InvocationLogs()
    async with process_endpoint(tmp_path / "code", layers=(tmp_path / "layer",), logs=logs, watch=False) as endpoint:
        outcome = await endpoint.invoke(invocation(1, request_id="r-1", timeout_ms=700))
        status = endpoint.status()

    assert isinstance(outcome, Succeeded)
    assert logs.of("r-1").endswith("\tStatus: timeout\n")
    assert status.ended == {"timed out": 1}
    assert len(told(story)) == 2


async def test_a_runtime_that_overruns_or_ends_is_told_as_the_reason_of_the_shutdown(tmp_path: Path) -> None:
    write(tmp_path / "code", "app.py", APP)
    story = extension(tmp_path / "layer", events='["SHUTDOWN"]')
    async with process_endpoint(tmp_path / "code", layers=(tmp_path / "layer",), watch=False) as endpoint:
        outcome = await endpoint.invoke(invocation("hang", timeout_ms=800))
        await endpoint.invoke(invocation("exit", timeout_ms=9_000))

    assert isinstance(outcome, TimedOut)
    events = [event for event in told(story) if isinstance(event, dict)]
    assert next(event["shutdownReason"] for event in events if "shutdownReason" in event) == "timeout"


async def test_an_extension_that_ends_is_a_crash(tmp_path: Path) -> None:
    write(tmp_path / "code", "app.py", APP)
    extension(tmp_path / "layer", before="sys.exit(4)")
    logs = InvocationLogs()
    async with process_endpoint(tmp_path / "code", layers=(tmp_path / "layer",), logs=logs, watch=False) as endpoint:
        outcome = await endpoint.invoke(invocation(1, request_id="r-1", timeout_ms=9_000))

    assert isinstance(outcome, InitFailed)
    assert outcome.error_type == "Extension.Crash"
    assert json.loads(outcome.payload)["errorType"] == "Extension.Crash"
    assert "Phase: init\tStatus: error\tError Type: Extension.Crash" in logs.of("r-1")
    assert "Phase: invoke\tStatus: error\tError Type: Extension.Crash" in logs.of("r-1")


async def test_an_extension_may_say_itself_that_it_cannot_begin(tmp_path: Path) -> None:
    write(tmp_path / "code", "app.py", APP)
    gives_up = 'call("POST", "init/error", "x", Identifier=identifier, Function_Error_Type="Extension.NoLicence")'
    extension(tmp_path / "layer", before=gives_up)
    async with process_endpoint(tmp_path / "code", layers=(tmp_path / "layer",), watch=False) as endpoint:
        outcome = await endpoint.invoke(invocation(1, timeout_ms=9_000))

    assert isinstance(outcome, InitFailed)
    assert outcome.error_type == "Extension.NoLicence"


async def test_one_that_ignores_the_end_is_killed_after_two_seconds(tmp_path: Path) -> None:
    write(tmp_path / "code", "app.py", APP)
    story = extension(tmp_path / "layer", at_shutdown="story.write('hanging\\n'); time.sleep(60)")
    async with process_endpoint(tmp_path / "code", layers=(tmp_path / "layer",), watch=False) as endpoint:
        outcome = await endpoint.invoke(invocation(1, timeout_ms=9_000))
        begin = time.monotonic()
    took_s = time.monotonic() - begin

    assert isinstance(outcome, Succeeded)
    assert not is_alive(int(outcome.payload))
    assert told(story)[-1] == "hanging"
    assert 1.9 < took_s < 4


async def test_an_internal_extension_takes_part_and_its_runtime_is_warned_before_the_end(tmp_path: Path) -> None:
    write(
        tmp_path,
        "app.py",
        """
        import http.client, json, os, pathlib, signal, sys, threading

        api = os.environ["AWS_LAMBDA_RUNTIME_API"]
        told = []

        def call(method, path, body=None, **headers):
            connection = http.client.HTTPConnection(api)
            named = {"Lambda-Extension-" + name: value for name, value in headers.items()}
            connection.request(method, "/2020-01-01/extension/" + path, body, named)
            answer = connection.getresponse()
            return answer, json.loads(answer.read())

        answer, _ = call("POST", "register", json.dumps({"events": ["INVOKE"]}), Name="inside")
        refused, why = call("POST", "register", json.dumps({"events": ["SHUTDOWN"]}), Name="other")
        identifier = answer.getheader("Lambda-Extension-Identifier")

        def listen():
            while True:
                told.append(call("GET", "event/next", Identifier=identifier)[1]["requestId"])

        threading.Thread(target=listen, daemon=True).start()

        def end(*_):
            pathlib.Path("warned").touch()
            os._exit(0)

        signal.signal(signal.SIGTERM, end)

        def handler(event, context):
            return [told, refused.status, why["errorType"]]
        """,
    )
    async with process_endpoint(tmp_path, watch=False) as endpoint:
        await endpoint.invoke(invocation(1, request_id="r-1", timeout_ms=9_000))
        outcome = await endpoint.invoke(invocation(2, request_id="r-2", timeout_ms=9_000))

    assert isinstance(outcome, Succeeded)
    seen, status, why = json.loads(outcome.payload)
    assert seen[0] == "r-1"
    assert (status, why) == (403, "Extension.InvalidEventType")
    assert (tmp_path / "warned").exists()


async def test_a_file_that_cannot_be_run_is_no_extension(tmp_path: Path) -> None:
    write(tmp_path / "code", "app.py", APP)
    write(tmp_path / "layer", "extensions/readme.txt", "not a program")
    async with process_endpoint(tmp_path / "code", layers=(tmp_path / "layer",)) as endpoint:
        outcome = await endpoint.invoke(invocation(1))

    assert isinstance(outcome, Succeeded)


async def test_processes_of_extensions_end_with_a_cancelled_call(tmp_path: Path) -> None:
    write(tmp_path / "code", "app.py", APP)
    pid = tmp_path / "pid"
    extension(tmp_path / "layer", before=f"open('{pid}', 'w').write(str(os.getpid()))")
    async with process_endpoint(tmp_path / "code", layers=(tmp_path / "layer",), watch=False) as endpoint:
        await endpoint.invoke(invocation(1, timeout_ms=9_000))
        assert is_alive(int(pid.read_text()))

    await eventually(lambda: not is_alive(int(pid.read_text())))
