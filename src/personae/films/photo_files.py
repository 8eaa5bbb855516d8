"""Where the files of one set of photos lie."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from personae.files import Stamp, stamp_of


@dataclass(frozen=True)
class PhotoFiles:
    """The files of a set in a folder of its own, named after it; all are for their owner alone."""

    folder: Path
    name: str = "photos"

    @property
    def title(self) -> str:
        """What the set is called."""
        return self.folder.name

    @property
    def shared(self) -> Path:
        """Which photos there are and who is in them: safe to share."""
        return self.folder / "photos.json"

    @property
    def faces(self) -> Path:
        """The faces with their embeddings: private."""
        return self.folder / "photos.faces"

    def stamp(self) -> Stamp:
        """What tells the set's present state from another: of faces and journal."""
        begin = f"{self.folder}{os.sep}photos"
        return stamp_of(f"{begin}.faces", f"{begin}.decisions.jsonl")

    @property
    def pictures(self) -> Path:
        """Folders of pictures, one per person, where they were asked for."""
        return self.folder / "faces"

    @property
    def decisions(self) -> Path:
        """The journal: what people decided."""
        return self.folder / "photos.decisions.jsonl"

    @property
    def reserved(self) -> Path:
        """Whose name this is, before there is a file that says so."""
        return self.folder / ".photos.reserved"

    def every(self) -> list[Path]:
        """Its files, those that are there, in its folders of pictures too."""
        inside = sorted(self.pictures.rglob("*")) if self.pictures.is_dir() else []
        single = (self.faces, self.shared, self.decisions, self.reserved)
        return [path for path in (*single, *inside) if path.is_file()]
