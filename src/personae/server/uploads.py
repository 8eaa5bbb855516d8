"""Uploads: files of our own naming in the project, gone after the answer, and after a crash at the next start."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fastapi import UploadFile

_FOLDER = "uploads"
_PIECE = 2**20


def folder_of(project: Path) -> Path:
    """Where uploads wait."""
    folder = project / "cache" / _FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def keep(project: Path, files: Sequence[UploadFile]) -> tuple[Path, list[str]]:
    """A folder with the uploaded files, for who deletes it later, and their paths; what they are their content says."""
    folder = Path(tempfile.mkdtemp(dir=folder_of(project)))
    return folder, [_copied(folder, number, file) for number, file in enumerate(files)]


@contextmanager
def kept(project: Path, file: UploadFile) -> Iterator[Path]:
    """One uploaded file while it is needed."""
    folder, (path,) = keep(project, [file])
    try:
        yield Path(path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clear(project: Path, still_wanted: Sequence[str]) -> None:
    """Delete what a crash left; `still_wanted`: the folders that waiting jobs name."""
    for folder in folder_of(project).iterdir():
        if os.fspath(folder) not in still_wanted:
            with contextlib.suppress(OSError):
                shutil.rmtree(folder)


def _copied(folder: Path, number: int, file: UploadFile) -> str:
    path = folder / f"{number:04}.photo"
    with path.open("wb") as out:
        while piece := file.file.read(_PIECE):
            out.write(piece)
    return os.fspath(path)
