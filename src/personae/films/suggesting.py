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
from personae.timeline.likely import PIECE, People
from personae.timeline.person import Key
from personae.types import IntArray

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
    keys = [one.keys[at] for one, at in known]
    first = np.cumsum([0, *(len(one.keys) for one in shown)])
    medium = np.repeat(np.arange(len(shown)), np.diff(first))
    # Only who is asked about becomes one with others, and is suggested anybody.
    asked = np.flatnonzero([part is not None for part in parts])
    if not len(asked):
        return []
    place = np.full(len(known), -1)
    place[asked] = np.arange(len(asked))
    pairs = _apart(shown, first)
    both = pairs[(place[pairs] >= 0).all(axis=1)]
    apart = np.zeros((len(asked), len(asked)), bool)
    apart[place[both[:, 0]], place[both[:, 1]]] = True
    numbers = np.array([part.unknown if part is not None and part.kind == "photos" else -1
                        for part in (parts[at] for at in asked.tolist())])  # fmt: skip
    whose = likely.joined(people.likeness(asked, asked), apart, medium[asked], numbers)
    _, person = np.unique(whose, return_inverse=True)
    members: list[list[int]] = [[] for _ in range(int(person.max()) + 1)]
    for at, number in zip(asked.tolist(), person.tolist(), strict=True):
        members[number].append(at)
    whole = people.only(asked).as_one(person, len(members))
    away = np.eye(len(members), dtype=bool)
    away[person[place[both[:, 0]]], person[place[both[:, 1]]]] = True
    names, shares = _shares(people, whole, keys, members, person, place, pairs, known, model)
    ordered: list[tuple[Part, ...]] = [
        tuple(sorted((part for at in own if (part := parts[at]) is not None), key=most)) for own in members
    ]
    found = []
    for start in range(0, len(members), PIECE):
        rows = slice(start, start + PIECE)
        likeness = whole.likeness(rows, slice(None))
        own, other = np.nonzero((likeness >= likely.likeness_of(LEAST_OTHER)) & ~away[rows])
        chances, begins = likely.same(likeness[own, other]), np.searchsorted(own, np.arange(len(likeness) + 1))
        for at in range(len(likeness)):
            mine = slice(begins[at], begins[at + 1])
            found.append(
                UnknownPerson(
                    ordered[start + at], _suggestions(names, shares[start + at], ordered, other[mine], chances[mine])
                )
            )
    return found


def _apart(shown: Sequence[Shown], first: IntArray) -> IntArray:
    """(k, 2) who are different people, by their places among all of `shown`, both ways round."""
    pairs = [np.argwhere(one.apart) + int(begin) for one, begin in zip(shown, first[:-1], strict=True)]
    return np.concatenate([np.empty((0, 2), np.int64), *pairs])


def _shares(
    people: People, whole: People, keys: Sequence[Key], members: list[list[int]], person: IntArray, place: IntArray,
    pairs: IntArray, known: list[tuple[Shown, int]], model: CharacterModel | None,
) -> tuple[tuple[str, ...], NDArray[np.float64]]:  # fmt: skip
    """The characters that anybody may be, and (n, c) the probability that each of the n of `members` is each.

    Who is apart from somebody of a name does not get it.
    """
    of_model = () if model is None else tuple(map(str, model.classes_))
    names = tuple(sorted({*of_model, *(key[0] for key in keys if key[0] is not None)}))
    at = {name: number for number, name in enumerate(names)}
    name_of = np.array([-1 if key[0] is None else at[key[0]] for key in keys], np.int64)
    named = np.flatnonzero(name_of >= 0)
    out = np.zeros((len(members), len(names)), bool)
    others = pairs[(place[pairs[:, 0]] >= 0) & (name_of[pairs[:, 1]] >= 0)]
    out[person[place[others[:, 0]]], name_of[others[:, 1]]] = True
    for number, own in enumerate(members):
        for one in own:
            out[number, [at[name] for name in known[one][0].barred[known[one][1]] if name in at]] = True
    both = People.together([whole, people.only(named)])
    rows, columns = np.arange(len(members)), np.arange(len(named)) + len(members)
    nearest = likely.nearest_of_names(both, rows, columns, name_of[named], len(names))
    return names, likely.characters(whole, nearest, names, out, model)


def _suggestions(
    characters: Sequence[str],
    shares: NDArray[np.float64],
    people: Sequence[tuple[Part, ...]],
    others: IntArray,
    chances: NDArray[np.float64],
) -> tuple[Suggestion, ...]:
    """Who one person may be, likeliest first. `others` of `people` are likely enough, each with its chance."""
    best = np.argsort(-shares, kind="stable")[:CHARACTERS].tolist()
    found = [
        Suggestion(float(shares[at]), character=characters[at])
        for rank, at in enumerate(best)
        if shares[at] >= LEAST or (rank < NEAREST and shares[at] > 0)
    ]
    near = np.argsort(-chances, kind="stable")[:OTHERS].tolist()
    found += [Suggestion(float(chances[at]), other=people[int(others[at])][0]) for at in near]
    return tuple(sorted(found, key=lambda one: -one.probability))


def most(part: Part) -> tuple[float, int, str]:
    """The place of a part among those of a person: where they are most comes first."""
    return -part.face_time_s, -part.faces, part.medium
