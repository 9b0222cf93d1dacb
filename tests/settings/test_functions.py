"""Functions in the settings: one of six kinds of endpoint, and AWS's own settings."""

from pathlib import Path
from typing import Any

import pytest

from app.core.awslambda.function import FailAfter, FailEvery, RefuseAsThrottled, ReportBatchItems, Script, SucceedAfter
from app.core.names import Scope
from app.settings import (
    ConcurrentRieFunction,
    FunctionSettings,
    HttpFunction,
    InvokeApiFunction,
    ProcessFunction,
    RieFunction,
    ScriptedFunction,
    SettingsError,
    loads,
    parse_function,
    spec_of,
)
from app.settings.values.functions import LoggingSettings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("code", "layer", "node"):
        (tmp_path / name).mkdir()
    (tmp_path / "code" / "app.py").touch()
    (tmp_path / "node" / "index.mjs").touch()
    return tmp_path


def parse(entry: dict[str, Any], folder: Path = Path()) -> FunctionSettings:
    return parse_function("f", entry, folder=folder)


def problems_of(entry: dict[str, Any], folder: Path = Path(), name: str = "f") -> list[str]:
    with pytest.raises(SettingsError) as raised:
        parse_function(name, entry, folder=folder)
    return [str(problem) for problem in raised.value.problems]


# Processes ------------------------------------------------------------------------------------------


def test_a_handler_in_a_folder_is_a_local_process(folder: Path) -> None:
    function = parse({"CodeUri": "./code", "Handler": "app.handler"}, folder)

    assert function == ProcessFunction(
        name="f", environments=4, language="python", code=(folder / "code").resolve(), handler="app.handler"
    )


def test_every_setting_of_a_process_is_read(folder: Path) -> None:
    function = parse(
        {
            "CodeUri": "code",
            "Handler": "app.handler",
            "Runtime": "python3.13",
            "Layers": ["layer"],
            "Environment": {"PORT": 8080, "DEBUG": True, "EMPTY": ""},
            "Timeout": 10,
            "MemorySize": 256,
            "RecursiveLoop": "Allow",
            "ReservedConcurrentExecutions": 0,
            "MaximumRetryAttempts": 0,
            "MaximumEventAgeInSeconds": 60,
            "Description": "makes small pictures",
            "environments": 2,
        },
        folder,
    )

    assert function == ProcessFunction(
        name="f",
        timeout_s=10,
        memory_mb=256,
        environments=2,
        recursive_loop="Allow",
        reserved_concurrency=0,
        maximum_retry_attempts=0,
        maximum_event_age_s=60,
        description="makes small pictures",
        language="python",
        code=(folder / "code").resolve(),
        handler="app.handler",
        runtime="python3.13",
        layers=((folder / "layer").resolve(),),
        variables={"PORT": "8080", "DEBUG": "true", "EMPTY": ""},
    )


@pytest.mark.parametrize(
    ("entry", "language"),
    [
        ({"CodeUri": "code", "Handler": "app.handler"}, "python"),
        ({"CodeUri": "node", "Handler": "index.handler"}, "node"),
        ({"CodeUri": "node", "Handler": "index.handler", "Runtime": "python3.11"}, "python"),
        ({"CodeUri": "code", "Handler": "app.handler", "Runtime": "nodejs20.x"}, "node"),
        ({"CodeUri": "code", "Handler": "anything", "Runtime": "provided.al2023"}, "provided"),
        ({"CodeUri": "code", "command": ["./bootstrap"]}, "provided"),
        ({"CodeUri": "code", "command": ["java", "-jar", "x.jar"], "Runtime": "java21"}, "provided"),
    ],
)
def test_the_runtime_or_else_the_handlers_file_tells_the_language(
    entry: dict[str, Any], language: str, folder: Path
) -> None:
    function = parse(entry, folder)

    assert isinstance(function, ProcessFunction)
    assert function.language == language


def test_variables_may_be_written_as_cloudformation_does(folder: Path) -> None:
    function = parse({"CodeUri": "code", "Handler": "a.b", "Environment": {"Variables": {"A": "1"}}}, folder)

    assert isinstance(function, ProcessFunction)
    assert function.variables == {"A": "1"}


