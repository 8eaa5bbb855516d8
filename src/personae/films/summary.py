"""What lists and questions need of each film and set: made once for each state of its files, and kept.

Five hundred films take minutes to read; what stands in lists of them is a few kilobytes each. So it is kept in memory,
and in `cache/summaries` for the next start. All of it can be made again, and who forgets somebody deletes it.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae import archive
from personae.cast.cast import Cast
from personae.errors import PersonaeError
from personae.files import Stamp, make_folder, shred
from personae.films.decidable import stamp_of_names
from personae.films.everybody import SeenPart, seen_in
from personae.films.facts import FilmFacts, MediumFacts, facts_of
from personae.films.film import StoredFilm
from personae.films.photo_set import PhotoSet
from personae.films.questions import Doubtful, Face, Question, Span, doubtful_in
from personae.films.seen_people import Shown, shown_in
from personae.films.summaries_keeper import folder_of
from personae.films.unknown_parts import parts_of
from personae.films.unknown_person import Part
from personae.names_of_today import NamesOfToday
from personae.paths import ProjectPaths
from personae.timeline.likely import People
from personae.timeline.person import Person

SCHEMA = "personae/summary/2"


@dataclass(frozen=True, eq=False)
class Summary:
    """One film or set: its `facts`, what is `doubtful` in it, whom it shows, and is `seen` in it."""

    facts: MediumFacts
    doubtful: Doubtful
    shown: Shown
    seen: tuple[SeenPart, ...]


class Summaries:
    """The summaries of the films and sets of a project. Safe to use from several threads."""

    def __init__(self, paths: ProjectPaths) -> None:
        self._paths = paths
        self._known: dict[str, tuple[str, Summary]] = {}
        self._names: tuple[Stamp, str] | None = None
        self._lock = threading.Lock()

    def of(self, medium: StoredFilm | PhotoSet) -> Summary:
        """The summary of a film or set as it is now. One that was not open is not left open. Raises a StoreError."""
        state = self._state(medium)
        with self._lock:
            known = self._known.get(medium.key)
        if known is not None and known[0] == state:
            return known[1]
        path = self._path(medium)
        found = _read(path, state)
        if found is None:
            was_open = medium.is_open
            found = _made(medium)
            if self._state(medium) == state:  # else it is of two moments: the next one who asks has it made again
                self._keep(path, state, found, medium)
            if not was_open:
                medium.let_go()
        with self._lock:
            self._known[medium.key] = state, found
        return found

    def trim(self, media: Iterable[StoredFilm | PhotoSet]) -> None:
        """Forget what is not one of `media` any more."""
        keys = {medium.key: self._path(medium).name for medium in media}
        with self._lock:
            for gone in self._known.keys() - keys.keys():
                del self._known[gone]
        with suppress(OSError):
            names = set(keys.values())
            for path in self._folder.iterdir():
                if path.name not in names:
                    shred(path)

    # Inside

    @property
    def _folder(self) -> Path:
        return folder_of(self._paths)

    def _path(self, medium: StoredFilm | PhotoSet) -> Path:
        return self._folder / f"{hashlib.sha256(medium.key.encode(errors='replace')).hexdigest()[:32]}.summary"

    def _state(self, medium: StoredFilm | PhotoSet) -> str:
        """What tells it from another state: of its files, and of the names in the cast."""
        return f"{medium.stamp} {self._names_of(medium)}"

    def _names_of(self, medium: StoredFilm | PhotoSet) -> str:
        stamp = stamp_of_names(medium.context)
        known = self._names
        if known is None or known[0] != stamp:
            known = self._names = stamp, _digest(Cast(medium.context).names_of_today())
        return known[1]

    def _keep(self, path: Path, state: str, summary: Summary, medium: StoredFilm | PhotoSet) -> None:
        """Write it; unless somebody is being forgotten, who may be in it."""
        with suppress(OSError, PersonaeError):  # then it is made again at the next start
            if self._paths.is_forgetting:
                return
            make_folder(self._folder, private=True)
            _write(path, state, summary)
            if self._paths.is_forgetting or self._state(medium) != state:
                shred(path)


def _digest(names: NamesOfToday) -> str:
    said = repr((sorted(names.items()), sorted(names.merged.items()), names.renamings))
    return hashlib.sha256(said.encode(errors="replace")).hexdigest()


def _made(medium: StoredFilm | PhotoSet) -> Summary:
    facts = facts_of(medium)
    return Summary(facts, doubtful_in(medium), shown_in(medium, parts_of(medium)), seen_in(medium))


# As a file


def _write(path: Path, state: str, summary: Summary) -> None:
    shown, people = summary.shown, summary.shown.people
    facts = {
        "state": state,
        "facts": _facts_row(summary.facts),
        "doubtful": [_question_row(one) for one in summary.doubtful.questions],
        "seconds": summary.doubtful.total_s,
        "seconds_of": dict(summary.doubtful.seconds_of),
        "seen": [asdict(one) for one in summary.seen],
        "shown": {
            "medium": shown.medium, "kind": shown.kind, "keys": [list(key) for key in shown.keys],
            "parts": [None if part is None else _part_row(part) for part in shown.parts],
            "embedder": shown.embedder, "barred": [sorted(one) for one in shown.barred],
        },
    }  # fmt: skip
    arrays: dict[str, NDArray[Any]] = {"apart": np.packbits(shown.apart)}
    if people is not None:
        arrays |= {"means": people.means, "alike": people.alike, "face_px": people.face_px}
    archive.write(path, arrays, facts, schema=SCHEMA, durable=False)


def _read(path: Path, state: str) -> Summary | None:
    """What the file holds of that state; None where there is none, or it cannot be right: then it is made again."""
    try:
        arrays, facts = archive.read(path, schema=SCHEMA)
        if facts["state"] != state:
            return None
        row = facts["shown"]
        n = len(row["keys"])
        people = None
        if "means" in arrays:
            means = archive.array(arrays, "means", "f", (n, None), -1.01, 1.01)
            people = People(
                means, archive.array(arrays, "alike", "f", (n, None), -1.01, 1.01),
                archive.array(arrays, "face_px", "f", (n,), 0),
            )  # fmt: skip
        apart = np.unpackbits(archive.array(arrays, "apart", "u", (None,)), count=n * n).astype(bool).reshape(n, n)
        shown = Shown(
            row["medium"], row["kind"], tuple((key[0], key[1]) for key in row["keys"]),
            tuple(None if one is None else _part_of(one) for one in row["parts"]),
            people, row["embedder"], apart, tuple(map(frozenset, row["barred"])),
        )  # fmt: skip
        questions = tuple(_question_of(one) for one in facts["doubtful"])
        doubtful = Doubtful(questions, float(facts["seconds"]), dict(facts["seconds_of"]))
        return Summary(_facts_of(facts["facts"]), doubtful, shown, tuple(map(_seen_of, facts["seen"])))
    except (PersonaeError, OSError, ValueError, KeyError, TypeError, IndexError):
        return None


def _facts_row(facts: MediumFacts) -> dict[str, Any]:
    row = {one.name: getattr(facts, one.name) for one in fields(facts)}
    row["named_by"] = None if facts.named_by is None else json.dumps(facts.named_by)
    if facts.film is not None:
        row["film"] = asdict(facts.film) | {"frame_rate": str(facts.film.frame_rate)}
    return row


def _facts_of(row: Mapping[str, Any]) -> MediumFacts:
    film = row["film"]
    own = {**row, "characters": tuple(row["characters"])}
    own["named_by"] = None if row["named_by"] is None else json.loads(row["named_by"])
    if film is not None:
        own["film"] = FilmFacts(
            film["duration_s"],
            (film["size_wh"][0], film["size_wh"][1]),
            Fraction(film["frame_rate"]),
            tuple(film["paths"]),
        )
    return MediumFacts(**own)


def _question_row(one: Question) -> dict[str, Any]:
    return {
        "kind": one.kind, "settles_s": one.settles_s, "medium": one.medium, "who": one.who, "position": one.position,
        "spans": [asdict(span) for span in one.spans], "faces": [asdict(face) for face in one.faces],
    }  # fmt: skip


def _question_of(row: Mapping[str, Any]) -> Question:
    spans = tuple(Span(**{**span, "tracks": tuple(span["tracks"])}) for span in row["spans"])
    return Question(**{**row, "spans": spans, "faces": tuple(Face(**face) for face in row["faces"])})


def _seen_of(row: Mapping[str, Any]) -> SeenPart:
    return SeenPart(**{**row, "person": Person(**row["person"])})


def _part_row(part: Part) -> dict[str, Any]:
    return asdict(part) | {"picture": None if part.picture is None else str(part.picture)}


def _part_of(row: Mapping[str, Any]) -> Part:
    return Part(**{**row, "picture": None if row["picture"] is None else Path(row["picture"])})
