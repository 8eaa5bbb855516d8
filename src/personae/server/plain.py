"""Sentences of the session without the folders of this machine in them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from personae.jobs.sentences import by_names
from personae.names import readable


def file_of(path: str) -> str:
    """What a file is called, as text for people; where it lies is nobody's business."""
    return readable(PurePath(path).name)


def without_folders(text: str, paths: Iterable[str]) -> str:
    """A sentence in which each of these files is called by its name alone."""
    return readable(by_names(text, paths))
