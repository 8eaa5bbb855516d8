"""What jobs say, for who has no business with where files lie: each file by its own name alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from personae.errors import PersonaeError
from personae.jobs.uploaded import folder_of

_FOLDERS = re.compile(r"""(?<![\w/\\.])(?:[A-Za-z]:[\\/]|/)(?:[^\s"'/\\]+[\\/])+""")
"""The folders of a path from the top on. Where they have spaces they have to be known; see `Folders`."""


class Folders:
    """The folders that what is said about one job may name, with spaces in them too; files in them keep their names."""

    def __init__(self, known: Iterable[str | PurePath], project: Path | None = None) -> None:
        """`known`: absolute paths; each folder above one is known too. `project`: its folders of uploads are."""
        every = {str(one) for path in map(PurePath, known) for one in (path, *path.parents) if one != one.parent}
        self._uploads = None if project is None else _uploads_of(project)
        self._known = {
            folder: re.compile(rf"(?<![\w/\\.]){re.escape(folder)}(?:[/\\]|(?![\w.-]))")
            for folder in sorted(every, key=len, reverse=True)
        }

    @classmethod
    def of_job(cls, project: Path, what: Mapping[str, Any]) -> Folders:
        """Those of the project and of every path that a job was asked with."""
        return cls([project.absolute(), project.resolve(), *_folders_in(what)], project)

    def without(self, value: Any) -> Any:
        """A value of JSON types whose texts name files without these folders, and without any that has no spaces."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            return {key: self.without(each) for key, each in value.items()}
        return [self.without(each) for each in value] if isinstance(value, list | tuple) else value

    def _text(self, text: str) -> str:
        if self._uploads is not None:
            text = self._uploads.sub("", text)
        for folder, found in self._known.items():
            if folder in text:
                text = found.sub(_end_of, text)
        return _FOLDERS.sub("", text)


def _uploads_of(project: Path) -> re.Pattern[str]:
    """The folders that were made for uploads, those of earlier jobs too."""
    every = {str(folder_of(each)) for each in (project.absolute(), project.resolve())}
    return re.compile(rf"(?:{'|'.join(map(re.escape, sorted(every)))})[/\\][^/\\]+[/\\]")


def _end_of(found: re.Match[str]) -> str:
    """What is said of a folder: nothing before a file in it, else its name."""
    return "" if found[0].endswith(("/", "\\")) else PurePath(found[0]).name


NONE = Folders(())


def without_paths(error: PersonaeError, folders: Folders = NONE) -> str:
    """What an error says, its files by name."""
    paths = [str(path) for path in (getattr(error, "path", None), *getattr(error, "paths", ())) if path]
    return str(folders.without(by_names(str(error), paths)))


def by_names(text: str, paths: Iterable[str]) -> str:
    """A text in which each of these files is called by its name alone."""
    if "/" in text or "\\" in text:
        for path in sorted({*paths}, key=len, reverse=True):
            text = text.replace(path, PurePath(path).name)
    return text


def _folders_in(what: Mapping[str, Any]) -> Iterator[str | PurePath]:
    """The folders among what a job was asked with, and those of the files in it."""
    for value in what.values():
        if isinstance(value, str) and PurePath(value).is_absolute():
            yield value
        elif isinstance(value, list):
            yield from {PurePath(one).parent for one in value if isinstance(one, str) and PurePath(one).is_absolute()}
