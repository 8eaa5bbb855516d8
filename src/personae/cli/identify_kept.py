"""What `personae identify --keep` says: whom it named while it looks, and everybody once all are grouped."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import TYPE_CHECKING

from personae.cli.console import say, show, table
from personae.hints import command
from personae.names import is_unknown_name, unknown_name, unknown_number
from personae.types import count_of

if TYPE_CHECKING:
    from personae.films.photo_set import PhotoSet
    from personae.films.photo_sets import Keeping
    from personae.recognition.identification import IdentifiedPicture

_LISTED = 30
"""So many people are listed; `personae people` lists all."""


def finish(keeping: Keeping | None, *, err: bool) -> None:
    """Keep what was seen; say what is kept, where, and how it goes again."""
    if keeping is None:
        return
    kept = keeping.finish()
    faces = kept.faces
    unknown = Counter(face.unknown for face in faces if face.unknown is not None and not face.stranger)
    say(f"Kept as {kept.name!r} in {kept.folder}: {count_of(len(faces), 'face')} of "
        f"{count_of(len(kept.photos), 'photo')} with their embeddings.", err=err)  # fmt: skip
    if not err:
        print_kept(kept)
    if unknown:
        people = count_of(len(unknown), "unknown person", "unknown people")
        first = sorted(unknown.items(), key=lambda one: (-one[1], one[0]))[:3]
        most = ", ".join(f"{unknown_name(number)} with {count_of(count, 'face')}" for number, count in first)
        call = command(f"name --photos {shlex.quote(kept.name)}")
        say(f"{people} in {count_of(len(kept.photos), 'photo')}, most often {most}. Name them: {call}", err=err)
    say(f"To take a person out: {command('forget NAME')}; to keep nothing, delete that folder.", err=err)
    for note in kept.notes:
        say(f"personae: {note}", err=True)


def print_named(picture: IdentifiedPicture) -> None:
    """A line for a picture on which somebody has a name; who has none is listed once all are grouped."""
    named = [identity.match.character for identity in picture.identities if identity.match is not None]
    unknown = len(picture.identities) - len(named)
    if named and picture.error is None:
        say(f"{picture.path}  {', '.join([*named, *([f'{unknown} unknown'] if unknown else [])])}")


def print_kept(kept: PhotoSet) -> None:
    """A table of who is how often in how many of the kept photos, with the unknown people that the faces made."""
    faces = Counter(face.name for photo in kept.photos for face in photo.faces if face.name)
    photos = Counter(name for photo in kept.photos for name in {face.name for face in photo.faces if face.name})
    order = sorted(faces, key=lambda name: (is_unknown_name(name), -faces[name], unknown_number(name) or 0, name))
    rows = table("who", "faces>", "photos>")
    for name in order[:_LISTED]:
        rows.add_row(name, str(faces[name]), str(photos[name]))
    if order:
        show(rows)
    if len(order) > _LISTED:
        say(f"and {len(order) - _LISTED} more, each with who they may be: {command('people')}")
