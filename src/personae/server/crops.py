"""Which pictures of faces a film or a set of photos has, and of whom each is now. One index per film that is open."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from personae.files import Stamp, stamp_of
from personae.films import crop_index
from personae.films.crop_index import CropIndex, IndexedCrop
from personae.films.crops_file import digest_of_tracks
from personae.films.film import StoredFilm
from personae.films.kept_photos import photos_of
from personae.films.photo_set import PhotoSet
from personae.server.addresses import crop_digest, face_digest
from personae.timeline.face_pictures import MOST_CROPS, apart_pts, far_apart
from personae.timeline.person import Person
from personae.timeline.records import TrackRecord
from personae.timeline.timeline import Timeline, Track


@dataclass(frozen=True)
class ShownFace:
    """A picture of a face. `track`: of a film, its number; of a set, `photo` and the face's `number` in it.

    `pts`: 0 of a set.
    """

    digest: str
    box_xyxy: tuple[float, float, float, float]
    weight: float
    pts: int = 0
    track: int | None = None
    photo: str | None = None
    number: int | None = None


@dataclass(frozen=True)
class FaceRow:
    """Somebody's faces: of one appearance, one track, or the whole person. `who`: None for nobody's.

    `key`: orders rows, and tells each from the others; `faces`: the best first, far apart in time.
    """

    key: tuple[int | str, ...]
    who: Person | None
    count: int
    faces: Sequence[ShownFace]
    appearance: int | None = None


@dataclass(frozen=True)
class _Indexed:
    """The index of one film, and of which files: `stamp` of tracks and crops; `scan`: tells its tracks from others'.

    `records`: none where the crops have a file of their own, so that no embedding is kept for their sake.
    """

    stamp: Stamp
    scan: str
    index: CropIndex
    records: Sequence[TrackRecord]


class FilmCrops:
    """The indices of films, while they are open. Safe to use from many threads."""

    def __init__(self) -> None:
        self._films: WeakKeyDictionary[StoredFilm, _Indexed] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def jpeg(self, film: StoredFilm, digest: str) -> bytes | None:
        """A crop of a film; None where it is not there any more. Raises StoreError, OSError."""
        found = self._of(film)
        return found.index.jpeg(digest, found.records, crop_digest)

    def who(self, film: StoredFilm, digest: str) -> Person | None:
        """Who a crop is of now; None for nobody."""
        one = self._of(film).index.by_digest.get(digest)
        timeline = film.timeline
        track = None if one is None or one.track >= len(timeline.tracks) else timeline.tracks[one.track]
        if one is None or track is None or not _is_in(one, track):
            return None
        return _people(timeline).get(track.id)

    def appearances(self, film: StoredFilm) -> list[FaceRow]:
        """A row per appearance: crops of its tracks within its span, of those without one there any of the tracks'."""
        timeline, of_track = self._tracks(film)
        rows = []
        for one in timeline.appearances:
            every = [crop for track in one.tracks for crop in of_track.get(track, ())]
            own = [crop for crop in every if one.start_pts <= crop.pts < one.end_pts] or every
            who = Person(one.character, one.unknown, one.character_id)
            rows.append(FaceRow((one.id,), who, len(own), _chosen(timeline, own), one.id))
        return rows

    def tracks(self, film: StoredFilm) -> list[FaceRow]:
        """A row per track."""
        timeline, of_track = self._tracks(film)
        people = _people(timeline)
        return [
            FaceRow((track,), people.get(track), len(own), _chosen(timeline, own)) for track, own in of_track.items()
        ]

    def people(self, film: StoredFilm) -> list[FaceRow]:
        """A row per person."""
        timeline, of_track = self._tracks(film)
        people, of = _people(timeline), dict[Person, list[IndexedCrop]]()
        for track, own in of_track.items():
            if track in people:
                of.setdefault(people[track], []).extend(own)
        return [FaceRow(_key_of(who), who, len(own), _chosen(timeline, own)) for who, own in of.items()]

    def of_tracks(self, film: StoredFilm, tracks: Collection[int]) -> dict[int, ShownFace]:
        """The best crop of each of these tracks that has one."""
        _, every = self._tracks(film)
        best = ((track, max(every[track], key=lambda one: one.weight)) for track in tracks if every.get(track))
        return {track: ShownFace(one.digest, one.box_xyxy, one.weight, one.pts, track) for track, one in best}

    def _tracks(self, film: StoredFilm) -> tuple[Timeline, dict[int, list[IndexedCrop]]]:
        """The timeline of now, and its crops by a track's number."""
        timeline, of_tracks = film.timeline, self._of(film).index.of_tracks
        return timeline, {
            track.id: [one for one in own if _is_in(one, track)]
            for track, own in zip(timeline.tracks, of_tracks, strict=False)
        }

    def _of(self, film: StoredFilm) -> _Indexed:
        stamp = stamp_of(film.files.tracks, film.files.crops)
        with self._lock:
            known = self._films.get(film)
        if known is not None and known.stamp == stamp:
            return known
        film.context.settle()
        records = film.face_media().records
        scan = digest_of_tracks(records)
        # A decision writes the tracks anew, and no crop.
        same = known is not None and known.scan == scan and known.stamp[1] == stamp[1] and not known.records
        index = known.index if known is not None and same else crop_index.read(film.files.crops, records, crop_digest)
        made = _Indexed(stamp, scan, index, records if any(record.picture.size for record in records) else ())
        with self._lock:
            self._films[film] = made
        return made


