"""Films with exact truth about who is on screen, where and when, made from any folder of people.

    python -m benchmarks.film.make_film PEOPLE OUT [--strangers FOLDER] [--minutes 5] [--seed 0] [--left-out 8]
        [--half a|b] [--hard] [--turning]

PEOPLE/NAME/*.jpg: three photos of each person are for enrolment (copied to OUT/cast/NAME), the others are in the film.
`--left-out` of the people are not enrolled: strangers with several photos. `--strangers`: photos of more, one each.
`--half`: only half of the people and of the strangers, see `halves`. `--hard`: more of what real films are missed for.
Writes OUT/film.mp4 (640x360, 25 pictures a second), OUT/truth.json and OUT/cast.

Photos appear as people who turn, nod and speak a little, several to a shot, while the camera pans and zooms; see
`CONDITIONS`. A face is `visible` where at least 0.6 of its box can be seen, `hard` (not scored) between 0.1 and 0.6
and in the middle of a dissolve. With `--turning` everybody has a body, and heads turn fully away and back, leave and
return, and walk behind others (see `turning_shots`): `away` is a head on screen without a face.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np

from benchmarks.film.halves import HALVES, Half, half_of
from benchmarks.film.scenes import Actor, Drawn, Head, Pixels, Scene, Split, graded, wall
from personae.faces import backends
from personae.faces.detector import Detector
from personae.media.photos import find, load
from personae.media.video import open_film
from personae.settings import Settings

SIZE_WH = (640, 360)
RATE = 25
ENROLLED = 3
STRANGERS_A_MINUTE = 2.5
"""With one photo each; so they come about two and a half times, as the cast of 32 does in five minutes."""
CONDITIONS = {
    "plain": 0.20, "small faces": 0.12, "close-up": 0.08, "crossing": 0.10, "grain": 0.09, "low light": 0.09,
    "black and white": 0.08, "subtitles": 0.07, "credits": 0.04, "split screen": 0.06, "photo on a wall": 0.07,
}  # fmt: skip
TURNING = (
    "turns away and back", "turns away for good", "comes from behind", "turns and leaves", "leaves and returns",
    "walks behind",
)  # fmt: skip
HARD_TIMES = {"small faces": 2.5, "low light": 2.5, "subtitles": 2.0}
"""In a hard film these conditions come so many times as often: what whole stretches are missed for in real films."""
VISIBLE, HARD = 0.6, 0.1
TURNED, AWAY = 0.6, 1.9
"""A face turned by less (radians) is visible; turned by more it is away. Between them it is hard."""
CLEAR = 0.75
"""In a dissolve a face counts from this opacity on; between 0.1 and this it is hard."""


@dataclass(frozen=True)
class Shot:
    """One planned shot. `dissolve`: pictures of it that are mixed with the end of the shot before."""

    scene: Scene | Split
    condition: str
    frames: int
    dissolve: int


@dataclass(frozen=True)
class Take:
    """What is kept of a shot once it is drawn: an hour of walls would fill the memory."""

    condition: str
    frames: int
    dissolve: int


@dataclass
class People:
    """Who may appear: heads by name. `enrolled`: the cast."""

    heads: dict[str, list[Head]]
    enrolled: tuple[str, ...]
    enrolment: dict[str, list[Path]] = field(default_factory=dict)

    @property
    def strangers(self) -> list[str]:
        """Who is not in the cast."""
        return [name for name in self.heads if name not in self.enrolled]


@dataclass
class Presence:
    """One actor of one shot: `seen`: (picture, box, visible share, opacity, turned) of every picture with the head."""

    actor: Actor
    shot: int
    condition: str
    seen: list[tuple[int, tuple[float, float, float, float], float, float, float]] = field(default_factory=list)


def gather(
    people: Path, strangers: Path | None, detector: Detector,
    *, left_out: int, rng: np.random.Generator, most: int = 12, half: Half | None = None,
) -> People:  # fmt: skip
    """Split the photos, and find the face of each that is to appear; photos without one clear face are left out.

    `most`: how many of the `strangers` appear, so that they come more than once; `half`: see `halves`.
    """
    everybody = half_of(sorted(path.name for path in people.iterdir() if path.is_dir()), half)
    names = [str(name) for name in rng.permutation(everybody)]
    result = People({}, tuple(sorted(names[left_out:])))
    for number, name in enumerate(names):
        photos = sorted(path for path in (people / name).iterdir() if path.is_file())
        photos = [photos[int(i)] for i in rng.permutation(len(photos))]
        if number >= left_out:
            result.enrolment[name], photos = photos[:ENROLLED], photos[ENROLLED:]
        result.heads[name] = [head for photo in photos if (head := _head(name, photo, detector)) is not None]
    others = [] if strangers is None else half_of(sorted(find(strangers)), half)
    for at in rng.permutation(len(others))[:most]:
        head = _head(f"stranger {others[int(at)].stem}", others[int(at)], detector)
        if head is not None:
            result.heads[head.who] = [head]
    result.heads = {name: heads for name, heads in result.heads.items() if heads}
    return result


def _head(who: str, photo: Path, detector: Detector) -> Head | None:
    picture = load(photo)
    faces = detector.detect(picture)
    if not len(faces):
        return None
    height, width = picture.pixels.shape[:2]
    x1, y1, x2, y2 = faces.boxes_xyxy.T
    # The face that the photo is of: large, and near the middle.
    off = np.hypot((x1 + x2) / 2 - width / 2, (y1 + y2) / 2 - height / 2)
    best = int(np.argmax((y2 - y1) - 0.5 * off))
    box = tuple(float(value) for value in faces.boxes_xyxy[best])
    return Head(who, photo.name, picture.pixels, cast(tuple[float, float, float, float], box))


def plan(people: People, frames: int, rng: np.random.Generator, *, hard: bool = False) -> Iterator[Shot]:
    """Shots of together at least `frames` pictures. Everybody has a turn before anybody has a second one."""
    often = np.array([share * (HARD_TIMES.get(name, 1.0) if hard else 1.0) for name, share in CONDITIONS.items()])
    cast_turn, stranger_turn = (
        _turns(list(people.enrolled), rng),
        _turns(people.strangers or list(people.enrolled), rng),
    )
    total, first = 0, True
    while total < frames:
        condition = str(rng.choice(list(CONDITIONS), p=often / often.sum()))
        count = {"crossing": 2, "photo on a wall": 2, "split screen": 2, "close-up": 1}.get(
            condition, int(rng.choice([1, 2, 3], p=[0.4, 0.4, 0.2]))
        )
        names: list[str] = []
        while len(names) < count:
            name = next(stranger_turn if rng.random() < 0.4 else cast_turn)
            if name in people.heads and name not in names:
                names.append(name)
        if condition == "split screen" and rng.random() < 0.3:
            names[1] = names[0]
        heads = [people.heads[name][int(rng.integers(len(people.heads[name])))] for name in names]
        length = int(rng.integers(60, 150))
        dissolve = 0 if first or rng.random() < 0.75 else int(rng.integers(10, 26))
        yield Shot(_scene(condition, heads, length, rng), condition, length, dissolve)
        total, first = total + length, False


def turning_shots(people: People, frames: int, rng: np.random.Generator) -> Iterator[Shot]:
    """Shots as of `plan`, of people with bodies who turn away, leave and walk behind others: see `TURNING`."""
    cast_turn = _turns(list(people.enrolled), rng)
    stranger_turn = _turns(people.strangers or list(people.enrolled), rng)
    total = 0
    while total < frames:
        condition = str(rng.choice(TURNING))
        names: list[str] = []
        while len(names) < 2:
            name = next(stranger_turn if rng.random() < 0.3 else cast_turn)
            if name in people.heads and name not in names:
                names.append(name)
        length = int(rng.integers(150, 260))
        heads = [people.heads[name][int(rng.integers(len(people.heads[name])))] for name in names]
        yield Shot(_turning_scene(condition, heads, length, rng), condition, length, 0)
        total += length


def _turning_scene(condition: str, heads: Sequence[Head], frames: int, rng: np.random.Generator) -> Scene:
    width, height = SIZE_WH
    tall = float(rng.uniform(34, 85))
    x, y = width * float(rng.uniform(0.25, 0.42)), height * float(rng.uniform(0.3, 0.45))
    early, late = frames * float(rng.uniform(0.2, 0.3)), frames * float(rng.uniform(0.6, 0.75))
    quick = float(rng.uniform(8, 20))
    step = width * float(rng.uniform(-0.12, 0.12))
    out = -2.3 * tall
    way: tuple[tuple[float, float, float], ...] = ((0, x, y), (frames, x + step, y))
    turns: tuple[tuple[float, float], ...] = ()
    other = (width * float(rng.uniform(0.68, 0.78)), height * 0.42)
    if condition == "turns away and back":
        turns = ((early, 0.0), (early + quick, np.pi), (late, np.pi), (late + quick, 0.0))
    elif condition == "turns away for good":
        turns = ((early, 0.0), (early + quick, np.pi))
    elif condition == "comes from behind":
        turns = ((late, np.pi), (late + quick, 0.0))
    elif condition == "turns and leaves":
        turns = ((early, 0.0), (early + quick, np.pi))
        way = ((0, x, y), (early + quick + 20, x, y), (early + quick + 20 + (x - out) / 4, out, y))
    elif condition == "leaves and returns":
        pace = float(rng.uniform(5, 9))
        gone = early + (x - out) / pace
        way = ((0, x, y), (early, x, y), (gone, out, y), (max(late, gone + 10), out, y), (frames, x, y))
    else:  # walks behind
        way = ((0, x, y), (early, x, y), (late, width * 0.9, y), (frames, width * 0.9, y))
        other = (width * 0.58, height * 0.45)
    still = condition == "walks behind" or rng.random() < 0.6
    speed = (0.0, 0.0) if still else (float(rng.uniform(-0.15, 0.15)), 0.0)
    behind, front = (replace(
        _actor(head, centre, own, rng, speed=speed), growth=0.0,
        body=cast(tuple[int, int, int], tuple(int(value) for value in rng.integers(30, 220, 3))),
    ) for head, centre, own in zip(heads, ((x, y), other), (tall, tall * 1.25), strict=True))  # fmt: skip
    pan = (0.0, 0.0) if still else (float(rng.uniform(-40, 40)) / frames, 0.0)
    return Scene(SIZE_WH, (replace(behind, way=way, turns=turns), front), wall(SIZE_WH, rng), pan)


def _turns(names: Sequence[str], rng: np.random.Generator) -> Iterator[str]:
    while True:
        yield from (names[int(i)] for i in rng.permutation(len(names)))


def _scene(condition: str, heads: Sequence[Head], frames: int, rng: np.random.Generator) -> Scene | Split:
    width, height = SIZE_WH
    if condition == "split screen":
        half = (width // 2, height)
        return Split(*(Scene(half, (_actor(head, (160, 190), float(rng.uniform(80, 150)), rng),), wall(half, rng))
                       for head in heads))  # fmt: skip
    pan, zoom = (0.0, 0.0), 0.0
    move = str(rng.choice(["still", "pan", "zoom"], p=[0.5, 0.3, 0.2]))
    if condition == "crossing":
        tall = float(rng.uniform(70, 120))
        step = (width * 0.62) / frames
        actors = (
            _actor(heads[0], (width * 0.2, 175), tall, rng, speed=(step, 0.0)),
            _actor(heads[1], (width * 0.8, 190), tall * 1.1, rng, speed=(-step, 0.0)),
        )
        return Scene(SIZE_WH, actors, wall(SIZE_WH, rng))
    if move == "pan":
        pan = (float(rng.uniform(-60, 60)) / frames, float(rng.uniform(-15, 15)) / frames)
    elif move == "zoom" and condition != "close-up":
        zoom = float(rng.uniform(-0.25, 0.25)) / frames
    low, high = {"small faces": (18, 30), "close-up": (230, 330), "photo on a wall": (60, 90)}.get(condition, (45, 130))
    placed = []
    for number, head in enumerate(heads):
        tall = float(rng.uniform(low, high))
        x = width * (number + 0.5) / len(heads) + float(rng.uniform(-0.05, 0.05)) * width
        y = height * 0.5 if condition == "close-up" else float(rng.uniform(0.4, 0.6)) * height
        if condition == "subtitles":
            tall, y = float(rng.uniform(100, 140)), height - 75.0
        depicted = condition == "photo on a wall" and number == 0
        speed = (float(rng.uniform(-0.2, 0.2)), float(rng.uniform(-0.1, 0.1)))
        placed.append(_actor(head, (x, y), tall, rng, speed=(0.0, 0.0) if depicted else speed, depicted=depicted))
    return Scene(SIZE_WH, tuple(placed), wall(SIZE_WH, rng), pan, zoom)


def _actor(
    head: Head, centre: tuple[float, float], tall: float, rng: np.random.Generator,
    *, speed: tuple[float, float] = (0.0, 0.0), depicted: bool = False,
) -> Actor:  # fmt: skip
    phases = tuple(float(value) for value in rng.uniform(0, 2 * np.pi, 4))
    return Actor(head, centre, tall, speed, 0.0 if depicted else float(rng.uniform(-0.0006, 0.0006)), depicted, phases)


def pictures(shots: Iterable[Shot], rng: np.random.Generator) -> Iterator[tuple[Pixels, list[tuple[int, Drawn]]]]:
    """Each picture with its faces and the number of the shot each belongs to; two shots at a time are held."""
    last: Shot | None = None
    for number, shot in enumerate(shots):
        for t in range(shot.frames):
            picture, faces = _shown(shot, t, rng)
            drawn = [(number, face) for face in faces]
            if last is not None and t < shot.dissolve:
                share = (t + 1) / (shot.dissolve + 1)
                before, others = _shown(last, last.frames + t, rng)
                picture = np.asarray(np.round(before * (1 - share) + picture * share), np.uint8)
                drawn = [(number, replace(face, opacity=share)) for face in faces]
                drawn += [(number - 1, replace(face, opacity=1 - share)) for face in others]
            yield picture, drawn
        last = shot


def _shown(shot: Shot, t: int, rng: np.random.Generator) -> tuple[Pixels, list[Drawn]]:
    picture, faces = shot.scene.picture(t)
    return graded(picture, shot.condition, t, rng), faces


def make(
    people: People,
    out: Path,
    *,
    seconds: float,
    seed: int,
    hard: bool = False,
    turning: bool = False,
    preset: str = "veryfast",
) -> dict[str, Any]:
    """Write film, truth and the cast's photos into the folder `out`; returns the truth. `hard`, `turning`: see above.

    `preset`: x264's; "ultrafast" takes a quarter of the time for a larger file, and no better a picture.
    """
    out.mkdir(parents=True, exist_ok=True)
    for name, photos in people.enrolment.items():
        (out / "cast" / name).mkdir(parents=True, exist_ok=True)
        for photo in photos:
            shutil.copy(photo, out / "cast" / name / photo.name)
    takes: list[Take] = []
    presences: dict[tuple[int, int], Presence] = {}

    def noted() -> Iterator[Shot]:
        rng, frames = np.random.default_rng(seed), round(seconds * RATE)
        shots = turning_shots(people, frames, rng) if turning else plan(people, frames, rng, hard=hard)
        for number, shot in enumerate(shots):
            takes.append(Take(shot.condition, shot.frames, shot.dissolve))
            for at, actor in enumerate(shot.scene.actors):
                presences[number, at] = Presence(actor, number, shot.condition)
            yield shot

    with av.open(str(out / "film.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": preset, "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = *SIZE_WH, "yuv420p"
        # The noise has a seed of its own: shots are planned as they are drawn, and the noise must not change the plan.
        for number, (picture, drawn) in enumerate(pictures(noted(), np.random.default_rng([seed, 1]))):
            for shot, face in drawn:
                if face.visible > 0:
                    presences[shot, face.actor].seen.append((number, face.box, face.visible, face.opacity, face.turned))
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    truth = _truth(people, takes, list(presences.values()), out / "film.mp4", seed)
    (out / "truth.json").write_text(json.dumps(truth, separators=(",", ":")), encoding="utf-8")
    return truth


def _truth(
    people: People, shots: Sequence[Take], presences: Sequence[Presence], film: Path, seed: int
) -> dict[str, Any]:
    """Truth in the film's own clock. Spans are half-open; a shot starts at the first picture that has any of it."""
    with open_film(film) as opened:
        base, origin = opened.video.time_base, opened.video.start_pts
    step = Fraction(1, RATE) / base

    def pts(picture: int) -> int:
        return origin + round(picture * step)

    starts = np.cumsum([0, *(shot.frames for shot in shots)])
    return {
        "schema": "personae/film-truth/1", "film": film.name, "seed": seed, "time_base": str(base), "start_pts": origin,
        "rate": RATE, "size": list(SIZE_WH), "frames": int(starts[-1]), "cast": list(people.enrolled),
        "shots": [
            {"start_pts": pts(int(starts[i])), "end_pts": pts(int(starts[i + 1])), "condition": shot.condition,
             "dissolve_end_pts": pts(int(starts[i]) + shot.dissolve) if shot.dissolve else None}
            for i, shot in enumerate(shots)
        ],
        "presences": [
            {"who": one.actor.head.who, "cast": one.actor.head.who in people.enrolled, "photo": one.actor.head.source,
             "depicted": one.actor.depicted, "shot": one.shot, "condition": one.condition,
             "spans": [[pts(a), pts(b), how] for a, b, how in _spans(one)],
             "boxes": [[pts(n), *(round(v, 1) for v in box), round(seen, 2)] for n, box, seen, *_ in one.seen]}
            for one in presences if one.seen
        ],
    }  # fmt: skip


