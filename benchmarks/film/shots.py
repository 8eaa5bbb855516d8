"""How well cuts, dissolves and fades are found, on films made with exact truth, beside PySceneDetect.

    python -m benchmarks.film.shots PHOTOS [--shots 150] [--seeds 3] [--peer PYTHON]

PHOTOS: any folder of photos; each shot shows one, enlarged, panning, zooming or still, with heads that move across,
grain, and now and then a flash, a strobe, a whip pan or something large that passes. PYTHON: an interpreter that has
scenedetect-headless (it brings its own OpenCV, so it lives in an environment of its own).

A cut is found when a boundary lies on its first picture or one beside it; a gradual change when one lies within it (two
pictures of margin). Each true change counts once; every other boundary is false.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from personae.media.photos import find, load
from personae.media.shots import ShotDetector
from personae.media.video import open_film

SIZE = (640, 360)
RATE = 25
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Change:
    """A true change of shot: pictures `start` to `end` (equal for a cut) belong to both."""

    kind: str
    start: int
    end: int


class Scene:
    """One shot over one photo: picture(t) for any t, so that both sides of a dissolve keep moving."""

    def __init__(self, photo: Pixels, heads: list[Pixels], rng: np.random.Generator, frames: int) -> None:
        scale = float(rng.uniform(1.15, 1.8)) * max(SIZE[0] / photo.shape[1], SIZE[1] / photo.shape[0])
        self.base = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        room = np.array([self.base.shape[1] - SIZE[0], self.base.shape[0] - SIZE[1]], float)
        self.start = rng.uniform(0, 1, 2) * room
        self.move = rng.choice(["still", "pan", "zoom", "shake"], p=[0.35, 0.3, 0.2, 0.15])
        self.speed = (rng.uniform(0, 1, 2) * room - self.start) / max(frames, 50)
        self.zoom = float(rng.uniform(0.0005, 0.003))
        self.room, self.frames = room, frames
        self.heads = [
            (
                heads[int(rng.integers(len(heads)))],
                rng.uniform(0, 1, 2) * SIZE,
                rng.normal(0, 1.5, 2),
                rng.uniform(60, 200),
            )
            for _ in range(rng.integers(0, 3))
        ]
        self.light, self.grain = float(rng.uniform(0.5, 1.1)), float(rng.choice([0.0, 3.0, 7.0]))
        self.event = str(rng.choice(["", "flash", "strobe", "whip", "passer"], p=[0.5, 0.17, 0.08, 0.12, 0.13]))
        self.event_at = int(rng.integers(12, max(frames - 20, 13)))
        self.passer = heads[int(rng.integers(len(heads)))]
        self.rng = rng

    def picture(self, t: int) -> Pixels:
        """(h, w, 3) uint8 RGB at picture `t` of the shot; t may lie before its start or after its end."""
        at = self.start.copy()
        zoom = 1.0
        if self.move == "pan":
            at = self.start + self.speed * t
        elif self.move == "shake":
            at = self.start + self.rng.normal(0, 2.0, 2)
        elif self.move == "zoom":
            zoom = 1 + self.zoom * max(t, 0)
        since = t - self.event_at
        if self.event == "whip" and since >= 0:
            at = at + np.array([min(since, 8) * self.room[0] / 8 * (1 if self.start[0] < self.room[0] / 2 else -1), 0])
        at = np.clip(at, 0, self.room)
        matrix = np.array([[1 / zoom, 0, at[0]], [0, 1 / zoom, at[1]]])
        picture = cv2.warpAffine(
            self.base, matrix, SIZE, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT
        )
        for head, xy, speed, height in self.heads:
            _paste(picture, head, xy + speed * t, height)
        if self.event == "passer" and 0 <= since < 14:
            _paste(picture, self.passer, np.array([-150 + since * 70, 200]), 330)
        level = self.light
        if (self.event == "flash" and 0 <= since < 3) or (self.event == "strobe" and 0 <= since < 20 and since % 4 < 2):
            level = self.light * 1.5 + 0.8
        result = picture.astype(np.float32) * level
        if level > self.light:
            result += 60
        if self.grain:
            result += self.rng.normal(0, self.grain, result.shape).astype(np.float32)
        return np.asarray(np.clip(result, 0, 255), np.uint8)


def _paste(picture: Pixels, patch: Pixels, centre: NDArray[np.float64], height: float) -> None:
    scaled = cv2.resize(patch, (int(height * patch.shape[1] / patch.shape[0]), int(height)))
    left, top = int(centre[0] - scaled.shape[1] / 2), int(centre[1] - scaled.shape[0] / 2)
    x1, y1 = max(left, 0), max(top, 0)
    x2, y2 = min(left + scaled.shape[1], SIZE[0]), min(top + scaled.shape[0], SIZE[1])
    if x1 < x2 and y1 < y2:
        picture[y1:y2, x1:x2] = scaled[y1 - top : y2 - top, x1 - left : x2 - left]


def film(photos: list[Path], shots: int, seed: int) -> Iterator[Pixels | Change]:
    """The film's pictures, each change of shot announced before its first picture."""
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(photos), shots, replace=len(photos) < shots)
    heads = [load(photos[int(i)]).pixels for i in rng.choice(len(photos), min(8, len(photos)), replace=False)]
    heads = [
        head[head.shape[0] // 5 : head.shape[0] * 4 // 5, head.shape[1] // 4 : head.shape[1] * 3 // 4] for head in heads
    ]
    written, lead, scene = 0, 0, None
    for number in range(shots):
        frames = int(rng.integers(30, 110))
        following = Scene(load(photos[int(chosen[number])]).pixels, heads, rng, frames)
        if scene is not None:
            kind = str(rng.choice(["cut", "dissolve", "fade"], p=[0.65, 0.25, 0.1]))
            if kind == "cut":
                yield Change("cut", written, written)
            elif kind == "dissolve":
                length = int(rng.integers(10, 50))
                yield Change("dissolve", written, written + length)
                for i in range(length):
                    share = (i + 1) / (length + 1)
                    one, other = scene.picture(lead + i), following.picture(i - length)
                    yield cv2.addWeighted(one, 1 - share, other, share, 0).astype(np.uint8)
                written += length
            else:
                out, dark, into = (int(rng.integers(8, 25)), int(rng.integers(1, 12)), int(rng.integers(8, 25)))
                yield Change("fade", written, written + out + dark + into)
                for i in range(out):
                    yield (scene.picture(lead + i) * (1 - (i + 1) / (out + 1))).astype(np.uint8)
                for _ in range(dark):
                    yield np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
                for i in range(into):
                    yield (following.picture(i - into) * ((i + 1) / (into + 1))).astype(np.uint8)
                written += out + dark + into
        for t in range(frames):
            yield following.picture(t)
        written, lead, scene = written + frames, frames, following


def write(path: Path, photos: list[Path], shots: int, seed: int) -> list[Change]:
    """Encode the film and return its true changes."""
    changes = []
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": "23"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        number = 0
        for item in film(photos, shots, seed):
            if isinstance(item, Change):
                changes.append(item)
                continue
            frame = av.VideoFrame.from_ndarray(item, format="rgb24")
            frame.pts, number = number, number + 1
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return changes


def ours(path: Path) -> list[int]:
    """Numbers of the pictures at which we find a shot to begin."""
    with open_film(path) as film_:
        detector = ShotDetector(film_.video.time_base)
        found = [b for picture in film_.pictures() for b in detector.push(picture.pts, picture.small())]
        found += detector.finish()
        return sorted(round((b.pts - film_.video.start_pts) / film_.video.frame_pts) for b in found)


PEER = """
import json, sys
from scenedetect import open_video, SceneManager
import scenedetect.detectors as d
result = {}
for name in ("ContentDetector", "AdaptiveDetector", "HashDetector", "HistogramDetector"):
    manager = SceneManager(); manager.add_detector(getattr(d, name)()); manager.detect_scenes(open_video(sys.argv[1]))
    result[name] = [s.frame_num for s, _ in manager.get_scene_list()][1:]
manager = SceneManager(); manager.add_detector(d.AdaptiveDetector()); manager.add_detector(d.ThresholdDetector())
manager.detect_scenes(open_video(sys.argv[1]))
result["Adaptive + Threshold"] = [s.frame_num for s, _ in manager.get_scene_list()][1:]
print(json.dumps(result))
"""


def score(changes: list[Change], found: list[int]) -> Counter[str]:
    """Counts: found and missed by kind, and false boundaries."""
    counts: Counter[str] = Counter()
    left = list(found)
    for change in changes:
        margin = 1 if change.kind == "cut" else 2
        hit = next((n for n in left if change.start - margin <= n <= change.end + margin), None)
        counts[f"{change.kind} {'found' if hit is not None else 'missed'}"] += 1
        if hit is not None:
            left.remove(hit)
    counts["false"] = len(left)
    return counts


def line(name: str, counts: Counter[str]) -> str:
    kinds = ("cut", "dissolve", "fade")
    found = sum(counts[f"{kind} found"] for kind in kinds)
    total = found + sum(counts[f"{kind} missed"] for kind in kinds)
    parts = [f"{counts[f'{kind} found']} of {counts[f'{kind} found'] + counts[f'{kind} missed']}" for kind in kinds]
    f1 = 2 * found / max(total + found + counts["false"], 1)
    return f"| {name} | {' | '.join(parts)} | {counts['false']} | {f1:.3f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--shots", type=int, default=150)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--peer", help="Python that has scenedetect-headless")
    parser.add_argument("--show", action="store_true", help="list what was missed and what was false")
    arguments = parser.parse_args()
    photos = list(find(arguments.photos))
    totals: dict[str, Counter[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(100, 100 + arguments.seeds):  # the thresholds were set on other seeds
            path = Path(folder) / f"{seed}.mp4"
            changes = write(path, photos, arguments.shots, seed)
            results = {"personae": ours(path)}
            if arguments.peer:
                done = subprocess.run(
                    [arguments.peer, "-c", PEER, str(path)], capture_output=True, text=True, check=True
                )
                results.update(json.loads(done.stdout.splitlines()[-1]))
            for name, found in results.items():
                totals[name] = totals.get(name, Counter()) + score(changes, found)
            if arguments.show:
                near = {n for c in changes for n in range(c.start - 2, c.end + 3)}
                print("false", [n for n in results["personae"] if n not in near])
                got = set(itertools.chain.from_iterable((n - 1, n, n + 1) for n in results["personae"]))
                print("missed", [c for c in changes if not got & set(range(c.start, c.end + 1))])
    print("| | cuts | dissolves | fades | false | F1 |\n|---|---|---|---|---|---|")
    for name, counts in totals.items():
        print(line(name, counts))


if __name__ == "__main__":
    main()
