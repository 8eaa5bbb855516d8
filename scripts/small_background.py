"""The part of a background that is about small faces: a two-covariance model and its scale, from people nobody tests
on.

`small_faces` fits the statistics; `with_small` adds them to a background, with the tails and the genuine evidence that
thresholds and confidence are made of. Every score that a scale is fitted to comes from people whom the statistics
beneath it have not seen (`FOLDS`-fold over people).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from personae.recognition.background import Background
from personae.recognition.prototypes import unit
from personae.recognition.small_faces import SmallFaces, SmallPrototypes
from scripts.background_statistics import GENUINE_PHOTOS, TAIL, weights, within

WITHIN_SHRUNK, BETWEEN_SHRUNK = 0.7, 0.4  # towards the same in every direction
PHOTOS = (1, 2, 3, 4, 5)
SIZES = 4  # groups of equally many small faces, by size
FOLDS = 4
REPEATS = 3
MOST_STRANGERS = 300_000
STRANGER_WEIGHT = 30.0  # of all stranger pairs against all pairs of one person: decisions are made far out in the tail


@dataclass(frozen=True, eq=False)
class People:
    """n photos: `clean`, `small`, `small_flip` (n, d), `px` (n,) of the small ones, `copies` (k, n, d).

    `copies` are small copies at `copies_px` (k,); the small photo with its mirror image is one more. `identity` (n,).
    """

    clean: np.ndarray
    small: np.ndarray
    small_flip: np.ndarray
    px: np.ndarray
    copies: np.ndarray
    copies_px: np.ndarray
    identity: np.ndarray

    def __getitem__(self, rows: np.ndarray) -> People:
        return People(
            self.clean[rows], self.small[rows], self.small_flip[rows], self.px[rows],
            self.copies[:, rows], self.copies_px, self.identity[rows],
        )  # fmt: skip

    @property
    def both(self) -> np.ndarray:
        """(n, d) small photos, averaged with their mirror images as the analyzer does."""
        return np.asarray(unit(unit(self.small) + unit(self.small_flip)))

    def enrolment_copies(self) -> tuple[np.ndarray, np.ndarray]:
        """(n, k + 1, d) copies as enrolled, the last averaged with its mirror image, and (n, k + 1) their sizes."""
        sizes = np.concatenate([np.repeat(self.copies_px[:, None], len(self.px), 1), self.px[None]])
        return np.concatenate([self.copies, self.both[None]]).transpose(1, 0, 2), sizes.T


def small_faces(people: People, size_px: np.ndarray, size_mean: np.ndarray) -> SmallFaces:
    """The two-covariance model of `people`; its odds are not fitted yet."""
    vote = weights(people.identity)
    kinds = [(people.copies[at], px) for at, px in enumerate(people.copies_px)] + [(people.clean, size_px[-1])]
    centred = [X - (vote @ X) for X, _ in kinds]
    within_people = np.mean([within(X, people.identity) for X in centred], axis=0)
    total = np.mean([X.T @ (X * vote[:, None]) for X in centred], axis=0)
    values, vectors = np.linalg.eigh(total - within_people)
    between = (vectors * np.maximum(values, 1e-8)) @ vectors.T
    within_people, between = _shrunk(within_people, WITHIN_SHRUNK), _shrunk(between, BETWEEN_SHRUNK)
    # Whiten within people, then turn to the axes along which people differ.
    values, vectors = np.linalg.eigh(within_people)
    whiten = vectors / np.sqrt(values)
    spread, turn = np.linalg.eigh(whiten.T @ between @ whiten)
    basis = whiten @ turn * np.sqrt(np.trace(total))  # vectors come at unit length, the statistics are of centred ones
    nothing = np.zeros((len(basis), len(basis)))
    odds = np.r_[1.0, np.zeros(6)], np.r_[1.0, np.zeros(3)]
    made = SmallFaces(size_px, size_mean, basis, np.maximum(spread, 1e-4), nothing, *odds)
    seen = made.seen(people.both, people.px)
    return replace(made, covariance=seen.T @ (seen * vote[:, None]))


def _shrunk(matrix: np.ndarray, share: float) -> np.ndarray:
    return np.asarray((1 - share) * matrix + share * np.trace(matrix) / len(matrix) * np.eye(len(matrix)))


def with_small(background: Background, people: People, part: np.ndarray) -> Background:
    """`background` with all that is known of small faces; `part` (n,): 0 background, 1 calibration."""
    size_px, size_mean = background.size_px, background.size_mean
    small_odds, sharp_odds = _fit_odds(people, size_px, size_mean)
    # What is measured on the calibration people must not have been learned from them.
    learned = replace(small_faces(people[part == 0], size_px, size_mean), small_odds=small_odds, sharp_odds=sharp_odds)
    shipped = replace(small_faces(people, size_px, size_mean), small_odds=small_odds, sharp_odds=sharp_odds)
    edges = np.quantile(people.px, np.linspace(0, 1, SIZES + 1)[1:-1])
    gaussian, real = _tails(learned, people[part == 1], people[part == 0], edges)
    test = people[part == 1]
    sharp, small = _genuine(learned, test, edges)
    smallest = replace(
        test, small=test.copies[0], small_flip=test.copies[0], px=np.full(len(test.px), test.copies_px[0])
    )
    _, (hard,) = _genuine(learned, smallest, edges[:0], copies_of=test)
    group = np.digitize(people.px, edges)
    small_px = np.array([np.exp(np.log(people.px[group == at]).mean()) for at in range(SIZES)])
    return replace(
        background, small=shipped, small_px=small_px, small_tail_gaussian=gaussian, small_tail_real=real,
        genuine_sharp=sharp, genuine_small=small, genuine_hard=hard,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Trial:
    """People enrolled with `photos` photos each; scores (m, c) of m new photos, their face sizes and whose they are."""

    photos: int
    ratio: np.ndarray
    evidence: np.ndarray
    cosine: np.ndarray
    px: np.ndarray
    truth: np.ndarray


def _trials(
    statistics: SmallFaces, people: People, photos: tuple[int, ...], repeats: int, copies_of: People | None = None
) -> Iterator[_Trial]:
    copies, sizes = (copies_of or people).enrolment_copies()
    enrolled = statistics.enrolled(people.clean, copies, sizes)
    seen = statistics.seen(people.both, people.px)
    sharp = unit(people.clean - statistics.size_mean[-1])
    rng = np.random.default_rng(0)
    for count in photos:
        for _ in range(repeats):
            several = [rng.permutation(np.flatnonzero(people.identity == p)) for p in np.unique(people.identity)]
            several = [rows for rows in several if len(rows) > count]
            own = np.stack([rows[:count] for rows in several])
            new = np.concatenate([rows[count : count + 3] for rows in several])
            truth = np.repeat(np.arange(len(several)), [len(rows[count : count + 3]) for rows in several])
            counts = np.full(len(own), count)
            # The ratio is read back through odds that leave it as it is.
            prototypes = SmallPrototypes(statistics, enrolled[own].mean(axis=1), counts)
            plain = SmallPrototypes(
                replace(statistics, small_odds=np.r_[1.0, np.zeros(6)], sharp_odds=np.r_[1.0, np.zeros(3)]),
                prototypes.centres,
                counts,
            )
            cosine = sharp[new] @ unit(sharp[own].mean(axis=1)).T
            px = people.px[new]
            yield _Trial(count, plain.evidence(seen[new], px), prototypes.evidence(seen[new], px), cosine, px, truth)


def _fit_odds(people: People, size_px: np.ndarray, size_mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logistic coefficients from likelihood ratio, face size and number of photos, and from cosine, to log-odds."""
    numbers = np.unique(people.identity)
    fold = np.random.default_rng(0).integers(0, FOLDS, len(numbers))
    rng = np.random.default_rng(1)
    small: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    sharp: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for k in range(FOLDS):
        tested = np.isin(people.identity, numbers[fold == k])
        statistics = small_faces(people[~tested], size_px, size_mean)
        for trial in _trials(statistics, people[tested], PHOTOS, REPEATS):
            right = np.zeros(trial.ratio.shape, bool)
            right[np.arange(len(trial.truth)), trial.truth] = True
            wrong = np.flatnonzero(~right.ravel())
            most = MOST_STRANGERS // (FOLDS * REPEATS * len(PHOTOS))
            wrong = rng.choice(wrong, min(most, len(wrong)), replace=False)
            kept = np.r_[np.flatnonzero(right.ravel()), wrong]
            is_right = right.ravel()[kept]
            weight = np.where(is_right, 1 / is_right.sum(), STRANGER_WEIGHT / len(wrong))
            n = np.full(len(kept), np.log(trial.photos))
            one = np.ones(len(kept))
            px = np.log(np.broadcast_to(trial.px[:, None], right.shape).ravel()[kept] / 20)
            s, c = trial.ratio.ravel()[kept], trial.cosine.ravel()[kept]
            small.append((np.stack([s, s * px, px, px**2, n, s * n, one], 1), is_right, weight))
            sharp.append((np.stack([c, c * n, n, one], 1), is_right, weight))
    return _logistic(small), _logistic(sharp)


