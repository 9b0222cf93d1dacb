"""An entry of `functions`: which kind of endpoint it names, and so what else it may say."""

import re
from collections.abc import Callable

from app.settings.functions.common import COMMON_KEYS, Common, has, read_common
from app.settings.functions.elsewhere import INVOKE_API_KEYS, read_concurrent_rie, read_http, read_invoke_api, read_rie
from app.settings.functions.processes import PROCESS_KEYS, read_process
from app.settings.functions.scripts import read_scripted
from app.settings.reading import Field, Table
from app.settings.values.functions import FunctionSettings, ImageSettings, ScriptedFunction

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")  # AWS API reference: CreateFunction, FunctionName
_MAKES_A_PROCESS = ("CodeUri", "Handler", "command")


def read_function(name: str, field: Field) -> FunctionSettings | None:
    """One entry of `functions`; None when what is wrong leaves no function. Ranges are those of AWS's API reference."""
    if not _NAME.fullmatch(name):
        field.wrong("a function's name has 1 to 64 letters, digits, hyphens and underscores")
    kinds = [kind for kind in _KINDS if has(field, kind)]
    if any(has(field, key) for key in _MAKES_A_PROCESS):
        kinds.insert(0, "CodeUri and Handler")
    if len(kinds) > 1:
        field.wrong(f"a function runs at one kind of endpoint; this one has {' and '.join(kinds)}")
        return None
    if not kinds:
        field.table(KEYS)  # a misspelt key is the likely reason
        field.wrong(f"nothing says where it runs: give it CodeUri and Handler, or one of {', '.join(_KINDS)}")
        return None
    keys, make = _KINDS.get(kinds[0], (PROCESS_KEYS, read_process))
    table = field.table((*keys, *COMMON_KEYS))
    return make(table, read_common(name, table))


def read_image(pattern: str, field: Field) -> ImageSettings | None:
    """The endpoint that stands for images like `pattern`, written as a function's is."""
    endpoint = read_function("image", field)
    if isinstance(endpoint, ScriptedFunction):
        field.wrong("an image needs an endpoint that runs it: a script cannot stand for one")
        return None
    return ImageSettings(pattern, endpoint) if endpoint is not None else None


_KINDS: dict[str, tuple[tuple[str, ...], Callable[[Table, Common], FunctionSettings | None]]] = {
    "rie": (("rie", "access_key_ids", "resolve"), read_rie),
    "concurrent_rie": (("concurrent_rie",), read_concurrent_rie),
    "invoke_api": (INVOKE_API_KEYS, read_invoke_api),
    "http": (("http",), read_http),
    "script": (("script",), read_scripted),
}
"""The endpoints that one key names, with the keys they have; whatever else is a process."""

KEYS = (*dict.fromkeys((*COMMON_KEYS, *PROCESS_KEYS, *(key for keys, _ in _KINDS.values() for key in keys))),)
"""Every key that a function can have."""
