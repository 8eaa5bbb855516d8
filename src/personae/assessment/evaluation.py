"""What a cross-validation says about a cast: shares with intervals, curves, calibration, the worst photos.

`evaluate` takes outcomes and returns an `Evaluation` of plain values; `advice.py` puts them into words, and `exports/`
into JSON and a page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae.assessment.crossvalidation import Outcomes
from personae.assessment.intervals import Share, share
from personae.recognition.background import Float64Array
from personae.types import IntArray

FARS = (0.001, 0.01, 0.05)
MOST_BINS = 15
BIN_FACES = 15
"""A bin of the reliability diagram holds at least so many faces."""
MOST_WORST = 24
_CURVE_POINTS = 121
_CURVE_REACH = 0.35  # cosine, on either side of the threshold
_MIN_BEYOND = 2  # strangers above a threshold, to speak of a rate


@dataclass(frozen=True)
class FaceFacts:
    """A face and where it is: `box_xyxy` in pixels of the photo; `yaw` in eye distances; `face_px` its size."""

    path: str
    character: str | None
    box_xyxy: tuple[float, float, float, float]
    face_px: float
    yaw: float = 0.0


@dataclass(frozen=True)
class Verdict:
    """What was made of one face. `margin`: similarity to `best` less the threshold, named from 0 on.

    `kind`: "right", "wrong" (another character's name), "unknown" (none), "stranger" (a stranger with a name) or
    "stranger unknown".
    """

    face: FaceFacts
    kind: str
    best: str
    similarity: float
    confidence: float
    margin: float
    runner_up: str | None
    runner_up_similarity: float | None


@dataclass(frozen=True)
class CharacterResult:
    """One character: `photos` enrolled, `pictures` that are really different, `tested` photos.

    `recall`: of its tested photos, named rightly; `unknown`: left without a name; `precision`: of the faces that got
    its name (strangers included), its own; `confusions`: (other character, photos named so), most first;
    `alike`: (other character, photos), whose similarity to that one also reaches the threshold, most first.
    """

    character: str
    photos: int
    pictures: int
    tested: int
    recall: Share
    precision: Share
    unknown: Share
    confusions: tuple[tuple[str, int], ...]
    alike: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Strangers:
    """Faces of nobody in the cast: from `source` ("photos" given, or "cast": each character left out in turn).

    `far`: the share of them that got a name at the operating point.
    """

    source: str
    faces: int
    far: Share


@dataclass(frozen=True)
class CurvePoint:
    """Shares of faces at one threshold: of the cast's named rightly, wrongly and not; of strangers named (None: no
    strangers).
    """

    threshold: float
    right: float
    wrong: float
    unknown: float
    far: float | None


@dataclass(frozen=True)
class RatePoint:
    """The share of cast faces named rightly (DIR) where the share `far` of strangers gets a name; None where the
    strangers are too few to say.
    """

    far: float
    dir: Share | None
    threshold: float | None


@dataclass(frozen=True)
class Bin:
    """A bin of the reliability diagram: mean confidence, share of right names, faces, share of all faces' weight."""

    confidence: float
    right: float
    faces: int
    weight: float


@dataclass(frozen=True)
class Reliability:
    """Reliability of `confidence` for faces that got a name, half of all faces being strangers'.

    `error`: the mean distance of confidence and share of right names over the bins (ECE); None where nobody was named.
    """

    error: float | None
    bins: tuple[Bin, ...]


@dataclass(frozen=True)
class Evaluation:
    """The whole result. `far`, `threshold`: the operating point of the model of all photos; `folds`: how many."""

    far: float
    threshold: float
    folds: int
    photos: int
    tested: int
    pictures: int
    rank1: Share
    right: Share
    wrong: Share
    unknown: Share
    strangers: tuple[Strangers, ...]
    characters: tuple[CharacterResult, ...]
    rates: tuple[RatePoint, ...]
    curve: tuple[CurvePoint, ...]
    roc: tuple[tuple[float, float], ...]
    calibration: Reliability
    worst: tuple[Verdict, ...]
    examples: dict[str, FaceFacts]

    @property
    def curve_strangers(self) -> Strangers | None:
        """The strangers that curves, rates and calibration are of: the photos given, else the cast's own."""
        return self.strangers[0] if self.strangers else None


