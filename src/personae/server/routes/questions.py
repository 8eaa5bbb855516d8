"""What is open about people, as one queue: each question with what there is to see."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from personae.films.questions import Kind
from personae.server.asking import By, Served
from personae.server.crop_rows import Pictures
from personae.server.pages import Page, PageOf
from personae.server.problems import ProblemError
from personae.server.questions_json import Asked, question_of

router = APIRouter(tags=["people"])


class QuestionsLeft(BaseModel):
    """Some questions, what settles most face time first. `decided_s` of `total_s` face time are decided: they have a
    name for sure, or were set aside; a face of a photo counts as a second. `left`: how many questions there are.
    """

    decided_s: float
    total_s: float
    left: int
    questions: list[Asked]
    next: str | None


class _Looking(BaseModel):
    model_config = ConfigDict(extra="forbid")
    tab: Annotated[str, Field(min_length=1, max_length=64)]
    question: Annotated[str, Field(max_length=64)] = ""


class Looked(BaseModel):
    """The questions that others have open, and who does."""

    others: dict[str, str]


@router.get("/questions")
def list_questions(
    service: Served,
    caller: By,
    request: Request,
    asked: PageOf,
    kind: Annotated[Kind | None, Query()] = None,
) -> QuestionsLeft:
    """What is open about people in films and sets of photos and in the cast; `kind`: only those."""
    found = service.questions()
    wanted = [one for one in found.questions if kind in (None, one.kind)]
    page = Page.of(wanted, lambda one: (-one.settles_s, one.id), asked)
    pictures, kept = Pictures(service, request), request.app.state.asked_kept
    return QuestionsLeft(
        decided_s=round(found.decided_s, 3), total_s=round(found.total_s, 3), left=len(wanted),
        questions=[kept.of(one, service, request, pictures) for one in page.rows], next=page.next,
    )  # fmt: skip


@router.get("/questions/{id}")
def get_question(service: Served, caller: By, request: Request, id: str) -> Asked:
    """One question; 404 where it is not open any more."""
    found = next((one for one in service.questions().questions if one.id == id), None)
    if found is None:
        raise ProblemError(
            404, "answered", "This question is not open any more: it was answered, or who it asks of is gone."
        )
    return question_of(found, Pictures(service, request))


@router.put("/questions/open")
def look_at_question(service: Served, caller: By, body: _Looking) -> Looked:
    """Say which question a tab has open, so that others are asked other ones first; for 20 seconds."""
    return Looked(others=service.openings.look(body.tab, body.question, caller.name))
