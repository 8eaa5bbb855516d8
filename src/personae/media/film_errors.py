"""Whatever a library raises while it reads a film is that film's failure, and is said in a sentence."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from personae.errors import FilmError, PersonaeError, is_out_of_memory

logger = logging.getLogger(__name__)


@contextmanager
def as_film_error(path: str | Path) -> Iterator[None]:
    """What is raised inside comes out as FilmError, with what the library said; our own errors pass as they are.

    A damaged film makes decoders and converters fail in ways that nobody lists: every kind of exception is meant.
    """
    try:
        yield
    except (PersonaeError, BrokenPipeError):  # a pipe breaks where somebody stopped to listen, not in the film
        raise
    except Exception as error:
        logger.info("%s", path, exc_info=True)
        raise FilmError(path, _reason(error)) from error


def _reason(error: Exception) -> str:
    detail = " ".join(str(error).split())[:200] or type(error).__name__
    if is_out_of_memory(error):
        return "there is not enough memory for its pictures. Close other programs, or make a smaller copy of it."
    return (
        f"it cannot be read ({detail.rstrip('.')}). It is damaged, or of an unusual kind: copy it again, or convert it."
    )
