"""Mapping templates: Velocity with `$input`, `$context`, `$stageVariables` and `$util`.

The language is airspeed's; what a template can ask of a request is here. A template that cannot be run is refused with
what is wrong with it; it never ends the service.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any
from urllib.parse import quote_plus, unquote_plus

import orjson

from app.core.gateway.rest.java import JavaList, JavaMap, JavaText, as_java
from app.core.json_text import dump

_ESCAPED = re.compile(r"""[\\'"/\x00-\x1f]|[^\x00-\x7f]""")
_ESCAPES = {"\\": "\\\\", "'": "\\'", '"': '\\"', "/": "\\/", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b",
            "\f": "\\f"}  # fmt: skip
_PLACES = ("path", "querystring", "header")


class TemplateFailed(Exception):
    """The template could not be run; the text says why, for the journal."""


@dataclass(frozen=True, slots=True)
class TemplateInput:
    """What a template sees. `context` and `stage_variables` are JSON; `parameters` are by place (`path`,
    `querystring`, `header`) and name."""

    body: str
    parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    stage_variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rendered:
    """The text, and what the template set in `$context.requestOverride` or `$context.responseOverride`."""

    text: str
    headers: Mapping[str, str] = field(default_factory=dict)
    querystring: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)
    status: int | None = None


def render(template: str, given: TemplateInput, *, is_request: bool) -> Rendered:
    """Run a template of an integration's request or response. Raises TemplateFailed."""
    override = JavaMap(header=JavaMap(), querystring=JavaMap(), path=JavaMap(), status=None)
    context = as_java(given.context)
    context["requestOverride" if is_request else "responseOverride"] = override
    names = {
        "input": _Input(given),
        "context": context,
        "stageVariables": as_java(given.stage_variables),
        "util": _Util(),
    }
    try:
        text = str(_compiled(template).merge(names))
        return Rendered(
            text, _texts(override["header"]), _texts(override["querystring"]), _texts(override["path"]),
            None if override["status"] is None else int(override["status"]),
        )  # fmt: skip
    except TemplateFailed:
        raise
    except Exception as error:
        # Whatever a template makes airspeed stumble over is the template's.
        raise TemplateFailed(f"the mapping template cannot be run: {str(error) or type(error).__name__}") from error


def check(template: str) -> str | None:
    """What is wrong with a template, if anything can be told before it is run."""
    try:
        _compiled(template).ensure_compiled()
    except Exception as error:
        return str(error)
    return None


@lru_cache(maxsize=1024)
def _compiled(template: str) -> Any:
    return _airspeed().Template(template)


@cache
def _airspeed() -> Any:
    """Loaded by whoever has a template. What maps and lists written in a template can do is completed."""
    import airspeed
    from airspeed import operators

    methods = operators.__additional_methods__
    for plain, java in ((dict, JavaMap), (list, JavaList), (str, JavaText)):
        for name in vars(java):
            if not name.startswith("_"):
                methods[plain].setdefault(name, _on(java, name))
    return airspeed


def _on(java: type, name: str) -> Callable[..., Any]:
    return lambda value, *given: getattr(java(value), name)(*given)


def _texts(given: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in given.items() if value is not None}


class _Input:
    """`$input`: the body, parts of it by JSONPath, and the request's parameters."""

    def __init__(self, given: TemplateInput) -> None:
        self.body = JavaText(given.body)
        self._text = given.body
        self._parameters = given.parameters
        self._document: Any = None
        self._is_read = False

    def path(self, path: str) -> Any:
        """The value at a JSONPath, to go on with."""
        return as_java(self._find(path))

    def json(self, path: str) -> str:
        """The value at a JSONPath, as JSON."""
        found = self._find(path)
        return JavaText("" if found is None else dump(found))

    def params(self, name: str | None = None) -> Any:
        """One parameter, looked for in the path, the query and the headers in this order; or all, by place."""
        if name is None:
            return as_java({place: self._parameters.get(place, {}) for place in _PLACES})
        for place in _PLACES:
            value = self._parameters.get(place, {}).get(name)
            if value is not None:
                return JavaText(value)
        return JavaText("")

    def _find(self, path: str) -> Any:
        if not self._is_read:
            self._is_read = True
            try:
                self._document = orjson.loads(self._text) if self._text else {}
            except orjson.JSONDecodeError:
                # A body that is no JSON is one text to `$`.
                self._document = self._text
        if path == "$":
            return self._document
        return _found(path, self._document)


def _found(path: str, document: Any) -> Any:
    """What a JSONPath leads to: one value, or a list where it may lead to several."""
    expression = _expression(path)
    found = [match.value for match in expression.find(document)]
    if any(mark in path for mark in ("*", "..", "?", ":")):
        return found
    return found[0] if found else None


@lru_cache(maxsize=1024)
def _expression(path: str) -> Any:
    from jsonpath_ng.ext.parser import parse

    try:
        return parse(path)
    except Exception as error:
        raise TemplateFailed(f"{path} is no JSONPath: {error}") from None


class _Util:
    """`$util`."""

    def escapeJavaScript(self, text: Any) -> str:  # noqa: N802 AWS's name
        return JavaText(_ESCAPED.sub(_escape, str(text)))

    def parseJson(self, text: str) -> Any:  # noqa: N802
        try:
            return as_java(orjson.loads(str(text)))
        except orjson.JSONDecodeError as error:
            raise TemplateFailed(f"$util.parseJson: {error}") from None

    def urlEncode(self, text: str) -> str:  # noqa: N802
        return JavaText(quote_plus(str(text)))

    def urlDecode(self, text: str) -> str:  # noqa: N802
        return JavaText(unquote_plus(str(text)))

    def base64Encode(self, text: str) -> str:  # noqa: N802
        return JavaText(b64encode(str(text).encode()).decode())

    def base64Decode(self, text: str) -> str:  # noqa: N802
        try:
            return JavaText(b64decode(str(text), validate=True).decode(errors="replace"))
        except Base64Error as error:
            raise TemplateFailed(f"$util.base64Decode: {error}") from None


def _escape(found: "re.Match[str]") -> str:
    """As Apache Commons' escapeJavaScript, which AWS's is."""
    char = found[0]
    if char in _ESCAPES:
        return _ESCAPES[char]
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[place]:02X}{units[place + 1]:02X}" for place in range(0, len(units), 2))