def _logistic(parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> np.ndarray:
    """Weighted logistic regression by Newton's method."""
    X, y, weight = (np.concatenate(values) for values in zip(*parts, strict=True))
    scale = np.maximum(np.abs(X).max(axis=0), 1e-12)
    X = X / scale
    b = np.zeros(X.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(X @ b, -40, 40)))
        gradient = X.T @ (weight * (y - p))
        hessian = (X * (weight * p * (1 - p))[:, None]).T @ X + 1e-9 * np.eye(len(b))
        step = np.linalg.solve(hessian, gradient)
        b += step
        if np.abs(step).max() < 1e-9:
            break
    return np.asarray(b / scale)


def _tails(statistics: SmallFaces, cast: People, strangers: People, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(b, k, q) evidence that strangers exceed equally often when drawn from the Gaussian and when real.

    By groups of sizes, parted at `edges` (b - 1,), and by photos.
    """
    rng = np.random.default_rng(0)
    values, vectors = np.linalg.eigh(statistics.covariance)
    drawn = rng.standard_normal((20_000, len(values))) * np.sqrt(np.maximum(values, 0)) @ vectors.T
    seen, group = statistics.seen(strangers.both, strangers.px), np.digitize(strangers.px, edges)
    copies, sizes = cast.enrolment_copies()
    enrolled = statistics.enrolled(cast.clean, copies, sizes)
    gaussian, real = np.empty((2, len(edges) + 1, len(GENUINE_PHOTOS), len(TAIL)))
    for at, photos in enumerate(GENUINE_PHOTOS):
        people = [rng.permutation(np.flatnonzero(cast.identity == p)) for p in np.unique(cast.identity)]
        # Few people have many photos: each is enrolled several times, with others of them.
        own = np.stack([rng.permutation(rows)[:photos] for rows in people for _ in range(3) if len(rows) >= photos])
        prototypes = SmallPrototypes(statistics, enrolled[own].mean(axis=1), np.full(len(own), photos))
        for size in range(len(edges) + 1):
            rows = np.flatnonzero(group == size)
            # One photo of each stranger.
            rows = rows[np.unique(strangers.identity[rows], return_index=True)[1]]
            drawn_px = rng.choice(strangers.px[rows], len(drawn))
            gaussian[size, at] = np.quantile(prototypes.evidence(drawn, drawn_px).ravel(), 1 - TAIL)
            real[size, at] = np.quantile(prototypes.evidence(seen[rows], strangers.px[rows]).ravel(), 1 - TAIL)
    return gaussian, real


def _genuine(
    statistics: SmallFaces, people: People, edges: np.ndarray, copies_of: People | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Quantiles of the evidence of new photos for each number of enrolled photos.

    Of sharp ones (k, q), and of small ones (b, k, q) by groups of sizes, parted at `edges` (b - 1,).
    """
    even = np.linspace(0, 1, 201)
    curves, small = [], []
    for photos in GENUINE_PHOTOS:
        trials = list(_trials(statistics, people, (photos,), 8, copies_of))
        cosine, evidence = (
            np.concatenate([getattr(trial, name)[np.arange(len(trial.truth)), trial.truth] for trial in trials])
            for name in ("cosine", "evidence")
        )
        group = np.digitize(np.concatenate([trial.px for trial in trials]), edges)
        curves.append(np.quantile(cosine, even))
        small.append([np.quantile(evidence[group == size], even) for size in range(len(edges) + 1)])
    return np.stack(curves), np.array(small).transpose(1, 0, 2)
