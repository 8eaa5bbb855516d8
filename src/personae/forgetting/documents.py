"""A person out of a JSON document of any kind. Values in, values out: keepers read and write."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from personae.forgetting.names import is_of_a_word

FORGOTTEN = "(forgotten)"
_OURS = re.compile(rb'\s*\{\s*"schema":\s*"personae/')
_TABLE = "performers"
"""The field of ours whose keys are names."""
_NAME_FIELDS = frozenset(
    {
        *("character", "character_id", "characters", "classes", "name", "names", "who", "to", "nearest", "runner_up"),
        *("ambiguous", "without_photos", _TABLE),
    }
)
_WRITERS = frozenset({"by", "request", "author", "imported"})
"""Fields of ours that say who decided, or are a client's own: texts always."""
_FIXED = frozenset(
    {
        *("schema", "kind", "id", "takes_back", "file", "content_id", "sha256", "at", "date", "created", "decision"),
        *("decided_by", "seen", "why", "reasons", "method", "head", "embedder", "detector", "personae_version"),
        *("frame_rate", "time_base", "start_timecode", "gaps", "fingerprint"),
    }
)
"""Fields of ours that hold no words of a person's, with all that is in them."""
_WORD_OF_OURS = re.compile("[a-z0-9_]+")
_UNKNOWN = re.compile("Unknown [0-9]+")


@dataclass
class Removed:
    """What was taken out of a document: entries, the tracks they named, and the picture files they pointed to."""

    entries: int = 0
    tracks: set[int] = field(default_factory=set)
    pictures: set[str] = field(default_factory=set)


def without_names(text: str, names: Collection[str]) -> str:
    """`text` with "(forgotten)" for any of `names` that stands in it as whole words."""

    def instead(match: re.Match[str]) -> str:
        before, after = text[: match.start()][-1:], text[match.end() :][:1]
        return match.group() if is_of_a_word(before) or is_of_a_word(after) else FORGOTTEN

    longest_first = sorted(names, key=len, reverse=True)
    return (
        re.sub("|".join(map(re.escape, longest_first)), instead, text) if any(map(text.__contains__, names)) else text
    )


def forget_in_json(
    document: Any, names: Collection[str], tracks: Collection[int] = (), *, ours: bool = False
) -> tuple[Any, Removed]:
    """A JSON document without the entries of `names`: timelines, edits of a film, totals, lists of names.

    An object in a list with one of the names as a value goes (an appearance, a total, an edit), and the tracks that
    only such objects name go with it; a name as a key goes with its value; in longer texts it is replaced. In a
    document of ours, by its schema or because it is a part of one (`ours`), names stand in fields for names, and only
    as a whole; in paths and other free texts they are replaced; all else stays. `tracks`: numbers of unnamed tracks
    with the person's face; what is made of them stays, without its picture.
    """
    removed = Removed()
    tracks_shown = frozenset(tracks)
    ours = ours or (isinstance(document, dict) and str(document.get("schema")).startswith("personae/"))

    def clean(value: Any, field: str = "") -> Any:
        if ours and field in _FIXED:
            return value
        if isinstance(value, dict):
            if (
                not tracks_shown.isdisjoint(_tracks_of(value))
                and value.get("character") is None
                and "best_picture" in value
            ):
                _gather_picture(value, removed)
                value = value | {"best_picture": None}
            return {
                key: clean(None if not ours and isinstance(item, str) and item in names else item, key)
                for key, item in value.items()
                if key not in names or (ours and field != _TABLE)
            }
        if isinstance(value, list):
            kept = []
            for item in value:
                if _names_one(item, names, ours):
                    removed.entries += 1
                    _gather(item, removed)
                else:
                    kept.append(clean(item, field))
            return kept
        return _text_without(value, names, field if ours else "") if isinstance(value, str) else value

    cleaned = clean(document)
    if isinstance(cleaned, dict) and isinstance(cleaned.get("tracks"), list):
        others = {track for row in cleaned.get("appearances", []) for track in _tracks_of(row)}
        removed.tracks -= others
        cleaned["tracks"] = [
            row for row in cleaned["tracks"] if not (isinstance(row, dict) and row.get("id") in removed.tracks)
        ]
    return cleaned, removed


def _text_without(text: str, names: Collection[str], field: str) -> str | None:
    """The text of a field without `names`. `field`: of ours, empty for others'."""
    if field in _NAME_FIELDS:
        return None if text in names else text
    if field in _WRITERS:
        return "" if text in names else text
    return text if field and _UNKNOWN.fullmatch(text) else without_names(text, names)


def words_of_ours(value: Any, field: str = "") -> Iterator[tuple[str, bool]]:
    """The texts in a document of ours that may be somebody's, and whether each is a name, which counts as a whole."""
    if field in _FIXED:
        return
    if isinstance(value, dict):
        for key, item in value.items():
            if field == _TABLE:
                yield key, True
            elif not _WORD_OF_OURS.fullmatch(key):
                yield key, False
            yield from words_of_ours(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from words_of_ours(item, field)
    elif isinstance(value, str) and not _UNKNOWN.fullmatch(value):
        yield value, field in _NAME_FIELDS or field in _WRITERS


def _names_one(item: Any, names: Collection[str], ours: bool) -> bool:
    if isinstance(item, str):
        return item in names
    if isinstance(item, dict):
        return any(
            isinstance(value, str) and value in names for key, value in item.items() if not ours or key in _NAME_FIELDS
        )
    return isinstance(item, list) and any(isinstance(value, str) and value in names for value in item)


def _gather(item: Any, removed: Removed) -> None:
    if isinstance(item, dict):
        removed.tracks.update(_tracks_of(item))
        _gather_picture(item, removed)


def _gather_picture(item: dict[str, Any], removed: Removed) -> None:
    picture = item.get("best_picture")
    if isinstance(picture, dict) and isinstance(picture.get("file"), str):
        removed.pictures.add(picture["file"])


def _tracks_of(item: Any) -> list[int]:
    tracks = item.get("tracks") if isinstance(item, dict) else None
    return [track for track in tracks if isinstance(track, int)] if isinstance(tracks, list) else []


def as_text(document: Any, before: str) -> bytes:
    """A document as a file's content, laid out as the text was that it was read from."""
    indent = 2 if "\n" in before.rstrip() else None
    return (json.dumps(document, ensure_ascii=False, indent=indent) + "\n").encode("utf-8", "surrogatepass")


def is_of_ours(beginning: bytes) -> bool:
    """Whether a file that begins so is a JSON document of Personae's."""
    return _OURS.match(beginning) is not None
