"""VPC links of HTTP APIs: kept and told. There is no VPC here, and integrations have nowhere to go through one."""

from dataclasses import dataclass, field
from typing import Any

from app.core.errors import ResourceNotFound
from app.core.gateway.gateways import letters
from app.core.ids import Ids
from app.core.names import Scope
from app.core.time import Instant, to_datetime


@dataclass(slots=True)
class VpcLinks:
    """All links by account and region, then by id, under AWS's member names."""

    ids: Ids
    _links: dict[Scope, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def get(self, scope: Scope, id: str) -> dict[str, Any]:
        """Raises ResourceNotFound."""
        found = self._links.get(scope, {}).get(id)
        if found is None:
            raise ResourceNotFound("Invalid VPC Link identifier specified")
        return found

    def all(self, scope: Scope) -> list[dict[str, Any]]:
        return list(self._links.get(scope, {}).values())

    def create(self, scope: Scope, given: dict[str, Any], now: Instant) -> dict[str, Any]:
        link: dict[str, Any] = {
            "SecurityGroupIds": [],
            "Tags": {},
            **given,
            "VpcLinkId": letters(self.ids, 6),
            "CreatedDate": to_datetime(now),
            "VpcLinkStatus": "AVAILABLE",
            "VpcLinkStatusMessage": "VPC link is ready to route traffic",
            "VpcLinkVersion": "V2",
        }
        self._links.setdefault(scope, {})[link["VpcLinkId"]] = link
        return dict(link)

    def update(self, scope: Scope, given: dict[str, Any], _: Instant) -> dict[str, Any]:
        """Raises ResourceNotFound."""
        link = self.get(scope, given["VpcLinkId"])
        link.update({name: value for name, value in given.items() if value is not None})
        return dict(link)

    def delete(self, scope: Scope, given: dict[str, Any], _: Instant) -> dict[str, Any]:
        """Raises ResourceNotFound."""
        self.get(scope, given["VpcLinkId"])
        del self._links[scope][given["VpcLinkId"]]
        return {}
