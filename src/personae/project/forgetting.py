"""Forget a person: take them out of every file of the project, for good, and then search the files to prove it.

The order makes it safe to break off. First it is written down who shall be forgotten; then what shows them is deleted,
the rest rewritten, the gallery cleaned and the model made anew; then everything is searched; and only then does the
note go. Each step may be done twice, and whoever opens the project after a kill completes it (`complete`).
"""

from __future__ import annotations

import contextlib
import logging
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from personae import archive
from personae.cast.context import ProjectContext
from personae.cast.editing import did_you_mean
from personae.cast.gallery import Gallery
from personae.cast.trainer import Trainer
from personae.errors import DamagedFileError, ModelNotFoundError, StoreError, UnknownCharacterError
from personae.names import find_name, valid_name
from personae.paths import ProjectPaths
from personae.progress import ProgressCallback
from personae.project import forget_folder, forget_intention
from personae.project.forget_gallery import forget_in_gallery, is_forgotten, texts_of
from personae.project.forget_list import forget_in_list, outside
from personae.project.forget_proof import Proof, Search, database_names, pieces, rows_of_list
from personae.project.forget_who import NOBODY, Person, may_show, person_of
from personae.project.name_search import NameSearch
from personae.recognition import model_file
from personae.types import FloatArray, count_of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ForgetReport:
    """What was removed and what was searched afterwards.

    `names`: the character's, and former ones; `removed`: what -> how many; `searched`: every file that was read, with
    what was looked for in it; `found`: (file, what) that is still there: empty is the proof; `part_of_other_names`:
    texts of others that contain the name; `exports`: results written elsewhere that this cannot reach, and
    `export_kinds` what each is; `photos_left`: the person's photos in your own folders; `characters`: photos per
    character in the model now.
    """

    names: tuple[str, ...]
    removed: dict[str, int]
    searched: tuple[tuple[str, str], ...]
    found: tuple[tuple[str, str], ...]
    part_of_other_names: tuple[str, ...]
    exports: tuple[str, ...]
    photos_left: tuple[str, ...]
    characters: dict[str, int] = field(default_factory=dict)
    export_kinds: dict[str, str] = field(default_factory=dict)


def forget(context: ProjectContext, name: str, *, progress_callback: ProgressCallback | None = None) -> ForgetReport:
    """Remove the character `name` from the project.

    Raises UnknownCharacterError for a name that is in no file, InputError, ProjectBusyError, StoreError.
    """
    if not context.paths.folder.is_dir():
        raise UnknownCharacterError(f"No character is called {name!r}: there is no project {context.paths.folder}.")
    try:
        with context.paths.locked(context.settings.lock_timeout_s, "forget"):
            finished = complete(context)
            if finished is not None and find_name(name, finished.names) is not None:
                return finished
            forget_intention.begin(context.paths, _whom(context, name))
            report = complete(context)
            assert report is not None
            return report
    finally:
        context.model.drop()


def complete(context: ProjectContext) -> ForgetReport | None:
    """Complete a forgetting that was begun; None where there is none. The caller holds the project's lock."""
    person = forget_intention.read(context.paths)
    if person is None:
        return None
    folder = context.paths.folder.absolute()
    models = tuple((str(folder / path), parameters) for path, parameters in person.models)
    return _carry_out(context, replace(person, models=models))


def tell(report: ForgetReport) -> None:
    """Say what became of a forgetting that was broken off, to whoever has just completed it; it names nobody."""
    log.warning(
        "A forgetting that was broken off is complete now: %s of the project were searched.",
        count_of(len(report.searched), "file"),
    )
    for path, what in report.found:
        log.warning("Of the forgotten person is still there: %s in %s: delete this file, or make it anew.", what, path)
    for path in report.exports:
        log.warning("Of the forgotten person, written elsewhere and not touched: %s", path)


