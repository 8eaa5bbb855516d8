"""Search of the settings that suit a cast, by nested cross-validation.

What counts is Youden's index at the model's own operating point: the share of the cast's photos that are named rightly
less the share of strangers' that get a name, strangers being the cast's own people left out of the model. Settings are
tried one after the other (`GRID`), the others as they are; a value stays only if it is better. How good the outcome of
such a search is on photos it has not seen is measured by searching again without each fold (Varma and Simon, BMC
Bioinformatics 7, 2006).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from personae.assessment.crossvalidation import ALWAYS_TRAINED, count_folds, outcomes, stratified_folds
from personae.assessment.intervals import Gain, paired_gain
from personae.cast.edit_log import Negative
from personae.cast.gallery import Enrolment
from personae.cast.training import fit_enrolment
from personae.errors import CastError, MissingExtraError
from personae.progress import Progress, ProgressCallback
from personae.recognition.background import Float64Array
from personae.settings import Settings
from personae.types import IntArray

GRID: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("max_clusters", (1, 2, 3, 5)),
    ("background_weight", (100.0, 1000.0, 10000.0)),
    ("head", ("prototypes", "knn", "logistic", "svm", "ensemble")),
)
"""What is searched, in this order; a setting that this version does not have is passed over."""
OUTER_FOLDS = 5
INNER_FOLDS = 3
BATCHES = 2
"""Parts of the cast that are left out in turn, to be strangers."""


@dataclass(frozen=True)
class Tried:
    """One value of one setting: its index on all photos, and the index of the best settings before it."""

    name: str
    value: Any
    index: float
    before: float


@dataclass(frozen=True)
class TuningResult:
    """`chosen` settings, what was `tried`, and the `gain` of such a search on photos it has not seen.

    `before`, `after`: (share of photos named rightly, share of strangers named) there, with the settings as they were
    and as the search chose them.
    """

    chosen: Settings
    changes: dict[str, Any]
    tried: tuple[Tried, ...]
    gain: Gain
    before: tuple[float, float]
    after: tuple[float, float]

    @property
    def is_worth_saving(self) -> bool:
        """Whether something changes, for a gain beyond its interval."""
        return bool(self.changes) and self.gain.is_clear


def search_space(settings: Settings) -> list[tuple[str, list[Any]]]:
    """Per setting of `GRID` that exists the values other than the one in `settings`."""
    known = {item.name for item in fields(settings)}
    current = vars(settings)
    return [(name, [value for value in values if value != current[name]]) for name, values in GRID if name in known]


def tune(
    enrolment: Enrolment,
    groups: IntArray,
    settings: Settings,
    embedder: str,
    *,
    folds: int | None = None,
    negatives: Sequence[Negative] = (),
    progress: ProgressCallback | None = None,
) -> TuningResult:
    """Search from `settings` on. Raises CastError where no photo can be left out.

    `groups` (n,): near-duplicates; `negatives`: faces that a person rejected, which every model is to respect.
    """
    count = folds or count_folds(enrolment.characters, groups, OUTER_FOLDS)
    fold = stratified_folds(enrolment.characters, groups, count, seed=settings.seed)
    if (fold == ALWAYS_TRAINED).all():
        raise CastError("No photo can be left out: give at least one character a second, different photo.")
    n = len(enrolment)
    before, after = _Scores(n, negatives), _Scores(n, negatives)
    rounds = count + 1
    for number in range(count):
        kept, left_out = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        if not len(left_out):
            continue
        inside = enrolment[kept.tolist()]
        chosen, _ = select(inside, groups[kept], settings, embedder, negatives, _part(progress, number, rounds))
        before.judge(enrolment, kept, left_out, settings, embedder)
        after.judge(enrolment, kept, left_out, chosen, embedder)
    chosen, tried = select(enrolment, groups, settings, embedder, negatives, _part(progress, count, rounds))
    names = np.unique(np.array(enrolment.characters), return_inverse=True)[1]
    rows = np.flatnonzero(before.judged)
    gain = paired_gain(before.benefit()[rows], after.benefit()[rows], groups[rows], names[rows], seed=settings.seed)
    changes = {
        name: vars(chosen)[name] for name, _ in search_space(settings) if vars(chosen)[name] != vars(settings)[name]
    }
    return TuningResult(chosen, changes, tuple(tried), gain, before.shares(), after.shares())


def select(
    enrolment: Enrolment,
    groups: IntArray,
    settings: Settings,
    embedder: str,
    negatives: Sequence[Negative] = (),
    tell: Callable[[float, str], None] = lambda share, what: None,
) -> tuple[Settings, list[Tried]]:
    """The best settings by cross-validation of these photos, and what was tried on the way."""
    space = search_space(settings)
    total, done = sum(len(values) for _, values in space) + 1, 1
    best, tried = settings, []
    index = cross_validated_index(enrolment, groups, settings, embedder, negatives)
    tell(done / total, "as it is")
    for name, values in space:
        start, start_index = best, index
        for value in values:
            try:
                candidate = replace(start, **{name: value})
                found = cross_validated_index(enrolment, groups, candidate, embedder, negatives)
            except MissingExtraError:  # a head whose library is not installed
                found = float("-inf")
            if found > float("-inf"):
                tried.append(Tried(name, value, found, start_index))
            # Half a photo, so that rounding never decides.
            if found > index + 0.5 / len(enrolment):
                best, index = candidate, found
            done += 1
            tell(done / total, f"{name} {value}")
    return best, tried


def cross_validated_index(
    enrolment: Enrolment, groups: IntArray, settings: Settings, embedder: str, negatives: Sequence[Negative] = ()
) -> float:
    """Youden's index of `settings` on these photos."""
    count = count_folds(enrolment.characters, groups, INNER_FOLDS)
    fold = stratified_folds(enrolment.characters, groups, count, seed=settings.seed + 1)
    scores = _Scores(len(enrolment), negatives)
    for number in range(count):
        left_out = np.flatnonzero(fold == number)
        if len(left_out):
            scores.judge(enrolment, np.flatnonzero(fold != number), left_out, settings, embedder)
    right, far = scores.shares()
    return right - far


