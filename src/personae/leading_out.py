"""Links that lead out of the folders that somebody may have read: for work asked for by who may not read the rest.

The rule is about files in these folders, by the way they are written. Files elsewhere (the project's own, networks) are
no business of it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from personae.errors import InputError

NO_FILM = "There is no such film below the folders of this server."


@dataclass(frozen=True)
class _Limits:
    folders: tuple[Path, ...]
    without: tuple[Path, ...]

    def let_out(self, path: Path, real: Path) -> bool:
        if _is_in(path, self.without) or not _is_in(path, self.folders):
            return False
        return _is_in(real, self.without) or not _is_in(real, self.folders)


_LIMITS: ContextVar[_Limits | None] = ContextVar("limits", default=None)


@contextmanager
def staying_in(folders: Sequence[str] | None, *, without: Path) -> Iterator[None]:
    """While the block runs nothing is read by a link that leads out of `folders`, nor into `without`; None: no limit.

    `folders`: real paths. It holds in this thread, and in those that are given its context.
    """
    real = Path(os.path.realpath(without))
    limits = None if folders is None else _Limits(tuple(map(Path, folders)), (real,))
    token = _LIMITS.set(limits)
    try:
        yield
    finally:
        _LIMITS.reset(token)


def leads_out(path: str | Path, real: str | Path | None = None) -> bool:
    """Whether a path leads out by a link; such a one is not there. `real`: what it was found to lead to."""
    limits = _LIMITS.get()
    if limits is None:
        return False
    try:
        return limits.let_out(_plain(path), Path(os.path.realpath(path) if real is None else real))
    except ValueError:  # a NUL character: reading it says so
        return False


def check_opened(path: Path, opened: os.stat_result) -> None:
    """Raise FileNotFoundError where the file that was `opened` as `path` is none in the folders."""
    if _LIMITS.get() is None:
        return
    real = os.path.realpath(path)
    if leads_out(path, real) or not os.path.samestat(os.stat(real), opened):  # noqa: PTH116 - as the line above
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))


def check_film(path: str | Path) -> None:
    """Raise InputError for a film that leads out."""
    if leads_out(path):
        raise InputError(NO_FILM)


def _is_in(path: Path, folders: tuple[Path, ...]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _plain(path: str | Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - links are not followed
