"""Updates of one SQLite file by several processes. Importable by a new process."""

from webidentity.cache import KeyRing, SQLiteStore
from webidentity.cache._document import TokenDocument
from webidentity.cache._partition import Partition
from webidentity.cache._sealed import SealedStore

#: The partition of a user.
ADA = Partition.user(client_id="client", authority="https://a.test", tenant="tenant", home_account_id="ada")


def add_entries(path: str, process: int, count: int, secrets: tuple[str, ...] = ("secret",)) -> None:
    """Add entries to one partition with one change each.

    :param secrets: the current secret and earlier ones.
    """
    store = SQLiteStore(path)
    sealed = SealedStore(store, KeyRing(secrets[0], secrets[1:]))
    for number in range(count):

        def change(document: TokenDocument, name: str = f"{process}-{number}") -> None:
            document.sessions[name] = True

        sealed.change(ADA, change, 10.0)
    store.close()


def claim_names(path: str, count: int) -> int:
    """Claim each name and return how many claims succeeded."""
    store = SQLiteStore(path)
    sealed = SealedStore(store, KeyRing("secret"))
    claimed = sum(sealed.claim(f"name-{number}", 10.0) for number in range(count))
    store.close()
    return claimed