def _is_in(crop: IndexedCrop, track: Track) -> bool:
    """Whether a crop is of a track: a scan that ends just now writes the one file after the other."""
    return track.start_pts <= crop.pts <= track.end_pts


def _people(timeline: Timeline) -> dict[int, Person]:
    """Who each track is, by its number."""
    return {
        number: Person(one.character, one.unknown, one.character_id)
        for one in timeline.appearances
        for number in one.tracks
    }


@dataclass(frozen=True)
class SetFace:
    """A face of a set of photos. `sha256`: of its photo's content."""

    shown: ShownFace
    sha256: str


class SetCrops:
    """The faces of sets of photos, while they are open. Safe to use from many threads."""

    def __init__(self) -> None:
        self._sets: WeakKeyDictionary[PhotoSet, tuple[Stamp, dict[str, SetFace]]] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def find(self, photos: PhotoSet, digest: str) -> SetFace | None:
        """The face whose picture has that digest; None where it is not there any more. Raises StoreError."""
        return self._of(photos).get(digest)

    def who(self, photos: PhotoSet, digest: str) -> Person | None:
        """Who the face is now whose picture has that digest; None for nobody. Raises StoreError."""
        return next((who for one, who in _faces_now(photos) if one.shown.digest == digest), None)

    def faces(self, photos: PhotoSet) -> list[FaceRow]:
        """A row per face."""
        return [
            FaceRow((str(one.shown.photo), one.shown.number or 0), who, 1, (one.shown,))
            for one, who in _faces_now(photos)
        ]

    def of_faces(self, photos: PhotoSet) -> dict[tuple[str, int], ShownFace]:
        """Every face by its photo's path and its number."""
        return {(str(one.shown.photo), one.shown.number or 0): one.shown for one in self._of(photos).values()}

    def people(self, photos: PhotoSet) -> list[FaceRow]:
        """A row per person, their best faces first."""
        of: dict[Person, list[ShownFace]] = {}
        for row in self.faces(photos):
            if row.who is not None:
                of.setdefault(row.who, []).extend(row.faces)
        for own in of.values():
            own.sort(key=lambda one: -one.weight)
        return [FaceRow(_key_of(who), who, len(own), own[:MOST_CROPS]) for who, own in of.items()]

    def _of(self, photos: PhotoSet) -> dict[str, SetFace]:
        photos.context.settle()
        stamp = photos.stamp  # of its decisions too: faces are drawn
        with self._lock:
            known = self._sets.get(photos)
        if known is not None and known[0] == stamp:
            return known[1]
        found = {one.shown.digest: one for one, _ in _faces_now(photos)}
        with self._lock:
            self._sets[photos] = stamp, found
        return found


def _faces_now(photos: PhotoSet) -> Iterator[tuple[SetFace, Person | None]]:
    """The faces of a set, and who each is, of one moment. Raises StoreError."""
    kept, labels, drawn = photos.kept_and_drawn()
    for photo, own in zip(kept.photos, photos_of(kept, labels, drawn), strict=True):
        scores = photo.faces.quality.score.tolist()
        for face in own.faces:
            digest = face_digest(photo.path, photo.sha256, face.box_xyxy)
            score = 0.0 if face.drawn else scores[face.number - 1]
            shown = ShownFace(digest, face.box_xyxy, score, photo=photo.path, number=face.number)
            who = Person(face.character, face.unknown, face.character_id) if face.name else None
            yield SetFace(shown, photo.sha256), who


def _key_of(who: Person) -> tuple[int | str, ...]:
    return int(who.character is None), who.character or "", who.unknown or 0


def _chosen(timeline: Timeline, crops: Sequence[IndexedCrop]) -> list[ShownFace]:
    """The best crop, and others far apart from it in time."""
    if not crops:
        return []
    best = max(crops, key=lambda one: one.weight)
    length = max(one.pts for one in crops) - min(one.pts for one in crops)
    apart = apart_pts(length, float(1 / timeline.video.time_base))
    tracks = timeline.tracks
    return [
        ShownFace(one.digest, one.box_xyxy, one.weight, one.pts, tracks[one.track].id)
        for one in far_apart([best], crops, apart, MOST_CROPS)
    ]


of_films, of_sets = FilmCrops(), SetCrops()
"""Of whatever is open in this process."""
