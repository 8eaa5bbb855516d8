"""The dialogue of `personae name`: one person after the other, on a terminal or from a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from personae.cli.console import say
from personae.hints import command
from personae.names import shown
from personae.types import count_of, seconds_text

if TYPE_CHECKING:
    from personae.films.media import Media, Medium
    from personae.films.naming import Naming, Question, Told
    from personae.films.people import Part
    from personae.project.session import Project

_PROMPT = "> "


def ask_for_names(
    opened: Project, media: Media, only: Sequence[Medium], author: str, *, learn: bool, yes: bool
) -> None:
    """Ask about everybody without a name, take the answers from standard input, and say what became of it."""
    from personae.films.naming import Naming

    in_step = not sys.stdin.isatty()
    naming = Naming(
        opened.people, media, list(only) or None, list(opened.cast.characters()),
        by=author, learn=learn, agree=yes, in_step=in_step,
    )  # fmt: skip
    if naming.question is None:
        say(_nobody(opened, only, media))
        return
    count = len(naming.left)
    say(f"{_people(count)} without a name, most face time first. .? shows the keys, .q ends.")
    try:
        with _completion(naming):
            _converse(naming, count)
    finally:
        naming.people.close()
    _sum_up(naming)


def _converse(naming: Naming, count: int) -> None:
    asked = None
    while True:
        question = naming.question
        if question is not None and question.person != asked and not question.asks:
            _show(question, naming, count)
        elif question is None and (naming.is_over or not naming.said):
            return
        elif question is None and not naming.in_step:
            say("Nobody is left to be asked. Enter ends, .u takes the last answer back.")
        asked = None if question is None else question.person
        line = _read(_PROMPT)
        if line is None:
            told = naming.end()
            if told is not None:
                _tell(told)
            return
        if question is None and line.strip().casefold() not in (".u", ".?"):
            return
        told = naming.answer(line)
        _tell(told)
        if told.kind in ("asked", "undone"):
            asked = None


def _tell(told: Told) -> None:
    for line in told.lines:
        say(f"  {line}" if told.kind == "help" else line, err=told.kind == "error")


def _show(question: Question, naming: Naming, count: int) -> None:
    person = question.person
    say()
    at = count - len([one for one in naming.left if not naming.is_put_off(one)]) + 1
    say(f"{min(max(at, 1), count)} of {count}  {', '.join(_where(part) for part in person.parts)}")
    if person.picture is not None:
        face = next((part.face for part in person.parts if part.picture == person.picture), None)
        say(f"  {_relative(person.picture)}{'' if face is None else f', face {face} from the left'}")
    if person.choices:
        say("  " + "  ".join(_suggested(number, one.name, one.probability, one is question.taken)
                             for number, one in enumerate(person.choices[:9], 1)))  # fmt: skip


def _suggested(number: int, name: str, probability: float, is_taken: bool) -> str:
    text = f"{number} {name} {f'{probability:.2f}'.removeprefix('0')}"
    return f"[{text}]" if is_taken else text


def _where(part: Part) -> str:
    faces = count_of(part.faces, "face" if part.kind == "photos" else "appearance")
    time = f", {seconds_text(part.face_time_s)} of face" if part.face_time_s else ""
    return f"{part.name}: {faces}{time}"


def _relative(path: Path) -> str:
    """A path as short as it can be typed here."""
    here = os.path.relpath(path)
    return here if len(here) < len(str(path)) else str(path)


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def _nobody(opened: Project, only: Sequence[Medium], media: Media) -> str:
    if only:
        return f"Nobody in {', '.join(medium.name for medium in only)} is without a name."
    if not any(True for _ in media):
        return f"There is no film and no set of photos yet. Begin with: {command('scan FILM')}"
    return "Everybody has a name, or was set aside."


def _sum_up(naming: Naming) -> None:
    import shlex

    from personae.films.film import StoredFilm
    from personae.films.photo_set import PhotoSet

    say()
    for line in naming.said:
        say(line)
    said = "Nothing was said." if not naming.said else f"{count_of(len(naming.said), 'answer')} kept."
    taught = f" {count_of(naming.learnt, 'face')} added to the cast." if naming.learnt else ""
    left = len(naming.left)
    say(f"{said}{taught} {_people(left)} left: {command('name')}" if left else f"{said}{taught} Nobody is left.")
    films = [medium.path for medium in naming.touched if isinstance(medium, StoredFilm)]
    if not naming.said:
        return
    say(f"Take the last answer back: {command('name --undo')}")
    if films:
        listed = " ".join(shlex.quote(_relative(path)) for path in films)
        if naming.learnt and left:  # everybody has a name otherwise
            say(f"Look for those you named among who is left: {command(f'relabel {listed}')}")
        say(f"Look at it as a page: {command(f'report {listed}')}")
        say(f"For editing programs: {command(f'export {shlex.quote(_relative(films[0]))} -o film.edl')}")
    for photos in (medium for medium in naming.touched if isinstance(medium, PhotoSet)):
        archive = command(f"archive {shlex.quote(photos.name)} --sort-into DIR")
        say(f"For archives, a folder per person or XMP sidecars: {archive}")


def _read(prompt: str) -> str | None:
    """The next line of standard input; None at its end. A terminal gets the prompt, with editing and completion."""
    if sys.stdin.isatty():
        try:
            return input(prompt)
        except EOFError:
            say()
            return None
    line = sys.stdin.readline()
    return line.rstrip("\r\n") if line else None


@contextmanager
def _completion(naming: Naming) -> Iterator[None]:
    """While it lasts, Tab completes names on a terminal, where the system has readline."""
    try:
        import readline
    except ImportError:  # Windows
        yield
        return
    if not sys.stdin.isatty():
        yield
        return
    before = readline.get_completer(), readline.get_completer_delims()

    def complete(text: str, state: int) -> str | None:
        fitting = [shown(name) for name in naming.completions() if name.casefold().startswith(text.casefold())]
        return fitting[state] if state < len(fitting) else None

    readline.set_completer(complete)
    readline.set_completer_delims("\n")  # names hold spaces: what was typed is completed as a whole
    is_libedit = "libedit" in (readline.__doc__ or "")  # macOS: it names its keys otherwise
    readline.parse_and_bind("bind ^I rl_complete" if is_libedit else "tab: complete")
    try:
        yield
    finally:
        readline.set_completer(before[0])
        readline.set_completer_delims(before[1])
