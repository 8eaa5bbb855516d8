"""The cast's part of forgetting: the gallery with all that was decided in it, and the models made of it."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

from personae import archive, database
from personae.cast.context import ProjectContext
from personae.cast.forget_gallery import cover_in_gallery, forget_in_gallery, is_forgotten, texts_of
from personae.cast.gallery import Gallery
from personae.cast.gallery_schema import MIGRATIONS, kind
from personae.cast.trainer import Trainer
from personae.errors import StoreError
from personae.files import leftovers, shred
from personae.forgetting.keeper import Forgotten, Tell
from personae.forgetting.likeness import Likeness
from personae.forgetting.person import NOBODY, Person
from personae.forgetting.search import Search
from personae.recognition import model_file
from personae.types import FloatArray

COVERED = "faces covered in pictures of others"


class CastKeeper:
    """Keeps gallery and models. `characters`: photos per character in the model that is made anew; `likeness`: tells
    the person's face in pictures, by the faces of those who are left.
    """

    def __init__(self, context: ProjectContext) -> None:
        self.context = context
        self.characters: dict[str, int] = {}
        self.likeness: Likeness | None = None

    def forget(self, person: Person, tell: Tell) -> Forgotten:
        """Take the person out of the gallery, and make every model of it anew, each with the settings it had."""
        paths, removed = self.context.paths, Counter(dict.fromkeys(("photos", "decisions", "log entries"), 0))
        for model, _ in person.models:
            tell(Path(model))
            for path in leftovers(Path(model).parent):
                shred(path)
            _shred_model(Path(model))
        for path in database.files_of(paths.fresh_gallery):
            shred(path)
        if paths.gallery.is_file():
            tell(paths.gallery)
            with Gallery.open(paths.gallery, embedder=None) as gallery:
                if not is_forgotten(gallery, person):
                    with gallery.transaction():
                        forget_in_gallery(gallery, person, removed)
                self.likeness = Likeness(person, gallery.enrolled().embeddings, self.context.analyzer)
                removed[COVERED] += cover_in_gallery(gallery, self.likeness)
                gallery.compact()
                for path, parameters in reversed([(Path(model), kept) for model, kept in person.models]):
                    tell(path)
                    settings = replace(self.context.settings, **parameters)
                    self.characters = Trainer(self.context.with_model(path)).fit_gallery(gallery, settings)
        return Forgotten(removed)

    def search(self, search: Search) -> None:
        """Search the files of the gallery and of the models."""
        paths = self.context.paths
        texts = self.texts()
        search.explain(texts)
        search.database(paths.gallery, kind(), [*texts, *MIGRATIONS])
        if paths.gallery.is_file():
            with Gallery.open(paths.gallery, embedder=None) as gallery:
                if any(search.likeness.is_in(picture) for picture in gallery.pictures().values()):
                    search.found(paths.gallery, "the face in a picture of others")
        for model, _ in search.person.models:
            for path in (Path(model), model_file.metadata_path(Path(model))):
                if path.is_file():
                    search.file(path)

    def texts(self) -> list[str]:
        """Every text in the gallery."""
        if not self.context.paths.gallery.is_file():
            return []
        with Gallery.open(self.context.paths.gallery, embedder=None) as gallery:
            return texts_of(gallery)

    def others(self) -> FloatArray:
        """Every enrolled embedding (n, d)."""
        if not self.context.paths.gallery.is_file():
            return NOBODY
        with Gallery.open(self.context.paths.gallery, embedder=None) as gallery:
            return gallery.enrolled().embeddings


def _shred_model(path: Path) -> None:
    """Overwrite a model of ours and the facts beside it, and nothing else; the facts first, which it vouches for."""
    facts = model_file.metadata_path(path)
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if str(json.loads(facts.read_bytes()).get("schema")).startswith("personae/model/"):
            shred(facts)
    with contextlib.suppress(StoreError):
        archive.schema_of(path)
        shred(path)
