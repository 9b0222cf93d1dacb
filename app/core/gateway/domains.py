"""Custom domain names of API Gateway: which API and stage answers under a host and a base path. Both versions of the
API see the same names; they are kept as the first one tells them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.errors import InvalidParameterValue, ResourceConflict, ResourceNotFound
from app.core.gateway.gateways import Gateways, letters
from app.core.gateway.rest.definition.kinds import BASE_PATH_MAPPING, DOMAIN_NAME
from app.core.gateway.rest.definition.patches import Members, patched, patches_in
from app.core.ids import Ids
from app.core.names import Scope
from app.core.time import Instant, to_datetime

NO_PATH = "(none)"
"""How the first version of the API names the mapping of what begins with no other base path."""

_REGIONAL_ZONE, _EDGE_ZONE = "Z1UJRXOUMOOFQ8", "Z2FDTNDATAQYW2"
_MISSING = "Invalid domain name identifier specified"
_NO_MAPPING = "Invalid base path mapping identifier specified"


@dataclass(slots=True)
class ApiMapping:
    """What answers under one base path; `key` may have slashes, and is empty for all other paths. Without a `stage` the
    path names it."""

    id: str
    key: str
    api: str
    stage: str | None


@dataclass(slots=True)
class Domain:
    name: str
    scope: Scope
    members: Members
    mappings: dict[str, ApiMapping] = field(default_factory=dict)
    """By their id."""

    def at(self, key: str) -> ApiMapping | None:
        return next((mapping for mapping in self.mappings.values() if mapping.key == key), None)


@dataclass(frozen=True, slots=True)
class Mapped:
    """Where a request under a custom domain name leads: `path` is what is behind the base path, `base_path` begins with
    a slash or is empty."""

    api: str
    stage: str | None
    base_path: str
    path: str


@dataclass(slots=True)
class Domains:
    """All custom domain names by name: there is one of a name in the world."""

    ids: Ids
    gateways: Gateways
    _domains: dict[str, Domain] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self._domains)

    def find(self, host: str, path: str) -> Mapped | None:
        """What answers; the longest base path goes first (API Gateway guide, rest-api-mappings)."""
        domain = self._domains.get(host) or self._wildcard(host)
        if domain is None:
            return None
        for mapping in sorted(domain.mappings.values(), key=lambda each: -len(each.key)):
            base = f"/{mapping.key}" if mapping.key else ""
            if not base or path == base or path.startswith(f"{base}/"):
                return Mapped(mapping.api, mapping.stage, base, path[len(base) :] or "/")
        return Mapped("", None, "", path)

    def _wildcard(self, host: str) -> Domain | None:
        return self._domains.get(f"*.{host.partition('.')[2]}")

    def get(self, scope: Scope, name: str) -> Domain:
        """Raises ResourceNotFound."""
        domain = self._domains.get(name)
        if domain is None or domain.scope != scope:
            raise ResourceNotFound(_MISSING)
        return domain

    def all(self, scope: Scope) -> list[Domain]:
        return [domain for domain in self._domains.values() if domain.scope == scope]

    def forget_api(self, api: str) -> None:
        """An API is gone, and with it what led to it."""
        for domain in self._domains.values():
            domain.mappings = {key: mapping for key, mapping in domain.mappings.items() if mapping.api != api}

    # Names ----------------------------------------------------------------------------------------------

    def create(self, scope: Scope, given: Members, now: Instant) -> Domain:
        """Raises InvalidParameterValue, ResourceConflict."""
        name = str(given.get("domainName") or "").lower()
        if not name:
            raise InvalidParameterValue("No Domain Name specified")
        if name in self._domains:
            raise ResourceConflict("The domain name you provided already exists.")
        endpoint = {"types": ["EDGE"], "ipAddressType": "ipv4", **(given.get("endpointConfiguration") or {})}
        if len(endpoint["types"]) != 1:
            raise InvalidParameterValue("Cannot create a domain name with multiple Endpoint Types.")
        own = {key: value for key, value in given.items()
               if key not in ("certificateBody", "certificatePrivateKey", "certificateChain")}  # fmt: skip
        members: Members = {
            "securityPolicy": "TLS_1_2", **own, "domainName": name, "endpointConfiguration": endpoint,
            "domainNameStatus": "AVAILABLE", "domainNameArn": f"arn:aws:apigateway:{scope.region}::/domainnames/{name}",
            "createdDate": to_datetime(now), **_names_of_ours(self.ids, scope, endpoint["types"][0], now),
        }  # fmt: skip
        domain = self._domains[name] = Domain(name, scope, members)
        return domain

    def update(self, scope: Scope, given: Members) -> Domain:
        domain = self.get(scope, given["domainName"])
        domain.members = patched(domain.members, patches_in(given.get("patchOperations")), DOMAIN_NAME)
        return domain

    def change(self, scope: Scope, name: str, changed: Members) -> Domain:
        """Members that are others now."""
        domain = self.get(scope, name)
        domain.members = {**domain.members, **changed}
        return domain

    def delete(self, scope: Scope, name: str) -> None:
        del self._domains[self.get(scope, name).name]

    # Mappings -------------------------------------------------------------------------------------------

    def map(self, scope: Scope, name: str, key: str, api: str, stage: str | None) -> ApiMapping:
        """Raises ResourceNotFound, ResourceConflict, InvalidParameterValue."""
        domain = self.get(scope, name)
        self._check_target(scope, api, stage)
        if domain.at(key) is not None:
            raise ResourceConflict("Base path already exists for this domain name")
        mapping = ApiMapping(letters(self.ids, 6), key, api, stage)
        domain.mappings[mapping.id] = mapping
        return mapping

    def remap(self, scope: Scope, name: str, mapping: ApiMapping, after: ApiMapping) -> ApiMapping:
        """Raises ResourceConflict, InvalidParameterValue."""
        domain = self.get(scope, name)
        self._check_target(scope, after.api, after.stage)
        other = domain.at(after.key)
        if other is not None and other.id != mapping.id:
            raise ResourceConflict("Base path already exists for this domain name")
        domain.mappings[mapping.id] = after
        return after

    def unmap(self, scope: Scope, name: str, mapping: ApiMapping) -> None:
        del self.get(scope, name).mappings[mapping.id]

    def mapping_at(self, scope: Scope, name: str, base_path: str) -> ApiMapping:
        """Raises ResourceNotFound."""
        found = self.get(scope, name).at("" if base_path == NO_PATH else base_path)
        if found is None:
            raise ResourceNotFound(_NO_MAPPING)
        return found

    def _check_target(self, scope: Scope, api: str, stage: str | None) -> None:
        front = self.gateways.get(api)
        stages = getattr(front, "stages", None)
        if front is None or stages is None or front.id != api or front.scope != scope:
            raise InvalidParameterValue("Invalid REST API identifier specified")
        if stage is not None and stage not in stages:
            raise InvalidParameterValue("Invalid stage identifier specified")


def _names_of_ours(ids: Ids, scope: Scope, kind: str, now: Instant) -> Members:
    """Under which of AWS's own names it answers. They lead nowhere here: ask under the domain name itself."""
    own = letters(ids, 10)
    if kind == "EDGE":
        return {"distributionDomainName": f"d{own}.cloudfront.net", "distributionHostedZoneId": _EDGE_ZONE,
                "certificateUploadDate": to_datetime(now)}  # fmt: skip
    return {"regionalDomainName": f"d-{own}.execute-api.{scope.region}.amazonaws.com",
            "regionalHostedZoneId": _REGIONAL_ZONE}  # fmt: skip


