"""Jobs that write films for somebody to fetch; each is called as `work.Work` says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from personae.commits import Commit, committed
from personae.errors import UnknownCharacterError, WriteError
from personae.films.media_id import id_of
from personae.names import unknown_name
from personae.progress import ProgressCallback
from personae.project.session import Project
from personae.project.waiting_exports import WaitingExports


def export(project: Project, what: Mapping[str, Any], commit: Commit, tell: ProgressCallback) -> dict[str, Any]:
    """Write a film with a box and a name on every face, or a stringout of it. Names are no part of what is asked.

    Called again after a kill it writes the same file anew. Files that name other files are never followed.
    """
    waiting = WaitingExports(project.context.paths, project.settings)
    out = waiting.place(commit.job, what["suffix"])
    while True:
        before = _people(project, what["film"])
        try:
            name, notes = _write(project, what, out, tell)
        except WriteError:  # a forgetting deletes what is half written in the project
            if before <= _people(project, what["film"]):
                raise
        else:
            # Who was forgotten while the film was written is on it: it is written anew without them.
            if before <= _people(project, what["film"]):
                break
    waiting.trim()
    return committed(
        project.folder,
        commit,
        {"medium": id_of("film", name), "film": name, "bytes": out.stat().st_size, "notes": notes},
    )


def _people(project: Project, film: str) -> set[str]:
    """The names in a film's timeline of now."""
    with project.films[film] as found:
        return {one.character for one in found.timeline.appearances if one.character is not None}


def _write(project: Project, what: Mapping[str, Any], out: Path, tell: ProgressCallback) -> tuple[str, list[str]]:
    """Write the film as it is now; its name, and sentences for people."""
    known = project.cast.names()
    who = [*_names(known, what["characters"]), *map(unknown_name, what["unknown_people"])]
    with project.films[what["film"]] as film:
        if what["kind"] == "annotated":
            written = film.export(
                out, characters=who, unknown=what["unknown"], depicted=what["depicted"], progress_callback=tell
            )
        else:
            written = film.select(
                out, who, together=_names(known, what["together"]), without=_names(known, what["without"]),
                close_ups=what["close_ups"], min_s=what["min_s"], handles_s=what["handles_s"],
                depicted=what["depicted"], progress_callback=tell,
            )  # fmt: skip
        return film.name, [note.replace(str(out), film.name) for note in written.notes]


def _names(known: Mapping[str, str], ids: Iterable[str]) -> list[str]:
    """What characters are called now; raises UnknownCharacterError for who is there no more."""
    ids = list(ids)
    if any(id not in known for id in ids):
        raise UnknownCharacterError("Somebody who was asked for is not in the cast any more. Ask again without them.")
    return [known[id] for id in ids]
