"""KMS keys as moto keeps them, read for the world."""

from typing import Any

from app.core.commands import DescribeKeys, KeyState
from app.core.names import Scope
from app.core.time import parse_instant


def keys_in(backend: Any, scope: Scope) -> DescribeKeys:
    """Of moto's own KMS backend: each key's state, under its ARN and those of its aliases. On moto's thread."""
    states = {
        key.id: KeyState(
            key.key_state,
            # Naive, and by our clock.
            None if key.deletion_date is None else parse_instant(f"{key.deletion_date.isoformat()}Z"),
            str(key.policy),
            # moto leaves None for the usual kind.
            str(key.key_usage or "ENCRYPT_DECRYPT"),
            str(key.key_spec or "SYMMETRIC_DEFAULT"),
            str(key.arn),
        )
        for key in backend.keys.values()
    }
    known = {key.arn: states[key.id] for key in backend.keys.values()}
    aliases = {alias.alias_arn: states[alias.target_key_id] for alias in backend.list_aliases()}
    return DescribeKeys(scope, {**known, **aliases})
