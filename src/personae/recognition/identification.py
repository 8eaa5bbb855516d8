"""Names for the faces of one picture, weighed together.

Two faces in one picture are evidence against one character, not proof: there are mirrors, collages and pictures on
walls. The better face keeps the name; the other keeps it only where it alone is well above the threshold, and then
both are marked as repeated.
"""

from __future__ import annotations

from dataclasses import dataclass

from personae.recognition.calibration import SURE
from personae.recognition.model import Matches
from personae.types import AnalyzedFaces, Candidate, Match, Method

REPEAT_MARGIN = 0.15
"""How far above the threshold a second face must be to share a name; one stranger in thousands gets there."""


@dataclass(frozen=True)
class Identity:
    """Who a face is: `match` is None for an unknown; `repeated`: another face of the picture has the same name.

    `ambiguous`: two characters that the face cannot be told apart between (and then there is no match), else empty.
    """

    match: Match | None
    candidates: tuple[Candidate, ...]
    method: Method
    repeated: bool = False
    ambiguous: tuple[str, ...] = ()


def identify_together(decisions: Matches) -> list[Identity]:
    """One `Identity` per face of one picture."""
    names: list[Match | None] = [None] * len(decisions)
    taken: set[str] = set()
    repeated: set[str] = set()
    best_first = sorted(range(len(decisions)), key=lambda face: -decisions.evidence[face, 0])
    for face in best_first:
        if decisions.alternatives(face):
            continue  # either would be a guess
        for rank, candidate in enumerate(decisions.candidates(face)):
            evidence = decisions.evidence[face, rank]
            if evidence < decisions.threshold:
                break
            if candidate.confidence < SURE:
                continue  # other heads than the prototypes doubt it
            if candidate.character in taken:
                if evidence < decisions.threshold + REPEAT_MARGIN:
                    continue  # too weak to be a second Thor, but it may be somebody else
                repeated.add(candidate.character)
            taken.add(candidate.character)
            names[face] = Match(
                candidate.character,
                candidate.similarity,
                candidate.confidence,
                decisions.method,
                decisions.looks[face] if rank == 0 else None,
            )
            break
    return [
        Identity(
            match,
            decisions.candidates(face),
            decisions.method,
            match is not None and match.character in repeated,
            decisions.alternatives(face),
        )
        for face, match in enumerate(names)
    ]


@dataclass(frozen=True, eq=False)
class IdentifiedPicture:
    """One picture after identification: its faces and who they are, or why it could not be read.

    `identities`: one per face of `faces`, in the same order; `error`: None, or a sentence (and no faces).
    """

    path: str
    faces: AnalyzedFaces | None
    identities: tuple[Identity, ...]
    error: str | None = None
