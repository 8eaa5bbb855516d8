"""`personae name`: tell a scanned film who somebody is."""

from __future__ import annotations

from pathlib import Path

import click

from personae import hints
from personae.cli.console import say
from personae.cli.options import project_option, settings_from
from personae.types import count_of

_TAKEN_BACK = {
    "name": "is {}".format,
    "right": "is {}".format,
    "wrong": "is not {}".format,
    "alive": "{} is alive".format,
    "depicted": "{} is on a picture".format,
}


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
@click.option("--alive", is_flag=True, help="WHO is alive: no picture in the picture, and counted.")
@click.option("--depicted", is_flag=True, help="WHO is on a picture in the picture (a poster, a screen): not counted.")
@click.option("--undo", "take_back", is_flag=True, help="Take back the last decision.")
@click.option("--learn", is_flag=True, help="Add the best of these faces to the gallery of the film's project.")
@click.option("--author", default="", metavar="NAME", help="Who decides.")
@project_option
def name(
    who: str | None,
    name: str | None,
    timeline: Path,
    wrong: bool,
    alive: bool,
    depicted: bool,
    take_back: bool,
    learn: bool,
    author: str,
    project: Path | None,
) -> None:
    """Say that WHO is NAME: personae name "Unknown 2" "Monica" --timeline out/film.timeline.json.

    WHO is a name in the timeline, or the number of one appearance. NAME is a character, another unknown person (the
    two become one), or "new". What is decided here outranks the model and survives scanning again. Whom you name counts
    as alive; what is a picture in the picture all the same is said with --depicted.
    """
    from personae.films import naming
    from personae.project.completion import settle_project_of
    from personae.timeline.depicted import left_out

    settle_project_of(timeline)
    project = project or naming.project_of(timeline)
    settings = settings_from(project, {})
    if take_back:
        if who is not None or wrong or alive or depicted or learn:
            raise click.UsageError("--undo stands alone.")
        _, last = naming.undo(timeline, settings=settings)
        say("nothing to take back" if last is None else f"taken back: {_TAKEN_BACK[last.decision](last.name)}")
        return
    if who is None or [name is not None, wrong, alive, depicted].count(True) != 1:
        raise click.UsageError("Give WHO and NAME, or WHO and --wrong, --alive or --depicted, or --undo.")
    subject = f"appearance {who}" if who.isdigit() else who
    if alive or depicted:
        marked = naming.mark_depicted(timeline, who, depicted, author=author, settings=settings)
        say(f"{subject} is {'on a picture: not counted' if depicted else 'alive: counted'}")
        for line in left_out(marked):
            say(line)
        return
    named = naming.name_person(timeline, who, name, author=author, settings=settings)
    own = sum(one.decided_by == "person" for one in named.appearances)
    said = {None: "is somebody else", "new": "is an unknown person of their own"}.get(name, f"is {name}")
    say(f"{subject} {said}; {count_of(own, 'appearance')} decided by a person")
    if learn and name is not None:
        from personae.project.recognizer import CharacterRecognizer

        recognizer = CharacterRecognizer(project, settings=settings)
        added = naming.learn(timeline, name, recognizer.cast)
        say(f"{count_of(added, 'face')} of {name} added to {recognizer.project.gallery}")
        hints.use(project=recognizer.project.folder)
        say(f"Take that back with: {hints.command('undo')}")
