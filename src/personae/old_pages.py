"""Pages that are older than the timeline they were made of say so themselves.

A page is one file that loads nothing, opened from disk, and so it cannot look at its timeline. Whoever writes a
timeline marks the pages that were made of it instead: in a page's first line stands what each timeline was (a digest),
and whether that still holds. A page that was changed or moved since it was written is left alone. A mark is no
change: a page over films of several projects stands in a ledger of each, and any of them may mark it.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from html import escape, unescape
from pathlib import Path

from personae.errors import StoreError
from personae.files import sha256_of, write_whole
from personae.ledger import Entry, Ledger

log = logging.getLogger(__name__)
REPORT, SHEET, OVERVIEW = "report", "sheet", "overview"
KINDS = (REPORT, SHEET, OVERVIEW)
"""What the ledger calls pages."""
_ATTRIBUTE = re.compile(rb' data-timelines="([0-9a-f=! ]*)"( data-older)?')
_ANEW = re.compile(r'<p class="older">.*?personae report(?: <span data-typed="[^"]*">[^<]*</span>)+')
_MADE_OF = re.compile(r'<span data-typed="([^"]*)">')
_BEGINNING = 1 << 16
_KEY_LENGTH = 16
_OLD = "!"


def attributes(made_of: Mapping[str, str]) -> str:
    """What a page's root element says of the timelines it was made of: film -> `digest` of its timeline."""
    if not made_of:
        return ""
    return f' data-timelines="{" ".join(f"{_key(film)}={digest}" for film, digest in made_of.items())}"'


def mark(ledger: Ledger, timeline: Path, film: str, digest: Callable[[], str]) -> tuple[Path, ...]:
    """Mark the pages of a timeline that has just been written, or take the mark away where they are right again.

    `film`: its content id; `digest`: of what pages show, asked for where there is a page. Returns those that are older.
    Raises StoreError, WriteError.
    """
    older = []
    digest = cache(digest)
    for entry in ledger.of_kinds(KINDS):
        path = Path(entry.path)
        if entry.kind != OVERVIEW and os.path.realpath(entry.source) != os.path.realpath(timeline):
            continue
        head = _head(path)
        found = None if head is None else _ATTRIBUTE.search(head)
        if found is None or _key(film) not in found[1].decode():
            continue
        marked, is_older = _marked(found[1].decode(), _key(film), digest())
        if marked != found[0] and not _replace(ledger, entry, found, marked):
            continue
        if is_older:
            older.append(path)
    return tuple(older)


def mark_naming(ledger: Ledger, names: Iterable[str]) -> None:
    """Mark the pages that show somebody by a name which nobody has any more; where that fails the log says so."""
    shown = [f"<b>{escape(name)}</b>".encode() for name in names]
    try:
        for entry in ledger.of_kinds(KINDS):
            path = Path(entry.path)
            found = _ATTRIBUTE.search(_head(path) or b"")
            if found is not None and any(name in path.read_bytes() for name in shown):
                marked, _ = _marked(found[1].decode(), "", "", every=True)
                if marked != found[0]:
                    _replace(ledger, entry, found, marked)
    except (OSError, StoreError) as error:
        log.warning("That pages are older was not noted in them: %s", error)


def digests_of(path: Path) -> tuple[str, ...]:
    """What may be a file's digest in a ledger: its own, and of a page the one without marks too. Raises OSError."""
    own = sha256_of(path)
    found = _ATTRIBUTE.search(_head(path) or b"")
    return (own,) if found is None else (own, _unmarked_digest(path.read_bytes(), found))


def timelines_on(page: Path) -> tuple[Path, ...]:
    """The timelines that a page says it is to be made anew of; none where it says nothing."""
    try:
        told = _ANEW.search(page.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ()
    return tuple(page.parent / unescape(one) for one in _MADE_OF.findall(told[0] if told else ""))


def is_older(page: Path) -> bool:
    """Whether a page says that it is older than a timeline it was made of."""
    found = _ATTRIBUTE.search(_head(page) or b"")
    return found is not None and found[2] is not None


def older_pages(ledger: Ledger) -> tuple[Entry, ...]:
    """All of a project's pages that are older than their timelines; raises StoreError."""
    return tuple(entry for entry in ledger.of_kinds(KINDS) if is_older(Path(entry.path)))


def _marked(timelines: str, film: str, digest: str, *, every: bool = False) -> tuple[bytes, bool]:
    """The attribute as it has to be now, and whether the page is older than any of its timelines."""
    entries = []
    for one in timelines.split():
        key, _, made_of = one.rstrip(_OLD).partition("=")
        is_old = every or (one.endswith(_OLD) if key != film else made_of != digest)
        entries.append(f"{key}={made_of}{_OLD * is_old}")
    is_older = any(one.endswith(_OLD) for one in entries)
    return f' data-timelines="{" ".join(entries)}"{" data-older" * is_older}'.encode(), is_older


def _replace(ledger: Ledger, entry: Entry, found: re.Match[bytes], marked: bytes) -> bool:
    """Write a page anew with its mark; False where it is not as we wrote it."""
    path = Path(entry.path)
    if entry.sha256 not in digests_of(path):
        return False
    content = path.read_bytes()
    digest = _unmarked_digest(content, found)
    content = content[: found.start()] + marked + content[found.end() :]
    write_whole(path, content)
    ledger.record(path, sha256=digest, kind=entry.kind, who=entry.who, source=entry.source)
    return True


def _unmarked_digest(content: bytes, found: re.Match[bytes]) -> str:
    """The digest of a page as it was written, before it was marked."""
    plain = f' data-timelines="{found[1].decode().replace(_OLD, "")}"'.encode()
    return hashlib.sha256(content[: found.start()] + plain + content[found.end() :]).hexdigest()


def _head(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(_BEGINNING)
    except OSError:
        return None


def _key(film: str) -> str:
    return hashlib.sha256(film.encode("utf-8", "surrogatepass")).hexdigest()[:_KEY_LENGTH]
