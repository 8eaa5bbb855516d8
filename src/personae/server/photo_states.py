"""The photos of a set in short, and which of them changed since a client read them: a decision changes few of many."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4
from weakref import WeakKeyDictionary

from personae.films.kept_photos import KeptFace, KeptPhoto
from personae.films.photo_set import PhotoSet
from personae.per_object import PerObject
from personae.server.addresses import photo_digest, photo_id

_KEPT = 16
"""So many states of a set are known: of a client that asks about an earlier one everything has changed."""


@dataclass
class _States:
    now: str = ""
    photos: tuple[KeptPhoto, ...] = ()
    order: tuple[int, ...] = ()
    digests: tuple[str, ...] = ()
    known: OrderedDict[str, tuple[KeptPhoto, ...]] = field(default_factory=OrderedDict)


@dataclass(frozen=True)
class Overview:
    """The photos of one moment, by path. `state`: what to ask with for what changed since."""

    state: str
    position: int
    photos: tuple[KeptPhoto, ...]
    order: tuple[int, ...]
    digests: tuple[str, ...]
    changed: tuple[int, ...] | None
    """Positions in `photos`; None: all."""

    def rows(self, start: int, limit: int, *, strangers: bool) -> tuple[list[str], int | None]:
        """Some rows as JSON texts, and where to go on."""
        wanted = self.order if self.changed is None else self.changed
        end = start + limit
        texts = [_text(self.photos[at], self.digests[at], strangers=strangers) for at in wanted[start:end]]
        return texts, end if end < len(wanted) else None


class PhotoStates:
    """The states of the sets that are open. Safe to use from many threads."""

    def __init__(self) -> None:
        self._sets: WeakKeyDictionary[PhotoSet, _States] = WeakKeyDictionary()
        self._paths: WeakKeyDictionary[PhotoSet, tuple[Mapping[str, str], dict[str, str]]] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def path_of(self, photos: PhotoSet, id: str) -> tuple[str, str] | None:
        """The path of a photo by its id in addresses, and the SHA-256 of its content; None for none."""
        digests = photos.digests
        with self._lock:
            known = self._paths.get(photos)
            if known is None or known[0] is not digests:
                known = self._paths[photos] = digests, {photo_id(path): path for path in digests}
        path = known[1].get(id)
        return None if path is None else (path, digests[path])

    def of(self, photos: PhotoSet, since: str | None = None) -> Overview:
        """How a set is now, and what changed since a state of it. Raises StoreError."""
        position, shown, sha256 = len(photos.decisions.entries), photos.photos, photos.digests
        with self._lock:
            states = self._sets.setdefault(photos, _States())
            if states.photos is not shown:
                if len(shown) != len(states.photos) or any(
                    one.path != other.path for one, other in zip(shown, states.photos, strict=True)
                ):
                    states.known.clear()
                    states.order = tuple(sorted(range(len(shown)), key=lambda at: shown[at].path))
                states.digests = tuple(photo_digest(sha256.get(one.path, "")) for one in shown)
                states.now, states.photos = uuid4().hex, shown
                states.known[states.now] = shown
                while len(states.known) > _KEPT:
                    states.known.popitem(last=False)
            then = states.known.get(since or "")
            changed = (
                None if then is None
                else tuple(at for at in states.order if shown[at] is not then[at])
            )  # fmt: skip
            return Overview(states.now, position, shown, states.order, states.digests, changed)


_TEXTS: PerObject[dict[tuple[str, bool], str]] = PerObject()


def _text(photo: KeptPhoto, digest: str, *, strangers: bool) -> str:
    known = _TEXTS.get(photo)
    if known is None:
        known = _TEXTS.put(photo, {})
    if (digest, strangers) not in known:
        faces = [_row(one) for one in photo.faces if one.name and (strangers or one.character is not None)]
        row = [photo_id(photo.path), photo.path, digest, *photo.size_wh, faces]
        known[digest, strangers] = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
    return known[digest, strangers]


def _row(one: KeptFace) -> list[object]:
    flags = [one.decided_by == "person", one.depicted, one.stranger, one.drawn]
    bits = sum(1 << at for at, is_so in enumerate(flags) if is_so)
    box = [round(side, 1) for side in one.box_xyxy]
    return [one.number, *box, one.name, one.character_id, one.unknown, bits, round(one.confidence, 3)]


of_photos = PhotoStates()
