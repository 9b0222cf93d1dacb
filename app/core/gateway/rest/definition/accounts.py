"""What an account keeps beside its REST APIs: API keys, usage plans, certificates, links, and its own settings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from app.core.errors import InvalidParameterValue, ResourceConflict, ResourceNotFound
from app.core.gateway.gateways import letters
from app.core.gateway.rest.definition.compiling import compiled_keys, compiled_plan
from app.core.gateway.rest.definition.kinds import ACCOUNT, OF_ACCOUNTS, USAGE_PLAN, Kind
from app.core.gateway.rest.definition.patches import Members, Patch, Place, patched, patches_in, value_of
from app.core.gateway.rest.usage import ApiKey, UsagePlan
from app.core.ids import Ids
from app.core.time import Instant, to_datetime

_LEAST_KEY_CHARS, _KEY_CHARS = 20, 40
_PERIODS = ("DAY", "WEEK", "MONTH")

Act: TypeAlias = Callable[["Account", Members, Instant], Members]
"""What an operation does to an account, given its parameters; it gives AWS's result."""


@dataclass(slots=True)
class Account:
    """One account's in one region. `kinds` are by the kind's name and the resource's id; `plan_keys` are which keys a
    usage plan has, in their order. `has_api` tells whether a stage of an API is there."""

    ids: Ids
    has_stage: Callable[[str, str], bool]
    kinds: dict[str, dict[str, Members]] = field(default_factory=lambda: {name: {} for name in OF_ACCOUNTS})
    plan_keys: dict[str, list[str]] = field(default_factory=dict)
    settings: Members = field(
        default_factory=lambda: {
            "throttleSettings": {"burstLimit": 5_000, "rateLimit": 10_000.0}, "features": ["UsagePlans"],
            "apiKeyVersion": "4",
        }
    )  # fmt: skip

    def found(self, kind: str, id: str) -> Members:
        """Raises ResourceNotFound."""
        members = self.kinds[kind].get(id)
        if members is None:
            raise ResourceNotFound(OF_ACCOUNTS[kind].missing.format(id))
        return members

    def usage(self) -> tuple[dict[str, ApiKey], tuple[UsagePlan, ...]]:
        """Who may use what, as values."""
        plans = tuple(
            compiled_plan(plan, tuple(self.plan_keys.get(key, ()))) for key, plan in self.kinds["UsagePlan"].items()
        )
        return compiled_keys(self.kinds["ApiKey"]), plans


# Any kind -------------------------------------------------------------------------------------------


def created(account: Account, kind: Kind, given: Members, now: Instant) -> Members:
    """A resource of the account, under an id of its own."""
    members: Members = {**kind.defaults, **given}
    members.setdefault(kind.id_key, letters(account.ids, 10 if kind.name != "UsagePlan" else 6))
    if kind.is_dated:
        members["createdDate"] = to_datetime(now)
    account.kinds[kind.name][members[kind.id_key]] = members
    return dict(members)


def update(kind: Kind) -> Act:
    """Patch one of the kind."""

    def act(account: Account, given: Members, now: Instant) -> Members:
        before = account.found(kind.name, given[kind.parameter])
        after = patched(before, patches_in(given.get("patchOperations")), kind.patches)
        if kind.name == "ApiKey":
            after["lastUpdatedDate"] = to_datetime(now)
        account.kinds[kind.name][given[kind.parameter]] = after
        return {"tags": {}, **after}

    return act


def delete(kind: Kind) -> Act:
    def act(account: Account, given: Members, _: Instant) -> Members:
        account.found(kind.name, given[kind.parameter])
        del account.kinds[kind.name][given[kind.parameter]]
        for keys in account.plan_keys.values() if kind.name == "ApiKey" else ():
            if given[kind.parameter] in keys:
                keys.remove(given[kind.parameter])
        return {}

    return act


def create(kind: Kind) -> Act:
    return lambda account, given, now: created(account, kind, dict(given), now)


# API keys -------------------------------------------------------------------------------------------


def create_api_key(account: Account, given: Members, now: Instant) -> Members:
    """Raises InvalidParameterValue, ResourceConflict."""
    own = {name: value for name, value in given.items() if name not in ("generateDistinctId", "stageKeys")}
    value = own.get("value")
    if value is None:
        value = letters(account.ids, 12) + letters(account.ids, 12) + letters(account.ids, 12) + letters(account.ids, 4)
        assert len(value) == _KEY_CHARS, "a key has forty characters"
    elif len(value) < _LEAST_KEY_CHARS:
        raise InvalidParameterValue("API Key value should be at least 20 characters")
    if any(key["value"] == value for key in account.kinds["ApiKey"].values()):
        raise ResourceConflict("API Key already exists")
    return created(account, OF_ACCOUNTS["ApiKey"], {**own, "value": value, "lastUpdatedDate": to_datetime(now)}, now)


