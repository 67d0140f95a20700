"""A program in a new process, with the record and the persistent cache of an earlier run."""

from itertools import product
from typing import Any

import pytest

from tests.kit.one_run import run
from tests.kit.replies import TENANT
from tests.kit.shared_cache import Home

OURS, THEIRS = ("webidentity", "webidentity.aio"), "azure.identity"
PAIRS = [pair for pair in product((*OURS, THEIRS), repeat=2) if pair != (THEIRS, THEIRS)]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_the_next_run_acquires_tokens_silently(home: Home, first: str, second: str) -> None:
    """The next run uses the cache, then the refresh token, and never prompts; either library may write the cache."""
    signed_in = run(first)
    assert signed_in["grants"] == ["urn:ietf:params:oauth:grant-type:device_code"]
    later = run(second, record=signed_in["record"], waits=[0, 4000, 0])
    assert later["tokens"] == ["first", "renewed", "renewed"]
    assert later["asked"] == [0, 1, 1]
    assert later["grants"] == ["refresh_token"]


@pytest.mark.parametrize(("first", "second"), [OURS, OURS[::-1]])
def test_the_refresh_token_serves_cae_and_other_requests(home: Home, first: str, second: str) -> None:
    """It is one account."""
    signed_in = run(first, cae=True)
    assert not home.file().exists()
    assert run(second, record=signed_in["record"], cae=True, waits=[0])["grants"] == []
    assert run(second, record=signed_in["record"], waits=[0])["grants"] == ["refresh_token"]
    assert run(second, record=signed_in["record"], waits=[0])["grants"] == []


def test_a_record_of_another_account_finds_no_token(home: Home) -> None:
    """The user would have to be prompted, which that program does not allow."""
    record: Any = run("webidentity")["record"]
    with pytest.raises(AssertionError, match="AuthenticationRequiredError"):
        run("webidentity", record=record.replace(f"ada.{TENANT}", f"eve.{TENANT}"), waits=[0])
