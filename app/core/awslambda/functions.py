"""The functions of the world: which there are, what is set of each, and whose environments sign with which key."""

import json
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from app.core.awslambda.aliases import WEIGHT_SHARES
from app.core.awslambda.call import Call
from app.core.awslambda.concurrency import Concurrency
from app.core.awslambda.deployment import access_key_ids_of
from app.core.awslambda.environment_state import EnvironmentState
from app.core.awslambda.event_invoke import EventInvokeConfig, configured
from app.core.awslambda.function import Function, FunctionSpec
from app.core.awslambda.invocation import InvocationType
from app.core.commands import (
    DeleteEventInvokeConfig,
    DeleteFunction,
    DescribeEnvironments,
    Invoke,
    PutEventInvokeConfig,
    PutFunction,
    PutReservedConcurrency,
)
from app.core.delivery.targets import Targets
from app.core.errors import InvalidRequestContent, RequestTooLarge, ResourceConflict, ResourceNotFound, SnapshotNotReady
from app.core.facts import Configured, Effect, EnvironmentFound, EnvironmentLost
from app.core.ids import Ids
from app.core.limits import Limits
from app.core.names import LATEST, Arn, Scope, parse_arn
from app.core.time import Instant
from app.core.value import value

_FUNCTION_NAME = re.compile(
    r"(?:arn:(?:aws[a-zA-Z-]*)?:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):function:"
    r"|(?P<account2>\d{12}):function:|function:)?(?P<name>[a-zA-Z0-9-_]+)(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9-_]+))?"
)