def evaluate(
    faces: Sequence[FaceFacts],
    groups: IntArray,
    tested: Outcomes,
    left_out: Outcomes,
    stranger_faces: Sequence[FaceFacts],
    strangers: Outcomes,
    *,
    far: float,
    threshold: float,
    folds: int,
    quality: NDArray[Any],
) -> Evaluation:
    """Put the outcomes together.

    `faces` (n), `groups` (n,), `quality` (n,): the enrolled photos; `tested`: cross-validation of them; `left_out`: the
    same faces as strangers; `strangers`: outcomes of `stranger_faces` (maybe none) under the model of all photos.
    """
    owner = np.array([face.character for face in faces], object)
    sources = []
    if len(strangers):
        sources.append(Strangers("photos", len(strangers), share(strangers.named)))
    if len(left_out):
        sources.append(Strangers("cast", len(left_out), share(left_out.named, owner[left_out.rows])))
    negative = strangers if len(strangers) else left_out
    return Evaluation(
        far=far,
        threshold=threshold,
        folds=folds,
        photos=len(faces),
        tested=len(tested),
        pictures=len(np.unique(groups)),
        rank1=share(tested.first, tested.truth),
        right=share(tested.right, tested.truth),
        wrong=share(tested.wrong, tested.truth),
        unknown=share(~tested.named, tested.truth),
        strangers=tuple(sources),
        characters=_characters(owner, groups, tested, strangers),
        rates=tuple(_rate(far, tested, negative, threshold) for far in FARS),
        curve=_curve(tested, negative, threshold),
        roc=_roc(tested, negative),
        calibration=_calibration(tested, negative),
        worst=_worst(faces, tested, stranger_faces, strangers),
        examples={
            str(name): faces[int(np.flatnonzero(owner == name)[np.asarray(quality)[owner == name].argmax()])]
            for name in np.unique(owner.astype(str))
        },
    )


def _characters(
    owner: NDArray[Any], groups: IntArray, tested: Outcomes, strangers: Outcomes
) -> tuple[CharacterResult, ...]:
    results = []
    for name in np.unique(owner.astype(str)):
        own = tested[tested.truth == name]
        given = np.concatenate([
            tested.first[tested.named & (tested.best == name)],
            np.zeros(int((strangers.named & (strangers.best == name)).sum()), bool),
        ])  # fmt: skip
        near = own.runner_up[own.first & (own.runner_up_similarity >= own.threshold)].tolist()
        near += own.best[~own.first & (own.margin >= 0)].tolist()
        results.append(
            CharacterResult(
                str(name),
                photos=int((owner == name).sum()),
                pictures=len(np.unique(groups[owner == name])),
                tested=len(own),
                recall=share(own.right),
                precision=share(given),
                unknown=share(~own.named),
                confusions=tuple(Counter(own.best[own.wrong].tolist()).most_common()),
                alike=tuple(Counter(near).most_common()),
            )
        )
    return tuple(results)


def _margins(outcomes: Outcomes) -> tuple[Float64Array, Float64Array]:
    """(margin where the nearest character is right, else -inf; margin)."""
    return np.where(outcomes.first, outcomes.margin, -np.inf), outcomes.margin


def _curve(tested: Outcomes, strangers: Outcomes, threshold: float) -> tuple[CurvePoint, ...]:
    """Every model's threshold moved by the same cosine; given as the threshold of the model of all photos."""
    right_margin, margin = _margins(tested)
    points = []
    for shift in np.linspace(-_CURVE_REACH, _CURVE_REACH, _CURVE_POINTS):
        right, named = float((right_margin >= shift).mean()), float((margin >= shift).mean())
        far = float((strangers.margin >= shift).mean()) if len(strangers) else None
        points.append(CurvePoint(threshold + float(shift), right, named - right, 1 - named, far))
    return tuple(points)


