"""REST APIs made over the API Gateway API: what moto keeps of them becomes fronts of the world."""

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from app.adapters.moto_rest_apis import DeployedRestApis, Told
from app.adapters.moto_services import MotoServices
from app.core.commands.gateway import ChangeUsage, PutFront, RemoveFront
from app.core.gateway.rest.api import RestApi
from app.core.names import Scope
from app.engine.driver import Engine

_Shown: TypeAlias = tuple[Any, ...]


@dataclass(slots=True)
class StoredRestApis:
    """Tells the world of an API when it is deployed, changed in what holds at once, or gone."""

    engine: Engine
    _reader: DeployedRestApis = field(default_factory=DeployedRestApis)
    _known: dict[tuple[Scope, str], _Shown] = field(default_factory=dict)
    _usage: dict[Scope, _Shown] = field(default_factory=dict)

    def follow(self, services: MotoServices) -> None:
        services.follow("apigateway", self._reader.read, self._tell)

    def _tell(self, told: Told) -> None:
        present = {(told.scope, api.id): api for api in told.apis}
        for key in [key for key in self._known if key[0] == told.scope and key not in present]:
            del self._known[key]
            self.engine.submit(RemoveFront(key[1]))
        for key, api in present.items():
            shown = _shown(api)
            if self._known.get(key) != shown:
                self._known[key] = shown
                self.engine.submit(PutFront(api))
        usage: _Shown = (tuple(told.keys.values()), told.plans)
        if self._usage.get(told.scope, ((), ())) != usage:
            self._usage[told.scope] = usage
            self.engine.submit(ChangeUsage(told.scope, told.keys, told.plans))


def _shown(api: RestApi) -> _Shown:
    """What makes an API another one: which deployment is where, and what stages say."""
    stages = tuple(
        (stage.name, stage.deployment.id, tuple(stage.variables.items()), tuple(stage.throttles.items()))
        for stage in api.stages.values()
    )
    return (api.name, stages)
