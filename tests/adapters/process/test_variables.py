"""The variables and the command of a function's process."""

import sys
from pathlib import Path

import pytest

from app.adapters.process.spec import ProcessSpec
from app.adapters.process.variables import InvalidEntrypoint, build_command, build_variables

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:resize"
PARENT = {
    "PATH": "/bin",
    "HOME": "/home/a",
    "AWS_PROFILE": "production",
    "AWS_SECRET_ACCESS_KEY": "real",
    "VIRTUAL_ENV": "/v",
}


def spec(code: Path, **settings: object) -> ProcessSpec:
    return ProcessSpec(ARN, "resize", code, handler="app.handler", region="eu-west-1", **settings)  # type: ignore[arg-type]


def variables_of(given: ProcessSpec, *, slot: int = 0) -> dict[str, str]:
    return build_variables(given, slot=slot, runtime_api="127.0.0.1:9001", log_stream="stream", inherited=PARENT)


def test_lambdas_own_variables_are_all_there(tmp_path: Path) -> None:
    variables = variables_of(
        spec(tmp_path, memory_mb=256, endpoint_url="http://127.0.0.1:4566", access_key_ids=("A0", "A1")), slot=1
    )

    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    expected = {
        "_HANDLER": "app.handler",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{version}",
        "AWS_LAMBDA_FUNCTION_NAME": "resize",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/resize",
        "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
        "AWS_ACCESS_KEY_ID": "A1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_SESSION_TOKEN": "triggerfish",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1",
        "_AWS_XRAY_DAEMON_PORT": "2000",
        "LAMBDA_TASK_ROOT": str(tmp_path),
        "PWD": str(tmp_path),
        "SHLVL": "0",
        "TZ": ":UTC",
        "LANG": "en_US.UTF-8",
    }
    assert expected.items() <= variables.items()


def test_of_the_parents_variables_only_what_a_program_needs_to_run_is_inherited(tmp_path: Path) -> None:
    variables = variables_of(spec(tmp_path))

    assert variables["PATH"] == "/bin"
    assert variables["HOME"] == "/home/a"
    assert "AWS_PROFILE" not in variables
    assert "VIRTUAL_ENV" not in variables
    assert variables["AWS_SECRET_ACCESS_KEY"] != "real"


def test_the_users_variables_win_except_over_reserved_ones(tmp_path: Path) -> None:
    mine = {
        "TZ": "Europe/Berlin",
        "AWS_ENDPOINT_URL": "http://elsewhere",
        "_HANDLER": "no",
        "AWS_REGION": "no",
        "A": "1",
    }

    variables = variables_of(spec(tmp_path, environment=mine, endpoint_url="http://127.0.0.1:4566"))

    assert variables["TZ"] == "Europe/Berlin"
    assert variables["AWS_ENDPOINT_URL"] == "http://elsewhere"
    assert variables["A"] == "1"
    assert variables["_HANDLER"] == "app.handler"
    assert variables["AWS_REGION"] == "eu-west-1"


def test_the_account_stands_in_for_an_access_key_that_was_not_given(tmp_path: Path) -> None:
    variables = variables_of(spec(tmp_path, account="123456789012"))

    assert variables["AWS_ACCESS_KEY_ID"] == "123456789012"


def test_layers_are_searched_after_the_users_own_paths(tmp_path: Path) -> None:
    layer = tmp_path / "layer"
    for folder in ("python", "nodejs/node_modules", "bin"):
        (layer / folder).mkdir(parents=True)

    variables = variables_of(spec(tmp_path, layers=(layer,), environment={"PYTHONPATH": "/mine"}))

    assert variables["PYTHONPATH"] == f"/mine:{layer}/python"
    assert variables["NODE_PATH"] == f"{layer}/nodejs/node_modules"
    assert variables["PATH"] == f"/bin:{layer}/bin"


def test_a_given_command_is_run_as_it_is(tmp_path: Path) -> None:
    assert build_command(spec(tmp_path, command=("./run", "--fast")), "/bin") == ["./run", "--fast"]


def test_without_node_there_is_no_node_function(tmp_path: Path) -> None:
    with pytest.raises(InvalidEntrypoint, match="Node is not installed"):
        build_command(spec(tmp_path, runtime="node"), str(tmp_path))


def test_a_bootstrap_is_looked_for_in_the_code_and_then_in_the_layers(tmp_path: Path) -> None:
    code, layer = tmp_path / "code", tmp_path / "layer"
    code.mkdir()
    layer.mkdir()
    given = spec(code, runtime="provided", layers=(layer,))

    with pytest.raises(InvalidEntrypoint, match="Couldn't find valid bootstrap"):
        build_command(given, "/bin")

    (layer / "bootstrap").touch(mode=0o755)
    assert build_command(given, "/bin") == [str(layer / "bootstrap")]

    (code / "bootstrap").touch(mode=0o644)
    with pytest.raises(InvalidEntrypoint, match="permission denied"):
        build_command(given, "/bin")


def test_the_execution_environment_is_that_of_the_runtime(tmp_path: Path) -> None:
    node = variables_of(spec(tmp_path, runtime="node", runtime_name="nodejs20.x"))
    own = variables_of(spec(tmp_path, runtime="provided"))

    assert node["AWS_EXECUTION_ENV"] == "AWS_Lambda_nodejs20.x"
    assert "AWS_EXECUTION_ENV" not in own


def test_a_version_and_its_way_of_starting_are_told(tmp_path: Path) -> None:
    variables = variables_of(spec(tmp_path, version="7", initialization_type="provisioned-concurrency"))

    assert variables["AWS_LAMBDA_FUNCTION_VERSION"] == "7"
    assert variables["AWS_LAMBDA_INITIALIZATION_TYPE"] == "provisioned-concurrency"


def test_the_log_format_is_told_where_it_is_json(tmp_path: Path) -> None:
    text = variables_of(spec(tmp_path))
    json = variables_of(spec(tmp_path, log_format="JSON", application_log_level="DEBUG"))

    assert "AWS_LAMBDA_LOG_FORMAT" not in text
    assert (json["AWS_LAMBDA_LOG_FORMAT"], json["AWS_LAMBDA_LOG_LEVEL"]) == ("JSON", "DEBUG")
