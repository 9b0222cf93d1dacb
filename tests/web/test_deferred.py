"""What is made when it is first asked for."""

import asyncio
import subprocess
import sys

from starlette.types import ASGIApp, Receive, Scope, Send

from app.web.deferred import Deferred


async def test_the_app_is_made_by_the_first_request_and_serves_them_all() -> None:
    made: list[str] = []
    served: list[str] = []

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        served.append(scope["path"])

    def make() -> ASGIApp:
        made.append("once")
        return serve

    deferred = Deferred(make)
    before = list(made)

    await asyncio.gather(*(deferred({"path": path}, _receive, _send) for path in ("/a", "/b")))
    await deferred({"path": "/c"}, _receive, _send)

    assert before == []
    assert made == ["once"]
    assert served == ["/a", "/b", "/c"]


def test_the_start_imports_nothing_that_only_later_requests_need() -> None:
    later = "{'fastapi', 'pydantic', 'moto', 'botocore', 'boto3', 'aiohttp', 'apscheduler'}"

    told = subprocess.run(
        [sys.executable, "-c", f"import sys, app.main; print(*sorted({later} & sys.modules.keys()))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert told.stdout.split() == []


async def _receive() -> dict[str, str]:
    raise AssertionError("nothing is received here")


async def _send(message: object) -> None:
    raise AssertionError("nothing is sent here")
