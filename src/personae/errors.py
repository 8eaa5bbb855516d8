"""Every error Personae raises on purpose; each message says what to do next.

PersonaeError
├── InputError (also ValueError)          what was given cannot be used
│   ├── SettingError                      a setting is unknown or out of its range   .path
│   ├── CastError                         no cast: folder missing, empty, or no usable photo in it
│   ├── PhotoError                        one picture cannot be read            .path .reason
│   ├── FilmError                         one film cannot be read               .path .reason
│   ├── EmbeddingError                    NaN, zero or of the wrong length
│   ├── UnknownCharacterError             no character of that name in the cast
│   ├── UnknownFilmError                  no film of that name in the project
│   ├── ChangedMeanwhileError             others decided about the same people  .decisions .position
│   ├── UnknownPhotoSetError              no set of photos of that name in the project
│   └── LimitError                        a limit of the service is reached: ask again later
├── EmbedderMismatchError                 two embedders' vectors would be mixed .expected .found
├── StoreError                            a file of the project
│   ├── ModelNotFoundError                nothing trained and nothing enrolled here
│   ├── DamagedFileError                  fails its checksum or its format      .path
│   ├── TooNewError                       written by a newer Personae           .path
│   ├── ForeignFileError                  is not a file of ours                 .path
│   ├── WriteError                        disk full, read-only, no permission   .path
│   ├── ProjectBusyError                  another process is writing            .path
│   └── SupersededError                   a later worker does the same job
├── WeightsError                          a network's file is missing or its digest is wrong
└── MissingExtraError                     a named backend is not installed; names the packages to install
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any


class PersonaeError(Exception):
    """Base of the tree: catch this to catch everything Personae raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        """As it is, without calling the constructor again: errors come back from worker processes."""
        return _rebuilt, (type(self), self.args, self.__dict__)

    @property
    def lines(self) -> tuple[str, ...]:
        """The message, and what it lists, a text each: a line break within one is part of a name."""
        return (str(self),)


def _rebuilt(kind: type[PersonaeError], arguments: tuple[Any, ...], facts: dict[str, Any]) -> PersonaeError:
    error = kind.__new__(kind, *arguments)
    error.args = arguments
    error.__dict__.update(facts)
    return error


class InputError(PersonaeError, ValueError):
    """What was given cannot be used."""


class SettingError(InputError):
    """A setting is unknown or out of its range. `path`: the settings file that says so, else empty."""

    def __init__(self, message: str, path: str | Path = "") -> None:
        super().__init__(message)
        self.path = str(path)


class CastError(InputError):
    """A folder holds no cast: it is missing, empty, or has no usable photo.

    `listed`: what the message ends with; `paths`: those of files that it names.
    """

    def __init__(self, message: str, listed: Iterable[str] = (), *, paths: Iterable[str] = ()) -> None:
        self._lines = (message, *listed)
        self.paths = tuple(paths)
        super().__init__("\n  ".join(self._lines))

    @property
    def lines(self) -> tuple[str, ...]:
        """The message, and what it lists, a text each."""
        return self._lines


