"""Skips, with the reason, what needs a program that is not here."""

import pytest

from tests.rie.emulators import HAS_AWSLAMBDARIC, find_rie
from tests.tools import without


@pytest.fixture
def rie() -> None:
    """For tests that start the emulator."""
    if find_rie() is None:
        without("no Runtime Interface Emulator: run scripts/fetch-rie.sh, or name one in TRIGGERFISH_RIE")
    if not HAS_AWSLAMBDARIC:
        without("awslambdaric is not installed")
