"""Roles of functions, as cases write them: which actions their policies allow, by name."""

from collections.abc import Mapping, Sequence

from app.core.awslambda.deployment import Code, Deployment
from app.core.commands import DescribeIdentities
from app.core.commands.access import Identity
from app.core.names import Arn, Scope


def role_arn(scope: Scope, name: str) -> Arn:
    return f"arn:aws:iam::{scope.account}:role/{name}"


def roles(scope: Scope, allowed: Mapping[str, Sequence[str]]) -> DescribeIdentities:
    """What an identity store tells that has these roles."""
    identities = {}
    for name, actions in allowed.items():
        named = ",".join(f'"{action}"' for action in actions)
        policy = f'{{"Statement": {{"Effect": "Allow", "Action": [{named}], "Resource": "*"}}}}'
        identities[role_arn(scope, name)] = Identity(role_arn(scope, name), (policy,))
    return DescribeIdentities(identities, {})


def deployed_with(scope: Scope, role: str) -> Deployment:
    """How a function with the role was deployed."""
    return Deployment(role_arn(scope, role), Code("c2hhMjU2", 1))
