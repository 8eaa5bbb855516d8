"""Who somebody could be instead of whom the model named: the nearest other character of the cast."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from personae import archive
from personae.cast.trained import EMPTY, TrainedModel
from personae.checks import MisfitError
from personae.errors import PersonaeError
from personae.films.film import StoredFilm
from personae.recognition.prototypes import unit
from personae.timeline import records


def runner_up(film: StoredFilm, tracks: Collection[int], name: str) -> tuple[str, float] | None:
    """The character that the `tracks` (numbers from 1) of a film are most like but `name`, and the cosine to them.

    None where nothing tells: no model, or one of other networks than those of the scan.
    """
    trained = _model(film)
    try:
        arrays, facts = archive.read(film.files.tracks, schema=records.SCHEMA)
        if trained.model is None or trained.embedder != str(facts.get("fingerprint", {}).get("embedder", "")):
            return None
        faces = archive.array(arrays, "embeddings", "f", (None, None), -records.UNIT, records.UNIT)
        weights = archive.array(arrays, "weights", "f", (len(faces),), 0, records.LARGEST_WEIGHT)
        counts = archive.array(arrays, "faces_count", "i", (None,), 0, len(faces))
    except (PersonaeError, MisfitError):
        return None
    track = np.repeat(np.arange(1, len(counts) + 1), counts)
    own = np.isin(track, list(tracks)) if len(track) == len(faces) else np.zeros(len(faces), bool)
    if not own.any():
        return None
    mean = unit((weights[own, None] * faces[own]).sum(axis=0, keepdims=True)).astype(np.float32)
    found = trained.model.decide(mean, candidates=2).candidates(0)
    return next(((one.character, one.similarity) for one in found if one.character != name), None)


def _model(film: StoredFilm) -> TrainedModel:
    try:
        return film.context.model.current_or_empty()
    except PersonaeError:
        return EMPTY
