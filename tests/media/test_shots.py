"""Shots on films whose changes are known to the picture."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from personae.media.shots import SETTLE_S, Boundary, ShotDetector, spans
from personae.media.video import open_film
from tests.film_maker import Pixels, head, make_film, paste, plain, textured

SIZE = (320, 180)


def scene(seed: int) -> Pixels:
    """A place: soft colours with hard edges in them."""
    rng = np.random.default_rng(seed)
    picture = textured(SIZE, seed=seed)
    for _ in range(12):
        x, y = int(rng.integers(0, 280)), int(rng.integers(0, 150))
        colour = [int(value) for value in rng.integers(0, 255, 3)]
        cv2.rectangle(picture, (x, y), (x + int(rng.integers(10, 90)), y + int(rng.integers(10, 60))), colour, -1)
    return picture


def boundaries(draw: Callable[[int], Pixels], frames: int, rate: int = 25) -> list[Boundary]:
    """What is found in pictures as they are, without coding; pts is the picture's number."""
    detector = ShotDetector(Fraction(1, rate))
    found = []
    for number in range(frames):
        small = cv2.resize(draw(number), (96, 54), interpolation=cv2.INTER_AREA)
        small = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2YCrCb), np.uint8)[:, :, [0, 2, 1]]
        found += detector.push(number, np.ascontiguousarray(small))
    return sorted(found + detector.finish(), key=lambda b: b.pts)


def mixed(one: Pixels, other: Pixels, share: float) -> Pixels:
    return np.asarray(cv2.addWeighted(one, 1 - share, other, share, 0), np.uint8)


def wide(seed: int) -> Pixels:
    """Six places side by side without a seam, to pan over."""
    return np.asarray(cv2.GaussianBlur(np.hstack([scene(seed + i) for i in range(6)]), (0, 0), 2), np.uint8)


def test_cuts_are_found_to_the_picture() -> None:
    places = [scene(seed) for seed in range(4)]
    edges = [20, 30, 75]
    found = boundaries(lambda n: places[sum(n >= edge for edge in edges)], 100)
    assert [(b.pts, b.kind, b.start_pts, b.end_pts) for b in found] == [(e, "cut", e, e) for e in edges]


def test_cuts_between_alike_places_with_people_moving(astronaut: Path, hopper: Path) -> None:
    places, heads = [scene(1), scene(2)], [head(astronaut), head(hopper)]

    def draw(n: int) -> Pixels:
        which = n // 40 % 2
        return paste(places[which], heads[which], centre_xy=(100 + n % 40 * 2, 100), height=140)

    assert [(b.pts, b.kind) for b in boundaries(draw, 160)] == [(40, "cut"), (80, "cut"), (120, "cut")]


@pytest.mark.parametrize("length", [8, 15, 25, 50])
def test_a_dissolve_is_found_and_measured(length: int) -> None:
    one, other = scene(3), scene(4)

    def draw(n: int) -> Pixels:
        return mixed(one, other, float(np.clip((n - 40) / length, 0, 1)))

    (found,) = boundaries(draw, 140)
    assert found.kind == "dissolve"
    assert abs(found.pts - (40 + length / 2)) <= 2
    assert 38 <= found.start_pts <= 40 + length * 0.25
    assert 40 + length * 0.75 <= found.end_pts <= 42 + length


def test_a_fade_through_black_is_one_boundary_in_the_dark() -> None:
    one, other = scene(5), scene(6)

    def draw(n: int) -> Pixels:
        light = float(np.clip(abs(n - 60) / 15 - 0.2, 0, 1))
        return np.asarray((one if n < 60 else other) * light, np.uint8)

    (found,) = boundaries(draw, 120)
    assert found.kind == "fade"
    assert abs(found.pts - 60) <= 2


def test_a_dark_scene_that_is_all_but_empty_is_one_shot() -> None:
    place = scene(1).astype(np.float32)
    around = 4.0 / float(cv2.cvtColor(place.astype(np.uint8), cv2.COLOR_RGB2GRAY).std())

    def draw(n: int) -> Pixels:
        return np.asarray(place * around * (1 + 0.15 * np.sin(n)), np.uint8)

    assert boundaries(draw, 100) == []


def test_fades_at_either_end_are_no_boundary() -> None:
    one = scene(5)
    assert boundaries(lambda n: np.asarray(one * np.clip(min(n, 99 - n) / 20, 0, 1), np.uint8), 100) == []


def test_flashes_and_strobes_are_no_cuts() -> None:
    one = scene(7)
    bright = np.clip(one.astype(int) * 2 + 90, 0, 255).astype(np.uint8)
    white, black = plain(SIZE, (255, 255, 255)), plain(SIZE, (0, 0, 0))
    shown = {30: bright, 31: bright, 50: white, 51: white, 52: white, 70: black, 71: black}
    shown |= {n: bright for n in range(90, 120) if n % 4 < 2}
    assert boundaries(lambda n: shown.get(n, one), 140) == []


