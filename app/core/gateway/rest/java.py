"""JSON values as templates see them: with the methods and texts that they have in Java, where templates run at AWS."""

import re
from collections.abc import Mapping
from typing import Any


class JavaMap(dict[str, Any]):
    """A map; its text is `{a=1, b=[x, y]}`."""

    def __str__(self) -> str:
        return f"{{{', '.join(f'{key}={text_of(value)}' for key, value in self.items())}}}"

    def put(self, key: str, value: Any) -> Any:
        before = dict.get(self, key)
        self[key] = value
        return before

    def putAll(self, other: Mapping[str, Any]) -> None:  # noqa: N802 Java's name
        self.update(other)

    def keySet(self) -> "JavaList":  # noqa: N802
        return JavaList(self)

    def entrySet(self) -> "JavaList":  # noqa: N802
        return JavaList(JavaMap(key=key, value=value) for key, value in self.items())

    def containsKey(self, key: str) -> bool:  # noqa: N802
        return key in self

    def isEmpty(self) -> bool:  # noqa: N802
        return not self

    def size(self) -> int:
        return len(self)

    def toString(self) -> str:  # noqa: N802
        return str(self)


class JavaList(list[Any]):
    """A list; its text is `[x, y]`."""

    def __str__(self) -> str:
        return f"[{', '.join(text_of(value) for value in self)}]"

    def get(self, index: int) -> Any:
        return self[index]

    def add(self, value: Any) -> bool:
        self.append(value)
        return True

    def contains(self, value: Any) -> bool:
        return value in self

    def isEmpty(self) -> bool:  # noqa: N802
        return not self

    def size(self) -> int:
        return len(self)

    def toString(self) -> str:  # noqa: N802
        return str(self)


class JavaText(str):
    """A text with the methods that templates use."""

    __slots__ = ()

    def length(self) -> int:
        return len(self)

    def isEmpty(self) -> bool:  # noqa: N802
        return not self

    def equals(self, other: Any) -> bool:
        return str(self) == str(other)

    def equalsIgnoreCase(self, other: Any) -> bool:  # noqa: N802
        return self.lower() == str(other).lower()

    def contains(self, part: str) -> bool:
        return part in self

    def startsWith(self, start: str) -> bool:  # noqa: N802
        return self.startswith(start)

    def endsWith(self, end: str) -> bool:  # noqa: N802
        return self.endswith(end)

    def indexOf(self, part: str) -> int:  # noqa: N802
        return self.find(part)

    def substring(self, start: int, end: int | None = None) -> "JavaText":
        return JavaText(self[start:end])

    def toLowerCase(self) -> "JavaText":  # noqa: N802
        return JavaText(self.lower())

    def toUpperCase(self) -> "JavaText":  # noqa: N802
        return JavaText(self.upper())

    def trim(self) -> "JavaText":
        return JavaText(self.strip())

    def replaceAll(self, pattern: str, with_: str) -> "JavaText":  # noqa: N802
        return JavaText(re.sub(pattern, with_.replace("$", "\\"), self))

    def matches(self, pattern: str) -> bool:
        return re.fullmatch(pattern, self) is not None

    def toString(self) -> "JavaText":  # noqa: N802
        return self


def as_java(value: Any) -> Any:
    """A JSON value as a template is to see it; whatever is in it, too."""
    if isinstance(value, Mapping):
        return JavaMap({key: as_java(member) for key, member in value.items()})
    if isinstance(value, list | tuple):
        return JavaList(as_java(member) for member in value)
    return JavaText(value) if isinstance(value, str) else value


def text_of(value: Any) -> str:
    """A value as it is written into a text."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
