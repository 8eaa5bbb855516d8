"""The project folder: where a cast's gallery, model and films live. Nothing else is ever written to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from personae.recognition.model_file import MODEL_FILE
from personae.settings import SETTINGS_FILE

DEFAULT_FOLDER = "personae"
ENVIRONMENT = "PERSONAE_PROJECT"


@dataclass(frozen=True)
class Project:
    """Paths inside one project folder; making one touches nothing on disk."""

    folder: Path

    @classmethod
    def at(cls, folder: str | Path | None = None) -> Project:
        """The project in `folder`, else in `PERSONAE_PROJECT`, else in ./personae."""
        return cls(Path(folder or os.environ.get(ENVIRONMENT) or DEFAULT_FOLDER))

    @property
    def gallery(self) -> Path:
        """The database of enrolled faces."""
        return self.folder / "gallery.sqlite"

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
    def model(self) -> Path:
        """The trained model."""
        return self.cache / MODEL_FILE
