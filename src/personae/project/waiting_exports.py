"""Films that were exported for somebody elsewhere, and wait in the project to be fetched.

They lie in `cache/exports`, for the owner alone, and are in the ledger: whoever is forgotten is deleted with them. They
are not kept for good, for they can be made again.
"""

from __future__ import annotations

import time
from pathlib import Path

from personae.files import make_folder, shred, write_error
from personae.ledger import Ledger
from personae.paths import ProjectPaths
from personae.settings import Settings

_DAY_S = 24 * 3600.0


class WaitingExports:
    """The exports of one project that wait; each is named by the job that made it."""

    def __init__(self, paths: ProjectPaths, settings: Settings) -> None:
        self.folder = paths.cache / "exports"
        self._ledger: Ledger = paths.ledger
        self._settings = settings

    def place(self, job: str, suffix: str) -> Path:
        """Where the export of a job is to be written; raises WriteError."""
        try:
            make_folder(self.folder, private=True)
        except OSError as error:
            raise write_error(self.folder, error) from error
        return self.folder / f"{job}{suffix}"

    def find(self, job: str) -> Path | None:
        """The export of a job; None where it is not there any more."""
        return next((path for path in self._every() if path.stem == job), None)

    def trim(self) -> None:
        """Delete what has waited too long, and of too many the oldest. Raises WriteError."""
        kept_s, most = self._settings.exports_days * _DAY_S, self._settings.exports_kept
        every = sorted(((path.stat().st_mtime, path) for path in self._every()), reverse=True)
        now = time.time()
        for number, (made, path) in enumerate(every):
            if number >= most or now - made > kept_s:
                shred(path)
                self._ledger.drop([path])

    def _every(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        return [path for path in self.folder.iterdir() if path.is_file() and not path.name.startswith(".")]
