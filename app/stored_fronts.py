"""Load balancers that are made over the ELB API: what moto keeps of them becomes fronts of the world."""

from dataclasses import dataclass, field
from functools import partial
from urllib.parse import parse_qs

from app.adapters.moto_services import MotoServices
from app.core.commands.gateway import CheckTargets, PutFront, RemoveFront
from app.core.gateway.load_balancer import LoadBalancer
from app.core.names import Arn, Scope
from app.engine.driver import Engine
from app.wire.http import HttpRequest

_ELB = "elasticloadbalancing"


@dataclass(slots=True)
class StoredLoadBalancers:
    """Tells the world of a load balancer that was made, changed or deleted, and asks it who may be a target.

    `host` is the end of their names: `localhost:4566`.
    """

    engine: Engine
    host: str
    _known: dict[tuple[Scope, str], LoadBalancer] = field(default_factory=dict)

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
        services.follow(_ELB, read, self._tell)

    def _check(self, wanted: tuple[Arn, tuple[Arn, ...]], scope: Scope) -> None:
        """Raises InvalidTarget, AccessDenied."""
        self.engine.submit(CheckTargets(*wanted))

    def _tell(self, told: tuple[Scope, tuple[LoadBalancer, ...]]) -> None:
        scope, balancers = told
        present = {(scope, balancer.id): balancer for balancer in balancers}
        for key in [key for key in self._known if key[0] == scope and key not in present]:
            del self._known[key]
            self.engine.submit(RemoveFront(key[1]))
        for key, balancer in present.items():
            if self._known.get(key) != balancer:
                self._known[key] = balancer
                self.engine.submit(PutFront(balancer))


def registration_in(request: HttpRequest) -> tuple[Arn, tuple[Arn, ...]] | None:
    """The target group and the functions of a RegisterTargets; None for anything else."""
    form = parse_qs(request.body.decode("latin-1"))
    if form.get("Action") != ["RegisterTargets"]:
        return None
    given = [values[0] for name, values in form.items() if name.startswith("Targets.member.") and name.endswith(".Id")]
    functions = tuple(target for target in given if target.startswith("arn:") and ":lambda:" in target)
    return (form.get("TargetGroupArn", [""])[0], functions) if functions else None
