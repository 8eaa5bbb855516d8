"""How rightly a film is read: a scan held against the exact truth of `make_film`, condition by condition.

    python -m benchmarks.film.accuracy OUT [--json benchmarks/film/accuracy.json] [--keep FOLDER]

OUT: what `make_film` wrote. Trains on OUT/cast, scans OUT/film.mp4, and prints a table with 95 % intervals.

F1: who of the cast is on screen at the points of a 0.2 s grid (hard moments count neither way); bootstrap over people.
Tracks belong to the true face that their boxes lie on. Strangers named: share of the strangers' tracks with a name.
B-cubed F (Bagga and Baldwin 1998) of the strangers' tracks, each named one counting with its name's cluster. A cut is
found to the picture or one beside it, a dissolve anywhere within it with two pictures of margin. Missed points are
told apart by their cause, see `misses`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from benchmarks.film import misses
from personae.assessment.intervals import share
from personae.project.recognizer import CharacterRecognizer
from personae.timeline.places import overlap
from personae.timeline.timeline import Timeline, Track, name_of
from tests.scanning import scan_film

GRID_S = 0.2
OVERLAP = 0.3
DRAWS = 2000
ALL = "all"
Interval = tuple[float, float, float]
"""Value, and the ends of its 95 % interval."""


@dataclass(frozen=True)
class Point:
    """One of the cast at one moment of the grid. `kind`: "hit", "miss" or "false"."""

    who: str
    condition: str
    kind: str
    t_s: float


@dataclass(frozen=True)
class Placed:
    """One track and the true face it lies on (`presence`: its number in the truth), with what the scan says of it."""

    track: int
    presence: int
    who: str
    cast: bool
    condition: str
    truly_depicted: bool
    depicted: bool
    character: str | None
    unknown: int | None


Item = TypeVar("Item", Point, Placed)


def points(truth: dict[str, Any], timeline: Timeline) -> list[Point]:
    """Every moment of the grid at which one of the cast is or is said to be on screen, outside hard moments."""
    base = Fraction(truth["time_base"])
    true: dict[str, list[tuple[int, int, str, str]]] = defaultdict(list)
    for one in truth["presences"]:
        if one["cast"] and not one["depicted"]:
            true[one["who"]] += [(*span, one["condition"]) for span in one["spans"]]
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for appearance in timeline.appearances:
        if appearance.character is not None and not appearance.depicted:
            found[appearance.character].append((appearance.start_pts, appearance.end_pts))
    result = []
    for t_s in np.arange(GRID_S / 2, float(truth["frames"] / Fraction(truth["rate"])), GRID_S):
        pts = truth["start_pts"] + float(t_s / base)
        there = _shot_at(truth, pts)["condition"]
        for who in truth["cast"]:
            here = [(how, condition) for start, end, how, condition in true[who] if start <= pts < end]
            said = any(start <= pts < end for start, end in found[who])
            seen = [condition for how, condition in here if how == "visible"]
            if seen:
                result.append(Point(who, seen[0], "hit" if said else "miss", float(t_s)))
            elif said and not here:
                result.append(Point(who, there, "false", float(t_s)))
    return result


def away(truth: dict[str, Any], timeline: Timeline) -> dict[str, int]:
    """Of the moments of the grid at which one of the cast is on screen without a face: `named`, and how many there are.

    `found`: with the own track, under whatever name or none.
    """
    base = Fraction(truth["time_base"])
    result = {"named": 0, "of": 0}
    for t_s in np.arange(GRID_S / 2, float(truth["frames"] / Fraction(truth["rate"])), GRID_S):
        pts = truth["start_pts"] + float(t_s / base)
        here = {one["who"] for one in truth["presences"] if one["cast"] and not one["depicted"]
                for start, end, how in one["spans"] if how == "away" and start <= pts < end}  # fmt: skip
        said = {one.character for one in timeline.appearances
                if not one.depicted and one.start_pts <= pts < one.end_pts}  # fmt: skip
        result["named"] += len(here & said)
        result["of"] += len(here)
    return result


def _shot_at(truth: dict[str, Any], pts: float) -> dict[str, Any]:
    shot: dict[str, Any] = next((one for one in truth["shots"] if pts < one["end_pts"]), truth["shots"][-1])
    return shot


def f1(items: Sequence[Point]) -> float:
    kinds = [item.kind for item in items]
    return 2 * kinds.count("hit") / max(2 * kinds.count("hit") + kinds.count("miss") + kinds.count("false"), 1)


def placed(truth: dict[str, Any], timeline: Timeline) -> list[Placed]:
    """The tracks that lie on a true face, by most of their pictures, and not mostly in hard moments."""
    says = {number: one for one in timeline.appearances for number in one.tracks}
    boxes = [{int(row[0]): row[1:5] for row in one["boxes"]} for one in truth["presences"]]
    result = []
    for track in timeline.tracks:
        at = _lies_on(track, boxes)
        if at is None or _mostly_hard(track, truth["presences"][at]):
            continue
        one, said = truth["presences"][at], says.get(track.id)
        result.append(
            Placed(
                track.id, at, one["who"], one["cast"], one["condition"], one["depicted"],
                said is not None and said.depicted,
                None if said is None else said.character, None if said is None else said.unknown,
            )
        )  # fmt: skip
    return result


def _mostly_hard(track: Track, presence: dict[str, Any]) -> bool:
    spans = [(start, end) for start, end, how in presence["spans"] if how == "visible"]
    return 2 * sum(any(start <= box[0] < end for start, end in spans) for box in track.boxes) < len(track.boxes)


def _lies_on(track: Track, boxes: Sequence[dict[int, list[float]]]) -> int | None:
    votes: dict[int, int] = defaultdict(int)
    for pts, *box, _ in track.boxes:
        near = [(overlap(box, own[pts]), at) for at, own in enumerate(boxes) if pts in own]
        if near and max(near)[0] >= OVERLAP:
            votes[max(near)[1]] += 1
    if not votes or max(votes.values()) * 2 < len(track.boxes):
        return None
    return max(votes, key=lambda at: votes[at])


def b_cubed(clusters: Sequence[str], people: Sequence[str]) -> float:
    """F of B-cubed precision and recall: for each item, of those with it in its cluster, who is the same person."""
    cluster, person = np.array(clusters), np.array(people)
    together, same = cluster[:, None] == cluster, person[:, None] == person
    both = (together & same).sum(axis=1)
    precision, recall = (both / together.sum(axis=1)).mean(), (both / same.sum(axis=1)).mean()
    return float(2 * precision * recall / (precision + recall))


def clusters_f(items: Sequence[Placed]) -> float:
    """B-cubed F of tracks; one that the scan lists nowhere is a cluster of its own."""
    return b_cubed(
        [name_of(one.character, one.unknown) or f"track {one.track}" for one in items], [one.who for one in items]
    )


def interval(items: Sequence[Item], figure: Callable[[Sequence[Item]], float]) -> Interval | None:
    """`figure` with its 95 % interval, by a bootstrap over people (percentile); None without items."""
    if not items:
        return None
    groups: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        groups[item.who].append(item)
    people, rng = list(groups.values()), np.random.default_rng(0)
    draws = []
    for _ in range(DRAWS if len(items) < 400 else DRAWS // 10):
        drawn = rng.integers(0, len(people), len(people))
        draws.append(figure([item for i in drawn for item in people[int(i)]]))
    low, high = np.quantile(draws, [0.025, 0.975])
    return figure(items), float(low), float(high)


def proportion(hits: Sequence[bool], whose: Sequence[str]) -> dict[str, Any]:
    """Count, total, share and Wilson's interval at the effective sample size; `whose`: who each is of."""
    if not hits:
        return {"count": 0, "of": 0, "share": None, "interval": None}
    found = share(np.array(hits), np.array(whose))
    return {"count": found.count, "of": found.total, "share": found.value, "interval": [found.low, found.high]}