@value(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Route:
    """Where calls of a qualified ARN go: to `first`, or `share` of them, from 0 to 1, to `second`."""

    first: Arn
    second: Arn | None = None
    share: float = 0.0


@value(frozen=True, slots=True)
class Chosen:
    """What a call goes to: the function or version at work, and the version that its caller is told."""

    function: Function
    version: str


@dataclass(slots=True)
class Functions:
    """All functions by ARN, and their published versions by theirs; effects go to `outbox`.

    `changed` is told of a function that was made or changed, `gone` of one that was deleted: whoever runs its calls
    goes on from there. `targets` says which destinations there are.
    """

    ids: Ids
    limits: Limits
    concurrency: Concurrency
    outbox: list[Effect]
    targets: Targets
    changed: Callable[[Function, Instant], None]
    gone: Callable[[Function, Instant], None]
    _functions: dict[Arn, Function] = field(default_factory=dict)
    _routes: dict[Arn, Route] = field(default_factory=dict)
    _by_key: dict[str, tuple[Arn, tuple[int, ...]]] = field(default_factory=dict)

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {
            DescribeEnvironments: self.describe,
            PutEventInvokeConfig: self.put_event_invoke,
            DeleteEventInvokeConfig: self.delete_event_invoke,
            PutReservedConcurrency: self.put_reserved_concurrency,
        }

    # Reading --------------------------------------------------------------------------------------------

    def __getitem__(self, arn: Arn) -> Function:
        try:
            return self._functions[arn]
        except KeyError:
            raise ResourceNotFound(f"Function not found: {arn}") from None

    def get(self, arn: Arn) -> Function | None:
        """The function at work under an ARN, with whatever qualifier; an alias stands for its first version."""
        found = self._functions.get(arn)
        if found is not None:
            return found
        route = self._routes.get(arn)
        if route is not None:
            return self.get(route.first)
        unqualified = arn.removesuffix(f":{LATEST}")
        return self._functions.get(unqualified)

    def choose(self, arn: Arn) -> Chosen | None:
        """The same for a call that is made now: an alias with two versions draws one."""
        route = self._routes.get(arn)
        if route is None:
            function = self.get(arn)
            return None if function is None else Chosen(function, function.spec.version)
        goes_second = route.second is not None and self.ids.below(WEIGHT_SHARES) < route.share * WEIGHT_SHARES
        target = route.second if goes_second and route.second is not None else route.first
        chosen = self.choose(target)
        if chosen is not None and arn.rpartition(":")[2].isdigit():
            # A version of a function whose endpoint has no versions is told as what it is.
            return Chosen(chosen.function, arn.rpartition(":")[2])
        return chosen

    def at_work(self) -> Iterable[Function]:
        """The functions and their versions."""
        return self._functions.values()

    def exactly(self, arn: Arn) -> Function | None:
        """The function or version that is at work under this ARN itself."""
        return self._functions.get(arn)

    def spec_at_work(self, arn: Arn) -> FunctionSpec | None:
        """Of the function, or the published version that has environments of its own, with this ARN."""
        function = self._functions.get(arn)
        return None if function is None else function.spec

    def all(self, scope: Scope | None = None) -> list[Function]:
        """The functions, each once, by name."""
        functions = sorted(
            (function for function in self._functions.values() if function.main is function),
            key=lambda function: function.spec.name,
        )
        return [function for function in functions if scope is None or parse_arn(function.arn).scope == scope]

    @property
    def access_key_ids(self) -> Collection[str]:
        """Those of all environments."""
        return self._by_key.keys()

    def caller_with_key(self, access_key_id: str) -> tuple[Function, Call | None] | None:
        """The function whose environment signs with this key, and the call that runs there now; None if several that
        have the same key run something."""
        found = self._by_key.get(access_key_id)
        if found is None:
            return None
        arn, slots = found
        function = self._functions[arn]
        return function, function.call_in(slots)

    # Functions ------------------------------------------------------------------------------------------

    def put(self, command: PutFunction, now: Instant) -> None:
        """Raises InvalidParameterValue when too much is to be reserved."""
        self.concurrency.check_reserved(command.spec.arn, command.spec.reserved_concurrency)
        self._put(command.spec, now)

    def describe(self, command: DescribeEnvironments, now: Instant) -> None:
        """What its endpoint says of a function's environments; a function that is gone has none."""
        function = self._functions.get(command.function)
        if function is None:
            return
        self._forget_keys(function)
        states = command.environments
        before = function.slots.states
        lost, found = function.slots.describe(states)
        keys = tuple(state.access_key_id or "" for state in states)
        function.spec = replace(function.spec, environments=len(states), access_key_ids=keys if any(keys) else ())
        self._know_keys(function)
        gone: dict[tuple[str, str], list[int]] = {}
        for slot in lost:
            state = next((known[slot] for known in (states, before) if slot < len(known)), EnvironmentState("unknown"))
            why = (state.why_out if slot < len(states) else None) or "it is gone"
            gone.setdefault((state.where, why), []).append(slot)
        back: dict[str, list[int]] = {}
        for slot in found:
            back.setdefault(states[slot].where, []).append(slot)
        self.outbox += [EnvironmentLost(function.arn, at[0], where, why, len(at)) for (where, why), at in gone.items()]
        self.outbox += [EnvironmentFound(function.arn, at[0], where, len(at)) for where, at in back.items()]
        self.changed(function, now)

    def put_version(self, spec: FunctionSpec, now: Instant) -> None:
        """Put a published version to work; `spec.arn` is qualified."""
        main = self._functions[spec.arn.rpartition(":")[0]]
        function = self._functions[spec.arn] = Function(spec)
        function.main, function.event_invoke = main, main.event_invoke
        main.members.append(function)
        self._know_keys(function)

    def grow(self, function: Function, environments: int) -> None:
        """Let it have so many environments, whose access key ids go on as those it has."""
        self._forget_keys(function)
        spec = function.spec
        function.change(
            replace(spec, environments=environments, access_key_ids=access_key_ids_of(spec.arn, environments))
        )
        self._know_keys(function)

    def route(self, arn: Arn, route: Route | None) -> None:
        """Let calls of a qualified ARN go where `route` says, or nowhere."""
        if route is None:
            self._routes.pop(arn, None)
        else:
            self._routes[arn] = route

    def delete(self, command: DeleteFunction, now: Instant) -> None:
        """Forget the function; what waits for it is dropped, what runs settles for nobody but its own caller."""
        function = self[command.function]
        self.gone(function, now)
        self._forget_keys(function)
        del self._functions[function.spec.arn]
        if function.main is not function:
            function.main.members.remove(function)
            return
        self.outbox.append(Configured(f"function {function.spec.name} deleted", function=function.arn))

    def put_event_invoke(self, command: PutEventInvokeConfig, now: Instant) -> dict[str, Any]:
        function, qualifier = self._qualified(command.function, command.qualifier)
        before = function.event_invoke.get(qualifier) if command.merges else None
        if command.merges and before is None:
            raise _no_config(function.arn, qualifier)
        after = configured(before, command.given, function=function.arn, exists=self.targets.exists, now=now)
        function.event_invoke[qualifier] = after
        self.outbox.append(Configured(f"function {function.spec.name}: event-invoke config set", function=function.arn))
        return after.view(function.arn, qualifier)

    def delete_event_invoke(self, command: DeleteEventInvokeConfig, now: Instant) -> None:
        function, qualifier = self._qualified(command.function, command.qualifier)
        if function.event_invoke.pop(qualifier, None) is None:
            raise _no_config(function.arn, qualifier)
        self.outbox.append(
            Configured(f"function {function.spec.name}: event-invoke config gone", function=function.arn)
        )

    def event_invoke_of(self, arn: Arn, qualifier: str) -> EventInvokeConfig:
        """Raises ResourceNotFound when there is no config; what is no function has none either (recorded)."""
        function = self._functions.get(arn)
        found = function.event_invoke.get(qualifier) if function is not None else None
        if found is None:
            raise _no_config(arn, qualifier)
        return found

    def event_invokes_of(self, arn: Arn) -> dict[str, EventInvokeConfig]:
        """All configs of a function by version or alias, in order. Raises ResourceNotFound."""
        function, _ = self._qualified(arn, LATEST)
        return dict(sorted(function.event_invoke.items()))

    def put_reserved_concurrency(self, command: PutReservedConcurrency, now: Instant) -> None:
        """Raises InvalidParameterValue when too little would be left unreserved."""
        function = self._functions.get(command.function)
        if function is None:
            raise ResourceNotFound(f"Function not found: {command.function}:{LATEST}")
        self.put(PutFunction(replace(function.spec, reserved_concurrency=command.reserved)), now)

    # Naming ---------------------------------------------------------------------------------------------

    def named(self, command: Invoke) -> tuple[FunctionName, Function]:
        """Which function an Invoke means, without drawing where its alias has two. Raises ResourceNotFound."""
        name = parse_function_name(command.function, command.scope, qualifier=command.qualifier)
        function = self.get(name.as_invoked) if name else None
        if name is None or function is None:
            arn = name.arn if name else command.scope.function_arn(command.function)
            raise ResourceNotFound(f"Function not found: {arn}:{(name and name.qualifier) or LATEST}")
        return name, function

    def called(self, command: Invoke) -> tuple[FunctionName, Chosen]:
        """What an Invoke calls. Raises ResourceNotFound, ResourceConflict while the function is being created, and
        SnapshotNotReady while the version's snapshot is."""
        name, function = self.named(command)
        if function.main.is_pending:
            # The text is UNCONFIRMED, the state itself was recorded.
            raise ResourceConflict(
                "The operation cannot be performed at this time. The function is currently in the following state: "
                "Pending"
            )
        if function.is_pending:
            raise SnapshotNotReady
        return name, self.choose(name.as_invoked) or Chosen(function, function.spec.version)

    def check_payload(self, command: Invoke) -> None:
        """Raises RequestTooLarge, InvalidRequestContent."""
        is_event = command.type is InvocationType.EVENT
        most = self.limits.async_payload_bytes if is_event else self.limits.sync_payload_bytes
        if len(command.payload) > most:
            raise RequestTooLarge(f"Request must be smaller than {most} bytes for the InvokeFunction operation")
        if not command.payload:
            return
        try:
            orjson.loads(command.payload)
        except orjson.JSONDecodeError:
            _check_json(command.payload)

    # Inside ---------------------------------------------------------------------------------------------

    def _qualified(self, arn: Arn, qualifier: str) -> tuple[Function, str]:
        """The function, if it has this version or alias."""
        function = self._functions.get(arn)
        if function is None or not (qualifier == LATEST or self._has_qualifier(arn, qualifier)):
            raise ResourceNotFound("The function doesn't exist.")
        return function, qualifier

    def _has_qualifier(self, arn: Arn, qualifier: str) -> bool:
        qualified = f"{arn}:{qualifier}"
        return qualified in self._routes or qualified in self._functions

    def _put(self, spec: FunctionSpec, now: Instant) -> None:
        function = self._functions.get(spec.arn)
        if function is None:
            function = self._functions[spec.arn] = Function(spec)
            self.outbox.append(Configured(f"function {spec.name} created", function=spec.arn))
        else:
            self._forget_keys(function)
            function.change(spec)
            self.outbox.append(Configured(f"function {spec.name} changed", function=spec.arn))
        self._know_keys(function)
        self.changed(function, now)

    def _know_keys(self, function: Function) -> None:
        for slot, key in enumerate(function.spec.access_key_ids):
            if key:
                arn, others = self._by_key.get(key, (function.spec.arn, ()))
                others = others if arn == function.spec.arn else ()
                self._by_key[key] = (function.spec.arn, (*others, slot))

    def _forget_keys(self, function: Function) -> None:
        for key in function.spec.access_key_ids:
            self._by_key.pop(key, None)


def _check_json(payload: bytes) -> None:
    """The same by the parser that takes NaN and half surrogates too. Raises InvalidRequestContent."""
    try:
        json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestContent(
            f"Could not parse request body into json: Could not parse payload into json: {error}\n"
            " at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 1]"
        ) from None


def _no_config(function: Arn, qualifier: str) -> ResourceNotFound:
    return ResourceNotFound(f"The function {function}:{qualifier} doesn't have an EventInvokeConfig")
