"""The two ways in which SNS words a refusal of an attribute, and what its JSON parser complains of."""

import json
import re
from collections.abc import Callable
from typing import Any, TypeAlias

from app.core.errors import InvalidParameter
from app.core.pattern.tokens import Misread, Token, Tokens

Refuse: TypeAlias = Callable[[str], InvalidParameter]
"""Makes the refusal of an attribute from its reason, which begins with the attribute's name."""

_PLACE = re.compile(r"; line: (\d+), column: (\d+)\]$")


def refuse_in_create(reason: str) -> InvalidParameter:
    """As CreateTopic and Subscribe say it, which take attributes together."""
    return InvalidParameter(f"Invalid parameter: Attributes Reason: {reason}")


def refuse_in_set(reason: str) -> InvalidParameter:
    """As the operations say it that set one attribute."""
    return InvalidParameter(f"Invalid parameter: {reason}")


def read_json(name: str, text: str, refuse: Refuse, *, shows_source: bool = True) -> Any:
    """What the JSON text of an attribute says. Raises InvalidParameter in the words of Jackson, as recorded; where it
    does not show the source, it shows the reader that it had it from."""
    tokens = Tokens(text)
    try:
        while tokens.next() is not Token.END:
            # A string is read when it is asked for, and only then found to be broken.
            _ = tokens.text
        return json.loads(text)
    except Misread as misread:
        where = _as_an_older_parser(misread)
        if not shows_source and (place := _PLACE.search(where)) is not None:
            where = f"[Source: java.io.StringReader@469cc9aa{place[0]}"
        raise refuse(f"{name}: failed to parse JSON. {misread.reason}\n at {where}") from None
    except (ValueError, RecursionError):
        # More than one value, or none.
        raise refuse(f"{name}: failed to parse JSON.") from None


def _as_an_older_parser(misread: Misread) -> str:
    """SNS's Jackson is older than EventBridge's: behind an unexpected character it stands one further (recorded)."""
    if not misread.reason.startswith("Unexpected character"):
        return misread.location
    return _PLACE.sub(lambda place: f"; line: {place[1]}, column: {int(place[2]) + 1}]", misread.location)
