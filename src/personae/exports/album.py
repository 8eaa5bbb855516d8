"""A folder of annotated copies that keeps the folders of the originals: one copy per picture, none over another."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from personae.errors import PhotoError
from personae.films.own_copies import ANNOTATED
from personae.media.annotate import BoxLabel, annotate
from personae.media.palette import Colours
from personae.media.photos import load
from personae.outputs import Outputs
from personae.recognition.identification import IdentifiedPicture
from personae.types import Picture, percent

KIND = ANNOTATED


class Album:
    """Writes annotated copies into `folder`: of ROOT/a/1.png the copy is `folder`/a/1.jpg.

    `root`: what the originals lie in, see `common_root`; None: every copy lies in `folder` itself. `outputs`: what may
    be written. Where a file of that name is there already, and not this picture's own copy from before, the copy gets a
    number. `colours`: who has which; others get one as they come.
    """

    def __init__(
        self,
        folder: Path,
        *,
        root: Path | None = None,
        outputs: Outputs | None = None,
        colours: Mapping[str, int] | None = None,
    ) -> None:
        self.folder = folder
        self._root = root
        self._outputs = outputs or Outputs(None)
        self._sources: dict[str, str] = {}
        self._colours = Colours(numbers=colours)

    def add(self, picture: IdentifiedPicture, pixels: Picture | None = None) -> Path:
        """Write the copy of one identified picture as JPEG and return its path.

        `pixels`: the picture, where the caller has it still; else it is read again. Raises WriteError, PhotoError.
        """
        if picture.faces is None:
            raise PhotoError(picture.path, picture.error or "it was not read")
        image = annotate(pixels or load(picture.path, partial=True), labels_of(picture, self._colours))
        content = io.BytesIO()
        image.save(content, "JPEG", quality=92)
        source = os.path.abspath(picture.path)  # noqa: PTH100 - a path with .. is the same photo
        path = self._free(source)
        who = {identity.match.character for identity in picture.identities if identity.match is not None}
        self._outputs.write(path, content.getvalue(), kind=KIND, who=who, source=source)
        return path

    def _free(self, source: str) -> Path:
        base = self.folder / self._place(source)
        path, number = base, 1
        while self._sources.setdefault(str(path).casefold(), source) != source or not self._outputs.is_free(
            path, source
        ):
            number += 1
            path = base.with_name(f"{base.stem}-{number}.jpg")
        return path

    def _place(self, source: str) -> Path:
        """Where in the folder the copy of a picture belongs."""
        path = Path(source)
        if self._root is not None and path.is_relative_to(self._root):
            path = path.relative_to(self._root)
        else:
            path = Path(path.name)
        return path.with_name(f"{path.stem or 'picture'}.jpg")


def common_root(paths: Iterable[str | Path]) -> Path | None:
    """The innermost folder that holds all of `paths`: folders themselves, files by the folder they lie in.

    None where there is none: they lie on different drives.
    """
    absolute = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100 - links are not followed
    folders = [path if path.is_dir() else path.parent for path in absolute]
    try:
        return Path(os.path.commonpath(folders))
    except ValueError:
        return None


def labels_of(picture: IdentifiedPicture, colours: Colours | None = None) -> list[BoxLabel]:
    """What stands beside each face: the name and the confidence, "A or B", or "unknown".

    `colours`: who has which in the pictures so far.
    """
    colours = colours or Colours()
    if picture.faces is None:
        return []
    labels = []
    for box, identity in zip(picture.faces.boxes_xyxy, picture.identities, strict=True):
        x1, y1, x2, y2 = (float(value) for value in box)
        match = identity.match
        nobody = " or ".join(identity.ambiguous) or "unknown"
        text = nobody if match is None else f"{match.character} {percent(match.confidence)}"
        name = None if match is None else match.character
        labels.append(BoxLabel((x1, y1, x2, y2), text, name, None if name is None else colours.of(name)))
    return labels
