"""JSON as EventBridge and pipes pass it on: compact UTF-8, whatever its depth."""

from typing import Any

import orjson


def dump(value: Any) -> str:
    """`value` as compact JSON. Raises nothing for what `orjson.loads` gave, however deep."""
    try:
        return orjson.dumps(value).decode()
    except (TypeError, orjson.JSONEncodeError):
        # orjson writes no deeper than 254 levels, and reads 1,024.
        return _dump_deep(value)


def _dump_deep(value: Any) -> str:
    parts: list[str] = []
    waiting: list[Any] = [value]
    while waiting:
        item = waiting.pop()
        match item:
            case _Written(text=text):
                parts.append(text)
            case dict():
                waiting.append(_Written("}"))
                for place, (key, member) in reversed(list(enumerate(item.items()))):
                    waiting += [member, _Written(("," if place else "") + orjson.dumps(key).decode() + ":")]
                parts.append("{")
            case list():
                waiting.append(_Written("]"))
                for place in range(len(item) - 1, -1, -1):
                    waiting += [item[place], _Written("," if place else "")]
                parts.append("[")
            case _:
                parts.append(orjson.dumps(item).decode())
    return "".join(parts)


class _Written:
    __match_args__ = ("text",)
    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text
