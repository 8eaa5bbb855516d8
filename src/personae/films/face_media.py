"""A film or a set of photos as folders of faces see it: who each face is now, where it is known by, its pictures."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from personae.errors import PhotoError
from personae.files import sha256_of
from personae.films import crops_file
from personae.films.faces_file import Kept
from personae.films.meant import person_of
from personae.films.photo_naming import PhotoFinder, places_of
from personae.media.photos import load
from personae.timeline.appearances import Label
from personae.timeline.face_pictures import JPEG_QUALITY
from personae.timeline.person import Person
from personae.timeline.places import AnyPlace, Finder, PhotoPlace, place_of
from personae.timeline.records import TrackRecord
from personae.timeline.timeline import Timeline
from personae.types import FloatArray

ROUND_A_FACE = 1.8
"""What is shown of a photo around a face, in faces: as of a film's."""
LARGEST_PX = 320


@dataclass(frozen=True, eq=False)
class MadePicture:
    """A picture of the face at position `face`: see `FacePlace`. `jpeg`: the file's bytes, maybe none."""

    face: int
    key: str
    place: AnyPlace
    weight: float
    jpeg: bytes


class FaceMedia(ABC):
    """The faces of a film (its tracks) or of a set of photos, by position from 0."""

    @property
    @abstractmethod
    def people(self) -> Sequence[Person | None]:
        """Who each face is now; None for who is in no folder: nobody, or on a picture in the picture."""

    @abstractmethod
    def find(self, place: AnyPlace) -> int | None:
        """The face at a place."""

    @abstractmethod
    def places(self, faces: Collection[int]) -> tuple[AnyPlace, ...]:
        """Where faces are known by, as decisions say it."""

    @abstractmethod
    def pictures(self, faces: Collection[int]) -> Iterator[MadePicture]:
        """Pictures of faces, at least one of each: the best first. Where none can be made, its file is empty."""

    @abstractmethod
    def vector(self, face: int, place: AnyPlace) -> FloatArray:
        """(d,) the embedding of a picture, or of what is next to it; empty where there is none."""

    @cached_property
    def of_person(self) -> dict[tuple[str | None, int | None], set[int]]:
        """The faces of each person."""
        found: dict[tuple[str | None, int | None], set[int]] = {}
        for at, person in enumerate(self.people):
            if person is not None:
                found.setdefault(person.key, set()).add(at)
        return found


class FilmFaces(FaceMedia):
    """The tracks of a film; pictures come from the file of `crops` where the `records` hold none."""

    def __init__(self, timeline: Timeline, records: Sequence[TrackRecord], crops: Path) -> None:
        self.timeline, self.records, self._crops = timeline, records, crops
        self._found: dict[AnyPlace, int | None] = {}

    @cached_property
    def people(self) -> Sequence[Person | None]:
        """Who each track is in the timeline."""
        of_track = {
            number: person_of(one) for one in self.timeline.appearances if not one.depicted for number in one.tracks
        }
        return [of_track.get(track.id) for track in self.timeline.tracks]

    def find(self, place: AnyPlace) -> int | None:
        """The track at a place."""
        if place not in self._found:  # asked for several times of each picture
            self._found[place] = self._finder.find(place)
        return self._found[place]

    def places(self, faces: Collection[int]) -> tuple[AnyPlace, ...]:
        """Where tracks are known by: their surest box."""
        return tuple(place_of(self.timeline.tracks[at], self.timeline.video) for at in sorted(faces))

    def pictures(self, faces: Collection[int]) -> Iterator[MadePicture]:
        """The crops of tracks."""
        if not any(record.picture.size for record in self.records):
            self.records = crops_file.filled(self.records, self._crops)
        video = self.timeline.video
        width, height = video.size_wh
        for face in sorted(faces):
            record, made = self.records[face], 0
            for crop in crops_file.crops_of(record):
                x1, y1, x2, y2 = (float(side) for side in crop.box)
                place = (video.seconds(crop.pts), x1 / width, y1 / height, x2 / width, y2 / height)
                if self.find(place) == face:
                    key = f"{crop.pts}-{round(x1)}-{round(y1)}"
                    made += 1
                    yield MadePicture(face, key, place, float(crop.weight), crop.jpeg.tobytes())
            if not made:
                own = self.timeline.tracks[face]
                yield MadePicture(face, f"track-{own.start_pts}-{own.id}", place_of(own, video), 0.0, b"")

    def vector(self, face: int, place: AnyPlace) -> FloatArray:
        """The track's embedding next in time."""
        record, video = self.records[face], self.timeline.video
        if isinstance(place, PhotoPlace) or not len(record.embeddings):
            return np.empty(0, np.float32)
        pts = video.start_pts + round(place[0] / float(video.time_base))
        own: FloatArray = record.embeddings[int(np.abs(record.face_pts - pts).argmin())]
        return own

    @cached_property
    def _finder(self) -> Finder:
        return Finder(self.timeline.tracks, self.timeline.video)


