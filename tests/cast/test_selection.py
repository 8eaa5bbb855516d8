from __future__ import annotations

import numpy as np
import pytest

from personae.cast.choosing import choose_faces
from personae.recognition.prototypes import unit
from personae.types import AnalyzedFaces, FloatArray, Quality
from tests.people import EMBEDDER, people

PEOPLE = people(30, 8, seed=50)
NOBODY = np.empty((0, 128), np.float32)


def photo(embeddings: FloatArray, sizes: list[int] | None = None) -> AnalyzedFaces:
    n = len(embeddings)
    px = np.array(sizes or [80] * n, np.float32)
    low = np.zeros(n, np.float32)
    return AnalyzedFaces(
        np.stack([low, low, px, px], axis=1),
        np.zeros((n, 5, 2), np.float32),
        np.ones(n, np.float32),
        embeddings=embeddings,
        quality=Quality(px, px, px, low, px, ((),) * n),
        embedder=EMBEDDER,
        size_wh=(800, 600),
    )


def mean(person: int) -> FloatArray:
    return np.asarray(unit(PEOPLE[person].mean(axis=0))[None], np.float32)


def test_the_face_like_the_others_is_chosen_whatever_its_size_and_place() -> None:
    group = photo(PEOPLE[[5, 0, 6], [0, 7, 0]], [400, 40, 200])
    assert choose_faces([group], PEOPLE[0, :4], NOBODY) == [1]
    assert choose_faces([group[[1, 0, 2]], group[[2, 0, 1]]], PEOPLE[0, :4], NOBODY) == [0, 2]


def test_where_the_character_is_not_in_the_photo_nobody_is_chosen() -> None:
    strangers = photo(PEOPLE[[5, 6, 7], 0], [400, 40, 40])
    assert choose_faces([strangers], PEOPLE[0, :4], NOBODY) == [None]


def test_two_faces_that_agree_alike_are_ambiguous() -> None:
    mirror = photo(PEOPLE[[0, 0, 5], [4, 4, 0]], [90, 60, 90])
    assert choose_faces([mirror], PEOPLE[0, :4], NOBODY) == [None]


def test_a_face_that_is_another_character_is_not_the_character() -> None:
    pair = photo(np.stack([PEOPLE[1, 0], PEOPLE[0, 0]]), [300, 60])
    assert choose_faces([pair], NOBODY, mean(1)) == [1]
    # Where all are other characters, size decides as it would without them.
    assert choose_faces([pair], NOBODY, np.concatenate([mean(0), mean(1)])) == [0]


@pytest.mark.parametrize(("sizes", "chosen"), [([100, 50], 0), ([50, 100], 1), ([100, 90], None)])
def test_alone_only_a_face_much_larger_than_the_rest_is_the_subject(sizes: list[int], chosen: int | None) -> None:
    assert choose_faces([photo(PEOPLE[[2, 3], 0], sizes)], NOBODY, NOBODY) == [chosen]


def test_the_person_in_most_photos_is_found_in_any_order() -> None:
    rng = np.random.default_rng(1)
    photos, places = [], []
    for k in range(7):
        faces = np.stack([PEOPLE[0, k], PEOPLE[10 + 2 * k, 0], PEOPLE[11 + 2 * k, 0]])
        order = rng.permutation(3)
        photos.append(photo(faces[order], [70, 200, 60]))
        places.append(int(np.flatnonzero(order == 0)[0]))
    assert choose_faces(photos, NOBODY, NOBODY) == places
    for _ in range(5):
        order = rng.permutation(7)
        assert choose_faces([photos[i] for i in order], NOBODY, NOBODY) == [places[i] for i in order]


def test_photos_in_which_nobody_comes_twice_are_taken_one_by_one() -> None:
    photos = [photo(PEOPLE[[10 + 2 * k, 11 + 2 * k], 0], [160, 60] if k else [100, 90]) for k in range(4)]
    assert choose_faces(photos, NOBODY, NOBODY) == [None, 0, 0, 0]


def test_no_photos_no_choices() -> None:
    assert choose_faces([], NOBODY, NOBODY) == []
    assert choose_faces([], PEOPLE[0], mean(1)) == []
