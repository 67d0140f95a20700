"""The encryption of what a store keeps."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.cache_updates import ADA
from webidentity._protocol.effects import Call
from webidentity.cache import KeyRing, MemoryStore, Row, StoreUnavailableError, TokenCache
from webidentity.cache._document import TokenDocument
from webidentity.cache._sealed import SealedStore

SECRET = "an application's secret key"


def test_a_sealed_value_can_be_opened() -> None:
    """Any key ring with the same secret, as text or bytes, opens the value."""
    envelope = KeyRing(SECRET).seal("name", b"value")
    assert KeyRing(SECRET.encode()).open("name", envelope) == b"value"


def test_a_store_can_read_neither_name_nor_value() -> None:
    """A store and its backups contain neither names nor tokens in plain text."""
    keys = KeyRing(SECRET)
    envelope = keys.seal("user/ada", b"refresh-token")
    assert b"refresh" not in envelope
    assert "ada" not in keys.stored_keys(ADA.name)[0]
    assert keys.seal("user/ada", b"refresh-token") != envelope


def test_a_value_moved_to_another_name_does_not_open() -> None:
    """Write access to the store is not enough to give one user's tokens to another user."""
    keys = KeyRing(SECRET)
    envelope = keys.seal("ada", b"value")
    assert keys.open("grace", envelope) is None
    assert keys.open("ada", envelope) == b"value"


def test_every_flipped_bit_is_detected() -> None:
    """Version, key mark, nonce, ciphertext and tag are all protected."""
    keys = KeyRing(SECRET)
    envelope = keys.seal("name", b"value")
    for position in range(len(envelope)):
        for bit in (1, 128):
            damaged = bytearray(envelope)
            damaged[position] ^= bit
            assert keys.open("name", bytes(damaged)) is None


def test_every_truncation_is_detected() -> None:
    """An incompletely written value is ignored."""
    keys = KeyRing(SECRET)
    envelope = keys.seal("name", b"value")
    assert [keys.open("name", envelope[:length]) for length in range(len(envelope))] == [None] * len(envelope)


@given(st.binary(max_size=200))
def test_random_bytes_cannot_be_opened(junk: bytes) -> None:
    """Opening random bytes returns None and raises no error."""
    assert KeyRing(SECRET).open("name", junk) is None


def test_a_secret_can_be_rotated() -> None:
    """Values encrypted with an earlier secret can be read; new values need the new secret."""
    old, both, new = KeyRing("old"), KeyRing("new", ["old"]), KeyRing("new")
    assert both.open("name", old.seal("name", b"value")) == b"value"
    assert new.open("name", old.seal("name", b"value")) is None
    assert old.open("name", both.seal("name", b"value")) is None
    assert new.open("name", both.seal("name", b"value")) == b"value"
    assert both.stored_keys("name") == [*new.stored_keys("name"), *old.stored_keys("name")]


@pytest.mark.parametrize("secrets", [("", ()), (b"", ()), ("good", ("",))])
def test_an_empty_secret_is_rejected(secrets: tuple[str | bytes, tuple[str, ...]]) -> None:
    """An empty secret protects nothing."""
    with pytest.raises(ValueError, match="SECRET_KEY"):
        KeyRing(secrets[0], secrets[1])


def _add(document: TokenDocument) -> None:
    document.sessions["count"] = document.sessions.get("count", 0) + 1


def test_an_entry_moves_to_the_new_key_when_it_changes() -> None:
    """A rotation loses no entry, and leaves none under the old key."""
    store = MemoryStore()
    SealedStore(store, KeyRing("old")).change(ADA, _add, 10.0)
    rotated = SealedStore(store, KeyRing("new", ["old"]))
    before = rotated.read(ADA, None)
    assert before is not None
    assert before.document.sessions == {"count": 1}
    assert rotated.change(ADA, _add, 10.0).document.sessions == {"count": 2}
    assert SealedStore(store, KeyRing("old")).read(ADA, None) is None
    after = SealedStore(store, KeyRing("new")).read(ADA, None)
    assert after is not None
    assert after.document.sessions == {"count": 2}
    assert len(store._rows) == 1


