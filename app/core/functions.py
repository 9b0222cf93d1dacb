"""The functions of the world: which there are, what is set of each, and whose environments sign with which key."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from app.core.call import Call
from app.core.commands import (
    DeleteEventInvokeConfig,
    DeleteFunction,
    Invoke,
    PutEventInvokeConfig,
    PutFunction,
    PutReservedConcurrency,
)
from app.core.concurrency import Concurrency
from app.core.errors import InvalidRequestContent, RequestTooLarge, ResourceNotFound
from app.core.event_invoke import EventInvokeConfig, configured
from app.core.facts import Configured, Effect
from app.core.function import Function
from app.core.invocation import InvocationType
from app.core.limits import Limits
from app.core.names import LATEST, Arn, Scope, parse_arn
from app.core.targets import Targets
from app.core.time import Instant

_FUNCTION_NAME = re.compile(
    r"(?:arn:(?:aws[a-zA-Z-]*)?:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):function:"
    r"|(?P<account2>\d{12}):function:|function:)?(?P<name>[a-zA-Z0-9-_]+)(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9-_]+))?"
)


@dataclass(frozen=True, slots=True)
class FunctionName:
    """A function as a caller wrote it: the unqualified ARN, and the qualifier if there was one."""

    arn: Arn
    qualifier: str | None

    @property
    def as_invoked(self) -> Arn:
        return f"{self.arn}:{self.qualifier}" if self.qualifier else self.arn


def parse_function_name(text: str, scope: Scope, *, qualifier: str | None = None) -> FunctionName | None:
    """A name, partial ARN or ARN, with or without qualifier; None when it is none of these."""
    match = _FUNCTION_NAME.fullmatch(text)
    if match is None:
        return None
    region = match["region"] or scope.region
    account = match["account"] or match["account2"] or scope.account
    return FunctionName(Scope(account, region).function_arn(match["name"]), match["qualifier"] or qualifier)


@dataclass(slots=True)
class Functions:
    """All functions by ARN; effects go to `outbox`. `changed` is told of a function that was made or changed, `gone` of
    one that was deleted: whoever runs its calls goes on from there. `targets` says which destinations there are."""

    limits: Limits
    concurrency: Concurrency
    outbox: list[Effect]
    targets: Targets
    changed: Callable[[Function, Instant], None]
    gone: Callable[[Function, Instant], None]
    _functions: dict[Arn, Function] = field(default_factory=dict)
    _by_key: dict[str, tuple[Arn, int]] = field(default_factory=dict)

    # Reading --------------------------------------------------------------------------------------------

    def __getitem__(self, arn: Arn) -> Function:
        try:
            return self._functions[arn]
        except KeyError:
            raise ResourceNotFound(f"Function not found: {arn}") from None

    def get(self, arn: Arn) -> Function | None:
        return self._functions.get(arn)

    def all(self, scope: Scope | None = None) -> list[Function]:
        functions = sorted(self._functions.values(), key=lambda function: function.spec.name)
        return [function for function in functions if scope is None or parse_arn(function.arn).scope == scope]

    def caller_with_key(self, access_key_id: str) -> tuple[Function, Call | None] | None:
        """The function whose environment signs with this key, and the call that runs there now."""
        found = self._by_key.get(access_key_id)
        if found is None:
            return None
        arn, slot = found
        function = self._functions[arn]
        return function, function.call_in_slot(slot)

    # Functions ------------------------------------------------------------------------------------------

    def put(self, command: PutFunction, now: Instant) -> None:
        """Raises InvalidParameterValue when too much is to be reserved."""
        spec = command.spec
        self.concurrency.check_reserved(spec.arn, spec.reserved_concurrency)
        function = self._functions.get(spec.arn)
        if function is None:
            function = self._functions[spec.arn] = Function(spec)
            self.outbox.append(Configured(f"function {spec.name} created", function=spec.arn))
        else:
            self._forget_keys(function)
            function.change(spec)
            self.outbox.append(Configured(f"function {spec.name} changed", function=spec.arn))
        for slot, key in enumerate(spec.access_key_ids):
            self._by_key[key] = (spec.arn, slot)
        self.changed(function, now)

    def delete(self, command: DeleteFunction, now: Instant) -> None:
        """Forget the function; what waits for it is dropped, what runs settles for nobody but its own caller."""
        function = self[command.function]
        self.gone(function, now)
        self._forget_keys(function)
        del self._functions[function.arn]
        self.outbox.append(Configured(f"function {function.spec.name} deleted", function=function.arn))

    def put_event_invoke(self, command: PutEventInvokeConfig, now: Instant) -> dict[str, Any]:
        function, qualifier = self._qualified(command.function, command.qualifier)
        before = function.event_invoke.get(qualifier) if command.merges else None
        if command.merges and before is None:
            raise _no_config(function, qualifier)
        after = configured(before, command.given, function=function.arn, exists=self.targets.exists, now=now)
        function.event_invoke[qualifier] = after
        self.outbox.append(Configured(f"function {function.spec.name}: event-invoke config set", function=function.arn))
        return after.view(function.arn, qualifier)

    def delete_event_invoke(self, command: DeleteEventInvokeConfig, now: Instant) -> None:
        function, qualifier = self._qualified(command.function, command.qualifier)
        if function.event_invoke.pop(qualifier, None) is None:
            raise _no_config(function, qualifier)
        self.outbox.append(
            Configured(f"function {function.spec.name}: event-invoke config gone", function=function.arn)
        )

    def event_invoke_of(self, arn: Arn, qualifier: str) -> EventInvokeConfig:
        """Raises ResourceNotFound when there is no such function, version or alias, or no config."""
        function, qualifier = self._qualified(arn, qualifier)
        try:
            return function.event_invoke[qualifier]
        except KeyError:
            raise _no_config(function, qualifier) from None

    def event_invokes_of(self, arn: Arn) -> dict[str, EventInvokeConfig]:
        """All configs of a function by version or alias, in order. Raises ResourceNotFound."""
        function, _ = self._qualified(arn, LATEST)
        return dict(sorted(function.event_invoke.items()))

    def put_reserved_concurrency(self, command: PutReservedConcurrency, now: Instant) -> None:
        """Raises InvalidParameterValue when too little would be left unreserved (spec E)."""
        function = self[command.function]
        self.put(PutFunction(replace(function.spec, reserved_concurrency=command.reserved)), now)

    # Naming ---------------------------------------------------------------------------------------------

    def named(self, command: Invoke) -> tuple[FunctionName, Function]:
        """Which function an Invoke means. Raises ResourceNotFound."""
        name = parse_function_name(command.function, command.scope, qualifier=command.qualifier)
        arn = name.arn if name else command.scope.function_arn(command.function)
        function = self._functions.get(arn)
        # Versions and aliases are not there, so only $LATEST can be meant.
        if name is None or function is None or name.qualifier not in (None, "$LATEST"):
            qualifier = (name and name.qualifier) or "$LATEST"
            raise ResourceNotFound(f"Function not found: {arn}:{qualifier}")
        return name, function

    def check_payload(self, command: Invoke) -> None:
        """Raises RequestTooLarge, InvalidRequestContent."""
        is_event = command.type is InvocationType.EVENT
        most = self.limits.async_payload_bytes if is_event else self.limits.sync_payload_bytes
        if len(command.payload) > most:
            raise RequestTooLarge(f"Request must be smaller than {most} bytes for the InvokeFunction operation")
        if not command.payload:
            return
        try:
            json.loads(command.payload)
        except (ValueError, RecursionError) as error:
            raise InvalidRequestContent(
                f"Could not parse request body into json: Could not parse payload into json: {error}\n"
                " at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 1]"
            ) from None

    # Inside ---------------------------------------------------------------------------------------------

    def _qualified(self, arn: Arn, qualifier: str) -> tuple[Function, str]:
        """The function, if it has this version or alias. Versions and aliases are not there: only $LATEST is."""
        function = self._functions.get(arn)
        if function is None or qualifier != LATEST:
            raise ResourceNotFound("The function doesn't exist.")
        return function, qualifier

    def _forget_keys(self, function: Function) -> None:
        for key in function.spec.access_key_ids:
            self._by_key.pop(key, None)


def _no_config(function: Function, qualifier: str) -> ResourceNotFound:
    return ResourceNotFound(f"The function {function.arn}:{qualifier} doesn't have an EventInvokeConfig")
