"""What people say about films and photos: say it, foresee it, take it back, read what was said."""

from __future__ import annotations

from calendar import timegm
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import strptime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from personae.errors import ChangedMeanwhileError, StoreError
from personae.films import journal
from personae.films.decidable import Decided as Held
from personae.films.decision_log import holding_again, take_back_one
from personae.films.everywhere import decide_everywhere
from personae.films.say import Saying
from personae.server import uploads
from personae.server.asking import By, RequestId, Served
from personae.server.jobs_json import job_dict
from personae.server.media_json import JournalEntry, Made, changed, journal_of, made_of
from personae.server.pages import Page, PageOf
from personae.server.problems import ProblemError
from personae.server.saying import Known, Said
from personae.server.service import Service, id_of_medium
from personae.timeline.decision_rows import row_of
from personae.timeline.decisions import Decision

router = APIRouter(tags=["decisions"])


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")
    said: Annotated[list[Said], Field(min_length=1, max_length=1000)]
    position: Annotated[int, Field(ge=0)] | None = None
    """How many decisions the journal held when these were made; without it they hold whatever others said."""


class _Decide(_Said):
    learn: bool = False
    known: Known = []


class _Of(_Said):
    medium: str


class _DecideMany(BaseModel):
    model_config = ConfigDict(extra="forbid")
    decisions: Annotated[list[_Of], Field(min_length=1, max_length=1000)]
    learn: bool = False
    known: Known = []


class _Undo(BaseModel):
    model_config = ConfigDict(extra="forbid")
    command: str | None = None
    """The `request` of what is taken back; default the last command."""
    decision: str | None = None
    """One decision alone, by its number or id; of an undo, what it took back holds again."""
    position: Annotated[int, Field(ge=0)] | None = None
    """Of the last command: 409 where the journal holds more than so many decisions by now."""


class _UndoEverywhere(BaseModel):
    model_config = ConfigDict(extra="forbid")
    command: str | None = None


class Decided(Made):
    """What was written down, and the job that teaches the cast, if one does."""

    job: dict[str, Any] | None = None


class DecidedMany(BaseModel):
    """What was written down in each film and set under one request."""

    request: str
    decided: list[Made]
    job: dict[str, Any] | None = None


class Foreseen(BaseModel):
    """What would be written down, and sentences about what may be wrong with it."""

    decisions: list[dict[str, Any]]
    said: list[str]
    warnings: list[str]


class Undone(BaseModel):
    """The ids of what was taken back, in words, who had said it, and what became of what it had taught.

    `again`: in words what holds again, where an undo was taken back; `job`: teaches the cast that again, where it had.
    """

    position: int
    undone: list[str]
    said: list[str]
    by: list[str]
    notes: list[str]
    again: list[str]
    job: dict[str, Any] | None


class UndoneEverywhere(BaseModel):
    """Sentences about what was taken back."""

    notes: list[str]


class Journal(BaseModel):
    """Some decisions; `position`: how many there are."""

    position: int
    decisions: list[JournalEntry]
    next: str | None


@router.get("/media/{id}/decisions")
def list_decisions(service: Served, caller: By, id: str, asked: PageOf) -> Journal:
    """The journal of a film or set, oldest first: who said what, when, in words and in full."""
    entries = journal_of(id, service.medium(id).decisions)
    page = Page.of(entries, lambda one: one.number, asked)
    return Journal(position=len(entries), decisions=list(page.rows), next=page.next)


@router.get("/decisions")
def list_all_decisions(
    service: Served,
    caller: By,
    asked: PageOf,
    order: Literal["newest", "oldest"] = "newest",
    medium: Annotated[str | None, Query(description="The id of a film or set: only what was decided there.")] = None,
    who: Annotated[
        str | None, Query(max_length=500, description="A name: only what was said of somebody of it.")
    ] = None,
) -> Journal:
    """What was decided in all films and sets, by time."""
    sign = -1 if order == "newest" else 1
    names = None if who is None else service.project.cast.names_of_today()
    media = service.media() if medium is None else [medium]
    entries = [one for id in media for one in journal_of(id, service.medium(id).decisions, who, names)]
    page = Page.of(entries, lambda one: (sign * _time(one.at), one.medium, sign * one.number), asked)
    return Journal(position=len(entries), decisions=list(page.rows), next=page.next)


@router.post("/media/{id}/decisions")
def decide(service: Served, caller: By, id: str, body: _Decide, request: RequestId) -> Decided:
    """Say something about a film or photos: all of it, or nothing. Answered when it is in the journal.

    `learn`: a job teaches the cast the names.
    """
    medium = service.medium(id)
    with or_changed(id):
        made = medium.decide(_sayings(body), by=caller.name, request=request, position=body.position, known=body.known)
    job = teaching(service, [id], request, caller.name) if body.learn else None
    return Decided(**dict(made_of(id, made, medium.decisions)), job=job)