def _spans(presence: Presence) -> list[tuple[int, int, str]]:
    spans: list[tuple[int, int, str]] = []
    for number, _, visible, opacity, turned in presence.seen:
        if visible < HARD or opacity < HARD:
            continue
        how = "visible" if visible >= VISIBLE and opacity >= CLEAR and turned < TURNED else "hard"
        if visible >= VISIBLE and opacity >= CLEAR and turned >= AWAY:
            how = "away"
        if spans and spans[-1][1:] == (number, how):
            spans[-1] = (spans[-1][0], number + 1, how)
        else:
            spans.append((number, number + 1, how))
    return spans


def strangers_in(minutes: float) -> int:
    """How many of the strangers with one photo appear in a film of that length."""
    return max(4, round(STRANGERS_A_MINUTE * minutes))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("people", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--strangers", type=Path)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--left-out", type=int, default=8)
    parser.add_argument("--half", choices=HALVES)
    parser.add_argument("--hard", action="store_true")
    parser.add_argument("--turning", action="store_true")
    given = parser.parse_args()
    detector = backends.make_detector(Settings())
    rng, most = np.random.default_rng(given.seed), strangers_in(given.minutes)
    people = gather(
        given.people, given.strangers, detector, left_out=given.left_out, rng=rng, most=most, half=given.half
    )
    minutes = given.minutes
    truth = make(people, given.out, seconds=minutes * 60, seed=given.seed, hard=given.hard, turning=given.turning)
    print(f"{truth['frames']} pictures, {len(truth['shots'])} shots, {len(truth['presences'])} presences: {given.out}")


if __name__ == "__main__":
    main()
