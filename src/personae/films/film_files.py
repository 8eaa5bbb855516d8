"""Where the files of one scanned film lie, and what they are called."""

from __future__ import annotations

import hashlib
import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path

from personae.files import Stamp, make_folder, stamp_of, write_error
from personae.media.film import Video
from personae.names import readable

LONGEST_NAME = 180
"""Bytes. File systems end at 255, and the names made of a film's have endings, numbers, a time, a temporary mark."""
log = logging.getLogger(__name__)
_OF_A_FILM = tuple(
    re.compile(rf"{begin}(.+)\.{re.escape(end)}", re.DOTALL)
    for begin, end in (
        *(("", end) for end in ("timeline.json", "tracks", "crops", "decisions.jsonl", "edits.json", "faces")),
        *((r"\.", end) for end in ("reserved", "scan")),
    )
)
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
    def decisions(self) -> Path:
        """The journal: what people decided."""
        return self.folder / f"{self.name}.decisions.jsonl"

    @property
    def edits(self) -> Path:
        """What people decided, as earlier versions kept it."""
        return self.folder / f"{self.name}.edits.json"

    @property
    def faces(self) -> Path:
        """A picture per appearance."""
        return self.folder / f"{self.name}.faces"

    def stamp(self) -> Stamp:
        """What tells the film's present state from another: of timeline, tracks and journal."""
        # As text: a list of films asks for all of theirs before every answer.
        begin = f"{self.folder}{os.sep}{self.name}"
        return stamp_of(f"{begin}.timeline.json", f"{begin}.tracks", f"{begin}.decisions.jsonl", f"{begin}.edits.json")

    @property
    def reserved(self) -> Path:
        """Which film has these files, before there is a timeline that says so."""
        return self.folder / f".{self.name}.reserved"

    @property
    def title(self) -> str:
        """What the film is called in its project: the project's own have a folder each, named after them."""
        return self.folder.name if self.private else self.name

    @property
    def unfinished(self) -> Path:
        """What an interrupted scan has found so far."""
        return self.folder / f".{self.name}.scan"

    def every(self) -> list[Path]:
        """Every file of the film that is there, in its folders of pictures and of unfinished pieces too."""
        single = (
            self.timeline, self.tracks, self.crops, self.decisions, self.edits, self.reserved, self.unfinished
        )  # fmt: skip
        inside = [path for folder in (self.faces, self.unfinished) if folder.is_dir() for path in folder.rglob("*")]
        return [path for path in (*single, *sorted(inside)) if path.is_file()]

    @classmethod
    def in_folder(cls, folder: Path, *, private: bool = False) -> list[FilmFiles]:
        """The films that have any file in `folder`, also those that are only begun."""
        names = [] if not folder.is_dir() else [film_in(path.name) for path in sorted(folder.iterdir())]
        return [cls(folder, name, private) for name in dict.fromkeys(filter(None, names))]

    @classmethod
    def of(cls, timeline: Path, *, private: bool = False) -> FilmFiles:
        """The files beside a timeline."""
        return cls(timeline.parent, timeline.name.removesuffix(".json").removesuffix(".timeline"), private)


def film_in(file_name: str) -> str | None:
    """Which film a file belongs to by its name; None where it is no film's."""
    for pattern in _OF_A_FILM:
        match = pattern.fullmatch(file_name)
        if match is not None:
            return match.group(1)
    return None


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
