"""The page under `/_triggerfish/`, and the way there from `/`."""

from functools import cache
from importlib.resources import files

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse

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
    return files("app.web").joinpath("page.html").read_text("utf-8")
