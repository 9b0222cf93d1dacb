"""Which endpoint a function's settings ask for, and the endpoints of all functions that have one."""

import asyncio
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import assert_never

from app.adapters.classic_rie import ClassicRie
from app.adapters.code_store import CodeStore, digest_of
from app.adapters.concurrent_rie import ConcurrentRie
from app.adapters.deployed import DeployedFunction, MissingRuntime
from app.adapters.emulators import Emulators, addresses_of
from app.adapters.invoke_api import Credentials, InvokeApi
from app.adapters.logs import InvocationLogs
from app.adapters.plain_http import PlainHttp
from app.adapters.pool import EndpointPool
from app.adapters.process.endpoint import ProcessEndpoint
from app.adapters.process.run_folder import RunFolder
from app.adapters.process.spec import ProcessSpec
from app.adapters.process.tenant import Observer
from app.core.awslambda.deployment import Code, Deployment, access_key_ids_of
from app.core.awslambda.environment_state import EnvironmentState
from app.core.awslambda.function import FunctionSpec
from app.core.commands import Command, DescribeEnvironments, ReportEnvironmentEnded, ReportEnvironmentStarted
from app.core.names import Arn, Scope, parse_arn
from app.engine.ports import EndpointStatus, FunctionEndpoint, Pool, TransparentEndpoint
from app.settings import (
    ConcurrentRieFunction,
    FunctionSettings,
    HttpFunction,
    ImageSettings,
    InvokeApiFunction,
    ProcessFunction,
    RieFunction,
    ScriptedFunction,
    members_of,
    spec_of,
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
    code: CodeStore = field(default_factory=CodeStore)
    images: Sequence[ImageSettings] = ()
    enforce_memory: str = "off"
    """Of functions that were deployed over the API."""
    spec_at_work: Callable[[Arn], FunctionSpec | None] = lambda _: None
    """What the world knows of a function or version, for those that were deployed over the API."""
    _endpoints: dict[Arn, FunctionEndpoint] = field(default_factory=dict)
    codes_at_work: Callable[[], Iterable[Code]] = lambda: ()
    """The packages of all functions, versions and layers that there are."""
    _retiring: dict[asyncio.Task[None], frozenset[str]] = field(default_factory=dict)
    """What is put away, with the packages that it runs until then."""
    _is_closed: bool = False

    def get(self, function: Arn) -> FunctionEndpoint | None:
        """The endpoint; that of a deployed function or version is made when it is first asked for."""
        endpoint = self._endpoints.get(function)
        if endpoint is None:
            spec = self.spec_at_work(function)
            if spec is not None and spec.deployment is not None:
                endpoint = self._endpoints[function] = self._deployed(spec, spec.deployment)
        return endpoint

    def release(self, function: Arn) -> None:
        """Put away the endpoint of a deployed function, once what runs there has ended."""
        endpoint = self._endpoints.get(function)
        if isinstance(endpoint, DeployedFunction):
            del self._endpoints[function]
            task = asyncio.get_running_loop().create_task(endpoint.retire())
            self._retiring[task] = endpoint.codes
            task.add_done_callback(self._retired)

    def tidy(self) -> None:
        """Remove the packages that nobody runs or may run any more."""
        in_use = {digest_of(code) for code in self.codes_at_work()}
        self.code.tidy(in_use.union(*self._retiring.values()))

    def _retired(self, task: asyncio.Task[None]) -> None:
        del self._retiring[task]
        if not self._is_closed:
            self.tidy()

    def describe(self, function: Arn) -> str:
        """The endpoint in a few words; a function without one is scripted."""
        endpoint = self.get(function)
        return "scripted" if endpoint is None else endpoint.describe()

    def status(self, function: Arn) -> EndpointStatus | None:
        """What its environments do; None where the endpoint cannot tell."""
        endpoint = self._endpoints.get(function)
        return endpoint.status() if isinstance(endpoint, TransparentEndpoint) else None

    async def add(self, function: FunctionSettings) -> FunctionSpec:
        """Make the endpoint the settings ask for, in place of the one there was; gives what the core must know."""
        spec = spec_of(function, self.scope, access_key_ids=self._keys_for(function))
        endpoint = self._make(function, spec)
        if isinstance(endpoint, ClassicRie):
            await endpoint.look_up()
            spec = replace(spec, environments=endpoint.environments)
        await self.remove(spec.arn)
        if endpoint is not None:
            self._endpoints[spec.arn] = endpoint
        return spec

    async def remove(self, function: Arn) -> None:
        endpoint = self._endpoints.pop(function, None)
        if endpoint is not None:
            await endpoint.close()
        if not self._is_closed:
            self.tidy()

    async def close(self) -> None:
        self._is_closed = True
        # The world has come to its end already.
        self.tell = lambda _: None
        for function in list(self._endpoints):
            await self.remove(function)
        for task in list(self._retiring):
            task.cancel()
        await asyncio.gather(*self._retiring, return_exceptions=True)
        await self.code.close()
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
                resolve = addresses_of if function.resolve else None
                return ClassicRie(Emulators(function.urls, function.access_key_ids, resolve))
            case ConcurrentRieFunction():
                return _pooled(function.urls, lambda url: ConcurrentRie(url, function.environments))
            case InvokeApiFunction():
                return _pooled(function.urls, lambda url: InvokeApi(
                    url, function.function_name, function.environments,
                    region=function.region or self.scope.region, credentials=_credentials(function),
                ))  # fmt: skip
            case HttpFunction():
                return _pooled(function.urls, lambda url: PlainHttp(url, function.environments))
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

    def _deployed(self, spec: FunctionSpec, deployment: Deployment) -> DeployedFunction:
        uri = deployment.code.image_uri
        words = f"image {uri}" if uri else f"process {deployment.runtime}: {deployment.handler}"

        async def make() -> FunctionEndpoint:
            if deployment.package_type == "Image":
                return await self._watched(spec.arn, self._of_image(spec, deployment))
            language = _language_of(deployment.runtime)
            main = ":".join(spec.arn.split(":")[:7])
            if language is None:
                return MissingRuntime(main, deployment.runtime, spec.environments, self.logs)
            code = await self.code.folder(deployment.code)
            # Where two layers have a file of one name, the later one's is seen (configuration-layers).
            layers = [await self.code.folder(use.code) for use in reversed(deployment.layers) if use.code is not None]
            return ProcessEndpoint(
                self._process_of(main, spec, deployment, language, code, tuple(layers)), logs=self.logs, runs=self.runs,
                observer=self._observer_of(spec.arn),
            )  # fmt: skip

        codes = (deployment.code, *(use.code for use in deployment.layers if use.code is not None))
        return DeployedFunction(spec.environments, words, make, frozenset(map(digest_of, codes)))

    async def _watched(self, function: Arn, endpoint: FunctionEndpoint) -> FunctionEndpoint:
        """With the world told of its environments, where they come and go."""
        if isinstance(endpoint, ClassicRie):
            await endpoint.look_up()
        if isinstance(endpoint, Pool):
            endpoint.watch(partial(self._describe, function))
        return endpoint

    def _describe(self, function: Arn, states: tuple[EnvironmentState, ...]) -> None:
        self.tell(DescribeEnvironments(function, states))

    def _of_image(self, spec: FunctionSpec, deployment: Deployment) -> FunctionEndpoint:
        uri = deployment.code.image_uri
        settings = next((image.endpoint for image in self.images if fnmatchcase(uri, image.pattern)), None)
        endpoint = None if settings is None else self._make(settings, spec)
        assert endpoint is not None, "an image without an endpoint was refused"
        return endpoint

    def _process_of(
        self, main: Arn, spec: FunctionSpec, deployment: Deployment, language: str, code: Path,
        layers: tuple[Path, ...],
    ) -> ProcessSpec:  # fmt: skip
        logging = deployment.others.get("LoggingConfig", {})
        scope = parse_arn(main).scope
        return ProcessSpec(
            function_arn=main, name=spec.name, code=code, runtime=language, handler=deployment.handler, layers=layers,
            environment=deployment.variables or {}, timeout_ms=spec.timeout_ms, memory_mb=spec.memory_mb,
            environments=spec.environments, region=scope.region, account=scope.account, endpoint_url=self.url,
            access_key_ids=spec.access_key_ids, secret_access_key=self.secret, version=spec.version,
            runtime_name=deployment.runtime, ephemeral_storage_mb=deployment.ephemeral_storage_mb,
            log_format=logging.get("LogFormat", "Text"),
            application_log_level=logging.get("ApplicationLogLevel", ""),
            system_log_level=logging.get("SystemLogLevel", "INFO"), log_group=logging.get("LogGroup", ""), watch=False,
            enforce_memory=self.enforce_memory,
        )  # fmt: skip


@dataclass(slots=True)
class Packages:
    """`engine.storage.CodeStorage`: zips in the code store, images by the settings that give them endpoints."""

    endpoints: Endpoints
    images: Sequence[ImageSettings]

    async def keep(self, package: bytes) -> Code:
        return await self.endpoints.code.keep(package)

    def arrived(self, code: Code) -> None:
        self.endpoints.code.arrived(code)

    def tidy(self) -> None:
        self.endpoints.tidy()

    async def read(self, digest: str) -> bytes | None:
        return await self.endpoints.code.read(digest)

    def image(self, uri: str) -> Code | None:
        found = next((image.endpoint for image in self.images if fnmatchcase(uri, image.pattern)), None)
        if found is None:
            return None
        environments = found.environments * members_of(found)
        return Code(b64encode(sha256(uri.encode()).digest()).decode(), 0, uri, environments)


def _language_of(runtime: str) -> str | None:
    """Which of our ways to run a process a runtime of AWS's has; None for a runtime that is not here."""
    if runtime.startswith("python"):
        return "python"
    if runtime.startswith("nodejs"):
        return "node"
    return "provided" if runtime.startswith("provided") else None


def _pooled(urls: Sequence[str], make: Callable[[str], FunctionEndpoint]) -> FunctionEndpoint:
    """The endpoint at a URL, or those at several as one."""
    return make(urls[0]) if len(urls) == 1 else EndpointPool([(url, make(url)) for url in urls])


def _credentials(function: InvokeApiFunction) -> Credentials | None:
    if function.access_key_id is None or function.secret_access_key is None:
        return None
    return Credentials(function.access_key_id, function.secret_access_key)
