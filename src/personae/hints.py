"""Commands that messages advise, as they have to be typed here: with the project and the model that are in use.

The command line says what it was given (`use`); for the library nothing is added.
"""

from __future__ import annotations

import os
from contextvars import ContextVar
from pathlib import Path

WITH_MODEL = frozenset(
    {"train", "identify", "scan", "add", "remove", "rename", "merge", "split", "reject", "undo", "forget", "inspect"}
)
"""Commands that take --model."""
WITH_PROJECT = WITH_MODEL | {
    "people", "name", "evaluate", "tune", "calibrate", "log", "relabel", "report", "export", "select", "archive",
    "serve", "keys", "jobs",
}  # fmt: skip
"""Commands that take --project."""

_USED: ContextVar[dict[str, str]] = ContextVar("personae_used", default={})  # noqa: B039 - never changed, only replaced


def use(*, project: str | Path | None = None, model: str | Path | None = None) -> None:
    """From now on commands are advised with this project and model; None: the ones that are used anyway."""
    given = {"--project": project, "--model": model}
    _USED.set({option: os.fspath(path) for option, path in given.items() if path is not None})


def add(option: str, path: str | Path) -> None:
    """From now on commands that take it are advised with `option` ("--project" or "--model") too."""
    _USED.set({**_USED.get(), option: os.fspath(path)})


def command(words: str) -> str:
    """`personae WORDS`, with the project and model in use where the command takes them; `words`: quoted already."""
    import shlex  # here and below: what no message needs costs a start nothing

    name = words.split(maxsplit=1)[0]
    takes = {"--project": name in WITH_PROJECT, "--model": name in WITH_MODEL}
    added = [f"{option} {shlex.quote(path)}" for option, path in _USED.get().items() if takes[option]]
    return " ".join(("personae", words, *added))


def quoted(text: str) -> str:
    """A name in a command, in quotes also where a shell needs none, so that it stands out."""
    import shlex

    safe = shlex.quote(text)
    return f"'{text}'" if safe == text else safe
