"""The cast of one project: train it, edit it, look at it.

Each edit locks the project, edits the gallery as one transaction, and fits the model. The model is fitted anew from the
stored embeddings, so it is the very model that training on the resulting gallery gives; nothing but added and rejected
photos is embedded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from personae import old_pages
from personae.cast.confirmed import Confirming
from personae.cast.context import ProjectContext
from personae.cast.edit_log import Edit, EditLog
from personae.cast.editor import Editor, EditReport
from personae.cast.gallery import EnrolledFace, Gallery, PhotoRecord
from personae.cast.gallery_records import PhotoId, ShownFace
from personae.cast.identifier import Identifier
from personae.cast.trainer import TrainingReport
from personae.errors import CastError, InputError, PhotoError
from personae.names import find_name
from personae.names_of_today import NamesOfToday
from personae.progress import ProgressCallback
from personae.recognition import model_file
from personae.types import FloatArray, count_of

if TYPE_CHECKING:
    from personae.cast.editing import EditOutcome


Faces = Sequence[tuple[PhotoRecord, EnrolledFace]]


class Cast(Confirming):
    """The characters of one project, their photos, and the log of what people decided about them."""

    def __init__(self, context: ProjectContext) -> None:
        self.context = context
        self._editor = Editor(context)

    # Training

    def train(
        self,
        folder: str | Path,
        *,
        fresh: bool = False,
        force: bool = False,
        progress_callback: ProgressCallback | None = None,
    ) -> TrainingReport:
        """Synchronise the gallery with a cast folder (one sub-folder of photos per character) and train.

        Photos that came from this folder and are gone are taken out; what was enrolled otherwise stays, unless `fresh`.
        Raises CastError where not one photo can be used (those that cannot are in the report), and, unless `force`, for
        a folder whose sub-folders seem to hold folders of different people.
        """
        return self._editor.trainer.train_folder(folder, fresh=fresh, force=force, progress=progress_callback)

    def train_photos(
        self,
        character_photos: Mapping[str, Sequence[str | Path]],
        *,
        progress_callback: ProgressCallback | None = None,
    ) -> TrainingReport:
        """Enrol photos (character -> paths) beside what is enrolled already, and train. Raises CastError as `train`."""
        from personae.cast.enrolment import WantedPhoto

        for name, paths in character_photos.items():
            if isinstance(paths, str | Path):
                raise CastError(f"The photos of {name} are {str(paths)!r}: give a list of paths.")
        wanted = [WantedPhoto(name, Path(path)) for name, paths in character_photos.items() for path in paths]
        return self._editor.trainer.train(wanted, None, progress=progress_callback)

    # Looking

    def characters(self) -> dict[str, int]:
        """Character -> how many of its photos are enrolled, by name; a character without a usable photo has 0."""
        with self._editor.reading() as gallery:
            return {} if gallery is None else {one.name: one.photos for one in gallery.characters()}

    def without_photos(self) -> tuple[str, ...]:
        """The characters that have no enrolled photo, by name: they can be given as a name, and are not recognised."""
        return tuple(name for name, photos in self.characters().items() if not photos)

    def photos(self, name: str | None = None) -> list[PhotoRecord]:
        """Every photo that is known, enrolled or rejected, or those of one character."""
        with self._editor.reading() as gallery:
            return [] if gallery is None else gallery.photos(name)

    def shown(self, photos: Iterable[PhotoRecord]) -> dict[PhotoId, ShownFace]:
        """What people are shown of each of those photos that has an enrolled face, by the photos' ids."""
        with self._editor.reading() as gallery:
            ids = {one.id: one.address for one in photos if one.id is not None and one.status == "enrolled"}
            return {} if gallery is None else {ids[id]: face for id, face in gallery.shown(ids).items()}

    def embeddings(self, name: str) -> FloatArray:
        """(n, d) of the faces that are enrolled as a character's; n is 0 for nobody's."""
        with self._editor.reading() as gallery:
            if gallery is None:
                return np.empty((0, 0), np.float32)
            enrolment = gallery.enrolled()
            return enrolment.embeddings[[at for at, own in enumerate(enrolment.characters) if own == name]]

    def log(self) -> list[Edit]:
        """The log of edits, oldest first."""
        with self._editor.reading() as gallery:
            return [] if gallery is None else EditLog(gallery).edits()

    def is_character(self, name: str) -> bool:
        """Whether the gallery knows a character of that name."""
        with self._editor.reading() as gallery:
            names = {one.name for one in gallery.characters()} if gallery is not None else set()
            return find_name(name, names) is not None

    def names(self) -> dict[str, str]:
        """Id -> name of each character. The ids never change."""
        with self._editor.reading() as gallery:
            return {} if gallery is None else {one.id: one.name for one in gallery.characters()}

    def names_of_today(self) -> NamesOfToday:
        """The same, with what it takes to find those who were written down under an earlier name.

        For whoever has settled the project already: it waits for nobody, so that it can be read under a film's lock.
        """
        with self._editor.reading(settled=True) as gallery:
            return NamesOfToday() if gallery is None else EditLog(gallery).names_of_today()

    def performers(self) -> dict[str, str]:
        """Character -> who plays them, where a cast folder declares it."""
        with self._editor.reading() as gallery:
            return {} if gallery is None else gallery.enrolled().performers

    def card(self) -> dict[str, Any]:
        """The trained model's whole card; raises a StoreError where there is no usable model."""
        self.context.settle()
        return model_file.load(self.context.model_path)[1]

    def is_outdated(self) -> bool:
        """Whether the gallery has changed since the model was made from it."""
        with self._editor.reading() as gallery:
            return gallery is not None and gallery.digest != str(self.card()["gallery_revision"])

    # Edits. One that is sent twice with the same `request` is one entry of the log, and answers the same. A character
    # is meant by name, or by id where it is given as a `CharacterId`; a photo by path, or by id as a `PhotoId`.

    def add(
        self,
        name: str,
        photos: Iterable[str | Path],
        *,
        look: str | None = None,
        request: str = "",
        progress_callback: ProgressCallback | None = None,
    ) -> EditReport:
        """Enrol photos (files and folders) as `name`'s, known or new. Raises CastError where none can be used."""
        from personae.cast import editing

        context, paths = self.context, [Path(path) for path in photos]
        context.analyzer.embedder_id  # noqa: B018 - what would go wrong here goes wrong before anything is locked

        def work(gallery: Gallery) -> list[EditOutcome]:
            return [
                editing.add(
                    gallery, name, paths, context.analyzer, context.settings, look=look, progress=progress_callback
                )
            ]

        return self._editor.edit("add", work, request=request, create=True)

    def add_faces(
        self,
        name: str,
        faces: Faces | Callable[[], Faces],
        *,
        request: str = "",
        source: str = "",
        theirs: Collection[str] = (),
    ) -> EditReport:
        """Enrol faces that are embedded already, such as those that a person named in a film.

        `faces`: or a call that gives them under the project's lock. `request`: the id of the command that this is a
        part of, and `source`: what the faces are of, both for `take_back`. `theirs`: digests of faces that are theirs
        in any case: who has them by an answer that was corrected since loses them.
        """
        from personae.cast import editing

        def work(gallery: Gallery) -> list[EditOutcome]:
            given = faces() if callable(faces) else faces
            outcome = editing.add_faces(gallery, name, given, theirs)
            if request and outcome.edit is not None:
                said = {"request": request} | ({"source": source} if source else {})
                EditLog(gallery).explain(outcome.edit.id, {**outcome.edit.detail, **said})
            return [outcome]

        return self._editor.edit("add", work, create=True)

    def has_faces_of_others(self, name: str, digests: Collection[str]) -> bool:
        """Whether a face with one of these digests is enrolled as somebody else than `name`."""
        with self._editor.reading() as gallery:
            photos = [] if gallery is None else gallery.photos()
        return any(one.status == "enrolled" and one.character != name and one.sha256 in digests for one in photos)

    def add_names(self, names: Iterable[str], *, request: str = "") -> EditReport:
        """Make characters without photos: offered where somebody is named, and never recognised before they have one.

        Who is in the cast already stays as they are. Raises InputError for what can be no name; then none is added.
        """
        from personae.cast import editing

        if isinstance(names, str):
            raise InputError(f"The names are {names!r}: give a list of names.")
        given = list(names)
        return self._editor.edit(
            "names", lambda gallery: [editing.add_names(gallery, given)], request=request, create=True, faces=False
        )

    def take_back(self, request: str, *, into: Collection[str] | None = None, source: str | None = None) -> list[str]:
        """Undo the edits that were a part of the command `request`; a sentence per edit, none where there is none.

        `into`: only those that taught one of these characters; `source`: only those with faces of this film or set.
        """
        from personae.cast import editing

        own = [one for one in self.log() if one.undoable and one.detail.get("request") == request
               and (into is None or one.detail.get("into") in into)
               and (source is None or one.detail.get("source") in (None, source))]  # fmt: skip
        if not own:
            return []
        self._editor.edit("undo", lambda gallery: [editing.undo_edit(gallery, one.id) for one in reversed(own)])
        return [f"{count_of(len(one.detail.get('added', ())), 'face')} of {one.detail.get('into')} taken out of the "
                "gallery, which that decision had taught." for one in own]  # fmt: skip

    def remove(self, name: str, *, request: str = "") -> EditReport:
        """Take a character out of the cast. Raises UnknownCharacterError."""
        from personae.cast import editing

        return self._editor.edit("remove", lambda gallery: [editing.remove_character(gallery, name)], request=request)

    def remove_photos(self, photos: Iterable[str | Path], *, of: str | None = None, request: str = "") -> EditReport:
        """Take single photos out, of whoever has them or of the character `of`. Raises InputError for unknown ones."""
        from personae.cast import editing

        given = list(photos)
        return self._editor.edit("remove", lambda gallery: [editing.remove_photos(gallery, given, of)], request=request)

    def rename(self, old: str, new: str, *, request: str = "") -> EditReport:
        """Give a character another name. Raises UnknownCharacterError, InputError where the name is taken."""
        from personae.cast import editing

        report = self._editor.edit("rename", lambda gallery: [editing.rename(gallery, old, new)], request=request)
        old_pages.mark_naming(self.context.paths.ledger, [edit.detail["character"] for edit in report.edits])
        return report

    def merge(self, *names: str, into: str | None = None, request: str = "") -> EditReport:
        """Make several characters one, called `into` (default: the first). Raises UnknownCharacterError."""
        from personae.cast import editing

        report = self._editor.edit("merge", lambda gallery: [editing.merge(gallery, names, into)], request=request)
        gone = {name for edit in report.edits for name in edit.detail["characters"] if name != edit.detail["into"]}
        old_pages.mark_naming(self.context.paths.ledger, gone)
        return report

    def split(self, name: str, photos: Iterable[str | Path], *, into: str, request: str = "") -> EditReport:
        """Give some photos of a character to another, new or known. Raises UnknownCharacterError, InputError."""
        from personae.cast import editing

        given = list(photos)
        return self._editor.edit("split", lambda gallery: [editing.split(gallery, name, given, into)], request=request)

    def reject(self, photo: str | Path, character: str, *, face: int | None = None, request: str = "") -> EditReport:
        """Learn that a face of `photo` is not `character`, enrolled or not; later matching respects it.

        `face`: which one, counted from the left from 1; default the only face, or the one that has the name now.
        Raises InputError where nothing tells which face is meant, PhotoError, UnknownCharacterError.
        """
        from personae.cast import editing

        done = self._editor.done("reject", request) if request else None
        if done is not None:
            return done
        with self._editor.reading() as gallery:
            if gallery is None:
                raise self._editor.nothing()
            character = editing.check_character(gallery, character)
            if isinstance(photo, PhotoId):
                (one,) = editing.find_photos(gallery, [photo], character)
                photo = one.path
            known = [each for each in gallery.photos(character) if each.status == "enrolled"]
        path = editing.real_path(photo)
        digest, faces, number = "", None, None
        try:
            digest = editing.digest_of(Path(photo))
        except PhotoError:  # gone, but perhaps enrolled
            if not any(each.path == path for each in known):
                raise
        if face is not None or not any(each.path == path or each.sha256 == digest for each in known):
            number, faces = self._face_meant(photo, character, face)
        return self._editor.edit(
            "reject",
            lambda gallery: [editing.reject(gallery, character, path, digest, faces, number)],
            request=request,
        )

    def undo(self, steps: int = 1, *, edit: int | None = None, request: str = "") -> EditReport:
        """Take back the last edits that hold, or the one with the id `edit`, whatever came after it.

        Raises InputError where there are fewer, or it does not hold.
        """
        from personae.cast import editing

        def work(gallery: Gallery) -> list[EditOutcome]:
            return editing.undo(gallery, steps) if edit is None else [editing.undo_edit(gallery, edit)]

        return self._editor.edit("undo", work, request=request)

    # Inside

    def _face_meant(self, photo: str | Path, character: str, face: int | None) -> tuple[int, Any]:
        picture = Identifier(self.context).picture(photo)
        faces = picture.faces
        assert faces is not None  # a picture that cannot be read was an error
        if faces.note:
            raise PhotoError(photo, faces.note)
        count = len(faces)
        if not count:
            raise InputError(f"{photo}: no face was found, so there is nobody to reject.")
        if face is not None:
            if not 1 <= face <= count:
                raise InputError(f"{photo} has {count} faces: give --face 1 to {count}, from the left.")
            return face - 1, faces
        names = [identity.match and identity.match.character for identity in picture.identities]
        named = [i for i, name in enumerate(names) if name == character]
        if len(named) == 1 or count == 1:
            return named[0] if named else 0, faces
        listed = ", ".join(f"{number} {name or 'unknown'}" for number, name in enumerate(names, 1))
        raise InputError(
            f"{photo}: {'several faces are' if named else 'no face is'} named {character} (from the left: {listed}). "
            "Say which is meant with --face N."
        )