class PhotoError(InputError):
    """A picture cannot be read."""

    def __init__(self, path: str | Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = str(path)
        self.reason = reason


class FilmError(InputError):
    """A film cannot be read."""

    def __init__(self, path: str | Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = str(path)
        self.reason = reason


class EmbeddingError(InputError):
    """An embedding is NaN, zero or of the wrong length."""


class UnknownCharacterError(InputError):
    """No character of that name is in the cast."""


class UnknownFilmError(InputError):
    """No film of that name in the project."""


class UnknownPhotoSetError(InputError):
    """No set of photos of that name in the project."""


class ChangedMeanwhileError(InputError):
    """Others decided about the same people after the place in the journal that a decision was made on.

    `decisions`: what they said, oldest first; `position`: how many decisions the journal holds now; `medium`: the film
    or set of photos, where several were decided about.
    """

    def __init__(self, decisions: Sequence[Any], position: int) -> None:
        super().__init__("Somebody else has decided about the same people meanwhile. Look again, and decide then.")
        self.decisions = tuple(decisions)
        self.position = position
        self.medium: Any = None


class LimitError(InputError):
    """A limit of the service is reached: the same may be asked for again later."""


class EmbedderMismatchError(PersonaeError):
    """Vectors of two embedders would be mixed; they cannot be compared."""

    def __init__(self, expected: str, found: str, *, where: str) -> None:
        super().__init__(
            f"{where} was made with the embedder {expected}, but {found} is in use. "
            "Use the same embedder, or train again with --fresh."
        )
        self.expected = expected
        self.found = found


class StoreError(PersonaeError):
    """Something is wrong with a file of the project."""

    def __init__(self, path: str | Path, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = str(path)


class ModelNotFoundError(StoreError):
    """There is neither a trained model nor an enrolled face."""


class DamagedFileError(StoreError):
    """A file fails its checksum or breaks its format."""


class TooNewError(StoreError):
    """A file was written by a newer version of Personae."""


class ForeignFileError(StoreError):
    """A file at this path is not one of ours, and is left alone."""


class WriteError(StoreError):
    """A file cannot be written: disk full, read-only, or no permission."""


class ProjectBusyError(StoreError):
    """Another process is writing to the project."""


class SupersededError(StoreError):
    """A later worker has begun to commit the same job; what an earlier one made is not written."""


class WeightsError(PersonaeError):
    """A network's file is missing or its digest is wrong."""


EXTRAS = {
    "cluster": "distributed 'psycopg[binary]' sqlalchemy",
    "demo": "scikit-image matplotlib",
    "heic": "pillow-heif",
    "server": "fastapi uvicorn python-multipart sqlalchemy prometheus-client",
    "sklearn": "scikit-learn",
}
"""Extra -> the packages it stands for. Messages name these: they can be installed wherever Personae came from."""


class MissingExtraError(PersonaeError):
    """A backend asked for by name is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} is not installed. Install it with: pip install {EXTRAS.get(extra, extra)}")
        self.extra = extra


def reason_of(error: BaseException) -> str:
    """What another library or the system says in one line, without the number and the path that an OSError adds."""
    text = str(getattr(error, "strerror", None) or error).strip() or type(error).__name__
    return text.splitlines()[0][:200]


NO_MEMORY = "there is not enough memory"
_NO_MEMORY = (
    "failed to allocate memory", "bad_alloc", "bad allocation", "insufficient memory", "cannot allocate memory",
    "failed to map segment", "can't start new thread", "error return without exception set",
)  # fmt: skip
_CV2_NO_MEMORY = -4


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out: libraries have other names for it (OpenCV, onnxruntime, an import that fails)."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:  # an error that is raised again may be its own cause
        chain.append(link)
        link = link.__cause__ or link.__context__
    return any(_says_no_memory(each) for each in chain)


def _says_no_memory(error: BaseException) -> bool:
    if isinstance(error, PersonaeError):
        return False
    in_opencv = type(error).__module__ == "cv2" and getattr(error, "code", None) == _CV2_NO_MEMORY
    by_number = isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM
    return in_opencv or by_number or any(said in str(error).lower() for said in _NO_MEMORY)


CODES: tuple[tuple[type[PersonaeError], str], ...] = (
    (UnknownCharacterError, "unknown-character"),
    (UnknownFilmError, "unknown-film"),
    (UnknownPhotoSetError, "unknown-photo-set"),
    (LimitError, "too-many"),
    (ModelNotFoundError, "not-trained"),
    (EmbedderMismatchError, "embedder-mismatch"),
    (ProjectBusyError, "busy"),
    (WriteError, "cannot-write"),
    (FilmError, "film"),
    (PhotoError, "photo"),
    (InputError, "input"),
    (MissingExtraError, "missing-extra"),
    (StoreError, "store"),
    (PersonaeError, "error"),
)
"""A stable code for programs, of the first kind that fits."""


def code_of(error: PersonaeError) -> str:
    """The code of an error, for programs."""
    return next(code for kind, code in CODES if isinstance(error, kind))
