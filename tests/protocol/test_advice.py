"""Advice that is added to messages."""

import pytest

from tests.kit.wording import is_wrong
from webidentity._protocol.advice import add_advice, advice_for


@pytest.mark.parametrize("message", ["It failed", "It failed.", "It failed. ", "It failed..", "\nIt failed . "])
def test_advice_follows_one_full_stop(message: str) -> None:
    """Whether or not the message ends with one."""
    found = add_advice(message, (5, 65001, 50173))
    assert found == f"It failed. {advice_for((65001,))}"
    assert not is_wrong(found)


@pytest.mark.parametrize("message", ["It failed", " It failed\n"])
@pytest.mark.parametrize("codes", [(), (5,)])
def test_a_message_without_advice_is_itself(message: str, codes: tuple[int, ...]) -> None:
    """White space is removed from its ends."""
    assert add_advice(message, codes) == "It failed"


@pytest.mark.parametrize("text", ["One. ", "One..", "One.. Two", "One. .", "One\n"])
def test_the_check_finds_messages_that_were_put_together_without_care(text: str) -> None:
    """It runs during all tests."""
    assert is_wrong(text)


@pytest.mark.parametrize("text", ["One.", "manage.py ...", "a/../b", "webidentity tenant ... --port"])
def test_the_check_accepts_other_dots(text: str) -> None:
    """Ellipses and paths."""
    assert not is_wrong(text)