def import_api_keys(account: Account, given: Members, now: Instant) -> Members:
    """`rows` are the file's, by its headers in lower case. Keys that are there already are warned of, not made."""
    ids, warnings = [], []
    for row in given["rows"]:
        try:
            key = create_api_key(
                account,
                {
                    "name": row.get("name", ""), "value": row.get("key", ""),
                    "enabled": str(row.get("enabled", "true")).lower() != "false",
                    **({"description": row["description"]} if row.get("description") else {}),
                },
                now,
            )  # fmt: skip
        except (InvalidParameterValue, ResourceConflict) as refused:
            if given.get("failOnWarnings"):
                raise
            warnings.append(f"Skipped API Key {row.get('name', '')}: {refused.message}")
            continue
        ids.append(key["id"])
        for plan in (name.strip() for name in str(row.get("usageplanids") or "").split(",") if name.strip()):
            account.found("UsagePlan", plan)
            account.plan_keys.setdefault(plan, []).append(key["id"])
    return {"ids": ids, "warnings": warnings}


# Usage plans ----------------------------------------------------------------------------------------


def create_usage_plan(account: Account, given: Members, now: Instant) -> Members:
    """Raises InvalidParameterValue, ResourceNotFound."""
    _check_plan(account, given)
    quota = given.get("quota")
    if quota:
        given = {**given, "quota": {"offset": 0, **quota}}
    return created(account, OF_ACCOUNTS["UsagePlan"], given, now)


def update_usage_plan(account: Account, given: Members, _: Instant) -> Members:
    """Stages are added as `api:stage`, a method's throttle at `/apiStages/{api:stage}/throttle/{path}/{METHOD}`."""
    plan = account.found("UsagePlan", given["usagePlanId"])
    after, plain = dict(plan), []
    for patch in patches_in(given.get("patchOperations")):
        match patch.steps:
            case ("apiStages",):
                after = _with_stage(after, patch)
            case ("apiStages", stage, "throttle", *rest):
                after = _with_stage_throttle(after, stage, rest, patch)
            case ("throttle" | "quota" as name,) if patch.op == "remove":
                after = {member: value for member, value in after.items() if member != name}
            case _:
                plain.append(patch)
    after = patched(after, plain, USAGE_PLAN)
    _check_plan(account, after)
    account.kinds["UsagePlan"][given["usagePlanId"]] = after
    return {"tags": {}, **after}


def delete_usage_plan(account: Account, given: Members, _: Instant) -> Members:
    """Raises ResourceNotFound, InvalidParameterValue while the plan has stages."""
    plan = account.found("UsagePlan", given["usagePlanId"])
    if plan["apiStages"]:
        raise InvalidParameterValue(
            "Usage Plan " + given["usagePlanId"] + " cannot be deleted because it has API Stages associated with it"
        )
    del account.kinds["UsagePlan"][given["usagePlanId"]]
    account.plan_keys.pop(given["usagePlanId"], None)
    return {}


def create_usage_plan_key(account: Account, given: Members, _: Instant) -> Members:
    """Raises ResourceNotFound, ResourceConflict, InvalidParameterValue."""
    account.found("UsagePlan", given["usagePlanId"])
    key = account.found("ApiKey", given["keyId"])
    if given["keyType"] != "API_KEY":
        raise InvalidParameterValue("Usage plan key type must be API_KEY")
    keys = account.plan_keys.setdefault(given["usagePlanId"], [])
    if key["id"] in keys:
        raise ResourceConflict("Usage Plan Key already exists for this usage plan")
    keys.append(key["id"])
    return shown_plan_key(key)


def delete_usage_plan_key(account: Account, given: Members, _: Instant) -> Members:
    """Raises ResourceNotFound."""
    plan_key_of(account, given)
    account.plan_keys[given["usagePlanId"]].remove(given["keyId"])
    return {}


def plan_key_of(account: Account, given: Members) -> Members:
    """Raises ResourceNotFound."""
    account.found("UsagePlan", given["usagePlanId"])
    if given["keyId"] not in account.plan_keys.get(given["usagePlanId"], ()):
        raise ResourceNotFound("Invalid Usage Plan Key identifier specified")
    return shown_plan_key(account.found("ApiKey", given["keyId"]))


