"""Load balancers and distributions made over AWS's APIs: what moto keeps of them becomes fronts of the world."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar
from urllib.parse import parse_qs

from app.adapters.moto_services import MotoServices
from app.core.commands.gateway import CheckEdgeFunctions, CheckTargets, PutFront, RemoveFront
from app.core.errors import Refused
from app.core.gateway.distribution import Distribution
from app.core.gateway.load_balancer import LoadBalancer
from app.core.names import Arn, Scope
from app.engine.driver import Engine
from app.wire import protocol
from app.wire.http import HttpRequest

_ELB, _CLOUDFRONT = "elasticloadbalancing", "cloudfront"

Kept = TypeVar("Kept", LoadBalancer, Distribution)


@dataclass(slots=True)
class StoredLoadBalancers:
    """Tells the world of a load balancer that was made, changed or deleted, and asks it who may be a target.

    `host` is the end of their names: `localhost:4566`.
    """

    engine: Engine
    host: str
    _told: "_ToldFronts[LoadBalancer]" = field(init=False)

    def __post_init__(self) -> None:
        self._told = _ToldFronts(self.engine)

    def follow(self, services: MotoServices) -> None:
        # moto's module is loaded with moto, on its thread, when somebody first asks for it.
        healths: dict[Arn, bool | None] = {}

        def put_in_place() -> None:
            from app.adapters.moto_load_balancers import put_in_place

            put_in_place(self.host, healths)

        def read(backend: object, scope: Scope) -> tuple[Scope, tuple[LoadBalancer, ...]]:
            from app.adapters.moto_load_balancers import read

            return scope, read(backend, scope)

        services.mend(_ELB, put_in_place)
        services.guard(_ELB, registration_in, self._check)
        services.prepare(_ELB, lambda _: partial(healths.update, self.engine.world.health_checks.healths()))
        services.follow(_ELB, read, self._told)

    def _check(self, wanted: tuple[Arn, tuple[Arn, ...]], scope: Scope) -> None:
        """Raises InvalidTarget, AccessDenied."""
        self.engine.submit(CheckTargets(*wanted))


@dataclass(slots=True)
class StoredDistributions:
    """The same of distributions; functions at the edge are asked of the world before moto takes them."""

    engine: Engine
    host: str
    _told: "_ToldFronts[Distribution]" = field(init=False)

    def __post_init__(self) -> None:
        self._told = _ToldFronts(self.engine)

    def follow(self, services: MotoServices) -> None:
        def put_in_place() -> None:
            from app.adapters.moto_distributions import put_in_place

            put_in_place(self.host)

        def read(backend: object, scope: Scope) -> tuple[Scope, tuple[Distribution, ...]]:
            from app.adapters.moto_distributions import read

            return scope, read(backend, scope)

        services.mend(_CLOUDFRONT, put_in_place)
        services.guard(_CLOUDFRONT, edge_functions_in, self._check)
        services.follow(_CLOUDFRONT, read, self._told)

    def _check(self, wanted: tuple[tuple[tuple[str, Arn], ...], ...], scope: Scope) -> None:
        """Raises InvalidLambdaFunctionAssociation."""
        for associations in wanted:
            self.engine.submit(CheckEdgeFunctions(associations))


@dataclass(slots=True)
class _ToldFronts(Generic[Kept]):
    """What the world was told of the fronts that moto keeps: called with those of an account and region."""

    engine: Engine
    known: dict[tuple[Scope, str], Kept] = field(default_factory=dict)

    def __call__(self, told: tuple[Scope, tuple[Kept, ...]]) -> None:
        scope, fronts = told
        present = {(scope, front.id): front for front in fronts}
        for key in [key for key in self.known if key[0] == scope and key not in present]:
            del self.known[key]
            self.engine.submit(RemoveFront(key[1]))
        for key, front in present.items():
            if self.known.get(key) != front:
                self.known[key] = front
                self.engine.submit(PutFront(front))


def edge_functions_in(request: HttpRequest) -> tuple[tuple[tuple[str, Arn], ...], ...] | None:
    """Of each behavior of a distribution that is made or changed, its functions by event; None for anything else."""
    if request.method not in ("POST", "PUT") or "/distribution" not in request.path:
        return None
    try:
        params = protocol.parse(_CLOUDFRONT, request).params
    except Refused:
        return None  # moto says what is wrong with it
    config = params.get("DistributionConfig") or params.get("DistributionConfigWithTags", {}).get("DistributionConfig")
    if not isinstance(config, Mapping):
        return None
    behaviors = [config.get("DefaultCacheBehavior"), *((config.get("CacheBehaviors") or {}).get("Items") or ())]
    return tuple(
        tuple(
            (str(item.get("EventType", "")), str(item.get("LambdaFunctionARN", "")))
            for item in ((behavior or {}).get("LambdaFunctionAssociations") or {}).get("Items") or ()
        )
        for behavior in behaviors
    )


def registration_in(request: HttpRequest) -> tuple[Arn, tuple[Arn, ...]] | None:
    """The target group and the functions of a RegisterTargets; None for anything else."""
    form = parse_qs(request.body.decode("latin-1"))
    if form.get("Action") != ["RegisterTargets"]:
        return None
    given = [values[0] for name, values in form.items() if name.startswith("Targets.member.") and name.endswith(".Id")]
    functions = tuple(target for target in given if target.startswith("arn:") and ":lambda:" in target)
    return (form.get("TargetGroupArn", [""])[0], functions) if functions else None
