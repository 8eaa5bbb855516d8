"""The project folder: where a cast's gallery, model and films live. Nothing else is ever written to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from personae.files import make_tree_private, project_lock
from personae.ledger import Ledger
from personae.settings import SETTINGS_FILE

DEFAULT_FOLDER = "personae"
ENVIRONMENT = "PERSONAE_PROJECT"
FORGETTING_FILE = "forgetting.personae"
MODEL_FILE = "face_recognition_model.personae"


@dataclass(frozen=True)
class ProjectPaths:
    """Paths inside one project folder; making one touches nothing on disk."""

    folder: Path

    @classmethod
    def at(cls, folder: str | Path | None = None) -> ProjectPaths:
        """The project in `folder`, else in `PERSONAE_PROJECT`, else in ./personae."""
        return cls(Path(folder or os.environ.get(ENVIRONMENT) or DEFAULT_FOLDER))

    @property
    def gallery(self) -> Path:
        """The database of enrolled faces."""
        return self.folder / "gallery.sqlite"

    @property
    def databases(self) -> tuple[Path, ...]:
        """What SQLite has open, in any thread: nobody else may open these files (see `database.image_of`)."""
        return self.gallery, self.ledger.path

    @property
    def fresh_gallery(self) -> Path:
        """Where a gallery grows that shall replace the other when it is complete."""
        return self.cache / "gallery-fresh.sqlite"

    @property
    def settings(self) -> Path:
        """The project's own settings."""
        return self.folder / SETTINGS_FILE

    @property
    def calibration(self) -> Path:
        """How often strangers really get a name, where that was measured."""
        return self.folder / "calibration.json"

    @property
    def cache(self) -> Path:
        """Files that can be made again."""
        return self.folder / "cache"

    @property
    def films(self) -> Path:
        """A folder per film."""
        return self.folder / "films"

    @property
    def photos(self) -> Path:
        """A folder per set of photos that are kept."""
        return self.folder / "photos"

    @classmethod
    def forgetting_above(cls, path: str | Path) -> ProjectPaths | None:
        """The project that a file of a film lies in, where a forgetting is not complete there."""
        above = (cls(folder) for folder in list(Path(path).absolute().parents)[:3])
        return next((project for project in above if project.is_forgetting), None)

    @classmethod
    def of_film(cls, timeline: str | Path) -> ProjectPaths | None:
        """The project that a scanned film belongs to: OUT/personae of `--out OUT --cast`; of a project's own films, it.

        None where the timeline lies in neither.
        """
        folder = Path(timeline).absolute().parent
        for project in (folder / DEFAULT_FOLDER, folder.parent.parent if folder.parent.name == "films" else None):
            own = None if project is None else cls(project)
            if own is not None and (own.gallery.is_file() or own.ledger.path.is_file()):  # without a cast it has one
                return own
        return None

    @contextmanager
    def locked(self, timeout_s: float, purpose: str, *, on_wait: Callable[[str], None] | None = None) -> Iterator[None]:
        """Be the only writer of the project (see `project_lock`); raises ProjectBusyError, WriteError, StoreError."""
        with project_lock(self.folder, timeout_s, purpose, on_wait=on_wait):
            if self.ledger.begin():  # new, or of an earlier version, which let everybody read the faces
                make_tree_private(self.folder)
            yield

    @property
    def forgetting(self) -> Path:
        """Whom a forgetting is about that is not complete; see `project.forget_intention`."""
        return self.folder / FORGETTING_FILE

    @property
    def is_forgetting(self) -> bool:
        """Whether a forgetting was begun here and is not known to be complete. Looks at one file."""
        return self.forgetting.exists()

    @property
    def ledger(self) -> Ledger:
        """What was written for the user with names or faces in it, wherever it lies."""
        return Ledger(self.folder)

    @property
    def model(self) -> Path:
        """The trained model."""
        return self.cache / MODEL_FILE
