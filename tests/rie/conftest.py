"""Skips, with the reason, what needs a program that is not here."""

import pytest

from tests.rie.emulators import HAS_AWSLAMBDARIC, find_rie


@pytest.fixture
def rie() -> None:
    """For tests that start the emulator."""
    if find_rie() is None:
        pytest.skip("no Runtime Interface Emulator: run scripts/fetch-rie.sh, or name one in TRIGGERFISH_RIE")
    if not HAS_AWSLAMBDARIC:
        pytest.skip("awslambdaric is not installed")
