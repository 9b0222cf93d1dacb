"""Which endpoint a function's settings ask for, and the endpoints of all functions that have one."""

from base64 import b32encode
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import assert_never

from app.adapters.classic_rie import ClassicRie
from app.adapters.concurrent_rie import ConcurrentRie
from app.adapters.invoke_api import Credentials, InvokeApi
from app.adapters.logs import InvocationLogs
from app.adapters.plain_http import PlainHttp
from app.adapters.process.endpoint import ProcessEndpoint
from app.adapters.process.run_folder import RunFolder
from app.adapters.process.slot import Observer
from app.adapters.process.spec import ProcessSpec
from app.core.commands import Command, ReportEnvironmentEnded, ReportEnvironmentStarted
from app.core.function import FunctionSpec
from app.core.names import Arn, Scope
from app.engine.ports import EndpointStatus, FunctionEndpoint, TransparentEndpoint
from app.settings import (
    ConcurrentRieFunction,
    FunctionSettings,
    HttpFunction,
    InvokeApiFunction,
    ProcessFunction,
    RieFunction,
    ScriptedFunction,
    spec_of,
)


def access_key_ids_of(function: Arn, count: int) -> tuple[str, ...]:
    """An access key id for each environment of a function: always the same ones, and none that is an account's."""
    return tuple(
        "TFSH" + b32encode(blake2b(f"{function} {slot}".encode(), digest_size=10).digest()).decode()
        for slot in range(count)
    )


@dataclass(slots=True)
class Endpoints:
    """The endpoints by function ARN. `url` is where functions reach this service, `secret` what they sign with."""

    scope: Scope
    url: str
    secret: str
    logs: InvocationLogs = field(default_factory=InvocationLogs)
    runs: RunFolder = field(default_factory=RunFolder)
    tell: Callable[[Command], object] = lambda _: None
    """Who is told of environments that start and end."""
    _endpoints: dict[Arn, FunctionEndpoint] = field(default_factory=dict)

    def get(self, function: Arn) -> FunctionEndpoint | None:
        return self._endpoints.get(function)

    def describe(self, function: Arn) -> str:
        """The endpoint in a few words; a function without one is scripted."""
        endpoint = self._endpoints.get(function)
        return "scripted" if endpoint is None else endpoint.describe()

    def status(self, function: Arn) -> EndpointStatus | None:
        """What its environments do; None where the endpoint cannot tell."""
        endpoint = self._endpoints.get(function)
        return endpoint.status() if isinstance(endpoint, TransparentEndpoint) else None

    async def add(self, function: FunctionSettings) -> FunctionSpec:
        """Make the endpoint the settings ask for, in place of the one there was; gives what the core must know."""
        spec = spec_of(function, self.scope, access_key_ids=self._keys_for(function))
        endpoint = self._make(function, spec)
        await self.remove(spec.arn)
        if endpoint is not None:
            self._endpoints[spec.arn] = endpoint
        return spec

    async def remove(self, function: Arn) -> None:
        endpoint = self._endpoints.pop(function, None)
        if endpoint is not None:
            await endpoint.close()

    async def close(self) -> None:
        # The world has come to its end already.
        self.tell = lambda _: None
        for function in list(self._endpoints):
            await self.remove(function)
        self.runs.close()

    def _keys_for(self, function: FunctionSettings) -> tuple[str, ...]:
        if not isinstance(function, ProcessFunction):
            return ()
        return access_key_ids_of(self.scope.function_arn(function.name), function.environments)

    def _make(self, function: FunctionSettings, spec: FunctionSpec) -> FunctionEndpoint | None:
        match function:
            case ProcessFunction():
                return ProcessEndpoint(
                    self._process(function, spec), logs=self.logs, runs=self.runs, observer=self._observer_of(spec.arn)
                )
            case RieFunction():
                return ClassicRie(function.urls)
            case ConcurrentRieFunction():
                return ConcurrentRie(function.url, function.environments)
            case InvokeApiFunction():
                return InvokeApi(
                    function.url, function.function_name, function.environments,
                    region=function.region or self.scope.region, credentials=_credentials(function),
                )  # fmt: skip
            case HttpFunction():
                return PlainHttp(function.url, function.environments)
            case ScriptedFunction():
                return None
            case _:
                assert_never(function)

    def _observer_of(self, arn: Arn) -> Observer:
        return Observer(
            lambda slot, name, init_ms, is_again: self.tell(
                ReportEnvironmentStarted(arn, slot, name, init_ms, is_again)
            ),
            lambda slot, name, reason: self.tell(ReportEnvironmentEnded(arn, slot, name, reason)),
        )

    def _process(self, function: ProcessFunction, spec: FunctionSpec) -> ProcessSpec:
        return ProcessSpec(
            function_arn=spec.arn, name=spec.name, code=function.code, runtime=function.language,
            handler=function.handler, command=function.command, layers=function.layers,
            environment=function.variables, timeout_ms=spec.timeout_ms, memory_mb=spec.memory_mb,
            environments=spec.environments, region=self.scope.region, account=self.scope.account,
            endpoint_url=self.url, access_key_ids=spec.access_key_ids, secret_access_key=self.secret,
            runtime_name=function.runtime, freeze=function.freeze, enforce_memory=function.enforce_memory,
            ephemeral_storage_mb=function.ephemeral_storage_mb, watch=function.watch,
            log_format=function.logging.log_format, application_log_level=function.logging.application_log_level,
            system_log_level=function.logging.system_log_level, log_group=function.logging.log_group,
        )  # fmt: skip


def _credentials(function: InvokeApiFunction) -> Credentials | None:
    if function.access_key_id is None or function.secret_access_key is None:
        return None
    return Credentials(function.access_key_id, function.secret_access_key)
