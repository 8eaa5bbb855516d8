"""Which faces, and which decisions, teach a cast something."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from personae.cast.gallery import EnrolledFace, PhotoRecord
from personae.recognition.prototypes import unit
from personae.timeline.decisions import Decision
from personae.types import FloatArray

POOR = 0.3
"""Faces of less quality (small, dark, turned away) teach little, and may teach what is wrong."""
NEARLY_SAME = 0.9
"""Cosine from which a face shows what another one shows: pictures of one moment."""


def names_given(decisions: Iterable[Decision]) -> list[str]:
    """The characters that decisions give faces to, each once."""
    given = (one.to.character for one in decisions if one.to is not None and one.kind in ("name", "give", "merge"))
    return list(dict.fromkeys(name for name in given if name is not None))


def worth_learning(
    faces: Sequence[tuple[PhotoRecord, EnrolledFace]], known: FloatArray
) -> list[tuple[PhotoRecord, EnrolledFace]]:
    """Those of `faces`, best first, that are good, and unlike each other and the faces `known` (n, d) already."""
    kept: list[tuple[PhotoRecord, EnrolledFace]] = []
    rows = list(unit(known.astype(np.float64))) if len(known) else []
    for record, face in faces:
        own = unit(np.asarray(face.embedding, np.float64)[None])[0]
        if float(face.quality.score[0]) >= POOR and all(float(own @ row) < NEARLY_SAME for row in rows):
            kept.append((record, face))
            rows.append(own)
    return kept