class _Scores:
    """Per photo whether it was named rightly as its character's, and whether it was named as a stranger's."""

    def __init__(self, n: int, negatives: Sequence[Negative]) -> None:
        self._negatives = negatives
        self.right = np.full(n, np.nan)
        self.named = np.full(n, np.nan)

    def judge(
        self, enrolment: Enrolment, kept: IntArray, left_out: IntArray, settings: Settings, embedder: str
    ) -> None:
        of = np.array(enrolment.characters, object)
        names = sorted(set(of[kept]))
        known = left_out[np.isin(of[left_out].astype(str), names)]
        self._score(enrolment, kept, known, settings, embedder, genuine=True)
        # All roles of one performer are left out together: they are no strangers to each other.
        persons = enrolment.persons
        people = sorted({persons[row] for row in kept.tolist()})
        batches = min(BATCHES, len(people)) if len(people) > 1 else 0
        for start in range(batches):
            absent = set(people[start::batches])
            inside, outside = (
                np.array([row for row in rows.tolist() if (persons[row] in absent) == is_absent], np.int64)
                for rows, is_absent in ((kept, False), (left_out, True))
            )
            self._score(enrolment, inside, outside, settings, embedder, genuine=False)

    def _score(
        self, enrolment: Enrolment, kept: IntArray, rows: IntArray, settings: Settings, embedder: str, *, genuine: bool
    ) -> None:
        if not len(rows):
            return
        model, _ = fit_enrolment(enrolment[kept.tolist()], settings, embedder, self._negatives)
        chosen = enrolment[rows.tolist()]
        truth: list[str | None] = [*chosen.characters] if genuine else [None] * len(rows)
        found = outcomes(model, chosen.embeddings, chosen.face_px, truth, rows)
        if genuine:
            self.right[rows] = found.right
        else:
            self.named[rows] = found.named

    @property
    def judged(self) -> Any:
        return ~np.isnan(self.right) | ~np.isnan(self.named)

    def benefit(self) -> Float64Array:
        """(n,) what each photo adds to the index; its mean over the judged photos is the index."""
        count = self.judged.sum()
        parts = [
            np.nan_to_num(part) * count / max(1, (~np.isnan(part)).sum()) * sign
            for part, sign in ((self.right, 1), (self.named, -1))
        ]
        return np.asarray(parts[0] + parts[1])

    def shares(self) -> tuple[float, float]:
        """Share named rightly, share of strangers named."""
        right, far = (float(np.nanmean(part)) if (~np.isnan(part)).any() else 0.0 for part in (self.right, self.named))
        return right, far


def _part(progress: ProgressCallback | None, number: int, rounds: int) -> Callable[[float, str], None]:
    def tell(share: float, what: str) -> None:
        if progress is not None:
            progress(Progress("tuning", round(100 * (number + share) / rounds), 100, what))

    return tell
