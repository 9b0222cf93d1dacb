"""Custom domain names: which API answers under a host and a base path."""

from typing import Any

import pytest

from app.core.commands import ChangeRest
from app.core.errors import InvalidParameterValue, Refused, ResourceConflict, ResourceNotFound
from app.core.gateway.domains import Mapped
from tests.core.gateway.rest.definition.test_apis import Scene
from tests.core.stage import SCOPE

HOST = "api.example.com"


class Named(Scene):
    """An API that is deployed, and a domain name."""

    def __init__(self) -> None:
        super().__init__()
        self.method(self.resource("pets"))
        self.change("CreateDeployment", stageName="dev")
        self.change("CreateDomainName", domainName=HOST)

    def map(self, base_path: str | None = None, stage: str | None = "dev", **more: Any) -> Any:
        given = {"domainName": HOST, "restApiId": self.api, "basePath": base_path, "stage": stage, **more}
        return self.submit(ChangeRest(SCOPE, "CreateBasePathMapping", given))


def test_the_longest_base_path_takes_a_request() -> None:
    scene = Named()
    scene.map("shop")
    scene.map(stage=None)

    find = scene.world.domains.find
    assert find(HOST, "/shop/pets") == Mapped(scene.api, "dev", "/shop", "/pets")
    assert find(HOST, "/shop") == Mapped(scene.api, "dev", "/shop", "/")
    assert find(HOST, "/shopping") == Mapped(scene.api, None, "", "/shopping")
    assert find("other.example.com", "/shop") is None


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"restApiId": "none"}, InvalidParameterValue),
        ({"stage": "none"}, InvalidParameterValue),
        ({"basePath": "a/b"}, InvalidParameterValue),
        ({"domainName": "other.example.com"}, ResourceNotFound),
    ],
)
def test_mappings_that_are_refused(given: dict[str, Any], refused: type[Refused]) -> None:
    scene = Named()

    with pytest.raises(refused):
        scene.map(**{"base_path": "a", **given})


def test_a_base_path_leads_to_one_api_until_it_is_gone() -> None:
    scene = Named()
    scene.map("a")
    with pytest.raises(ResourceConflict, match="Base path already exists for this domain name"):
        scene.map("a")

    scene.change("DeleteRestApi")

    assert scene.world.domains.find(HOST, "/a") == Mapped("", None, "", "/a")


def test_a_mapping_moves() -> None:
    scene = Named()
    scene.map("a")

    patches = [{"op": "replace", "path": "/basePath", "value": "(none)"}]
    moved = scene.change("UpdateBasePathMapping", domainName=HOST, basePath="a", patchOperations=patches)

    assert moved == {"basePath": "(none)", "restApiId": scene.api, "stage": "dev"}
    assert scene.world.domains.find(HOST, "/x") == Mapped(scene.api, "dev", "", "/x")