@router.post("/decisions")
def decide_many(service: Served, caller: By, body: _DecideMany, request: RequestId) -> DecidedMany:
    """Say something about several films and sets at once, as one command: all of it, or nothing."""
    media = [service.medium(one.medium) for one in body.decisions]
    said = [(medium, _sayings(one)) for medium, one in zip(media, body.decisions, strict=True)]
    with or_changed(""):
        made = decide_everywhere(
            said, by=caller.name, request=request, positions=[one.position for one in body.decisions],
            known=body.known,
        )  # fmt: skip
    ids = [one.medium for one in body.decisions]
    return DecidedMany(
        request=request,
        decided=[
            made_of(id, decided, medium.decisions) for id, medium, decided in zip(ids, media, made.decided, strict=True)
        ],
        job=teaching(service, ids, request, caller.name) if body.learn else None,
    )


@router.post("/media/{id}/decisions/import")
def import_decisions(
    service: Served, caller: By, id: str, file: UploadFile, request: RequestId, learn: Annotated[bool, Form()] = False
) -> Decided:
    """Add the decisions of a file: about another copy of the film, or what a contact sheet saved. Each once.

    The answer has all of them that the film has now, also those that it had before: the same for who sends it again.
    """
    film = service.film(id)
    with uploads.kept(service.project.folder, file) as path:
        try:
            ids = {one.id for one in journal.read_other(path, film.timeline.video).entries}
        except StoreError as error:
            said = str(error).removeprefix(f"{path}: ")
            raise ProblemError(422, "input", f"This cannot be imported: {said}") from None
        film.import_decisions(path)
    held = Held(tuple(one for one in film.decisions.entries if one.id in ids))
    job = teaching(service, [id], held.decisions[-1].command, caller.name) if learn and held.decisions else None
    return Decided(**dict(made_of(id, held, film.decisions)), job=job)


@router.post("/media/{id}/foresee")
def foresee(service: Served, caller: By, id: str, body: _Said) -> Foreseen:
    """What would be written down and warned of; nothing is."""
    with or_changed(id):
        found = service.medium(id).foresee(_sayings(body), position=body.position)
    return Foreseen(
        decisions=[row_of(one) for one in found.decisions], said=[one.said() for one in found.decisions],
        warnings=list(found.warnings),
    )  # fmt: skip


@router.post("/media/{id}/undo")
def undo_decisions(service: Served, caller: By, id: str, request: RequestId, body: _Undo | None = None) -> Undone:
    """Take back what a request decided in a film or set (the last one), or one decision, and what it taught."""
    medium, wanted = service.medium(id), body or _Undo()
    decisions = medium.decisions
    if not decisions.of_request(request):
        _check_known(wanted.command, decisions.of_request(wanted.command or ""))
        if wanted.position is not None and (since := decisions.entries[wanted.position :]):
            raise changed(ChangedMeanwhileError(since, len(decisions.entries)), id)
    if wanted.decision is not None:
        done = take_back_one(medium, wanted.decision, by=caller.name, request=request)
    else:
        done = medium.undo(by=caller.name, command=wanted.command, request=request)
    made = medium.decisions.of_request(request)
    again = [one for each in done.decisions if each.kind == "undo" for one in holding_again(medium.decisions, each.id)]
    taught = [one for one in dict.fromkeys(each.command for each in again) if medium.taught_by(one)]
    jobs = [teaching(service, [id], one, caller.name, asked=f"{request}/{one}") for one in taught]
    return Undone(
        position=made_of(id, type(done)(made), medium.decisions).position,
        undone=[one.id for one in done.decisions],
        said=[one.said() for one in done.decisions],
        by=[one.by for one in done.decisions],
        notes=list(done.warnings),
        again=[one.said() for one in again],
        job=jobs[0] if jobs else None,
    )


@router.post("/undo")
def undo_everywhere(
    service: Served, caller: By, request: RequestId, body: _UndoEverywhere | None = None
) -> UndoneEverywhere:
    """Take back a command (the last one) in every film and set that it spoke of."""
    command = None if body is None else body.command
    every = [service.medium(id).decisions for id in service.media()] if command else []
    if not any(one.of_request(request) for one in every):
        _check_known(command, [one for each in every for one in each.of_request(command or "")])
    return UndoneEverywhere(notes=list(service.people.undo(by=caller.name, command=command, request=request)))


def _check_known(command: str | None, made: Sequence[Decision]) -> None:
    if command is not None and not made:
        raise ProblemError(
            404, "unknown-command", "There is no command with this id: it is the `request` of an answer."
        )


def teaching(service: Service, media: list[str], command: str, by: str, *, asked: str = "") -> dict[str, Any]:
    """A job that teaches the cast the names that a command gave; `asked`: by which request, default that command."""
    what = {"media": [list(service.kind_and_name(id)) for id in media], "command": command}
    return job_dict(service.jobs.add("learn", what, request=f"{asked or command}/learn", by=by))


def _sayings(body: _Said) -> list[Saying]:
    try:
        return [one.saying() for one in body.said]
    except ValueError as error:
        raise ProblemError(422, "input", f"{error}.") from None


@contextmanager
def or_changed(id: str) -> Iterator[None]:
    """409 where others decided about the same people."""
    try:
        yield
    except ChangedMeanwhileError as error:
        raise changed(error, id if error.medium is None else id_of_medium(error.medium)) from None


def _time(at: str) -> int:
    """Seconds since 1970 of a time that a journal has; 0 where it has none."""
    try:
        return timegm(strptime(at[:19], "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        return 0
