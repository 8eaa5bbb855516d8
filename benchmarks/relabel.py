"""How long it takes to group a long film's people, to name it by a new model, and to take a decision about it.

    python -m benchmarks.relabel [--tracks 6720] [--hours 2] [--rounds 5] [--old b42be48]

The film is made, not read: embeddings of people who do not exist, drawn from the embedder's background (40 of them a
cast of three photos each, 60 not), eight faces a track, boxes, and crops of bytes that only look like JPEG files. Every
file is written as a user's is, with fsync. Grouping: once a film. Relabel: from the files of the film and another model
to the timeline written. Decision: one person named, warm in this process, and cold as a command, start of Python
included. JSON: the timeline written, and read. --old: the same on that revision, in turns with the new one.
Medians of `rounds`; in brackets the quickest, and the least processor time, which a busy machine changes least.
"""

from __future__ import annotations

import argparse
import itertools
import os
import pickle
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae.films import say, scan
from personae.films.concluding import Pass, named_anew
from personae.films.film_files import FilmFiles
from personae.media.film import Video
from personae.paths import ProjectPaths
from personae.project.session import Project
from personae.recognition import model_file, operating_point
from personae.recognition.background import Background
from personae.recognition.backgrounds import background_for
from personae.recognition.model import CharacterModel
from personae.recognition.prototypes import unit
from personae.timeline import native
from personae.timeline.face_pictures import FacePicture
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
CROP_BYTES = 4000
EMBEDDER = "sface:d128:p1:made"
TO_REACH = {"relabel": 2.0, "decision, warm": 0.03, "decision, cold": 0.3}
OLD = """
import pickle, sys, time
from pathlib import Path
from personae import naming, scan
from personae.settings import Settings
from personae.timeline import film_files, native
from personae.timeline.film_files import FilmFiles
folder, timeline = Path(sys.argv[1]), Path(sys.argv[2])
watched, models, fingerprint = pickle.loads((folder / "made.pickle").read_bytes())
files, settings, said = FilmFiles(timeline.parent, "film"), Settings(), {}

def timed(what, call):
    start = time.perf_counter()
    result = call()
    said.setdefault(what, []).append(time.perf_counter() - start)
    return result

def relabel(model, watched, earlier):
    people = scan.identify_tracks(watched, model, settings)
    labels = scan.labels_in(watched, people, earlier)
    facts = {"model": {}, "settings": {}}
    return scan.finish(film_files.Scanned.of(watched, labels, earlier, facts, fingerprint), files, settings)[0]

def anew(model):
    earlier = film_files.read_tracks(files.tracks)
    return relabel(model, earlier.watched, earlier)

relabel(models[0], watched, None)
for number in range(int(sys.argv[3])):
    found = timed("relabel", lambda: anew(models[1 - number % 2]))
    timed("decision, warm", lambda: naming.name_person(timeline, "Unknown 5", "Somebody"))
    naming.undo(timeline)
    timed("JSON written", lambda: native.write(found, timeline))
    timed("JSON read", lambda: native.read(timeline))
print(said)
"""
"""What is timed on an older revision (one before the project became a session): grouping was a part of each naming."""


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
    crops = [
        FacePicture(int(starts[where]), boxes[where, :4], 0.5, _crop(rng))
        for where in range(0, len(starts), RATE // LOOK_EVERY + 1)
    ][:6]
    return TrackRecord(
        np.column_stack([starts, ends]), boxes, drawn.track(person), weights, np.full(FACES, side, np.float32),
        starts[at], int(starts[best]), boxes[best, :4], _crop(rng),
        rng.uniform(0.12, 0.3, len(starts)).astype(np.float32), tuple(crops[1:]),
    )  # fmt: skip


def _crop(rng: np.random.Generator) -> NDArray[np.uint8]:
    crop = rng.integers(0, 256, CROP_BYTES).astype(np.uint8)
    crop[:3] = 0xFF, 0xD8, 0xFF
    return crop


class Clock:
    """Seconds of each call, by what was done: on the clock (`said`), and of processors, children's too (`cpu`)."""

    def __init__(self) -> None:
        self.said: dict[str, list[float]] = {}
        self.cpu: dict[str, list[float]] = {}

    def took(self, what: str, call: Callable[[], Any]) -> Any:
        """What the call returns."""
        start, busy = time.perf_counter(), sum(os.times()[:4])
        result = call()
        self.said.setdefault(what, []).append(time.perf_counter() - start)
        self.cpu.setdefault(what, []).append(sum(os.times()[:4]) - busy)
        return result


def save(model: CharacterModel, path: Path) -> None:
    """The model as a training leaves it."""
    card = model_file.describe(model, embedder=EMBEDDER, gallery_revision="made")
    model_file.save(model, operating_point.stated(card, model, model.far, None), path)


def of_now(
    folder: Path, watched: Watched, models: list[CharacterModel], fingerprint: dict[str, Any], clock: Clock
) -> None:
    """One round: a film that is new to the project, a relabel, a decision warm and cold, the timeline."""
    paths = ProjectPaths.at(folder / "personae")
    files = FilmFiles(paths.films / "film", "film", private=True)
    with Project.open(paths.folder) as project:
        if not files.timeline.is_file():
            save(models[0], paths.model)
            files.make_folder()
            clock.took("grouping", lambda: scan.group_tracks(watched, EMBEDDER))
            clock.took(
                "first naming",
                lambda: named_anew(project.context, project.films.store, files, Pass(watched, fingerprint)),
            )
        shutil.copy(paths.model, folder / "kept")
        save(models[len(clock.said.get("relabel", [])) % 2], paths.model)
        film = clock.took("relabel", project.films[files.timeline].relabel)
        timeline = film.timeline
        film.decide(say.name("Unknown 5", "Somebody"))
        film.flush()
        clock.took("decision, warm", lambda: film.decide(say.name("Unknown 6", "Nobody")))
        clock.took("decision, warm, until the timeline is written", film.flush)
        film.undo()
        film.undo()
        film.flush()
    command = [sys.executable, "-m", "personae", "name", "Unknown 5", "Somebody", "--timeline", str(files.timeline)]
    before, began, busy = files.decisions.stat().st_size, time.perf_counter(), sum(os.times()[:4])
    durable = 0.0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while files.decisions.stat().st_size == before and process.poll() is None:
            time.sleep(0.002)
        durable = time.perf_counter() - began
    for what, seconds in (("until it is durable", durable), ("until the command ends", time.perf_counter() - began)):
        clock.said.setdefault(f"decision, cold, {what}", []).append(seconds)
        clock.cpu.setdefault(f"decision, cold, {what}", []).append(sum(os.times()[:4]) - busy)
    with Project.open(paths.folder) as project, project.films[files.timeline] as film:
        film.undo()
    clock.took("JSON written", lambda: native.write(timeline, files.timeline))
    clock.took("JSON read", lambda: native.read(files.timeline))


def of_old(revision: str, folder: Path, rounds: int) -> dict[str, list[float]]:
    """The same on an older revision, on files of its own."""
    subprocess.run(["git", "worktree", "add", "--quiet", "--detach", folder / "old", revision], cwd=ROOT, check=True)
    try:
        out = folder / "of-old" / "film.timeline.json"
        out.parent.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", OLD, str(folder), str(out), str(rounds)],
            env={**os.environ, "PYTHONPATH": str(folder / "old" / "src")}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{revision}: {done.stderr[-800:]}")
        found: dict[str, list[float]] = eval(done.stdout)  # what the script above printed
        return found
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", folder / "old"], cwd=ROOT, check=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", type=int, default=6720)
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--old", metavar="REVISION")
    given = parser.parse_args()
    clock, failed = Clock(), False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        watched, model = made(given.tracks, given.hours, EMBEDDER)
        fingerprint = {"version": 0, "embedder": EMBEDDER}
        half = model.classes_[: CHARACTERS // 2]
        other = pickle.loads(pickle.dumps(model))
        for character in half:
            other.remove_character(str(character))
        old: dict[str, list[float]] = {}
        if given.old:
            bare = replace(watched, records=tuple(replace(record, spares=()) for record in watched.records))
            (folder / "made.pickle").write_bytes(pickle.dumps((bare, [model, other], fingerprint)))
            old = of_old(given.old, folder, given.rounds)
        for _ in range(given.rounds):
            of_now(folder, watched, [model, other], fingerprint, clock)
        sizes = {
            path.name: path.stat().st_size for path in (folder / "personae/films/film").iterdir() if path.is_file()
        }
    for what, seconds in clock.said.items():
        line = f"{what:16} {statistics.median(seconds):7.3f} s ({min(seconds):.3f}, CPU {min(clock.cpu[what]):.3f})"
        if what in old:
            line += f"   old {statistics.median(old[what]):7.3f} s ({min(old[what]):.3f})"
        if what in TO_REACH:
            failed |= statistics.median(seconds) > TO_REACH[what]
            line += f"   to reach {TO_REACH[what]} s"
        print(line, flush=True)
    crops = sizes["film.crops"] / given.tracks
    print(f"bytes a track: {(sizes['film.tracks']) / given.tracks:.0f} of tracks, {crops:.0f} of crops")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
