"""Names for the people of a film, from the model's own evidence: what is asked of a face in a photo is asked here.

So small faces are weighed as small ones, what a person rejected is not named again, and who cannot be told from another
character (look-alikes, two roles of one performer) is not guessed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personae.recognition.identification import REPEAT_MARGIN
from personae.recognition.model import CharacterModel
from personae.types import FloatArray

SHARP_MARGIN = 0.04
"""Asked besides of mean faces of quality 1, and less of worse ones: a character's sharp faces resemble far more than
the threshold, and who barely reaches it through a whole film is somebody else."""
POOR = 0.3
"""Of mean faces of this quality (dark, small) nothing is asked besides."""
MANY_MARGIN = 0.06
FEW_FACES, MANY_FACES = 4.0, 8.0
"""Asked of sharp mean faces besides, from nothing to all of it between faces worth this together: a character whom the
film shows sharply again and again is like his photos at last, and a stranger named here is named in every scene."""
LEAD = 0.1
"""Who is less than this before the next character is asked for the rest of it: a face that is nobody's is a little
like several."""
EM_STEPS = 50


@dataclass(frozen=True, eq=False)
class Weighed:
    """What the model makes of n mean faces: `evidence`, `similarity` (n, c) for each character, `asked` (n,) of each.

    Nothing is enough (`asked` infinite) for one that is not told from another character, or that other heads than the
    prototypes doubt; `either` gives the two, and is empty for the others: see `Matches.alternatives`.
    """

    evidence: NDArray[np.float64]
    similarity: NDArray[np.float64]
    asked: NDArray[np.float64]
    either: tuple[tuple[str, ...], ...]

    @property
    def lead(self) -> NDArray[np.float64]:
        """(n,) how much more evidence there is for the best character than for the next; infinite where it is alone."""
        if self.evidence.shape[1] < 2:
            return np.full(len(self.evidence), np.inf)
        top = np.sort(self.evidence, axis=1)
        return np.asarray(top[:, -1] - top[:, -2], np.float64)


def weigh(
    model: CharacterModel,
    means: FloatArray,
    face_px: NDArray[np.float64],
    quality: NDArray[np.float64],
    support: NDArray[np.float64],
    threshold: float | None = None,
) -> Weighed:
    """Ask the model about mean faces `means` (n, d) of sizes `face_px` (n,), a zero vector where there is no face.

    A mean face counts as one face of its faces' size; `quality` (n,) 0..1 is their mean, `support` (n,) their sum.
    """
    there = np.flatnonzero(np.abs(means).max(axis=1, initial=0.0) > 0)
    shape = len(means), len(model.classes_)
    evidence, similarity, asked = np.full(shape, -1.0), np.zeros(shape), np.full(len(means), np.inf)
    either: list[tuple[str, ...]] = [()] * len(means)
    if len(there):
        decided = model.decide(means[there], face_px=face_px[there], threshold=threshold, candidates=shape[1])
        rows = there[:, None]
        evidence[rows, decided.characters] = decided.evidence
        # Other heads may have chosen another character than the nearest: theirs is the evidence that it has a name.
        lead = decided.evidence.max(axis=1) - decided.evidence[:, 0]
        evidence[there, decided.characters[:, 0]] += np.where(lead > 0, lead + 1e-9, 0.0)
        similarity[rows, decided.characters] = decided.similarity
        more = (SHARP_MARGIN + MANY_MARGIN * many_faces(support[there])) * sharpness(quality[there])
        if shape[1] > 1:
            more += np.clip(LEAD - (decided.evidence[:, 0] - decided.evidence[:, 1]), 0, LEAD)
        limit = model.threshold_ if threshold is None else threshold  # how sure it is depends on the whole film
        reached = decided.evidence[:, 0] >= decided.threshold
        doubted = (decided.rivals >= 0) | (reached & ~decided.named)
        asked[there] = np.where(doubted, np.inf, limit + more)
        for face in np.flatnonzero(decided.rivals >= 0).tolist():
            either[int(there[face])] = decided.alternatives(face)
    return Weighed(evidence, similarity, asked, tuple(either))


def sharpness(quality: NDArray[np.float64]) -> NDArray[np.float64]:
    """0 for mean faces of `POOR` quality or less, 1 for the best."""
    return np.clip((quality - POOR) / (1 - POOR), 0.0, 1.0)


def many_faces(support: NDArray[np.float64]) -> NDArray[np.float64]:
    """0 for faces worth `FEW_FACES` together or less, 1 for `MANY_FACES` or more."""
    return np.clip((support - FEW_FACES) / (MANY_FACES - FEW_FACES), 0.0, 1.0)


def name_clusters(
    scores: NDArray[np.float64], asked: NDArray[np.float64], apart: NDArray[np.bool_]
) -> list[int | None]:
    """Per cluster the number of its character, or None: best scores first, each name once among clusters `apart`.

    `scores` (c, m) evidence; `asked` (c,): what each must reach; `apart` (c, c): clusters that are on screen together.
    """
    named: list[int | None] = [None] * len(scores)
    enough = np.flatnonzero(scores >= asked[:, None])
    for flat in enough[np.argsort(-scores.ravel()[enough], kind="stable")].tolist():
        c, character = divmod(flat, scores.shape[1])
        if named[c] is not None:
            continue
        rivals = [other for other in np.flatnonzero(apart[c]) if named[int(other)] == character]
        if not rivals or scores[c, character] >= asked[c] + REPEAT_MARGIN:
            named[c] = character
    return named


def strangers_among(best: NDArray[np.float64], tracks: NDArray[np.int64], model: CharacterModel) -> float:
    """The share of strangers among a film's tracks, from its clusters' `best` (c,) evidence and how many `tracks` (c,).

    Expectation maximization: the share is the mean probability of being one, which depends on the share (Saerens,
    Latinne and Decaestecker, Neural Computation 2002). One track of either kind is taken to have been seen besides, so
    a film of three tracks decides little and no share is 0 or 1.
    """
    share = 0.5
    for _ in range(EM_STEPS):
        outside = 1 - model.calibration_.confidence_at(best, share)
        share = float((tracks @ outside + 1) / (tracks.sum() + 2))
    return share
