"""Cross-validation of a cast: every photo is named by a model that has not seen it, nor a near-duplicate of it.

Folds are stratified: each character's photos are spread evenly over them. With as many folds as the character with most
photos has, which is the rule up to `MOST_FOLDS`, every character loses one photo at a time: leave-one-photo-out for all
characters at once, at the price of a handful of trainings. Embeddings are made once, before; a training takes a tenth
of a second.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from personae.cast.edit_log import Negative
from personae.cast.gallery import Enrolment
from personae.cast.training import fit_enrolment
from personae.errors import CastError
from personae.progress import Progress, ProgressCallback
from personae.recognition.background import Float64Array
from personae.recognition.model import CharacterModel
from personae.settings import Settings
from personae.types import FloatArray, IntArray

LIKENESS = 0.88
"""Cosine from which two photos are near-duplicates. Half of all pairs of frames a tenth of a second apart reach it, two
photos of one person taken on different days hardly ever do (2 in 1,000 pairs)."""
MOST_FOLDS = 10
MOST_LEFT_OUT = 20
"""At most so many trainings without some of the characters."""
ALWAYS_TRAINED = -1
"""Fold of a photo that is never tested, because its character would be left without one."""
CANDIDATES = 5
_BLOCK = 1024


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What models made of n faces they were not trained on.

    `rows` (n,): numbers of the faces in what was scored; `truth` (n,) of str or None for a stranger; `best`,
    `runner_up` (n,) of str or None: the nearest characters, named or not; `similarity`, `runner_up_similarity`,
    `confidence` (n,): of those; `threshold` (n,): cosine that each face had to reach; `named` (n,); `margin` (n,):
    similarity less threshold, at least 0 exactly where a name was given.
    """

    rows: IntArray
    truth: NDArray[Any]
    best: NDArray[Any]
    runner_up: NDArray[Any]
    similarity: Float64Array
    runner_up_similarity: Float64Array
    confidence: Float64Array
    threshold: Float64Array
    margin: Float64Array
    named: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, keep: NDArray[Any]) -> Self:
        return type(self)(**{item.name: getattr(self, item.name)[keep] for item in fields(self)})

    @property
    def first(self) -> NDArray[np.bool_]:
        """(n,) whether the nearest character is the right one, named or not (rank 1)."""
        return np.asarray(self.best == self.truth, bool)

    @property
    def right(self) -> NDArray[np.bool_]:
        """(n,) whether the right name was given."""
        return self.named & self.first

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """(n,) whether a wrong name was given."""
        return self.named & ~self.first

    @classmethod
    def join(cls, parts: Sequence[Outcomes]) -> Outcomes:
        """All of them, in the order of their rows."""
        if not parts:
            return cls.empty()
        joined = Outcomes(
            **{item.name: np.concatenate([getattr(part, item.name) for part in parts]) for item in fields(cls)}
        )
        return joined[np.argsort(joined.rows, kind="stable")]

    @classmethod
    def empty(cls) -> Outcomes:
        """The outcomes of no faces."""
        names, numbers = np.empty(0, object), np.empty(0)
        return cls(
            np.empty(0, np.int64), names, names, names, numbers, numbers, numbers, numbers, numbers, np.empty(0, bool)
        )


def outcomes(
    model: CharacterModel, embeddings: FloatArray, face_px: FloatArray, truth: Sequence[str | None], rows: IntArray
) -> Outcomes:
    """What `model` makes of the faces with `embeddings` (n, d) and `face_px` (n,); `truth`, `rows`: see `Outcomes`."""
    if not len(embeddings):
        return Outcomes.empty()
    decisions = model.decide(embeddings, face_px=face_px, candidates=2)
    n = len(decisions)
    names = decisions.names.astype(object)[decisions.characters]
    two = names.shape[1] > 1
    similarity = decisions.similarity[:, 0]
    threshold = np.broadcast_to(np.asarray(decisions.threshold, np.float64), (n,)).copy()
    margin = decisions.evidence[:, 0] - threshold
    # Where more than the threshold decides (look-alikes), the decision counts.
    margin = np.where(decisions.named, np.maximum(margin, 0.0), np.minimum(margin, -1e-9))
    return Outcomes(
        rows,
        np.array(list(truth), object),
        names[:, 0],
        names[:, 1] if two else np.full(n, None, object),
        similarity,
        decisions.similarity[:, 1] if two else np.full(n, np.nan),
        decisions.confidence[:, 0],
        threshold,
        margin,
        decisions.named,
    )


def near_duplicate_groups(
    embeddings: FloatArray, declared: Sequence[str | None] | None = None, *, likeness: float = LIKENESS
) -> IntArray:
    """(n,) group numbers from 0: photos are together whose unit `embeddings` (n, d) have a cosine of at least
    `likeness`, and photos `declared` (n,) to be of one group (None: of none), both transitively.
    """
    n = len(embeddings)
    names = [f"declared {name}" if name is not None else i for i, name in enumerate(declared or [None] * n)]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    declared_group = np.array([numbers[name] for name in names], np.int64)
    # Every photo takes the lowest number among those it is together with, until nothing changes.
    labels = np.arange(n)
    while True:
        lowest = np.full(len(numbers), n)
        np.minimum.at(lowest, declared_group, labels)
        new = lowest[declared_group]
        for start in range(0, n, _BLOCK):
            alike = embeddings[start : start + _BLOCK] @ embeddings.T >= likeness
            nearest = np.where(alike, new[None, :], n).min(axis=1)
            new[start : start + _BLOCK] = np.minimum(new[start : start + _BLOCK], nearest)
        new = new[new]
        if np.array_equal(new, labels):
            break
        labels = new
    _, groups = np.unique(labels, return_inverse=True)
    return groups.astype(np.int64)


