"""Workers with different orders of the secrets, as there are while SECRET_KEY is being changed."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.kit.cache_updates import ADA, add_entries
from webidentity.cache import KeyRing, MemoryStore, Row, SQLiteStore, Store, StoreUnavailableError
from webidentity.cache._document import TokenDocument
from webidentity.cache._sealed import SealedStore


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    made: Store = MemoryStore() if request.param == "memory" else SQLiteStore(tmp_path / "tokens.sqlite3")
    yield made
    made.close()


def workers(store: Store) -> tuple[SealedStore, SealedStore]:
    """Two workers that know both secrets, in different orders."""
    return SealedStore(store, KeyRing("new", ["old"])), SealedStore(store, KeyRing("old", ["new"]))


def add(sealed: SealedStore, name: str) -> None:
    def change(document: TokenDocument) -> None:
        document.sessions[name] = True

    sealed.change(ADA, change, 10.0)


def names(sealed: SealedStore) -> set[str]:
    cached = sealed.read(ADA, None)
    return set(cached.document.sessions) if cached else set()


def test_threads_with_both_orders_of_the_secrets_lose_no_change(store: Store) -> None:
    """From the first change on, which creates the row."""
    both = workers(store)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: add(both[number % 2], str(number)), range(160)))
    expected = {str(number) for number in range(160)}
    assert [names(sealed) for sealed in both] == [expected, expected]


def test_processes_with_both_orders_of_the_secrets_lose_no_change(tmp_path: Path) -> None:
    """Each adds its entries to one partition of a new file."""
    path = tmp_path / "tokens.sqlite3"
    orders = [("new", "old"), ("old", "new")] * 2
    context = multiprocessing.get_context("spawn")
    with context.Pool(4) as pool:
        pool.starmap(
            add_entries, [(str(path), number, 40, secrets) for number, secrets in enumerate(orders)], chunksize=1
        )
        pool.close()
        pool.join()
    store = SQLiteStore(path)
    expected = {f"{process}-{count}" for process in range(4) for count in range(40)}
    assert [names(sealed) for sealed in workers(store)] == [expected, expected]
    store.close()


def test_a_change_between_copying_and_deleting_the_earlier_row_survives(store: Store) -> None:
    """The worker that moves the row deletes it only if it still has what was copied."""
    new, old = workers(store)
    add(old, "first")
    delete, save = store.delete, store.save
    moves: list[str] = []

    def delete_after_a_change(key: str, *, expected: int | None = None) -> None:
        moves.append(key)
        if len(moves) == 1:
            add(old, "in between")
        delete(key, expected=expected)

    store.delete = delete_after_a_change
    add(new, "second")
    assert moves
    store.delete, store.save = delete, save
    assert names(new) == names(old) == {"first", "second", "in between"}
    add(new, "third")
    assert names(new) == names(old) == {"first", "second", "in between", "third"}


def test_the_earlier_secret_is_not_needed_after_a_change(store: Store) -> None:
    """One row is left, with the current secret's name and encryption."""
    add(SealedStore(store, KeyRing("old")), "first")
    add(SealedStore(store, KeyRing("new", ["old"])), "second")
    assert names(SealedStore(store, KeyRing("new"))) == {"first", "second"}
    assert [store.load(key) for key in KeyRing("old").stored_keys(ADA.name)] == [None]


def test_a_partition_that_is_created_with_two_secrets_has_one_row(store: Store) -> None:
    """With the current secret only: the secrets' order does not matter."""
    for sealed in workers(store):
        add(sealed, "entry")
        found = [store.load(key) is not None for key in sealed.keys.stored_keys(ADA.name)]
        assert found == [True, False]


