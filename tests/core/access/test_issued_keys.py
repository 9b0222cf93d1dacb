"""Access keys that have their account in them."""

import pytest

from app.core.access.issued_keys import account_of_issued_key, issued_key


@pytest.mark.parametrize("account", ["000000000000", "000000000001", "111122223333", "999999999999"])
def test_an_issued_key_is_as_long_as_awss_and_tells_its_account(account: str) -> None:
    key = issued_key("AKIA", account, "A2Z7")

    assert len(key) == 20
    assert key.startswith("AKIA")
    assert account_of_issued_key(key) == account


@pytest.mark.parametrize("key", ["", "test", "AKIAIOSFODNN7EXAMPLE", "AKIA" + "A" * 16, "111122223333"])
def test_a_key_of_somebody_elses_tells_nothing(key: str) -> None:
    assert account_of_issued_key(key) is None


def test_a_letter_changed_makes_it_somebody_elses() -> None:
    key = issued_key("ASIA", "111122223333", "AAAA")

    assert account_of_issued_key(f"{key[:14]}{'B' if key[14] == 'A' else 'A'}{key[15:]}") is None
