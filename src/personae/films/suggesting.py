"""Who the people without a name may be, and which of them are one: over all films and sets of photos of a project."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from personae.cast.trained import TrainedModel
from personae.films.seen_people import Shown
from personae.films.unknown_person import Part, Suggestion, UnknownPerson
from personae.recognition.model import CharacterModel
from personae.timeline import likely
from personae.timeline.likely import People

CHARACTERS, OTHERS = 5, 2
"""So many characters and other unknown people are suggested at most."""
NEAREST = 3
"""So many characters are suggested however improbable they are: the right one of a face seen badly is often there."""
LEAST, LEAST_OTHER = 0.01, 0.2
"""What is less probable is not suggested otherwise: nearly everybody is alike to somebody."""


def suggested(shown: Sequence[Shown], trained: TrainedModel) -> list[UnknownPerson]:
    """The people without a name in films and sets, each once, with who they may be. `trained`: suggests characters."""
    found = []
    for embedder, several in groupby(sorted(shown, key=lambda one: one.embedder), key=lambda one: one.embedder):
        model = trained.model if trained.embedder == embedder else None
        found += _of_one_embedder([one for one in several if one.keys], model)
    return found


def _of_one_embedder(shown: list[Shown], model: CharacterModel | None) -> list[UnknownPerson]:
    """The same where the same networks embedded all faces."""
    known = [(one, at) for one in shown for at in range(len(one.keys))]
    if not known:
        return []
    if any(one.people is None for one in shown):  # nothing tells who they may be
        return [UnknownPerson((part,)) for one in shown for part in one.parts if part is not None]
    people = People.together([one.people for one in shown if one.people is not None])
    parts = [one.parts[at] for one, at in known]
    medium = np.repeat(np.arange(len(shown)), [len(one.keys) for one in shown])
    apart = np.zeros((len(known), len(known)), bool)
    first = 0
    for one in shown:
        own = slice(first, first + len(one.keys))
        apart[own, own] = one.apart
        first = own.stop
    asked = np.array([part is not None for part in parts])
    # Only who is asked about becomes one with others.
    numbers = np.array([part.unknown if part is not None and part.kind == "photos" else -1 for part in parts])
    likeness = people.likeness()
    open_pairs = np.where(asked[:, None] & asked, likeness, -1.0).astype(np.float32)
    whose = likely.joined(open_pairs, apart, medium, numbers)
    _, first_of, person = np.unique(whose, return_index=True, return_inverse=True)
    members: list[list[int]] = [[] for _ in first_of]
    for at, number in enumerate(person.tolist()):
        members[number].append(at)
    whole = people.as_one(person, len(members))
    is_member = np.zeros((len(members), len(known)), np.float32)
    is_member[person, np.arange(len(known))] = 1
    away = (is_member @ apart.astype(np.float32) @ is_member.T) > 0
    barred = [frozenset().union(*(known[at][0].barred[known[at][1]] for at in own)) for own in members]
    names = [known[own[0]][0].keys[known[own[0]][1]][0] for own in members]
    likeness = whole.likeness()
    characters, shares = likely.characters(whole, likeness, names, away, barred, model)
    is_open = np.array([parts[own[0]] is not None for own in members])
    others = likely.same(likeness, away | np.eye(len(members), dtype=bool) | ~is_open | ~is_open[:, None])
    ordered: list[tuple[Part, ...]] = [
        tuple(sorted((part for at in own if (part := parts[at]) is not None), key=_most)) for own in members
    ]
    return [
        UnknownPerson(ordered[at], _suggestions(characters, shares[at], ordered, others[at]))
        for at in np.flatnonzero(is_open).tolist()
    ]


def _suggestions(
    characters: Sequence[str],
    shares: NDArray[np.float64],
    people: Sequence[tuple[Part, ...]],
    others: NDArray[np.float64],
) -> tuple[Suggestion, ...]:
    """Who one person may be, likeliest first."""
    best = np.argsort(-shares, kind="stable")[:CHARACTERS].tolist()
    found = [
        Suggestion(float(shares[at]), character=characters[at])
        for rank, at in enumerate(best)
        if shares[at] >= LEAST or (rank < NEAREST and shares[at] > 0)
    ]
    near = np.argsort(-others, kind="stable")[:OTHERS].tolist()
    found += [Suggestion(float(others[at]), other=people[at][0]) for at in near if others[at] >= LEAST_OTHER]
    return tuple(sorted(found, key=lambda one: -one.probability))


def _most(part: Part) -> tuple[float, int, str]:
    return -part.face_time_s, -part.faces, part.medium