def shown_plan_key(key: Members) -> Members:
    return {"id": key["id"], "type": "API_KEY", "value": key["value"], "name": key.get("name", "")}


def _with_stage(plan: Members, patch: Patch) -> Members:
    api, _, stage = (patch.value or "").partition(":")
    others = [each for each in plan["apiStages"] if (each["apiId"], each["stage"]) != (api, stage)]
    if patch.op == "remove":
        return {**plan, "apiStages": others}
    if patch.op != "add":
        raise InvalidParameterValue("Invalid patch operation specified. Must be one of: [add, remove]")
    return {**plan, "apiStages": [*others, {"apiId": api, "stage": stage}]}


def _with_stage_throttle(plan: Members, name: str, rest: list[str], patch: Patch) -> Members:
    api, _, stage = name.partition(":")
    found = next((each for each in plan["apiStages"] if (each["apiId"], each["stage"]) == (api, stage)), None)
    if found is None:
        raise ResourceNotFound("Invalid API stage specified")
    throttles = dict(found.get("throttle") or {})
    match rest:
        case [*path, ("rateLimit" | "burstLimit") as limit] if len(path) >= 2 and patch.op in ("add", "replace"):
            place = Place.FRACTION if limit == "rateLimit" else Place.NUMBER
            method = _method_name(path)
            throttles[method] = {**throttles.get(method, {}), limit: value_of(patch.value, place)}
        case [*path] if patch.op == "remove":
            throttles = {} if not path else {key: each for key, each in throttles.items() if key != _method_name(path)}
        case _:
            raise InvalidParameterValue(f"Invalid patch path {patch.path}")
    others = [each for each in plan["apiStages"] if each is not found]
    return {**plan, "apiStages": [*others, {**found, "throttle": throttles}]}


def _method_name(path: list[str]) -> str:
    return f"/{'/'.join(path).lstrip('/')}"


def _check_plan(account: Account, plan: Mapping[str, object]) -> None:
    if not plan.get("name"):
        raise InvalidParameterValue("Usage plan name cannot be blank")
    stages = plan.get("apiStages") or ()
    assert isinstance(stages, list | tuple), "a list, by the model"
    for stage in stages:
        if not account.has_stage(stage["apiId"], stage["stage"]):
            raise ResourceNotFound(f"API Stage not found: {stage['apiId']}:{stage['stage']}")
    throttle, quota = plan.get("throttle"), plan.get("quota")
    for name, value in throttle.items() if isinstance(throttle, dict) else ():
        if value < 0:
            raise InvalidParameterValue(f"Usage plan throttle {name} must not be negative")
    if isinstance(quota, dict) and quota:
        if quota.get("period", "DAY") not in _PERIODS:
            raise InvalidParameterValue("Usage plan quota period must be one of [DAY, WEEK, MONTH]")
        if int(quota.get("limit") or 0) <= 0:
            raise InvalidParameterValue("Usage plan quota limit must be greater than 0")


def update_account(account: Account, given: Members, _: Instant) -> Members:
    account.settings = patched(account.settings, patches_in(given.get("patchOperations")), ACCOUNT)
    return dict(account.settings)


_CERTIFICATE, _LINK = OF_ACCOUNTS["ClientCertificate"], OF_ACCOUNTS["VpcLink"]
_ASSOCIATION = OF_ACCOUNTS["DomainNameAccessAssociation"]

CHANGES: Mapping[str, Act] = {
    "CreateApiKey": create_api_key,
    "ImportApiKeys": import_api_keys,
    "UpdateApiKey": update(OF_ACCOUNTS["ApiKey"]),
    "DeleteApiKey": delete(OF_ACCOUNTS["ApiKey"]),
    "CreateUsagePlan": create_usage_plan,
    "UpdateUsagePlan": update_usage_plan,
    "DeleteUsagePlan": delete_usage_plan,
    "CreateUsagePlanKey": create_usage_plan_key,
    "DeleteUsagePlanKey": delete_usage_plan_key,
    "GenerateClientCertificate": create(_CERTIFICATE),
    "UpdateClientCertificate": update(_CERTIFICATE),
    "DeleteClientCertificate": delete(_CERTIFICATE),
    "CreateVpcLink": create(_LINK),
    "UpdateVpcLink": update(_LINK),
    "DeleteVpcLink": delete(_LINK),
    "CreateDomainNameAccessAssociation": create(_ASSOCIATION),
    "DeleteDomainNameAccessAssociation": delete(_ASSOCIATION),
    "RejectDomainNameAccessAssociation": delete(_ASSOCIATION),
    "UpdateAccount": update_account,
}
