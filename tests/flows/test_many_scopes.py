"""The cost of one more scope does not grow with the number of scopes that are cached already."""

from typing import Any

from tests.kit.canned import Canned
from tests.kit.clock import Clock
from tests.kit.drivers import Driver
from tests.kit.replies import CLIENT, TENANT, token
from webidentity._protocol.token_reply import TokenReply
from webidentity.cache._document import TokenDocument
from webidentity.cache._partition import Partition

PARTITION = Partition.app(client_id=CLIENT, authority="https://a.test", tenant=TENANT, authentication="proof")
NOW = 1_800_000_000


class Counted(dict[str, Any]):
    """An entry that counts how often any entry is read."""

    looks = 0

    def __getitem__(self, name: str) -> Any:
        Counted.looks += 1
        return super().__getitem__(name)


def add(document: TokenDocument, scope: str, *, expires_on: int = NOW + 3600, now: int = NOW) -> None:
    document.add(
        PARTITION, scope.split(), TokenReply(f"for {scope}", expires_on, None, "Bearer", ()), cae=False, now=now
    )


def find(document: TokenDocument, *scopes: str, now: float = NOW) -> str | None:
    found = document.access_token(scopes, cae=False, now=now)
    return found.token if found else None


def test_adding_a_scope_does_not_read_the_other_entries() -> None:
    """The document adds an entry and finds expired ones without reading the other entries."""
    document = TokenDocument.empty()
    for number in range(300):
        assert find(document, f"scope-{number}") is None
        document = document.copy()
        add(document, f"scope-{number}")
    counted = {key: Counted(entry) for key, entry in document.sections["AccessToken"].items()}
    document = TokenDocument({"AccessToken": counted}, {}, {}).copy()
    Counted.looks = 0
    assert find(document, "new") is None
    add(document, "new")
    assert Counted.looks == 0
    assert find(document, "new") == "for new"
    assert find(document, "scope-7") == "for scope-7"


def test_copies_find_entries_added_after_copying() -> None:
    """The original does not contain the entries that were added to the copy."""
    original = TokenDocument.empty()
    assert find(original, "a") is None
    copied = original.copy()
    add(copied, "a b")
    assert (find(original, "a"), find(copied, "a"), find(copied, "b", "a")) == (None, "for a b", "for a b")
    assert find(copied, "a", "c") is None
    copied.forget_tokens()
    assert find(copied, "a") is None


def test_expired_entries_are_removed_in_time() -> None:
    """Expired entries are removed even if others live longer, and in a document that was read from a store."""
    document = TokenDocument.empty()
    add(document, "long", expires_on=NOW + 9000)
    add(document, "short", expires_on=NOW + 100)
    add(document, "other", now=NOW + 99)
    assert len(document.sections["AccessToken"]) == 3
    read = TokenDocument.decode(document.encode())
    assert read is not None
    for each in (document, read):
        add(each, "last", now=NOW + 100)
        targets = {entry["target"] for entry in each.sections["AccessToken"].values()}
        assert targets == {"long", "other", "last"}


def test_the_tokens_at_hand_are_limited(driver: Driver) -> None:
    """A service for many tenants does not grow without end. The others are still in the cache."""
    network = Canned(answer=lambda sent: token(f"for {sent.url.split('/')[3]}"))
    credential = driver.credential(
        "ClientSecretCredential", network, TENANT, CLIENT, "s3cret", policies=[], additionally_allowed_tenants=["*"]
    )
    tenants = [f"tenant-{number}" for number in range(1300)]
    for tenant in tenants:
        assert credential.get_token("scope", tenant_id=tenant).token == f"for {tenant}"
    assert len(credential.raw._token_source.tokens) <= 1000
    for tenant in (tenants[0], tenants[-1]):
        assert credential.get_token("scope", tenant_id=tenant).token == f"for {tenant}"
    assert len(network.sent) == len(tenants)


def test_a_thousand_scopes_are_served_from_memory(driver: Driver, clock: Clock) -> None:
    """Each scope has its own token, and a new one after all have expired."""
    network = Canned(answer=lambda sent: token(f"{sent.form['scope']} {len(network.sent) > 1000}"))
    credential = driver.credential("ClientSecretCredential", network, TENANT, CLIENT, "s3cret", policies=[])
    scopes = [f"api://{number}/.default" for number in range(1000)]
    for _ in range(2):
        assert [credential.get_token(scope).token for scope in scopes] == [f"{scope} False" for scope in scopes]
    assert len(network.sent) == 1000
    clock.advance(3601)
    assert credential.get_token(scopes[0]).token == f"{scopes[0]} True"
    assert len(credential.raw._token_source._grant.cache._partitions.popitem()[1].document.sections["AccessToken"]) == 1
