"""What a gallery holds, as values: photos, faces, characters, all enrolled faces as arrays. No SQL, no files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import PurePath
from typing import Any, Literal

from personae.types import FloatArray, Quality, Reason


class CharacterId(str):
    """A character's id, where a name would be understood otherwise."""

    __slots__ = ()


class PhotoId(str):
    """A photo's `address`, where a path would be understood otherwise."""

    __slots__ = ()


UNDOABLE = frozenset({"add", "names", "remove", "rename", "merge", "split", "reject", "confirm", "apart"})


@dataclass(frozen=True)
class Character:
    """A known character: an id that never changes, a name that may, and how many enrolled photos there are."""

    id: str
    name: str
    photos: int = 0


@dataclass(frozen=True)
class PhotoRecord:
    """A photo the gallery knows, enrolled or rejected.

    `origin`: the cast folder it came from, None where it was enrolled otherwise; `path`: absolute; `sha256`, `size`
    (bytes), `mtime_ns`: of the file when it was looked at; `faces_found`: how many faces could have been the
    character's; `rules`: the enrolment thresholds it was judged by; `given`: the name it came in under ("": the
    character's), which edits do not change; `withdrawn_by`: the edit that took it out, None while it counts;
    `character_id`: of its character, "" where it is withdrawn or not known yet.
    """

    character: str
    path: str
    look: str | None = None
    origin: str | None = None
    sha256: str = ""
    size: int = 0
    mtime_ns: int = 0
    status: Literal["enrolled", "rejected"] = "rejected"
    reason: Reason | None = None
    detail: str = ""
    faces_found: int = 0
    rules: str = ""
    given: str = ""
    withdrawn_by: int | None = None
    id: int | None = None
    character_id: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Character and path, which no two photos share."""
        return self.character, self.path

    @property
    def address(self) -> PhotoId:
        """What stands for it in addresses: the same after every edit and training, and says nothing of the path."""
        given = f"{self.given or self.character}\0{self.path}"
        return PhotoId(sha256(given.encode("utf-8", "surrogatepass")).hexdigest()[:16])

    def enrolled(self, *, faces_found: int) -> PhotoRecord:
        """This photo with a face that counts."""
        return replace(self, status="enrolled", reason=None, detail="", faces_found=faces_found)

    def rejected(self, reason: Reason, detail: str, *, faces_found: int = 0) -> PhotoRecord:
        """This photo, not to be used, and why."""
        return replace(self, status="rejected", reason=reason, detail=detail, faces_found=faces_found)


@dataclass(frozen=True, eq=False)
class EnrolledFace:
    """The one face of a photo that is the character's: box (4,), landmarks (5, 2) in its pixels, embedding (d,).

    `copies` (k, d): embeddings of its small copies, see `AnalyzedFaces`; `picture`: the bytes of a small JPEG file of
    it; None where none were made.
    """

    box_xyxy: FloatArray
    landmarks_xy: FloatArray
    detection_score: float
    quality: Quality
    embedding: FloatArray
    copies: FloatArray | None = None
    picture: bytes | None = None


@dataclass(frozen=True)
class ShownFace:
    """What people are shown of an enrolled face: its size in pixels, quality 0..1, and a small JPEG file of it.

    `picture`: its bytes, None for faces from before they were kept.
    """

    face_px: float
    quality: float
    picture: bytes | None

    @property
    def digest(self) -> str | None:
        """Of the picture."""
        return None if self.picture is None else sha256(self.picture).hexdigest()[:32]


@dataclass(frozen=True, eq=False)
class Enrolment:
    """All n enrolled faces, sorted by character, look and path: the same whatever order they came in.

    `embeddings` (n, d) float32, `face_px` and `quality` (n,) float32; `copies` (n, k, d) float32, zero where there are
    none; `performers`: character -> who plays it, where declared; the rest lists of n.
    """

    embeddings: FloatArray
    characters: list[str]
    looks: list[str | None]
    paths: list[str]
    photo_ids: list[int]
    face_px: FloatArray
    quality: FloatArray
    copies: FloatArray
    performers: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.characters)

    def person_of(self, character: str) -> tuple[bool, str]:
        """Who plays a character, one value per person: (True, performer), or (False, character) if none is declared."""
        performer = self.performers.get(character)
        return (False, character) if performer is None else (True, performer)

    @property
    def persons(self) -> list[tuple[bool, str]]:
        """(n) whose face each is; see `person_of`."""
        return [self.person_of(character) for character in self.characters]

    def __getitem__(self, rows: Sequence[int]) -> Enrolment:
        """Those rows, in that order."""
        keep = list(rows)
        return Enrolment(
            self.embeddings[keep],
            [self.characters[i] for i in keep],
            [self.looks[i] for i in keep],
            [self.paths[i] for i in keep],
            [self.photo_ids[i] for i in keep],
            self.face_px[keep],
            self.quality[keep],
            self.copies[keep],
            self.performers,
        )


@dataclass(frozen=True, eq=False)
class Negative:
    """A face that is not `character`'s, by a person's word: embedding (d,), size in pixels, and its photo."""

    character: str
    path: str
    face_px: float
    embedding: FloatArray


@dataclass(frozen=True)
class Change:
    """A photo that an edit moved: `before` and `after` are characters, None where it belongs to nobody."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Edit:
    """One entry of the log. `time` in UTC; `undone_by`: the entry that undid it, None while it holds."""

    id: int
    time: str
    action: str
    detail: dict[str, Any] = field(default_factory=dict)
    undone_by: int | None = None

    @property
    def undoable(self) -> bool:
        """Whether `undo` can take it back."""
        return self.action in UNDOABLE and self.undone_by is None


_COPY_OF = "a copy of "


def copy_of(path: str) -> str:
    """The detail of a photo that is rejected as a copy of the one at `path`."""
    return _COPY_OF + path


def without_paths(path: str, detail: str) -> str:
    """The detail of the photo at `path`, in which files are called by their names alone."""
    if detail.startswith(_COPY_OF):
        return copy_of(PurePath(detail.removeprefix(_COPY_OF)).name)
    return detail.replace(path, PurePath(path).name)


def as_rows(changes: Iterable[Change]) -> list[list[str | None]]:
    """Changes as the log keeps them: [path, before, after]."""
    return [[change.path, change.before, change.after] for change in changes]
