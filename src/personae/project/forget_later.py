"""What could not be reached when somebody was forgotten, and is cleaned when it is seen again.

The project is not to remember whom it forgot. So what is kept are digests of the names, and a file tells by its own
words whether it names somebody who has one of them.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import secrets
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from personae import archive
from personae.cast.context import ProjectContext
from personae.cast.keeper import CastKeeper
from personae.errors import StoreError
from personae.files import open_input
from personae.films.film_files import FilmFiles, film_in
from personae.films.forget_tracks import is_of_a_film, own_tracks
from personae.films.keeper import FilmsKeeper
from personae.films.store import FILM_KINDS, MediaStore
from personae.forgetting import archived
from personae.forgetting.keeper import Forgotten, unreached
from personae.forgetting.ledger_keeper import LedgerKeeper, is_gone
from personae.forgetting.likeness import Likeness
from personae.forgetting.person import NOBODY, Person
from personae.ledger import Entry, Ledger, PutOff
from personae.names import folder_name
from personae.types import FloatArray

log = logging.getLogger(__name__)
_MOST_WORDS = 12
"""Words of the longest name that is found again within a longer text."""
_MOST_VECTORS = 500
_WORDS = re.compile(r"\S+")


def put_off(ledger: Ledger, person: Person, entries: Iterable[Entry], places: Iterable[tuple[Path | str, str]]) -> None:
    """Keep a list of files that could not be cleaned of the person."""
    known = {entry.path: entry for entry in entries}
    salt = secrets.token_hex(16)
    folders = {folder_name(each) for each in person.spellings}  # that photos were sorted into
    digests = tuple(sorted({_digest(salt, each) for each in person.spellings | person.ids | folders}))
    for path in dict.fromkeys(path for path, _ in places):
        entry = known.get(str(path))
        ledger.put_off(PutOff(str(path), entry.kind if entry else FILM_KINDS[0], entry.sha256 if entry else "", salt,
                              digests))  # fmt: skip


def clean(context: ProjectContext) -> None:
    """Clean what was put off and can be reached now; the caller holds the project's lock. Raises ProjectBusyError."""
    ledger = context.paths.ledger
    for one in ledger.to_be_cleaned():
        path = Path(one.path)
        if one.kind in archived.SORTED and is_gone(Entry(one.path, "", one.kind)):
            ledger.cleaned(one)
            continue
        if unreached(path.parent) is not None:
            continue
        done = _clean(context, one, path)
        if done.unreached:
            continue
        ledger.cleaned(one)
        if done.listed:
            log.warning("Somebody in it was forgotten, but it was changed since it was written, and stays: %s", path)
        else:
            log.warning("Cleaned of somebody who was forgotten, now that it can be reached: %s", path)


def _clean(context: ProjectContext, one: PutOff, path: Path) -> Forgotten:
    if one.kind not in FILM_KINDS:
        person = Person("", _names(one, [path]))
        return LedgerKeeper(context.paths.ledger, FILM_KINDS).later(one, person)
    files = FilmFiles(path.parent, film_in(path.name) or "film")
    names = _names(one, files.every())
    if not names:
        return Forgotten()
    person = Person("", names, vectors=_faces_of(files, names))
    store = MediaStore(context.paths, context.settings.lock_timeout_s)
    likeness = Likeness(person, CastKeeper(context).others(), context.analyzer)
    return FilmsKeeper(store, likeness, only=[files]).forget(person, lambda _: None)


def _names(one: PutOff, paths: Collection[Path]) -> frozenset[str]:
    """What in these files has one of the digests."""
    wanted, candidates = set(one.names), archived.names_of if one.kind in archived.KINDS else _candidates
    return frozenset(
        text for path in paths for text in candidates(path) if _digest(one.salt, text) in wanted
    )  # fmt: skip


def _candidates(path: Path) -> Iterator[str]:
    """Every text in a document, a journal or a file of tracks that may be a name: whole, and each few words of it."""
    seen = set()
    for text in _texts(path):
        if text in seen:
            continue
        seen.add(text)
        yield text
        words = list(_WORDS.finditer(text))
        for first in range(len(words) if len(words) > 1 else 0):
            for last in words[first : first + _MOST_WORDS]:
                yield text[words[first].start() : last.end()].strip(".,;:!?()[]\"'/")
        yield from re.split(r"[/\\]", text)


def _texts(path: Path) -> Iterator[str]:
    if is_of_a_film(path):
        with contextlib.suppress(StoreError):
            yield from _leaves(archive.read(path, schema=archive.schema_of(path))[1])
        return
    with contextlib.suppress(OSError, ValueError, RecursionError):
        with open_input(path) as file:
            content = file.read().decode("utf-8", "surrogatepass")
        try:
            yield from _leaves(json.loads(content))
        except ValueError:
            for line in content.splitlines():
                yield from _leaves(json.loads(line))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in (*value, *value.values()) if isinstance(value, dict) else value:
            yield from _leaves(each)


def _faces_of(files: FilmFiles, names: Collection[str]) -> FloatArray:
    """Embeddings (n, d) of the tracks that have one of `names`: by these their other tracks are found."""
    with contextlib.suppress(StoreError):
        arrays, facts = archive.read(files.tracks, schema=archive.schema_of(files.tracks))
        own = own_tracks(arrays, facts, names, NOBODY)
        if own.any():
            return np.asarray(arrays["embeddings"][np.repeat(own, arrays["faces_count"])][:_MOST_VECTORS], np.float32)
    return NOBODY


def _digest(salt: str, text: str) -> str:
    return sha256(f"{salt}\n{unicodedata.normalize('NFC', text)}".encode("utf-8", "surrogatepass")).hexdigest()
