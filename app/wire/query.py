"""The parameters of AWS's query protocol: numbered lists and maps in a flat form.

`AttributeName.1=All` is how SDKs write a list. Numbers may leave gaps and come in any order; and where there is one
item alone, AWS's own samples leave the number out: `AttributeName=All`, `Attribute.Name=DelaySeconds&…`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from app.wire.refusals import SerializationFailed

_NUMBER = re.compile(r"[0-9]{1,9}")
_INTEGER = re.compile(r"[+-]?[0-9]{1,40}")


class Form(dict[str, str]):
    """A form's parameters, the first of each name; which numbers and names there are below a name is found at once."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__((name, values[name]) for name in values)
        self._numbers: dict[str, set[str]] = {}
        self._names: set[str] = set()
        for name in self:
            parts = name.split(".")[:_DEEPEST]
            above = ""
            for part in parts:
                if _NUMBER.fullmatch(part):
                    self._numbers.setdefault(above, set()).add(part)
                above = f"{above}.{part}" if above else part
                self._names.add(above)

    def has(self, name: str) -> bool:
        """Whether there is such a parameter, or one below it."""
        return name in self._names

    def items_of(self, name: str, *, is_flattened: bool) -> list[str]:
        """The names of a list's or map's items, by their numbers; of a flattened one without any, its own."""
        if numbers := self._numbers.get(name):
            return [f"{name}.{number}" for number in sorted(numbers, key=int)]
        return [name] if is_flattened and self.has(name) and self.get(name) != "" else []


_DEEPEST = 12
"""No operation has parameters with more parts in their names."""


def parser_of(base: Any, undefined: object) -> Any:
    """moto's parser of queries, with these rules for lists and maps, and with time in proportion to the form.

    An entry of a map that has a key alone is one with an empty value.
    """

    def _do_parse(self: Any, request: Mapping[str, Any], shape: Any) -> Any:
        return base._do_parse(self, {**request, "values": Form(request["values"])}, shape)  # noqa: SLF001 - overridden

    def _gonna_recurse(_self: Any, form: Form, prefix: str) -> bool:
        return bool(prefix) and not form.has(prefix)

    def _parse_list(self: Any, shape: Any, form: Form, prefix: str = "") -> Any:
        if form.get(prefix) == "":
            return []
        if shape.is_flattened:
            own = self._get_serialized_name(shape.member, None)
            name = ".".join([*prefix.split(".")[:-1], own]) if own is not None else prefix
        else:
            name = f"{prefix}.{self._get_serialized_name(shape.member, 'member')}"
        items = [
            self._parse_shape(shape.member, form, item) for item in form.items_of(name, is_flattened=shape.is_flattened)
        ]
        return [item for item in items if item is not undefined] or undefined

    def _parse_map(self: Any, shape: Any, form: Form, prefix: str = "") -> Any:
        is_flattened = self._is_shape_flattened(shape)
        key_name = self._get_serialized_name(shape.key, "key")
        value_name = self._get_serialized_name(shape.value, "value")
        empty: Any = {} if shape.value.type_name == "structure" else ""
        entries = {}
        for entry in form.items_of(prefix if is_flattened else f"{prefix}.entry", is_flattened=is_flattened):
            key = self._parse_shape(shape.key, form, f"{entry}.{key_name}")
            if key is not undefined:
                value = self._parse_shape(shape.value, form, f"{entry}.{value_name}")
                entries[key] = empty if value is undefined else value
        return entries or undefined

    def _parse_integer(self: Any, shape: Any, form: Form, prefix: str = "") -> Any:
        value = self._default_handle(shape, form, prefix)
        if isinstance(value, str) and not _INTEGER.fullmatch(value):
            wanted = "a Long" if shape.type_name == "long" else "an Integer"
            raise SerializationFailed(f"STRING_VALUE can not be converted to {wanted}")
        return value if value is undefined else int(value)

    members: dict[str, Callable[..., Any]] = {
        "_do_parse": _do_parse,
        "_gonna_recurse": _gonna_recurse,
        "_parse_list": _parse_list,
        "_parse_map": _parse_map,
        "_parse_integer": _parse_integer,
        "_parse_long": _parse_integer,
    }
    return type(f"Numbered{base.__name__}", (base,), members)
