"""The edits of `CharacterRecognizer`: each locks the project, edits the gallery as one transaction, and fits the model.

The model is fitted anew from the stored embeddings, so it is the very model that training on the resulting gallery
gives; nothing but added and rejected photos is embedded.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from personae.cast.edit_log import Change, Edit, EditLog
from personae.cast.gallery import EnrolledFace, Gallery, PhotoRecord
from personae.errors import InputError, ModelNotFoundError, PhotoError, StoreError, UnknownCharacterError
from personae.hints import command
from personae.names import find_name
from personae.recognition import model_file
from personae.settings import Settings
from personae.types import ProgressCallback

if TYPE_CHECKING:
    from personae.cast.editing import EditOutcome
    from personae.project.forgetting import ForgetReport


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


class EditMethods:
    """Mixed into `CharacterRecognizer`, whose attributes it uses."""

    if TYPE_CHECKING:
        project: Any
        settings: Any
        analyzer: Any
        model_path: Path
        _make_model: Callable[..., tuple[dict[str, Any], dict[str, int]]]
        _forget_loaded: Callable[[], None]
        identify_picture: Callable[..., Any]

    def add_photos(
        self,
        name: str,
        photos: Iterable[str | Path],
        *,
        look: str | None = None,
        progress_callback: ProgressCallback | None = None,
    ) -> EditReport:
        """Enrol photos (files and folders) as `name`'s, known or new. Raises CastError where none can be used."""
        from personae.cast.editing import add

        paths = [Path(path) for path in photos]
        self.analyzer.embedder_id  # noqa: B018 - what would go wrong here goes wrong before anything is locked

        def work(gallery: Gallery) -> list[EditOutcome]:
            return [add(gallery, name, paths, self.analyzer, self.settings, look=look, progress=progress_callback)]

        return self._edit("add", work, create=True)

    def add_faces(self, name: str, faces: Sequence[tuple[PhotoRecord, EnrolledFace]]) -> EditReport:
        """Enrol faces that are embedded already, such as those that `personae.films.naming.learn` takes from a film."""
        from personae.cast.editing import add_faces

        return self._edit("add", lambda gallery: [add_faces(gallery, name, faces)], create=True)

    def is_character(self, name: str) -> bool:
        """Whether the gallery knows a character of that name."""
        self.settle()
        if not self.project.gallery.is_file():
            return False
        with Gallery.open(self.project.gallery, embedder=None) as gallery:
            return find_name(name, {photo.character for photo in gallery.photos()}) is not None

    def remove_character(self, name: str) -> EditReport:
        """Take a character out of the cast. Raises UnknownCharacterError."""
        from personae.cast.editing import remove_character

        return self._edit("remove", lambda gallery: [remove_character(gallery, name)])

    def remove_photos(self, photos: Iterable[str | Path]) -> EditReport:
        """Take single photos out. Raises InputError where one is not enrolled."""
        from personae.cast.editing import remove_photos

        return self._edit("remove", lambda gallery: [remove_photos(gallery, photos)])

    def rename_character(self, old: str, new: str) -> EditReport:
        """Give a character another name. Raises UnknownCharacterError, InputError where the name is taken."""
        from personae.cast.editing import rename

        return self._edit("rename", lambda gallery: [rename(gallery, old, new)])

    def merge_characters(self, *names: str, into: str | None = None) -> EditReport:
        """Make several characters one, called `into` (default: the first). Raises UnknownCharacterError."""
        from personae.cast.editing import merge

        return self._edit("merge", lambda gallery: [merge(gallery, names, into)])

    def split_character(self, name: str, photos: Iterable[str | Path], *, into: str) -> EditReport:
        """Give some photos of a character to another, new or known. Raises UnknownCharacterError, InputError."""
        from personae.cast.editing import split

        return self._edit("split", lambda gallery: [split(gallery, name, photos, into)])

    def reject_photo(self, photo: str | Path, character: str, *, face: int | None = None) -> EditReport:
        """Learn that a face of `photo` is not `character`, enrolled or not; later matching respects it.

        `face`: which one, counted from the left from 1; default the only face, or the one that has the name now.
        Raises InputError where nothing tells which face is meant, PhotoError, UnknownCharacterError.
        """
        from personae.cast import editing

        self.settle()
        if not self.project.gallery.is_file():
            raise ModelNotFoundError(self.project.gallery, _nothing())
        path = editing.real_path(photo)
        with Gallery.open(self.project.gallery, embedder=None) as gallery:
            character = editing.check_character(gallery, character)
            known = [each for each in gallery.photos(character) if each.status == "enrolled"]
        digest, faces, number = "", None, None
        try:
            digest = editing.digest_of(Path(photo))
        except PhotoError:  # gone, but perhaps enrolled
            if not any(each.path == path for each in known):
                raise
        if face is not None or not any(each.path == path or each.sha256 == digest for each in known):
            number, faces = self._face_meant(photo, character, face)
        return self._edit("reject", lambda gallery: [editing.reject(gallery, character, path, digest, faces, number)])

    def _face_meant(self, photo: str | Path, character: str, face: int | None) -> tuple[int, Any]:
        picture = self.identify_picture(photo)
        if picture.faces.note:
            raise PhotoError(photo, picture.faces.note)
        count = len(picture.faces)
        if not count:
            raise InputError(f"{photo}: no face was found, so there is nobody to reject.")
        if face is not None:
            if not 1 <= face <= count:
                raise InputError(f"{photo} has {count} faces: give --face 1 to {count}, from the left.")
            return face - 1, picture.faces
        names = [identity.match and identity.match.character for identity in picture.identities]
        named = [i for i, name in enumerate(names) if name == character]
        if len(named) == 1 or count == 1:
            return named[0] if named else 0, picture.faces
        listed = ", ".join(f"{number} {name or 'unknown'}" for number, name in enumerate(names, 1))
        raise InputError(
            f"{photo}: {'several faces are' if named else 'no face is'} named {character} (from the left: {listed}). "
            "Say which is meant with --face N."
        )

    def undo(self, steps: int = 1) -> EditReport:
        """Take back the last edits that hold. Raises InputError where there are fewer."""
        from personae.cast.editing import undo

        return self._edit("undo", lambda gallery: undo(gallery, steps))

    def edits(self) -> list[Edit]:
        """The log of edits, oldest first."""
        self.settle()
        if not self.project.gallery.is_file():
            return []
        with Gallery.open(self.project.gallery, embedder=None) as gallery:
            return EditLog(gallery).edits()

    def forget_character(self, name: str) -> ForgetReport:
        """Remove a person from everything in the project, for good, and prove it. The one edit without undo.

        Killed at any moment, it is completed by whoever opens the project next.
        """
        from personae.project.forgetting import forget

        if not self.project.folder.is_dir():
            raise UnknownCharacterError(f"No character is called {name!r}: there is no project {self.project.folder}.")
        try:
            with self.project.locked(self.settings.lock_timeout_s, "forget"):
                return forget(self, name)
        finally:
            self._forget_loaded()

    def settle(self) -> None:
        """Complete a forgetting that was broken off; every method does so before it reads or writes the project.

        Raises ProjectBusyError while another process is at it, StoreError.
        """
        if self.project.is_forgetting:
            with self.locked("forget"):
                pass

    @contextmanager
    def locked(self, purpose: str, on_wait: Callable[[str], None] | None = None) -> Iterator[None]:
        """Be the only writer of a project in which no forgetting is pending; raises ProjectBusyError, StoreError."""
        with self.project.locked(self.settings.lock_timeout_s, purpose, on_wait=on_wait):
            if self.project.is_forgetting:
                from personae.project import forgetting

                report = forgetting.complete(self)
                self._forget_loaded()
                if report is not None:
                    forgetting.tell(report)
            yield

    def with_model(self, path: Path) -> Self:
        """The same project with another model file."""
        other = copy.copy(self)
        other.model_path = path
        other._forget_loaded()
        return other

    def _edit(
        self, purpose: str, work: Callable[[Gallery], Sequence[EditOutcome]], *, create: bool = False
    ) -> EditReport:
        started = time.monotonic()
        if not create and not self.project.gallery.is_file():
            raise ModelNotFoundError(self.project.gallery, _nothing())
        with self.locked(purpose):
            embedder = self.analyzer.embedder_id if create else None
            with Gallery.open(self.project.gallery, embedder=embedder) as gallery:
                with gallery.transaction():
                    outcomes = work(gallery)
                characters = self.fit_gallery(gallery)
        return EditReport(
            tuple(outcome.edit for outcome in outcomes if outcome.edit is not None),
            tuple(change for outcome in outcomes for change in outcome.changes),
            tuple(photo for outcome in outcomes for photo in outcome.rejected),
            tuple(note for outcome in outcomes for note in outcome.notes),
            characters,
            str(self.model_path) if characters else None,
            time.monotonic() - started,
        )

    def fit_gallery(self, gallery: Gallery, settings: Settings | None = None) -> dict[str, int]:
        """Fit the model to an open gallery, or remove it where nobody is enrolled; photos per character.

        `settings`: to fit with, None for `kept_settings`.
        """
        enrolment = gallery.enrolled()
        if not len(enrolment):
            model_file.remove(self.model_path)
            self._forget_loaded()
            return {}
        settings = settings or self.kept_settings()
        card, _ = self._make_model(enrolment, EditLog(gallery).negatives(), gallery.embedder, gallery.digest, settings)
        return {entry["character"]: entry["photos"] for entry in card["characters"]}

    def kept_settings(self) -> Settings:
        """The settings, where nobody gave one of them as the model was trained: an edit is no reason to change it."""
        settings: Settings = replace(self.settings, **self.kept_parameters())
        return settings

    def kept_parameters(self) -> dict[str, Any]:
        """Those of the model's parameters that `kept_settings` keeps, as JSON types."""
        settings: Settings = self.settings
        try:
            card = model_file.load(self.model_path)[1]
        except StoreError:
            return {}
        point, trained = card["operating_point"], dict(card["parameters"])
        trained |= {"far": point["far"] if point["fitted"] else None, "head": card.get("head", {}).get("asked")}
        return {
            name: trained[name]
            for name in ("far", "threshold", "strangers", "max_clusters", "background_weight", "seed", "head")
            if trained.get(name) is not None and getattr(settings, name) == getattr(_DEFAULTS, name)
        }


_DEFAULTS = Settings()


def _nothing() -> str:
    return f"nothing is enrolled yet. Train first: {command('train CAST_FOLDER')}"
