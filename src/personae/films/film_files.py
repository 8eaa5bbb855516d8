"""Where the files of one scanned film lie, and what they are called."""

from __future__ import annotations

import hashlib
import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path

from personae.errors import ForeignFileError, StoreError, TooNewError
from personae.files import make_folder, write_error
from personae.media.film import Video
from personae.names import readable
from personae.timeline import native

LONGEST_NAME = 180
"""Bytes. File systems end at 255, and the names made of a film's have endings, numbers, a time, a temporary mark."""
log = logging.getLogger(__name__)
_DIGITS = re.compile(r"[ ._-]*(%0?[0-9]*d|#+)$")


@dataclass(frozen=True)
class FilmFiles:
    """Where the results of one film lie. `name`: what the files begin with.

    `private`: the folder is a project's, for its owner alone; the files with faces are so everywhere.
    """

    folder: Path
    name: str = "film"
    private: bool = False

    def make_folder(self) -> None:
        """Make the folder where it is missing; raises WriteError."""
        try:
            make_folder(self.folder, private=self.private)
        except OSError as error:
            raise write_error(self.folder, error) from error

    @property
    def timeline(self) -> Path:
        """The native timeline: safe to share."""
        return self.folder / f"{self.name}.timeline.json"

    @property
    def tracks(self) -> Path:
        """Embeddings of each track: private."""
        return self.folder / f"{self.name}.tracks"

    @property
    def crops(self) -> Path:
        """Pictures of each track's faces: private."""
        return self.folder / f"{self.name}.crops"

    @property
    def edits(self) -> Path:
        """What a person decided."""
        return self.folder / f"{self.name}.edits.json"

    @property
    def faces(self) -> Path:
        """A picture per appearance."""
        return self.folder / f"{self.name}.faces"

    @property
    def unfinished(self) -> Path:
        """What an interrupted scan has found so far."""
        return self.folder / f".{self.name}.scan"

    @classmethod
    def of(cls, timeline: Path) -> FilmFiles:
        """The files beside a timeline."""
        return cls(timeline.parent, timeline.name.removesuffix(".json").removesuffix(".timeline"))


def film_name(video: Video) -> str:
    """What a film's files are called: its own name without suffix, and without the digits of numbered pictures."""
    return shortened(_DIGITS.sub("", readable(Path(video.path).stem)) or "film")


def shortened(name: str) -> str:
    """A name that file systems take with endings; of a longer one the beginning and a digest, so that two stay two."""
    whole = os.fsencode(name)
    if len(whole) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(whole).hexdigest()[:8]
    return f"{os.fsdecode(whole[: LONGEST_NAME - 9]).encode(errors='ignore').decode()}-{digest}"


def film_files(video: Video, out: Path | None, project: Path, taken: set[str]) -> FilmFiles:
    """Where a film's results go: OUT/name.*, or a folder of its own in the project.

    Two films never share a name: neither those of one run (`taken`) nor one that was scanned before, which is known by
    its path or its content. What is not a timeline of ours is left alone too.
    """
    number = 1
    while True:
        name = film_name(video) + (f"-{number}" if number > 1 else "")
        files = FilmFiles(out, name) if out is not None else FilmFiles(project / "films" / name, private=True)
        if name not in taken and not _is_of_another(files, video):
            taken.add(name)
            return files
        number += 1


def _is_of_another(files: FilmFiles, video: Video) -> bool:
    try:
        content_id, path = native.read_film(files.timeline)
    except (ForeignFileError, TooNewError):
        return True
    except StoreError:  # not there, or a damaged one, which a new scan mends
        return False
    # Timelines of earlier versions may hold relative paths.
    return content_id != video.content_id and Path(path) != Path(video.path)
