"""Several films of one half of the people, made, scanned and pooled: how rightly films of other people are read.

    python -m benchmarks.film.many PEOPLE OUT FILM... --half b --strangers FOLDER [--left-out 5] [--json FILE] [--keep]

FILM: SEED:MINUTES, or SEED:MINUTES:hard for a hard one (see `make_film`); made in OUT/SEED unless it is there, and
scanned with default settings and a cast of its own; `--keep` leaves the scan in OUT/SEED/scan and uses its tracks when
it is there, so that films can be read as they are made. Prints F1 per film and over the points of all films, the share
of strangers' tracks with a name, of stranger people with one anywhere in a film (somebody who comes in two films counts
in each), and the causes of what is missed. Brackets: 95 % over people, of whom each is one through all films.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.film import accuracy, make_film, misses
from benchmarks.film.accuracy import Placed, Point
from benchmarks.film.halves import HALVES, Half
from personae.faces import backends
from personae.settings import Settings


@dataclass(frozen=True)
class Wanted:
    """A film to make."""

    seed: int
    minutes: float
    hard: bool

    @classmethod
    def of(cls, text: str) -> Wanted:
        """From SEED:MINUTES[:hard]."""
        seed, minutes, *rest = text.split(":")
        if rest not in ([], ["hard"]):
            raise ValueError(f"{text!r} is not SEED:MINUTES or SEED:MINUTES:hard.")
        return cls(int(seed), float(minutes), bool(rest))


@dataclass(frozen=True)
class Read:
    """What came of one film: its points, its tracks, and the cause of each missed point in order."""

    film: Wanted
    points: list[Point]
    tracks: list[Placed]
    causes: list[str]

    @property
    def missed(self) -> list[Point]:
        """The points that were missed."""
        return [point for point in self.points if point.kind == "miss"]


def made(wanted: Wanted, people: Path, strangers: Path | None, out: Path, half: Half | None, left_out: int) -> Path:
    """The folder of the film, which is made unless it is there."""
    folder = out / str(wanted.seed)
    if not (folder / "truth.json").exists():
        rng = np.random.default_rng(wanted.seed)
        most = make_film.strangers_in(wanted.minutes)
        detector = backends.make_detector(Settings())
        cast = make_film.gather(people, strangers, detector, left_out=left_out, rng=rng, most=most, half=half)
        seconds = wanted.minutes * 60
        make_film.make(cast, folder, seconds=seconds, seed=wanted.seed, hard=wanted.hard, preset="ultrafast")
    return folder


def read(wanted: Wanted, folder: Path, *, keep: bool = False) -> Read:
    """The scan of a made film held against its truth."""
    truth, timeline = accuracy.scanned(folder, folder / "scan" if keep else None)
    points = accuracy.points(truth, timeline)
    missed = [point for point in points if point.kind == "miss"]
    return Read(wanted, points, accuracy.placed(truth, timeline), misses.causes(truth, timeline, missed))


def pooled(films: Sequence[Read]) -> dict[str, Any]:
    """All figures, as JSON types."""
    points = [point for film in films for point in film.points]
    strangers = [one for film in films for one in film.tracks if not one.cast and not one.truly_depicted]
    # Somebody may be a stranger in two films, and get a name in one of them.
    named: dict[tuple[int, str], bool] = defaultdict(bool)
    for film in films:
        for one in film.tracks:
            if not one.cast and not one.truly_depicted:
                named[film.film.seed, one.who] |= one.character is not None
    ours = [one for film in films for one in film.tracks if one.cast and not one.truly_depicted]
    causes, missed = [why for film in films for why in film.causes], [one for film in films for one in film.missed]
    return {
        "films": [
            {
                "seed": film.film.seed, "minutes": film.film.minutes, "hard": film.film.hard,
                "f1": accuracy.f1(film.points), "points": _kinds(film.points),
                "strangers_named": sum(not one.cast and one.character is not None for one in film.tracks),
                "missed": dict(Counter(film.causes).most_common()),
            }
            for film in films
        ],
        "f1": accuracy.interval(points, accuracy.f1),
        "points": _kinds(points),
        "strangers_named": accuracy.proportion(
            [one.character is not None for one in strangers], [one.who for one in strangers]
        ),
        "stranger_people_named": accuracy.proportion(list(named.values()), [who for _, who in named]),
        "cast_misnamed": accuracy.proportion(
            [one.character not in {None, one.who} for one in ours], [one.who for one in ours]
        ),
        "missed": misses.counts(causes, missed),
    }  # fmt: skip


def _kinds(points: Sequence[Point]) -> dict[str, int]:
    return {kind: sum(point.kind == kind for point in points) for kind in ("hit", "miss", "false")}


def table(result: dict[str, Any]) -> str:
    """The figures for people."""
    rows = ["| seed | minutes | F1 | points: hit, missed, false | strangers' tracks named |", "|---|---|---|---|---|"]
    for film in result["films"]:
        counts = ", ".join(map(str, film["points"].values()))
        length = f"{film['minutes']:g}{', hard' if film['hard'] else ''}"
        rows.append(f"| {film['seed']} | {length} | {film['f1']:.3f} | {counts} | {film['strangers_named']} |")
    counts = ", ".join(map(str, result["points"].values()))
    minutes = sum(film["minutes"] for film in result["films"])
    rows.append(
        f"| pooled | {minutes:g} | {accuracy.bracketed(result['f1'])} | {counts} "
        f"| {accuracy.share_of(result['strangers_named'])} |"
    )
    return "\n".join(
        [
            *rows,
            "",
            f"stranger people named anywhere in a film: {accuracy.share_of(result['stranger_people_named'])}",
            f"the cast's tracks misnamed: {accuracy.share_of(result['cast_misnamed'])}",
            *misses.lines(result["missed"]),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("people", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("films", type=Wanted.of, nargs="+", metavar="FILM")
    parser.add_argument("--half", choices=HALVES, required=True)
    parser.add_argument("--strangers", type=Path)
    parser.add_argument("--left-out", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    films = []
    for wanted in given.films:
        folder = made(wanted, given.people, given.strangers, given.out, given.half, given.left_out)
        films.append(read(wanted, folder, keep=given.keep))
        print(f"{wanted.seed}: F1 {accuracy.f1(films[-1].points):.3f}", flush=True)
    result = pooled(films)
    print(table(result))
    if given.json is not None:
        given.json.write_text(json.dumps({"half": given.half, **result}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
