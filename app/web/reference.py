"""The control API's documentation: its OpenAPI description as one plain page that loads nothing from elsewhere."""

import html
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from app.web.security_headers import page_headers

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font: 0.9em ui-monospace, monospace; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); text-transform: capitalize; }
details { border: 1px solid var(--line); border-radius: 0.5rem; margin: 0.5rem 0; padding: 0.5rem 0.8rem; }
summary { cursor: pointer; }
summary b { display: inline-block; min-width: 4.5rem; font: 700 0.85em ui-monospace, monospace; }
summary span { opacity: 0.75; margin-left: 0.8rem; }
pre { background: var(--soft); padding: 0.6rem; overflow-x: auto; border-radius: 0.3rem; }
table { border-collapse: collapse; margin: 0.5rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.2rem 1rem 0.2rem 0; }
th { font-weight: 600; }
"""


def reference_routes(root: str, describe: Callable[[], dict[str, Any]]) -> APIRouter:
    """`{root}/docs`; `describe` gives the OpenAPI description, asked for at each call."""
    router = APIRouter(include_in_schema=False)

    @router.get(f"{root}/docs")
    async def reference() -> HTMLResponse:
        page = render_reference(describe(), root=root)
        return HTMLResponse(page, headers=page_headers(page))

    return router


def render_reference(description: Mapping[str, Any], *, root: str) -> str:
    """An HTML page of the operations in an OpenAPI 3 description, by tag, in the description's order."""
    title = html.escape(f"{description['info']['title']} {description['info']['version']}")
    paragraphs = description["info"]["description"].strip().split("\n\n")
    about = "".join(f"<p>{html.escape(paragraph).replace('`', '')}</p>" for paragraph in paragraphs)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f'<main><h1>{title}</h1>{about}<p><a href="{root}/">Page</a> · <a href="{root}/openapi.json">OpenAPI</a></p>'
        f"{''.join(_sections(description))}</main></body></html>"
    )


def _sections(description: Mapping[str, Any]) -> Iterator[str]:
    by_tag: dict[str, list[str]] = {}
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            tag = operation["tags"][-1]
            by_tag.setdefault(tag, []).append(_operation(method, path, operation, description))
    for tag, rendered in by_tag.items():
        yield f"<section><h2>{html.escape(tag)}</h2>{''.join(rendered)}</section>"


def _operation(method: str, path: str, operation: Mapping[str, Any], description: Mapping[str, Any]) -> str:
    summary = (
        f"<b>{method.upper()}</b> <code>{html.escape(path)}</code><span>{html.escape(operation['summary'])}</span>"
    )
    parts = [f"<details><summary>{summary}</summary>"]
    if operation.get("parameters"):
        parts.append("<table><caption hidden>Parameters</caption>")
        for parameter in operation["parameters"]:
            about = parameter.get("description", "")
            parts.append(
                f"<tr><th scope=row><code>{html.escape(parameter['name'])}</code></th>"
                f"<td>{html.escape(parameter['in'])}</td><td>{html.escape(about)}</td></tr>"
            )
        parts.append("</table>")
    if "requestBody" in operation:
        parts.append(_shown("Takes", operation["requestBody"]["content"], description))
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            parts.append(_shown(f"Gives {status}", response.get("content", {}), description))
    parts.append("</details>")
    return "".join(parts)


def _shown(label: str, content: Mapping[str, Any], description: Mapping[str, Any]) -> str:
    """The shape of a body: the schema with its references written out."""
    if not content:
        return f"<p>{label}: no body</p>"
    kind, media = next(iter(content.items()))
    shape = _example(media.get("schema", {}), description)
    return (
        f"<p>{label} <code>{kind}</code></p><pre>{html.escape(json.dumps(shape, indent=2, ensure_ascii=False))}</pre>"
    )


def _example(schema: Mapping[str, Any], description: Mapping[str, Any]) -> Any:
    """A value for people to read: member names, and in each place its type and what it means."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return _example(description["components"]["schemas"][name], description)
    if "anyOf" in schema:
        kinds = [kind for kind in schema["anyOf"] if kind.get("type") != "null"]
        shown = _example(kinds[0], description)
        return f"{shown} or null" if isinstance(shown, str) else shown
    if schema.get("type") == "object" and "properties" in schema:
        return {name: _told(member, _example(member, description)) for name, member in schema["properties"].items()}
    if schema.get("type") == "array":
        return [_example(schema.get("items", {}), description)]
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    return str(schema.get("type", "any"))


def _told(member: Mapping[str, Any], shown: Any) -> Any:
    about = member.get("description")
    return f"{shown}: {about}" if about and isinstance(shown, str) else shown
