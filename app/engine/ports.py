"""What the engine needs of the world outside, as Protocols; adapters stand behind them."""

from typing import Protocol

from app.core.invocation import Invocation, Outcome


class FunctionEndpoint(Protocol):
    """Where a function runs. One object a function, whatever number of environments stand behind it."""

    environments: int
    """How many invocations may run at once; the core never asks for more."""

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Run it and say what came of it. Never raises for what the function or the network did.

        Ends within the invocation's time limit and a little; cancelling it kills the environment.
        """
        ...

    async def close(self) -> None:
        """Stop every environment; no process is left behind. The endpoint is not used afterwards."""
        ...

    def describe(self) -> str:
        """A few words for people: `process examples/orders.py`, `RIE http://localhost:9000`."""
        ...
