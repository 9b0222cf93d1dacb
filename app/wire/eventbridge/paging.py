"""Lists in pages: `Limit` items from behind the one that `NextToken` names."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from app.core.errors import ValidationFailed
from app.wire.calls import Params, Result

T = TypeVar("T")

_MOST = 100


def page(
    params: Params, items: Sequence[T], name_of: Callable[[T], str], member: str, view: Callable[[T], Any]
) -> Result:
    """The items of a page under `member`, and the token of the next if there is one. `items` are in order of their
    names. Raises ValidationFailed for a token that is none of ours."""
    after = _read(params["NextToken"]) if params.get("NextToken") else None
    rest = [item for item in items if after is None or name_of(item) > after]
    count = params.get("Limit") or _MOST
    shown = rest[:count]
    told: Result = {"NextToken": _written(name_of(shown[-1]))} if len(rest) > count else {}
    return {**told, member: [view(item) for item in shown]}


def _written(name: str) -> str:
    return urlsafe_b64encode(name.encode()).decode()


def _read(token: str) -> str:
    try:
        return urlsafe_b64decode(token.encode()).decode()
    except (Base64Error, ValueError):
        raise ValidationFailed("Parameter NextToken is not valid.") from None
