"""The page under `/_triggerfish/`, and the way there from `/`."""

from functools import cache
from importlib.resources import files
from typing import get_args

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse

from app.core.facts import Fact
from app.web.security_headers import page_headers


def page_routes(root: str) -> APIRouter:
    """`{root}/` is the page; `/` and `{root}` lead to it."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    @router.get(root)
    async def lead_to_page() -> RedirectResponse:
        return RedirectResponse(f"{root}/", 307)

    @router.get(f"{root}/")
    async def page() -> HTMLResponse:
        text = _page()
        return HTMLResponse(text, headers=page_headers(text))

    return router


@cache
def _page() -> str:
    # An EventSource has to be told the names of the events it is to hear.
    facts = " ".join(fact.__name__ for fact in get_args(Fact))
    return files("app.web").joinpath("page.html").read_text("utf-8").replace("{facts}", facts)
