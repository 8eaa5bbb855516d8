"""Questions as they were answered, kept while nothing has changed that they show: their pictures are of many films."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from fastapi import Request

from personae.files import stamp_of
from personae.films.decidable import stamp_of_names
from personae.films.film import StoredFilm
from personae.films.media_id import id_of
from personae.films.questions import Question
from personae.films.unknown_person import Part
from personae.server.crop_rows import Pictures
from personae.server.questions_json import Asked, question_of
from personae.server.service import Service

MOST = 500


class AskedKept:
    """The answers of one server. Safe to use from several threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[Any, Asked]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, one: Question, service: Service, request: Request, pictures: Pictures) -> Asked:
        """A question in an answer; made anew where its films, its sets, the cast or the model have changed."""
        state = _state(one, service, request)
        with self._lock:
            known = self._known.get(one.id)
        if known is not None and known[0] == state:
            return known[1]
        asked = question_of(one, pictures)
        if _state(one, service, request) == state:  # else it may be of two moments
            with self._lock:
                self._known[one.id] = state, asked
                self._known.move_to_end(one.id)
                while len(self._known) > MOST:
                    self._known.popitem(last=False)
        return asked


def _state(one: Question, service: Service, request: Request) -> Any:
    context, parts, ids = service.project.context, list[Part](), set[str]()
    if one.person is not None:
        parts = [*one.person.parts, *(each.other for each in one.person.suggestions if each.other is not None)]
        ids = {id_of(part.kind, part.medium) for part in parts}
    elif one.doubt is None:
        ids = {id_of("film" if one.kind == "spans" else "photos", one.medium)}
    return (
        one, tuple(part.position for part in parts), request.url_for("list_characters").path,
        stamp_of_names(context), stamp_of(context.model_path), tuple(_of(id, service) for id in sorted(ids)),
    )  # fmt: skip


def _of(id: str, service: Service) -> Any:
    medium = service.handle(id)
    crops = stamp_of(medium.files.crops) if isinstance(medium, StoredFilm) else None
    return id, medium.stamp, crops
