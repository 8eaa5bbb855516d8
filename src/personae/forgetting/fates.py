"""What becomes of a file that Personae wrote outside the project when somebody in it is forgotten, by its kind."""

from __future__ import annotations

from typing import Literal

Fate = Literal["clean", "delete", "list"]

FATES: dict[str, tuple[Fate, str]] = {
    "identify": ("clean", "It is JSON of ours: the person's faces are taken out, and the others' stay."),
    "evaluation": ("clean", "It is JSON of ours: the person's rows are taken out, and the others' stay."),
    "report": ("delete", "It shows faces and names, and is made anew from the timeline by one command."),
    "sheet": ("delete", "It shows faces and names, and is made anew from the timeline by one command."),
    "overview": ("delete", "It shows faces and names, and is made anew from the timelines by one command."),
    "evaluation report": ("delete", "Its pictures and sentences name the person, and one command makes it anew."),
    "annotated photo": ("delete", "Name and frame are burnt into it; it is a copy, and one command makes it anew."),
    "annotated film": ("delete", "Names and frames are burnt into it; it is a copy, and one command makes it anew."),
    "sidecar": ("clean", "What it says of the person goes; other people, and what other programs say, stay."),
    "sorted sidecar": ("clean", "It goes with the photo in the person's own folder; elsewhere it is cleaned."),
    "sorted photo": ("delete", "In the person's own folder: it is a copy, and the photo is where it was."),
    "sorted photo with names": ("clean", "In the person's own folder it is deleted; elsewhere it loses their name."),
    "photo link": ("delete", "In the person's own folder: the link goes, and the photo is where it was."),
    "stringout": ("list", "It is cut for an editing program or to be watched, and others may build on it."),
}
"""Kind -> what becomes of it while it is as we wrote it, and why. Any other kind is an export: see `fate_of`."""


def fate_of(kind: str) -> Fate:
    """What becomes of a file of that kind.

    Exports are listed: they are for other programs, whose projects point to them. So is what was written by a plug-in.
    """
    return FATES[kind][0] if kind in FATES else "list"


def is_burnt_in(path: str, kind: str) -> bool:
    """Whether a file is a picture or a film, in which no search finds a name."""
    return kind in ("annotated photo", "annotated film") or (kind == "stringout" and path.lower().endswith(".mp4"))
