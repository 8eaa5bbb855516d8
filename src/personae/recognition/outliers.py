"""Bad photos in a character's folder: which enrolled faces are not the character's, and where nothing can tell.

A photo outside the largest set that agrees is held against the mean of that set, which it is no part of, and every
photo against the other characters' sets. It is an outlier where it agrees no more than a stranger would, or fits
another character far better than its own.

Photos of one look are compared, and the sets of all looks count for a character: a mask disagrees legitimately. A
second set nearly as large as the first is an undeclared look, or a second person, which only a person can tell: both
stay and are shown. But a set that fits a larger set of another character as well as it fits itself is borrowed from
there. Values in, values out, nothing is random.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from personae.recognition.agreement import AgreeingSet, agreeing_sets, agreement_limit, centred, likeness_limit
from personae.recognition.background import Background
from personae.types import FloatArray, IntArray

LEAD = 0.20
"""By how much (cosine) a face must fit another character better than its own to be that one's: siblings do not."""
MIN_JUDGED = 3
"""A character with fewer photos loses none: nothing tells which is right."""
_CHUNK_VALUES = 1 << 24


@dataclass(frozen=True)
class Outlier:
    """A face that is not its character's.

    `row`: which; `agreement`: cosine to the mean of the character's other photos; `resembles`: number of the character
    it fits instead, None for nobody of the cast; `resemblance`: cosine to that one's mean (0 for nobody).
    """

    row: int
    agreement: float
    resembles: int | None
    resemblance: float


@dataclass(frozen=True)
class Disagreement:
    """Sets of photos of one character and look that do not agree, and nothing tells which are right: all are kept.

    `groups`: rows, the largest set first; `agreement`: cosine of the first two sets' means.
    """

    character: int
    groups: tuple[tuple[int, ...], ...]
    agreement: float


@dataclass(frozen=True)
class Verdicts:
    """`outliers` by row; `doubts`: faces that look like another character's, of characters with too few photos to lose
    one; `disagreements` by character."""

    outliers: tuple[Outlier, ...]
    doubts: tuple[Outlier, ...]
    disagreements: tuple[Disagreement, ...]


def find_outliers(
    embeddings: FloatArray,
    characters: IntArray,
    looks: Sequence[str | None],
    background: Background,
    *,
    face_px: FloatArray | None = None,
    trusted: Collection[int] = (),
    persons: Sequence[int] | None = None,
) -> Verdicts:
    """Judge n faces: `embeddings` (n, d), their `characters` (n,) numbers and `looks` (n), face sizes `face_px` (n,).

    `trusted`: rows that a person vouched for; they are never outliers, and what agrees with them is none either.
    `persons`: per character number who plays it, None where nobody plays two: roles of one person are no other's face.
    Judging what is left after taking the outliers out finds no further ones.
    """
    rows = centred(embeddings, background, face_px)
    names = {look: number for number, look in enumerate(sorted(set(looks), key=lambda look: (look is not None, look)))}
    groups = np.stack([characters, [names[look] for look in looks]], axis=1) if len(rows) else np.empty((0, 2), int)
    kept = np.arange(len(rows))
    found: list[Outlier] = []
    played = np.arange(characters.max() + 1 if len(rows) else 0) if persons is None else np.array(persons, np.int64)
    while True:
        sets = agreeing_sets(rows, groups, kept, background, frozenset(trusted))
        more, doubts = _judge(rows, characters, kept, sets, background, frozenset(trusted), played)
        if not more:
            break
        found += more
        kept = np.setdiff1d(kept, [outlier.row for outlier in more])
    outliers = tuple(sorted(found, key=lambda outlier: outlier.row))
    return Verdicts(outliers, tuple(doubts), _disagreements(rows, sets))


def _judge(
    rows: FloatArray,
    characters: IntArray,
    kept: IntArray,
    groups: list[list[AgreeingSet]],
    background: Background,
    trusted: frozenset[int],
    played: IntArray,
) -> tuple[list[Outlier], list[Outlier]]:
    """Outliers and doubts: faces in none of their character's sets, or that fit another character far better."""
    limit = agreement_limit(background)
    alike = likeness_limit(background)
    sets = [each for group in groups for each in group]
    owner = np.array([each.character for each in sets], np.int64)
    everyone = np.arange(characters.max() + 1 if len(kept) else 0)
    first, last = (np.searchsorted(owner, everyone, side) for side in ("left", "right"))  # sets lie by character
    several = np.array([len(each.members) > 1 for each in sets])
    means = np.stack([each.mean for each in sets]) if sets else np.empty((0, rows.shape[1]), np.float32)
    set_of = np.full(len(rows), -1)
    for number, each in enumerate(sets):
        set_of[list(each.members)] = number
    photos = np.bincount(characters[kept]) if len(kept) else np.empty(0, np.int64)
    outliers: list[Outlier] = []
    doubts: list[Outlier] = []
    step = max(1, _CHUNK_VALUES // max(1, len(sets)))
    for start in range(0, len(kept), step):
        part = kept[start : start + step]
        scores = rows[part] @ means.T
        inside = set_of[part] >= 0
        agreement = np.empty(len(part))
        for i, row in enumerate(part.tolist()):
            if inside[i]:
                scores[i, set_of[row]] = sets[set_of[row]].left_out(rows[row])
            own = slice(first[characters[row]], last[characters[row]])
            agreement[i] = scores[i, own].max()
            scores[i, played[owner] == played[characters[row]]] = -1.0
        scores[:, ~several] = -1.0
        other, fit = scores.argmax(axis=1), scores.max(axis=1)
        mislabelled = fit >= np.maximum(alike, agreement + LEAD)
        stranger = ~inside & (agreement < limit)
        for i in np.flatnonzero((mislabelled | stranger) & ~np.isin(part, list(trusted))).tolist():
            nearest = (int(owner[other[i]]), float(fit[i])) if mislabelled[i] else (None, 0.0)
            judged = photos[characters[part[i]]] >= MIN_JUDGED
            (outliers if judged else doubts).append(Outlier(int(part[i]), float(agreement[i]), *nearest))
    return outliers, doubts


def _disagreements(rows: FloatArray, groups: list[list[AgreeingSet]]) -> tuple[Disagreement, ...]:
    return tuple(
        Disagreement(group[0].character, tuple(each.members for each in group), float(group[0].mean @ group[1].mean))
        for group in groups
        if len(group) > 1
    )
