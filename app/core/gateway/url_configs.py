"""The function URLs that are made over Lambda's API: one for a function and each of its aliases."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.core.awslambda.functions import Functions
from app.core.commands.gateway import CreateFunctionUrl, DeleteFunctionUrl, PutFront, RemoveFront, UpdateFunctionUrl
from app.core.errors import ResourceConflict, ResourceNotFound
from app.core.gateway.cors import cors_of
from app.core.gateway.function_url import FunctionUrl
from app.core.gateway.gateways import Gateways, letters
from app.core.ids import Ids
from app.core.names import Arn, parse_arn
from app.core.time import Instant

_ID_LETTERS = 32


@dataclass(slots=True)
class UrlConfigs:
    """By the ARN that a URL invokes, its alias included."""

    ids: Ids
    gateways: Gateways
    functions: Functions
    _urls: dict[Arn, FunctionUrl] = field(default_factory=dict)

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {
            CreateFunctionUrl: self.create,
            UpdateFunctionUrl: self.update,
            DeleteFunctionUrl: self.delete,
        }

    def __getitem__(self, function: Arn) -> FunctionUrl:
        """Raises ResourceNotFound."""
        try:
            return self._urls[function]
        except KeyError:
            raise ResourceNotFound("The resource you requested does not exist.") from None

    def of(self, function: Arn) -> list[FunctionUrl]:
        """All of a function's, by alias."""
        return [self._urls[arn] for arn in sorted(self._urls) if arn == function or arn.startswith(f"{function}:")]

    def create(self, command: CreateFunctionUrl, now: Instant) -> FunctionUrl:
        """Raises ResourceConflict, and ResourceNotFound for a function or an alias that is not there."""
        if self.functions.get(command.function) is None:
            raise ResourceNotFound("Function does not exist")
        if command.function in self._urls:
            raise ResourceConflict(
                f"Failed to create function url config for [functionArn = {command.function}]. Error message:  "
                "FunctionUrlConfig exists for this Lambda function"
            )
        given, parsed = command.parameters, parse_arn(command.function)
        name = parsed.resource.removeprefix("function:")
        url = FunctionUrl(
            letters(self.ids, _ID_LETTERS), name, parsed.scope, command.function, given["AuthType"],
            cors_of(given.get("Cors")), given.get("InvokeMode"), now, now, given_cors=given.get("Cors"),
        )  # fmt: skip
        return self._keep(url, now)

    def update(self, command: UpdateFunctionUrl, now: Instant) -> FunctionUrl:
        """What is not given stays. Raises ResourceNotFound."""
        before, given = self[command.function], command.parameters
        return self._keep(_updated(before, given, now), now)

    def delete(self, command: DeleteFunctionUrl, now: Instant) -> None:
        """Raises ResourceNotFound."""
        url = self[command.function]
        del self._urls[command.function]
        self.gateways.remove(RemoveFront(url.id), now)

    def function_gone(self, function: Arn, now: Instant) -> None:
        """A function takes its URLs with it."""
        for url in self.of(function):
            del self._urls[url.function]
            self.gateways.remove(RemoveFront(url.id), now)

    def _keep(self, url: FunctionUrl, now: Instant) -> FunctionUrl:
        self._urls[url.function] = url
        self.gateways.put(PutFront(url), now)
        return url


def _updated(before: FunctionUrl, given: Mapping[str, Any], now: Instant) -> FunctionUrl:
    changes: dict[str, Any] = {"changed_at": now}
    if given.get("AuthType") is not None:
        changes["auth_type"] = given["AuthType"]
    if given.get("InvokeMode") is not None:
        changes["invoke_mode"] = given["InvokeMode"]
    if given.get("Cors") is not None:
        # An empty configuration takes it away: so a removed `cors` of Terraform's is gone, as its next plan expects.
        cors = given["Cors"] or None
        changes |= {"cors": cors_of(cors), "given_cors": cors}
    return replace(before, **changes)
