"""What stands in the way of single files: it is noted, and the other files are written all the same."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from personae.errors import ForeignFileError, WriteError, reason_of

_OF_ONE_PLACE = frozenset(
    {errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.EINVAL, errno.ELOOP, errno.ENAMETOOLONG}
    | {errno.EACCES, errno.EPERM}
)
"""What the next file need not meet: a folder of this name, a pipe, no permission. A full disk is another matter."""


class Refusals:
    """Collects (file, why) in `failed`, once each."""

    def __init__(self) -> None:
        self.failed: list[tuple[Path, str]] = []

    def note(self, path: Path, why: str) -> None:
        """Note one file."""
        if (path, why) not in self.failed:
            self.failed.append((path, why))

    @contextmanager
    def noted(self, path: Path) -> Iterator[None]:
        """Inside, what cannot be written because of what is in its place is noted; `path`: where no error says which.

        Raises WriteError, OSError for what the next file would meet too.
        """
        try:
            yield
        except (ForeignFileError, WriteError) as error:
            if isinstance(error, WriteError) and not _is_of_one_place(error.__cause__):
                raise
            self.note(Path(error.path), str(error).removeprefix(f"{error.path}: "))
        except OSError as error:
            if not _is_of_one_place(error):
                raise
            self.note(Path(error.filename or path), f"{reason_of(error)}. It is left alone.")


def _is_of_one_place(error: BaseException | None) -> bool:
    return not isinstance(error, OSError) or error.errno in _OF_ONE_PLACE