def test_a_variable_keeps_the_wording_of_the_file(folder: Path) -> None:
    text = "functions: {f: {CodeUri: code, Handler: a.b, Environment: {A: 0123, B: 1.10, C: yes, D: 2026-11-21}}}"

    (function,) = loads(text, {}, folder=folder).functions

    assert isinstance(function, ProcessFunction)
    assert function.variables == {"A": "0123", "B": "1.10", "C": "yes", "D": "2026-11-21"}


def test_a_missing_folder_is_told_with_its_whole_path(folder: Path) -> None:
    (folder / "file").touch()

    assert problems_of({"CodeUri": "gone", "Handler": "a.b"}, folder) == [
        f"CodeUri: there is no folder {folder.resolve() / 'gone'}"
    ]
    assert problems_of({"CodeUri": "code", "Handler": "a.b", "Layers": ["gone", "file"]}, folder) == [
        f"Layers[0]: there is no folder {folder.resolve() / 'gone'}",
        f"Layers[1]: {folder.resolve() / 'file'} is a file, not a folder",
    ]


def test_a_runtime_without_a_bootstrap_is_told_what_to_do(folder: Path) -> None:
    (problem,) = problems_of({"CodeUri": "code", "Handler": "a.b", "Runtime": "java21"}, folder)

    assert problem.startswith("Runtime: java21 has no bootstrap here; ")


def test_how_environments_live_is_read(folder: Path) -> None:
    function = parse(
        {
            "CodeUri": "code",
            "Handler": "app.handler",
            "watch": False,
            "freeze": True,
            "idle_timeout": "10m",
            "max_age": "2h",
            "enforce_memory": "rlimit",
            "EphemeralStorage": {"Size": 1024},
            "LoggingConfig": {
                "LogFormat": "JSON",
                "ApplicationLogLevel": "WARN",
                "SystemLogLevel": "DEBUG",
                "LogGroup": "/g",
            },
        },
        folder,
    )

    assert isinstance(function, ProcessFunction)
    assert (function.watch, function.freeze, function.enforce_memory) == (False, True, "rlimit")
    assert (function.idle_timeout_ms, function.max_age_ms, function.ephemeral_storage_mb) == (600_000, 7_200_000, 1024)
    assert function.logging == LoggingSettings("JSON", "WARN", "DEBUG", "/g")


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"idle_timeout": "0s"}, "idle_timeout: must be longer than nothing"),
        ({"max_age": "soon"}, "max_age: 'soon' is not a duration; write it like 45s, 10m, 1h30m or 250ms"),
        ({"enforce_memory": "maybe"}, "enforce_memory: must be off, watch, rlimit or cgroup, not 'maybe'"),
        ({"EphemeralStorage": {"Size": 100}}, "EphemeralStorage.Size: must be from 512 to 10240, not 100"),
        ({"LoggingConfig": {"SystemLogLevel": "WARN"}}, "LoggingConfig.SystemLogLevel: is for LogFormat JSON"),
        ({"LoggingConfig": {"LogFormat": "XML"}}, "LoggingConfig.LogFormat: must be Text or JSON, not 'XML'"),
    ],
)
def test_what_environments_cannot_be_is_told(folder: Path, entry: dict[str, object], problem: str) -> None:
    assert problems_of({"CodeUri": "code", "Handler": "app.handler", **entry}, folder) == [problem]


# Endpoints elsewhere --------------------------------------------------------------------------------


def test_each_url_of_a_classic_emulator_is_one_environment() -> None:
    one = parse({"rie": "http://localhost:9000/"})
    two = parse({"rie": ["http://a:1", "http://b:2"], "access_key_ids": ["A", "B"]})

    assert one == RieFunction(name="f", environments=1, urls=("http://localhost:9000",))
    assert two == RieFunction(name="f", environments=2, urls=("http://a:1", "http://b:2"), access_key_ids=("A", "B"))


def test_other_endpoints_are_one_key_each() -> None:
    url = "http://localhost:3001"

    assert parse({"concurrent_rie": url, "environments": 3}) == ConcurrentRieFunction(
        name="f", environments=3, urls=(url,)
    )
    assert parse({"invoke_api": url}) == InvokeApiFunction(name="f", environments=10, urls=(url,), function_name="f")
    assert parse({"http": f"{url}/hook"}) == HttpFunction(name="f", environments=10, urls=(f"{url}/hook",))


