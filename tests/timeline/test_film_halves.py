"""Films of half of the people: who is in which half, what is pooled, and why points are missed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from benchmarks.film import accuracy, many, misses
from benchmarks.film.accuracy import Placed, Point
from benchmarks.film.halves import HALVES, half_of
from benchmarks.film.make_film import CONDITIONS, HARD_TIMES
from personae.timeline.timeline import Appearance, Timeline, Track
from tests.timelines import film

FRAMES = 100
BOX = [50.0, 50.0, 90.0, 90.0]


def test_the_halves_are_everybody_once() -> None:
    names = [f"{number:02}" for number in range(41)]
    a, b = (half_of(names, half) for half in HALVES)
    assert len(a) == 21 and len(b) == 20 and sorted([*a, *b]) == names
    assert a[:2] == ["00", "02"] and b[:2] == ["01", "03"]
    assert half_of(names, None) == names


def test_a_film_to_make_is_named_by_seed_length_and_kind() -> None:
    assert many.Wanted.of("7:4.5") == many.Wanted(7, 4.5, False)
    assert many.Wanted.of("7:4:hard") == many.Wanted(7, 4.0, True)
    with pytest.raises(ValueError, match="soft"):
        many.Wanted.of("7:4:soft")
    assert set(HARD_TIMES) <= set(CONDITIONS) and min(HARD_TIMES.values()) > 1, "a hard film is never easier"


def truth(photo: str = "a.jpg") -> dict[str, Any]:
    presence = {
        "who": "Thor", "cast": True, "photo": photo, "depicted": False, "shot": 0, "condition": "plain",
        "spans": [[0, FRAMES, "visible"]], "boxes": [[at, *BOX, 1.0] for at in range(FRAMES)],
    }  # fmt: skip
    shot = {"start_pts": 0, "end_pts": FRAMES, "condition": "plain", "dissolve_end_pts": None}
    return {
        "time_base": "1/25", "start_pts": 0, "rate": 25, "frames": FRAMES, "cast": ["Thor"], "shots": [shot],
        "presences": [presence],
    }  # fmt: skip


def said(*, character: str | None = None, depicted: bool = False, until: int = FRAMES, x: float = 0.0) -> Timeline:
    """One track on the face, `x` beside it, of which the scan says so."""
    boxes = tuple((at, BOX[0] + x, BOX[1], BOX[2] + x, BOX[3], 0.9) for at in range(0, until, 5))
    unknown = 1 if character is None else None
    one = Appearance(1, character, unknown, 0, until, 0.6, 0.9, (1,), depicted=depicted)
    return replace(film(), tracks=(Track(1, 0, 0, until, boxes),), appearances=(one,))


@pytest.mark.parametrize(
    ("timeline", "photo", "cause"),
    [
        (said(), "a.jpg", misses.NOT_NAMED),
        (said(character="Loki"), "a.jpg", misses.MISNAMED),
        (said(character="Thor", depicted=True), "a.jpg", misses.DEPICTED),
        (said(until=10), "a.jpg", misses.NOT_DETECTED),
        (said(x=100.0), "a.jpg", misses.NOT_DETECTED),
        (said(), min(misses.UNRECOGNISABLE), misses.TRUTH_WRONG),
    ],
)
def test_every_miss_has_a_cause(timeline: Timeline, photo: str, cause: str) -> None:
    asked = truth(photo)
    missed = [point for point in accuracy.points(asked, timeline) if point.kind == "miss"]
    found = misses.causes(asked, timeline, missed)
    assert found[-1] == cause and len(found) == len(missed) > 0
    counts = misses.counts(found, missed)
    assert counts[cause]["plain"] == found.count(cause)
    assert any(line.startswith(f"missed, {cause}: ") for line in misses.lines(counts))


def test_films_are_pooled_by_points_and_people() -> None:
    def read(seed: int, hits: int, misses_: int, named: str | None) -> many.Read:
        points = [Point("Thor", "plain", kind, 0.1) for kind in ["hit"] * hits + ["miss"] * misses_]
        tracks = [
            Placed(n, n, who, cast, "plain", False, False, name, None)
            for n, (who, cast, name) in enumerate([("Thor", True, "Thor"), ("X", False, named), ("X", False, None)])
        ]
        return many.Read(many.Wanted(seed, 4.0, False), points, tracks, [misses.NOT_NAMED] * misses_)

    result = many.pooled([read(1, 9, 1, "Thor"), read(2, 30, 0, None)])
    assert result["points"] == {"hit": 39, "miss": 1, "false": 0}
    assert result["f1"][0] == pytest.approx(2 * 39 / (2 * 39 + 1))
    assert (result["strangers_named"]["count"], result["strangers_named"]["of"]) == (1, 4)
    assert (result["stranger_people_named"]["count"], result["stranger_people_named"]["of"]) == (1, 2)
    assert "| pooled | 8 | 0.987" in many.table(result)
