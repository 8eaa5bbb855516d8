"""Uploads: files of our own naming in the project, gone after the answer, and after a crash at the next start.

What they are called is never used: what they are their content says. People read of "photo 3", the third that was sent.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fastapi import UploadFile

from personae.files import write_error
from personae.jobs.job import Job
from personae.jobs.table import JobTable
from personae.jobs.uploaded import UPLOADED, folder_of, name_of

_PIECE = 2**20


def for_job(project: Path, files: Sequence[UploadFile], ask: Callable[[str, list[str]], Job]) -> Job:
    """Keep uploaded files for the job that `ask` asks for, with their folder (as UPLOADED in its `what`) and paths.

    They go when the job has ended, or now, where it was not made: too many wait, or the request had made one before.
    """
    folder, paths = keep(project, files)
    job = None
    try:
        job = ask(os.fspath(folder), paths)
    finally:
        if job is None or job.what.get(UPLOADED) != os.fspath(folder):
            shutil.rmtree(folder, ignore_errors=True)
    return job


def keep(project: Path, files: Sequence[UploadFile]) -> tuple[Path, list[str]]:
    """A folder with the uploaded files, for who deletes it later, and their paths; WriteError on a full disk."""
    every = folder_of(project)
    try:
        every.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = Path(tempfile.mkdtemp(dir=every))
    except OSError as error:
        raise write_error(every, error) from None
    try:
        return folder, [_copied(folder, number, file) for number, file in enumerate(files, 1)]
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise write_error(every, error) from None
        raise


@contextmanager
def kept(project: Path, file: UploadFile) -> Iterator[Path]:
    """One uploaded file while it is needed."""
    folder, (path,) = keep(project, [file])
    try:
        yield Path(path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clear(project: Path, jobs: JobTable) -> None:
    """Delete what a crash left, at the start: all but what jobs wait for."""
    wanted = {job.what.get(UPLOADED) for job in jobs.open()}
    if folder_of(project).is_dir():
        for folder in folder_of(project).iterdir():
            if os.fspath(folder) not in wanted:
                shutil.rmtree(folder, ignore_errors=True)


def _copied(folder: Path, number: int, file: UploadFile) -> str:
    path = folder / name_of(number)
    with path.open("wb") as out:
        while piece := file.file.read(_PIECE):
            out.write(piece)
    return os.fspath(path)
