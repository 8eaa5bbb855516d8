"""Who is in a set of photos: each face named as `identify` does, and what decisions make of it.

Values in, values out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from personae.cast.trained import TrainedModel
from personae.films.faces_file import Kept, StoredPhoto
from personae.names import highest
from personae.names_of_today import NamesOfToday
from personae.per_object import PerObject
from personae.progress import Progress, ProgressCallback
from personae.recognition.identification import Identity, identify_together
from personae.timeline import deciding
from personae.timeline.appearances import Label
from personae.timeline.deciding import Applied
from personae.timeline.decisions import Decisions
from personae.timeline.face_labels import Drawn, FaceLabels
from personae.timeline.places import SAME_FACE, AnyPlace, PhotoPlace, overlap
from personae.timeline.tracking import PROFILE_WEIGHT
from personae.types import AnalyzedFaces


def identities(faces: AnalyzedFaces, trained: TrainedModel, threshold: float | None) -> tuple[Identity, ...]:
    """Who the faces of one photo are, as `identify` says; `threshold`: a cosine instead of the model's own."""
    if trained.matcher is None:
        return (Identity(None, (), "model"),) * len(faces)
    found = trained.matcher.decide(faces.embeddings, face_px=faces.quality.face_px, threshold=threshold)
    return tuple(identify_together(found))


def named(
    kept: Kept,
    trained: TrainedModel,
    threshold: float | None,
    ids: Mapping[str, str],
    progress: ProgressCallback | None = None,
) -> Kept:
    """With the labels of a model, and no number yet for whom it does not name.

    `ids`: character -> id.
    """
    labels: list[Label] = []
    for done, photo in enumerate(kept.photos, 1):
        labels += [_label(one, ids) for one in identities(photo.faces, trained, threshold)]
        if progress is not None:
            progress(Progress("photos", done, len(kept.photos), photo.path))
    card = trained.card(threshold)
    return replace(kept, labels=tuple(labels), model=None if card is None else card.as_dict())


def decided(kept: Kept, decisions: Decisions, names: NamesOfToday) -> Applied:
    """What decisions make of the labels; `names`: who is called what today."""
    highest_unknown = max(kept.unknowns_used, decisions.highest_unknown)
    labels = PhotoLabels(kept.labels, PhotoFinder(kept.photos), kept.unknown, highest_unknown, names)
    return deciding.apply_to(labels, decisions, names)


def remembering(kept: Kept, applied: Applied) -> Kept:
    """With the numbers that unknown people have after decisions; who has a name now keeps the one they had."""
    unknown = tuple(
        next((number for number in (own.unknown, machine.unknown, before) if number is not None), None)
        for own, machine, before in zip(applied.labels, kept.labels, kept.unknown, strict=True)
    )
    used = max(kept.unknowns_used, highest(unknown), applied.highest_unknown)
    return replace(kept, unknown=unknown, unknowns_used=used)


class PhotoLabels(FaceLabels):
    """The labels of faces in photos, each of which counts the same."""

    def __init__(
        self,
        labels: Sequence[Label],
        finder: PhotoFinder,
        remembered: Sequence[int | None],
        highest_unknown: int,
        names: Mapping[str, str],
    ) -> None:
        super().__init__(labels, [1] * len(labels), finder.find_all, remembered, highest_unknown, names)
        self.lengths: list[int] = [1] * len(labels)
        self.remembered: list[int | None] = [*self.remembered]
        self._finder = finder

    def draw(self, place: AnyPlace) -> int | None:
        """The position of a new face; None where the set has no such photo."""
        drawn = self._finder.draw(place) if isinstance(place, PhotoPlace) else None
        if drawn is None:
            return None
        self.drawn.append(drawn)
        self.labels.append(Label())
        self.lengths.append(1)
        self.remembered.append(None)
        self._members.setdefault((None, None), set()).add(len(self.labels) - 1)
        return len(self.labels) - 1

    def is_most_of(self, members: set[int], found: set[int]) -> bool:
        """Whether most of the faces that were meant are somebody's; a set grows, so they may have many more by now."""
        return 2 * len(members & found) >= len(found)


