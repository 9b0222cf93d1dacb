"""What Terraform's AWS provider does for each kind of resource, call by call: create, wait, read, update, delete.

Learnt from the provider's source (hashicorp/terraform-provider-aws, internal/service, version 6). What `read` gives has
Terraform's names, and is what the provider keeps as state: where it differs from what was configured, each plan would
want to change something.
"""

import json
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from botocore.exceptions import ClientError

Values: TypeAlias = dict[str, Any]
Attributes: TypeAlias = tuple[tuple[str, str, Callable[[str], Any]], ...]
"""An attribute in the API, in Terraform, and how its text is read."""
Clients: TypeAlias = Callable[[str], Any]


class Resource(Protocol):
    """One kind. `create` gives the id by which the others know it; `read` gives None for what is not there."""

    def __init__(self, client: Clients) -> None: ...

    def create(self, config: Values) -> str: ...

    def read(self, id_: str) -> Values | None: ...

    def update(self, id_: str, old: Values, new: Values) -> None: ...

    def delete(self, id_: str) -> None: ...


def given(values: Values, **names: str) -> Values:
    """Those that are set, under the API's names: `given(config, Timeout="timeout")`."""
    return {name: values[key] for name, key in names.items() if values.get(key) not in (None, "", [], {})}


def read_or_none(read: Callable[[], Any], *missing: str) -> Any:
    """What it reads; None where it is refused with one of these codes."""
    try:
        return read()
    except ClientError as refused:
        if refused.response["Error"]["Code"] in missing:
            return None
        raise


def is_true(text: str) -> bool:
    return text == "true"


def plain_json(text: str) -> str:
    """JSON without its blanks, which make no difference to the provider."""
    return json.dumps(json.loads(text), sort_keys=True) if text else ""


def block(told: Values | None, **names: str) -> list[Values]:
    """A block of Terraform's: a list of one, or of none."""
    if told is None:
        return []
    return [{key: told[name] for key, name in names.items() if name in told}]


def changed_attributes(table: Attributes, before: dict[str, str], after: dict[str, str]) -> dict[str, str]:
    """What an update sends: of an attribute that is not configured any more, the empty value of its kind."""
    empty = {int: "0", is_true: "false"}
    return {
        name: after.get(name, empty.get(kind, "")) for name, _, kind in table if before.get(name) != after.get(name)
    }


def listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def retag(
    old: Values, new: Values, untag: Callable[[list[str]], object], tag: Callable[[dict[str, str]], object]
) -> None:
    """Take away what is gone or has another value, then set what is new."""
    before, after = old.get("tags", {}), new.get("tags", {})
    if gone := [key for key in before if key not in after]:
        untag(gone)
    if changed := {key: value for key, value in after.items() if before.get(key) != value}:
        tag(changed)
