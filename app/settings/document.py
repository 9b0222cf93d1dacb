"""The YAML file as plain values, with the line and the wording of each."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import yaml

from app.settings.problems import Place, Problem, SettingsError, place_text

_TIMESTAMP = "tag:yaml.org,2002:timestamp"


@dataclass(slots=True)
class Document:
    """`value` is made of dict, list, str, int, float, bool and None.

    `written` keeps how a scalar was written, for where text is meant and YAML sees a number: an account
    000000000000, a tag 1.10. Line numbers begin at 1.
    """

    value: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    written: dict[Place, str] = field(default_factory=dict)


def read_document(text: str, source: str) -> Document:
    """Parse `text`; `source` names it in errors.

    Keys are always text, and so are timestamps. Raises SettingsError when it is no YAML, has a key twice in one
    mapping, or holds a thing of a kind that settings are not made of.
    """
    return _Reader(text, source).read()


class _Reader:
    def __init__(self, text: str, source: str) -> None:
        self._text = text
        self._source = source
        self._document = Document()
        self._problems: list[Problem] = []
        self._open: set[int] = set()

    def read(self) -> Document:
        try:
            loader = yaml.SafeLoader(self._text)
            node = loader.get_single_node()
            if node is not None:
                self._document.lines[()] = node.start_mark.line + 1
                self._document.value = self._value(loader, node, ())
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            reason = ", ".join(part for part in (error.context, error.problem) if part)
            self._problems.append(
                Problem("", f"this is no YAML: {reason}", self._source, mark.line + 1 if mark else None)
            )
        except (yaml.YAMLError, ValueError) as error:
            self._problems.append(Problem("", f"this is no YAML: {error}", self._source))
        if self._problems:
            raise SettingsError(self._problems)
        return self._document

    def _value(self, loader: yaml.SafeLoader, node: yaml.Node, place: Place) -> Any:
        if id(node) in self._open:
            self._wrong(node, place, "this refers to itself")
            return None
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return dict(self._entries(loader, node, place))
            if isinstance(node, yaml.SequenceNode):
                return [self._item(loader, item, (*place, index)) for index, item in enumerate(node.value)]
            return self._scalar(loader, node, place)
        finally:
            self._open.discard(id(node))

    def _entries(self, loader: yaml.SafeLoader, node: yaml.MappingNode, place: Place) -> Iterator[tuple[str, Any]]:
        first_lines: dict[str, int] = {}
        for key, _ in node.value:
            name, line = self._key(key), key.start_mark.line + 1
            if name in first_lines:
                self._wrong(key, (*place, name), f"this key stands here a second time, after line {first_lines[name]}")
            first_lines.setdefault(name, line)
        loader.flatten_mapping(node)  # puts what `<<` merges in before the mapping's own keys, which win
        for key, value in node.value:
            name = self._key(key)
            self._document.lines[*place, name] = key.start_mark.line + 1
            yield name, self._value(loader, value, (*place, name))

    def _key(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise yaml.MarkedYAMLError(problem="a key must be a word", problem_mark=node.start_mark)
        return str(node.value)

    def _item(self, loader: yaml.SafeLoader, node: yaml.Node, place: Place) -> Any:
        self._document.lines[place] = node.start_mark.line + 1
        return self._value(loader, node, place)

    def _scalar(self, loader: yaml.SafeLoader, node: yaml.Node, place: Place) -> Any:
        self._document.written[place] = node.value
        value = node.value if node.tag == _TIMESTAMP else loader.construct_object(node)
        if value is None or isinstance(value, str | int) or (isinstance(value, float) and isfinite(value)):
            return value
        self._wrong(node, place, f"{node.value!r} is no kind of value that settings have")
        return None

    def _wrong(self, node: yaml.Node, place: Place, text: str) -> None:
        self._problems.append(Problem(place_text(place), text, self._source, node.start_mark.line + 1))