class PhotoFinder:
    """Finds faces by photo and box: by the photo's path and content, else by its content, else by its path.

    `drawn`: those that a person drew; they are looked for where none was found that fits.
    """

    def __init__(self, photos: Sequence[StoredPhoto], drawn: Iterable[Drawn] = ()) -> None:
        self._photos = photos
        self._first, self._by = _keys_of(photos)
        self._drawn: dict[int, list[tuple[int, PhotoPlace]]] = {}
        self._count = self._first[-1]
        for one in drawn:
            self._add(one.photo, one.place)

    def draw(self, place: PhotoPlace) -> tuple[int, PhotoPlace] | None:
        """Know one more face: the position of its photo, and its place as that photo has it; None for no such photo."""
        photo = self._photo(place)
        if photo is None:
            return None
        own = self._photos[photo]
        return self._add(photo, PhotoPlace(own.path, own.sha256, place.box))

    def _add(self, photo: int, place: PhotoPlace) -> tuple[int, PhotoPlace]:
        self._drawn.setdefault(photo, []).append((self._count, place))
        self._count += 1
        return photo, place

    def find_all(self, places: Iterable[AnyPlace]) -> set[int]:
        """The positions of the faces at places; there are none in films."""
        found = (self._find(place) for place in places if isinstance(place, PhotoPlace))
        return {at for at in found if at is not None}

    def _photo(self, place: PhotoPlace) -> int | None:
        keys = ((place.photo, place.sha256), (None, place.sha256), (place.photo, None))
        return next((self._by[key] for key in keys if key in self._by), None)

    def _find(self, place: PhotoPlace) -> int | None:
        at = self._photo(place)
        if at is None:
            return None
        first = self._first[at]
        found = [(overlap(place.box, own), -number) for number, own in enumerate(shares(self._photos[at].faces), first)]
        found = [one for one in found if one[0] >= SAME_FACE] or [
            (overlap(place.box, own.box), -number) for number, own in self._drawn.get(at, ())
        ]
        shared, number = max(found, default=(0.0, 0))
        return None if shared < SAME_FACE else -number


Keys = tuple[list[int], dict[tuple[str | None, str | None], int]]
_KEYS: PerObject[tuple[Sequence[StoredPhoto], Keys]] = PerObject()


def _keys_of(photos: Sequence[StoredPhoto]) -> Keys:
    """The position of each photo's first face, and of each photo by what it may be found by; made once of the same."""
    known = _KEYS.get(photos[0]) if photos else None
    if known is not None and known[0] is photos:
        return known[1]
    first: list[int] = np.cumsum([0, *(len(photo.faces) for photo in photos)]).tolist()
    by: dict[tuple[str | None, str | None], int] = {}
    for at, photo in enumerate(photos):
        for key in ((photo.path, photo.sha256), (None, photo.sha256), (photo.path, None)):
            by.setdefault(key, at)
    if photos:
        _KEYS.put(photos[0], (photos, (first, by)))
    return first, by


_PLACES: PerObject[list[PhotoPlace]] = PerObject()
_FIRST: PerObject[list[int]] = PerObject()
_POSITIONS: PerObject[dict[str, int]] = PerObject()


def places_of(kept: Kept) -> list[PhotoPlace]:
    """Where each face that was found is known by."""
    known = _PLACES.get(kept)
    if known is None:
        places = [PhotoPlace(photo.path, photo.sha256, box) for photo in kept.photos for box in shares(photo.faces)]
        known = _PLACES.put(kept, places)
    return known


def first_faces(kept: Kept) -> list[int]:
    """The position of each photo's first face among all that were found, and how many these are."""
    known = _FIRST.get(kept)
    if known is None:
        known = _FIRST.put(kept, np.cumsum([0, *(len(photo.faces) for photo in kept.photos)]).tolist())
    return known


def positions_of(kept: Kept) -> dict[str, int]:
    """The position of each photo, by its path."""
    known = _POSITIONS.get(kept)
    if known is None:
        known = _POSITIONS.put(kept, {photo.path: at for at, photo in enumerate(kept.photos)})
    return known


def shares(faces: AnalyzedFaces) -> list[tuple[float, float, float, float]]:
    """The boxes as shares of the picture."""
    width, height = faces.size_wh
    return [(x1 / width, y1 / height, x2 / width, y2 / height) for x1, y1, x2, y2 in faces.boxes_xyxy.tolist()]


def weights_of(faces: AnalyzedFaces) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """(n,) what faces weigh, as in films."""
    weights: np.ndarray[tuple[int], np.dtype[np.float32]] = faces.quality.score + PROFILE_WEIGHT * faces.scores
    return weights


def _label(one: Identity, ids: Mapping[str, str]) -> Label:
    best = one.match or (one.candidates[0] if one.candidates else None)
    similarity, confidence = (0.0, 0.0) if best is None else (best.similarity, best.confidence)
    name = None if one.match is None else one.match.character
    return Label(name, None, similarity, confidence, character_id=ids.get(name or ""))
