"""Whatever the file holds, it becomes settings or problems with places; nothing else is raised."""

import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.settings import Problem, Settings, SettingsError, loads
from app.settings.functions.entry import KEYS as FUNCTION_KEYS
from app.settings.service import KEYS as SERVICE_KEYS

FOLDER = Path(__file__).parent

WORDS = st.sampled_from(
    [
        *FUNCTION_KEYS,
        "RedrivePolicy",
        "dead_letter_queue",
        "deadLetterTargetArn",
        "maxReceiveCount",
        "VisibilityTimeout",
        "notifications",
        "Events",
        "queue",
        "function",
        "prefix",
        "frozen",
        "token",
        "credentials",
        "fail_every",
        "succeed_after",
        "report",
        "throttle",
        "orders",
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(["orders", "http://a:1", "arn:aws:sqs:us-east-1:000000000000:orders", ".", "a.b", "10s", "wall"])
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=12,
)
SECTIONS = [*SERVICE_KEYS, "functions", "queues", "buckets", "mappings"]
FILES = st.dictionaries(st.sampled_from(SECTIONS), VALUES | st.dictionaries(WORDS, VALUES, max_size=3), max_size=6)


@given(FILES)
@settings(max_examples=100, deadline=None)
def test_any_file_gives_settings_or_problems_with_a_line(content: dict[str, Any]) -> None:
    outcome = outcome_of(json.dumps(content))  # JSON is YAML

    assert isinstance(outcome, Settings) or all(problem.line == 1 and problem.text for problem in outcome)


@given(st.text(max_size=40))
@settings(max_examples=100, deadline=None)
def test_any_text_gives_settings_or_problems(text: str) -> None:
    outcome = outcome_of(text)

    assert isinstance(outcome, Settings) or outcome


def outcome_of(text: str) -> Settings | tuple[Problem, ...]:
    try:
        return loads(text, {}, folder=FOLDER)
    except SettingsError as error:
        return error.problems
