"""From enrolled faces to a model: the one place that turns a gallery's rows into a fitted `CharacterModel`."""

from __future__ import annotations

from personae.recognition.background import background_for
from personae.recognition.gallery import Enrolment
from personae.recognition.model import CharacterModel
from personae.settings import Settings


def fit_enrolment(enrolment: Enrolment, settings: Settings, embedder: str) -> tuple[CharacterModel, dict[str, int]]:
    """A model of the enrolled faces, and how many photos of each character `max_photos` left out.

    `embedder`: contract id of what made the embeddings. Raises CastError where nothing is enrolled.
    """
    used, left_out = best_photos(enrolment, settings.max_photos)
    model = CharacterModel(
        max_clusters=settings.max_clusters,
        far=settings.far,
        threshold=settings.threshold,
        background=background_for(embedder, enrolment.embeddings.shape[1]),
        background_weight=settings.background_weight,
        seed=settings.seed,
    )
    chosen = enrolment[used]
    return model.fit(chosen.embeddings, chosen.characters, looks=chosen.looks), left_out


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
