"""Messages of several sentences."""

import pytest

from tests.kit.wording import is_wrong
from webidentity._protocol.advice import sentences


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (["One.", "Two."], "One. Two."),
        (["One", "Two"], "One. Two"),
        (["One. ", None, "", " ", "Two"], "One. Two"),
        (["One..", "Two. "], "One. Two."),
        (["One."], "One."),
        ([], ""),
    ],
)
def test_parts_are_joined_with_one_full_stop(parts: list[str | None], message: str) -> None:
    """Whether or not they end with one."""
    assert sentences(*parts) == message
    assert not is_wrong(message)


@pytest.mark.parametrize("text", ["One. ", "One..", "One.. Two", "One. .", "One\n"])
def test_the_check_finds_messages_that_were_put_together_without_care(text: str) -> None:
    """It runs during all tests."""
    assert is_wrong(text)


@pytest.mark.parametrize("text", ["One.", "manage.py ...", "a/../b", "webidentity tenant ... --port"])
def test_the_check_accepts_other_dots(text: str) -> None:
    """Ellipses and paths."""
    assert not is_wrong(text)