@pytest.mark.parametrize(
    "value",
    [b"", b"junk", KeyRing("unknown").seal("whatever", b"{}"), KeyRing(SECRET).seal("moved", b"{}")],
    ids=["empty", "junk", "unknown key", "moved"],
)
def test_an_unreadable_entry_is_ignored_with_a_warning_without_secrets(
    value: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """The user signs in again, a warning tells the operator why, and the next change replaces the entry."""
    store, keys = MemoryStore(), KeyRing(SECRET)
    stored_key = keys.stored_keys(ADA.name)[0]
    store._rows[stored_key] = Row(value, 7, 10.0)
    sealed = SealedStore(store, keys)
    with caplog.at_level(logging.DEBUG):
        assert sealed.read(ADA, None) is None
    assert "SECRET_KEY" in caplog.text
    assert not [
        secret for secret in ("ada", SECRET, stored_key, repr(value)) if secret != "b''" and secret in caplog.text
    ]
    assert sealed.change(ADA, _add, 10.0).document.sessions == {"count": 1}
    assert sealed.read(ADA, None) is not None


def test_an_entry_of_an_unknown_version_is_ignored() -> None:
    """A later release may write a format that this one does not know."""
    store, keys = MemoryStore(), KeyRing(SECRET)
    stored_key = keys.stored_keys(ADA.name)[0]
    for content in (
        b'{"version": 99}',
        b"[]",
        b"",
        b'{"version": 1}',
        b'{"version":1,"tokens":[],"cae":{},"sessions":{}}',
    ):
        store._rows[stored_key] = Row(keys.seal(stored_key, content), 1, 10.0)
        assert SealedStore(store, keys).read(ADA, None) is None


def test_an_unchanged_entry_is_not_decoded_again() -> None:
    """The version shows that the store has not changed."""
    sealed = SealedStore(MemoryStore(), KeyRing(SECRET))
    cached = sealed.change(ADA, _add, 10.0)
    assert sealed.read(ADA, cached) is cached
    sealed.change(ADA, _add, 10.0)
    assert sealed.read(ADA, cached) is not cached


def test_a_document_without_a_heading_is_read() -> None:
    """Earlier releases wrote rows in this form, and their users stay signed in."""
    store, keys = MemoryStore(), KeyRing(SECRET)
    stored_key = keys.stored_keys(ADA.name)[0]
    document = TokenDocument.empty()
    _add(document)
    store._rows[stored_key] = Row(keys.seal(stored_key, document.encode()), 1, 10.0)
    found = SealedStore(store, keys).read(ADA, None)
    assert found is not None
    assert found.document.sessions == {"count": 1}


@pytest.mark.parametrize("heading", ["other 1", "row x", "row -1", "row", "copy ", " 1", "row \u00b2"])
def test_a_row_with_an_unknown_heading_is_ignored(heading: str) -> None:
    """A later release may write other states."""
    store, keys = MemoryStore(), KeyRing(SECRET)
    stored_key = keys.stored_keys(ADA.name)[0]
    content = heading.encode() + b"\n" + TokenDocument.empty().encode()
    store._rows[stored_key] = Row(keys.seal(stored_key, content), 1, 10.0)
    assert SealedStore(store, keys).read(ADA, None) is None


def test_a_store_that_never_saves_is_reported() -> None:
    """The caller is not told that a change was stored when it was not."""
    store = MemoryStore()
    store.save = lambda *_, **__: None
    with pytest.raises(StoreUnavailableError, match="compare-and-swap"):
        SealedStore(store, KeyRing(SECRET)).change(ADA, _add, 10.0)
    with pytest.raises(StoreUnavailableError, match="compare-and-swap"):
        SealedStore(store, KeyRing(SECRET)).claim("name", 10.0)


@pytest.mark.parametrize("blocking", [True, False])
def test_calls_block_if_those_of_the_store_do(blocking: bool) -> None:
    """An event loop makes blocking calls on a thread, so that a slow disk does not stop all requests."""
    store = MemoryStore()
    store.blocking = blocking
    cache = TokenCache(store, KeyRing(SECRET))
    for flow in (cache.load(ADA), cache.update(ADA, _add, expires_at=1.0, now=0.0)):
        effect = next(flow)
        assert isinstance(effect, Call)
        assert effect.blocking is blocking


def test_values_of_earlier_releases_can_be_opened() -> None:
    """Names and values stay in stores for months. A change of the format would sign all users out."""
    keys = KeyRing(SECRET)
    assert keys.stored_keys("name") == ["a2b44cd79544117446b2838d9a96eaa799f53a1799330a5490974bd251df21a0"]
    sealed = bytes.fromhex("011aa2beaae998c040c75cad462be97ae1ceb1d1446d41a567394242c6369ccd523255c45052")
    assert keys.open("name", sealed) == b"value"


def test_a_value_of_another_secret_is_recognized() -> None:
    """A warning can then say that the workers have different secret keys. Damage and text of others is not that."""
    keys, envelope = KeyRing("new", ["old"]), KeyRing("another").seal("name", b"")
    assert keys.is_of_another_secret(envelope)
    for known in ("new", "old"):
        assert not keys.is_of_another_secret(KeyRing(known).seal("name", b"value"))
    for other in (b"", b"\x01", envelope[:17], b"\x02" + envelope[1:], b"x" * 100):
        assert not keys.is_of_another_secret(other)