def test_an_invoke_api_may_be_another_account_in_another_region() -> None:
    function = parse(
        {
            "invoke_api": "https://lambda.eu-west-1.amazonaws.com",
            "function_name": "Real",
            "region": "eu-west-1",
            "access_key_id": "AKID",
            "secret_access_key": "hush",
        }
    )

    assert function == InvokeApiFunction(
        name="f",
        environments=10,
        urls=("https://lambda.eu-west-1.amazonaws.com",),
        function_name="Real",
        region="eu-west-1",
        access_key_id="AKID",
        secret_access_key="hush",
    )
    assert "hush" not in repr(function)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ({"succeed_after": "45s"}, SucceedAfter(45_000)),
        ({"succeed_after": 0, "payload": {"ok": "ä"}}, SucceedAfter(0, '{"ok":"ä"}'.encode())),
        ({"fail_after": "1s", "error_type": "X", "message": "no"}, FailAfter(1_000, "X", "no")),
        ({"fail_after": 1.5}, FailAfter(1_500)),
        ({"fail_every": 3}, FailEvery(3)),
        ({"fail_every": 3, "after": "10s"}, FailEvery(3, 10_000)),
        ({"report": {"bodies": ["poison"]}, "after": "1s"}, ReportBatchItems(("poison",), (), 1_000)),
        ({"report": {"message_ids": ["m1"]}}, ReportBatchItems((), ("m1",))),
        ({"throttle": 2}, RefuseAsThrottled(2)),
        ({"throttle": "forever"}, RefuseAsThrottled(None)),
    ],
)
def test_a_script_writes_the_outcome_down(script: dict[str, Any], expected: Script) -> None:
    assert parse({"script": script}) == ScriptedFunction(name="f", environments=1_000, script=expected)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"rie": "http://a", "http": "http://b"}, "a function runs at one kind of endpoint; this one has rie and http"),
        (
            {"Handler": "a.b", "rie": "http://a"},
            "a function runs at one kind of endpoint; this one has CodeUri and Handler and rie",
        ),
        ({"rie": "localhost:9000"}, "rie: must be a URL like http://localhost:9000, not 'localhost:9000'"),
        ({"http": "http://a:99999"}, "http: must be a URL like http://localhost:9000, not 'http://a:99999'"),
        ({"rie": []}, "rie: must have at least one URL"),
        (
            {"rie": ["http://a", "http://a/"]},
            "rie: has one URL twice; an emulator takes one call at a time, so each URL is one environment",
        ),
        ({"rie": "http://a", "environments": 3}, "environments: is not for `rie`: each URL is one environment"),
        ({"rie": "http://a", "access_key_ids": ["a", "b"]}, "access_key_ids: must be one for each URL: 1, not 2"),
        ({"invoke_api": "http://a", "access_key_id": "A"}, "access_key_id and secret_access_key belong together"),
        ({"http": "http://a", "Handler_": 1}, "Handler_: there is no such key"),
        ({"http": "http://a", "timeout": 1}, "timeout: there is no such key; did you mean Timeout?"),
        ({"http": "http://a", "Timeout": 901}, "Timeout: must be from 1 to 900, not 901"),
        (
            {"http": "http://a", "RecursiveLoop": "allow"},
            "RecursiveLoop: must be Terminate or Allow, not 'allow'; did you mean Allow?",
        ),
        ({"http": "http://a", "environments": 0}, "environments: must be from 1 to 10000, not 0"),
        ({"CodeUri": "."}, "Handler is missing"),
        ({"Handler": "a.b"}, "CodeUri is missing"),
        ({"CodeUri": ".", "Handler": "handler"}, "Handler: must be module.function, like app.handler, not 'handler'"),
        ({"CodeUri": ".", "Handler": "a.b", "Environment": {"A": [1]}}, "Environment.A: must be text, not a list"),
        ({"script": {}}, "script: must have one of succeed_after, fail_after, fail_every, report, throttle"),
        ({"script": "fail"}, "script: must have one of succeed_after, fail_after, fail_every, report, throttle"),
        (
            {"script": {"succeed_after": "soon"}},
            "script.succeed_after: 'soon' is not a duration; write it like 45s, 10m, 1h30m or 250ms",
        ),
        ({"script": {"fail_every": 0}}, "script.fail_every: must be 1 or more, not 0"),
        ({"script": {"throttle": 1, "after": 1}}, "script.after: there is no such key"),
        (
            {},
            (
                "nothing says where it runs: give it CodeUri and Handler, "
                "or one of rie, concurrent_rie, invoke_api, http, script"
            ),
        ),
    ],
)
def test_a_wrong_function_is_told_once(entry: dict[str, Any], expected: str) -> None:
    assert problems_of(entry) == [expected]