@pytest.mark.parametrize("failing", ["save", "delete"])
def test_a_store_that_fails_while_a_row_is_moved_has_the_change(store: Store, failing: str) -> None:
    """The change was written before the move, so the caller is not told that it failed."""
    new, old = workers(store)
    add(old, "first")
    works, calls = getattr(store, failing), []

    def fail(*arguments: object, **options: object) -> object:
        calls.append(arguments)
        if failing == "save" and len(calls) == 1:
            return works(*arguments, **options)
        raise StoreUnavailableError("the disk is full")

    setattr(store, failing, fail)
    add(new, "second")
    setattr(store, failing, works)
    assert len(calls) == (2 if failing == "save" else 1)
    assert names(new) == names(old) == {"first", "second"}


def test_a_name_is_claimed_once_with_both_orders_of_the_secrets(store: Store) -> None:
    """Also with a worker that knows the earlier secret only."""
    claimants = (*workers(store), SealedStore(store, KeyRing("old")))
    calls = [(claimant, name) for name in map(str, range(20)) for claimant in claimants * 2]
    with ThreadPoolExecutor(6) as pool:
        claimed = list(pool.map(lambda call: call[1] if call[0].claim(call[1], 10.0) else None, calls))
    assert sorted(filter(None, claimed)) == sorted(map(str, range(20)))


def test_a_worker_that_found_no_row_changes_the_row_that_another_created(store: Store) -> None:
    """Both start with an empty store. The other one completes its change, and the move of the row, in between."""
    smallest = min(KeyRing("new", ["old"]).stored_keys(ADA.name))
    slow, fast = workers(store)
    if fast.keys.stored_keys(ADA.name)[0] == smallest:
        slow, fast = fast, slow
    save, saves = store.save, list[str]()

    def save_later(key: str, value: bytes, *, expected: int | None, expires_at: float) -> int | None:
        saves.append(key)
        if len(saves) == 1:
            add(fast, "fast")
        return save(key, value, expected=expected, expires_at=expires_at)

    store.save = save_later
    slow.change(ADA, lambda document: document.sessions.update({"slow": True}), 20.0)
    assert saves[0] == smallest
    assert names(slow) == names(fast) == {"slow", "fast"}


@pytest.fixture
def half_moved(store: Store) -> tuple[SealedStore, SealedStore]:
    """Two workers, after a move that ended between the copy and the removal of the original."""
    new, old = workers(store)
    add(old, "first")
    delete = store.delete

    def fail(key: str, *, expected: int | None = None) -> None:
        raise StoreUnavailableError("the disk is full")

    store.delete = fail
    add(new, "second")
    store.delete = delete
    assert all(store.load(key) for key in new.keys.stored_keys(ADA.name))
    return new, old


def test_the_original_counts_while_it_exists(store: Store, half_moved: tuple[SealedStore, SealedStore]) -> None:
    """A worker with the other order changes it, so the copy may be out of date."""
    new, old = half_moved
    delete = store.delete
    store.delete = lambda key, *, expected=None: None
    add(old, "third")
    assert names(new) == names(old) == {"first", "second", "third"}
    store.delete = delete
    add(new, "fourth")
    assert names(new) == names(old) == {"first", "second", "third", "fourth"}


def test_workers_change_the_original_and_not_the_copy(half_moved: tuple[SealedStore, SealedStore]) -> None:
    """A change of the copy would not notice that the original changes at the same time."""
    new, old = half_moved
    tries: list[int] = []

    def change(document: TokenDocument) -> None:
        tries.append(1)
        if len(tries) == 1:
            add(old, "meanwhile")
        document.sessions["third"] = True

    new.change(ADA, change, 10.0)
    assert names(new) == names(old) == {"first", "second", "third", "meanwhile"}


def test_the_original_stays_if_the_copy_could_not_be_written(store: Store) -> None:
    """Another worker may have written the row of the current secret in the meantime."""
    new, old = workers(store)
    add(old, "first")
    save = store.save

    def lose(key: str, value: bytes, *, expected: int | None, expires_at: float) -> int | None:
        if key == new.keys.stored_keys(ADA.name)[0]:
            return None
        return save(key, value, expected=expected, expires_at=expires_at)

    store.save = lose
    add(new, "second")
    store.save = save
    assert names(new) == names(old) == {"first", "second"}


