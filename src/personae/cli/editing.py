"""What the editing commands share: their options, the session, and how an edit is printed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from personae.cli.console import say, say_json
from personae.cli.options import NETWORKS, model_option, project_option, settings_from, settings_options
from personae.hints import command
from personae.types import count_of

if TYPE_CHECKING:
    from personae.cast.edit_log import Edit
    from personae.cast.editor import EditReport
    from personae.project.session import Project

_Command = TypeVar("_Command", bound=Callable[..., Any])
FITTING = ("far", "threshold", "max_photos", "max_clusters", "seed", "lock_timeout_s")
ENROLLING = ("min_enroll_px", "min_enroll_score", "min_sharpness", "min_brightness", "max_yaw", *NETWORKS)


def editing_options(*names: str) -> Callable[[_Command], _Command]:
    """`--json`, the settings of a fit, the settings of those names, `--model` and `--project`."""

    def decorate(command: _Command) -> _Command:
        command = model_option(project_option(command))
        command = settings_options(*FITTING, *names)(command)
        return click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")(command)

    return decorate


def project_for(project: Path | None, model: Path | None, options: dict[str, Any]) -> Project:
    """The session of a command."""
    from personae.project.session import Project

    return Project.open(project, settings=settings_from(project, options), model_path=model)


def print_edit(report: EditReport, *, as_json: bool) -> None:
    """What changed, photo by photo where there are few, and what is in the model now."""
    if as_json:
        say_json(asdict(report))
        return
    moves: dict[tuple[str | None, str | None], list[str]] = {}
    for change in report.changes:
        moves.setdefault((change.before, change.after), []).append(change.path)
    for (before, after), paths in moves.items():
        say(f"{_move(before, after)}: {count_of(len(paths), 'photo')}")
        for path in paths if len(paths) <= 10 else [*paths[:9], f"and {len(paths) - 9} more"]:
            say(f"  {path}")
    for path, reason, detail in report.rejected:
        say(f"cannot be used: {path}: {reason} ({detail})")
    for note in report.notes:
        say(f"note: {note}", prose=True)
    if not report.changes and not report.edits:
        say("Nothing had to be changed.")
        return
    if report.model_path is None:
        say("Nobody has a photo enrolled, so there is no model.")
    else:
        photos = sum(report.characters.values())
        say(f"model: {count_of(len(report.characters), 'character')}, {count_of(photos, 'photo')}: {report.model_path}")
    if any(edit.undoable for edit in report.edits):
        say(f"Take it back with: {command('undo')}")


def _move(before: str | None, after: str | None) -> str:
    if before is None:
        return f"added to {after}"
    return f"taken out of {before}" if after is None else f"{before} -> {after}"


def describe_edit(edit: Edit) -> str:
    """One entry of the log in words."""
    try:
        return _WORDS[edit.action](edit.detail)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        # Written by another version: an entry that cannot be put in words is still an entry.
        return json.dumps(edit.detail, ensure_ascii=False)


def _photos(detail: dict[str, Any]) -> str:
    photos = detail["photos"]
    return count_of(photos if isinstance(photos, int) else len(photos), "photo")


def _added(detail: dict[str, Any]) -> str:
    """How many photos were added, or how many faces that were named, of which films and photos."""
    named = [Path(path).name.rpartition("#") for path in detail.get("added", ())]
    if not named or not all(sign and what.startswith(("t=", "face=")) for _, sign, what in named):
        return _photos(detail)
    files = list(dict.fromkeys(file for file, _, _ in named))
    return f"{count_of(len(named), 'face')} of {', '.join(files[:3])}{', ...' if len(files) > 3 else ''}, named there"


_WORDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "add": lambda detail: f"{detail['into']}: {_added(detail)}",
    "names": lambda detail: f"{', '.join(detail['names'])}: without photos",
    "remove": lambda detail: (
        f"{detail['character']}, {_photos(detail)}"
        if detail.get("character")
        else "; ".join(f"{row[1]}: {row[0]}" for row in detail["photos"])
    ),
    "rename": lambda detail: f"{detail['character']} -> {detail['into']}, {_photos(detail)}",
    "merge": lambda detail: f"{' + '.join(detail['characters'])} -> {detail['into']}, {_photos(detail)}",
    "split": lambda detail: f"{detail['character']} -> {detail['into']}, {_photos(detail)}",
    "reject": lambda detail: f"{detail['photo']} is not {detail['character']}",
    "confirm": lambda detail: (
        f"{detail['character']}: {count_of(detail['confirmed'], 'photo')} confirmed"
        + (f", {_photos(detail)} not theirs" if detail.get("photos") else "")
        + (f": {detail['into']}" if detail.get("into") else "")
    ),
    "apart": lambda detail: f"{' and '.join(detail['characters'])} are different people",
    "undo": lambda detail: f"of edit {detail['edit']}",
    "fresh": lambda detail: f"trained anew with --fresh, {_photos(detail)}",
    "forget": lambda detail: "somebody was forgotten",
}