def _roc(tested: Outcomes, strangers: Outcomes) -> tuple[tuple[float, float], ...]:
    """(share of strangers named, share of cast faces named rightly) at every threshold that changes one, rising."""
    if not len(strangers):
        return ()
    right = np.sort(_margins(tested)[0])
    cuts = np.unique(np.r_[strangers.margin, right[np.isfinite(right)], np.inf])[::-1]
    far = 1 - np.searchsorted(np.sort(strangers.margin), cuts, "left") / len(strangers)
    hit = 1 - np.searchsorted(right, cuts, "left") / len(right)
    points = np.unique(np.stack([far, hit], axis=1), axis=0)
    if len(points) > 400:
        points = points[np.unique(np.linspace(0, len(points) - 1, 400).astype(int))]
    return tuple((float(x), float(y)) for x, y in points)


def _rate(far: float, tested: Outcomes, strangers: Outcomes, threshold: float) -> RatePoint:
    """DIR at the threshold that exactly the share `far` of the strangers at hand reaches."""
    beyond = int(far * len(strangers))
    if beyond < _MIN_BEYOND:
        return RatePoint(far, None, None)
    shift = float(np.sort(strangers.margin)[-beyond])
    return RatePoint(far, share(_margins(tested)[0] >= shift, tested.truth), threshold + shift)


def _calibration(tested: Outcomes, strangers: Outcomes) -> Reliability:
    """Equal-mass bins over the named faces, cast and strangers weighing the same however many there are."""
    sides = [outcomes for outcomes in (tested, strangers) if len(outcomes)]
    confidence = np.concatenate([side.confidence[side.named] for side in sides])
    right = np.concatenate([side.right[side.named] for side in sides])
    weight = np.concatenate([np.full(int(side.named.sum()), 1 / len(side)) for side in sides])
    if not len(confidence):
        return Reliability(None, ())
    weight /= weight.sum()
    order = np.argsort(confidence, kind="stable")
    count = int(np.clip(len(order) // BIN_FACES, 1, MOST_BINS))
    number = np.minimum((np.cumsum(weight[order]) * count - 1e-9).astype(int), count - 1)
    # Equal confidences are in one bin, or their order would make up errors.
    number = number[np.searchsorted(confidence[order], confidence[order], "left")]
    bins = []
    for which in range(count):
        rows = order[number == which]
        if len(rows):
            mass = float(weight[rows].sum())
            bins.append(
                Bin(
                    float(confidence[rows] @ weight[rows]) / mass, float(right[rows] @ weight[rows]) / mass,
                    len(rows), mass,
                )
            )  # fmt: skip
    return Reliability(sum(abs(item.confidence - item.right) * item.weight for item in bins), tuple(bins))


def _worst(
    faces: Sequence[FaceFacts], tested: Outcomes, stranger_faces: Sequence[FaceFacts], strangers: Outcomes
) -> tuple[Verdict, ...]:
    """Wrong names first, the surest mistakes foremost; then the cast's unknown faces, the farthest foremost."""
    wrong = [verdict(faces, tested, int(i)) for i in np.flatnonzero(tested.wrong)]
    wrong += [verdict(stranger_faces, strangers, int(i)) for i in np.flatnonzero(strangers.named)]
    wrong.sort(key=lambda item: (-item.margin, item.face.path))
    unknown = [verdict(faces, tested, int(i)) for i in np.flatnonzero(~tested.named)]
    unknown.sort(key=lambda item: (item.margin, item.face.path))
    return tuple((wrong + unknown)[:MOST_WORST])


def verdict(faces: Sequence[FaceFacts], outcomes: Outcomes, i: int) -> Verdict:
    """Outcome number `i` in plain values."""
    stranger = outcomes.truth[i] is None
    named = bool(outcomes.named[i])
    if stranger:
        kind = "stranger" if named else "stranger unknown"
    else:
        kind = "right" if outcomes.right[i] else "wrong" if named else "unknown"
    second = outcomes.runner_up[i]
    return Verdict(
        faces[int(outcomes.rows[i])],
        kind,
        str(outcomes.best[i]),
        float(outcomes.similarity[i]),
        float(outcomes.confidence[i]),
        float(outcomes.margin[i]),
        None if second is None else str(second),
        None if second is None else float(outcomes.runner_up_similarity[i]),
    )
