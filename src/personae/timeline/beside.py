"""What a film's own faces say of a group beside the named group of the same character.

A character has photos in the cast, and in the film a group that surely is him. Another group that is like the photos is
held against that one too: his many sharp faces here resemble each other, and a stranger's do not resemble them as much.
Dark or turned faces resemble little, and nothing is asked of them for it; where they do resemble his, less is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from personae.recognition.prototypes import unit
from personae.timeline import clustering
from personae.timeline.evidence import Compared, Evidence
from personae.timeline.grouping import Groups
from personae.timeline.track_names import Weighed, many_faces, sharpness
from personae.types import FloatArray, IntArray

LENT = 0.1
"""Asked less of the poorest faces, and nothing less of half sharp ones, where they are like the named ones:"""
LENT_ALIKE = 0.35
LENT_LEAD = 0.1
LENT_PX = 32.0
"""Smaller faces resemble each other whoever they show."""


class FilmFaces:
    """The groups of a film, to be compared with each other. `person` (n,): the group of each track."""

    def __init__(self, person: IntArray, evidence: Evidence, seen: Compared) -> None:
        self._person, self._seen = person, seen
        self._vectors = unit(evidence.summed(person, seen.pooled))

    def alike(self, group: int, others: Sequence[int]) -> float:
        """How alike a group is to the nearest of `others`, as clustering weighs it."""
        close = clustering.TrackFaces([self._faces(other) for other in others]).alike(self._faces(group))
        return float(((self._vectors[list(others)] @ self._vectors[group] + close) / 2).max())

    def _faces(self, group: int) -> FloatArray:
        tracks = self._members[1][self._members[0][group] : self._members[0][group + 1]]
        faces: FloatArray = np.concatenate([self._seen.faces[track] for track in tracks.tolist()])
        return faces

    @cached_property
    def _members(self) -> tuple[IntArray, IntArray]:
        """Where each group's tracks begin in the tracks in order of their groups; and these."""
        order = np.argsort(self._person, kind="stable")
        return np.searchsorted(self._person[order], np.arange(len(self._vectors) + 1)).astype(np.int64), order


def asked_beside(
    named: Sequence[int | None], weighed: Weighed, asked: NDArray[np.float64], groups: Groups, faces: FilmFaces
) -> NDArray[np.float64]:
    """(g,) what is asked of groups besides, or less, where another group has the name that they are to get.

    Groups of one person with many sharp faces would have been put together: as much as they lack for that is asked as
    evidence. Few faces may be a look that the other group has not.
    `named`: the groups' names; `weighed` (g groups): their evidence; `asked` (g,) of it.
    """
    result, sharp, scores = np.zeros(len(named)), sharpness(groups.quality), weighed.evidence
    best = scores.argmax(axis=1)
    over = scores[np.arange(len(named)), best] - asked
    telling = sharp * many_faces(groups.weight)
    lent = LENT * np.clip(1 - 2 * sharp, 0.0, 1.0) * (groups.face_px >= LENT_PX) * (weighed.lead >= LENT_LEAD)
    with_name: dict[int, list[int]] = {}
    for group in np.argsort(-over, kind="stable").tolist():
        character = int(best[group])
        surer = with_name.setdefault(character, [])
        if surer and -lent[group] <= over[group] < telling[group] * clustering.ALIKE:
            alike = faces.alike(group, surer)
            if over[group] < 0:
                result[group] = -lent[group] if alike >= LENT_ALIKE else 0.0
            else:
                result[group] = telling[group] * np.clip(clustering.ALIKE - alike, 0.0, clustering.ALIKE)
        if named[group] == character and over[group] >= result[group]:
            surer.append(group)
    return result
