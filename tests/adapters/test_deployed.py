"""Functions that were deployed: made when they are first called, put away when nothing runs there any more."""

import asyncio

from app.adapters.deployed import DeployedFunction, MissingRuntime
from app.adapters.logs import InvocationLogs
from app.core.awslambda.invocation import InitFailed, Invocation, Outcome, Succeeded, Unreachable

INVOCATION = Invocation("r1", "arn:aws:lambda:us-east-1:000000000000:function:f", "f", b"{}", 3_000, "Root=1-a")


class Endpoint:
    """Answers when it is let go."""

    environments = 1

    def __init__(self) -> None:
        self.is_closed = False
        self.may_answer = asyncio.Event()

    async def invoke(self, invocation: Invocation) -> Outcome:
        await self.may_answer.wait()
        return Succeeded(b'"done"')

    async def close(self) -> None:
        self.is_closed = True

    def describe(self) -> str:
        return "an endpoint"


async def test_it_is_made_once_and_by_the_first_call() -> None:
    made: list[Endpoint] = []

    async def make() -> Endpoint:
        made.append(Endpoint())
        made[-1].may_answer.set()
        return made[-1]

    function = DeployedFunction(2, "process python3.12: app.handler", make, frozenset())
    assert made == []
    outcomes = await asyncio.gather(function.invoke(INVOCATION), function.invoke(INVOCATION))

    assert [outcome == Succeeded(b'"done"') for outcome in outcomes] == [True, True]
    assert len(made) == 1
    await function.close()
    assert made[0].is_closed


async def test_what_runs_ends_before_it_is_put_away() -> None:
    endpoint = Endpoint()

    async def make() -> Endpoint:
        return endpoint

    function = DeployedFunction(1, "", make, frozenset())
    call = asyncio.create_task(function.invoke(INVOCATION))
    await asyncio.sleep(0)
    retiring = asyncio.create_task(function.retire())
    for _ in range(5):
        await asyncio.sleep(0)

    assert not endpoint.is_closed
    endpoint.may_answer.set()
    assert await call == Succeeded(b'"done"')
    await retiring
    assert endpoint.is_closed


async def test_code_that_is_not_there_is_a_system_error_and_is_looked_for_again() -> None:
    tries = 0

    async def make() -> Endpoint:
        nonlocal tries
        tries += 1
        raise FileNotFoundError("there is no package 00")

    function = DeployedFunction(1, "", make, frozenset())

    outcomes = [await function.invoke(INVOCATION), await function.invoke(INVOCATION)]

    assert outcomes == [Unreachable("the code of 'f' could not be unpacked: there is no package 00")] * 2
    assert tries == 2
    await function.close()


async def test_a_runtime_that_is_not_here_fails_to_initialise_and_says_why() -> None:
    outcome = await MissingRuntime(INVOCATION.function_arn, "java21", 1, InvocationLogs()).invoke(INVOCATION)

    assert isinstance(outcome, InitFailed)
    assert outcome.error_type == "Runtime.InvalidEntrypoint"
    assert outcome.message == "RequestId: r1 Error: the runtime java21 is not on this machine"
    assert "give the function an endpoint in the settings" in outcome.ran.log_tail
