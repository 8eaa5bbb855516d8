"""A folder of annotated copies: one per picture, none over another."""

from __future__ import annotations

from pathlib import Path

from personae.errors import PhotoError
from personae.files import write_error
from personae.media.annotate import Label, annotate
from personae.media.photos import load
from personae.recognition.identification import IdentifiedPicture
from personae.types import Picture, percent


class Album:
    """Writes annotated copies into `folder`; pictures of one name in different folders get numbers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._sources: dict[str, str] = {}

    def add(self, picture: IdentifiedPicture, pixels: Picture | None = None) -> Path:
        """Write the copy of one identified picture as JPEG and return its path.

        `pixels`: the picture, where the caller has it still; else it is read again. Raises WriteError, PhotoError.
        """
        if picture.faces is None:
            raise PhotoError(picture.path, picture.error or "it was not read")
        image = annotate(pixels or load(picture.path, partial=True), labels_of(picture))
        path = self.folder / self._name(picture.path)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            image.save(path, quality=92)
        except OSError as error:
            raise write_error(path, error) from error
        return path

    def _name(self, source: str) -> str:
        stem, number = Path(source).stem or "picture", 1
        name = f"{stem}.jpg"
        while self._sources.setdefault(name.casefold(), source) != source:
            number += 1
            name = f"{stem}-{number}.jpg"
        return name


def labels_of(picture: IdentifiedPicture) -> list[Label]:
    """What stands beside each face: the name and the confidence, "A or B", or "unknown"."""
    if picture.faces is None:
        return []
    labels = []
    for box, identity in zip(picture.faces.boxes_xyxy, picture.identities, strict=True):
        x1, y1, x2, y2 = (float(value) for value in box)
        match = identity.match
        nobody = " or ".join(identity.ambiguous) or "unknown"
        text = nobody if match is None else f"{match.character} {percent(match.confidence)}"
        labels.append(Label((x1, y1, x2, y2), text, None if match is None else match.character))
    return labels
