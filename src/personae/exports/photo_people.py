"""Who is in a photo, as archives get it: from a photo that was just identified, or out of a set that is kept.

Only what may stand in somebody else's catalogue counts as a name: what a person said, or what is likelier than not.
Faces on pictures in the picture are left out, for nobody is there; so are strangers, whom nobody is to be asked about
again. Other faces without a name stay, as faces to be named.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from personae.errors import PhotoError
from personae.exports.spans import line
from personae.films.kept_photos import KeptPhoto
from personae.media.photos import stored_form
from personae.media.xmp_people import People, Region, stored_area
from personae.recognition.identification import IdentifiedPicture

LIKELY = 0.5
"""A confidence below this is no name."""


@dataclass(frozen=True)
class ShownFace:
    """A face. `name`: the character's, None for an unknown person; `unknown`: "Unknown 2", where they have a number.

    `box_xyxy`: pixels of the picture as it is shown.
    """

    box_xyxy: tuple[float, float, float, float]
    name: str | None
    unknown: str | None = None
    decided_by: Literal["model", "person"] = "model"
    confidence: float = 0.0


@dataclass(frozen=True)
class PhotoFaces:
    """A photo with its faces, from the left; `size_wh`: of the picture as it is shown."""

    path: Path
    size_wh: tuple[int, int]
    faces: tuple[ShownFace, ...]

    @property
    def who(self) -> tuple[str, ...]:
        """Everybody in it once: characters, then unknown people who have a number."""
        named = [face.name for face in self.faces if face.name is not None]
        return tuple(dict.fromkeys([*named, *(face.unknown for face in self.faces if face.unknown is not None)]))

    def without_unknown(self) -> PhotoFaces:
        """The same with the characters alone."""
        return PhotoFaces(self.path, self.size_wh, tuple(face for face in self.faces if face.name is not None))

    def people(self) -> People:
        """The faces as regions of the file's picture, those with a name first; reads the beginning of the file.

        Programs that flatten the list then have each name beside its place. Raises PhotoError where the file cannot be
        read, or is not the photo any more that was looked at.
        """
        (width, height), orientation = stored_form(self.path)
        shown = (height, width) if orientation in {5, 6, 7, 8} else (width, height)
        if shown != tuple(self.size_wh):
            raise PhotoError(self.path, "the photo was changed since its faces were found. Look at it again.")
        regions = [
            Region(stored_area(face.box_xyxy, self.size_wh, orientation), face.name, face.decided_by, face.confidence)
            for face in sorted(self.faces, key=lambda face: face.name is None)
        ]
        return People((width, height), tuple(regions))


def of_picture(picture: IdentifiedPicture) -> PhotoFaces:
    """A photo that was identified; without faces where it could not be read."""
    faces = []
    if picture.faces is not None:
        for box, identity in zip(picture.faces.boxes_xyxy.tolist(), picture.identities, strict=True):
            match = identity.match if identity.match is not None and identity.match.confidence >= LIKELY else None
            faces.append(
                ShownFace(
                    (box[0], box[1], box[2], box[3]),
                    None if match is None else line(match.character),
                    confidence=0.0 if match is None else match.confidence,
                )
            )
    size = (0, 0) if picture.faces is None else picture.faces.size_wh
    return PhotoFaces(_absolute(picture.path), size, tuple(faces))


def of_kept(photo: KeptPhoto, root: Path) -> PhotoFaces:
    """A photo of a set, every decision applied; `root`: what its path begins at."""
    faces = []
    for face in photo.faces:
        if face.depicted or face.stranger or not face.name:
            continue
        is_named = face.character is not None and (face.decided_by == "person" or face.confidence >= LIKELY)
        name, number = (line(face.name), None) if is_named else (None, None if face.character else face.name)
        faces.append(ShownFace(face.box_xyxy, name, number, face.decided_by, face.confidence if is_named else 0.0))
    return PhotoFaces(_absolute(root / photo.path), photo.size_wh, tuple(faces))


def _absolute(path: str | Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - links are not followed
