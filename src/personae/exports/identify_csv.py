"""`identify --csv`: a row per face, in UTF-8 with a byte order mark, as the other tables."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from personae.exports.spans import line
from personae.exports.tables import plain

if TYPE_CHECKING:
    from personae.recognition.identification import IdentifiedPicture

COLUMNS = ("photo", "face", "character", "similarity", "confidence", "x1", "y1", "x2", "y2", "maybe", "error")


class FacesTable:
    """Writes rows into an open `file`: each face of a picture from the left, or one row for a photo without any.

    `character` is empty for an unknown face; `maybe`: "A or B" for one that is not told apart, else the nearest
    character of an unknown; `error`: why a photo could not be read. `named` takes up every character in it.
    """

    def __init__(self, file: BinaryIO, named: set[str] | None = None) -> None:
        self._file = file
        self._named = set[str]() if named is None else named
        self._file.write(b"\xef\xbb\xbf")
        self._row(COLUMNS)

    def write(self, picture: IdentifiedPicture, copy: Path | None = None) -> None:
        """Add the faces of one picture; `copy`: where its annotated copy is, which no column says."""
        del copy
        faces = picture.faces
        if faces is None or not len(faces):
            self._row((picture.path, *[""] * 9, picture.error or ""))
            return
        for number, (box, one) in enumerate(zip(faces.boxes_xyxy.tolist(), picture.identities, strict=True), 1):
            match, nearest = one.match, one.candidates[0] if one.candidates else None
            best = match or nearest
            self._named |= {*one.ambiguous, *(() if best is None else (best.character,))}
            maybe = " or ".join(one.ambiguous) or (nearest.character if nearest is not None and match is None else "")
            self._row(
                (
                    picture.path, str(number), "" if match is None else match.character,
                    "" if best is None else f"{best.similarity:.4f}", "" if best is None else f"{best.confidence:.4f}",
                    *(f"{value:.1f}" for value in box), maybe, "",
                )
            )  # fmt: skip

    def _row(self, cells: tuple[str, ...]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text).writerow([plain(line(one)) for one in cells])
        self._file.write(text.getvalue().encode())
