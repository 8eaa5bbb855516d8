"""The pictures of faces that a page shows beside people, spans, photos and names: their addresses, for one request."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import zip_longest

from fastapi import Request
from pydantic import BaseModel

from personae.cast.gallery_records import CharacterId, PhotoRecord
from personae.films.media_id import id_of
from personae.films.person_faces import OwnFace
from personae.films.runner_up import runner_up
from personae.films.unknown_person import Part
from personae.project.film import ProjectFilm
from personae.server.addresses import address, photo_digest, photo_id, picture_address
from personae.server.cast_json import original_address
from personae.server.crops import FaceRow, ShownFace, of_films, of_sets
from personae.server.service import Service
from personae.timeline.person import Key
from personae.timeline.timeline import Timeline

MOST = 6
"""So many pictures tell who somebody is."""
PATH_S, PATH_STEP_S = 5.0, 0.19


class Crop(BaseModel):
    """A picture of a face. `quality` 0..1; `box`: x1, y1, x2, y2 in pixels of the picture of `size` (width, height).

    `path`: where the face is around that moment: (seconds, x1, y1, x2, y2), five times a second; of films.

    In a film `at_s` (seconds from its first picture), `pts` and `track`; in a set of photos `photo` (its id),
    `photo_address` and `number`, the face's from the left from 1.
    """

    medium: str
    address: str
    quality: float
    box: tuple[float, float, float, float]
    size: tuple[int, int] | None = None
    path: list[tuple[float, float, float, float, float]] = []
    at_s: float | None = None
    track: int | None = None
    pts: int | None = None
    photo: str | None = None
    photo_address: str | None = None
    number: int | None = None


class Pictures:
    """Finds them. What it has read of a film or set it keeps for as long as the request."""

    def __init__(self, service: Service, request: Request) -> None:
        self._service = service
        self._request = request
        self._people: dict[str, dict[Key, FaceRow]] = {}
        self._appearances: dict[str, dict[int, FaceRow]] = {}

    def of_parts(self, parts: tuple[Part, ...]) -> list[Crop]:
        """Up to six of somebody, by turns from each film and set that shows them."""
        rows = ((id, self.person(id, (None, one.unknown))) for one in parts for id in [id_of(one.kind, one.medium)])
        crops = [[] if row is None else [self._crop(id, face) for face in row.faces] for id, row in rows]
        return [crop for turn in zip_longest(*crops) for crop in turn if crop is not None][:MOST]

    def of_span(self, id: str, appearance: int) -> list[Crop]:
        """Up to six of one appearance."""
        if id not in self._appearances:
            medium = self._service.medium(id)
            rows = of_films.appearances(medium) if isinstance(medium, ProjectFilm) else []
            self._appearances[id] = {row.appearance: row for row in rows if row.appearance is not None}
        row = self._appearances[id].get(appearance)
        return [] if row is None else [self._crop(id, face) for face in row.faces]

    def runner_up(self, id: str, tracks: tuple[int, ...], name: str) -> tuple[str, float] | None:
        """Who tracks of a film could be but `name`, and the cosine."""
        medium = self._service.medium(id)
        return runner_up(medium, tracks, name) if isinstance(medium, ProjectFilm) else None

    def of_face(self, id: str, photo: str, number: int) -> list[Crop]:
        """The picture of one face of a photo."""
        rows = of_sets.faces(self._service.photo_set(id))
        return [self._crop(id, row.faces[0]) for row in rows if row.key == (photo, number)]

    def of_name(self, name: str) -> str | None:
        """The address of a picture of a character: of a photo of theirs, else of a film or set that shows them."""
        known = self._of_cast.get(name)
        if known is not None:
            return known
        for id in self._people:
            row = self._people[id].get((name, None))
            if row is not None and row.faces:
                return self._crop(id, row.faces[0]).address
        return None

    def of_cast_photos(self, photos: Sequence[PhotoRecord]) -> dict[str, tuple[str | None, str | None]]:
        """Photo's id -> the addresses of its face's picture and of the photo itself, where there are any."""
        shown = self._service.project.cast.shown(photos)
        found: dict[str, tuple[str | None, str | None]] = {}
        for photo in photos:
            owner = CharacterId(photo.character_id)
            picture = picture_address(owner, photo, shown.get(photo.address))
            original = original_address(self._service, owner, photo)
            found[photo.address] = self._whole(picture), self._whole(original)
        return found

    def _whole(self, where: str | None) -> str | None:
        return None if where is None else self._prefix + where

    def of_part(self, part: Part) -> str | None:
        """The address of the best picture of somebody without a name."""
        id = id_of(part.kind, part.medium)
        row = self.person(id, (None, part.unknown))
        return self._crop(id, row.faces[0]).address if row is not None and row.faces else None

    def of_faces(self, id: str, faces: Sequence[OwnFace]) -> list[Crop | None]:
        """The best picture of each track, or of each face of photos; None where there is none."""
        medium = self._service.medium(id)
        if isinstance(medium, ProjectFilm):
            tracks = of_films.of_tracks(medium, [one.track for one in faces if one.track is not None])
            found = [tracks.get(one.track or 0) for one in faces]
        else:
            every = of_sets.of_faces(medium)
            found = [every.get((one.photo, one.number or 0)) for one in faces]
        return [None if face is None else self._crop(id, face) for face in found]

    def address_of(self, id: str, face: ShownFace) -> str:
        """The address of one picture."""
        return self._crop(id, face).address

    def person(self, id: str, key: Key) -> FaceRow | None:
        """The faces of a person of a film or set; None where it shows none of them."""
        if id not in self._people:
            medium = self._service.medium(id)
            rows = of_films.people(medium) if isinstance(medium, ProjectFilm) else of_sets.people(medium)
            self._people[id] = {row.who.key: row for row in rows if row.who is not None}
        return self._people[id].get(key)

    @cached_property
    def _prefix(self) -> str:
        """Before addresses that begin after /api/v1."""
        return str(self._request.url_for("list_characters").path.removesuffix("/characters"))

    @cached_property
    def _of_cast(self) -> dict[str, str]:
        """Name -> the address of the best picture of each character that has one."""
        return {name: self._prefix + where for name, where in self._service.faces_of_cast().items()}

    def _crop(self, id: str, face: ShownFace) -> Crop:
        medium = self._service.medium(id)
        where = address(self._request, "get_crop", id=id, digest=face.digest)
        found = Crop(medium=id, address=where, quality=round(min(face.weight, 1.0), 3), box=face.box_xyxy)
        if isinstance(medium, ProjectFilm):
            video = medium.timeline.video
            found.size, found.pts, found.track = video.size_wh, face.pts, face.track
            found.at_s = round(video.seconds(face.pts), 3)
            found.path = _path(medium.timeline, face)
        elif face.photo is not None:
            found.photo, found.number = photo_id(face.photo), face.number
            digest = photo_digest(medium.digests.get(face.photo, ""))
            found.photo_address = address(self._request, "get_photo", id=id, photo=found.photo, digest=digest)
        return found


def _path(timeline: Timeline, face: ShownFace) -> list[tuple[float, float, float, float, float]]:
    """Where a face is around the moment of its picture."""
    video, track = timeline.video, face.track
    if track is None or not 0 < track <= len(timeline.tracks):
        return []
    at_s, found = video.seconds(face.pts), list[tuple[float, float, float, float, float]]()
    for pts, x1, y1, x2, y2, *_ in timeline.tracks[track - 1].boxes:
        s = video.seconds(pts)
        if abs(s - at_s) <= PATH_S and (not found or s - found[-1][0] >= PATH_STEP_S):
            found.append((round(s, 2), round(x1), round(y1), round(x2), round(y2)))
    return found
