"""Reading plain values into settings: each reader notes what is wrong, gives a default, and goes on."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from app.core.time import parse_duration_ms
from app.core.urls import without_password
from app.settings.problems import Place

_Value = TypeVar("_Value")
_Word = TypeVar("_Word", bound=str)

_YES = {"true", "yes", "on", "1"}
_NO = {"false", "no", "off", "0"}


@dataclass(slots=True)
class Notes:
    """What is shared while one document is read.

    `written` has the wording of scalars, `overridden` the environment variable that a value came from (its
    value is text, whatever is meant), `folder` is where relative paths begin.
    """

    folder: Path
    written: Mapping[Place, str] = field(default_factory=dict)
    overridden: Mapping[Place, str] = field(default_factory=dict)
    found: list[tuple[Place, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Field:
    """A value and where it stands."""

    value: Any
    place: Place
    notes: Notes

    def wrong(self, text: str) -> None:
        """Note that this value cannot stay so."""
        self.notes.found.append((self.place, text))

    def text(self) -> str | None:
        """A text that is not empty; a number is the text as it was written."""
        text = self.any_text()
        if text == "":
            self.wrong("must not be empty")
            return None
        return text

    def any_text(self) -> str | None:
        """A text, maybe empty; a number or a truth is the text as it was written."""
        if isinstance(self.value, str):
            return self.value
        if isinstance(self.value, bool | int | float):
            plain = str(self.value).lower() if isinstance(self.value, bool) else str(self.value)
            return self.notes.written.get(self.place, plain)
        self.wrong(f"must be text, not {_kind(self.value)}")
        return None

    def json_text(self) -> str | None:
        """JSON as text, or written as what it says."""
        if isinstance(self.value, Mapping | list):
            return json.dumps(self.value, ensure_ascii=False, separators=(",", ":"))
        return self.any_text()

    def integer(self, least: int, most: int | None = None) -> int | None:
        """A whole number in a range that includes its ends."""
        value = self.value
        if isinstance(value, str) and self.place in self.notes.overridden and value.lstrip("-").isdecimal():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self.wrong(f"must be a whole number, not {_kind(value)}")
            return None
        if value < least or (most is not None and value > most):
            span = f"from {least} to {most}" if most is not None else f"{least} or more"
            self.wrong(f"must be {span}, not {value}")
            return None
        return value

    def flag(self) -> bool | None:
        """True or false."""
        if isinstance(self.value, bool):
            return self.value
        if self.place in self.notes.overridden and str(self.value).lower() in _YES | _NO:
            return str(self.value).lower() in _YES
        self.wrong(f"must be true or false, not {_kind(self.value)}")
        return None

    def word(self, words: Collection[_Word]) -> _Word | None:
        """One of the words."""
        for word in words:
            if self.value == word:
                return word
        self.wrong(f"must be {_either(words)}, not {_kind(self.value)}{guess(str(self.value), words)}")
        return None

    def duration_ms(self) -> int | None:
        """A duration such as `45s`, `10m` or a number of seconds, in milliseconds."""
        if isinstance(self.value, bool) or not isinstance(self.value, str | int | float):
            self.wrong(f"must be a duration like 45s or 10m, not {_kind(self.value)}")
            return None
        try:
            return parse_duration_ms(str(self.value))
        except ValueError as error:
            self.wrong(str(error))
            return None

    def url(self) -> str | None:
        """An http or https URL, without a slash at its end."""
        text = self.text()
        if text is None:
            return None
        try:
            parts = urlsplit(text)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:  # a port out of range, a bad IPv6 address
            good = False
        if not good:
            self.wrong(f"must be a URL like http://localhost:9000, not {without_password(text)!r}")
            return None
        return text.rstrip("/")

    def existing_folder(self) -> Path | None:
        """A folder that is there, as an absolute path."""
        text = self.text()
        if text is None:
            return None
        folder = (self.notes.folder / Path(text).expanduser()).resolve()
        if not folder.is_dir():
            is_file = folder.exists()
            self.wrong(f"{folder} is a file, not a folder" if is_file else f"there is no folder {folder}")
            return None
        return folder

    def items(self) -> list["Field"]:
        """The members of a list."""
        if not isinstance(self.value, list | tuple):
            self.wrong(f"must be a list, not {_kind(self.value)}")
            return []
        return [Field(item, (*self.place, index), self.notes) for index, item in enumerate(self.value)]

    def texts(self) -> tuple[str, ...]:
        """The members of a list of texts."""
        return tuple(text for item in self.items() if (text := item.text()) is not None)

    def entries(self) -> Iterator[tuple[str, "Field"]]:
        """The names and values of a mapping whose names the user chose; one left empty is an empty mapping."""
        if self.value is None:
            return
        if not isinstance(self.value, Mapping):
            self.wrong(f"must be a mapping of names, not {_kind(self.value)}")
            return
        for name, value in self.value.items():
            yield str(name), Field(value, (*self.place, str(name)), self.notes)

    def text_entries(self) -> dict[str, str]:
        """A mapping of names to texts."""
        return {name: text for name, entry in self.entries() if (text := entry.any_text()) is not None}

    def table(self, known: Collection[str]) -> "Table":
        """A mapping whose names are `known`; others are noted."""
        entries = dict(self.entries())
        for name, entry in entries.items():
            if name not in known:
                entry.wrong(f"there is no such key{guess(name, known)}")
        return Table(self, entries)


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping of known names. A getter gives the default for what is absent, and for what is wrong."""

    field: Field
    entries: Mapping[str, Field]

    def __contains__(self, name: str) -> bool:
        return name in self.entries

    def get(self, name: str) -> Field | None:
        return self.entries.get(name)

    def must(self, name: str) -> Field | None:
        """The value, whose absence is noted."""
        if name not in self.entries:
            self.field.wrong(f"{name} is missing")
        return self.entries.get(name)

    def read(self, name: str, how: Callable[[Field], _Value | None]) -> _Value | None:
        """The value as `how` reads it, or None."""
        entry = self.entries.get(name)
        return how(entry) if entry is not None else None

    def text(self, name: str, default: str) -> str:
        return _or(self.read(name, Field.text), default)

    def integer(self, name: str, default: int, *, least: int, most: int | None = None) -> int:
        return _or(self.read(name, lambda entry: entry.integer(least, most)), default)

    def flag(self, name: str, default: bool) -> bool:
        return _or(self.read(name, Field.flag), default)

    def word(self, name: str, default: _Word, words: Collection[_Word]) -> _Word:
        return _or(self.read(name, lambda entry: entry.word(words)), default)

    def duration_ms(self, name: str, default: int) -> int:
        return _or(self.read(name, Field.duration_ms), default)

    def texts(self, name: str) -> tuple[str, ...]:
        return self.read(name, Field.texts) or ()

    def text_entries(self, name: str) -> dict[str, str]:
        return self.read(name, Field.text_entries) or {}


def _or(value: _Value | None, default: _Value) -> _Value:
    return default if value is None else value


def _kind(value: object) -> str:
    """The value as an error shows it."""
    match value:
        case None:
            return "nothing"
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case bool():
            return str(value).lower()
        case _:
            return repr(value)


def _either(words: Collection[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def guess(name: str, known: Collection[str]) -> str:
    """`; did you mean Timeout?`, or nothing when no known name is near."""
    by_lower = {word.lower(): word for word in known}
    near = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f"; did you mean {by_lower[near[0]]}?" if near else ""
