"""`personae name`: tell a scanned film who somebody is."""

from __future__ import annotations

from pathlib import Path

import click

from personae import hints
from personae.cli.console import say
from personae.cli.options import project_option, settings_from
from personae.types import count_of


@click.command()
@click.argument("who", required=False)
@click.argument("name", required=False)
@click.option(
    "--timeline",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The film's timeline.",
)
@click.option("--wrong", is_flag=True, help="WHO is not who it says.")
@click.option("--undo", "take_back", is_flag=True, help="Take back the last decision.")
@click.option("--learn", is_flag=True, help="Add the best of these faces to the gallery of the film's project.")
@click.option("--author", default="", metavar="NAME", help="Who decides.")
@project_option
def name(
    who: str | None,
    name: str | None,
    timeline: Path,
    wrong: bool,
    take_back: bool,
    learn: bool,
    author: str,
    project: Path | None,
) -> None:
    """Say that WHO is NAME: personae name "Unknown 2" "Monica" --timeline out/film.timeline.json.

    WHO is a name in the timeline, or the number of one appearance. NAME is a character, another unknown person (the
    two become one), or "new". What is decided here outranks the model and survives scanning again.
    """
    from personae import naming

    project = project or naming.project_of(timeline)
    settings = settings_from(project, {})
    if take_back:
        if who is not None or wrong or learn:
            raise click.UsageError("--undo stands alone.")
        _, last = naming.undo(timeline, settings=settings)
        verbs = {"name": "is", "right": "is", "wrong": "is not"}
        say("nothing to take back" if last is None else f"taken back: {verbs[last.decision]} {last.name}")
        return
    if who is None or (name is None) != wrong:
        raise click.UsageError("Give WHO and NAME, or WHO and --wrong, or --undo.")
    named = naming.name_person(timeline, who, name, author=author, settings=settings)
    own = sum(one.decided_by == "person" for one in named.appearances)
    said = {None: "is somebody else", "new": "is an unknown person of their own"}.get(name, f"is {name}")
    subject = f"appearance {who}" if who.isdigit() else who
    say(f"{subject} {said}; {count_of(own, 'appearance')} decided by a person")
    if learn and name is not None:
        from personae.recognition.recognizer import CharacterRecognizer

        recognizer = CharacterRecognizer(project, settings=settings)
        added = naming.learn(timeline, name, recognizer)
        say(f"{count_of(added, 'face')} of {name} added to {recognizer.project.gallery}")
        hints.use(project=recognizer.project.folder)
        say(f"Take that back with: {hints.command('undo')}")
