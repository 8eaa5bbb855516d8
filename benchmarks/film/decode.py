"""How fast films are read: pure decode, our reader, decode to RGB, and small pictures for shots; as ratios in one run.

    python -m benchmarks.film.decode FILM [--rounds 7]          a film of your own
    python -m benchmarks.film.decode --make 1920x1080 60        one made on the spot: size, seconds

"Pure decode" is PyAV's own loop with all threads and nothing else; "decode to RGB" converts every picture with
`to_ndarray("rgb24")`, as most programs do. Every contender in turn, median of the rounds with quartiles; CPU time beside, which others on the machine
disturb less.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from personae.media.shots import ShotDetector
from personae.media.video import open_film


def pure_decode(path: Path) -> int:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        return sum(1 for _ in container.decode(stream))


def decode_to_rgb(path: Path) -> int:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        return sum(len(frame.to_ndarray(format="rgb24")) > 0 for frame in container.decode(stream))


def ours(path: Path) -> int:
    with open_film(path) as film:
        return sum(1 for _ in film.pictures())


def ours_to_rgb(path: Path) -> int:
    with open_film(path) as film:
        return sum(len(picture.rgb()) > 0 for picture in film.pictures())


def ours_rgb_five_a_second(path: Path) -> int:
    with open_film(path) as film:
        every = Fraction(1, 5) / film.video.time_base
        following, count = Fraction(film.video.start_pts), 0
        for picture in film.pictures():
            if picture.pts >= following:
                picture.rgb()
                following += every
            count += 1
        return count


def ours_shots(path: Path) -> int:
    with open_film(path) as film:
        detector = ShotDetector(film.video.time_base)
        count = 0
        for picture in film.pictures():
            detector.push(picture.pts, picture.small())
            count += 1
        return count


CONTENDERS: dict[str, Callable[[Path], int]] = {
    "pure decode": pure_decode,
    "reader": ours,
    "reader, five pictures a second to RGB": ours_rgb_five_a_second,
    "reader and shots": ours_shots,
    "reader, every picture to RGB": ours_to_rgb,
    "decode to RGB": decode_to_rgb,
}


def make(path: Path, size_wh: tuple[int, int], seconds: int) -> None:
    """A film of moving texture and grain, H.264, 25 pictures a second."""
    rng = np.random.default_rng(0)
    wide = cv2.resize(rng.integers(0, 255, (24, 64, 3)).astype(np.uint8), (size_wh[0] * 2, size_wh[1]))
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"preset": "veryfast", "crf": "23"})
        stream.width, stream.height, stream.pix_fmt = *size_wh, "yuv420p"
        grain = rng.integers(0, 12, (size_wh[1], size_wh[0], 3)).astype(np.uint8)
        for number in range(seconds * 25):
            left = number * 3 % size_wh[0]
            picture = cv2.add(
                np.ascontiguousarray(wide[:, left : left + size_wh[0]]), np.roll(grain, number * 7, axis=1)
            )
            frame = av.VideoFrame.from_ndarray(np.asarray(picture, np.uint8), format="rgb24")
            frame.pts = number
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("film", type=Path, nargs="?")
    parser.add_argument("--make", nargs=2, metavar=("SIZE", "SECONDS"))
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.film
        if arguments.make:
            width, height = (int(part) for part in arguments.make[0].split("x"))
            path = Path(folder) / "made.mp4"
            make(path, (width, height), int(arguments.make[1]))
        times: dict[str, list[float]] = {name: [] for name in CONTENDERS}
        cpu: dict[str, list[float]] = {name: [] for name in CONTENDERS}
        counts = {name: contender(path) for name, contender in CONTENDERS.items()}
        assert len(set(counts.values())) == 1, counts
        frames = next(iter(counts.values()))
        for _ in range(arguments.rounds):
            for name, contender in CONTENDERS.items():
                started, busy = time.perf_counter(), time.process_time()
                contender(path)
                times[name].append(time.perf_counter() - started)
                cpu[name].append(time.process_time() - busy)
    base = np.array(times["pure decode"])
    print("| | pictures per second | of pure decode | CPU ms per picture |\n|---|---|---|---|")
    for name, values in times.items():
        low, middle, high = np.quantile(frames / np.array(values), [0.25, 0.5, 0.75])
        share, busy_ms = float(np.median(base / values)), float(np.median(cpu[name])) / frames * 1000
        print(f"| {name} | {middle:.0f} ({low:.0f} to {high:.0f}) | {share:.2f} | {busy_ms:.2f} |")


if __name__ == "__main__":
    main()
