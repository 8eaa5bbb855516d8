"""What the command line can do with a project the service can do: two tables, and nothing that stands in neither."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from personae.cli import cli
from personae.settings import TABLE

SERVED = {
    "--version": "get_version",
    "train": "train",
    "train FOLDER": "train.folder",
    "train --fresh": "train.fresh",
    "train --force": "train.force",
    "identify": "identify",
    "identify PHOTOS": "identify.photo",
    "identify --annotate": "identify_picture.photo",
    "identify --keep": "keep_photos.name",
    "identify --far": "identify.far",
    "scan": "scan_films",
    "scan FILMS": "scan_films.paths",
    "scan --json": "get_timeline.id",
    "scan --progress": "get_job.wait_s",
    "scan --as-one": "scan_films.as_one",
    "scan --stream": "scan_films.opening.stream",
    "scan --rate": "scan_films.opening.rate",
    "scan --start-timecode": "scan_films.opening.start_timecode",
    "scan --drop-frame": "scan_films.opening.drop_frame",
    "scan --reel": "scan_films.opening.reel",
    "scan --edits": "import_decisions.file",
    "scan --annotate": "start_export.kind",
    "scan --fresh": "scan_films.fresh",
    "people": "list_people",
    "people --all": "list_decided_people",
    "name": "decide",
    "name WORDS": "decide.said",
    "name --timeline": "decide.id",
    "name --photos": "decide.id",
    "name --from": "decide_many.decisions",
    "name --learn": "decide.learn",
    "name --yes": "foresee.said",
    "name --undo": "undo_decisions.decision",
    "name --new": "decide.said.new",
    "name --wrong": "decide.said.say",
    "name --stranger": "decide.said.say",
    "name --no-face": "decide.said.say",
    "name --alive": "decide.said.say",
    "name --depicted": "decide.said.say",
    "name --import": "import_decisions.file",
    "relabel": "relabel",
    "relabel TIMELINES": "relabel_many.media",
    "report": "export_film",
    "report TIMELINES": "export_film.id",
    "report --depicted": "export_film.depicted",
    "export": "export_film",
    "export TIMELINES": "export_films.medium",
    "export --format": "export_film.format",
    "export --character": "export_film.character",
    "export --no-unknown": "export_film.unknown",
    "export --depicted": "export_film.depicted",
    "export --media": "export_film.media",
    "export --formats": "list_formats",
    "archive": "export_sidecars",
    "archive SETS": "export_sidecars.id",
    "archive --xmp": "export_sidecars",
    "archive --adobe-names": "export_sidecars.adobe_names",
    "archive --no-unknown": "export_sidecars.unknown",
    "select": "select_in_film",
    "select TIMELINE": "select_in_film.id",
    "select --character": "select_in_film.character",
    "select --with": "select_in_film.together",
    "select --without": "select_in_film.without",
    "select --close-ups": "select_in_film.close_ups",
    "select --min-s": "select_in_film.min_s",
    "select --handles-s": "select_in_film.handles_s",
    "select --depicted": "select_in_film.depicted",
    "select --media": "select_in_film.media",
    "evaluate": "evaluate",
    "evaluate CAST": "evaluate.folder",
    "evaluate --folds": "evaluate.folds",
    "evaluate --unknown": "evaluate.unknown",
    "evaluate --groups": "evaluate.groups",
    "evaluate --json": "get_evaluation.id",
    "tune": "tune",
    "tune CAST": "tune.folder",
    "tune --folds": "tune.folds",
    "tune --unknown": "tune.unknown",
    "tune --groups": "tune.groups",
    "tune --yes": "tune.save",
    "calibrate": "calibrate",
    "calibrate VALIDATION_DIR": "calibrate.folder",
    "calibrate --undo": "calibrate.undo",
    "calibrate --far": "calibrate.far",
    "add": "add_photos",
    "add NAME": "add_photos.name",
    "add PHOTOS": "add_photos.photos",
    "add --look": "add_photos.look",
    "add --names": "add_characters.names",
    "remove": "remove_character",
    "remove NAMES_OR_PHOTOS": "remove_photos.photos",
    "rename": "rename_character",
    "rename OLD": "rename_character.id",
    "rename NEW": "rename_character.name",
    "merge": "merge_characters",
    "merge NAMES": "merge_characters.characters",
    "merge --into": "merge_characters.into",
    "split": "split_character",
    "split NAME": "split_character.id",
    "split PHOTOS": "split_character.photos",
    "split --into": "split_character.into",
    "reject": "reject_face",
    "reject PHOTO": "reject_face.photo",
    "reject --not": "reject_face.id",
    "reject --face": "reject_face.face",
    "undo": "undo_edits",
    "undo --steps": "undo_edits.steps",
    "log": "list_edits",
    "log --timeline": "list_decisions.id",
    "log --photos": "list_decisions.id",
    "forget": "forget",
    "forget NAME": "forget.name",
    "inspect": "get_model",
    "inspect --timeline": "get_timeline.id",
    "jobs": "list_jobs",
    "jobs --history": "get_job.id",
    "jobs --cancel": "cancel_job.id",
    "jobs --retry": "retry_job.id",
    "jobs --prefer": "prefer_job.id",
    "jobs --priority": "prefer_job.priority",
    "jobs --all": "list_jobs.state",
}
"""Of the command line -> what the service has for it: "operation" or "operation.parameter"; members are dotted."""

DOWNLOAD = "The service writes nothing beside its project: what is made is the answer."
OF_HERE = "About this machine and its server, for who sits at it: over HTTP it would give power over the machine."
PRINTED = "How the terminal shows it; the answer has all of it."
EXCEPTIONS = {
    "--verbose": PRINTED,
    "serve *": OF_HERE,
    "worker *": OF_HERE,
    "keys *": OF_HERE,
    "keys add *": OF_HERE,
    "keys list *": OF_HERE,
    "keys revoke *": OF_HERE,
    "doctor *": OF_HERE,
    "models *": OF_HERE,
    "models fetch *": OF_HERE,
    "demo *": OF_HERE,
    "* --project": "One server serves one project.",
    "* --model": "One server serves one project, with the model that it has.",
    "* --json": "Every answer is JSON.",
    "* --out": DOWNLOAD,
    "* --force": "For files that would be written over: the service writes over none.",
    "* --follow-references": "Never: a file from elsewhere would choose what the server reads.",
    "identify --csv": "A table of what the answer says as JSON.",
    "identify --only-unknown": PRINTED,
    "identify --looks": PRINTED,
    "identify --no-keep": "Nothing is kept but by keep_photos.",
    **{
        f"identify {option}": "Of photos that are kept, as a set: what archive is served by."
        for option in ("--xmp", "--sort-into", "--links", "--embed", "--beside-originals", "--adobe-names",
                       "--no-unknown")
    },
    "archive --sort-into": DOWNLOAD,
    "archive --links": DOWNLOAD,
    "archive --embed": "Not there yet: copies of photos would have to be made and sent; sidecars have the same names.",
    "archive --beside-originals": "The service writes nothing into the media roots.",
    "scan --cast": "A model for one film alone: train, then scan, with a project of its own where that is wanted.",
    "scan --preset": "A set of settings, and those are the project's.",
    "scan --faces": "Folders to rename by hand; list_crops and get_crop have the pictures, and decide takes the names.",
    "name --faces": "Folders to rename by hand; list_crops and get_crop have the pictures, and decide takes the names.",
    "name --author": "Whose key it is decides: nobody speaks for others.",
    "people --timeline": "Each person says in which films and sets they are: the client takes whom it wants.",
    "people --photos": "Each person says in which films and sets they are: the client takes whom it wants.",
    "evaluate --report": "A page of get_evaluation's numbers with pictures that need the photos where they lie.",
    "forget --yes": "Nobody can be asked: who sends it means it, and it takes the role admin.",
}  # fmt: skip
"""What the service does not do -> why. "command *": whatever it has; "* --option": of every command that has it."""
SETTINGS = {one.option for one in TABLE}
"""They are no words of a single request but the project's: get_settings tells them."""


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Each command with "" and each of its arguments and options."""
    name = " ".join(path)
    yield name, ""
    for one in command.params:
        yield name, one.name.upper() if isinstance(one, click.Argument) and one.name else max(one.opts, key=len)
    if isinstance(command, click.Group):
        context = click.Context(command)
        for each in command.list_commands(context):
            found = command.get_command(context, each)
            assert found is not None
            yield from commands(found, (*path, each))


EVERY = sorted({*commands(cli)} - {("", "")})


@pytest.fixture(scope="module")
def operations() -> dict[str, set[str]]:
    """Operation -> its parameters, and the members of its body, dotted."""
    document = json.loads((Path(__file__).parent / "openapi.json").read_text(encoding="utf-8"))
    found = {}
    for methods in document["paths"].values():
        for one in methods.values():
            bodies = one.get("requestBody", {}).get("content", {}).values()
            found[one["operationId"]] = {parameter["name"] for parameter in one.get("parameters", ())} | {
                member for body in bodies for member in members(document, body["schema"])
            }
    return found


def members(document: dict[str, Any], schema: dict[str, Any]) -> set[str]:
    """What a body of that schema may have in it."""
    if "$ref" in schema:
        return members(document, document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    found = {each for one in (*schema.get("anyOf", ()), *schema.get("allOf", ())) for each in members(document, one)}
    if "items" in schema:
        found |= members(document, schema["items"])
    for name, one in schema.get("properties", {}).items():
        found |= {name, *(f"{name}.{each}" for each in members(document, one))}
    return found


def called(command: str, option: str) -> str:
    """As it stands in the tables."""
    return f"{command} {option}".strip()


def exceptions_of(command: str, option: str) -> list[str]:
    """The rows of the second table that speak of a command or of its option."""
    return [row for row in (called(command, option), f"{command} *", f"* {option}") if row in EXCEPTIONS]


@pytest.mark.parametrize(("command", "option"), EVERY, ids=[called(*one) for one in EVERY])
def test_what_the_command_line_can_do_the_service_can_do(
    command: str, option: str, operations: dict[str, set[str]]
) -> None:
    what = called(command, option)
    if what in SERVED:
        operation, _, parameter = SERVED[what].partition(".")
        assert operation in operations
        assert not parameter or parameter in operations[operation], sorted(operations[operation])
        assert what not in EXCEPTIONS
    else:
        said = option in SETTINGS or exceptions_of(command, option)
        assert said, "say in one of the two tables what becomes of it"


def test_both_tables_speak_of_what_there_is(operations: dict[str, set[str]]) -> None:
    assert not SERVED.keys() - {called(*one) for one in EVERY}
    used = {row for one in EVERY if called(*one) not in SERVED for row in exceptions_of(*one)}
    assert not EXCEPTIONS.keys() - used
    assert "get_settings" in operations


def test_what_is_new_would_be_missed() -> None:
    assert {("scan", "--reel"), ("identify", "PHOTOS"), ("keys add", ""), ("", "--verbose")} <= {*EVERY}
    assert not exceptions_of("scan", "--reel") and not exceptions_of("scan", "--new") and not exceptions_of("new", "")
    assert exceptions_of("keys add", "NAME") and exceptions_of("keys add", "")
