"""From enrolled faces to a model: the one place that turns a gallery's rows into a fitted `CharacterModel`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from personae.cast.edit_log import Negative
from personae.cast.gallery import Enrolment
from personae.recognition.backgrounds import background_for
from personae.recognition.headed import character_model
from personae.recognition.model import CharacterModel
from personae.settings import Settings


def fit_enrolment(
    enrolment: Enrolment, settings: Settings, embedder: str, negatives: Sequence[Negative] = ()
) -> tuple[CharacterModel, dict[str, int]]:
    """A model of the enrolled faces, and how many photos of each character `max_photos` left out.

    `embedder`: contract id of what made the embeddings; `negatives`: faces that characters are not.
    Raises CastError where nothing is enrolled.
    """
    used, left_out = best_photos(enrolment, settings.max_photos)
    model = character_model(
        settings.head,
        background_for(embedder, enrolment.embeddings.shape[1]),
        max_clusters=settings.max_clusters,
        far=settings.far,
        threshold=settings.threshold,
        background_weight=settings.background_weight,
        seed=settings.seed,
        strangers=settings.strangers,
    )
    chosen = enrolment[used]
    model.fit(
        chosen.embeddings, chosen.characters, looks=chosen.looks, copies=chosen.copies, performers=chosen.performers
    )
    if negatives:
        model.reject(
            [negative.character for negative in negatives],
            np.stack([negative.embedding for negative in negatives]),
            face_px=[negative.face_px for negative in negatives],
        )
    return model, left_out


def best_photos(enrolment: Enrolment, most: int | None) -> tuple[list[int], dict[str, int]]:
    """Rows to train on, at most `most` per character by quality, and how many of each character are left out."""
    rows: dict[str, list[int]] = {}
    for row, character in enumerate(enrolment.characters):
        rows.setdefault(character, []).append(row)
    used: list[int] = []
    left_out: dict[str, int] = {}
    for character, own in rows.items():
        kept = own if most is None else sorted(own, key=lambda row: -enrolment.quality[row])[:most]
        used += kept
        if len(kept) < len(own):
            left_out[character] = len(own) - len(kept)
    return sorted(used), left_out
