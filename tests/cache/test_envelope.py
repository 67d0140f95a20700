"""The encryption envelope: what a store sees, and what it cannot do with it."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.cache_updates import ADA
from webidentity.cache import KeyRing, MemoryStore, Row
from webidentity.cache._document import TokenDocument
from webidentity.cache._sealed import SealedStore

SECRET = "an application's secret key"


def test_what_is_sealed_can_be_opened() -> None:
    """By any ring of the same secret, text or bytes."""
    envelope = KeyRing(SECRET).seal("name", b"value")
    assert KeyRing(SECRET.encode()).open("name", envelope) == b"value"


def test_neither_name_nor_value_can_be_read_from_outside() -> None:
    """A store, its backups and whoever reads them see noise."""
    keys = KeyRing(SECRET)
    envelope = keys.seal("user/ada", b"refresh-token")
    assert b"refresh" not in envelope
    assert "ada" not in keys.stored_keys(ADA.name)[0]
    assert keys.seal("user/ada", b"refresh-token") != envelope


def test_a_value_moved_to_another_name_does_not_open() -> None:
    """Whoever can write to the store cannot give one user's tokens to another."""
    keys = KeyRing(SECRET)
    envelope = keys.seal("ada", b"value")
    assert keys.open("grace", envelope) is None
    assert keys.open("ada", envelope) == b"value"


def test_a_flipped_bit_anywhere_is_noticed() -> None:
    """Version, key mark, nonce, ciphertext and tag are all protected."""
    keys = KeyRing(SECRET)
    envelope = keys.seal("name", b"value")
    for position in range(len(envelope)):
        for bit in (1, 128):
            damaged = bytearray(envelope)
            damaged[position] ^= bit
            assert keys.open("name", bytes(damaged)) is None


def test_every_truncation_is_noticed() -> None:
    """A half-written value is a miss."""
    keys = KeyRing(SECRET)
    envelope = keys.seal("name", b"value")
    assert [keys.open("name", envelope[:length]) for length in range(len(envelope))] == [None] * len(envelope)


@given(st.binary(max_size=200))
def test_junk_never_opens(junk: bytes) -> None:
    """And never raises."""
    assert KeyRing(SECRET).open("name", junk) is None


def test_keys_rotate() -> None:
    """What the earlier secret sealed is read, what is sealed now needs the new one."""
    old, both, new = KeyRing("old"), KeyRing("new", ["old"]), KeyRing("new")
    assert both.open("name", old.seal("name", b"value")) == b"value"
    assert new.open("name", old.seal("name", b"value")) is None
    assert old.open("name", both.seal("name", b"value")) is None
    assert new.open("name", both.seal("name", b"value")) == b"value"
    assert both.stored_keys("name") == [*new.stored_keys("name"), *old.stored_keys("name")]


@pytest.mark.parametrize("secrets", [("", ()), (b"", ()), ("good", ("",))])
def test_an_empty_secret_is_refused(secrets: tuple[str | bytes, tuple[str, ...]]) -> None:
    """It would protect nothing."""
    with pytest.raises(ValueError, match="SECRET_KEY"):
        KeyRing(secrets[0], secrets[1])


def _add(document: TokenDocument) -> None:
    document.sessions["count"] = document.sessions.get("count", 0) + 1


def test_an_entry_moves_to_the_new_key_when_it_changes() -> None:
    """After a rotation nothing is lost and nothing stays under the old key."""
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
def test_an_unreadable_entry_is_a_miss_with_a_warning_that_leaks_nothing(
    value: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """The user signs in again; the operator learns why; the entry is replaced at the next change."""
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


def test_an_entry_of_an_unknown_version_is_a_miss() -> None:
    """A later release may write what this one cannot read."""
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
    """The version says that what this process holds is what the store has."""
    sealed = SealedStore(MemoryStore(), KeyRing(SECRET))
    held = sealed.change(ADA, _add, 10.0)
    assert sealed.read(ADA, held) is held
    sealed.change(ADA, _add, 10.0)
    assert sealed.read(ADA, held) is not held
