"""What jobs say, for who has no business with where files lie: each file by its own name alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from personae.errors import PersonaeError

_FOLDERS = re.compile(r"""(?<![\w/\\.])(?:[A-Za-z]:[\\/]|/)(?:[^\s"'/\\]+[\\/])+""")
"""The folders of a path from the top on. Where they have spaces they have to be known; see `Folders`."""


class Folders:
    """The folders that what is said about one job may name, with spaces in them too; files in them keep their names."""

    def __init__(self, known: Iterable[str | PurePath]) -> None:
        """`known`: absolute paths; each folder above one is known too."""
        every = {str(one) for path in map(PurePath, known) for one in (path, *path.parents) if one != one.parent}
        self._known = {
            folder: re.compile(rf"(?<![\w/\\.]){re.escape(folder)}(?:[/\\]|(?![\w.-]))")
            for folder in sorted(every, key=len, reverse=True)
        }

    @classmethod
    def of_job(cls, project: Path, what: Mapping[str, Any]) -> Folders:
        """Those of the project and of every path that a job was asked with."""
        return cls([project.absolute(), project.resolve(), *_folders_in(what)])

    def without(self, value: Any) -> Any:
        """A value of JSON types whose texts name files without these folders, and without any that has no spaces."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            return {key: self.without(each) for key, each in value.items()}
        return [self.without(each) for each in value] if isinstance(value, list | tuple) else value

    def _text(self, text: str) -> str:
        for folder, found in self._known.items():
            if folder in text:
                text = found.sub(_end_of, text)
        return _FOLDERS.sub("", text)


def _end_of(found: re.Match[str]) -> str:
    """What is said of a folder: nothing before a file in it, else its name."""
    return "" if found[0].endswith(("/", "\\")) else PurePath(found[0]).name


NONE = Folders(())


def without_paths(error: PersonaeError, folders: Folders = NONE) -> str:
    """What an error says, its files by name."""
    text, path = str(error), getattr(error, "path", None)
    if path:
        text = text.replace(str(path), PurePath(str(path)).name)
    return str(folders.without(text))


def _folders_in(what: Mapping[str, Any]) -> Iterator[str | PurePath]:
    """The folders among what a job was asked with, and those of the files in it."""
    for value in what.values():
        if isinstance(value, str) and PurePath(value).is_absolute():
            yield value
        elif isinstance(value, list):
            yield from {PurePath(one).parent for one in value if isinstance(one, str) and PurePath(one).is_absolute()}