def count_folds(characters: Sequence[str], groups: IntArray, most: int = MOST_FOLDS) -> int:
    """As many folds as the character with most groups of photos has, between 2 and `most`."""
    counts = Counter(character for character, _ in set(zip(characters, groups.tolist(), strict=True)))
    return int(np.clip(max(counts.values(), default=0), 2, most))


def stratified_folds(characters: Sequence[str], groups: IntArray, count: int, *, seed: int = 0) -> IntArray:
    """(n,) the fold 0..count-1 that tests each photo; `ALWAYS_TRAINED` where its character has one group only.

    A group is never divided. Groups come one after the other (in an order drawn with `seed`) to the fold that has
    least of their characters.
    """
    rows_of: dict[int, list[int]] = defaultdict(list)
    for row, group in enumerate(groups.tolist()):
        rows_of[group].append(row)
    groups_of = Counter(character for character, _ in set(zip(characters, groups.tolist(), strict=True)))
    folds = np.full(len(characters), ALWAYS_TRAINED, np.int64)
    held: dict[str, IntArray] = {character: np.zeros(count, np.int64) for character in groups_of}
    sizes = np.zeros(count, np.int64)
    rng = np.random.default_rng(seed)
    # Large groups first: what comes last evens out what came before.
    for group in sorted(rng.permutation(list(rows_of)).tolist(), key=lambda group: -len(rows_of[group])):
        inside = Counter(characters[row] for row in rows_of[group])
        if all(groups_of[character] == 1 for character in inside):
            continue
        load = sum(held[character] * 1000 for character in inside) + sizes
        fold = int(np.asarray(load).argmin())
        folds[rows_of[group]] = fold
        sizes[fold] += len(rows_of[group])
        for character, photos in inside.items():
            held[character][fold] += photos
    return folds


def cross_validate(
    enrolment: Enrolment,
    folds: IntArray,
    settings: Settings,
    embedder: str,
    progress: ProgressCallback | None = None,
    *,
    negatives: Sequence[Negative] = (),
) -> Outcomes:
    """Each tested photo of `enrolment` (n) under the model that was trained on the other folds.

    `negatives`: faces that a person rejected.
    Raises CastError where no photo can be left out.
    """
    parts = []
    numbers = sorted(set(folds.tolist()) - {ALWAYS_TRAINED})
    for done, fold in enumerate(numbers):
        kept, left_out = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        known = {enrolment.characters[row] for row in kept}
        left_out = np.array([row for row in left_out if enrolment.characters[row] in known], np.int64)
        if len(left_out):
            model, _ = fit_enrolment(enrolment[kept.tolist()], settings, embedder, negatives)
            parts.append(_score_rows(model, enrolment, left_out, genuine=True))
        if progress is not None:
            progress(Progress("folds", done + 1, len(numbers), "cross-validation"))
    if not parts:
        raise CastError(
            "No photo can be left out: every character has a single photo, or only near-duplicates. "
            "Give at least one character a second, different photo."
        )
    return Outcomes.join(parts)


def leave_characters_out(
    enrolment: Enrolment,
    settings: Settings,
    embedder: str,
    *,
    most: int = MOST_LEFT_OUT,
    negatives: Sequence[Negative] = (),
    progress: ProgressCallback | None = None,
) -> Outcomes:
    """Each photo as a stranger's, under a model of the cast without its character.

    One character is left out at a time, or, in a cast of more than `most`, one `most`-th of it; with it go the other
    roles of its performer, who would be no stranger. Empty for a cast of one.
    """
    of = enrolment.persons
    people = sorted(set(of))
    if len(people) < 2:
        return Outcomes.empty()
    parts = []
    batches = [set(people[start::most]) for start in range(min(most, len(people)))]
    for done, batch in enumerate(batches):
        absent = np.array([person in batch for person in of])
        model, _ = fit_enrolment(enrolment[np.flatnonzero(~absent).tolist()], settings, embedder, negatives)
        parts.append(_score_rows(model, enrolment, np.flatnonzero(absent), genuine=False))
        if progress is not None:
            progress(Progress("strangers", done + 1, len(batches), "without some of the cast"))
    return Outcomes.join(parts)


def _score_rows(model: CharacterModel, enrolment: Enrolment, rows: IntArray, *, genuine: bool) -> Outcomes:
    chosen = enrolment[rows.tolist()]
    truth: list[str | None] = list(chosen.characters) if genuine else [None] * len(chosen)
    return outcomes(model, chosen.embeddings, chosen.face_px, truth, rows)