def test_a_misspelt_endpoint_is_told_apart_from_a_missing_one() -> None:
    assert problems_of({"handler": "a.b"})[0] == "handler: there is no such key; did you mean Handler?"


def test_a_function_that_is_no_mapping_is_told() -> None:
    with pytest.raises(SettingsError, match=r"triggerfish\.yaml:1: functions\.f: must be a mapping of names, not 'app"):
        loads("functions: {f: app.handler}", {}, folder=Path())


def test_a_name_that_lambda_would_not_take_is_told() -> None:
    (problem,) = problems_of({"http": "http://a"}, name="my function")

    assert problem == "a function's name has 1 to 64 letters, digits, hyphens and underscores"


# What the core is told ------------------------------------------------------------------------------


def test_the_core_is_told_what_it_must_know() -> None:
    settings = parse({"script": {"fail_every": 2}, "Timeout": 7, "environments": 3, "MaximumRetryAttempts": 1})

    spec = spec_of(settings, Scope("123456789012", "eu-west-1"), access_key_ids=("K",))

    assert spec.arn == "arn:aws:lambda:eu-west-1:123456789012:function:f"
    assert (spec.timeout_s, spec.environments, spec.script, spec.maximum_retry_attempts) == (7, 3, FailEvery(2), 1)
    assert (spec.access_key_ids, spec.passes_trace_header) == (("K",), True)


def test_a_classic_emulator_drops_the_trace_header_and_has_its_own_keys() -> None:
    spec = spec_of(parse({"rie": "http://a", "access_key_ids": ["MINE"]}), Scope(), access_key_ids=("K",))

    assert (spec.access_key_ids, spec.passes_trace_header) == (("MINE",), False)


def test_events_may_end_at_topics_buses_and_buckets() -> None:
    settings = loads(
        """
        functions:
          work:
            script: {succeed_after: 0s}
            DestinationConfig: {OnSuccess: {bus: default}, OnFailure: {bucket: failures}}
            DeadLetterConfig: {topic: letters}
        topics: {letters: {}}
        buckets: {failures: {}}
        """,
        {},
        folder=Path.cwd(),
    )

    spec = spec_of(settings.functions[0], Scope())

    assert (spec.on_success, spec.on_failure, spec.dead_letter_target) == (
        "arn:aws:events:us-east-1:000000000000:event-bus/default",
        "arn:aws:s3:::failures",
        "arn:aws:sns:us-east-1:000000000000:letters",
    )


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        (
            "DestinationConfig: {OnFailure: {queue: letter}}",
            "functions.work.DestinationConfig.OnFailure.queue: there is no queue named 'letter'; did you mean letters?",
        ),
        (
            "DestinationConfig: {OnFailure: {bucket: nothing}}",
            "functions.work.DestinationConfig.OnFailure.bucket: there is no bucket named 'nothing'",
        ),
        (
            "DestinationConfig: {OnSuccess: {bucket: nothing}}",
            "functions.work.DestinationConfig.OnSuccess.bucket: there is no such key",
        ),
        (
            "DeadLetterConfig: {}",
            "functions.work.DeadLetterConfig: must have one of queue, topic and TargetArn",
        ),
    ],
)
def test_where_events_cannot_end_is_a_problem(config: str, problem: str) -> None:
    with pytest.raises(SettingsError) as raised:
        loads(
            f"functions: {{work: {{script: {{succeed_after: 0s}}, {config}}}}}\nqueues: {{letters: {{}}}}",
            {},
            folder=Path.cwd(),
        )

    assert any(problem in str(each) for each in raised.value.problems), raised.value.problems
