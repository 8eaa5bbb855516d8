"""The friends clip with its cast of four, against its hand-made labels on a 0.2 s grid; and damaged copies of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from benchmarks.film.scan import points
from personae.project.recognizer import CharacterRecognizer
from tests.film_maker import Pixels, make_film
from tests.scanning import scan_film

pytestmark = [pytest.mark.shared, pytest.mark.slow]
SEPIA = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])


@pytest.fixture(scope="module")
def recognizer(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> CharacterRecognizer:
    recognizer = CharacterRecognizer(tmp_path_factory.mktemp("friends"))
    recognizer.train_folder(shared_data / "friends" / "cast")
    return recognizer


def test_the_clip_is_named_as_its_labels_say(
    shared_data: Path, recognizer: CharacterRecognizer, tmp_path: Path
) -> None:
    folder = shared_data / "friends"
    timeline = scan_film(folder / "clip.mp4", recognizer, tmp_path).timeline
    counts = points(timeline, json.loads((folder / "timeline.json").read_text()))
    assert counts["wrong"] == 0
    assert counts["missed"] <= 1 and counts["right"] + counts["missed"] == 47
    assert counts["hard_right"] >= 0.7 * counts["hard"]
    unknown = {one.unknown for one in timeline.appearances} - {None}
    assert unknown == {1, 2}, "Monica and Chandler, each found as one person"
    assert not any(one.depicted for one in timeline.appearances), "Monica listens for two seconds"
    assert [round(timeline.video.seconds(shot.start_pts), 1) for shot in timeline.shots] == [0.0, 2.2, 4.9, 7.7]


def grainy(picture: Pixels, n: int) -> Pixels:
    noise = np.random.default_rng(n).normal(0, 7, picture.shape[:2])[:, :, None]
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


COPIES: dict[str, Callable[[Pixels, int], Pixels]] = {
    "grey": lambda picture, _: np.asarray(cv2.merge([cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)] * 3), np.uint8),
    "sepia": lambda picture, _: np.clip(picture @ SEPIA.T, 0, 255).astype(np.uint8),
    "grainy": grainy,
    "half": lambda picture, _: np.asarray(
        cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8
    ),
}


@pytest.mark.parametrize(
    "kind", ["grainy", "half", *(pytest.param(kind, marks=pytest.mark.exhaustive) for kind in ("grey", "sepia"))]
)
def test_a_worse_copy_loses_at_most_one_point(
    kind: str, shared_data: Path, recognizer: CharacterRecognizer, tmp_path: Path
) -> None:
    folder = shared_data / "friends"
    with av.open(str(folder / "clip.mp4")) as source:
        pictures = [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in source.decode(video=0)]
    path = tmp_path / f"{kind}.mp4"
    make_film(path, draw=lambda n: COPIES[kind](pictures[n], n), frames=len(pictures), rate=30)
    timeline = scan_film(path, recognizer, tmp_path).timeline
    counts = points(timeline, json.loads((folder / "timeline.json").read_text()))
    assert counts["wrong"] == 0 and counts["missed"] <= 1, counts
    assert counts["hard_right"] >= 0.7 * counts["hard"]
    assert len({one.unknown for one in timeline.appearances} - {None}) == 2
