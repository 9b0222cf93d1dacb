"""Users and roles as moto keeps them, in all accounts, read for the world. Imported on moto's thread, with moto."""

from collections.abc import Iterator
from typing import Any

from moto.iam import models as iam_models
from moto.iam.models import iam_backends
from moto.iam.utils import generate_access_key_id_from_account_id as moto_key
from moto.sts.models import sts_backends

from app.core.access.issued_keys import issued_key
from app.core.commands import DescribeIdentities
from app.core.commands.access import Identity, KeyOwner

_SESSIONS_MOST = 1_000
"""moto forgets no session, and reads them all each time; the newest are those that are in use."""


def put_in_place() -> None:
    """Have keys issued whose account can be told from them."""
    iam_models.generate_access_key_id_from_account_id = _key


def _key(account_id: str, prefix: str, total_length: int = 20) -> str:
    # Behind prefix and account, moto's own has what makes it unique.
    return issued_key(prefix, account_id, str(moto_key(account_id, prefix, total_length))[12:16])


def all_identities() -> DescribeIdentities:
    """Every user and role with the policies that count for them, and whose each access key is."""
    identities: dict[str, Identity] = {}
    keys: dict[str, KeyOwner] = {}
    for iam in _kept_by(iam_backends):
        for role in iam.roles.values():
            boundary = _boundary(iam, role.permissions_boundary_arn)
            identities[role.arn] = Identity(role.arn, tuple(_policies_of(role)), boundary)
        for user in iam.users.values():
            policies = [*_policies_of(user)]
            for group in iam.groups.values():
                if user in group.users:
                    policies += _policies_of(group)
            identities[user.arn] = Identity(user.arn, tuple(policies))
            # A key that was made inactive is still nobody else's.
            keys |= {key.access_key_id: KeyOwner(user.arn, user.arn) for key in user.access_keys}
    for sts in _kept_by(sts_backends):
        for session in sts.assumed_roles[-_SESSIONS_MOST:]:
            keys[session.access_key_id] = KeyOwner(session.role_arn, session.arn)
    return DescribeIdentities(identities, keys)


def _kept_by(backends: Any) -> Iterator[Any]:
    """The backends of all accounts that were ever asked for."""
    for regions in list(backends.values()):
        yield from list(regions.values())


def _policies_of(holder: Any) -> Iterator[str]:
    yield from holder.policies.values()
    yield from (_document_of(policy) for policy in holder.managed_policies.values())


def _boundary(iam: Any, arn: str | None) -> str | None:
    if not arn:
        return None
    policy = iam.managed_policies.get(arn)
    # One that is not there lets nobody do anything.
    return "{}" if policy is None else _document_of(policy)


def _document_of(policy: Any) -> str:
    """The default version's."""
    return next((str(each.document) for each in policy.versions if each.version_id == policy.default_version_id), "{}")
