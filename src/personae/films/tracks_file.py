"""`film.tracks`: the pass over a film with its embeddings, the model's labels, and the numbers of unknown people."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae import archive
from personae.checks import Fields, MisfitError, inside, misfit, require
from personae.errors import ForeignFileError, ModelNotFoundError, StoreError, TooNewError
from personae.films import crops_file
from personae.films.film_files import FilmFiles
from personae.media.film import Gap, Video
from personae.media.video import starting_at
from personae.names import highest
from personae.timeline import grouping, native, native_reader, records
from personae.timeline.appearances import Label
from personae.timeline.grouping import Groups
from personae.timeline.labelling import remembered
from personae.timeline.native_upgrade import old_number, upgrade_person
from personae.timeline.records import TrackRecord
from personae.timeline.timeline import BestPicture, Shot, Timeline
from personae.timeline.watching import Watched

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Scanned:
    """What `film.tracks` holds: the pass over the film, the model's labels, and the numbers of unknown people.

    `unknown`: per track the unknown person it was at last, decisions applied, or None; `unknowns_used`: the highest
    number any unknown person has had; `facts`: model and settings for the timeline; `groups`: None in a file of an
    earlier version.
    """

    watched: Watched
    labels: tuple[Label, ...]
    unknown: tuple[int | None, ...]
    unknowns_used: int
    facts: dict[str, Any]
    fingerprint: dict[str, Any]
    groups: Groups | None = None

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

    def is_same(self, other: Scanned) -> bool:
        """Whether it differs from `other`, of which it was made by `decided`, in nothing."""
        own, theirs = ((one.unknown, one.unknowns_used) for one in (self, other))
        shared = self.watched is other.watched and self.labels is other.labels and self.facts is other.facts
        return own == theirs and shared and self.groups is other.groups

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

    def decided(self, final: Sequence[Label], highest_unknown: int = 0) -> Scanned:
        """With the numbers that unknown people have after a person's decisions.

        Who has a name now is remembered as the unknown person that the machine took them for: the name may be undone.
        `highest_unknown`: a number up to which all are taken.
        """
        unknown = tuple(
            next((number for number in (own.unknown, machine.unknown, before) if number is not None), None)
            for own, machine, before in zip(final, self.labels, self.unknown, strict=True)
        )
        return replace(self, unknown=unknown, unknowns_used=max(self.unknowns_used, highest(unknown), highest_unknown))


def write_tracks(path: Path, scanned: Scanned) -> None:
    """Write `film.tracks` whole, and before it the crops where the records hold them; raises WriteError."""
    watched = scanned.watched
    if any(record.picture.size for record in watched.records):
        crops_file.write(crops_file.path_of(path), watched.records)
    facts = {
        "fingerprint": scanned.fingerprint,
        "holds": ["surface", "followed"],
        "video": native.video_dict(watched.video),
        "shots": [vars(shot) for shot in watched.shots],
        "gaps": [list(gap) for gap in watched.gaps],
        "detections": watched.detections,
        "labels": [_label_row(label) for label in scanned.labels],
        "unknown": list(scanned.unknown),
        "unknowns_used": scanned.unknowns_used,
        "facts": scanned.facts,
    }
    more: dict[str, NDArray[Any]] = {"look_pts": watched.look_pts, "tiny": watched.tiny}
    if scanned.groups is not None:
        more |= grouping.to_arrays(scanned.groups)
    records.write(path, crops_file.bare(watched.records), facts, more)


def read_tracks(path: Path) -> Scanned | None:
    """What an earlier scan left; None where there is nothing, or nothing that can be used, which the log then says.

    Raises ForeignFileError and TooNewError for files that must not be replaced.
    """
    try:
        return load_tracks(path)
    except (ForeignFileError, TooNewError):
        raise
    except ModelNotFoundError:
        return None
    except StoreError as error:
        log.warning("%s", error)
        return None


def load_tracks(path: Path, *, labels: bool = True) -> Scanned:
    """What an earlier scan left; raises a StoreError that says which field cannot be right.

    `labels`: False leaves them out, for who makes them anew.
    """
    rows, facts, arrays = records.read(path)
    try:
        return _scanned(rows, Fields(facts if labels else facts | {"labels": []}), arrays, labels)
    except MisfitError as error:
        raise records.damaged(path, error) from None


def _scanned(rows: list[TrackRecord], facts: Fields, arrays: dict[str, NDArray[Any]], labelled: bool) -> Scanned:
    video = native_reader.video_of(facts.inner("video"))
    shots = tuple(Shot(*native_reader.span_of(shot, video)) for shot in facts.rows("shots"))
    starts = [video.start_pts, *(shot.end_pts for shot in shots)]
    require(all(a <= shot.start_pts for a, shot in zip(starts, shots, strict=False)), "shots are not in order")
    first, last = video.start_pts, video.start_pts + video.duration_pts
    for number, record in enumerate(rows):
        if not first <= record.start_pts <= record.end_pts <= last:
            raise MisfitError(f"box_pts: track {number} is not inside the film")
        if len(record.followed_pts) and not first <= record.followed_pts.min() <= record.followed_pts.max() <= last:
            raise MisfitError(f"followed_pts: track {number} is not followed inside the film")
    look_pts = archive.array(arrays, "look_pts", "i", (None,))
    require(bool((np.diff(look_pts) > 0).all()), "look_pts do not rise")
    tiny = archive.array(arrays, "tiny", "u", (len(look_pts), None, None))
    watched = Watched(video, shots, tuple(rows), _gaps(facts, video), look_pts, tiny, facts.whole("detections", 0))
    labels = tuple(label_of(row, video) for row in facts.rows("labels"))
    unknown = tuple(
        None if number is None else native_reader.number_of_unknown(_number(number), f"unknown[{at}]")
        for at, number in enumerate(facts.items("unknown", len(rows)))
    )
    require(len(labels) == len(rows) or not labelled, f"labels are {len(labels)} of {len(rows)} tracks")
    kept, fingerprint = facts.inner("facts"), facts.inner("fingerprint")
    looked_through = facts.facts("fingerprint")
    if "holds" not in facts:  # an earlier version wrote it, or wrote it anew and left out what it did not know
        looked_through = {**looked_through, "version": 0}
    embedder = fingerprint.text("embedder")
    native_reader.model_facts(kept)
    kept.facts("settings")
    used = highest([facts.whole("unknowns_used", 0, 10**9), *unknown])
    groups = grouping.from_arrays(arrays, len(rows), embedder)
    return Scanned(watched, labels, unknown, used, facts.facts("facts"), looked_through, groups)


def _gaps(facts: Fields, video: Video) -> tuple[Gap, ...]:
    names = ("start_pts", "end_pts", "why")
    rows = [dict(zip(names, row, strict=False)) for row in facts.each("gaps", _list)]
    return native_reader.gaps_of(Fields({"gaps": rows}), video, seconds=False)


def _list(value: Any, at: str) -> list[Any]:
    if not isinstance(value, list):
        misfit(at, value, "a list")
    return value


def read_beside(timeline: Path, *, labels: bool = True) -> Scanned:
    """The tracks beside a timeline; raises StoreError where they are missing or damaged. `labels`: as there."""
    path = FilmFiles.of(timeline).tracks
    try:
        return load_tracks(path, labels=labels)
    except ModelNotFoundError:
        raise StoreError(path, "is missing, and edits need it. Scan the film again.") from None


def _number(value: Any) -> Any:
    """The number of an unknown person, also as version 1 wrote it."""
    return old_number(value) if isinstance(value, str) else value


def _label_row(label: Label) -> dict[str, Any]:
    """A model's label as JSON types: nobody has said anything about it yet."""
    row = {key: value for key, value in vars(label).items() if key not in ("depicted_by", "stranger")}
    return row if label.best is None else row | {"best": dict(vars(label.best))}


