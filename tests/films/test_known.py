"""What is remembered of the last timeline changes nothing: the next one is the same as one that is made anew."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from personae.errors import InputError
from personae.films import say, scan
from personae.films.maker import Maker
from personae.films.say import Saying
from personae.films.tracks_file import Scanned
from personae.media.film import Video
from personae.names_of_today import NamesOfToday
from personae.settings import Settings
from personae.timeline import native
from personae.timeline.appearances import Label
from personae.timeline.decisions import Decisions
from personae.timeline.records import TrackRecord
from personae.timeline.timeline import BestPicture, Shot
from personae.timeline.watching import Watched

TRACKS, SHOT = 40, 100
CHARACTERS = ("Thor", "Hela", "Odin")
SETTINGS = Settings(min_unknown_s=0.0)
NAMES = NamesOfToday()


def film(rng: random.Random) -> Scanned:
    """Two people in each of twenty shots of four seconds, some without a name, some on pictures."""
    records, labels = [], []
    for at in range(TRACKS):
        start = at // 2 * SHOT + rng.randrange(30)
        end, x = start + rng.randrange(20, 60), 100.0 + 400 * (at % 2)
        box = np.array([[x, 100, x + 90, 190, 0.9]], np.float32)
        records.append(
            TrackRecord(
                np.array([[start, end]], np.int64), box, np.eye(1, 128, at, dtype=np.float32),
                np.ones(1, np.float32), np.full(1, 90, np.float32), np.array([start], np.int64), start,
                box[0, :4], np.frombuffer(b"\xff\xd8\xff\xe0", np.uint8), np.full(1, np.nan, np.float32),
            )
        )  # fmt: skip
        unknown = rng.randrange(1, 6) if rng.random() < 0.6 else None
        labels.append(
            Label(
                None if unknown else rng.choice(CHARACTERS), unknown, 0.5, 0.9, depicted=rng.random() < 0.2,
                best=BestPicture(start, (x, 100, x + 90, 190)), best_weight=0.8,
            )
        )  # fmt: skip
    length = TRACKS // 2 * SHOT
    video = Video("film.mp4", "made", 0, Fraction(25), Fraction(1, 25), False, 0, length, (1280, 720), length)
    shots = tuple(Shot(start, start + SHOT) for start in range(0, length, SHOT))
    looks = np.arange(0, length, 10, dtype=np.int64)
    watched = Watched(video, shots, tuple(records), (), looks, np.zeros((len(looks), 9, 16), np.uint8), len(looks))
    facts: dict[str, Any] = {"model": {}, "settings": {}}
    return Scanned(watched, tuple(labels), tuple(one.unknown for one in labels), 5, facts, {"embedder": "made"})


def said(rng: random.Random, names: list[str], decisions: Decisions) -> Saying:
    """Something that somebody may say."""
    who, other = rng.choice(names), rng.choice(names)
    return rng.choice(
        [
            say.name(who, rng.choice([*CHARACTERS, "Loki", other])),
            say.name(rng.randrange(1, TRACKS // 2), rng.choice(CHARACTERS)),
            say.not_them(who), say.stranger(who), say.no_face(rng.randrange(1, TRACKS // 2)), say.confirm(who),
            say.depicted(who), say.alive(who), say.split(rng.randrange(1, TRACKS // 2)),
            say.merge([who, other]), say.apart(who, other),
            say.trim(rng.randrange(1, TRACKS // 2), None, 3.0),
            say.undo([rng.choice([one.id for one in decisions.entries] or ["none"])]),
        ]
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_a_timeline_after_one_more_decision_is_the_one_that_is_made_anew(seed: int) -> None:
    rng = random.Random(seed)
    scanned, known, decisions, taken = film(rng), scan.Known(), Decisions(()), 0
    for _ in range(60):
        anew = scan.conclude(scanned, decisions, SETTINGS, NAMES)
        again = scan.conclude(scanned, decisions, SETTINGS, NAMES, known)
        assert again.timeline == anew.timeline
        assert json.loads(native.dumps(again.timeline)) == json.loads(json.dumps(native.to_json(anew.timeline)))
        assert (again.scanned.unknown, again.notes) == (anew.scanned.unknown, anew.notes)
        if rng.random() < 0.2:  # as after it was written
            scanned = again.scanned
        names = [one.name for one in again.timeline.characters]
        if len(names) < 2:
            break
        maker = Maker(again.timeline, scanned, decisions, "", "")
        try:
            made = said(rng, names, decisions)(maker)
        except InputError:
            continue
        taken += len(made)
        decisions = replace(decisions, entries=(*decisions.entries, *made))
    assert taken > 15