def _whom(context: ProjectContext, name: str) -> Person:
    """The person called `name`; raises UnknownCharacterError where nothing in the project names them."""
    project = context.paths
    models = _models(context)
    known: list[str] = []
    texts: list[str] = []
    if project.gallery.is_file():
        with Gallery.open(project.gallery, embedder=None) as gallery:
            known = [character.name for character in gallery.characters()]
            name = find_name(name, known) or valid_name(name)
            person = person_of(gallery, name, models)
            texts = texts_of(gallery)
    else:
        name = valid_name(name)
        person = Person(name, frozenset({name}))
    entries = project.ledger.entries()
    listed = any(person.is_in(entry) for entry in entries)
    if not (person.paths or listed or _is_mentioned(project, NameSearch(person.names), texts)):
        raise UnknownCharacterError(f"No character is called {name!r}. {did_you_mean(name, known)}")
    written = tuple((entry.path, entry.kind) for entry in outside(project, entries) if may_show(person, entry))
    kept = tuple((_within(project, path), Trainer(context.with_model(path)).kept_parameters()) for path in models)
    return replace(person, models=kept, written=written)


def _models(context: ProjectContext) -> list[Path]:
    """The model in use, and the project's own where that is another; raises StoreError for a file that is not ours."""
    used, own = context.model_path.absolute(), context.paths.model.absolute()
    with contextlib.suppress(ModelNotFoundError, DamagedFileError):  # to be made anew in any case
        archive.read(used, schema=model_file.SCHEMA)
    models = [used]
    if os.path.realpath(used) != os.path.realpath(own):
        with contextlib.suppress(StoreError):
            archive.read(own, schema=model_file.SCHEMA)
            models.append(own)
    return models


def _within(project: ProjectPaths, path: Path) -> str:
    """A path as the note keeps it: from the project's folder on where it lies in there, which may be moved."""
    folder = project.folder.absolute()
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)


def _is_mentioned(project: ProjectPaths, search: NameSearch, texts: list[str]) -> bool:
    if any(search.in_text(text) for text in texts):
        return True
    databases = database_names(project)
    for path in forget_folder.files_of(project.folder):
        if path.name.startswith(databases):
            continue
        if search.in_file_name(path.name) or any(search.in_bytes(piece) for piece in pieces(path, search.overlap)):
            return True
    return False


def _carry_out(context: ProjectContext, person: Person) -> ForgetReport:
    project = context.paths
    removed = dict.fromkeys(("photos", "decisions", "log entries", "entries of films", "tracks", "pictures"), 0)
    entries = project.ledger.entries()
    forget_folder.delete(project, person, removed)
    forget_folder.rewrite(project, person, removed)
    characters: dict[str, int] = {}
    texts: dict[str, list[str]] = {}
    others: FloatArray = NOBODY
    gallery_name, list_name = database_names(project)
    if project.gallery.is_file():
        with Gallery.open(project.gallery, embedder=None) as gallery:
            if not is_forgotten(gallery, person):
                with gallery.transaction():
                    forget_in_gallery(gallery, person, removed)
            gallery.compact()
            characters = _fit_models(context, gallery, person)
            texts[gallery_name] = texts_of(gallery)
            others = gallery.enrolled().embeddings
    forget_in_list(project, person)
    texts[list_name] = rows_of_list(project.ledger.entries())
    proof = Search(person, others, entries, context.analyzer).project(project, texts)
    forget_intention.end(project)
    return _report(person, removed, proof, characters)


def _fit_models(context: ProjectContext, gallery: Gallery, person: Person) -> dict[str, int]:
    """Make every model anew, with the settings that each was trained with; photos per character of the first."""
    characters: dict[str, int] = {}
    for path, parameters in reversed(person.models):
        settings = replace(context.settings, **parameters)
        characters = Trainer(context.with_model(Path(path))).fit_gallery(gallery, settings)
    return characters


def _report(person: Person, removed: dict[str, int], proof: Proof, characters: dict[str, int]) -> ForgetReport:
    return ForgetReport(
        tuple(sorted(person.names, key=lambda each: (each != person.name, each))),
        removed,
        tuple(proof.searched),
        tuple(proof.found),
        tuple(proof.explained),
        tuple(path for path, _ in person.written),
        tuple(sorted(path for path in person.paths if os.path.lexists(path))),
        characters,
        dict(person.written),
    )