class PhotoFaces(FaceMedia):
    """The faces of a set of photos; pictures are cut out of the photos that are at hand."""

    def __init__(self, kept: Kept, labels: Sequence[Label]) -> None:
        self.kept, self.labels = kept, labels

    @cached_property
    def people(self) -> Sequence[Person | None]:
        """Who each face is."""
        return [None if label.depicted else label.person for label in self.labels]

    def find(self, place: AnyPlace) -> int | None:
        """The face at a place."""
        return next(iter(self._finder.find_all([place])), None)

    def places(self, faces: Collection[int]) -> tuple[AnyPlace, ...]:
        """Where faces are known by."""
        return tuple(self._places[at] for at in sorted(faces))

    def pictures(self, faces: Collection[int]) -> Iterator[MadePicture]:
        """A picture of each face whose photo is as it was kept."""
        first = 0
        for photo in self.kept.photos:
            own = [at for at in range(first, first + len(photo.faces)) if at in faces]
            path = Path(self.kept.root, photo.path)
            try:
                is_same = bool(own) and sha256_of(path) == photo.sha256
                pixels = load(path).pixels if is_same else None
            except (OSError, PhotoError):
                pixels = None
            for at in own:
                box = photo.faces.boxes_xyxy[at - first]
                key = f"{photo.sha256[:12]}-{round(float(box[0]))}-{round(float(box[1]))}"
                jpeg = b"" if pixels is None else cut_face(pixels, box)
                weight = float(photo.faces.quality.score[at - first])
                yield MadePicture(at, key, self._places[at], weight, jpeg)
            first += len(photo.faces)

    def vector(self, face: int, place: AnyPlace) -> FloatArray:
        """The face's embedding."""
        return self._vectors[face]

    @cached_property
    def _finder(self) -> PhotoFinder:
        return PhotoFinder(self.kept.photos)

    @cached_property
    def _places(self) -> Sequence[PhotoPlace]:
        return places_of(self.kept)

    @cached_property
    def _vectors(self) -> list[FloatArray]:
        return [row for photo in self.kept.photos for row in photo.faces.embeddings]


def cut_face(pixels: NDArray[np.uint8], box_xyxy: FloatArray) -> bytes:
    """The face with what is around it, as it is in the picture, as the bytes of a JPEG file."""
    from PIL import Image

    x1, y1, x2, y2 = (float(side) for side in box_xyxy)
    height, width = pixels.shape[:2]
    side = max(1.0, min(max(x2 - x1, y2 - y1) * ROUND_A_FACE, width, height))
    left = min(max((x1 + x2 - side) / 2, 0.0), width - side)
    top = min(max((y1 + y2 - side) / 2, 0.0), height - side)
    image = Image.fromarray(pixels).crop((int(left), int(top), int(left + side), int(top + side)))
    image.thumbnail((LARGEST_PX, LARGEST_PX), Image.Resampling.LANCZOS)
    with io.BytesIO() as file:
        image.save(file, "JPEG", quality=JPEG_QUALITY)
        return file.getvalue()
