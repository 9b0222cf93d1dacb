"""Provisioned environments of a process function: started before they are called, ended when not wanted any more."""

from pathlib import Path

from app.core.awslambda.invocation import Succeeded
from tests.adapters.support import invocation, process_endpoint, write

APP = """
    import os, pathlib
    STARTED = pathlib.Path(__file__).with_name("started")
    with STARTED.open("a") as file:
        file.write(os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"] + "\\n")

    def handler(event, context):
        return [os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"], os.environ["AWS_ACCESS_KEY_ID"]]
    """


def started(folder: Path) -> list[str]:
    file = folder / "started"
    return file.read_text().split() if file.exists() else []


async def test_environments_are_started_before_they_are_called_and_calls_find_them_warm(tmp_path: Path) -> None:
    write(tmp_path, "app.py", APP)
    async with process_endpoint(tmp_path, watch=False) as endpoint:
        warmed = await endpoint.warm(2, ["KEYONE", "KEYTWO"])
        before = started(tmp_path)
        outcomes = [await endpoint.invoke(invocation(environment=slot)) for slot in (0, 1)]

    assert warmed == (2, None)
    assert before == ["provisioned-concurrency"] * 2
    assert started(tmp_path) == before
    payloads = [outcome.payload for outcome in outcomes if isinstance(outcome, Succeeded)]
    assert payloads[1] == b'["provisioned-concurrency", "KEYTWO"]'
    assert all(isinstance(outcome, Succeeded) and outcome.ran.init_duration_ms is None for outcome in outcomes)


async def test_what_is_warm_on_demand_is_started_anew_and_what_is_not_wanted_any_more_is_ended(tmp_path: Path) -> None:
    write(tmp_path, "app.py", APP)
    async with process_endpoint(tmp_path, watch=False) as endpoint:
        await endpoint.invoke(invocation())
        await endpoint.warm(1, ())
        await endpoint.warm(1, ())
        here = endpoint.status().environments
        await endpoint.warm(0, ())
        gone = endpoint.status()
        await endpoint.invoke(invocation())

    assert started(tmp_path) == ["on-demand", "provisioned-concurrency", "on-demand"]
    assert [environment.state for environment in here] == ["idle"]
    assert gone.environments == ()
    assert gone.ended["not provisioned any more"] == 1


async def test_an_init_that_fails_is_tried_six_times(tmp_path: Path) -> None:
    write(tmp_path, "app.py", APP + "\n    raise ValueError('no')\n")
    async with process_endpoint(tmp_path, watch=False) as endpoint:
        warmed = await endpoint.warm(1, ())

        assert endpoint.status().environments == ()
    assert warmed == (0, "FUNCTION_ERROR_INIT_FAILURE")
    assert started(tmp_path) == ["provisioned-concurrency"] * 6
