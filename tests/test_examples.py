"""The examples and the container files: what they promise is there, and the handlers do their work."""

import json
import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.settings import ProcessFunction, RieFunction, Settings, load, loads

ROOT = Path(__file__).parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))


def order_event(*bodies: dict[str, Any]) -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": "1"}
    return {"Records": [{"body": json.dumps(body), "attributes": attributes} for body in bodies]}


def read(path: str) -> Settings:
    return load(ROOT / path, {})


# What `make run` starts -----------------------------------------------------------------------------


def test_the_example_has_the_resources_that_the_readme_walks_through() -> None:
    settings = read("examples/triggerfish.yaml")
    redrives = {queue.name: queue.redrive.dead_letter_queue for queue in settings.queues if queue.redrive}

    assert {bucket.name: bucket.notifications[0].prefix for bucket in settings.buckets} == {
        "photos": "in/",
        "loops": "in/",
    }
    assert redrives == {"orders": "orders-dlq"}
    assert [(mapping.queue, mapping.function) for mapping in settings.mappings] == [("orders", "orders")]


def test_every_example_function_has_its_handlers_file() -> None:
    functions = read("examples/triggerfish.yaml").functions

    for function in functions:
        assert isinstance(function, ProcessFunction)
        assert (function.code / f"{function.handler.rpartition('.')[0]}.py").is_file()


def test_a_queue_hides_a_message_longer_than_its_function_may_run() -> None:
    settings = read("examples/triggerfish.yaml")
    timeouts = {function.name: function.timeout_s for function in settings.functions}
    hidden = {queue.name: int(queue.attributes.get("VisibilityTimeout", 30)) for queue in settings.queues}

    for mapping in settings.mappings:
        assert hidden[mapping.queue] >= timeouts[mapping.function]


def test_the_order_worker_ships_good_orders(capsys: pytest.CaptureFixture[str]) -> None:
    orders = runpy.run_path(str(ROOT / "examples/orders/orders.py"))

    answer = orders["handler"](order_event({"id": 7}, {"id": 8}), None)

    assert answer == {"shipped": 2}
    assert "order 8: shipped" in capsys.readouterr().out


def test_the_order_worker_fails_on_poison() -> None:
    orders = runpy.run_path(str(ROOT / "examples/orders/orders.py"))

    with pytest.raises(orders["PoisonedOrderError"], match="order 7 is poison"):
        orders["handler"](order_event({"id": 7, "poison": True}), None)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 100_000])
def test_a_thumbnail_is_a_small_grey_picture_of_any_content(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    thumbnail = runpy.run_path(str(ROOT / "examples/thumbnail/thumbnail.py"))

    picture: bytes = thumbnail["grey_picture"](b"\x80" * size)

    assert picture.startswith(b"P5 16 16 255\n")
    assert len(picture) == len(b"P5 16 16 255\n") + 256


def test_the_readmes_settings_load(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    (tmp_path / "resize").mkdir()

    settings = loads(example, {}, folder=tmp_path)

    assert len(settings.functions) == 6


# Containers -----------------------------------------------------------------------------------------


def test_compose_publishes_the_port_on_this_machine_alone() -> None:
    published = [port for service in COMPOSE["services"].values() for port in service.get("ports", ())]

    assert published == ["127.0.0.1:4566:4566"]


def test_compose_trusts_a_private_network_in_the_settings_that_it_mounts() -> None:
    settings = read("examples/compose/triggerfish.yaml")

    assert not settings.listen.is_loopback
    assert settings.security.trust_private_network


def test_each_function_of_the_settings_is_a_service_on_awss_base_image() -> None:
    settings = read("examples/compose/triggerfish.yaml")

    for function in settings.functions:
        service = COMPOSE["services"][function.name]
        assert isinstance(function, RieFunction)
        assert function.urls == (f"http://{function.name}:8080",)
        assert service["image"].startswith("public.ecr.aws/lambda/")
        assert function.access_key_ids == (service["environment"]["AWS_ACCESS_KEY_ID"],)
        assert service["environment"]["AWS_LAMBDA_FUNCTION_TIMEOUT"] == str(function.timeout_s)
        assert service["environment"]["AWS_ENDPOINT_URL"] == "http://triggerfish:4566"


def test_each_function_of_compose_can_be_scaled() -> None:
    """Nothing of a service is there only once: no name, no published port; and its name stands for all addresses."""
    for function in read("examples/compose/triggerfish.yaml").functions:
        service = COMPOSE["services"][function.name]
        assert isinstance(function, RieFunction)
        assert function.resolve
        assert {"container_name", "ports", "hostname"} & service.keys() == set()


def test_code_and_layers_are_mounted_from_folders_that_are_there() -> None:
    for name, service in COMPOSE["services"].items():
        mounts = dict(volume.split(":")[:2] for volume in service["volumes"])

        assert all((ROOT / folder).exists() for folder in mounts)
        if name != "triggerfish":
            assert sorted(mounts.values()) == ["/opt", "/var/task"]
            code = next(ROOT / folder for folder, target in mounts.items() if target == "/var/task")
            (handler,) = service["command"]
            assert list(code.glob(f"{handler.rpartition('.')[0]}.*"))


def test_the_image_runs_unprivileged_from_the_lock() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()

    assert "USER triggerfish" in lines
    assert any("--require-hashes -r requirements.lock" in line for line in lines)
