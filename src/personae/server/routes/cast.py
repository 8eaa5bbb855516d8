"""Characters: list, look at, add, rename, merge, split, remove; the log of edits, and undo."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from personae.cast.gallery_records import CharacterId, PhotoId
from personae.names import readable
from personae.server.addresses import picture_address
from personae.server.asking import By, RequestId, Served
from personae.server.cast_json import (
    Character,
    CharacterCard,
    Characters,
    EditAnswer,
    LoggedEdits,
    LookAlike,
    edit_answer,
    logged,
)
from personae.server.pages import Page, PageOf
from personae.server.saying import Name
from personae.server.service import Service

router = APIRouter(tags=["cast"])
PhotoIds = Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(min_length=1, max_length=10_000)]


class _Names(BaseModel):
    model_config = ConfigDict(extra="forbid")
    names: Annotated[list[Name], Field(min_length=1, max_length=10_000)]


class _Rename(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Name


class _Merge(BaseModel):
    model_config = ConfigDict(extra="forbid")
    characters: Annotated[list[Annotated[str, Field(max_length=64)]], Field(min_length=2, max_length=1000)]
    into: Name | None = None


class _Apart(BaseModel):
    model_config = ConfigDict(extra="forbid")
    characters: Annotated[list[Annotated[str, Field(max_length=64)]], Field(min_length=2, max_length=1000)]


class _Split(BaseModel):
    model_config = ConfigDict(extra="forbid")
    photos: PhotoIds
    into: Name


class _Undo(BaseModel):
    """`edit`: the id of the one to take back; otherwise the last `steps` that hold."""

    model_config = ConfigDict(extra="forbid")
    steps: Annotated[int, Field(ge=1, le=1000)] = 1
    edit: Annotated[int, Field(ge=1, le=2**62)] | None = None


@router.get("/characters")
def list_characters(service: Served, caller: By, asked: PageOf) -> Characters:
    """Everybody in the cast, by name, with how many photos are enrolled."""
    cast = service.project.cast
    photos = cast.characters()
    rows = [_character(service, id, name, photos.get(name, 0)) for id, name in cast.names().items()]
    page = Page.of(rows, lambda one: (one.name, one.id), asked)
    return Characters(characters=list(page.rows), next=page.next)


@router.post("/characters")
def add_characters(service: Served, caller: By, body: _Names, request: RequestId) -> EditAnswer:
    """Characters without photos: they can be given as names."""
    return edit_answer(service, service.project.cast.add_names(body.names, request=request))


@router.post("/characters/merge")
def merge_characters(service: Served, caller: By, body: _Merge, request: RequestId) -> EditAnswer:
    """Make several characters one: the first, or who is called `into`."""
    ids = map(CharacterId, body.characters)
    return edit_answer(service, service.project.cast.merge(*ids, into=body.into, request=request))


@router.get("/characters/{id}")
def get_character(service: Served, caller: By, id: str) -> CharacterCard:
    """One character: how many photos are enrolled, why others are not, looks, and who could be taken for them."""
    name, cast = service.character(id), service.project.cast
    photos = cast.photos(name)
    enrolled = [photo for photo in photos if photo.status == "enrolled"]
    shown, ids = cast.shown(enrolled), {each: id for id, each in cast.names().items()}
    best = max((photo for photo in enrolled if photo.address in shown), key=lambda photo: shown[photo.address].quality,
               default=None)  # fmt: skip
    alike = service.project.assess.look_alikes(name)
    played, counts = cast.performers(), cast.characters()
    performer = played.get(name)
    return CharacterCard(
        id=id,
        name=readable(name),
        photos=len(enrolled),
        rejected=len(photos) - len(enrolled),
        reasons=dict(Counter(str(photo.reason) for photo in photos if photo.status == "rejected")),
        looks=sorted({readable(photo.look) for photo in enrolled if photo.look is not None}),
        look_alikes=[
            LookAlike(id=ids[who], name=readable(who), photos=count, picture=service.faces_of_cast().get(who))
            for who, count in alike
            if who in ids
        ],
        picture=None if best is None else picture_address(CharacterId(id), best, shown[best.address]),
        performer=None if performer is None else readable(performer),
        roles=[
            _character(service, ids[role], role, counts.get(role, 0))
            for role, who in sorted(played.items())
            if who == performer and role != name and role in ids
        ],
    )


def _character(service: Service, id: str, name: str, photos: int) -> Character:
    rejected, picture = service.rejected_of_cast().get(name, 0), service.faces_of_cast().get(name)
    return Character(id=id, name=readable(name), photos=photos, rejected=rejected, picture=picture)


@router.patch("/characters/{id}")
def rename_character(service: Served, caller: By, id: str, body: _Rename, request: RequestId) -> EditAnswer:
    """Give a character another name."""
    return edit_answer(service, service.project.cast.rename(CharacterId(id), body.name, request=request))


@router.delete("/characters/{id}")
def remove_character(service: Served, caller: By, id: str, request: RequestId) -> EditAnswer:
    """Take a character out of the cast; undo brings them back."""
    return edit_answer(service, service.project.cast.remove(CharacterId(id), request=request))


@router.post("/characters/{id}/split")
def split_character(service: Served, caller: By, id: str, body: _Split, request: RequestId) -> EditAnswer:
    """Give some photos of a character to another one, known or new."""
    photos = map(PhotoId, body.photos)
    report = service.project.cast.split(CharacterId(id), photos, into=body.into, request=request)
    return edit_answer(service, report)


@router.post("/characters/apart")
def keep_characters_apart(service: Served, caller: By, body: _Apart, request: RequestId) -> EditAnswer:
    """Say that characters who look alike are different people: the queue does not ask again."""
    return edit_answer(service, service.project.cast.keep_apart(*map(CharacterId, body.characters), request=request))


@router.get("/cast/log")
def list_edits(service: Served, caller: By, asked: PageOf) -> LoggedEdits:
    """The log of edits, oldest first: what people decided about the cast, and what was undone."""
    page = Page.of(service.project.cast.log(), lambda edit: edit.id, asked)
    return LoggedEdits(edits=[logged(edit) for edit in page.rows], next=page.next)


@router.post("/cast/undo")
def undo_edits(service: Served, caller: By, request: RequestId, body: _Undo | None = None) -> EditAnswer:
    """Take back the last edits of the cast, or one, whatever came after it."""
    what = body or _Undo()
    return edit_answer(service, service.project.cast.undo(what.steps, edit=what.edit, request=request))
