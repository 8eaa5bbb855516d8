"""The whole film counts for a name: many faces, the next character, and a surer group of the same one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from personae.recognition.model import CharacterModel
from personae.recognition.prototypes import unit
from personae.timeline import clustering, track_names
from personae.timeline.beside import LENT, FilmFaces, asked_beside
from personae.timeline.evidence import compared, evidence_of
from personae.timeline.grouping import Groups
from personae.timeline.records import TrackRecord
from personae.timeline.track_names import Weighed
from personae.types import FloatArray
from tests.people import EMBEDDER
from tests.timeline.test_tracking import NO_PAIRS, PEOPLE, cast_of, names_of, record

SHARP, POOR = 1.0, 0.2


class Alike(FilmFaces):
    """Says of any two groups what it was told."""

    def __init__(self, alike: float) -> None:
        self.told = alike

    def alike(self, group: int, others: Sequence[int]) -> float:
        """What it was told."""
        return self.told


def groups_of(*quality: float, face_px: float, weight: float) -> Groups:
    count = len(quality)
    one = np.ones(count)
    return Groups(
        np.arange(count),
        np.zeros((count, 4), np.float32),
        one * weight,
        one * face_px,
        np.array(quality),
        one,
        NO_PAIRS,
        "",
    )


def besides(second: Sequence[float], alike: float, quality: float, face_px: float = 90.0, weight: float = 9.0) -> float:
    """What is asked besides of a group with the evidence `second` beside a sure one of the first character."""
    weighed = Weighed(np.array([[0.8, 0.1], second]), np.zeros((2, 2)), np.full(2, 0.3), ((), ()))
    named = [0, 0 if second[0] >= 0.3 else None]
    groups = groups_of(SHARP, quality, face_px=face_px, weight=weight)
    result = asked_beside(named, weighed, weighed.asked, groups, Alike(alike))
    assert result[0] == 0, "the surer one is asked for nothing"
    return float(result[1])


def test_a_sharp_group_is_asked_for_what_it_lacks_to_join_the_surer_one() -> None:
    assert besides([0.33, 0.1], 0.20, SHARP) == pytest.approx(clustering.ALIKE - 0.20)
    assert besides([0.33, 0.1], 0.50, SHARP) == 0
    assert besides([0.33, 0.1], 0.20, POOR) == 0, "dark faces resemble little"
    assert besides([0.33, 0.1], 0.20, SHARP, weight=3.0) == 0, "few faces may be another look"
    assert besides([0.1, 0.33], 0.20, SHARP) == 0, "nobody else has that name"
    assert besides([0.78, 0.1], 0.20, SHARP) == 0, "it would reach that anyway"


def test_a_poor_group_that_is_like_the_named_one_in_the_film_too_is_asked_less() -> None:
    assert besides([0.24, 0.1], 0.40, POOR) == pytest.approx(-LENT)
    assert besides([0.24, 0.1], 0.30, POOR) == 0, "not like it in the film"
    assert besides([0.24, 0.2], 0.40, POOR) == 0, "nearly as like another character"
    assert besides([0.24, 0.1], 0.40, SHARP) == 0, "sharp faces would tell"
    assert besides([0.24, 0.1], 0.40, POOR, face_px=20.0) == 0, "small faces are alike whoever they show"
    assert besides([0.15, 0.1], 0.40, POOR) == 0, "too far from the photos"


def test_groups_are_as_alike_as_clustering_says() -> None:
    rows = [record(0, 0), record(0, 3000), record(1, 6000)]
    evidence, seen = evidence_of(rows, PEOPLE.shape[2]), compared(rows, EMBEDDER, PEOPLE.shape[2])
    faces = FilmFaces(np.array([0, 1, 2]), evidence, seen)
    assert faces.alike(0, [1]) == pytest.approx(1.0, abs=1e-5)
    close = clustering.most_alike(seen.faces)[0, 2]
    assert faces.alike(0, [2]) == pytest.approx(float((seen.pooled[0] @ seen.pooled[2] + close) / 2), abs=1e-5)
    assert faces.alike(0, [2, 1]) == pytest.approx(1.0, abs=1e-5), "the nearest counts"


def mixture(model: CharacterModel, other: int, low: float, high: float) -> FloatArray:
    """A face between "0" and somebody else, whose evidence for "0" lies between `low` and `high`."""
    own = unit(model.scaler_.transform(PEOPLE[0, 5:])).mean(axis=0)
    far = unit(model.scaler_.transform(PEOPLE[other, :5])).mean(axis=0)
    for share in np.linspace(0, 1, 400):
        face = unit((share * own + (1 - share) * far)[None]) * model.scaler_.scale_ + model.scaler_.mean_
        if low < model.decide(face).evidence[0, 0] < high:
            return np.asarray(face, np.float32)
    raise AssertionError("There is no such face.")


def track_of(face: FloatArray, start: int, *, faces: int) -> TrackRecord:
    """A track of sharp faces that are all the same."""
    whole = record(0, start)
    return replace(
        whole, embeddings=np.repeat(face, faces, axis=0), weights=np.full(faces, 0.95, np.float32),
        face_px=np.full(faces, 100, np.float32), face_pts=np.linspace(start, whole.end_pts - 1, faces).astype(np.int64),
    )  # fmt: skip


def test_a_stranger_who_is_a_little_like_the_photos_is_not_named_beside_the_character() -> None:
    model = cast_of(2)
    asked = model.threshold_ + track_names.SHARP_MARGIN + track_names.MANY_MARGIN
    stranger = track_of(mixture(model, 3, asked, asked + 0.02), 9000, faces=10)
    assert names_of([stranger], model)[0] == ["0"]
    # The character's own faces here are other ones than his photos.
    names, found = names_of([record(0, 0), stranger], model)
    assert found.person[0] != found.person[1] and names == ["0", None]


def test_more_is_asked_of_many_sharp_faces_and_of_who_is_nearly_as_like_another() -> None:
    model = cast_of(2)
    face = mixture(model, 3, model.threshold_ + 0.02, model.threshold_ + 0.04)
    px, one = np.full(1, 90.0), np.ones(1)

    def asked(face: FloatArray, quality: float, support: float) -> float:
        return float(track_names.weigh(model, unit(face), px, quality * one, support * one).asked[0])

    few, many = asked(face, SHARP, 2.0), asked(face, SHARP, 9.0)
    assert many - few == pytest.approx(track_names.MANY_MARGIN)
    assert asked(face, SHARP, 6.0) - few == pytest.approx(track_names.MANY_MARGIN / 2)
    assert asked(face, POOR, 9.0) == pytest.approx(asked(face, POOR, 2.0)), "poor faces are asked for nothing more"
    between = np.asarray(unit((unit(PEOPLE[0, 5:]).mean(axis=0) + unit(PEOPLE[1, 5:]).mean(axis=0))[None]), np.float32)
    lead = track_names.weigh(model, between, px, POOR * one, one).lead[0]
    plain = model.threshold_
    weighed = asked(between, POOR, 1.0)
    assert lead < track_names.LEAD
    assert weighed == np.inf or weighed == pytest.approx(plain + track_names.LEAD - lead)
    assert asked(PEOPLE[0, 5:6], POOR, 1.0) == pytest.approx(plain), "who leads clearly is asked for nothing more"
