"""How fast a film is scanned, beside pure decode and decode to RGB, with what was found; and its peak memory.

    python -m benchmarks.film.scan FOLDER [--rounds 7]          FOLDER holds cast/, clip.mp4 and timeline.json
    python -m benchmarks.film.scan FOLDER --size 1920x1080 --seconds 60      the clip enlarged and looped
    python -m benchmarks.film.scan FOLDER --memory 60 600       peak memory of scans of so many looped seconds

The model is trained and the networks are loaded and used once before anything is timed. The three take turns in every
round; a ratio is taken within its round. "Found" are the visible points of `timeline.json` on a 0.2 s grid, as in
`tests/films/test_shared_film.py`, in the first loop.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import av
import numpy as np

from benchmarks.film.decode import decode_to_rgb, pure_decode
from personae.project.recognizer import CharacterRecognizer
from personae.timeline.timeline import Timeline
from tests.scanning import scan_film

GRID_S = 0.2
LENGTH_S = 15.0
"""Of the labelled clip."""
NAMES = ("pure decode", "decode to RGB", "scan")


def repeated(clip: Path, path: Path, seconds: float) -> None:
    """The clip's pictures again and again as they are in the file, for about so many seconds."""
    with av.open(str(path), "w") as out, av.open(str(clip)) as first:
        source = first.streams.video[0]
        stream = out.add_stream_from_template(source)
        length, time_base = source.duration, source.time_base
        assert length is not None and time_base is not None
        count = max(round(seconds / float(length * time_base)), 1)
        for number in range(count):
            with av.open(str(clip)) as again:
                for packet in again.demux(video=0):
                    if packet.dts is None or packet.pts is None:
                        continue
                    packet.pts, packet.dts = packet.pts + number * length, packet.dts + number * length
                    packet.stream = stream
                    out.mux(packet)


def looped(clip: Path, path: Path, size_wh: tuple[int, int], seconds: float) -> None:
    """The clip again and again, for so many seconds, in another size; H.264."""
    with av.open(str(path), "w") as out, av.open(str(clip)) as first:
        source = first.streams.video[0]
        rate = source.average_rate
        assert rate is not None
        stream = out.add_stream("libx264", rate=rate, options={"preset": "veryfast", "crf": "20"})
        stream.width, stream.height = size_wh
        stream.pix_fmt = "yuv420p"
        number, wanted = 0, round(seconds * rate)
        while number < wanted:
            with av.open(str(clip)) as again:
                for frame in again.decode(video=0):
                    if number == wanted:
                        break
                    picture = frame.reformat(width=stream.width, height=stream.height, format="yuv420p")
                    picture.pts, picture.time_base = number, 1 / rate
                    out.mux(stream.encode(picture))
                    number += 1
        out.mux(stream.encode(None))


def points(timeline: Timeline, labels: dict[str, Any]) -> dict[str, int]:
    """Named rightly, wrongly and not at all, of visible points; and of the hard ones."""
    counts = {"right": 0, "wrong": 0, "missed": 0, "hard": 0, "hard_right": 0}
    for name in labels["visible"]:
        spans = [
            (timeline.video.seconds(one.start_pts), timeline.video.seconds(one.end_pts))
            for one in timeline.appearances
            if one.character == name
        ]
        for t in np.arange(GRID_S / 2, LENGTH_S, GRID_S):
            named = _within(t, spans)
            if _within(t, labels["hard"][name]):
                counts["hard"] += 1
                counts["hard_right"] += named
            elif _within(t, labels["visible"][name]):
                counts["right" if named else "missed"] += 1
            else:
                counts["wrong"] += named
    return counts


def _within(t: float, spans: Any) -> bool:
    return any(start <= t < end for start, end in spans)


def compare(film: Path, recognizer: CharacterRecognizer, labels: dict[str, Any], rounds: int) -> None:
    """Print the table of the three."""

    def scan() -> Timeline:
        with tempfile.TemporaryDirectory() as out:
            return scan_film(film, recognizer, out, fresh=True).timeline

    timeline = scan()
    counts = points(timeline, labels)
    visible = counts["right"] + counts["missed"]
    recall = f"{counts['right']} of {visible}, {counts['wrong']} wrong, {len(timeline.shots)} shots"
    contenders = (lambda: pure_decode(film), lambda: decode_to_rgb(film), scan)
    frames = pure_decode(film)
    wall, cpu = np.empty((rounds, 3)), np.empty((rounds, 3))
    for at in range(rounds):
        for to, contender in enumerate(contenders):
            started, busy = time.perf_counter(), time.process_time()
            contender()
            wall[at, to], cpu[at, to] = time.perf_counter() - started, time.process_time() - busy
    print("| | pictures per second | of pure decode | of decode to RGB | the same by CPU time | CPU s | found |")
    print("|---|---|---|---|---|---|---|")
    for to, name in enumerate(NAMES):
        busy_ratios = " and ".join(_spread(cpu[:, base] / cpu[:, to], 2) for base in (0, 1))
        print(
            f"| {name} | {_spread(frames / wall[:, to], 0)} | {_spread(wall[:, 0] / wall[:, to], 2)} "
            f"| {_spread(wall[:, 1] / wall[:, to], 2)} | {busy_ratios} | {_spread(cpu[:, to], 2)} "
            f"| {recall if name == 'scan' else ''} |"
        )


def _spread(values: Any, digits: int) -> str:
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def peak_mib(film: Path, model: Path) -> float:
    """Peak memory of a scan in a process of its own (Linux)."""
    command = [sys.executable, "-m", "benchmarks.film.scan", "--only", str(film), str(model)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def only(film: Path, model: Path) -> None:
    with tempfile.TemporaryDirectory() as out:
        scan_film(film, CharacterRecognizer(model), out)
    # Not ru_maxrss: a child starts with its parent's.
    peak = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
    assert peak is not None
    print(int(peak[1]) / 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--size")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--memory", type=float, nargs="+", metavar="SECONDS")
    parser.add_argument("--only", type=Path, nargs=2, metavar=("FILM", "MODEL"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        only(*arguments.only)
        return
    if arguments.folder is None:
        parser.error("which folder holds cast/, clip.mp4 and timeline.json?")
    clip, labels = arguments.folder / "clip.mp4", json.loads((arguments.folder / "timeline.json").read_text())
    with tempfile.TemporaryDirectory() as folder:
        recognizer = CharacterRecognizer(Path(folder) / "model")
        recognizer.train_folder(arguments.folder / "cast")
        film = Path(folder) / "looped.mp4"
        if arguments.memory:
            for seconds in arguments.memory:
                repeated(clip, film, seconds)
                print(f"{seconds:.0f} s: {peak_mib(film, Path(folder) / 'model'):.0f} MiB", flush=True)
            return
        if arguments.size:
            width, height = (int(part) for part in arguments.size.split("x"))
            looped(clip, film, (width, height), arguments.seconds)
        compare(film if arguments.size else clip, recognizer, labels, arguments.rounds)


if __name__ == "__main__":
    main()
