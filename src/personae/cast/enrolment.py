"""From photos to enrolled faces: look at what is new, reject what cannot be used and say why, keep one face a photo.

Embeddings of bystanders and of people who stand under a wrong name are never kept. So a photo is looked at again when
what was said of it may have changed: when it was ambiguous, a duplicate or an outlier and its surroundings changed, or
when the face chosen among several no longer agrees with the character's other photos. Everything else is embedded once.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from personae.cast.bad_photos import judge_photos
from personae.cast.choosing import choose_faces
from personae.cast.decided import decide_copies, sentence
from personae.cast.edit_log import EditLog
from personae.cast.gallery import EnrolledFace, Gallery, PhotoRecord
from personae.errors import PhotoError
from personae.faces.analyzer import FaceAnalyzer
from personae.files import LARGEST_PHOTO, sha256_of
from personae.names import valid_name
from personae.progress import Progress, ProgressCallback, Stage
from personae.recognition.backgrounds import background_for
from personae.recognition.prototypes import unit
from personae.settings import Settings
from personae.types import AnalyzedFaces, FloatArray, Reason

NEAR_DUPLICATE = 0.985
"""Cosine from which two photos of a character show the same instant (a copy at another size or compression)."""
RECONSIDER = 0.20
"""A face chosen among several that agrees less than this with the character's other photos is chosen again."""
_COMMIT_EVERY = 32
_AGAIN = (Reason.AMBIGUOUS_FACES, Reason.DUPLICATE, Reason.OUTLIER)
_BLOCK = 512


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
    embedder; `notes`: sentences about the folder.
    """

    added: list[tuple[str, str]] = field(default_factory=list)
    changed: list[tuple[str, str]] = field(default_factory=list)
    removed: list[tuple[str, str]] = field(default_factory=list)
    unchanged: int = 0
    embedded: int = 0
    notes: list[str] = field(default_factory=list)


def enrol(
    gallery: Gallery,
    wanted: Iterable[WantedPhoto],
    analyzer: FaceAnalyzer,
    settings: Settings,
    *,
    origin: str | None,
    trusted: Collection[tuple[str, str]] = (),
    progress: ProgressCallback | None = None,
) -> EnrolmentReport:
    """Bring the gallery in line with `wanted`.

    With an `origin` (a folder) this is a synchronisation: photos that came from it and are not wanted any more are
    taken out. Without one (None) photos are only added. What was done is committed as it goes, so a training that is
    interrupted goes on where it stopped. `trusted`: keys (character, path) of photos that a person decided about, which
    are never outliers. Raises InputError for a character without a name.

    Folders are known by their real path, so that ../cast and a link to it are one; names are composed (NFC).
    """
    folders: dict[Path, str] = {}
    unique: dict[tuple[str, str], WantedPhoto] = {}
    for photo in wanted:
        folder = photo.path.parent
        if folder not in folders:
            folders[folder] = _real(folder)
        name = valid_name(photo.character)
        known_as = WantedPhoto(name, Path(folders[folder], photo.path.name), photo.look, name)
        unique[known_as.key] = known_as
    origin = None if origin is None else _real(origin)
    return _Enrolment(gallery, analyzer, settings, origin, trusted, progress).run(list(unique.values()))


def _real(folder: str | Path) -> str:
    try:
        return os.path.realpath(folder)
    except ValueError:  # it holds a NUL character: reading the photo will say so
        return str(folder)


@dataclass(frozen=True, eq=False)
class _Several:
    """A photo with several faces that could be the character's, waiting for the others to tell."""

    photo: WantedPhoto
    record: PhotoRecord
    faces: AnalyzedFaces


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
        self.placements = EditLog(gallery).placements()

    def run(self, wanted: list[WantedPhoto]) -> EnrolmentReport:
        known = {(record.given, record.path): record for record in self.gallery.photos(withdrawn=True)}
        todo = self._plan(wanted, known)
        several = self._look_at(todo)
        self._choose(several)
        decide_copies(self.gallery, NEAR_DUPLICATE)
        self._drop_duplicates()
        if self.settings.outliers:
            self._drop_outliers()
        return self.report

    # What to do

    def _plan(
        self, wanted: list[WantedPhoto], known: dict[tuple[str, str], PhotoRecord]
    ) -> list[tuple[WantedPhoto, PhotoRecord]]:
        """Take vanished photos out and return those to look at, each with the record it will have."""
        todo: list[tuple[WantedPhoto, PhotoRecord]] = []
        same: list[tuple[WantedPhoto, PhotoRecord]] = []
        gone = {
            (name, record.sha256): record
            for record in known.values()
            if record.sha256 and _is_gone(record.path)
            for name in (record.character, record.given)
        }
        holders = {record.key: record.given for record in known.values()}
        stayed: set[int | None] = set()
        elsewhere: dict[tuple[str, str | None], int] = defaultdict(int)
        for photo in wanted:
            old = known.get((photo.given, str(photo.path)))
            record = self._record(photo, old)
            place = self.placements.place(photo.given, record.sha256)
            if old is None:  # a file that was renamed or moved is the photo it was
                old = gone.get((photo.given, record.sha256)) or gone.get((place.character, record.sha256))
                old = None if old is None or old.id in stayed else old
            if place.withdrawn_by is not None:  # a person took it out, and it is not even looked at
                elsewhere[photo.given, None] += 1
                if old is not None and old.sha256 == record.sha256:
                    stayed.add(old.id)
                    self.gallery.move_photo(old, replace(record, given=photo.given))
                continue
            if place.character != photo.character:
                elsewhere[photo.given, place.character] += 1
                photo = replace(photo, character=place.character)
                record = replace(record, character=place.character)
            if holders.setdefault(photo.key, photo.given) != photo.given and (old is None or old.withdrawn_by):
                stayed.add(None if old is None else old.id)
                continue  # one file under two names that are one character now
            if old is None:
                self.report.added.append(photo.key)
                todo.append((photo, record))
                continue
            stayed.add(old.id)
            if old.sha256 != record.sha256:
                self.report.changed.append(photo.key)
                todo.append((photo, record))
                continue
            self.report.unchanged += 1
            if (old.path, old.look, old.origin, old.given) != (record.path, record.look, record.origin, record.given):
                # What was enrolled otherwise stays so, also when it turns up in a folder.
                origin = old.origin if None in (old.origin, self.origin) else self.origin
                self.gallery.move_photo(old, replace(record, origin=origin))
            same.append((photo, old))
        vanished = [
            record
            for record in known.values()
            if self.origin is not None and record.origin == self.origin and record.id not in stayed
        ]
        self.gallery.remove_photos([record.id for record in vanished if record.id is not None])
        self.report.removed += [(record.character, record.path) for record in vanished if record.withdrawn_by is None]
        self.report.notes += [sentence(given, now, count) for (given, now), count in sorted(elsewhere.items(), key=str)]
        doubtful = self._doubtful() if todo or vanished else set()
        uncopied = self.gallery.without_copies()
        rules = rules_of(self.settings)
        again = [
            (photo, self._record(photo, old))
            for photo, old in same
            if old.id in doubtful
            or old.id in uncopied
            or ((todo or vanished) and old.reason in _AGAIN)
            or (old.status == "rejected" and old.rules != rules)
            or (old.reason is Reason.OUTLIER and not self.settings.outliers)
        ]
        again += self._outliers_elsewhere(known.values(), stayed) if todo or vanished else []
        # New photos last: interrupted before they are all in, the next training looks at the old ones again.
        return again + todo

    def _outliers_elsewhere(
        self, known: Iterable[PhotoRecord], stayed: set[int | None]
    ) -> list[tuple[WantedPhoto, PhotoRecord]]:
        """Outliers that this training was not asked about: its photos may tell that they are none."""
        found = []
        for old in known:
            elsewhere = old.id not in stayed and (self.origin is None or old.origin != self.origin)
            elsewhere = elsewhere and old.withdrawn_by is None
            if old.reason is Reason.OUTLIER and elsewhere and not _is_gone(old.path):
                photo = WantedPhoto(old.character, Path(old.path), old.look, old.given)
                record = replace(self._record(photo, old), origin=old.origin, character=old.character)
                found.append((photo, record))
        return found

    def _doubtful(self) -> set[int]:
        """Photos whose face was chosen among several and agrees badly with the character's other photos."""
        enrolment = self.gallery.enrolled()
        chosen = {
            record.id for record in self.gallery.photos() if record.status == "enrolled" and record.faces_found > 1
        }
        rows_of: dict[str, list[int]] = defaultdict(list)
        for row, character in enumerate(enrolment.characters):
            rows_of[character].append(row)
        doubtful = set()
        for rows in rows_of.values():
            total = enrolment.embeddings[rows].sum(axis=0)
            for row in rows if len(rows) > 1 else []:
                own = enrolment.embeddings[row]
                if enrolment.photo_ids[row] in chosen and unit(total - own) @ own < RECONSIDER:
                    doubtful.add(enrolment.photo_ids[row])
        return doubtful

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

    def _look_at(self, todo: Sequence[tuple[WantedPhoto, PhotoRecord]]) -> list[_Several]:
        several: list[_Several] = []
        batch: list[tuple[PhotoRecord, EnrolledFace | None]] = []
        results = self.analyzer.analyze_many((photo.path for photo, _ in todo), copies=True)
        for done, ((photo, record), (_, faces)) in enumerate(zip(todo, results, strict=True), 1):
            if isinstance(faces, PhotoError):
                batch.append((record.rejected(Reason.UNREADABLE, faces.reason), None))
            elif faces.note:  # good enough to name somebody in, not to teach
                batch.append((record.rejected(Reason.UNREADABLE, faces.note), None))
            else:
                self.report.embedded += len(faces)
                outcome = self._judge(photo, record, faces)
                if isinstance(outcome, _Several):
                    several.append(outcome)
                else:
                    batch.append(outcome)
            if len(batch) >= _COMMIT_EVERY:
                self._commit(batch)
                batch = []
            self._tell("photos", done, len(todo), photo.path.name)
        self._commit(batch)
        return several

    def _judge(
        self, photo: WantedPhoto, record: PhotoRecord, faces: AnalyzedFaces
    ) -> tuple[PhotoRecord, EnrolledFace | None] | _Several:
        """Enrol the only face that can be used, reject, or wait where there are several."""
        if not len(faces):
            return record.rejected(Reason.NO_FACE, "no face was found"), None
        usable = [i for i, reasons in enumerate(faces.quality.reasons) if not reasons]
        if not usable:
            largest = int(np.argmax(faces.face_px))
            reason = faces.quality.reasons[largest][0]
            detail = self._detail(reason, faces[largest])
            return record.rejected(reason, detail, faces_found=len(faces)), None
        if len(usable) > 1:
            return _Several(photo, record, faces[usable])
        return record.enrolled(faces_found=len(faces)), _enrolled_face(faces[usable], 0)

    def _detail(self, reason: Reason, face: AnalyzedFaces) -> str:
        """What was measured and what is asked, for the one face in `face`."""
        quality, settings = face.quality, self.settings
        return {
            Reason.FACE_TOO_SMALL: f"the face is {quality.face_px[0]:.0f} px, "
            f"at least {settings.min_enroll_px:g} are needed",
            Reason.BLURRY: f"sharpness {quality.sharpness[0]:.2f}, at least {settings.min_sharpness:g} is needed",
            Reason.TOO_DARK: f"brightness {quality.brightness[0]:.0f}, at least {settings.min_brightness:g} is needed",
            Reason.LOW_DETECTION_SCORE: f"detection score {face.scores[0]:.2f}, "
            f"at least {settings.min_enroll_score:g} is needed",
            Reason.EXTREME_POSE: f"turned away by {abs(quality.yaw[0]):.2f} eye distances, "
            f"at most {settings.max_yaw:g} is allowed",
        }.get(reason, str(reason))

    def _commit(self, batch: Sequence[tuple[PhotoRecord, EnrolledFace | None]]) -> None:
        if batch:
            with self.gallery.transaction():
                for record, face in batch:
                    self.gallery.put_photo(record, face)

    # Choosing

    def _choose(self, several: list[_Several]) -> None:
        """Settle photos with several faces, character by character."""
        if not several:
            return
        enrolment = self.gallery.enrolled()
        of_character: dict[str, list[int]] = defaultdict(list)
        # What a photo showed before is no evidence for what it shows now.
        waiting_paths = {item.photo.key for item in several}
        for row, key in enumerate(zip(enrolment.characters, enrolment.paths, strict=True)):
            if key not in waiting_paths:
                of_character[key[0]].append(row)
        means = {character: unit(enrolment.embeddings[rows].mean(axis=0)) for character, rows in of_character.items()}
        waiting: dict[str, list[_Several]] = defaultdict(list)
        for item in several:
            waiting[item.photo.character].append(item)
        batch: list[tuple[PhotoRecord, EnrolledFace | None]] = []
        for character, items in sorted(waiting.items()):
            others = [mean for other, mean in means.items() if other != character]
            choices = choose_faces(
                [item.faces for item in items],
                enrolment.embeddings[of_character.get(character, [])],
                np.stack(others) if others else np.empty((0, enrolment.embeddings.shape[1]), np.float32),
            )
            for item, choice in zip(items, choices, strict=True):
                found = len(item.faces)
                if choice is None:
                    detail = (
                        f"{found} faces, and nothing tells which is {character}: "
                        f"crop it, or add photos of {character} alone"
                    )
                    batch.append((item.record.rejected(Reason.AMBIGUOUS_FACES, detail, faces_found=found), None))
                else:
                    batch.append((item.record.enrolled(faces_found=found), _enrolled_face(item.faces, choice)))
        self._commit(batch)

    def _drop_duplicates(self) -> None:
        """Reject copies within a character, and faces that stand under two characters."""
        enrolment = self.gallery.enrolled()
        records = {record.id: record for record in self.gallery.photos()}
        rejected: list[PhotoRecord] = []
        rows_of: dict[str, list[int]] = defaultdict(list)
        for row, character in enumerate(enrolment.characters):
            rows_of[character].append(row)
        for rows in rows_of.values():
            rejected += [
                records[enrolment.photo_ids[row]].rejected(Reason.DUPLICATE, f"a copy of {enrolment.paths[kept]}")
                for row, kept in near_duplicates(enrolment.embeddings[rows], rows).items()
            ]
        by_digest: dict[str, list[int]] = defaultdict(list)
        for row, photo_id in enumerate(enrolment.photo_ids):
            by_digest[records[photo_id].sha256].append(row)
        for rows in by_digest.values():
            names = sorted({enrolment.characters[row] for row in rows})
            if len(names) > 1 and _one_face(enrolment.embeddings[rows]):
                detail = f"the same face stands under {' and '.join(names)}: keep the photo in one folder"
                rejected += [records[enrolment.photo_ids[row]].rejected(Reason.DUPLICATE, detail) for row in rows]
        self._commit([(record, None) for record in rejected])

    def _drop_outliers(self) -> None:
        """Reject faces that are not their character's; note where photos disagree and nothing tells which is right."""
        enrolment = self.gallery.enrolled()
        if not len(enrolment):
            return
        records = {record.id: record for record in self.gallery.photos()}
        keys = zip(enrolment.characters, enrolment.paths, strict=True)
        trusted = [
            photo
            for photo, key in zip(enrolment.photo_ids, keys, strict=True)
            if key in self.trusted or self._decided(records[photo])
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

    def _decided(self, record: PhotoRecord) -> bool:
        """Whether a person said whose photo this is: it itself, or all that came in under its name."""
        return record.character != record.given or self.placements.decided(record.sha256)

    def _tell(self, stage: Stage, done: int, total: int, message: str) -> None:
        if self.progress is not None:
            self.progress(Progress(stage, done, total, message))


def near_duplicates(embeddings: FloatArray, rows: Sequence[int]) -> dict[int, int]:
    """Row -> the earlier row it is a copy of, among `rows` whose unit `embeddings` (n, d) are given in that order."""
    copy_of: dict[int, int] = {}
    for start in range(0, len(rows), _BLOCK):
        cosines = embeddings[start : start + _BLOCK] @ embeddings[: start + _BLOCK].T
        alike = np.tril(cosines >= NEAR_DUPLICATE, start - 1)
        for offset in np.flatnonzero(alike.any(axis=1)):
            earlier = [int(i) for i in np.flatnonzero(alike[offset]) if int(i) not in copy_of]
            if earlier:
                copy_of[start + int(offset)] = max(earlier, key=lambda i: cosines[offset, i])
    return {rows[i]: rows[kept] for i, kept in copy_of.items()}


def _is_gone(path: str) -> bool:
    """Whether there is surely no such file (and not merely no permission to look)."""
    try:
        return not Path(path).exists()
    except OSError:
        return False


def _one_face(embeddings: FloatArray) -> bool:
    """Whether these unit vectors from one photo are one face."""
    return bool((embeddings @ embeddings[0]).min() > 0.999)


def _enrolled_face(faces: AnalyzedFaces, i: int) -> EnrolledFace:
    return EnrolledFace(
        box_xyxy=faces.boxes_xyxy[i],
        landmarks_xy=faces.landmarks_xy[i],
        detection_score=float(faces.scores[i]),
        quality=faces.quality[i],
        embedding=faces.embeddings[i],
        copies=None if faces.copies is None else faces.copies[i],
    )


def rules_of(settings: Settings) -> str:
    """The enrolment thresholds as text: a rejected photo gets another chance when they change."""
    names = ("min_enroll_px", "min_enroll_score", "min_sharpness", "min_brightness", "max_yaw", "min_detection_score")
    return " ".join(f"{name}={getattr(settings, name):g}" for name in names)
