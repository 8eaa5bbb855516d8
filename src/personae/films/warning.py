"""What may be wrong with a name that somebody gives: said with the decision, which holds all the same."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from personae.cast.trained import TrainedModel
from personae.films.tracks_file import Scanned
from personae.films.worth_learning import POOR
from personae.recognition.prototypes import unit
from personae.timeline.decisions import Decision
from personae.timeline.places import Finder
from personae.timeline.timeline import Timeline

UNLIKE = 0.2
"""Below this cosine to a character's faces two faces are rather two people's than one's: strangers stay below .32 in
999 of 1,000 cases, and the mean face of a track reaches far more with its own character."""


_ONE_SIGN = "it would be a new character with a name of one sign."
_POOR = "The best of their faces is poor"


def is_slight(warning: str) -> bool:
    """Whether a warning is about a poor crop alone: it asks for a second look and does not speak against the name."""
    return _POOR in warning


def is_slip(warning: str) -> bool:
    """Whether a warning is about a new name of one sign: who types "=7" has said already that it is meant."""
    return warning.endswith(_ONE_SIGN)


def one_sign(decision: Decision, known: Container[str | None]) -> list[str]:
    """What to say of a new name of one sign, which may be a slip of a key; `known`: the characters there are."""
    name = decision.to and decision.to.character
    if not name or len(name) > 1 or name in known:
        return []
    return [f"Nobody is called {name}: {_ONE_SIGN}"]


def warnings_of(
    decisions: Iterable[Decision],
    timeline: Timeline,
    scanned: Scanned,
    trained: TrainedModel,
    known: Collection[str] = (),
) -> list[str]:
    """A sentence for each name given to somebody who is on screen beside that character, is seen badly, or is unlike;
    and for a new name of one sign.

    `timeline`: as it was before; `known`: the characters of the cast.
    """
    found: list[str] = []
    there = {*known, *(one.character for one in timeline.appearances)}
    for decision in decisions:
        if decision.kind not in ("name", "give", "merge") or decision.to is None or decision.to.character is None:
            continue
        name = decision.to.character
        found += one_sign(decision, there)
        finder = Finder(timeline.tracks, timeline.video)
        each = [finder.find_all(part.places) for part in decision.parts]
        own = set[int]().union(*each)
        # Of a merge those count who are not called so yet: the others are whom they are beside.
        parts = zip(each, decision.parts, strict=True)
        new = [at for at, part in parts if part.who is None or part.who.character != name]
        beside = _beside(set[int]().union(*new), name, timeline)
        if beside is None:
            beside = next((at for a, b in combinations(each, 2) if (at := _overlap(a, b, timeline)) is not None), None)
        if beside is not None:
            when = timeline.video.seconds(beside)
            found.append(f"{name} is on screen beside them, at {when:.1f} s: both would be {name}.")
        weights = [scanned.watched.records[at].weights for at in own]
        found += poor_crop(max((float(each.max()) for each in weights if len(each)), default=0.0))
        unlike = _unlike(own, name, scanned, trained)
        if unlike is not None:
            found.append(disagreeing(name, unlike))
    return found


def _beside(own: set[int], name: str, timeline: Timeline) -> int | None:
    """When (pts) a track at one of the positions `own` is seen with another track of `name`; None where none is."""
    tracks = timeline.tracks
    shown = {
        number for one in timeline.appearances if one.character == name and not one.depicted for number in one.tracks
    }
    spans = [(tracks[at].start_pts, tracks[at].end_pts) for at in own]
    for at, track in enumerate(tracks if shown else ()):
        if at not in own and track.id in shown:
            for start, end in spans:
                if track.start_pts < end and start < track.end_pts:
                    return max(start, track.start_pts)
    return None


def _overlap(one: set[int], other: set[int], timeline: Timeline) -> int | None:
    """When (pts) tracks at positions of both are seen together; None where none are."""
    tracks = timeline.tracks
    spans = [(tracks[at].start_pts, tracks[at].end_pts) for at in one - other]
    for at in other - one:
        for start, end in spans:
            if tracks[at].start_pts < end and start < tracks[at].end_pts:
                return max(start, tracks[at].start_pts)
    return None


def _unlike(own: set[int], name: str, scanned: Scanned, trained: TrainedModel) -> float | None:
    """The cosine of the tracks' mean face to the character, where it is too low for one person; None otherwise."""
    if trained.embedder != scanned.fingerprint.get("embedder"):
        return None
    records = [scanned.watched.records[at] for at in sorted(own)]
    weighed = [record.weights[:, None] * record.embeddings for record in records if len(record.embeddings)]
    return None if not weighed else unlike(np.concatenate(weighed).sum(axis=0), name, trained)


def poor_crop(best: float) -> list[str]:
    """What to say where the best of somebody's faces has a quality of `best`: a sentence, or nothing."""
    if best >= POOR:
        return []
    return [f"{_POOR} (small, dark, blurred or turned away; quality {best:.2f}): look twice. "
            "It teaches nothing."]  # fmt: skip


def disagreeing(name: str, similarity: float) -> str:
    """What to say of faces that are `unlike` a character. It may have photos, or faces that were named in films."""
    return f"The faces do not agree with what is known of {name} (similarity {similarity:.2f})."


def unlike(faces: NDArray[np.floating], name: str, trained: TrainedModel) -> float | None:
    """The cosine of faces, by the weighted sum (d,) of their embeddings, to a character, where it is too low for one.

    None where it is not, or nobody can say.
    """
    model = trained.model
    if model is None or name not in trained.characters:
        return None
    mean = unit(faces).astype(np.float32)
    scores = model.decide(mean, candidates=len(model.classes_))
    at = [candidate for candidate in scores.candidates(0) if candidate.character == name]
    return at[0].similarity if at and at[0].similarity < UNLIKE else None
