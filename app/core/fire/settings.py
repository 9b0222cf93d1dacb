"""What people set in an event: `request.userAttributes.email=ann@example.com`, also inside what is encoded."""

import base64
import binascii
import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, TypeAlias

from app.core.errors import InvalidParameterValue

Path: TypeAlias = tuple[str, ...]

_DOT = re.compile(r"(?<!\\)\.")


class SettingRefused(InvalidParameterValue):
    """A path that leads nowhere in this event."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A member to be set: `path` from the event's root, list places as numbers; `value` is JSON."""

    path: Path
    value: Any

    @property
    def in_words(self) -> str:
        return ".".join(self.path)


def parse_setting(text: str) -> Setting:
    """`path=value`: a path of names and numbers between dots (`\\.` is a dot in a name), and JSON or else text.

    Raises SettingRefused.
    """
    path, separator, value = text.partition("=")
    names = parse_path(path)
    if not separator:
        raise SettingRefused(f"{text!r} is not like path=value")
    try:
        return Setting(names, json.loads(value))
    except (ValueError, RecursionError):
        return Setting(names, value)


def parse_path(text: str) -> Path:
    """Raises SettingRefused."""
    names = tuple(name.replace("\\.", ".") for name in _DOT.split(text.strip()))
    if not all(names):
        raise SettingRefused(f"{text!r} is no path like request.userAttributes.email")
    return names


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a member hides others: from its text to JSON and back."""

    decode: Callable[[str], Any]
    encode: Callable[[Any], str]


def _text(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else json.dumps(value, separators=(",", ":")).encode()


def _loosely(content: bytes) -> Any:
    text = content.decode(errors="replace")
    try:
        return json.loads(text)
    except ValueError:
        return text


JSON_TEXT = Encoding(json.loads, lambda value: json.dumps(value, separators=(",", ":")))
BASE64 = Encoding(lambda text: _loosely(base64.b64decode(text)), lambda value: base64.b64encode(_text(value)).decode())
GZIP = Encoding(
    lambda text: json.loads(gzip.decompress(base64.b64decode(text))),
    # Without the time of day, so that equal events have equal bytes.
    lambda value: base64.b64encode(gzip.compress(_text(value), mtime=0)).decode(),
)

ENCODINGS: Mapping[str, Mapping[str, Encoding]] = {
    "cloudwatch-logs": {"awslogs.data": GZIP},
    "config": {"invokingEvent": JSON_TEXT, "ruleParameters": JSON_TEXT},
    "firehose": {"records.*.data": BASE64},
    "kinesis": {"Records.*.kinesis.data": BASE64},
    "kafka": {"records.*.*.value": BASE64, "records.*.*.key": BASE64},
    "mq": {"messages.*.data": BASE64, "rmqMessagesByQueue.*.*.data": BASE64},
    "iot": {"protocolData.mqtt.password": BASE64},
}
"""By source: the members that hide others. `*` is any name or place."""


def apply(event: Any, settings: Iterable[Setting], source: str) -> tuple[Any, list[str]]:
    """The event with everything set, and the paths that it did not have before.

    Raises SettingRefused for a path through what has nothing inside.
    """
    encodings = {parse_path(path): encoding for path, encoding in ENCODINGS.get(source, {}).items()}
    new: list[str] = []
    changed = deepcopy(event)
    for setting in settings:
        changed = _set(changed, setting, (), encodings, new)
    return changed, new


def _set(value: Any, setting: Setting, at: Path, encodings: Mapping[Path, Encoding], new: list[str]) -> Any:
    """`value`, which stands at the path `at`, with the setting done inside it."""
    left = setting.path[len(at) :]
    encoding = next((encodings[path] for path in encodings if _matches(path, at)), None)
    if encoding is not None:
        if not left:
            return encoding.encode(setting.value)
        inside = Setting(left, setting.value)
        return encoding.encode(_set(_decoded(encoding, value, setting), inside, (), {}, new))
    if not left:
        return setting.value
    name = left[0]
    if value is None:
        value = {}
    if isinstance(value, dict):
        if name not in value:
            new.append(setting.in_words)
        return {**value, name: _set(value.get(name), setting, (*at, name), encodings, new)}
    if isinstance(value, list):
        place = _place(name, value, setting)
        if place == len(value):
            value = [*value, None]
            new.append(setting.in_words)
        return [
            _set(one, setting, (*at, name), encodings, new) if number == place else one
            for number, one in enumerate(value)
        ]
    raise SettingRefused(f"{setting.in_words}: {'.'.join(at)} is {value!r}, with nothing inside")


def _decoded(encoding: Encoding, value: Any, setting: Setting) -> Any:
    try:
        return encoding.decode(value)
    except (ValueError, TypeError, OSError, EOFError, zlib.error, binascii.Error):
        raise SettingRefused(f"{setting.in_words}: what it leads through cannot be decoded") from None


def _place(name: str, value: list[Any], setting: Setting) -> int:
    if not name.isdecimal() or int(name) > len(value):
        raise SettingRefused(f"{setting.in_words}: there is a list of {len(value)}, and {name!r} is no place in it")
    return int(name)


def _matches(path: Path, at: Path) -> bool:
    return len(path) == len(at) and all(part in ("*", name) for part, name in zip(path, at, strict=True))