def boundaries(truth: dict[str, Any], timeline: Timeline) -> dict[str, int]:
    """How many cuts and dissolves there are, how many are found, and how many boundaries are none."""
    picture = float(1 / (Fraction(truth["rate"]) * Fraction(truth["time_base"])))
    found = [shot.start_pts for shot in timeline.shots[1:]]
    result, used = {"cuts": 0, "cuts found": 0, "dissolves": 0, "dissolves found": 0}, set()
    for shot in truth["shots"][1:]:
        end = shot["dissolve_end_pts"]
        kind, margin = ("cuts", 1.1) if end is None else ("dissolves", 2.1)
        low, high = shot["start_pts"] - margin * picture, (end or shot["start_pts"]) + margin * picture
        near = [pts for pts in found if low <= pts <= high and pts not in used]
        result[kind] += 1
        result[f"{kind} found"] += bool(near)
        used.update(near[:1])
    return {**result, "false": len(found) - len(used)}


def people_named(tracks: Sequence[Placed]) -> dict[str, Any]:
    """How many of the people outside the cast get a name anywhere in the film, with Wilson's interval.

    A stranger who is like a character stays so in all his tracks: the share of people is another one than of tracks.
    """
    named: dict[str, bool] = defaultdict(bool)
    for one in tracks:
        if not one.cast and not one.truly_depicted:
            named[one.who] |= one.character is not None
    return proportion(list(named.values()), list(named))


