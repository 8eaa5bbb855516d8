"""How long it takes to group a long film's people, to label it anew, and to take a decision about it.

    python -m benchmarks.relabel [--tracks 6720] [--hours 2] [--rounds 5] [--old REVISION]

The film is made, not read: embeddings of people who do not exist, drawn from the embedder's background (40 of them a
cast of three photos each, 60 not), eight faces a track, boxes, and crops of bytes that only look like JPEG files. Every
file is written as a user's is, fsync and all. `grouping`: once a film. `relabel`: what a new model costs, from the
files of the film to its timeline written. `decision`: one person named, warm in this process and cold as a command,
start of Python included. --old: the same on that revision, as git names it, with the same files.
"""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from personae.media.film import Video
from personae.recognition.background import Background
from personae.recognition.backgrounds import background_for
from personae.recognition.model import CharacterModel
from personae.recognition.prototypes import unit
from personae.timeline.records import TrackRecord
from personae.timeline.timeline import Shot
from personae.timeline.watching import Watched

ROOT = Path(__file__).parent.parent
CHARACTERS, STRANGERS, PHOTOS = 40, 60, 3
FACES = 8
LOOK_EVERY = 10
RATE = 25
SIZE_WH = (1920, 1080)
SAME_TRACK = 0.5
"""How much of the spread of one person's photos lies between tracks; the rest is within them."""
CROP_BYTES = 4500


class Embeddings:
    """Embeddings of people who do not exist."""

    def __init__(self, background: Background, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.within = _root(background.within)
        self.people = background.mean + self._drawn(
            _root(background.covariance - background.within), CHARACTERS + STRANGERS
        )

    def _drawn(self, root: NDArray[np.float64], *shape: int) -> NDArray[np.float64]:
        return np.asarray(self.rng.standard_normal((*shape, len(root))) @ root.T)

    def photos(self, person: int, count: int) -> NDArray[np.float32]:
        """(count, d) photos of one person."""
        return unit(self.people[person] + self._drawn(self.within, count)).astype(np.float32)

    def track(self, person: int) -> NDArray[np.float32]:
        """(FACES, d) faces of one track."""
        centre = self.people[person] + np.sqrt(SAME_TRACK) * self._drawn(self.within)
        return unit(centre + np.sqrt(1 - SAME_TRACK) * self._drawn(self.within, FACES)).astype(np.float32)


def _root(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def made(tracks: int, hours: float, embedder: str, seed: int = 0) -> tuple[Watched, CharacterModel]:
    """A film that was looked through, and a model of its cast."""
    background = background_for(embedder, 128)
    drawn = Embeddings(background, seed)
    rng = np.random.default_rng([seed, 1])
    pictures = round(hours * 3600 * RATE)
    cuts = np.sort(rng.choice(np.arange(LOOK_EVERY, pictures), tracks // 3, replace=False))
    edges = [0, *cuts.tolist(), pictures]
    records = [
        _track(drawn, int(rng.integers(CHARACTERS + STRANGERS)), edges[at], edges[at + 1], place, rng)
        for at, place in sorted(
            (int(shot), place) for shot, place in zip(*_places(tracks, len(cuts), rng), strict=True)
        )
    ]
    video = Video(
        path="/films/film.mp4", content_id="made", stream=0, frame_rate=Fraction(RATE), time_base=Fraction(1, RATE),
        variable_rate=False, start_pts=0, duration_pts=pictures, size_wh=SIZE_WH, frames=pictures,
    )  # fmt: skip
    look_pts = np.arange(0, pictures, LOOK_EVERY, dtype=np.int64)
    tiny = rng.integers(0, 255, (len(look_pts), 9, 16)).astype(np.uint8)
    shots = tuple(Shot(start, end) for start, end in itertools.pairwise(edges))
    names = np.repeat([f"Character {i:02}" for i in range(CHARACTERS)], PHOTOS)
    photos = np.concatenate([drawn.photos(person, PHOTOS) for person in range(CHARACTERS)])
    model = CharacterModel(background=background).fit(photos, names)
    return Watched(video, shots, tuple(records), (), look_pts, tiny, len(look_pts)), model


def _places(tracks: int, shots: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The shot of each track, and its place among those of the shot."""
    shot = np.sort(rng.integers(0, shots + 1, tracks))
    first = np.searchsorted(shot, shot)
    return shot, np.arange(tracks) - first


def _track(drawn: Embeddings, person: int, start: int, end: int, place: int, rng: np.random.Generator) -> TrackRecord:
    starts = np.arange(start, end, LOOK_EVERY, dtype=np.int64)
    ends = np.append(starts[1:], end)
    x, side = 100.0 + 160 * place, float(rng.uniform(40, 150))
    boxes = np.column_stack([
        np.tile([x, 200, x + side, 200 + side], (len(starts), 1)) + rng.normal(0, 1, (len(starts), 1)),
        rng.uniform(0.8, 0.95, len(starts)),
    ]).astype(np.float32)  # fmt: skip
    at = np.linspace(0, len(starts) - 1, FACES).round().astype(int)
    weights = rng.uniform(0.4, 0.8, FACES).astype(np.float32)
    best = int(at[int(weights.argmax())])
    return TrackRecord(
        np.column_stack([starts, ends]), boxes, drawn.track(person), weights, np.full(FACES, side, np.float32),
        starts[at], int(starts[best]), boxes[best, :4], np.empty(0, np.uint8),
        rng.uniform(0.12, 0.3, len(starts)).astype(np.float32),
    )  # fmt: skip
