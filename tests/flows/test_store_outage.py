"""A store that cannot be written: the tokens of a used grant are not lost, and no expired token is served."""

from tests.kit.canned import Canned
from tests.kit.clock import Clock
from tests.kit.drivers import Driver
from tests.kit.replies import CLIENT, TENANT, jwt_of, token, user_token
from webidentity.cache import KeyRing, MemoryStore, Row, StoreUnavailableError, TokenCache

REDIRECT = "https://app.test/callback"


class Flaky(MemoryStore):
    """A store whose writes fail while it is full."""

    is_full = False

    def save(self, key: str, value: bytes, *, expected: int | None, expires_at: float) -> int | None:
        if self.is_full:
            raise StoreUnavailableError("the disk is full")
        return super().save(key, value, expected=expected, expires_at=expires_at)

    @property
    def rows(self) -> dict[str, Row]:
        return self._rows


def test_a_redeemed_code_survives_a_full_disk(driver: Driver) -> None:
    """The caller gets its token, other scopes are served by the refresh token, and the store is updated later."""
    store = Flaky()
    network = Canned(user_token("first"), user_token("second"))
    credential = driver.credential(
        "AuthorizationCodeCredential",
        network,
        TENANT,
        CLIENT,
        "the-code",
        REDIRECT,
        token_cache=TokenCache(store, KeyRing("a secret")),
    )
    store.is_full = True
    assert credential.get_token("a").token == "first"
    assert not store.rows
    store.is_full = False
    assert credential.get_token("b").token == "second"
    assert [form["grant_type"] for form in network.forms] == ["authorization_code", "refresh_token"]
    assert len(store.rows) == 1


def test_on_behalf_of_tokens_end_with_the_assertion(driver: Driver, clock: Clock) -> None:
    """The assertion limits the user's permission, although the token itself would live longer."""
    assertion = jwt_of(exp=clock() + 600)
    network = Canned(token("first", expires_in=7000), token("second", expires_in=7000))
    cache = TokenCache()

    def ask() -> str:
        credential = driver.credential(
            "OnBehalfOfCredential",
            network,
            TENANT,
            CLIENT,
            client_secret="s3cret",
            user_assertion=assertion,
            token_cache=cache,
        )
        return str(credential.get_token("a").token)

    assert [ask(), ask()] == ["first", "first"]
    clock.advance(601)
    assert ask() == "second"
