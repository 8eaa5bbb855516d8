"""Advice in words, from planted faults."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from personae.assessment.advice import Advice, advise
from personae.assessment.crossvalidation import Outcomes
from personae.assessment.evaluation import Evaluation, FaceFacts, evaluate

THRESHOLD = 0.3


def outcome(rows: Sequence[tuple[str | None, str, float, str, float]]) -> Outcomes:
    """Of (truth, best, similarity, runner-up, its similarity) per face."""
    truth, best, similarity, second, second_similarity = zip(*rows, strict=True) if rows else ((),) * 5
    found: Any = np.array(similarity, float)
    threshold = np.full(len(rows), THRESHOLD)
    return Outcomes(
        np.arange(len(rows)), np.array(truth, object), np.array(best, object), np.array(second, object), found,
        np.array(second_similarity, float), np.full(len(rows), 0.9), threshold, found - threshold, found >= threshold,
    )  # fmt: skip


def face(name: str | None, number: int, yaw: float = 0.5, face_px: float = 90.0) -> FaceFacts:
    return FaceFacts(f"/{name}/{number}.jpg", name, (0.0, 0.0, 9.0, 9.0), face_px, yaw)


def advice(
    rows: Sequence[tuple[str, str, float, str, float]],
    faces: Sequence[FaceFacts] | None = None,
    *,
    groups: Sequence[int] | None = None,
    strangers: Sequence[tuple[None, str, float, str, float]] = (),
    performers: dict[str, str] | None = None,
) -> tuple[Evaluation, dict[str, list[Advice]]]:
    faces = faces or [face(row[0], i) for i, row in enumerate(rows)]
    others = [face(None, i) for i in range(len(strangers))]
    tested, negative = outcome(rows), outcome(strangers)
    found = evaluate(
        faces, np.array(groups if groups is not None else range(len(faces))), tested, Outcomes.empty(), others,
        negative, far=0.01, threshold=THRESHOLD, folds=3, quality=np.ones(len(faces)),
    )  # fmt: skip
    by_kind: dict[str, list[Advice]] = {}
    for item in advise(found, faces, tested, others, negative, performers):
        by_kind.setdefault(item.kind, []).append(item)
    return found, by_kind


def good(name: str, other: str, photos: int = 3) -> list[tuple[str, str, float, str, float]]:
    return [(name, name, 0.7, other, 0.1)] * photos


def test_a_cast_without_faults_has_nothing_to_mend() -> None:
    _, kinds = advice(good("A", "B") + good("B", "A"))
    assert list(kinds) == ["nothing"]


def test_missed_profiles_ask_for_profile_photos() -> None:
    rows = [*good("A", "B", 4), ("A", "A", 0.25, "B", 0.1), *good("B", "A")]
    faces = [face("A", i, 0.0) for i in range(4)] + [face("A", 4, -0.6)] + [face("B", i) for i in range(3)]
    _, kinds = advice(rows, faces)
    assert "1 of 5 photos would stay unknown" in kinds["add-profile"][0].text
    assert kinds["add-profile"][0].photos == ("/A/4.jpg",)


def test_frontal_photos_only_ask_for_profiles_once() -> None:
    faces = [face(name, i, 0.05) for name in "AB" for i in range(4)]
    _, kinds = advice(good("A", "B", 4) + good("B", "A", 4), faces)
    assert len(kinds["add-profile"]) == 1 and kinds["add-profile"][0].characters == ("A", "B")
    assert "A and B show" in kinds["add-profile"][0].text


def test_a_photo_of_nobody_is_told_once_and_not_as_a_miss() -> None:
    _, kinds = advice([*good("A", "B", 4), ("A", "B", 0.05, "A", 0.02), *good("B", "A")])
    assert kinds["looks-like-nobody"][0].photos == ("/A/4.jpg",)
    assert "add-photos" not in kinds and "looks-like" not in kinds


def test_small_missed_faces_ask_for_larger_photos() -> None:
    faces = [face("A", i) for i in range(4)] + [face("A", 4, 0.0, 20.0)]
    _, kinds = advice([*good("A", "A", 4), ("A", "A", 0.25, "A", 0.1)], faces)
    assert "larger photos of A" in kinds["add-sharp"][0].text


def test_look_alikes_few_pictures_and_near_duplicates() -> None:
    rows = [("A", "A", 0.7, "B", 0.4)] * 2 + good("A", "B", 2) + good("B", "A", 2)
    evaluation, kinds = advice(rows, groups=[0, 0, 0, 1, 2, 3])
    assert kinds["look-alikes"][0].characters == ("A", "B")
    assert kinds["few-pictures"][0].characters == ("A", "B")
    assert "4 photos of A show only 2 different pictures" in kinds["near-duplicates"][0].text
    assert evaluation.characters[0].alike == (("B", 2),)


def test_strangers_named_too_often_and_one_who_is_hardly_a_stranger() -> None:
    strangers: list[tuple[None, str, float, str, float]] = [(None, "A", 0.1, "B", 0.0)] * 90
    strangers += [(None, "A", 0.35, "B", 0.0)] * 9 + [(None, "B", 0.8, "A", 0.0)]
    evaluation, kinds = advice(good("A", "B") + good("B", "A"), strangers=strangers)
    assert "10 of 100 strangers' faces got a name (10.0%; 1.0% was asked)" in kinds["far-too-high"][0].text
    assert [item.characters for item in kinds["stranger-looks-like"]] == [("B",)]
    assert evaluation.worst[0].kind == "stranger" and evaluation.worst[0].similarity == 0.8
    rates = {rate.far: rate.dir for rate in evaluation.rates}
    assert rates[0.001] is None and rates[0.01] is None
    assert rates[0.05] is not None and rates[0.05].value == 1.0
    precision = {item.character: item.precision for item in evaluation.characters}
    assert precision["A"].count == 3 and precision["A"].total == 12


def test_calibration_weighs_cast_and_strangers_the_same() -> None:
    strangers: list[tuple[None, str, float, str, float]] = [(None, "A", 0.5, "B", 0.0)] * 300
    evaluation, _ = advice(good("A", "B", 3), strangers=strangers)
    # Half of all weight is right names, at a confidence of .9 throughout: one bin, however many faces.
    (only,) = evaluation.calibration.bins
    assert only.right == pytest.approx(0.5) and only.faces == 303 and only.weight == pytest.approx(1)
    assert evaluation.calibration.error == pytest.approx(0.4)


def test_roles_of_one_performer_are_no_fault_to_mend() -> None:
    rows = [
        *good("A", "B"),
        ("Clark", "Super", 0.7, "Clark", 0.68),
        ("Clark", "Super", 0.7, "Clark", 0.6),
        *good("Super", "A"),
    ]
    _, kinds = advice(rows)
    assert "one-performer" not in kinds and {"looks-like"} <= set(kinds)
    _, kinds = advice(rows, performers={"Clark": "Reeve", "Super": "Reeve", "A": "Kidder"})
    assert "looks-like" not in kinds and "look-alikes" not in kinds
    (item,) = kinds["one-performer"]
    assert item.characters == ("Clark", "Super") and "2 photos of theirs" in item.text and "Reeve" in item.text
