"""Forget a person: every room that keeps something about people takes them out, and then everything is searched.

The order makes it safe to break off. First it is written down who shall be forgotten; then each keeper forgets; then
each has its files searched; and only then does the note go. Each step may be done twice, and whoever opens the project
after a kill completes it (`complete`).
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
from personae.cast.forget_who import person_of
from personae.cast.gallery import Gallery
from personae.cast.keeper import CastKeeper
from personae.cast.trainer import Trainer
from personae.errors import DamagedFileError, ModelNotFoundError, StoreError, UnknownCharacterError
from personae.films.keeper import FilmsKeeper
from personae.films.photo_keeper import PhotosKeeper
from personae.films.photo_store import PhotoStore
from personae.films.store import FILM_KINDS, MediaStore
from personae.films.summaries_keeper import SummariesKeeper
from personae.forgetting import archived
from personae.forgetting.fates import is_burnt_in
from personae.forgetting.jobs_keeper import JobsKeeper
from personae.forgetting.keeper import Forgotten, Keeper, Tell
from personae.forgetting.ledger_keeper import LedgerKeeper, is_gone
from personae.forgetting.likeness import Likeness
from personae.forgetting.names import NameSearch
from personae.forgetting.person import Person
from personae.forgetting.pieces_keeper import PiecesKeeper
from personae.forgetting.search import Proof, Search, pieces
from personae.names import find_name, valid_name
from personae.paths import ProjectPaths
from personae.progress import Progress, ProgressCallback
from personae.project import forget_intention, forget_later
from personae.project.forget_folder import FolderKeeper, files_of, is_inside
from personae.recognition import model_file
from personae.types import count_of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ForgetReport:
    """What was removed and what was searched afterwards.

    `names`: the character's, and former ones; `removed`: what -> how many; `searched`: every file that was read, with
    what was looked for in it; `found`: (file, what) that is still there: empty is the proof; `part_of_other_names`:
    texts of others that contain the name; `exports`: files written elsewhere that stay as they are, and `export_kinds`
    what each is; `unreached`: (file, why) written elsewhere that could not be cleaned and is cleaned when it is seen
    again; `unknown_people`: film, or "photos/" and the name of a set, -> unknown people in it, any of whom may be the
    person; `names_taken_out`: those of `exports` that others have changed, without what we said of the person;
    `burnt_in`: those of `exports` that are films and pictures, in which nobody can search for a name;
    `photos_left`: the person's photos in your own folders; `characters`: photos per character in the model now.
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
    unreached: tuple[tuple[str, str], ...] = ()
    unknown_people: dict[str, int] = field(default_factory=dict)
    burnt_in: tuple[str, ...] = ()
    names_taken_out: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether nothing of the person is left where this can reach."""
        return not self.found and not self.unreached


def forget(context: ProjectContext, name: str, *, progress_callback: ProgressCallback | None = None) -> ForgetReport:
    """Remove the character `name` from the project, and from what it wrote elsewhere.

    `progress_callback` is told of each file; what it raises breaks the forgetting off, and the next opening completes
    it. Raises UnknownCharacterError for a name that is in no file, InputError, ProjectBusyError, StoreError.
    """
    if not context.paths.folder.is_dir():
        raise UnknownCharacterError(f"No character is called {name!r}: there is no project {context.paths.folder}.")
    try:
        with context.paths.locked(context.settings.lock_timeout_s, "forget"):
            finished = complete(context, progress_callback)
            forget_later.clean(context)
            if finished is not None and find_name(name, finished.names) is not None:
                return finished
            MediaStore(context.paths, context.settings.lock_timeout_s).adopt()
            forget_intention.begin(context.paths, _whom(context, name))
            report = complete(context, progress_callback)
            assert report is not None
            return report
    finally:
        context.model.drop()


def complete(context: ProjectContext, progress_callback: ProgressCallback | None = None) -> ForgetReport | None:
    """Complete a forgetting that was begun; None where there is none. The caller holds the project's lock."""
    person = forget_intention.read(context.paths)
    if person is None:
        return None
    folder = context.paths.folder.absolute()
    models = tuple((str(folder / path), parameters) for path, parameters in person.models)
    return _carry_out(context, replace(person, models=models), _teller(progress_callback))


def tell(report: ForgetReport) -> None:
    """Say what became of a forgetting that was broken off, to whoever has just completed it; it names nobody."""
    log.warning(
        "A forgetting that was broken off is complete now: %s of the project were searched.",
        count_of(len(report.searched), "file"),
    )
    for path, what in report.found:
        log.warning("Of the forgotten person is still there: %s in %s: delete this file, or make it anew.", what, path)
    for path, why in report.unreached:
        log.warning("Of the forgotten person, to be cleaned when it is seen again: %s (%s)", path, why)
    for path in report.exports:
        how = "the names taken out, the rest left" if path in report.names_taken_out else "not touched"
        log.warning("Of the forgotten person, written elsewhere, %s: %s", how, path)


