"""People without a name over all films and sets."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from personae.films.unknown_person import UnknownPerson
from personae.server.asking import By, Served
from personae.server.service import id_of

router = APIRouter(tags=["people"])


@router.get("/people")
def list_people(service: Served, caller: By) -> dict[str, Any]:
    """Whom nobody has named nor set aside, most face time first, with who they may be."""
    people = service.project.people
    try:
        return {"people": [_person(one) for one in people.undecided()]}
    finally:
        people.close()


def _person(one: UnknownPerson) -> dict[str, Any]:
    parts = [
        {"medium": id_of(part.kind, part.medium), "kind": part.kind, "name": part.medium, "who": part.who,
         "faces": part.faces, "face_time_s": part.face_time_s}
        for part in one.parts
    ]  # fmt: skip
    may_be = [
        {"name": each.name, "probability": each.probability, "character": each.character} for each in one.suggestions
    ]
    return {"name": one.name, "faces": one.faces, "face_time_s": one.face_time_s, "parts": parts,
            "suggestions": may_be}  # fmt: skip
