"""The files of one scanned film: timeline, tracks with their embeddings, edits, a picture per appearance."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from personae.errors import ForeignFileError, StoreError, TooNewError
from personae.files import make_folder, write_error, write_whole
from personae.media.film import Video
from personae.media.video import starting_at
from personae.timeline import native, records
from personae.timeline.appearances import Label
from personae.timeline.labelling import highest, remembered
from personae.timeline.records import TrackRecord
from personae.timeline.timeline import Appearance, BestPicture, Shot, Timeline
from personae.timeline.watching import Watched

LONGEST_NAME = 180
"""Bytes. File systems end at 255, and the names made of a film's have endings, numbers, a time, a temporary mark."""
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
        """Embeddings and pictures of each track: private."""
        return self.folder / f"{self.name}.tracks"

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
    return shortened(_DIGITS.sub("", Path(video.path).stem) or "film")


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
        found = native.read(files.timeline).video
    except (ForeignFileError, TooNewError):
        return True
    except StoreError:  # not there, or a damaged one, which a new scan mends
        return False
    # Timelines of earlier versions may hold relative paths.
    return found.content_id != video.content_id and Path(found.path) != Path(video.path)


@dataclass(frozen=True, eq=False)
class Scanned:
    """What `film.tracks` holds: the pass over the film, the model's labels, and the numbers of unknown people.

    `unknown`: per track the unknown person it was at last, edits applied, or None; `unknowns_used`: the highest number
    any unknown person has had; `facts`: model and settings for the timeline.
    """

    watched: Watched
    labels: tuple[Label, ...]
    unknown: tuple[str | None, ...]
    unknowns_used: int
    facts: dict[str, Any]
    fingerprint: dict[str, Any]

    @classmethod
    def of(
        cls,
        watched: Watched,
        labels: Sequence[Label],
        earlier: Scanned | None,
        facts: dict[str, Any],
        fingerprint: dict[str, Any],
    ) -> Scanned:
        """A new scan that remembers the numbers of an earlier one."""
        before = earlier if earlier is not None and earlier.is_of(watched.video) else None
        unknown = remembered((before.watched.records, before.unknown) if before else None, watched.records)
        used = highest([label.unknown for label in labels])
        return cls(
            watched, tuple(labels), unknown, max(used, before.unknowns_used if before else 0), facts, fingerprint
        )

    def is_of(self, video: Video) -> bool:
        """Whether it is of that film."""
        return bool(self.watched.video.content_id == video.content_id)

    def watched_as(self, video: Video) -> Watched:
        """The same pass, with the film's name, timecode and reel as they are now."""
        exact = self.watched.video
        return replace(
            self.watched,
            video=replace(
                video,
                start_pts=exact.start_pts,
                duration_pts=exact.duration_pts,
                frames=exact.frames,
                variable_rate=exact.variable_rate,
                parts=starting_at(video.parts, [part.start_pts for part in exact.parts]),
            ),
        )

    def decided(self, final: Sequence[Label]) -> Scanned:
        """With the numbers that unknown people have after a person's edits."""
        unknown = tuple(label.unknown for label in final)
        return replace(self, unknown=unknown, unknowns_used=max(self.unknowns_used, highest(unknown)))


def write_tracks(path: Path, scanned: Scanned) -> None:
    """Write `film.tracks` whole; raises WriteError."""
    watched = scanned.watched
    facts = {
        "fingerprint": scanned.fingerprint,
        "video": native.video_dict(watched.video),
        "shots": [asdict(shot) for shot in watched.shots],
        "gaps": [list(gap) for gap in watched.gaps],
        "detections": watched.detections,
        "labels": [_label_row(label) for label in scanned.labels],
        "unknown": list(scanned.unknown),
        "unknowns_used": scanned.unknowns_used,
        "facts": scanned.facts,
    }
    records.write(path, watched.records, facts, {"look_pts": watched.look_pts, "tiny": watched.tiny})


def read_tracks(path: Path) -> Scanned | None:
    """What an earlier scan left; None where there is nothing, or nothing that can be used.

    Raises ForeignFileError and TooNewError for files that must not be replaced.
    """
    try:
        rows, facts, arrays = records.read(path)
        watched = Watched(
            native.video_of(facts["video"]),
            tuple(Shot(**shot) for shot in facts["shots"]),
            tuple(rows),
            tuple((start, end, why) for start, end, why in facts["gaps"]),
            arrays["look_pts"],
            arrays["tiny"],
            facts["detections"],
        )
        return Scanned(
            watched,
            tuple(label_of(row) for row in facts["labels"]),
            tuple(facts["unknown"]),
            int(facts["unknowns_used"]),
            facts["facts"],
            facts["fingerprint"],
        )
    except (ForeignFileError, TooNewError):
        raise
    except (StoreError, KeyError, TypeError, ValueError):
        return None


def read_beside(timeline: Path) -> Scanned:
    """The tracks beside a timeline; raises StoreError where they are missing or damaged."""
    native.read(timeline)
    path = FilmFiles.of(timeline).tracks
    scanned = read_tracks(path)
    if scanned is None:
        raise StoreError(path, "is missing or damaged, and edits need it. Scan the film again.")
    return scanned


def _label_row(label: Label) -> dict[str, Any]:
    """A model's label as JSON types: nobody has said yet what is depicted, and earlier versions read no more fields."""
    return {key: value for key, value in asdict(label).items() if key != "depicted_by"}


def label_of(row: dict[str, Any]) -> Label:
    """A label from JSON types."""
    best = row["best"]
    picture = None if best is None else BestPicture(best["pts"], tuple(best["box"]), best["file"])
    return Label(**{**row, "best": picture})


def with_pictures(timeline: Timeline, watched: Watched, files: FilmFiles) -> Timeline:
    """Write each appearance's best picture and put its name into the timeline."""
    appearances = []
    for one in timeline.appearances:
        record = _shown_best(one, watched)
        if record is not None:
            name = f"{record.best_pts}-{round(record.best_box[0])}-{round(record.best_box[1])}.jpg"
            path = files.faces / name
            if not path.is_file() or path.stat().st_size != record.picture.size:
                write_whole(path, record.picture.tobytes(), durable=False, private=True)  # a scan makes it again
            x1, y1, x2, y2 = (float(value) for value in record.best_box)
            best = BestPicture(record.best_pts, (x1, y1, x2, y2), f"{files.faces.name}/{name}")
            one = replace(one, best_picture=best)
        appearances.append(one)
    return replace(timeline, appearances=tuple(appearances))


def _shown_best(one: Appearance, watched: Watched) -> TrackRecord | None:
    """The appearance's track whose picture is to be shown: the best face's, or the best one that has a picture."""
    own = [watched.records[number - 1] for number in one.tracks]
    best = one.best_picture
    return max(
        (record for record in own if record.picture.size),
        key=lambda record: (
            best is not None and (record.best_pts, float(record.best_box[0])) == (best.pts, best.box[0]),
            float(record.weights.max(initial=0.0)),
        ),
        default=None,
    )
