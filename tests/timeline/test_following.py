"""Heads are followed where no face is detected, and let go where that is in doubt."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from personae.timeline.following import LONGEST_S, Box, Glance, Step, follow

SECOND = 100
EVERY = 40
SIZE_WH = (256, 144)
SIDE = 20
RED, BLUE = (190, 40, 40), (40, 40, 190)
Person = tuple[float, float, tuple[int, int, int]]
"""Left and top of the face, and the colour of the body."""


def room() -> NDArray[np.uint8]:
    soft = np.random.default_rng(5).integers(60, 190, (6, 9, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(soft, SIZE_WH, interpolation=cv2.INTER_CUBIC), np.uint8)


def scene(people: Sequence[Person], *, turned: float = 1.0) -> NDArray[np.uint8]:
    """A room with people: a head of hair above a body in its own colour, with a face unless it is `turned` (1)."""
    picture = room()
    for x, y, body in people:
        left, top = round(x), round(y)
        cv2.rectangle(picture, (left - 10, top + 22), (left + 30, top + 90), body, -1)
        for row in range(top + 30, top + 90, 12):
            cv2.line(picture, (left - 10, row), (left + 30, row), tuple(v // 2 for v in body), 2)
        cv2.circle(picture, (left + 10, top + 10), 13, (50, 35, 25), -1)
        if turned < 1:
            wide = round(9 * (1 - turned))
            cv2.ellipse(picture, (left + 19 - wide, top + 11), (wide, 9), 0, 0, 360, (220, 180, 160), -1)
    return picture


def glance(number: int, picture: NDArray[np.uint8], faces: Sequence[Box] = ()) -> Glance:
    tiny = np.asarray(cv2.cvtColor(cv2.resize(picture, (16, 9)), cv2.COLOR_RGB2GRAY), np.uint8)
    boxes = np.array(faces, np.float32).reshape(-1, 4)
    return Glance(number * EVERY, number * EVERY + 4, boxes, picture, tiny)


def box(x: float, y: float) -> Box:
    return x, y, x + SIDE, y + SIDE


def film(
    way: Sequence[tuple[float, float] | None], facing: Sequence[int], *, turned: Sequence[float] = ()
) -> tuple[list[Glance], list[tuple[int, Box]]]:
    """Looks at one person who is at each place of `way` (None: gone), with a detected face in the looks `facing`.

    `turned`: how far the head is turned in each look; without it the back of it is all there is to follow.
    """
    glances, sighted = [], []
    for number, place in enumerate(way):
        faces = [box(*place)] if place is not None and number in facing else []
        people = [] if place is None else [(*place, RED)]
        glances.append(glance(number, scene(people, turned=turned[number] if turned else 1.0), faces))
        sighted += [(number * EVERY, face) for face in faces]
    return glances, sighted


def followed(
    glances: Sequence[Glance], *tracks: list[tuple[int, Box]], ends: Sequence[tuple[int, int]] = ()
) -> list[list[Step]]:
    return follow(tracks, glances, ends, SECOND, SIZE_WH[0])


def looks(steps: Sequence[Step]) -> list[int]:
    return [step.pts // EVERY for step in steps]


def test_who_turns_away_and_walks_on_is_followed_to_the_end_and_back_to_the_start() -> None:
    way = [(60.0 + 3 * number, 30.0) for number in range(12)]
    glances, sighted = film(way, facing=[5, 6])
    [steps] = followed(glances, sighted)
    assert looks(steps) == [0, 1, 2, 3, 4, 7, 8, 9, 10, 11]
    for step, number in zip(steps, looks(steps), strict=True):
        assert step.box[0] == pytest.approx(way[number][0], abs=4)


def test_a_face_that_turns_away_is_followed_to_the_back_of_its_head() -> None:
    turned = [0.0, 0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
    glances, sighted = film([(100.0, 30.0)] * 7, facing=[0, 1], turned=turned)
    assert looks(followed(glances, sighted)[0]) == [2, 3, 4, 5, 6]


def test_a_head_that_goes_while_its_surroundings_stay_is_not_followed() -> None:
    glances, sighted = film([(100.0, 30.0)] * 5, facing=[0, 1])
    headless = scene([(100.0, 30.0, RED)])
    headless[:52] = room()[:52]
    glances += [glance(number, headless) for number in range(5, 9)]
    assert looks(followed(glances, sighted)[0]) == [2, 3, 4]


def test_who_is_gone_is_not_followed() -> None:
    glances, sighted = film([(100.0, 30.0)] * 4 + [None] * 5, facing=[0, 1])
    assert looks(followed(glances, sighted)[0]) == [2, 3]


def test_who_walks_out_of_the_picture_is_let_go_at_its_edge() -> None:
    way = [(40.0 - 5 * number, 30.0) for number in range(14)]
    glances, sighted = film(way, facing=[0, 1])
    steps = followed(glances, sighted)[0]
    assert 4 <= looks(steps)[-1] <= 7, "at its left edge in look 8"
    for step, number in zip(steps, looks(steps), strict=True):
        assert step.box[0] == pytest.approx(way[number][0], abs=4), "it does not stick to the edge"


def test_nobody_is_followed_over_a_cut() -> None:
    glances, sighted = film([(100.0, 30.0)] * 8, facing=[0, 1])
    assert looks(followed(glances, sighted)[0]) == [2, 3, 4, 5, 6, 7]
    assert looks(followed(glances, sighted, ends=[(5 * EVERY - 7,) * 2])[0]) == [2, 3, 4]
    assert looks(followed(glances, sighted, ends=[(4 * EVERY - 7, 6 * EVERY)])[0]) == [2, 3], "nor in a dissolve"
    other = scene([(100.0, 30.0, RED)])[:, ::-1].copy()
    torn = [*glances[:4], *(glance(number, 255 - other) for number in range(4, 8))]
    assert looks(followed(torn, sighted)[0]) == [2, 3], "the view changes, though no cut was found"


def test_somebody_else_in_the_same_place_is_not_the_same_head() -> None:
    glances, sighted = film([(100.0, 30.0)] * 3, facing=[0, 1])
    glances += [glance(number, scene([(100.0, 30.0, BLUE)])) for number in range(3, 7)]
    assert looks(followed(glances, sighted)[0]) == [2]


def test_a_face_where_the_head_would_be_ends_it() -> None:
    glances, sighted = film([(100.0, 30.0)] * 8, facing=[0, 1])
    glances[5] = glance(5, glances[5].scene, [box(104.0, 30.0)])
    assert looks(followed(glances, sighted)[0]) == [2, 3, 4]


def test_one_head_is_followed_by_the_nearer_of_two_tracks() -> None:
    glances, sighted = film([(100.0, 30.0)] * 9, facing=[0, 8])
    before, after = followed(glances, sighted[:1], sighted[1:])
    assert looks(before) == [1, 2, 3, 4] and looks(after) == [5, 6, 7]


def test_a_face_that_is_hidden_between_two_looks_is_there_in_between_unless_somebody_stands_before_it() -> None:
    glances, sighted = film([(100.0, 30.0)] * 4, facing=[0, 3])
    [steps] = followed(glances, sighted)
    assert looks(steps) == [1, 2]
    glances[1] = glance(1, glances[1].scene, [box(102.0, 30.0)])
    assert looks(followed(glances, sighted)[0]) == [2]


def test_following_ends_after_a_while() -> None:
    count = round(LONGEST_S * SECOND / EVERY) + 10
    glances, sighted = film([(100.0, 30.0)] * count, facing=[0])
    assert max(step.pts for step in followed(glances, sighted)[0]) == pytest.approx(LONGEST_S * SECOND, abs=EVERY)


def test_pictures_of_one_colour_and_no_pictures_follow_nobody() -> None:
    flat = np.full((144, 256, 3), 90, np.uint8)
    glances = [glance(number, flat, [box(100.0, 30.0)] if number == 0 else []) for number in range(4)]
    assert followed(glances, [(0, box(100.0, 30.0))]) == [[]]
    empty = np.empty((0, 0, 3), np.uint8)
    bare = [Glance(each.pts, each.end_pts, each.faces, empty, each.tiny) for each in glances]
    assert followed(bare, [(0, box(100.0, 30.0))]) == [[]]
