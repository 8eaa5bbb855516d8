"""The part of `Cast` that is about doubts: what is doubtful, and what a person confirmed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from personae.cast.context import ProjectContext
from personae.cast.editor import Editor, EditReport
from personae.cast.gallery import PhotoRecord
from personae.cast.gallery_records import PhotoId
from personae.progress import ProgressCallback

if TYPE_CHECKING:
    from personae.cast.doubts import Doubt


class Confirming:
    """What `Cast` says and is told about doubtful photos and characters."""

    context: ProjectContext
    _editor: Editor

    def doubts(self) -> tuple[Doubt, ...]:
        """What is doubtful in the cast: photos that seem another's, photos that disagree, characters who seem one."""
        from personae.cast.doubts import doubts_of

        with self._editor.reading() as gallery:
            return () if gallery is None else doubts_of(gallery)

    def confirmed(self, photos: Iterable[PhotoRecord]) -> set[PhotoId]:
        """Those of which a person said whose they are, by id."""
        with self._editor.reading() as gallery:
            if gallery is None:
                return set()
            characters = gallery.who.all()
            return {one.address for one in photos if characters.said(one.given, one.sha256) == 2}

    def confirm_photos(
        self,
        photos: Iterable[str | Path],
        *,
        of: str,
        others: Iterable[str | Path] = (),
        others_are: str | None = None,
        enrol: bool = True,
        request: str = "",
    ) -> EditReport:
        """Say that `photos` show the character `of`, and that `others` of theirs do not: it outranks every training.

        Photos that were rejected as outliers are looked at again and enrolled; `enrol` False leaves that to
        `enrol_confirmed`. `others_are`: whose the others are, known or new; None: they are taken out. Raises
        UnknownCharacterError, InputError.
        """
        from personae.cast import confirming

        theirs, wrong = list(photos), list(others)
        report = self._editor.edit(
            "confirm", lambda gallery: [confirming.confirm(gallery, of, theirs, wrong, others_are)], request=request
        )
        if not enrol or not self.waits_to_be_enrolled():
            return report
        done = self.enrol_confirmed()
        return replace(
            done,
            edits=report.edits,
            changes=(*report.changes, *done.changes),
            notes=(*report.notes, *done.notes),
            seconds=report.seconds + done.seconds,
        )

    def waits_to_be_enrolled(self) -> bool:
        """Whether photos were confirmed that are rejected as outliers still."""
        from personae.cast import confirming

        with self._editor.reading() as gallery:
            return gallery is not None and bool(confirming.waiting(gallery))

    def enrol_confirmed(self, *, progress_callback: ProgressCallback | None = None) -> EditReport:
        """Look again at photos that were rejected as outliers and confirmed, and enrol them."""
        from personae.cast import confirming

        context = self.context
        return self._editor.edit(
            "confirm",
            lambda gallery: [
                confirming.enrol_confirmed(gallery, context.analyzer, context.settings, progress_callback)
            ],
        )

    def keep_apart(self, *names: str, request: str = "") -> EditReport:
        """Say that characters who look alike are different people. Raises UnknownCharacterError, InputError."""
        from personae.cast import confirming

        return self._editor.edit("apart", lambda gallery: [confirming.keep_apart(gallery, names)], request=request)
