"""The project folder: where a cast's gallery, model and films live. Nothing else is ever written to."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from personae.files import read_whole
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
    def films(self) -> Path:
        """A folder per film."""
        return self.folder / "films"

    @property
    def export_list(self) -> Path:
        """Where results were written outside the project, a JSON text per line."""
        return self.folder / "exports.txt"

    def note_export(self, path: str | Path) -> None:
        """Remember that results with names were written to `path`, so that `forget` can list it; at best effort."""
        real = os.path.realpath(path)
        if not self.folder.is_dir() or real.startswith(os.devnull) or real in self.exports():
            return
        with contextlib.suppress(OSError, ValueError), self.export_list.open("a", encoding="utf-8") as file:
            file.write(json.dumps(real) + "\n")

    def exports(self) -> list[str]:
        """Paths that `note_export` remembers, oldest first."""
        try:
            return [str(json.loads(line)) for line in read_whole(self.export_list).decode().splitlines()]
        except (OSError, ValueError):
            return []

    @property
    def model(self) -> Path:
        """The trained model."""
        return self.cache / MODEL_FILE
