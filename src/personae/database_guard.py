"""A database may come from a stranger: what SQLite itself advises then (sqlite.org/security.html).

A database can carry SQL of its own: a trigger that deletes every photo when one is renamed, a view in place of a table
that never ends. So nothing but the tables that the migrations make may be in it, and SQLite trusts no part of it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from personae.errors import DamagedFileError

PRAGMAS = ("trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0")
_LIMITS = {
    "SQLITE_LIMIT_LENGTH": 256 << 20,  # of one value: the log of an edit of a very large cast
    "SQLITE_LIMIT_SQL_LENGTH": 100_000,
    "SQLITE_LIMIT_COLUMN": 100,
    "SQLITE_LIMIT_EXPR_DEPTH": 100,
    "SQLITE_LIMIT_COMPOUND_SELECT": 3,
    "SQLITE_LIMIT_VDBE_OP": 25_000,
    "SQLITE_LIMIT_FUNCTION_ARG": 8,
    "SQLITE_LIMIT_ATTACHED": 1,
    "SQLITE_LIMIT_LIKE_PATTERN_LENGTH": 50,
    "SQLITE_LIMIT_VARIABLE_NUMBER": 100,
    "SQLITE_LIMIT_TRIGGER_DEPTH": 10,
}
_SETTINGS = {
    "SQLITE_DBCONFIG_DEFENSIVE": True,
    "SQLITE_DBCONFIG_TRUSTED_SCHEMA": False,
    "SQLITE_DBCONFIG_ENABLE_TRIGGER": False,
    "SQLITE_DBCONFIG_ENABLE_VIEW": False,
}
_MOST_ENTRIES = 100
Entry = tuple[str, str, str, str]
"""Kind, name, table and SQL of one entry in a schema; white space in the SQL made alike."""


def distrust(connection: sqlite3.Connection) -> None:
    """Set up a connection just made, so that nothing in the file can act."""
    for name, value in _LIMITS.items():
        connection.setlimit(getattr(sqlite3, name), value)
    configure = getattr(connection, "setconfig", None)  # from Python 3.12 on
    if configure is not None:
        for name, switched_on in _SETTINGS.items():
            configure(getattr(sqlite3, name), switched_on)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def check_schema(connection: sqlite3.Connection, path: Path, migrations: Sequence[str]) -> None:
    """Raise DamagedFileError unless exactly that is in the schema which `migrations` make."""
    found, wanted = _entries(connection), _made_by(tuple(migrations))
    if found == wanted:
        return
    # Foreign views and triggers first: they are why this is checked.
    (kind, name, _, _), *_ = sorted(found - wanted, reverse=True) or sorted(wanted - found, reverse=True)
    what = "is not one that Personae makes" if found - wanted else "is missing"
    raise DamagedFileError(
        path,
        f"the {kind} {name!a} of this database {what}: somebody has changed the file, and nothing in it is used. "
        "Restore it from a backup, or move it away and train again.",
    )


def _entries(connection: sqlite3.Connection) -> frozenset[Entry]:
    rows = connection.execute(f"SELECT type, name, tbl_name, sql FROM sqlite_schema LIMIT {_MOST_ENTRIES}")
    return frozenset((str(kind), str(name), str(table), " ".join(str(sql).split())) for kind, name, table, sql in rows)


@lru_cache(maxsize=8)
def _made_by(migrations: tuple[str, ...]) -> frozenset[Entry]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for script in migrations:
            connection.executescript(script)
        return _entries(connection)
    finally:
        connection.close()