def measure(truth: dict[str, Any], timeline: Timeline) -> dict[str, Any]:
    """All figures, as JSON types: per condition and over all."""
    grid, tracks = points(truth, timeline), placed(truth, timeline)
    missed = [point for point in grid if point.kind == "miss"]
    rows = {}
    for name in [ALL, *dict.fromkeys(shot["condition"] for shot in truth["shots"])]:
        living = [one for one in tracks if not one.truly_depicted and name in {ALL, one.condition}]
        strangers = [one for one in living if not one.cast]
        own = [point for point in grid if name in {ALL, point.condition}]
        rows[name] = {
            "f1": interval(own, f1),
            "points": {kind: sum(point.kind == kind for point in own) for kind in ("hit", "miss", "false")},
            "strangers_named": proportion([o.character is not None for o in strangers], [o.who for o in strangers]),
            "cast_misnamed": proportion(
                [o.character not in {None, o.who} for o in living if o.cast], [o.who for o in living if o.cast]
            ),
            "b_cubed_f": interval(strangers, clusters_f),
            "living_called_depicted": proportion([o.depicted for o in living], [o.who for o in living]),
        }
    depicted = {o.presence: o for o in tracks if o.truly_depicted}
    return {
        "conditions": rows,
        "away": away(truth, timeline),
        "missed": misses.counts(misses.causes(truth, timeline, missed), missed),
        "stranger_people_named": people_named(tracks),
        "shots": boundaries(truth, timeline),
        "depicted": {
            "shown": sum(one["depicted"] for one in truth["presences"]),
            "tracked": len(depicted), "called depicted": sum(one.depicted for one in depicted.values()),
        },
        "presences": {
            "living": sum(not o["depicted"] and any(s[2] == "visible" for s in o["spans"]) for o in truth["presences"]),
            "tracked": len({o.presence for o in tracks if not o.truly_depicted}),
        },
    }  # fmt: skip


def errors(truth: dict[str, Any], timeline: Timeline) -> list[str]:
    """What went wrong, a line for each, to be looked at in the film."""
    grid, lines = points(truth, timeline), []
    wrong = [point for point in grid if point.kind != "hit"]
    missed = [point for point in wrong if point.kind == "miss"]
    why = iter(misses.causes(truth, timeline, missed))
    runs: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for point in wrong:
        kind = f"missed ({next(why)})" if point.kind == "miss" else point.kind
        runs[point.who, point.condition, kind].append(point.t_s)
    for (who, condition, kind), times in sorted(runs.items(), key=lambda item: item[1][0]):
        lines.append(f"{kind} {who} ({condition}): {len(times)} points from {times[0]:.1f} to {times[-1]:.1f} s")
    base = Fraction(truth["time_base"])
    for one in placed(truth, timeline):
        if one.character not in {None, one.who} or (one.depicted != one.truly_depicted):
            at = float((truth["presences"][one.presence]["boxes"][0][0] - truth["start_pts"]) * base)
            said = f"{name_of(one.character, one.unknown)}{', depicted' if one.depicted else ''}"
            lines.append(f"track {one.track} of {one.who} ({one.condition}, from {at:.1f} s) is said to be {said}")
    return lines


def table(result: dict[str, Any]) -> str:
    lines = [
        "| | F1 | points: hit, missed, false | strangers' tracks named | cast misnamed | B-cubed F of strangers |",
        "|---|---|---|---|---|---|",
    ]
    for name, row in result["conditions"].items():
        counts = ", ".join(str(row["points"][kind]) for kind in ("hit", "miss", "false"))
        lines.append(
            f"| {name} | {bracketed(row['f1'])} | {counts} | {share_of(row['strangers_named'])} | "
            f"{share_of(row['cast_misnamed'])} | {bracketed(row['b_cubed_f'])} |"
        )
    rest = (
        f"{what}: {', '.join(f'{k} {v}' for k, v in result[what].items())}"
        for what in ("away", "shots", "depicted", "presences")
    )
    return "\n".join(
        [
            *lines,
            "",
            f"strangers (people) named anywhere: {share_of(result['stranger_people_named'])}",
            *misses.lines(result["missed"]),
            *rest,
            f"living called depicted: {share_of(result['conditions'][ALL]['living_called_depicted'])}",
        ]
    )


def bracketed(value: Interval | None) -> str:
    """A figure with its interval."""
    return "-" if value is None else f"{value[0]:.3f} ({value[1]:.3f} to {value[2]:.3f})"


def share_of(found: dict[str, Any]) -> str:
    """What `proportion` gave: count, total and interval."""
    if found["share"] is None:
        return "-"
    low, high = found["interval"]
    return f"{found['count']} of {found['of']} ({low:.1%} to {high:.1%})"


def scanned(made: Path, keep: Path | None = None) -> tuple[dict[str, Any], Timeline]:
    """The truth of a made film, and what a scan with its cast says; `keep`: where the scan is left."""
    truth = json.loads((made / "truth.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        recognizer = CharacterRecognizer(Path(folder) / "project")
        recognizer.train_folder(made / "cast")
        return truth, scan_film(made / truth["film"], recognizer, keep or Path(folder) / "out").timeline


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("made", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--keep", type=Path, help="where the scan is left; scanned again, its tracks are used")
    given = parser.parse_args()
    truth, timeline = scanned(given.made, given.keep)
    result = measure(truth, timeline)
    print(table(result))
    print("\n" + "\n".join(errors(truth, timeline)))
    if given.json is not None:
        about = {key: truth[key] for key in ("seed", "frames", "rate", "size")}
        about |= {"cast": len(truth["cast"]), "presences": len(truth["presences"]), "settings": timeline.settings}
        given.json.write_text(json.dumps({"film": about, **result}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
