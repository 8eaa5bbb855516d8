"""From photos to enrolled faces: look at what is new, reject what cannot be used and say why, keep one face a photo.

Embeddings of bystanders and of people who stand under a wrong name are never kept. So a photo is looked at again when
what was said of it may have changed: when it was ambiguous, a duplicate or an outlier and its surroundings changed, or
when the face chosen among several no longer agrees with the character's other photos. Everything else is embedded once.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from personae.cast.bad_photos import judge_photos
from personae.cast.characters import Characters
from personae.cast.decided import decide_copies
from personae.cast.enrolment_plan import Known, Wanted, overruled, plan, renamed_folders
from personae.cast.finding import new_name
from personae.cast.gallery import Gallery
from personae.cast.gallery_records import PhotoRecord
from personae.cast.judging import NEAR_DUPLICATE, Judged, Several, choose, duplicates, judge, near_duplicates
from personae.cast.top_folders import check_folder, top_folders
from personae.errors import CastError, PhotoError
from personae.faces.analyzer import FaceAnalyzer
from personae.files import LARGEST_PHOTO, sha256_of
from personae.leading_out import leads_out
from personae.progress import Progress, ProgressCallback, Stage
from personae.recognition.backgrounds import background_for
from personae.settings import Settings
from personae.types import Reason

__all__ = ["NEAR_DUPLICATE", "EnrolmentReport", "WantedPhoto", "enrol", "near_duplicates", "rules_of"]

_COMMIT_EVERY = 32


@dataclass(frozen=True)
class WantedPhoto:
    """A photo that should be enrolled: whose, which look, and where the file is.

    `given`: the name it came in under ("": the character's), which edits may have made another character's.
    """

    character: str
    path: Path
    look: str | None = None
    given: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What the gallery knows it by."""
        return self.character, str(self.path)


@dataclass
class EnrolmentReport:
    """What a training did to the gallery, photo by photo; paths as text.

    `added`, `changed`, `removed`: (character, path); `unchanged`: how many; `embedded`: faces that went through the
    embedder; `lost`: (character, path) of what was enrolled and is rejected now; `notes`: sentences about the folder.
    """

    added: list[tuple[str, str]] = field(default_factory=list)
    changed: list[tuple[str, str]] = field(default_factory=list)
    removed: list[tuple[str, str]] = field(default_factory=list)
    unchanged: int = 0
    embedded: int = 0
    lost: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def enrol(
    gallery: Gallery,
    wanted: Iterable[WantedPhoto],
    analyzer: FaceAnalyzer,
    settings: Settings,
    *,
    origin: str | None,
    trusted: Collection[tuple[str, str]] = (),
    force: bool = False,
    progress: ProgressCallback | None = None,
) -> EnrolmentReport:
    """Bring the gallery in line with `wanted`.

    With an `origin` (a folder) this is a synchronisation: photos that came from it and are not wanted any more are
    taken out. Without one (None) photos are only added. What was done is committed as it goes, so a training that is
    interrupted goes on where it stopped. `trusted`: keys (character, path) of photos that a person decided about, which
    are never outliers. `force`: also where sub-folders show different people. Raises InputError for a character
    without a name, CastError for a folder of folders of different people, of which nothing is kept then.

    Folders are known by their real path, so that ../cast and a link to it are one; names are composed (NFC).
    """
    folders: dict[Path, str] = {}
    unique: dict[tuple[str, str], WantedPhoto] = {}
    for photo in wanted:
        folder = photo.path.parent
        if folder not in folders:
            folders[folder] = _real(folder)
        if leads_out(folder, folders[folder]):
            continue
        name = new_name(photo.character)
        known_as = WantedPhoto(name, Path(folders[folder], photo.path.name), photo.look, name)
        unique[known_as.key] = known_as
    origin = None if origin is None else _real(origin)
    return _Enrolment(gallery, analyzer, settings, origin, trusted, progress).run(list(unique.values()), force=force)


def _real(folder: str | Path) -> str:
    try:
        return os.path.realpath(folder)
    except ValueError:  # it holds a NUL character: reading the photo will say so
        return str(folder)


class _Enrolment:
    def __init__(
        self,
        gallery: Gallery,
        analyzer: FaceAnalyzer,
        settings: Settings,
        origin: str | None,
        trusted: Collection[tuple[str, str]],
        progress: ProgressCallback | None,
    ) -> None:
        self.gallery = gallery
        self.analyzer = analyzer
        self.settings = settings
        self.origin = origin
        self.trusted = frozenset(trusted)
        self.progress = progress
        self.report = EnrolmentReport()
        self.made: set[str] = set()
        """Ids of the characters that this training made."""

    def run(self, photos: list[WantedPhoto], *, force: bool) -> EnrolmentReport:
        records = self.gallery.photos(withdrawn=True)
        old = {(record.given, record.path): record for record in records}
        now = tuple(self._record(photo, old.get((photo.given, str(photo.path)))) for photo in photos)
        wanted = Wanted(now, self.origin, rules_of(self.settings), self.settings.outliers)
        known = Known(
            tuple(records),
            frozenset(record.path for record in records if _is_gone(record.path)),
            frozenset(self.gallery.without_copies()),
            self.gallery.enrolled(),
        )
        todo = self._carry_out(known, wanted)
        had = {(record.given, record.path) for record in self.gallery.photos() if record.status == "enrolled"}
        several = self._look_at(todo)
        if several:
            self._commit(choose(several, self.gallery.enrolled()))
        if self.origin is not None:
            self._check_folder(self.origin, known, force=force)
        decide_copies(self.gallery, NEAR_DUPLICATE)
        self._drop_duplicates(had if self.origin is None else ())  # nothing that is added takes another's place
        if self.settings.outliers:
            self._drop_outliers()
        self.report.lost += [
            record.key
            for record in self.gallery.photos()
            if record.status == "rejected" and (record.given, record.path) in had
        ]
        return self.report

    def _carry_out(self, known: Known, wanted: Wanted) -> list[PhotoRecord]:
        """Move and take out what the plan says; the photos to look at, each with the record it will have."""
        with self.gallery.transaction():
            renamed = renamed_folders(known, wanted, self.gallery.who.all())
            for name, before in renamed.items():
                keep = any(record.given == before and record.origin != self.origin for record in known.records)
                self.report.notes += self.gallery.who.folder_renamed(before, name, keep=keep)
            if renamed:
                known = replace(known, records=tuple(self.gallery.photos(withdrawn=True)))
            there = set(self.gallery.who.all().rows)
            decided = self.gallery.who.ensure(photo.given for photo in wanted.photos)
            self.made = set(decided.rows) - there
            todo = plan(known, wanted, decided)
            for old, now in todo.move:
                self.gallery.move_photo(old, now)
            self.gallery.remove_photos([record.id for record in todo.take_out if record.id is not None])
        self.report.added += todo.added
        self.report.changed += todo.changed
        self.report.removed += [
            (record.character, record.path) for record in todo.take_out if record.withdrawn_by is None
        ]
        self.report.unchanged += todo.unchanged
        self.report.notes += todo.notes
        return [*todo.again, *map(self._elsewhere, todo.elsewhere), *todo.look_at]

    def _elsewhere(self, old: PhotoRecord) -> PhotoRecord:
        """The record, as the file is now, of a photo that this training was not asked about."""
        photo = WantedPhoto(old.character, Path(old.path), old.look, old.given)
        return replace(self._record(photo, old), origin=old.origin, character_id=old.character_id)

    def _record(self, photo: WantedPhoto, old: PhotoRecord | None) -> PhotoRecord:
        """The record of a photo as the file is now; its content is read only where size or date have changed."""
        try:
            stat = photo.path.stat()
        except (OSError, ValueError):  # ValueError: a NUL character
            return PhotoRecord(photo.character, str(photo.path), look=photo.look, origin=self.origin, given=photo.given)
        unchanged = old is not None and (old.size, old.mtime_ns) == (stat.st_size, stat.st_mtime_ns)
        try:
            digest = old.sha256 if unchanged and old is not None else sha256_of(photo.path, most=LARGEST_PHOTO)
        except OSError:
            digest = ""
        return PhotoRecord(
            photo.character,
            str(photo.path),
            look=photo.look,
            origin=self.origin,
            sha256=digest,
            size=stat.st_size,
            mtime_ns=stat.st_mtime_ns,
            rules=rules_of(self.settings),
            given=photo.given,
        )

    # Looking

    def _look_at(self, todo: Sequence[PhotoRecord]) -> list[Several]:
        several: list[Several] = []
        batch: list[Judged] = []
        results = self.analyzer.analyze_many((Path(record.path) for record in todo), copies=True)
        for done, (record, (_, faces)) in enumerate(zip(todo, results, strict=True), 1):
            if isinstance(faces, PhotoError):
                batch.append((record.rejected(Reason.UNREADABLE, faces.reason), None))
            elif faces.note:  # good enough to name somebody in, not to teach
                batch.append((record.rejected(Reason.UNREADABLE, faces.note), None))
            else:
                self.report.embedded += len(faces)
                outcome = judge(record, faces, self.settings)
                if isinstance(outcome, Several):
                    several.append(outcome)
                else:
                    batch.append(outcome)
            if len(batch) >= _COMMIT_EVERY:
                self._commit(batch)
                batch = []
            self._tell("photos", done, len(todo), Path(record.path).name)
        self._commit(batch)
        return several

    def _check_folder(self, origin: str, known: Known, *, force: bool) -> None:
        """Refuse a folder of folders of different people, with nothing of it kept; tell what was trained before."""
        records = {record.id: record for record in self.gallery.photos()}
        enrolment = self.gallery.enrolled()
        own = [records[photo] for photo in enrolment.photo_ids]
        folders = [record.given if record.origin == origin else None for record in own]
        background = background_for(self.analyzer.embedder_id, enrolment.embeddings.shape[1])
        try:
            self.report.notes += check_folder(top_folders(enrolment, folders, background), origin, force=force)
        except CastError:
            added = set(self.report.added)
            with self.gallery.transaction():
                self.gallery.remove_photos(
                    [record.id for record in records.values() if record.key in added and record.id is not None]
                )
                self.gallery.who.remove(self.made)
            raise
        others = sorted({record.origin for record in own if record.origin not in (None, origin)}, key=str)
        before = {record.id for record in known.records}
        if others and not any(record.id in before for record in own if record.origin == origin):
            self.report.notes.append(
                f"The photos of {origin} were added to those of {' and '.join(map(str, others))}, trained before. "
                f"To have those of {origin} alone, train it with --fresh."
            )

    def _commit(self, batch: Sequence[Judged]) -> None:
        if batch:
            with self.gallery.transaction():
                for record, face in batch:
                    self.gallery.put_photo(record, face)

    def _drop_duplicates(self, first: Collection[tuple[str, str]]) -> None:
        """Reject copies and faces that stand under two characters; note what a person had said about."""
        records = {record.id: record for record in self.gallery.photos()}
        found = duplicates(self.gallery.enrolled(), records, self.gallery.who.all(), first=first)
        self._commit(found.rejected)
        if found.overruled:
            self.report.notes.append(overruled(found.overruled))

    def _drop_outliers(self) -> None:
        """Reject faces that are not their character's; note where photos disagree and nothing tells which is right."""
        enrolment = self.gallery.enrolled()
        if not len(enrolment):
            return
        records = {record.id: record for record in self.gallery.photos()}
        characters = self.gallery.who.all()
        keys = zip(enrolment.characters, enrolment.paths, strict=True)
        trusted = [
            photo
            for photo, key in zip(enrolment.photo_ids, keys, strict=True)
            if key in self.trusted or _is_decided(records[photo], characters)
        ]
        background = background_for(self.analyzer.embedder_id, enrolment.embeddings.shape[1])
        details, notes = judge_photos(enrolment, background, trusted=trusted)
        self._commit(
            [
                (records[photo].rejected(Reason.OUTLIER, detail, faces_found=records[photo].faces_found), None)
                for photo, detail in details.items()
            ]
        )
        self.report.notes += notes

    def _tell(self, stage: Stage, done: int, total: int, message: str) -> None:
        if self.progress is not None:
            self.progress(Progress(stage, done, total, message))


def _is_gone(path: str) -> bool:
    """Whether there is surely no such file (and not merely no permission to look)."""
    try:
        return not Path(path).exists()
    except OSError:
        return False


def _is_decided(record: PhotoRecord, characters: Characters) -> bool:
    """Whether a person said whose photo this is: it itself, or all that came in under its name."""
    return record.character != record.given or characters.said(record.given, record.sha256) > 0


def rules_of(settings: Settings) -> str:
    """The enrolment thresholds as text: a rejected photo gets another chance when they change."""
    names = ("min_enroll_px", "min_enroll_score", "min_sharpness", "min_brightness", "max_yaw", "min_detection_score")
    return " ".join(f"{name}={getattr(settings, name):g}" for name in names)
