"""Whether people who hold still are taken for pictures of people, and pictures of people for people.

    python -m benchmarks.film.living PEOPLE [--clips FILE ...] [--half choose] [--takes 200] [--flats 80] [--seed 0]

PEOPLE/NAME/*.jpg: photos, of which people and pictures are drawn (see living_scenes.py): of the names in order every
second one, beginning with the first (choose) or the second (report). Films are drawn, compressed, and looked through
as a scan does it. `--clips`: real films in which everybody is alive; their faces are tracked anew in windows of 2 to
20 s, as they are and as if the camera panned over them, and those that hold still count: who changes little from sample
to sample (`HOLDS_STILL`).
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from benchmarks.film import living_scenes as scenes
from benchmarks.film.living_parts import SIZE_WH, Flat, Person
from benchmarks.film.make_film import _head
from benchmarks.film.scenes import Head
from personae.faces import backends
from personae.faces.detector import Detector
from personae.media.film import FilmPicture, Pixels, Video
from personae.media.video import open_film
from personae.settings import Settings
from personae.timeline import records
from personae.timeline.labelling import is_depicted
from personae.timeline.looking import Look, Looker, looks
from personae.timeline.places import overlap
from personae.timeline.records import TrackRecord
from personae.timeline.tracking import FaceTracker
from personae.types import FloatArray, PixelArray

RATE = Fraction(8)
LEAST_S = 1.9
"""A track of two seconds may begin or end a picture later."""
WINDOWS_S = (2.0, 3.0, 5.0, 8.0, 12.0, 20.0)
HOLDS_STILL = 0.45
"""Real faces whose usual change from sample to sample (`TrackRecord.stillness`) is less hold still: more of them than
the rule has to look at."""
SAME_BOX = 0.3


@dataclass(frozen=True)
class Case:
    """One face and the answer: `groups`: the rows of the table that it counts in."""

    living: bool
    groups: tuple[str, ...]
    depicted: bool
    where: str


def same_vector(crops: PixelArray) -> FloatArray:
    """(n, 8): who somebody is plays no part in whether they are alive."""
    return np.tile(np.eye(1, 8, dtype=np.float32), (len(crops), 1))


@dataclass(frozen=True, eq=False)
class Panned:
    """A picture's pixels as a camera shows them that turns to and fro and trembles: four fifths of each."""

    whole: Pixels
    second: float

    @property
    def size_wh(self) -> tuple[int, int]:
        """Of what is shown."""
        width, height = self.whole.size_wh
        return width * 4 // 5 // 2 * 2, height * 4 // 5 // 2 * 2

    def rgb(self) -> PixelArray:
        """As of a decoded picture."""
        width, height = self.size_wh
        s, whole = self.second, self.whole.rgb()
        x = width / 8 * (1 + 0.9 * np.sin(0.6 * s) + 0.05 * np.sin(9 * s))
        y = height / 8 * (1 + 0.8 * np.sin(0.43 * s + 1) + 0.05 * np.sin(7 * s))
        return np.asarray(cv2.warpAffine(whole, np.array([[1, 0, -x], [0, 1, -y]]), (width, height)), np.uint8)

    def small(self, width: int) -> PixelArray:
        """As of a decoded picture."""
        small = cv2.resize(self.rgb(), (width, max(width * self.size_wh[1] // self.size_wh[0], 1)))
        return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2YCrCb), np.uint8)


def seen_in(path: Path, detector: Detector, *, panned: bool = False) -> tuple[Video, list[Look]]:
    """Every look that a scan takes at a film, or would take if its camera moved."""
    settings = Settings()
    with open_film(path) as film, ThreadPoolExecutor(2) as pool:
        every = settings.look_every_s / film.video.time_base
        shown: Iterator[FilmPicture] = film.pictures()
        if panned:
            shown = (replace(one, pixels=Panned(one.pixels, film.video.seconds(one.pts))) for one in shown)
        found = list(looks(shown, Looker(detector, settings), pool, every_pts=every))
        return film.video, found


def tracked(video: Video, seen: Sequence[Look]) -> list[TrackRecord]:
    """The records of the faces in some looks."""
    second = float(1 / video.time_base)
    with ThreadPoolExecutor(1) as pool:
        tracker = FaceTracker(same_vector, second, pool)
        for look in seen:
            tracker.see(look)
        return [records.record_of(track, second_pts=second) for track in tracker.finish()]


def windows(video: Video, seen: Sequence[Look]) -> Iterator[tuple[float, float, list[Look]]]:
    """Start, length and looks of each window of a film: each length begins anew at every half of it."""
    for length in WINDOWS_S:
        for start in np.arange(0, max(video.duration_s - length, 0) + 0.01, length / 2):
            end = start + length
            inside = [look for look in seen if start <= video.seconds(look.pts) < end]
            if inside:
                yield float(start), length, inside


def real_cases(clip: Path, detector: Detector) -> Iterator[Case]:
    """People in a film who hold still, in each window in which they are seen for two seconds.

    Each film twice: as it is, and as if its camera moved, since most of those who hold still are filmed from a stand.
    """
    name = clip.parent.name if clip.stem == "clip" else clip.stem
    for how in ("as filmed", "panned"):
        video, seen = seen_in(clip, detector, panned=how == "panned")
        for start, length, inside in windows(video, seen):
            for record in tracked(video, inside):
                if seconds_of(record, video) >= LEAST_S and record.stillness < HOLDS_STILL:
                    box = ", ".join(f"{value:.0f}" for value in record.best_box)
                    where = f"{name}, {how}, {start:.1f} s + {length:.0f} s, box {box}"
                    groups = ("real", f"real: {how}", f"real: {name}")
                    yield Case(True, groups, is_depicted(record, video), where)


def seconds_of(record: TrackRecord, video: Video) -> float:
    """How long a track is."""
    return float((record.end_pts - record.start_pts) * video.time_base)


def heads_of(people: Path, half: str, detector: Detector) -> list[Head]:
    """A few faces of each person of a half, found where each photo has one."""
    names = sorted(path for path in people.iterdir() if path.is_dir())[half == "report" :: 2]
    photos = [sorted(path for path in name.iterdir() if path.is_file())[:8] for name in names]
    found = [_head(name.name, photo, detector) for name, own in zip(names, photos, strict=True) for photo in own]
    return [head for head in found if head is not None]


def takes_of(heads: Sequence[Head], living: int, flats: int, seed: int) -> Iterator[scenes.Take]:
    """Scenes of people and of pictures, every way of filming with every condition."""
    rng = np.random.default_rng(seed)

    def some(count: int) -> list[Head]:
        return [heads[int(at)] for at in rng.choice(len(heads), count, replace=False)]

    for number in range(living):
        condition = scenes.CONDITIONS[number % len(scenes.CONDITIONS)]
        how = scenes.CAMERAS[number // len(scenes.CONDITIONS) % len(scenes.CAMERAS)]
        setting = str(rng.choice(scenes.SETTINGS))
        yield scenes.living_take(some(2 * scenes.PER_ROW), condition, how, setting, rng)
    for number in range(flats):
        kind = scenes.PICTURES[number % len(scenes.PICTURES)]
        moving = number // len(scenes.PICTURES) % 4 > 0
        yield scenes.picture_take(some(2 if kind == "newspaper" else 4), kind, moving, rng)


def film_of(take: scenes.Take, path: Path) -> list[list[tuple[float, float, float, float]]]:
    """Writes the take as a film; the boxes of its faces per picture."""
    boxes = []
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "superfast", "crf": str(take.crf)})
        stream.width, stream.height, stream.pix_fmt = *SIZE_WH, "yuv420p"
        for number in range(round(take.seconds * RATE)):
            picture, faces = take.picture(float(number / RATE))
            boxes.append(faces)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return boxes


