"""What the helper process answers (see `helper`): each a function of the project and plain values.

What comes back is JSON types, or bytes. Every path was found below a media root by who asks. A file may be another one
by now: so whoever asks says by its digest which content is meant.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from personae.errors import FilmError, InputError, PhotoError
from personae.server.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

    from personae.project.session import Project

JPEG_QUALITY = 88
GONE = "This is not there any more: the file is another one now."


def identify(project: Project, path: str, name: str, far: float | None) -> Any:
    """Who is in the picture at `path`, called `name` in the answer; the rate of false accepts `far`, or the model's."""
    from personae.exports.identify_json import document, picture_dict

    threshold = None if far is None else project.threshold_at(far)
    (found,) = project.identify([path], threshold=threshold)
    row = picture_dict(found)
    row["path"] = name
    if row["error"]:
        row["error"] = row["error"].replace(path, name)
    card = project.card
    return document(None if card is None else card.as_dict(), [row])


def annotated(project: Project, path: str, far: float | None) -> bytes:
    """The picture at `path` as a JPEG with a box and a name on every face; otherwise as `identify`."""
    from personae.exports.album import labels_of
    from personae.media.annotate import annotate
    from personae.media.photos import load

    threshold = None if far is None else project.threshold_at(far)
    (found,) = project.identify([path], threshold=threshold)
    if found.error is not None:
        raise ProblemError(422, "photo", found.error.replace(path, "the photo"))
    with _own_words():
        return _jpeg(annotate(load(path, partial=True), labels_of(found)))


def film_picture(
    project: Project,
    paths: Sequence[str],
    stream: int | None,
    rate: str | None,
    starts: Sequence[int],
    content_id: str,
    pts: int,
    width: int | None,
) -> bytes:
    """The picture of a film that is shown at `pts`, as a JPEG at most `width` wide; see `video_facts`."""
    from PIL import Image

    from personae.media.picture_at import picture_at
    from personae.media.video import open_film

    with (
        _own_words(),
        open_film(list(paths), stream=stream, rate=rate, as_one=len(paths) > 1) as film,
    ):
        if film.video.content_id != content_id:
            raise ProblemError(410, "gone", GONE)
        picture = picture_at(film, pts, tuple(starts))
        if picture is None:
            raise ProblemError(404, "no-picture", "The film has no picture at this time.")
        return _jpeg(_narrow(Image.fromarray(picture.rgb()), width))


def photo(
    project: Project, path: str, sha256: str, width: int | None, labels: Sequence[Sequence[Any]] | None = None
) -> bytes:
    """The photo at `path`, upright, as a JPEG at most `width` wide.

    `labels`: rows (box, text, character or None, number of a colour) that are drawn on it.
    """
    from PIL import Image

    from personae.media.annotate import BoxLabel, annotate

    picture = _photo(path, sha256)
    if labels is None:
        return _jpeg(_narrow(Image.fromarray(picture.pixels), width))
    drawn = [BoxLabel(tuple(box), text, who, colour) for box, text, who, colour in labels]
    return _jpeg(_narrow(annotate(picture, drawn), width))


def face(project: Project, path: str, sha256: str, box: Sequence[float]) -> bytes:
    """A face of the photo at `path` with what is around it, as a JPEG; `box`: x1, y1, x2, y2 in pixels."""
    import numpy as np

    from personae.films.face_media import cut_face

    return cut_face(_photo(path, sha256).pixels, np.asarray(box, np.float32))


def export(project: Project, film: str, format: str, shown: Mapping[str, Any], media: str | None) -> bytes:
    """A film's timeline in a format that shows pictures, or that a plug-in writes; see `ProjectFilm.exported`."""
    from personae.project.exporting import Shown

    with _own_words(), project.films[film] as found:
        return found.exported(format, Shown(**shown), media=media)


def overview(project: Project, films: Sequence[Sequence[str]], shown: Mapping[str, Any]) -> bytes:
    """One page over several films; see `ProjectFilms.overview`."""
    from personae.project.exporting import Shown

    with _own_words():
        return project.films.overview([(name, report, sheet) for name, report, sheet in films], Shown(**shown))


def sidecars(project: Project, photos: str, paths: Mapping[str, str], unknown: bool) -> dict[str, str]:
    """XMP sidecars of photos of a set, by their paths in it; `paths`: and where each lies.

    Without those in which nobody is to be written down, or that are not as they were kept.
    """
    from personae.exports.photo_people import of_kept
    from personae.media.xmp_people import with_people

    found, kept = {}, project.photos[photos]
    digests, root = kept.digests, kept.root
    for one in kept.photos:
        if one.path not in paths:
            continue
        faces = replace(of_kept(one, root, digests.get(one.path, "")), path=Path(paths[one.path]))
        try:
            people = (faces if unknown else faces.without_unknown()).people()
        except (PhotoError, OSError):
            continue
        content = with_people(None, people).content
        if content is not None:
            found[one.path] = content.decode()
    return found


def _photo(path: str, sha256: str) -> Any:
    from personae.files import sha256_of
    from personae.media.photos import load

    try:
        is_same = sha256_of(Path(path)) == sha256
    except OSError:
        is_same = False
    if not is_same:
        raise ProblemError(410, "gone", GONE)
    with _own_words():
        return load(path, partial=True)


def _narrow(image: Image.Image, width: int | None) -> Image.Image:
    """At most `width` wide; nothing is enlarged."""
    from PIL import Image as Images

    if width is None or image.width <= width:
        return image
    high = max(1, round(image.height * width / image.width))
    return image.resize((width, high), Images.Resampling.LANCZOS, reducing_gap=3.0)


def _jpeg(image: Image.Image) -> bytes:
    with io.BytesIO() as file:
        image.convert("RGB").save(file, "JPEG", quality=JPEG_QUALITY)
        return file.getvalue()


@contextmanager
def _own_words() -> Iterator[None]:
    """What is wrong with a film or photo, without the path it lies at; or with what was asked."""
    try:
        yield
    except FilmError as error:
        raise ProblemError(422, "film", f"The film cannot be shown: {error.reason}") from None
    except PhotoError as error:
        raise ProblemError(422, "photo", f"The photo cannot be shown: {error.reason}") from None
    except InputError as error:
        raise ProblemError(422, "input", str(error)) from None


ANSWERS: dict[str, Callable[..., Any]] = {
    "identify": identify,
    "annotated": annotated,
    "film_picture": film_picture,
    "photo": photo,
    "face": face,
    "export": export,
    "overview": overview,
    "sidecars": sidecars,
}
