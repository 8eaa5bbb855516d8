"""Who may do what: roles, and keys that are kept as digests.

A key is 256 random bits, so a fast digest keeps it as safe as a slow one would: there is nothing to guess.
"""

from __future__ import annotations

import os
import re
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, get_args
from uuid import uuid4

from personae.database import connect, sqlite_errors
from personae.errors import InputError
from personae.ledger import KIND, LEDGER_FILE

Role = Literal["viewer", "editor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""Each may do what those before it may."""
PREFIX = "personae_"
_NAME = re.compile(r"[\w.@ -]{1,64}")


@dataclass(frozen=True)
class Caller:
    """Who asks, by which key. `name` is written beside what they decide; `key`: its id, "" for the token."""

    name: str
    role: Role
    key: str = ""

    def may(self, role: Role) -> bool:
        """Whether they may do what `role` may."""
        return ROLES.index(self.role) >= ROLES.index(role)


@dataclass(frozen=True)
class Key:
    """A key as it is listed: never what it says. `ends`: the first day on which it does not count, or None."""

    id: str
    name: str
    role: Role
    made: str
    ends: str | None
    is_revoked: bool

    @property
    def counts(self) -> bool:
        """Whether it still opens anything."""
        return not self.is_revoked and (self.ends is None or _today() < self.ends)


class Keys:
    """The keys of one project. Every method may raise a StoreError."""

    def __init__(self, project: Path) -> None:
        self.path = project / LEDGER_FILE
        self._lock = threading.Lock()
        self._reader: tuple[int, sqlite3.Connection] | None = None

    def add(self, name: str, role: Role, ends: str | None = None) -> str:
        """Make a key for somebody; what it says is given here and never again. Raises InputError for a taken name."""
        if not _NAME.fullmatch(name):
            raise InputError(f"{name!r} is no name for a key: up to 64 letters, digits, spaces and . @ _ - .")
        if role not in ROLES:
            raise InputError(f"{role!r} is no role. There are: {', '.join(ROLES)}.")
        if ends is not None:
            try:
                ends = datetime.strptime(ends, "%Y-%m-%d").date().isoformat()
            except ValueError:
                raise InputError(f"{ends!r} is no day. Give it as 2027-01-31.") from None
        secret = PREFIX + secrets.token_urlsafe(32)
        row = (uuid4().hex[:12], name, role, digest_of(secret), _today(), ends, 0)
        with self._connected() as connection:
            if connection.execute("SELECT 1 FROM keys WHERE name = ?", (name,)).fetchone():
                raise InputError(f"There is a key for {name} already. Revoke it first, or choose another name.")
            connection.execute("INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        return secret

    def list(self) -> list[Key]:
        """Every key by name, those that no longer count too."""
        if not self.path.exists():
            return []
        with self._connected() as connection:
            rows = connection.execute(
                "SELECT id, name, role, made, ends, is_revoked FROM keys ORDER BY name"
            ).fetchall()
        return [_key(row) for row in rows]

    def revoke(self, name: str) -> None:
        """A key counts no longer, at once; its name can be given again. Raises InputError where there is none."""
        with self._connected() as connection:
            if not connection.execute("DELETE FROM keys WHERE name = ?", (name,)).rowcount:
                raise InputError(f"There is no key for {name}.")

    def caller(self, secret: str) -> Caller | None:
        """Who a key is of; None for one that does not count.

        Looked up by its digest: how long that takes says nothing of the key.
        """
        found = self._read("sha256", digest_of(secret))
        return None if found is None else found[0]

    def of_id(self, id: str) -> tuple[Caller, str] | None:
        """Whom the key with this id is of, and its digest; None where it does not count (any more)."""
        return self._read("id", id)

    def close(self) -> None:
        """Let the connection go that looks keys up."""
        with self._lock:
            if self._reader is not None:
                self._reader[1].close()
            self._reader = None

    def _read(self, column: str, value: str) -> tuple[Caller, str] | None:
        """Look a key up, in a connection that stays open: before every request, and seen at once what others change."""
        with self._lock, sqlite_errors(self.path, KIND):
            try:
                file = os.stat(self.path).st_ino  # noqa: PTH116 - before every request
            except FileNotFoundError:
                return None
            if self._reader is None or self._reader[0] != file:
                if self._reader is not None:
                    self._reader[1].close()
                self._reader = file, connect(self.path, KIND)
            rows = (
                self._reader[1]
                .execute(
                    f"SELECT id, name, role, made, ends, is_revoked, sha256 FROM keys WHERE {column} = ?", (value,)
                )
                .fetchall()
            )
        if not rows:
            return None
        key = _key(rows[0][:6])
        return (Caller(key.name, key.role, key.id), rows[0][6]) if key.counts else None

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with closing(connect(self.path, KIND)) as connection, sqlite_errors(self.path, KIND):
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")


def _key(row: tuple[Any, ...]) -> Key:
    id, name, role, made, ends, is_revoked = row
    return Key(id, name, role, made, ends, bool(is_revoked))


def digest_of(secret: str) -> str:
    """SHA-256 of what a key says, as it is kept."""
    return sha256(secret.encode()).hexdigest()


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
