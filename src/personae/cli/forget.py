"""`personae forget`: every trace of a person out of the project, with proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from personae.cli.console import ask, say, say_json
from personae.cli.editing import editing_options, project_for
from personae.cli.options import NETWORKS
from personae.types import count_of

if TYPE_CHECKING:
    from personae.project.forgetting import ForgetReport

_MOST_FILMS = 10
_MOST_OF_A_FOLDER = 3
"""Files of one folder that are named one by one; with --json all are."""


@click.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@editing_options(*NETWORKS)
def forget(name: str, yes: bool, as_json: bool, model: Path | None, project: Path | None, **options: Any) -> int:
    """Remove every trace of the person NAME from the project. This cannot be undone.

    Gallery, log of edits, caches, thumbnails, tracks and timelines are cleaned, pages and pictures that show the person
    are deleted, the model is made anew, and every file of the project is then searched for name, embeddings and faces.
    What Personae wrote elsewhere is treated alike while it is as it was written; exports for other programs, what you
    changed, and photos in your own folders are listed, not touched. Killed, it is completed by the next command. Exit
    status 1 means that something was still found, or could not be reached: that is cleaned when it is seen again.
    """
    opened = project_for(project, model, options)
    if not yes:
        question = f"Remove every trace of {name} from {opened.folder}? This cannot be undone."
        if not ask(question):
            say("Nothing was removed.")
            return 1
    report = opened.forget(name)
    status = 0 if report.complete else 1
    if as_json:
        say_json(asdict(report))
        return status
    print_report(report)
    return status


def print_report(report: ForgetReport) -> None:
    """What was removed, what was searched, and what is left where."""
    also = f" (also known as {', '.join(report.names[1:])})" if len(report.names) > 1 else ""
    removed = ", ".join(f"{what} {count}" for what, count in report.removed.items() if count) or "nothing was left"
    say(f"forgotten: {report.names[0]}{also}: {removed}")
    for text in report.part_of_other_names[:10]:
        say(f"note: the name is part of this text about somebody else, which stays: {text}")
    say("Searched for name, embeddings and faces:")
    for path, what in report.searched:
        say(f"  {path}: {what}")
    for path, what in report.found:
        if "searched" in what:
            say(f"NOT SEARCHED: {path}: {what}")
        else:
            say(f"STILL THERE: {what} in {path}: delete this file, or make it anew")
    files = len({path for path, _ in report.found})
    left = f"traces left in {count_of(files, 'file')}" if files else "no trace left"
    say(f"proof: {count_of(len(report.searched), 'file')} of the project searched, {left}")
    _print_elsewhere(report)
    say(
        f"model: {count_of(len(report.characters), 'character')}"
        if report.characters
        else "Nobody is enrolled any more, and the model is gone."
    )


def _print_elsewhere(report: ForgetReport) -> None:
    for path, why in report.unreached:
        say(f"NOT REACHED: {path}: {why}")
    if report.unreached:
        say("These are cleaned when the project is next written to and they can be reached.")
    for line in _by_folder(report, [path for path in report.exports if path not in report.names_taken_out]):
        say(f"written elsewhere earlier, not touched: {line}")
    for line in _by_folder(report, [path for path in report.exports if path in report.names_taken_out]):
        say(f"written elsewhere earlier, and changed since: the name was taken out, the rest stays: {line}")
    for sentence in cannot_know(report):
        say(sentence, prose=True)
    if report.photos_left:
        say("still in your own folders; training on them again would learn the person again:")
        for path in report.photos_left:
            say(f"  {path}")


def _by_folder(report: ForgetReport, files: Sequence[str]) -> list[str]:
    """What is left elsewhere, a line each; of a folder with many files, one line with their number and kinds."""
    folders: dict[Path, list[str]] = {}
    for path in files:
        folders.setdefault(Path(path).parent, []).append(path)
    lines = []
    for folder, paths in folders.items():
        kinds = [report.export_kinds.get(path) or "unknown" for path in paths]
        if len(paths) > _MOST_OF_A_FOLDER:
            lines.append(f"{count_of(len(paths), 'file')} in {folder} ({', '.join(sorted(set(kinds)))})")
        else:
            lines += [f"{path} ({kind})" for path, kind in zip(paths, kinds, strict=True)]
    return lines


def cannot_know(report: ForgetReport) -> list[str]:
    """What the search cannot answer, in sentences."""
    said = []
    unknown = sum(report.unknown_people.values())
    if unknown:
        films = list(report.unknown_people)
        more = f" and {len(films) - _MOST_FILMS} more" if len(films) > _MOST_FILMS else ""
        people = count_of(unknown, "unknown person", "unknown people")
        who = "was not touched" if unknown == 1 else "were not touched"
        where = "films and photos" if any(name.startswith("photos/") for name in films) else "films"
        said.append(f"{people} of your {where} {who}; look at them: {', '.join(films[:_MOST_FILMS])}{more}")
    if report.burnt_in:
        said.append(f"Names and faces in pictures and films cannot be searched for: {', '.join(report.burnt_in)}")
    return said
