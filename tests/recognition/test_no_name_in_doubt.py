"""A confidence below one half is never a name: at no FAR, threshold, share of strangers, head or fallback."""

from __future__ import annotations

import numpy as np
import pytest

from personae.recognition.calibration import SURE
from personae.recognition.headed import HeadedModel
from personae.recognition.identification import identify_together
from personae.recognition.model import CharacterModel
from tests.people import people

NAMES = [f"c{number}" for number in range(4) for _ in range(3)]


def cast() -> np.ndarray:
    return people(4, 3).reshape(12, -1)


def doubtful_faces() -> np.ndarray:
    """Faces between the cast and strangers: at every distance."""
    strangers, own = people(60, 1, seed=9)[:, 0], np.repeat(cast()[:4], 15, axis=0)
    share = np.linspace(0, 0.9, 60)[:, None]
    return np.asarray(share * own + (1 - share) * strangers, np.float32)


@pytest.mark.parametrize("options", [{}, {"far": 0.3}, {"threshold": -1.0}, {"strangers": 0.95, "far": 0.1}])
def test_no_face_is_named_in_doubt(options: dict[str, float]) -> None:
    model = CharacterModel(**options).fit(cast(), NAMES)  # type: ignore[arg-type]
    decided = model.decide(doubtful_faces())
    given = [one.match for one in identify_together(decided) if one.match is not None]
    assert all(match.confidence >= SURE for match in given)
    assert 0 < decided.named.sum() < len(decided)
    assert (decided.confidence[decided.named, 0] >= SURE).all()
    assert (decided.confidence[~decided.named, 0] < SURE).any()


def test_a_threshold_given_at_the_call_names_nobody_in_doubt() -> None:
    decided = CharacterModel().fit(cast(), NAMES).decide(doubtful_faces(), threshold=-1.0)
    assert (decided.confidence[decided.named, 0] >= SURE).all()


def test_the_doubt_of_other_heads_counts() -> None:
    decided = HeadedModel("knn", far=0.3).fit(cast(), NAMES).decide(doubtful_faces())
    assert (decided.confidence[decided.named, 0] >= SURE).all()
    assert all(one.match is None or one.match.confidence >= SURE for one in identify_together(decided))


def test_sure_from_is_where_confidence_reaches_one_half() -> None:
    calibration = CharacterModel().fit(cast(), NAMES).calibration_
    for strangers in (0.05, 0.5, 0.9):
        least = calibration.sure_from(strangers)
        assert calibration.confidence_at(np.array(least), strangers) >= SURE
        if least > -0.999:  # else everybody is believed
            assert calibration.confidence_at(np.array(least - 1e-3), strangers) < SURE