def test_fast_pans_and_zooms_are_no_boundaries() -> None:
    panorama = wide(20)

    def pan(n: int) -> Pixels:
        left = int(np.clip((n - 20) * 40, 0, 1500))
        return panorama[:, left : left + 320]

    def zoom(n: int) -> Pixels:
        scale = 1 + max(n - 20, 0) * 0.02
        width, height = int(320 / scale), int(180 / scale)
        part = panorama[90 - height // 2 : 90 + height // 2, 160 - width // 2 : 160 + width // 2]
        return np.asarray(cv2.resize(part, SIZE), np.uint8)

    assert boundaries(pan, 90) == []
    assert boundaries(zoom, 80) == []


def test_a_large_face_that_passes_and_light_that_changes_are_no_boundaries(astronaut: Path) -> None:
    place, face = scene(8), head(astronaut)

    def draw(n: int) -> Pixels:
        picture = paste(place, face, centre_xy=(-100 + (n - 20) * 24, 90), height=170) if 20 <= n < 50 else place
        return np.asarray(picture * np.clip(1 - (n - 60) / 40, 0.35, 1), np.uint8)

    assert boundaries(draw, 120) == []


def test_the_rate_does_not_matter() -> None:
    places = [scene(9), scene(10)]
    for rate in (12, 60):
        found = boundaries(lambda n, rate=rate: places[n >= 2 * rate], 4 * rate, rate)  # type: ignore[misc]
        assert [(b.pts, b.kind) for b in found] == [(2 * rate, "cut")]


def test_what_is_settled_stays(astronaut: Path) -> None:
    places = [scene(seed) for seed in range(30, 36)]
    detector = ShotDetector(Fraction(1, 25))
    known: list[int] = []
    for n in range(300):
        share = float(np.clip((n - 120) / 20, 0, 1))
        picture = places[n // 50] if not 100 <= n < 150 else mixed(places[2], places[3], share)
        small = np.asarray(cv2.resize(picture, (96, 54), interpolation=cv2.INTER_AREA), np.uint8)
        settled = detector.settled_pts
        new = [b.pts for b in detector.push(n, small)]
        assert all(pts >= settled for pts in new)
        known += new
    assert detector.settled_pts == 299 - round(SETTLE_S * 25)
    assert sorted(known)[:3] == [50, 100, 130] or abs(sorted(known)[2] - 130) <= 2


def test_shots_of_a_coded_film(tmp_path: Path) -> None:
    places = [scene(seed) for seed in range(3)]
    path = make_film(tmp_path / "a.mp4", draw=lambda n: places[n // 30], frames=90, rate=Fraction(24000, 1001))
    with open_film(path) as film:
        detector = ShotDetector(film.video.time_base)
        found = [b for p in film.pictures() for b in detector.push(p.pts, p.small())] + detector.finish()
        end = film.video.start_pts + film.video.duration_pts
        assert spans(found, film.video.start_pts, end) == [(0, 30030), (30030, 60060), (60060, 90090)]


def crowd(n: int) -> Pixels:
    """Many things that move fast, each its own way: no shift of the picture follows them."""
    rng = np.random.default_rng(5)
    picture = textured(SIZE, seed=9)
    for _ in range(30):
        x, y, dx, dy = (int(value) for value in rng.integers((0, 0, -8, -6), (320, 180, 9, 7)))
        colour = [int(value) for value in rng.integers(0, 255, 3)]
        at = ((x + n * dx) % 320, (y + n * dy) % 180)
        cv2.circle(picture, at, 24, colour, -1)
    return picture


@pytest.mark.parametrize(("own", "played"), [(24, 30), (15, 30), (25, 60), (12, 50)])
def test_pictures_that_are_shown_again_make_no_cut_of_motion(own: int, played: int) -> None:
    found = boundaries(lambda n: crowd(n * own // played), 4 * played, rate=played)
    assert [b for b in found if b.kind == "cut"] == []


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_a_cut_with_a_picture_blended_of_both_scenes_is_one_cut(share: float) -> None:
    one, other = scene(1), scene(2)
    blended = mixed(one, other, share)

    def draw(n: int) -> Pixels:
        picture = one if n < 20 else blended if n == 20 else other
        noise = np.random.default_rng(n).normal(0, 6, picture.shape)
        return np.clip(picture + noise, 0, 255).astype(np.uint8)

    found = boundaries(draw, 60)
    assert [b.kind for b in found] == ["cut"] and found[0].pts in (20, 21)
