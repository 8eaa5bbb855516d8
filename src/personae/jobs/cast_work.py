"""Jobs on the cast, and forgetting; each is called as `work.Work` says.

Called again after a kill at any moment none does anything twice: an edit carries the job's id into the log of edits,
and everything else ends in the same state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any

from personae.cast.gallery_records import CharacterId, without_paths
from personae.commits import Commit, committed
from personae.errors import InputError
from personae.forgetting.names import NameSearch
from personae.job_rows import BEGUN
from personae.jobs.sentences import by_names
from personae.jobs.uploaded import GONE
from personae.progress import ProgressCallback
from personae.project.session import Project


def train(project: Project, what: Mapping[str, Any], commit: Commit, tell: ProgressCallback) -> dict[str, Any]:
    """Train on a cast folder, or on photos per character."""
    cast = project.cast
    if "folder" in what:
        report = cast.train(
            what["folder"], fresh=bool(what.get("fresh")), force=bool(what.get("force")), progress_callback=tell
        )
    else:
        report = cast.train_photos(what["photos"], progress_callback=tell)
    return committed(
        project.folder,
        commit,
        {
            "characters": len(report.characters),
            "added": report.added,
            "changed": report.changed,
            "removed": len(report.removed),
            "unchanged": report.unchanged,
            "rejected": [
                {"character": one.character} | _unused(*photo) for one in report.characters for photo in one.rejected
            ],
            "notes": _notes(project, report.notes),
        },
    )


def add(project: Project, what: Mapping[str, Any], commit: Commit, tell: ProgressCallback) -> dict[str, Any]:
    """Enrol photos as a character's, known (`character`: an id) or perhaps new (`name`)."""
    whose = CharacterId(what["character"]) if "character" in what else what["name"]
    report = project.cast.add(whose, what["photos"], look=what.get("look"), request=commit.job, progress_callback=tell)
    return committed(
        project.folder,
        commit,
        {
            "added": len(report.changes),
            "rejected": [_unused(*photo) for photo in report.rejected],
            "notes": _notes(project, report.notes),
            "edits": [edit.id for edit in report.edits],
        },
    )


def reject(project: Project, what: Mapping[str, Any], commit: Commit, tell: ProgressCallback) -> dict[str, Any]:
    """Learn that a face of a photo is not a character's (`character`: an id)."""
    (photo,) = what["photos"]
    report = project.cast.reject(photo, CharacterId(what["character"]), face=what.get("face"), request=commit.job)
    return committed(
        project.folder, commit, {"taken_out": len(report.changes), "edits": [edit.id for edit in report.edits]}
    )


def confirm(project: Project, what: Mapping[str, Any], commit: Commit, tell: ProgressCallback) -> dict[str, Any]:
    """Look again at photos that were rejected and that somebody confirmed."""
    report = project.cast.enrol_confirmed(progress_callback=tell)
    return committed(
        project.folder,
        commit,
        {
            "added": len(report.changes),
            "rejected": [_unused(*photo) for photo in report.rejected],
            "notes": _notes(project, report.notes),
        },
    )


def forget(project: Project, what: Mapping[str, Any], commit: Commit, tell: ProgressCallback) -> dict[str, Any]:
    """Forget somebody for good. What comes of it names nobody: it stays."""
    if what.get(BEGUN):  # whoever opened the project after a kill completed it, or this does
        project.context.settle()
        return committed(project.folder, commit, {"complete": True})
    if "name" not in what:
        raise InputError(GONE)
    report = project.forget(what["name"], progress_callback=tell)
    search = NameSearch([what["name"]])

    def files(found: Iterable[tuple[str, str]]) -> list[dict[str, str | None]]:
        named = [(PurePath(path).name, more) for path, more in found]
        return [{"file": None if search.in_file_name(name) else name, "what": more} for name, more in named]

    return committed(
        project.folder,
        commit,
        {
            "complete": report.complete,
            "removed": report.removed,
            "searched": len(report.searched),
            "others": len(report.part_of_other_names),
            "found": files(report.found),
            "exports": files((path, report.export_kinds.get(path, "")) for path in report.exports),
            "unreached": files(report.unreached),
        },
    )


def _notes(project: Project, notes: Iterable[str]) -> list[str]:
    """Notes on the cast, without where its photos lie."""
    photos = project.cast.photos()
    paths = {path for photo in photos for path in (photo.path, photo.origin) if path is not None}
    return [by_names(note, paths) for note in notes]


def _unused(path: str, reason: str, detail: str) -> dict[str, str]:
    """A photo that cannot be used, without where it lies."""
    name = PurePath(path).name
    return {"photo": name, "reason": reason, "detail": without_paths(path, detail)}
