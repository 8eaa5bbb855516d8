"""The journal of a film or a set of photos, `*.decisions.jsonl`: a header line, then a decision a line, in order.

A decision is durable once it is appended. A kill in the middle of an append leaves nothing of it: what is not complete
is left out when the file is read, and cut off by the next append. `film.edits.json` of earlier versions is read as it
is, and becomes a part of the journal with the first append.

Whoever appends holds the lock of the film or set.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from personae.checks import Fields, MisfitError, parsed
from personae.errors import DamagedFileError, ForeignFileError, InputError, StoreError, TooNewError
from personae.files import Stamp, append_durably, read_whole, shred, stamp_of, write_whole
from personae.films.film_files import FilmFiles
from personae.films.photo_files import PhotoFiles
from personae.media.film import Video
from personae.names import readable
from personae.timeline.decision_rows import (
    OLD_SCHEMA,
    SCHEMA,
    UnknownKindError,
    decision_of,
    old_decisions,
    row_of,
)
from personae.timeline.decisions import Decision, Decisions

_KIND = SCHEMA.rpartition("/")[0] + "/"
_UPDATE = "Update: pip install -U personae"
_FROM_OLD_FILE = "edits.json"
"""What came from an old file that lies beside a journal counts as one import."""


@dataclass(frozen=True)
class _Content:
    """What a journal's file holds; `length`: bytes up to the end of the last append that is complete."""

    decisions: Decisions
    length: int
    stamp: Stamp = ()


_LATEST: OrderedDict[Path, _Content] = OrderedDict()
_KEPT = 64
"""So many journals are known as they were read or written last: who appends to a long one does not read it again."""


def read(files: FilmFiles, video: Video) -> Decisions:
    """All decisions about a film, none where nobody decided anything.

    Raises ForeignFileError, TooNewError, DamagedFileError, StoreError.
    """
    return _with_old_file(_read_journal(files.decisions), files, video)


def append(files: FilmFiles, video: Video, entries: Sequence[Decision]) -> Decisions:
    """Write decisions down for good, all or none; returns all there are then.

    Those that are known are not written again, nor is anything of a request that is known. Raises as `read`,
    WriteError.
    """
    content = _read_journal(files.decisions)
    after = _with_old_file(content, files, video).added(entries)
    film = {"content_id": video.content_id, "path": readable(video.path), "size": list(video.size_wh)}
    _write(files.decisions, content, after, {"film": film}, private=files.private)
    if files.edits.is_file():  # only now: all of it is in the journal
        shred(files.edits)
    return after


def read_photos(files: PhotoFiles) -> Decisions:
    """All decisions about a set of photos. Raises as `read`."""
    content = _read_journal(files.decisions)
    return Decisions() if content is None else content.decisions


def mentions(files: FilmFiles | PhotoFiles, ids: Iterable[str]) -> bool:
    """Whether a journal may hold any of these ids, of requests or decisions: it is only searched, which takes no time.

    Of hundreds of films that is asked to read the few that a command spoke of.
    """
    wanted = [id for id in ids if id]
    is_old = isinstance(files, FilmFiles) and files.edits.is_file()
    if is_old or not all(re.fullmatch(r"[\w.-]+", id, re.ASCII) for id in wanted):
        return True
    raw = _read_if_there(files.decisions) if wanted else None
    return raw is not None and any(id.encode() in raw for id in wanted)


def append_photos(files: PhotoFiles, entries: Sequence[Decision]) -> Decisions:
    """Write decisions about a set of photos down for good. Otherwise as `append`."""
    content = _read_journal(files.decisions)
    after = (Decisions() if content is None else content.decisions).added(entries)
    _write(files.decisions, content, after, {"photos": {}}, private=True)
    return after


def _write(path: Path, content: _Content | None, after: Decisions, about: dict[str, Any], *, private: bool) -> None:
    """Write what a journal lacks; `about`: what its header says, where it is new."""
    if content is None and after.entries:
        whole = _line({"schema": SCHEMA} | about).encode() + _lines(after.entries)
        write_whole(path, whole, private=private)
    elif content is not None:
        missing = after.entries[len(content.decisions.entries) :]
        if missing:
            lines = _lines(missing)
            append_durably(path, lines, after=content.length)
            _keep(path, _Content(replace(content.decisions, entries=after.entries), content.length + len(lines),
                                 stamp_of(path)))  # fmt: skip


def _with_old_file(content: _Content | None, files: FilmFiles, video: Video) -> Decisions:
    """What the journal holds, and what an old file beside it holds besides."""
    old = _read_if_there(files.edits)
    if content is not None:
        known = content.decisions
        return (
            known if old is None else known.added(known.imported(_old(old, files.edits, video), request=_FROM_OLD_FILE))
        )
    entries = () if old is None else _old(old, files.edits, video).entries
    return Decisions(entries, video.content_id, readable(video.path))


def read_other(path: Path, video: Video) -> Decisions:
    """The decisions in any file: of another copy of the film, or what a contact sheet saved, of any version.

    Raises ForeignFileError for another file, StoreError for none, DamagedFileError, TooNewError.
    """
    raw = _read_if_there(path)
    if raw is None:
        raise StoreError(path, "there is no such file. Give a file of decisions about a film.")
    first = raw.split(b"\n", 1)[0]
    try:
        header = parsed(first)
        is_journal = isinstance(header, dict) and str(header.get("schema")).startswith(_KIND)
    except ValueError:
        is_journal = False
    return _journal(raw, path).decisions if is_journal else _old(raw, path, video)


