"""Custom domain names and API mappings as the second version of API Gateway's API sees them."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from app.core.errors import InvalidParameterValue, ResourceNotFound
from app.core.gateway.domains import ApiMapping, Domain, Domains
from app.core.names import Scope
from app.core.time import Instant

Members: TypeAlias = dict[str, Any]
Act: TypeAlias = Callable[[Domains, Scope, Members, Instant], Members]
"""What an operation does, given its parameters; it gives AWS's result."""

_CONFIGURATION: Mapping[str, tuple[str, ...]] = {
    "CertificateArn": ("regionalCertificateArn", "certificateArn"),
    "CertificateName": ("regionalCertificateName", "certificateName"),
    "SecurityPolicy": ("securityPolicy",),
    "OwnershipVerificationCertificateArn": ("ownershipVerificationCertificateArn",),
}
"""A configuration's members, and where they are kept: of a regional name first."""


def shown_domain(domain: Domain) -> Members:
    """A domain name as it is told."""
    members = domain.members
    endpoint = members["endpointConfiguration"]
    configuration: Members = {
        "ApiGatewayDomainName": members.get("regionalDomainName") or members.get("distributionDomainName"),
        "HostedZoneId": members.get("regionalHostedZoneId") or members.get("distributionHostedZoneId"),
        "DomainNameStatus": members["domainNameStatus"],
        "EndpointType": endpoint["types"][0],
        "IpAddressType": endpoint["ipAddressType"],
    }
    for name, places in _CONFIGURATION.items():
        found = next((members[place] for place in places if place in members), None)
        if found is not None:
            configuration[name] = found
    told: Members = {
        "ApiMappingSelectionExpression": "$request.basepath",
        "DomainName": domain.name,
        "DomainNameArn": members["domainNameArn"],
        "DomainNameConfigurations": [configuration],
        "RoutingMode": members.get("routingMode", "API_MAPPING_ONLY"),
        "Tags": dict(members.get("tags", {})),
    }
    tls = members.get("mutualTlsAuthentication")
    if tls:
        told["MutualTlsAuthentication"] = {_titled(name): value for name, value in tls.items()}
    return told


def shown_mapping(mapping: ApiMapping) -> Members:
    """An API mapping as it is told."""
    return {"ApiId": mapping.api, "ApiMappingId": mapping.id, "ApiMappingKey": mapping.key,
            "Stage": mapping.stage or ""}  # fmt: skip


def mapping_of(domains: Domains, scope: Scope, given: Mapping[str, Any]) -> ApiMapping:
    """Raises ResourceNotFound."""
    mapping = domains.get(scope, given["DomainName"]).mappings.get(given["ApiMappingId"])
    if mapping is None:
        raise ResourceNotFound("Invalid API mapping identifier specified")
    return mapping


def create_domain_name(domains: Domains, scope: Scope, given: Members, now: Instant) -> Members:
    """Raises InvalidParameterValue, ResourceConflict."""
    endpoint, own = _read(given)
    endpoint = {"types": ["REGIONAL"], "ipAddressType": "ipv4", **endpoint}
    made = {**own, "domainName": given["DomainName"], "endpointConfiguration": endpoint, "tags": given.get("Tags", {})}
    return shown_domain(domains.create(scope, made, now))


def update_domain_name(domains: Domains, scope: Scope, given: Members, _: Instant) -> Members:
    """Raises ResourceNotFound, InvalidParameterValue."""
    endpoint, own = _read(given)
    before = domains.get(scope, given["DomainName"]).members["endpointConfiguration"]
    return shown_domain(
        domains.change(scope, given["DomainName"], {**own, "endpointConfiguration": {**before, **endpoint}})
    )  # fmt: skip


def delete_domain_name(domains: Domains, scope: Scope, given: Members, _: Instant) -> Members:
    domains.delete(scope, given["DomainName"])
    return {}


def create_api_mapping(domains: Domains, scope: Scope, given: Members, _: Instant) -> Members:
    """Raises ResourceNotFound, ResourceConflict, InvalidParameterValue."""
    key = _checked_key(given.get("ApiMappingKey") or "")
    return shown_mapping(domains.map(scope, given["DomainName"], key, given["ApiId"], given["Stage"]))


def update_api_mapping(domains: Domains, scope: Scope, given: Members, _: Instant) -> Members:
    """Raises ResourceNotFound, ResourceConflict, InvalidParameterValue."""
    mapping = mapping_of(domains, scope, given)
    key = _checked_key(given.get("ApiMappingKey", mapping.key))
    after = ApiMapping(mapping.id, key, given.get("ApiId", mapping.api), given.get("Stage", mapping.stage))
    return shown_mapping(domains.remap(scope, given["DomainName"], mapping, after))


def delete_api_mapping(domains: Domains, scope: Scope, given: Members, _: Instant) -> Members:
    domains.unmap(scope, given["DomainName"], mapping_of(domains, scope, given))
    return {}


CHANGES: Mapping[str, Act] = {
    "CreateDomainName": create_domain_name,
    "UpdateDomainName": update_domain_name,
    "DeleteDomainName": delete_domain_name,
    "CreateApiMapping": create_api_mapping,
    "UpdateApiMapping": update_api_mapping,
    "DeleteApiMapping": delete_api_mapping,
}


def _read(given: Mapping[str, Any]) -> tuple[Members, Members]:
    """What concerns the endpoint, and the rest. Raises InvalidParameterValue for more than one configuration."""
    configurations = given.get("DomainNameConfigurations") or [{}]
    if len(configurations) != 1:
        raise InvalidParameterValue("Only one DomainNameConfiguration is supported")
    configuration = configurations[0]
    endpoint: Members = {}
    if configuration.get("EndpointType"):
        endpoint["types"] = [configuration["EndpointType"]]
    if configuration.get("IpAddressType"):
        endpoint["ipAddressType"] = configuration["IpAddressType"]
    own = {places[0]: configuration[name] for name, places in _CONFIGURATION.items() if configuration.get(name)}
    if given.get("MutualTlsAuthentication"):
        own["mutualTlsAuthentication"] = {
            name[:1].lower() + name[1:]: value for name, value in given["MutualTlsAuthentication"].items()
        }
    if given.get("RoutingMode"):
        own["routingMode"] = given["RoutingMode"]
    return endpoint, own


def _checked_key(key: str) -> str:
    """Raises InvalidParameterValue for a key that begins or ends with a slash, or has an empty part."""
    if key and ("//" in key or key.startswith("/") or key.endswith("/")):
        raise InvalidParameterValue("API mapping key should not start with a '/' or have consecutive '/'s.")
    return key


def _titled(name: str) -> str:
    return name[:1].upper() + name[1:]
