from __future__ import annotations

from dataclasses import replace

import numpy as np

from personae.recognition.identification import REPEAT_MARGIN, identify_together
from personae.recognition.model import Matches

NAMES = np.array(["Thor", "Tony", "Wanda"])
THRESHOLD = 0.3


def decisions(*scores: tuple[float, float, float]) -> Matches:
    """Faces with cosines to Thor, Tony and Wanda."""
    table = np.array(scores).reshape(-1, 3)
    order = np.argsort(-table, axis=1)
    best = np.take_along_axis(table, order, axis=1)
    sure = (1 + best) / 2
    return Matches(NAMES, order, best, sure, best[:, 0] >= THRESHOLD, [None] * len(table), THRESHOLD)


def names(*scores: tuple[float, float, float]) -> list[str | None]:
    return [i.match.character if i.match else None for i in identify_together(decisions(*scores))]


def test_no_faces_no_names() -> None:
    assert identify_together(decisions()) == []


def test_an_unknown_is_none_and_keeps_its_candidates() -> None:
    (stranger,) = identify_together(decisions((0.29, 0.1, 0.0)))
    assert stranger.match is None and not stranger.repeated
    assert [c.character for c in stranger.candidates] == ["Thor", "Tony", "Wanda"]


def test_the_better_of_two_faces_keeps_the_name() -> None:
    assert names((0.35, 0.0, 0.0), (0.6, 0.0, 0.0)) == [None, "Thor"]


def test_the_weaker_face_may_be_somebody_else() -> None:
    assert names((0.36, 0.33, 0.0), (0.6, 0.0, 0.0)) == ["Tony", "Thor"]


def test_two_strong_faces_share_a_name_and_both_are_marked() -> None:
    strong = THRESHOLD + REPEAT_MARGIN + 0.01
    found = identify_together(decisions((strong, 0, 0), (0.8, 0, 0), (0, 0.9, 0)))
    assert [i.match.character if i.match else None for i in found] == ["Thor", "Thor", "Tony"]
    assert [i.repeated for i in found] == [True, True, False]


def test_a_name_is_never_given_at_a_confidence_below_one_half() -> None:
    doubted = replace(decisions((0.8, 0.7, 0.0)), confidence=np.array([[0.49, 0.2, 0.0]]))
    (face,) = identify_together(doubted)
    assert face.match is None and face.candidates[0].character == "Thor"


def test_a_name_is_never_given_below_the_threshold() -> None:
    assert names((0.29, 0.28, 0.27), (0.5, 0.1, 0.1), (0.31, 0.29, 0.1)) == [None, "Thor", None]