def imported(files: FilmFiles, video: Video, other: Path, *, request: str) -> Decisions:
    """Add the decisions of another file to the film's own, each once; returns all there are then. Raises as `append`.

    Nothing is replaced: what was decided here meanwhile stays, and of two decisions the later one holds.
    """
    known = read(files, video)
    return append(files, video, known.imported(read_other(other, video), request=request))


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def _lines(entries: Sequence[Decision]) -> bytes:
    """One append. `more`: how many lines of it follow, so that a part of it is known to be one.

    Raises InputError for what could not be read back.
    """
    rows = [row_of(one) for one in entries]
    for at, row in enumerate(rows):
        if at < len(rows) - 1:
            row["more"] = len(rows) - 1 - at
    try:
        lines = [_line(row).encode() for row in rows]
        for number, line in enumerate(lines, 1):
            _decision(line, number)
    except (TypeError, ValueError) as error:
        raise InputError(f"This cannot be written down, and nothing was: {error}.") from None
    return b"".join(lines)


def _read_if_there(path: Path) -> bytes | None:
    try:
        return read_whole(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(path, f"cannot be read ({error.strerror}). Check its permissions.") from None


def _read_journal(path: Path) -> _Content | None:
    stamp, known = stamp_of(path), _LATEST.get(path)
    if known is not None and known.stamp == stamp and stamp[0] is not None:
        return known
    raw = _read_if_there(path)
    if raw is None:
        return None
    content = replace(_journal(raw, path), stamp=stamp)
    _keep(path, content)
    return content


def _keep(path: Path, content: _Content) -> None:
    _LATEST[path] = content
    while len(_LATEST) > _KEPT:
        with contextlib.suppress(KeyError):  # another thread was faster
            _LATEST.popitem(last=False)


def _journal(raw: bytes, path: Path) -> _Content:
    head, *lines = raw.split(b"\n")
    film = _header(head, path)
    lines = lines[:-1] if lines else []  # after the last line break there is nothing, or half a line
    entries, complete, end = [], 0, len(head) + 1
    length = end
    for number, line in enumerate(lines, 2):
        end += len(line) + 1
        if not line.strip():
            continue
        one, more = _entry(line, number, path)
        entries.append(one)
        if not more:
            complete, length = len(entries), end
    return _Content(Decisions(tuple(entries[:complete]), *film), length)


def _header(line: bytes, path: Path) -> tuple[str, str]:
    """Content id and path of the film; of a set of photos nothing: it is the one that the journal lies in."""
    try:
        header = parsed(line)
    except ValueError as error:
        raise ForeignFileError(path, f"this is no journal of decisions ({error}). Move it away, or mend it.") from None
    _check_schema(header, path, SCHEMA)
    try:
        about = Fields(header)
        if "photos" in about:
            return "", ""
        film = about.inner("film")
        return film.text("content_id"), film.text("path")
    except MisfitError as error:
        raise _damaged(path, error) from None


def _entry(line: bytes, number: int, path: Path) -> tuple[Decision, int]:
    """A decision, and how many of the same append follow."""
    try:
        return _decision(line, number)
    except UnknownKindError as error:
        raise TooNewError(path, f"{error}. {_UPDATE}") from None
    except MisfitError as error:
        raise _damaged(path, error) from None
    except ValueError as error:
        raise _damaged(path, f"line {number} is not JSON ({error})") from None


def _decision(line: bytes, number: int) -> tuple[Decision, int]:
    row = Fields(parsed(line), f"line {number}")
    return decision_of(row), row.whole("more", 0, len(line) * 10**6) if "more" in row else 0


def _old(raw: bytes, path: Path, video: Video) -> Decisions:
    """What an earlier version wrote, or its contact sheet."""
    try:
        document = parsed(raw)
    except ValueError as error:
        raise ForeignFileError(path, f"this is not JSON ({error}). Move it away, or mend it.") from None
    _check_schema(document, path, OLD_SCHEMA)
    try:
        whole = Fields(document)
        entries = old_decisions(whole, video)
        film = Fields(whole.get_or_none("film") or {}, "film")
        names = [film.text(name) if name in film else "" for name in ("content_id", "path")]
    except UnknownKindError as error:
        raise TooNewError(path, f"{error}. {_UPDATE}") from None
    except MisfitError as error:
        raise _damaged(path, error) from None
    return Decisions(entries, names[0], names[1])


def _check_schema(document: Any, path: Path, schema: str) -> None:
    wanted, _, version = schema.rpartition("/")
    found = str(document.get("schema") if isinstance(document, dict) else None)
    kind, _, number = found.rpartition("/")
    if kind != wanted or not re.fullmatch("[0-9]{1,9}", number):
        raise ForeignFileError(path, f"this is not a {schema} document. Give the decisions about a film.")
    if int(number) > int(version):
        raise TooNewError(path, f"written by a newer Personae ({found}). {_UPDATE}")


def _damaged(path: Path, why: object) -> DamagedFileError:
    return DamagedFileError(path, f"these decisions are damaged: {why}. Mend the file or remove it.")
