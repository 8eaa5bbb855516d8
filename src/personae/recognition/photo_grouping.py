"""Which faces in photos show one person, whoever that is: the number of people is not given.

Pairs of near faces are weighed by how much likelier they show one person than two (see `same_person`), and whoever are
each other's likeliest become one, over and over, until nobody is likely enough. Sharp, large faces speak loudest, so
they make the groups; a small or poor face joins where it clearly belongs, or stays alone. Two faces of one photo are
evidence of two people.

Groups of before stay: faces that come later join them or make new groups, and no two of them become one. So numbers
hold, and the price is that of the new faces and of the groups near them.

It stands in this room because it knows arrays only: neither photos nor films, nor who has a name.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personae.recognition.merging import Candidates, merged
from personae.recognition.near_faces import near_pairs
from personae.recognition.same_person import Observed, SamePerson, same_person_for
from personae.types import FloatArray, IntArray

LEAST_ODDS = 10.5
"""Natural logarithm of the odds from which on two are one person, among `USUAL_FACES` faces; among more, chance finds
more who are alike, and as much more is asked."""
USUAL_FACES = 1000
FEWEST_FACES = 500
NEIGHBOURS = 40
IN_ONE_PHOTO = 36.0
"""By so much (log odds) one photo with a face of each speaks against their being one person. Two sharp photos of one
person reach 45 in one of a hundred pairs, a face and its mirror image 49 in all but one. So a collage is one person,
and siblings are two."""
_AT_ONCE = 8192


@dataclass(frozen=True, eq=False)
class Grouped:
    """`group` (n,): the group of each face. `looked_at`: how many faces of before had to be looked at closely."""

    group: IntArray
    looked_at: int


def group_faces(
    embeddings: FloatArray,
    face_px: NDArray[np.floating],
    weights: NDArray[np.floating],
    photo: IntArray,
    before: IntArray,
    embedder: str,
    *,
    first_number: int = 0,
) -> Grouped:
    """Group n faces: `embeddings` (n, d) of `embedder` (contract id), `face_px` (n,) sizes in pixels, `weights` (n,).

    `photo` (n,): numbers of the photos that the faces are in; `before` (n,): the group of each so far, or -1 for a new
    face. New groups are numbered from `first_number` on, or from above the highest of before, by their first faces.
    """
    group = before.astype(np.int64)
    new = np.flatnonzero(before < 0)
    if not len(new):
        return Grouped(group, 0)
    model = same_person_for(embedder, embeddings.shape[1])
    directions = _directions(model, embeddings, face_px, weights)
    pairs = near_pairs(directions, new, NEIGHBOURS)
    near = np.unique(group[pairs.ravel()])
    old = np.flatnonzero(np.isin(group, near[near >= 0]))
    faces = np.concatenate([new, old])
    node_of_face = np.full(len(group), -1)
    node_of_face[new] = np.arange(len(new))
    known, place = np.unique(group[old], return_inverse=True)
    node_of_face[old] = len(new) + place
    candidates = Candidates(
        _summed(model.observed(embeddings[faces], face_px[faces], weights[faces]), node_of_face[faces]),
        np.bincount(node_of_face[faces]),
        np.arange(len(new) + len(known)) >= len(new),
        node_of_face[pairs],
        _together(photo[faces], node_of_face[faces]),
        IN_ONE_PHOTO,
    )
    owner = merged(candidates, LEAST_ODDS + float(np.log(max(len(group), FEWEST_FACES) / USUAL_FACES)))
    whose = np.full(len(owner), -1)  # the old group in each merged one, of which there is at most one
    whose[owner[len(new) :]] = known
    own = owner[: len(new)]
    group[new] = whose[own]
    fresh = np.flatnonzero(group[new] < 0)
    _, first, at = np.unique(own[fresh], return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    group[new[fresh]] = max(first_number, next_group(before)) + rank[at]
    return Grouped(group, len(old))


def next_group(group: IntArray) -> int:
    """The number after the highest of `group` (n,)."""
    return int(group.max(initial=-1)) + 1


def _directions(
    model: SamePerson, embeddings: FloatArray, face_px: NDArray[np.floating], weights: NDArray[np.floating]
) -> FloatArray:
    """(n, d) float32: see `Observed.directions`; in parts, so that nothing larger than that is held."""
    result = np.empty(embeddings.shape, np.float32)
    for start in range(0, len(embeddings), _AT_ONCE):
        rows = slice(start, start + _AT_ONCE)
        result[rows] = model.observed(embeddings[rows], face_px[rows], weights[rows]).directions
    return result


def _summed(observed: Observed, node: IntArray) -> Observed:
    """What the faces of each node (n,) say together."""
    count = int(node.max()) + 1
    if count == len(node):
        return observed[np.argsort(node)]
    sums = [np.zeros((count, rows.shape[1]), np.float32) for rows in (observed.precision, observed.pull)]
    np.add.at(sums[0], node, observed.precision)
    np.add.at(sums[1], node, observed.pull)
    return Observed(*sums)


def _together(photo: IntArray, node: IntArray) -> IntArray:
    """(k, 2) nodes with faces in one photo, once for each two such faces."""
    order = np.argsort(photo, kind="stable")
    photo, node = photo[order], node[order]
    found = []
    for apart in range(1, int(np.bincount(photo - photo.min()).max())):
        same = photo[apart:] == photo[:-apart]
        found.append(np.stack([node[:-apart][same], node[apart:][same]], axis=1))
    return np.concatenate(found) if found else np.empty((0, 2), np.int64)
