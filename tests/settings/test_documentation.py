"""docs/settings.md: its examples load, and it names every key and variable there is; docs/gateway.md's load too."""

import re
from pathlib import Path

import pytest

from app.settings import VARIABLES, loads
from app.settings.buses import BUS_KEYS, RULE_KEYS, TARGET_KEYS, TARGETS
from app.settings.functions.entry import KEYS as FUNCTION_KEYS
from app.settings.pipes import PIPE_KEYS, STAGE_KEYS
from app.settings.pipes import TARGETS as PIPE_TARGETS
from app.settings.schedules import SCHEDULE_KEYS
from app.settings.schedules import TARGETS as SCHEDULE_TARGETS
from app.settings.service import KEYS as SERVICE_KEYS
from app.settings.sources import BUCKET_KEYS, NOTIFICATION_KEYS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)

GATEWAY_PAGE = (ROOT / "docs" / "gateway.md").read_text(encoding="utf-8")
GATEWAY = re.findall(r"^```yaml\n(.*?)^```", GATEWAY_PAGE, flags=re.DOTALL | re.MULTILINE)
BEHIND = """
functions:
  web: {script: {succeed_after: 0s}}
  check: {script: {succeed_after: 0s}}
buckets: {photos: {}}
"""


@pytest.mark.parametrize("example", GATEWAY[1:], ids=lambda example: example.split("\n", 1)[0])
def test_a_front_of_the_gateways_page_loads(example: str) -> None:
    assert len(loads(BEHIND + example, {}, folder=ROOT / "examples").fronts) >= 1


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.split("\n", 1)[0])
def test_an_example_loads(example: str) -> None:
    settings = loads(example, {}, folder=ROOT / "examples")

    assert settings.functions or settings.queues or settings.security.token or settings.seed == 7


def test_there_are_examples_for_everything() -> None:
    loaded = [loads(example, {}, folder=ROOT / "examples") for example in EXAMPLES]

    assert {type(function).__name__ for settings in loaded for function in settings.functions} == {
        "ProcessFunction",
        "RieFunction",
        "ConcurrentRieFunction",
        "InvokeApiFunction",
        "HttpFunction",
        "ScriptedFunction",
    }
    assert any(settings.remote_queues for settings in loaded)
    assert any(settings.buckets for settings in loaded)
    assert any(settings.topics for settings in loaded)
    assert any(settings.buses and settings.rules for settings in loaded)
    assert any(settings.mappings for settings in loaded)
    assert any(settings.schedules for settings in loaded)
    assert any(settings.pipes for settings in loaded)


@pytest.mark.parametrize("name", [*VARIABLES, *SERVICE_KEYS, *FUNCTION_KEYS, *BUCKET_KEYS, *NOTIFICATION_KEYS])
def test_every_key_and_variable_is_documented(name: str) -> None:
    assert re.search(rf"`{name}[`.]|`\{{{name}:", PAGE)


@pytest.mark.parametrize("name", [*BUS_KEYS, *RULE_KEYS, *TARGETS, *TARGET_KEYS])
def test_every_key_of_buses_and_rules_is_documented(name: str) -> None:
    section = PAGE.partition("## Event buses and rules")[2].partition("\n## ")[0]

    assert re.search(rf"[`.]{name}`", section)


@pytest.mark.parametrize("name", [*SCHEDULE_KEYS, *SCHEDULE_TARGETS])
def test_every_key_of_schedules_is_documented(name: str) -> None:
    section = PAGE.partition("## Schedules")[2].partition("\n## ")[0]

    assert re.search(rf"`{name}`", section)


@pytest.mark.parametrize("name", [*PIPE_KEYS, *STAGE_KEYS, *PIPE_TARGETS])
def test_every_key_of_pipes_is_documented(name: str) -> None:
    section = PAGE.partition("## Pipes")[2].partition("\n## ")[0]

    assert re.search(rf"`{name}`", section)
