"""The event templates that come with the program, read when they are first asked for."""

import json
from functools import cache
from pathlib import Path

from app.core.awslambda.invocation import InvocationType
from app.core.fire import Catalogue, Template

_BESIDE = Path(__file__).parents[2] / "event_templates"
_INSIDE = Path(__file__).parents[1] / "event_templates"
"""In a checkout they are beside the package; once it is installed, inside."""


@cache
def load_catalogue() -> Catalogue:
    folder = _INSIDE if _INSIDE.is_dir() else _BESIDE
    entries = json.loads((folder / "catalog.json").read_text(encoding="utf-8"))
    return Catalogue(
        tuple(
            Template(
                source=entry["source"],
                name=entry["name"],
                description=entry["description"],
                invocation=InvocationType(entry["invocation"]),
                documentation=entry["documentation"],
                event=json.loads((folder / entry["file"]).read_text(encoding="utf-8")),
            )
            for entry in entries
        )
    )