@pytest.mark.parametrize("content", [None, b"", b'row 99\n{"version":99}'], ids=["no seal", "empty", "unknown version"])
@pytest.mark.parametrize("secret", ["new", "old"])
def test_a_damaged_row_does_not_hide_a_good_one(store: Store, secret: str, content: bytes | None) -> None:
    """Whichever secret's name it has. The next change removes it."""
    both, good = SealedStore(store, KeyRing("new", ["old"])), "old" if secret == "new" else "new"
    add(SealedStore(store, KeyRing(good)), "first")
    keys = KeyRing(secret)
    [stored_key] = keys.stored_keys(ADA.name)
    damaged = b"damaged" if content is None else keys.seal(stored_key, content)
    store.save(stored_key, damaged, expected=None, expires_at=99.0)
    assert names(both) == {"first"}
    add(both, "second")
    assert names(both) == {"first", "second"}
    assert [store.load(key) is not None for key in both.keys.stored_keys(ADA.name)] == [True, False]


def test_a_copy_that_is_damaged_in_the_meantime_is_ignored() -> None:
    """The partition then does not exist any more."""
    store = MemoryStore()
    sealed = SealedStore(store, KeyRing("new", ["old"]))
    add(SealedStore(store, KeyRing("old")), "first")
    add(sealed, "second")
    load, loads = store.load, list[str]()

    def load_damaged(key: str) -> Row | None:
        loads.append(key)
        row = load(key)
        return row._replace(value=b"damaged", version=99) if row and len(loads) > 2 else row

    store.load = load_damaged
    assert sealed.read(ADA, None) is None
    assert len(loads) > 2


def test_a_row_that_is_moved_while_it_is_read_is_found(store: Store) -> None:
    """It moves to a name at which the reader has just found nothing. The user must not have to sign in again."""
    add(SealedStore(store, KeyRing("old")), "first")
    reader, mover = (SealedStore(store, KeyRing("new", ["old"])) for _ in range(2))
    load, loads = store.load, list[str]()

    def load_before_the_move(key: str) -> Row | None:
        row = load(key)
        loads.append(key)
        if len(loads) == 1:
            add(mover, "second")
        return row

    store.load = load_before_the_move
    assert names(reader) == {"first", "second"}


def interrupted(store: Store, *actions: Callable[[], object]) -> None:
    """Make other workers act after the first calls of load: one action after each. Their own calls do not count."""
    load, waiting, acting = store.load, list(actions), list[bool]()

    def load_and_act(key: str) -> Row | None:
        row = load(key)
        if waiting and not acting:
            acting.append(True)
            waiting.pop(0)()
            acting.clear()
        return row

    store.load = load_and_act


def test_a_copy_whose_original_was_created_later_is_not_changed(store: Store) -> None:
    """While a worker reads the rows, others move the row twice, and change the original after it was copied."""
    add(SealedStore(store, KeyRing("old")), "first")
    reader, (new, old) = SealedStore(store, KeyRing("new", ["old"])), workers(store)
    delete = store.delete

    def meanwhile() -> None:
        add(new, "second")
        store.delete = lambda key, *, expected=None: None
        add(old, "third")
        add(new, "fourth")
        store.delete = delete

    interrupted(store, meanwhile)
    add(reader, "fifth")
    assert names(reader) == names(old) == {"first", "second", "third", "fourth", "fifth"}


def test_rows_that_are_gone_are_not_considered_again(store: Store) -> None:
    """The row moves to the earlier secret while it is read, and back before it is read again."""
    add(SealedStore(store, KeyRing("old")), "first")
    reader, (new, old) = SealedStore(store, KeyRing("new", ["old"])), workers(store)

    def there() -> None:
        add(new, "second")
        add(old, "third")

    interrupted(store, there, lambda: add(new, "fourth"))
    add(reader, "fifth")
    assert names(reader) == names(old) == {"first", "second", "third", "fourth", "fifth"}