def label_of(row: Fields, video: Video) -> Label:
    """A label from JSON types, also those of version 1; MisfitError where something cannot be right."""
    character, unknown, character_id = native_reader.person_of(_person(row))
    picture = None
    if row.get("best") is not None:
        best = row.inner("best")
        moment = native_reader.moment_of(best, video)
        picture = BestPicture(moment, native_reader.box_of(best), best.or_none("file", inside))
    return Label(
        character,
        unknown,
        row.number("similarity", -1.01, 1.01),
        row.number("confidence", 0, 1),
        row.flag("depicted"),
        row.one_of("decided_by", ("model", "person")),  # type: ignore[arg-type]
        best=picture,
        best_weight=row.number("best_weight", 0, records.LARGEST_WEIGHT),
        character_id=character_id,
    )


def _person(row: Fields) -> Fields:
    if "character_id" in row:
        return row
    said = {name: row.get(name) for name in ("character", "unknown")}
    upgrade_person(said)
    return Fields(said, row.at)


def has_every_track(tracks: Path, timeline: Timeline) -> bool:
    """Whether a track's place in the timeline is its place in the file `tracks`; also where nobody can say."""
    try:
        return archive.rows_of(tracks, "faces_count", schema=records.SCHEMA) == len(timeline.tracks)
    except StoreError:
        return True
