"""The native format of `identify`: JSON, schema `personae/identify/1`, written picture by picture.

The schema is `schemas/identify-1.schema.json` in the package. Whoever reads a file accepts fields it does not know.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from personae.names import readable
from personae.recognition.identification import IdentifiedPicture, Identity
from personae.types import AnalyzedFaces

SCHEMA = "personae/identify/1"


class IdentifyWriter:
    """Writes the document to `stream` as pictures come in: flat memory on any number of them.

    `model`: the card of what names the faces, None while the cast is empty.

    A context manager: leaving it closes the document, also after an error, so that what was written can be read.
    """

    def __init__(self, stream: TextIO, model: dict[str, Any] | None, *, looks: bool = False) -> None:
        self._stream = stream
        self._model = model
        self._looks = looks
        self._separator = "\n"

    def __enter__(self) -> Self:
        self._stream.write(f'{{"schema": {_dumps(SCHEMA)}, "model": {_dumps(self._model)}, "pictures": [')
        return self

    def write(self, picture: IdentifiedPicture, annotated: str | Path | None = None) -> None:
        """Append one picture; `annotated`: where its annotated copy is."""
        row = picture_dict(picture, looks=self._looks)
        if annotated is not None:
            row["annotated"] = _unicode(str(annotated))
        self._stream.write(self._separator + "  " + _dumps(row))
        self._separator = ",\n"

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stream.write("\n]}\n")
        self._stream.flush()


def document(model: dict[str, Any] | None, pictures: list[dict[str, Any]]) -> dict[str, Any]:
    """The whole document of `picture_dict`s, for who has few; `model`: as of `IdentifyWriter`."""
    return {"schema": SCHEMA, "model": model, "pictures": pictures}


def picture_dict(picture: IdentifiedPicture, *, looks: bool = False) -> dict[str, Any]:
    """One element of `pictures`; `looks`: name the look beside the character."""
    faces = picture.faces
    return {
        "path": _unicode(picture.path),
        "size": None if faces is None else list(faces.size_wh),
        "error": picture.error,
        "note": (faces.note if faces is not None else "") or None,
        "faces": []
        if faces is None
        else [_face_dict(faces, i, identity, looks) for i, identity in enumerate(picture.identities)],
    }


def _face_dict(faces: AnalyzedFaces, i: int, identity: Identity, looks: bool) -> dict[str, Any]:
    match, best = identity.match, identity.candidates[0] if identity.candidates else None
    quality = faces.quality
    return {
        "box": _numbers(faces.boxes_xyxy[i], 1),
        "landmarks": [_numbers(point, 1) for point in faces.landmarks_xy[i]],
        "detection_score": round(float(faces.scores[i]), 4),
        "quality": {
            "score": round(float(quality.score[i]), 3),
            "face_px": round(float(quality.face_px[i]), 1),
            "sharpness": round(float(quality.sharpness[i]), 1),
            "brightness": round(float(quality.brightness[i]), 1),
            "yaw": round(float(quality.yaw[i]), 3),
            "reasons": [str(reason) for reason in quality.reasons[i]],
        },
        "character": None if match is None else match.character,
        "look": match.look if match is not None and looks else None,
        # Of an unknown face: how near it came to the nearest character.
        "similarity": _rounded(match.similarity if match else best.similarity if best else None),
        "confidence": _rounded(match.confidence if match else best.confidence if best else None),
        "method": identity.method,
        "repeated": identity.repeated,
        "ambiguous": list(identity.ambiguous),
        "candidates": [
            {
                "character": candidate.character,
                "similarity": round(candidate.similarity, 4),
                "confidence": round(candidate.confidence, 4),
            }
            for candidate in identity.candidates
        ],
    }


def _unicode(path: str) -> str:
    """A file name need not be valid Unicode; JSON must be."""
    return readable(path)


def _numbers(values: Any, digits: int) -> list[float]:
    return [round(float(value), digits) for value in values]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