def _whom(context: ProjectContext, name: str) -> Person:
    """The person called `name`; raises UnknownCharacterError where nothing in the project names them."""
    project = context.paths
    models = _models(context)
    known: list[str] = []
    texts = CastKeeper(context).texts()
    if project.gallery.is_file():
        with Gallery.open(project.gallery, embedder=None) as gallery:
            known = [character.name for character in gallery.characters()]
            name = find_name(name, known) or valid_name(name)
            person = person_of(gallery, name, models)
    else:
        name = valid_name(name)
        person = Person(name, frozenset({name}))
    entries = project.ledger.entries()
    listed = any(person.is_in(entry) for entry in entries)
    if not (person.paths or listed or _is_mentioned(context, NameSearch(person.names), texts)):
        raise UnknownCharacterError(f"No character is called {name!r}. {did_you_mean(name, known)}")
    written = tuple(
        (entry.path, entry.kind)
        for entry in entries
        if person.may_be_in(entry)
        and (entry.kind in archived.SORTED or not is_inside(Path(entry.path), project.folder))
        and not is_gone(entry)
    )
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


def _is_mentioned(context: ProjectContext, search: NameSearch, texts: list[str]) -> bool:
    if any(search.in_text(text) for text in texts):
        return True
    project = context.paths
    inside = list(files_of(project))
    if any(search.in_file_name(path.name) for path in inside):
        return True
    films = FilmsKeeper(MediaStore(project, context.settings.lock_timeout_s)).films
    outside = [path for files in films if not is_inside(files.folder, project.folder) for path in files.every()]
    return any(_names(path, search) for path in (*inside, *outside))


def _names(path: Path, search: NameSearch) -> bool:
    with contextlib.suppress(OSError):
        return any(search.in_bytes(piece) for piece in pieces(path, search.overlap))
    return False


def _teller(progress_callback: ProgressCallback | None) -> Tell:
    """What tells `progress_callback` of each file."""
    done = 0

    def tell(path: Path) -> None:
        nonlocal done
        done += 1
        if progress_callback is not None:
            progress_callback(Progress("forgetting", done, None, str(path)))

    return tell


def _carry_out(context: ProjectContext, person: Person, tell: Tell) -> ForgetReport:
    paths = context.paths
    cast = CastKeeper(context)
    store = MediaStore(paths, context.settings.lock_timeout_s)
    entries = paths.ledger.entries()
    done = cast.forget(person, tell)
    # By the faces of those who are left. The ledger forgets last, for it tells what shows the person.
    likeness = cast.likeness or Likeness(person, cast.others(), context.analyzer)
    films = FilmsKeeper(store, likeness)
    photos = PhotosKeeper(PhotoStore(paths, context.settings.lock_timeout_s), likeness)
    jobs = JobsKeeper(paths.folder)
    summaries, rest, ledger = SummariesKeeper(paths), FolderKeeper(paths), LedgerKeeper(paths.ledger, FILM_KINDS)
    others: list[Keeper] = [films, photos, jobs, summaries, rest, ledger]
    for keeper in others:
        done.add(keeper.forget(person, tell))
    forget_later.put_off(paths.ledger, person, entries, done.unreached)
    done.add(PiecesKeeper(paths.folder).forget(person, tell))  # its own list says what is to be done again
    search = Search(person, likeness, entries, tell)
    for keeper in sorted([cast, *others], key=lambda one: isinstance(one, FolderKeeper)):  # what no room keeps is last
        keeper.search(search)
    forget_intention.end(paths)
    return _report(person, done, search.proof, cast.characters)


def _report(person: Person, done: Forgotten, proof: Proof, characters: dict[str, int]) -> ForgetReport:
    kinds = {str(path): kind for path, kind in done.listed}
    return ForgetReport(
        tuple(sorted(person.names, key=lambda each: (each != person.name, each))),
        dict(done.removed),
        tuple(sorted(proof.searched)),
        tuple(proof.found),
        tuple(proof.explained),
        tuple(sorted(kinds)),
        tuple(sorted(path for path in person.paths if os.path.lexists(path))),
        characters,
        kinds,
        tuple((str(path), why) for path, why in done.unreached),
        done.unknown,
        tuple(sorted(path for path, kind in kinds.items() if is_burnt_in(path, kind))),
        tuple(sorted(str(path) for path in done.partly)),
    )
