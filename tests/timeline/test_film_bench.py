"""The film maker's truth is exact: what it says of drawn faces is what is found in the film's pictures."""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks.film import accuracy, make_film
from benchmarks.film.scenes import Actor, Head, Scene, Split
from personae.faces.fake import FakeDetector, draw_picture
from personae.media.video import open_film
from personae.timeline.places import overlap
from personae.types import Picture
from tests.drawn_films import drawn_recognizer
from tests.film_maker import plain
from tests.scanning import scan_film

NAMES = ("Thor", "Loki", "Hela", "Odin")
HARMLESS = ("plain", "crossing", "split screen", "close-up", "photo on a wall")
"""Conditions in which drawn faces keep their colours and size."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("film")
    for name in NAMES:
        (folder / "people" / name).mkdir(parents=True)
        for take in range(5):
            photo = draw_picture([(name, 96)], take=take).pixels
            Image.fromarray(photo).save(folder / "people" / name / f"{take}.png")
    rng = np.random.default_rng(3)
    people = make_film.gather(folder / "people", None, FakeDetector(), left_out=1, rng=rng)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(make_film, "CONDITIONS", dict.fromkeys(HARMLESS, 1 / len(HARMLESS)))
        return folder / "made", make_film.make(people, folder / "made", seconds=24, seed=3)


def test_photos_are_for_enrolment_or_for_the_film(made: tuple[Path, dict[str, Any]]) -> None:
    folder, truth = made
    assert len(truth["cast"]) == 3
    for name in truth["cast"]:
        enrolled = {path.name for path in (folder / "cast" / name).iterdir()}
        shown = {one["photo"] for one in truth["presences"] if one["who"] == name}
        assert len(enrolled) == 3 and shown and not enrolled & shown
    assert any(not one["cast"] for one in truth["presences"])


def test_faces_are_where_the_truth_says(made: tuple[Path, dict[str, Any]]) -> None:
    folder, truth = made
    there: dict[int, list[list[float]]] = {}
    mixed = {n for s in truth["shots"] if s["dissolve_end_pts"] for n in range(s["start_pts"], s["dissolve_end_pts"])}
    for one in truth["presences"]:
        for pts, *box, seen in one["boxes"]:
            if seen > 0.97:
                there.setdefault(pts, []).append(box)
    outcome: Counter[str] = Counter()
    with open_film(folder / "film.mp4") as film:
        for number, picture in enumerate(film.pictures()):
            if number % 10 or picture.pts in mixed:
                continue
            found = FakeDetector().detect(Picture(picture.rgb(), source="film")).boxes_xyxy.tolist()
            for box in there.get(picture.pts, []):
                best = max((overlap(box, other) for other in found), default=0.0)
                outcome["there" if best > 0.8 else "missing"] += 1
    assert outcome["there"] > 60
    assert outcome["missing"] <= 0.03 * outcome["there"], outcome


def test_spans_follow_the_boxes(made: tuple[Path, dict[str, Any]]) -> None:
    _, truth = made
    for one in truth["presences"]:
        shot = truth["shots"][one["shot"]]
        times = [row[0] for row in one["boxes"]]
        assert one["spans"][0][0] >= shot["start_pts"] and times == sorted(times)
        for start, end, how in one["spans"]:
            shares = [row[5] for row in one["boxes"] if start <= row[0] < end]
            assert shares and (how == "hard" or min(shares) >= make_film.VISIBLE - 0.01)


def test_a_scan_of_drawn_people_is_measured_as_right(made: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder, truth = made
    recognizer = drawn_recognizer(tmp_path, truth["cast"])
    timeline = scan_film(folder / "film.mp4", recognizer, tmp_path / "out").timeline
    result = accuracy.measure(truth, timeline)
    everything = result["conditions"]["all"]
    assert everything["f1"][0] > 0.9
    assert everything["strangers_named"]["count"] == 0 and everything["strangers_named"]["of"] > 0
    assert result["shots"]["cuts found"] == result["shots"]["cuts"] > 0
    wrong = dict(truth, cast=truth["cast"][:1])
    assert accuracy.measure(wrong, timeline)["conditions"]["all"]["points"] != everything["points"]


def head(who: str) -> Head:
    photo = draw_picture([(who, 96)]).pixels
    return Head(who, "drawn", photo, (16, 16, 112, 112))


def test_who_stands_behind_somebody_is_less_visible() -> None:
    behind, front = Actor(head("Thor"), (60, 60), 40), Actor(head("Loki"), (80, 60), 40)
    _, faces = Scene((160, 120), (behind, front), plain()).picture(0)
    assert faces[1].visible > 0.97
    assert faces[0].visible < 0.5
    assert faces[0].box == (40, 40, 80, 80)


def test_split_scenes_lie_side_by_side() -> None:
    half = Scene((160, 120), (Actor(head("Thor"), (60, 60), 40),), plain())
    picture, faces = Split(half, half).picture(0)
    assert picture.shape == (120, 320, 3)
    assert [(face.actor, face.box[0]) for face in faces] == [(0, 40), (1, 200)]


def test_shots_are_forgotten_once_they_are_drawn() -> None:
    """An hour has some 900 shots of a wall each."""
    drawn: list[weakref.ref[Scene]] = []

    def shots() -> Iterator[make_film.Shot]:
        for number in range(6):
            scene = Scene((160, 120), (Actor(head("Thor"), (60, 60), 40),), plain())
            drawn.append(weakref.ref(scene))
            yield make_film.Shot(scene, "plain", 3, 2 if number else 0)

    shown = [number for _, faces in make_film.pictures(shots(), np.random.default_rng(0)) for number, _ in faces]
    most = 0
    for _ in make_film.pictures(shots(), np.random.default_rng(0)):
        most = max(most, sum(each() is not None for each in drawn))
    assert most <= 3
    assert len(shown) == 6 * 3 + 5 * 2 and shown[-1] == 5


def test_one_seed_gives_one_film(tmp_path: Path) -> None:
    """Though shots are planned while the noise of the one before is drawn."""
    people = make_film.People({name: [head(name)] for name in NAMES}, NAMES)
    plans = [list(make_film.plan(people, 150, np.random.default_rng(7))) for _ in range(2)]
    truth = make_film.make(people, tmp_path, seconds=150 / make_film.RATE, seed=7)
    assert [shot["condition"] for shot in truth["shots"]] == [shot.condition for shot in plans[0]]
    assert all((a.scene.picture(0)[0] == b.scene.picture(0)[0]).all() for a, b in zip(*plans, strict=True))


def test_b_cubed_by_hand() -> None:
    assert accuracy.b_cubed(["a", "a", "b"], ["x", "x", "y"]) == 1
    # Precision (1/2 + 1/2 + 1) / 3, recall (1 + 1/2 + 1/2) / 3.
    assert accuracy.b_cubed(["a", "a", "b"], ["x", "y", "y"]) == pytest.approx(2 / 3)


def test_a_head_that_turns_away_loses_its_face_and_keeps_its_place() -> None:
    turns = ((0.0, 0.0), (20.0, np.pi), (40.0, np.pi), (60.0, 0.0))
    actor = Actor(head("Thor"), (80, 50), 40, turns=turns, body=(200, 30, 30))
    scene = Scene((160, 120), (actor,), plain())
    [ahead], [away], [back] = (scene.picture(t)[1] for t in (0, 30, 60))
    assert ahead.turned == back.turned == 0 and away.turned == pytest.approx(np.pi)
    assert ahead.box == away.box and away.visible > 0.6, "the head is as large as before"
    found = [len(FakeDetector().detect(Picture(scene.picture(t)[0], source="film"))) for t in (0, 30, 60)]
    assert found == [1, 0, 1]
    red = np.abs(scene.picture(30)[0][95, 80].astype(int) - (200, 30, 30))
    assert red.max() < 60, "the body stays below it"


def test_spans_tell_a_head_without_a_face_from_one_that_is_gone() -> None:
    actor = Actor(
        head("Thor"), (80, 50), 40, way=((0, 80, 50), (30, 80, 50), (40, -60, 50)), turns=((5, 0), (15, np.pi))
    )
    presence = make_film.Presence(actor, 0, "turns and leaves")
    scene = Scene((160, 120), (actor,), plain())
    for t in range(45):
        [face] = scene.picture(t)[1]
        if face.visible > 0:
            presence.seen.append((t, face.box, face.visible, face.opacity, face.turned))
    spans = make_film._spans(presence)
    assert [how for _, _, how in spans] == ["visible", "hard", "away", "hard"]
    assert spans[2][0] in range(11, 14) and spans[2][1] in range(34, 37) and spans[-1][1] < 40


def test_films_of_turning_heads_are_planned_with_every_kind() -> None:
    people = make_film.People({name: [head(name)] for name in NAMES}, NAMES[:3])
    shots = list(make_film.turning_shots(people, 6000, np.random.default_rng(1)))
    assert {shot.condition for shot in shots} == set(make_film.TURNING)
    assert all(actor.body is not None for shot in shots for actor in shot.scene.actors)
