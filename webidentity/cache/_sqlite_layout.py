"""The tables of an SQLite store, and how the file of an earlier version gets them."""

import sqlite3

#: The name of the index shows that a file has been set up.
_INDEX = "entries_expires_at"
#: A page of a table WITHOUT ROWID has few keys: reading and inserting a row of some kilobytes take three times as long.
_TABLE = """
CREATE TABLE IF NOT EXISTS entries (
    key TEXT PRIMARY KEY, version INTEGER NOT NULL, expires_at REAL NOT NULL, value BLOB NOT NULL
)
"""
#: The rows of a larger table are not copied, because others could not write for seconds.
_MOST_COPIED = 10_000


def lay_out(connection: sqlite3.Connection) -> None:
    """Create the table and the index. The rows of an earlier version are kept.

    Several processes may do this at once, and processes of the earlier version may use the file: the name and the
    columns of the table stay the same.
    """
    if _is_laid_out(connection):
        return
    with connection:  # commits, or rolls back
        connection.execute("BEGIN IMMEDIATE")
        # Another process may have done it in the meantime.
        if _is_laid_out(connection):
            return
        if _must_be_copied(connection):
            connection.execute("ALTER TABLE entries RENAME TO earlier_entries")
            connection.execute(_TABLE)
            connection.execute(
                "INSERT INTO entries (key, version, expires_at, value) "
                "SELECT key, version, expires_at, value FROM earlier_entries"
            )
            connection.execute("DROP TABLE earlier_entries")
        connection.execute(_TABLE)
        connection.execute(f"CREATE INDEX {_INDEX} ON entries (expires_at)")


def _is_laid_out(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (_INDEX,)).fetchone() is not None


def _must_be_copied(connection: sqlite3.Connection) -> bool:
    found = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'entries'").fetchone()
    if found is None or "WITHOUT ROWID" not in found[0]:
        return False
    rows = connection.execute("SELECT count(*) FROM (SELECT 1 FROM entries LIMIT ?)", (_MOST_COPIED + 1,)).fetchone()
    return bool(rows[0] <= _MOST_COPIED)