def made_cases(take: scenes.Take, name: str, folder: Path, detector: Detector) -> Iterator[Case]:
    """The faces of a take that were followed for as long as they tell anything."""
    path = folder / "take.mp4"
    boxes = film_of(take, path)
    video, seen = seen_in(path, detector)
    found = tracked(video, seen)
    for at, one in enumerate(take.heads):
        own = [record for record in found if _is_of(record, boxes, at, video) and seconds_of(record, video) >= LEAST_S]
        if own:
            record = max(own, key=lambda each: seconds_of(each, video))
            yield Case(isinstance(one, Person), groups_of(take, one), is_depicted(record, video), f"{name}, face {at}")


def groups_of(take: scenes.Take, one: Person | Flat) -> tuple[str, ...]:
    """The rows of the table that a face of a take belongs to."""
    if isinstance(one, Person):
        return (
            "made", f"condition: {take.condition}", f"camera: {take.camera.how}", f"life: {one.life}",
            f"setting: {one.setting}",
        )  # fmt: skip
    moves = one.held or take.camera.how != "still"
    if not moves:
        return ("locked camera",)
    return ("moving", f"{one.kind}: {'in a hand' if one.held else take.camera.how}", one.kind)


def _is_of(
    record: TrackRecord, boxes: Sequence[Sequence[tuple[float, float, float, float]]], at: int, video: Video
) -> bool:
    middle = len(record.boxes) // 2
    number = min(round(video.seconds(int(record.box_pts[middle, 0])) * RATE), len(boxes) - 1)
    return overlap(record.boxes[middle, :4].tolist(), boxes[number][at]) >= SAME_BOX


def interval(count: int, of: int) -> tuple[float, float]:
    """95 % of a share: Wilson's interval (Journal of the American Statistical Association 22, 1927)."""
    if not of:
        return 0.0, 1.0
    z, share = 1.96, count / of
    middle, spread = share + z * z / (2 * of), z * float(np.sqrt(share * (1 - share) / of + z * z / (4 * of * of)))
    return max((middle - spread) / (1 + z * z / of), 0.0), min((middle + spread) / (1 + z * z / of), 1.0)


def table(cases: Iterable[Case]) -> list[str]:
    """Markdown: per group how many of its faces were called pictures."""
    counts: dict[tuple[bool, str], list[bool]] = defaultdict(list)
    for case in cases:
        for group in (("living" if case.living else "pictures"), *case.groups):
            counts[not case.living, group].append(case.depicted)
    lines = ["| | faces | called pictures | share, 95 % |", "|---|---|---|---|"]
    for (_, group), answers in sorted(counts.items()):
        low, high = interval(sum(answers), len(answers))
        share = sum(answers) / len(answers)
        lines.append(f"| {group} | {len(answers)} | {sum(answers)} | {share:.1%} ({low:.1%} to {high:.1%}) |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("people", type=Path)
    parser.add_argument("--clips", type=Path, nargs="*", default=[])
    parser.add_argument("--half", choices=["choose", "report"], default="choose")
    parser.add_argument("--takes", type=int, default=200)
    parser.add_argument("--flats", type=int, default=80)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    detector = backends.make_detector(Settings())
    cases = [case for clip in given.clips for case in real_cases(clip, detector)]
    heads = heads_of(given.people, given.half, detector)
    with tempfile.TemporaryDirectory() as folder:
        for number, take in enumerate(takes_of(heads, given.takes, given.flats, given.seed)):
            cases += made_cases(take, f"take {number}", Path(folder), detector)
    print("\n".join(table(cases)))
    for case in cases:
        if case.living and case.depicted:
            print(f"Living, called a picture: {case.where} ({', '.join(case.groups)})")


if __name__ == "__main__":
    main()