# The first version's operations ---------------------------------------------------------------------


def shown_mapping(mapping: ApiMapping) -> Members:
    return {"basePath": mapping.key or NO_PATH, "restApiId": mapping.api,
            **({"stage": mapping.stage} if mapping.stage is not None else {})}  # fmt: skip


def shown_domain(domain: Domain) -> Members:
    return {name: value for name, value in domain.members.items() if name != "createdDate"}


def create_domain_name(domains: Domains, scope: Scope, given: Members, now: Instant) -> Members:
    return shown_domain(domains.create(scope, given, now))


def update_domain_name(domains: Domains, scope: Scope, given: Members, _: Instant) -> Members:
    return shown_domain(domains.update(scope, given))


def delete_domain_name(domains: Domains, scope: Scope, given: Members, _: Instant) -> Members:
    domains.delete(scope, given["domainName"])
    return {}


def create_base_path_mapping(domains: Domains, scope: Scope, given: Members, _: Instant) -> Members:
    """Raises ResourceNotFound, ResourceConflict, InvalidParameterValue."""
    key = given.get("basePath") or ""
    if "/" in key:
        raise InvalidParameterValue(
            "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level "
            "base path mapping, use API Gateway V2."
        )
    key = "" if key == NO_PATH else key
    return shown_mapping(
        domains.map(scope, given["domainName"], key, given["restApiId"], given.get("stage") or None)
    )  # fmt: skip


def update_base_path_mapping(domains: Domains, scope: Scope, given: Members, _: Instant) -> Members:
    """Raises ResourceNotFound, ResourceConflict, InvalidParameterValue."""
    mapping = domains.mapping_at(scope, given["domainName"], given["basePath"])
    after = patched(shown_mapping(mapping), patches_in(given.get("patchOperations")), BASE_PATH_MAPPING)
    key = "" if after.get("basePath") in ("", None, NO_PATH) else after["basePath"]
    changed = ApiMapping(mapping.id, key, after["restApiId"], after.get("stage") or None)
    return shown_mapping(domains.remap(scope, given["domainName"], mapping, changed))


def delete_base_path_mapping(domains: Domains, scope: Scope, given: Members, _: Instant) -> Members:
    """Raises ResourceNotFound."""
    mapping = domains.mapping_at(scope, given["domainName"], given["basePath"])
    domains.unmap(scope, given["domainName"], mapping)
    return {}


CHANGES: Mapping[str, Callable[[Domains, Scope, Members, Instant], Any]] = {
    "CreateDomainName": create_domain_name,
    "UpdateDomainName": update_domain_name,
    "DeleteDomainName": delete_domain_name,
    "CreateBasePathMapping": create_base_path_mapping,
    "UpdateBasePathMapping": update_base_path_mapping,
    "DeleteBasePathMapping": delete_base_path_mapping,
}
