"""Single pictures: of a film at an exact time, and the photos of a set. Decoded by the helper process, never here."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InAddress
from pydantic import BaseModel

from personae.cast.cast import Cast
from personae.films.kept_photos import KeptFace, KeptPhoto
from personae.films.photo_set import PhotoSet
from personae.media.palette import Colours
from personae.server.addresses import Digest, PhotoId, address, film_digest, photo_digest
from personae.server.asking import By, Served, sees
from personae.server.originals import below, video_facts
from personae.server.photo_states import of_photos
from personae.server.problems import ProblemError
from personae.server.ranges import JPEG, JPEG_ANSWER, content

router = APIRouter(tags=["pictures"])
GONE = "This picture is not there any more. Ask for its address again."
Width = Annotated[int | None, Query(ge=16, le=8192, description="At most so wide, in pixels; never enlarged.")]


class PictureFound(BaseModel):
    """A moment of a film. `pts`: in the film's own time base; `at_s`: seconds from its first picture."""

    pts: int
    at_s: float
    address: str


@router.get("/media/{id}/picture")
def find_picture(
    service: Served,
    caller: By,
    request: Request,
    id: str,
    at_s: Annotated[float | None, Query(ge=0, le=10**7)] = None,
    pts: Annotated[int | None, Query(ge=-(2**62), le=2**62)] = None,
) -> PictureFound:
    """The address of a film's picture at a time: seconds from the first picture, or a presentation timestamp."""
    if (at_s is None) == (pts is None):
        raise ProblemError(422, "input", "Give either at_s or pts.")
    video = service.film(id).timeline.video
    if pts is None:
        assert at_s is not None
        pts = video.start_pts + int(Fraction(at_s) / video.time_base)
    if not video.start_pts <= pts < video.start_pts + max(video.duration_pts, 1):
        raise ProblemError(404, "no-picture", "The film has no picture at this time.")
    where = address(request, "get_picture", id=id, pts=pts, digest=film_digest(video))
    return PictureFound(pts=pts, at_s=video.seconds(pts), address=where)


@router.get("/media/{id}/pictures/{pts}/{digest}.jpg", response_class=Response, responses=JPEG_ANSWER)
def get_picture(
    service: Served,
    caller: By,
    request: Request,
    id: str,
    pts: Annotated[int, InAddress(ge=-(2**62), le=2**62)],
    digest: Digest,
    width: Width = None,
) -> Response:
    """The picture of a film that is on screen at `pts`; `digest`: of the film's content, as `find_picture` says."""
    video = service.film(id).timeline.video
    if digest != film_digest(video):
        raise ProblemError(410, "gone", GONE)
    facts = video_facts(service.roots, video)
    return content(
        service.helper.ask("film_picture", by=caller.key, **facts, pts=pts, width=width), request, JPEG,
        digest=f"{digest}-{pts}-{width or 0}",
    )  # fmt: skip


@router.get("/media/{id}/photos/{photo}/{digest}.jpg", response_class=Response, responses=JPEG_ANSWER)
def get_photo(
    service: Served,
    caller: By,
    request: Request,
    id: str,
    photo: PhotoId,
    digest: Digest,
    width: Width = None,
    annotated: bool = False,
) -> Response:
    """A photo of a set, upright; `annotated`: with a box and a name on every face, as they are named now."""
    found = service.photo_set(id)
    path, sha256 = of_photos.path_of(found, photo) or (None, "")
    if path is None or photo_digest(sha256) != digest:
        raise ProblemError(410, "gone", GONE)
    labels = _labels(found, path, strangers=sees(caller, "strangers")) if annotated else None
    jpeg = service.helper.ask("photo", path=original(service, found, path), sha256=sha256, width=width, labels=labels)
    if annotated:  # who is who changes, and so does the picture
        return Response(jpeg, media_type=JPEG, headers={"cache-control": "private, no-store"})
    return content(jpeg, request, JPEG, digest=f"{digest}-{width or 0}")


def original(service: Served, photos: PhotoSet, path: str) -> str:
    """Where a photo of a set lies; raises ProblemError where that is below no root."""
    return str(below(service.roots, Path(photos.root, path), "The photo"))


def _labels(photos: PhotoSet, path: str, *, strangers: bool) -> list[list[Any]]:
    """What is drawn on a photo; see `answers.photo`."""
    every: tuple[KeptPhoto, ...] = photos.photos
    own = next((one.faces for one in every if one.path == path), ())
    named = {one.character for photo in every for one in photo.faces if one.character is not None}
    colours = Colours.of_cast(Cast(photos.context).names(), named)
    return [_label(face, colours) for face in own if face.character is not None or (strangers and face.name)]


def _label(face: KeptFace, colours: Colours) -> list[Any]:
    number = None if face.character is None else colours.of(face.character)
    return [list(face.box_xyxy), face.name, face.character, number]
