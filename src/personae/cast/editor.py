"""How every edit of a gallery is done: under the project's lock, as one transaction, once; then the model is fitted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from personae.cast.context import ProjectContext
from personae.cast.edit_log import Change, Edit, EditLog
from personae.cast.gallery import Gallery
from personae.cast.trainer import Trainer
from personae.errors import ModelNotFoundError
from personae.hints import command

if TYPE_CHECKING:
    from personae.cast.editing import EditOutcome


@dataclass(frozen=True)
class EditReport:
    """What an edit did. `edits`: the log entries made or undone; `changes`: photos that moved; `rejected`: photos that
    cannot be used (path, reason, detail); `characters`: photos per character in the model now; `model_path`: None
    where nobody is left and the model is gone.
    """

    edits: tuple[Edit, ...]
    changes: tuple[Change, ...]
    rejected: tuple[tuple[str, str, str], ...]
    notes: tuple[str, ...]
    characters: dict[str, int]
    model_path: str | None
    seconds: float


class Editor:
    """Edits the gallery of one project. A request that is sent twice is one entry of the log."""

    def __init__(self, context: ProjectContext) -> None:
        self.context = context
        self.trainer = Trainer(context)

    @contextmanager
    def reading(self, *, settled: bool = False) -> Iterator[Gallery | None]:
        """The gallery as it is; None where nothing was ever enrolled."""
        if not settled:
            self.context.settle()
        path = self.context.paths.gallery
        if not path.is_file():
            yield None
            return
        with Gallery.open(path, embedder=None) as gallery:
            yield gallery

    def edit(
        self,
        action: str,
        work: Callable[[Gallery], Sequence[EditOutcome]],
        *,
        request: str = "",
        create: bool = False,
        faces: bool = True,
    ) -> EditReport:
        """Do `work` as one transaction, and fit the model. `action`: of the entries that it makes.

        `request`: the id of the command: where the log has it the work is not done again, and its report is the same;
        a model that a kill left behind is fitted then. `create`: the gallery may be new; `faces`: then it is that of
        the embedder whose faces come into it. Raises ModelNotFoundError where there is no gallery.
        """
        started = time.monotonic()
        context = self.context
        if not create and not context.paths.gallery.is_file():
            raise self.nothing()
        with context.locked(action):
            embedder = context.analyzer.embedder_id if create and faces else None
            with Gallery.open(context.paths.gallery, embedder=embedder) as gallery:
                known = _entries(gallery, action, request)
                if known:
                    return self._told_again(gallery, known, started)
                with gallery.transaction():
                    outcomes = work(gallery)
                    if request:
                        _note(gallery, outcomes, request)
                characters = self.trainer.fit_gallery(gallery)
        return EditReport(
            tuple(outcome.edit for outcome in outcomes if outcome.edit is not None),
            tuple(change for outcome in outcomes for change in outcome.changes),
            tuple(photo for outcome in outcomes for photo in outcome.rejected),
            tuple(note for outcome in outcomes for note in outcome.notes),
            characters,
            str(context.model_path) if characters else None,
            time.monotonic() - started,
        )

    def done(self, action: str, request: str) -> EditReport | None:
        """What a request did that the log has already; None for one that it does not have."""
        with self.reading() as gallery:
            if gallery is None or not _entries(gallery, action, request):
                return None
        return self.edit(action, lambda _: [], request=request)

    def nothing(self) -> ModelNotFoundError:
        """For who wants something of a gallery that there is not."""
        advice = f"Train first: {command('train CAST_FOLDER')}, or name somebody in films or photos: {command('name')}"
        return ModelNotFoundError(self.context.paths.gallery, f"nothing is enrolled yet. {advice}")

    def _told_again(self, gallery: Gallery, entries: Sequence[Edit], started: float) -> EditReport:
        characters = self.trainer.fit_if_outdated(gallery)
        log = EditLog(gallery)
        undone = [int(entry.detail["edit"]) for entry in entries if entry.action == "undo"]
        return EditReport(
            tuple(log.edits(edit)[0] for edit in undone) if undone else tuple(entries),
            tuple(Change(*row) for entry in entries for row in entry.detail.get("photos", ())),
            tuple((path, why, more) for entry in entries for path, why, more in entry.detail.get("rejected", ())),
            tuple(note for entry in entries for note in entry.detail.get("notes", ())),
            characters,
            str(self.context.model_path) if characters else None,
            time.monotonic() - started,
        )


def _entries(gallery: Gallery, action: str, request: str) -> list[Edit]:
    """What a request entered in the log."""
    if not request:
        return []
    return [one for one in EditLog(gallery).edits() if one.action == action and one.detail.get("request") == request]


def _note(gallery: Gallery, outcomes: Sequence[EditOutcome], request: str) -> None:
    """Let the log know by which request its new entries came, and what it has to say when it is sent again."""
    log = EditLog(gallery)
    for outcome in outcomes:
        if outcome.edit is not None:
            # What an undo gives is the edit that it took back.
            (entry,) = log.edits(outcome.edit.id if outcome.edit.undone_by is None else outcome.edit.undone_by)
            told = {"rejected": [list(photo) for photo in outcome.rejected], "notes": list(outcome.notes)}
            log.explain(
                entry.id, {**entry.detail, "request": request, **{key: one for key, one in told.items() if one}}
            )
