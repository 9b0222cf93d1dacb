"""The settings of functions that are deployed over the API: their limits, permissions and images."""

from pathlib import Path

import pytest

from app.settings import ImageSettings, RieFunction, SettingsError, loads


def test_without_a_word_nothing_is_enforced_and_no_image_runs() -> None:
    settings = loads("{}", {}, folder=Path())

    assert (settings.enforces_permissions, settings.images) == (False, ())
    assert settings.limits.function_transition_ms == settings.limits.provisioned_transition_ms == 0


def test_limits_and_permissions_are_read() -> None:
    text = """
        enforce_permissions: true
        limits: {function_transition: 2s, provisioned_transition: 1m, function_environments: 7}
        """

    settings = loads(text, {}, folder=Path())

    limits = settings.limits
    assert settings.enforces_permissions
    assert (limits.function_transition_ms, limits.provisioned_transition_ms) == (2_000, 60_000)
    assert limits.function_environments == 7


def test_an_image_has_an_endpoint_as_a_function_has() -> None:
    (image,) = loads('images: {"*/worker:*": {rie: http://localhost:9000}}', {}, folder=Path()).images

    assert isinstance(image, ImageSettings)
    assert isinstance(image.endpoint, RieFunction)
    assert (image.pattern, image.endpoint.urls) == ("*/worker:*", ("http://localhost:9000",))


def test_a_script_cannot_stand_for_an_image() -> None:
    with pytest.raises(SettingsError, match="an image needs an endpoint that runs it"):
        loads('images: {"*": {script: {succeed_after: 1s}}}', {}, folder=Path())
