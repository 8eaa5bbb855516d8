"""What a person decided about a film, in `film.edits.json`: it outranks the model and survives scanning again.

An edit knows the faces it is about by time and place (seconds, and box as shares of the picture), not by a track's
number: so it holds after a new scan, and for another copy of the film. The file is a list, later edits outrank earlier
ones, and taking the last off undoes it. Contact sheets write the same format with boxes in pixels.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast, get_args

from personae.checks import Fields, MisfitError, number, parsed, require, whole
from personae.errors import DamagedFileError, ForeignFileError, StoreError, TooNewError
from personae.files import read_whole, write_whole
from personae.media.film import Video
from personae.names import readable
from personae.timeline.appearances import Label
from personae.timeline.native_reader import LONGEST_S, box_of, person_of
from personae.timeline.timeline import Track

SCHEMA = "personae/edits/1"
SAME_FACE = 0.3
"""Boxes that share so much of their union are the same face."""
NEAR_S = 0.3
FARTHEST_SHARE = 1e4
"""How far off the picture a place may lie, in its widths or heights."""
UNKNOWN = re.compile(r"Unknown ([1-9][0-9]{0,8})")

Place = tuple[float, float, float, float, float]
"""(seconds from the film's first picture, x1, y1, x2, y2 as shares of the picture's width and height)."""
DecisionKind = Literal["name", "right", "wrong", "alive", "depicted"]


@dataclass(frozen=True)
class Decision:
    """One decision: that the faces at `places` are `name`, or ("wrong") are not; or what is seen of `name` there.

    That is "alive", or "depicted": a picture in the picture, which no total counts.
    `span_s`: begin and end of the appearance that the places stand for, where they are not all there is; else None.
    """

    decision: DecisionKind
    name: str
    places: tuple[Place, ...]
    author: str = ""
    date: str = ""
    span_s: tuple[float, float] | None = None


@dataclass(frozen=True)
class Decisions:
    """All decisions about one film, oldest first."""

    edits: tuple[Decision, ...] = ()
    content_id: str = ""
    path: str = ""

    def after(self, earlier: Decisions) -> Decisions:
        """These edits after those of another file, each once."""
        return replace(self, edits=(*(one for one in earlier.edits if one not in self.edits), *self.edits))

    def undone(self) -> tuple[Decisions, Decision | None]:
        """Without the last edit, and that edit."""
        if not self.edits:
            return self, None
        return replace(self, edits=self.edits[:-1]), self.edits[-1]


def read(path: Path, video: Video) -> Decisions:
    """The edits in a file, none where there is no file; `video` gives size and time base of boxes in pixels.

    Raises ForeignFileError, TooNewError, DamagedFileError, StoreError.
    """
    try:
        document = parsed(read_whole(path))
    except FileNotFoundError:
        return Decisions()
    except OSError as error:
        raise StoreError(path, f"cannot be read ({error.strerror}). Check its permissions.") from None
    except ValueError as error:
        raise ForeignFileError(path, f"this is not JSON ({error}). Move it away, or mend it.") from None
    kind, _, version = str(document.get("schema") if isinstance(document, dict) else None).rpartition("/")
    if kind != "personae/edits" or not re.fullmatch("[0-9]{1,9}", version):
        raise ForeignFileError(path, f"this is not a {SCHEMA} document. Give the file of edits of a film.")
    if int(version) > 1:
        raise TooNewError(path, "written by a newer Personae. Update: pip install -U personae")
    try:
        film = Fields(document.get("film") or {}, "film")
        size = film.each("size", _pixels, 2) if film.get_or_none("size") is not None else video.size_wh
        rows = [_edit(row, video, (size[0], size[1]), path) for row in Fields(document).rows("edits")]
        names = [film.text(name) if name in film else "" for name in ("content_id", "path")]
    except MisfitError as error:
        raise DamagedFileError(path, f"these edits are damaged: {error}. Mend the file or remove it.") from None
    return Decisions(tuple(rows), names[0], names[1])


def write(edits: Decisions, path: Path) -> None:
    """Write all edits whole, one a line; raises WriteError."""
    film = {"content_id": edits.content_id, "path": readable(edits.path)}
    rows = ",\n".join("  " + json.dumps(_row(edit), ensure_ascii=False) for edit in edits.edits)
    head = f'{{"schema": {json.dumps(SCHEMA)}, "film": {json.dumps(film, ensure_ascii=False)}, "edits": ['
    write_whole(path, f"{head}\n{rows}\n]}}\n".encode())


def _row(edit: Decision) -> dict[str, Any]:
    is_unknown = UNKNOWN.fullmatch(edit.name)
    return {
        "decision": edit.decision,
        "character": None if is_unknown else edit.name,
        "unknown": edit.name if is_unknown else None,
        "places": [[round(value, 5) for value in place] for place in edit.places],
        "span_s": list(edit.span_s) if edit.span_s else None,
        "author": edit.author,
        "date": edit.date,
    }


def _edit(row: Fields, video: Video, size_wh: tuple[int, int], path: Path) -> Decision:
    character, unknown = person_of(row)
    name = character or unknown
    if name is None:
        raise MisfitError(f"{row.at} is about nobody")
    decision = row.text("decision")
    if decision not in get_args(DecisionKind):
        raise TooNewError(
            path,
            f"it holds a decision that this Personae does not know ({decision!r}). Update: pip install -U personae",
        )
    span: tuple[float, float] | None = None
    if "places" in row:
        places = tuple(row.each("places", _place))
        require(places, f"{row.where('places')} is empty")
        if row.get_or_none("span_s") is not None:
            start_s, end_s = row.each("span_s", _seconds, 2)
            span = (start_s, end_s)
    else:  # of a contact sheet: one box in pixels stands for the whole appearance
        x1, y1, x2, y2 = box_of(row)
        width, height = size_wh
        place = [row.number("t_s"), x1 / width, y1 / height, x2 / width, y2 / height]
        places = (_place(place, row.where("box")),)
        span = (
            _seconds(video.seconds(row.whole("start_pts")), row.where("start_pts")),
            _seconds(video.seconds(row.whole("end_pts")), row.where("end_pts")),
        )
    require(span is None or span[0] <= span[1], f"{row.at} ends before it begins")
    author, date = (row.text(key) if row.get_or_none(key) is not None else "" for key in ("author", "date"))
    return Decision(cast(DecisionKind, decision), name, places, author, date, span)


def _place(value: Any, at: str) -> Place:
    t, *sides = Fields({"": value}, at).each("", number, 5)
    x1, y1, x2, y2 = (number(side, at, -FARTHEST_SHARE, FARTHEST_SHARE) for side in sides)
    require(x1 <= x2 and y1 <= y2, f"{at} ends before it begins")
    return (_seconds(t, at), x1, y1, x2, y2)


def _seconds(value: Any, at: str) -> float:
    return number(value, at, -LONGEST_S, LONGEST_S)


def _pixels(value: Any, at: str) -> int:
    return whole(value, at, 1)


def place_of(track: Track, video: Video) -> Place:
    """Where a track is known by: its surest box."""
    pts, x1, y1, x2, y2, _ = max(track.boxes, key=lambda box: box[5])
    width, height = video.size_wh
    return (video.seconds(pts), x1 / width, y1 / height, x2 / width, y2 / height)


def find(place: Place, tracks: Sequence[Track], video: Video) -> int | None:
    """The position of the track that has a face at that time and place, or None.

    A track that lasts at that time goes before one that ends just before or begins just after (at a cut).
    """
    pts = video.start_pts + round(place[0] / float(video.time_base))
    reach = round(NEAR_S / float(video.time_base))
    width, height = video.size_wh
    wanted = (place[1] * width, place[2] * height, place[3] * width, place[4] * height)
    best: tuple[bool, float, int] | None = None
    for at, track in enumerate(tracks):
        if track.start_pts - reach <= pts <= track.end_pts + reach:
            box = min(track.boxes, key=lambda box: abs(box[0] - pts))
            shared = overlap(wanted, box[1:5])
            found = (track.start_pts <= pts < track.end_pts, shared, at)
            if shared >= SAME_FACE and (best is None or found[:2] > best[:2]):
                best = found
    return None if best is None else best[2]


def overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """Shared area of two boxes as a part of their union."""
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    if wide <= 0 or high <= 0:
        return 0.0
    shared = wide * high
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def apply(
    edits: Decisions,
    tracks: Sequence[Track],
    labels: Sequence[Label],
    video: Video,
    remembered: Sequence[str | None],
    unknowns_used: int,
) -> tuple[list[Label], list[Decision]]:
    """Labels with every edit applied in turn, and the edits of which no face was found.

    `remembered`: per track the unknown person it was before, so that a face that was said not to be Thor keeps its
    number. Tracks that the model takes for the same unknown person follow an edit about most of that person.
    """
    result = list(labels)
    lost: list[Decision] = []
    for edit in edits.edits:
        found = {at for place in edit.places if (at := find(place, tracks, video)) is not None}
        if not found:
            lost.append(edit)
            continue
        if edit.span_s is not None:
            found |= _same_appearance(found, edit.span_s, tracks, result, video)
        if edit.decision in ("alive", "depicted"):
            for at in found:
                result[at] = replace(result[at], depicted=edit.decision == "depicted", depicted_by="person")
            continue
        if edit.decision == "wrong":
            found = {at for at in found if result[at].name == edit.name}
            name = next((remembered[at] for at in sorted(found) if remembered[at] not in (None, edit.name)), None)
            if name is None:
                unknowns_used += 1
                name = f"Unknown {unknowns_used}"
        else:
            name = edit.name
        if number := UNKNOWN.fullmatch(name):
            unknowns_used = max(unknowns_used, int(number[1]))
        following = _followers(found, tracks, result) if edit.decision == "name" else set()
        for at in found | following:
            result[at] = replace(
                result[at], character=None if number else name, unknown=name if number else None, decided_by="model"
            )
            if at in found:
                result[at] = _by_person(result[at])
    return result, lost


def _by_person(label: Label) -> Label:
    """Named by a person, and so alive: who looked would have said that it is a picture, with a decision of its own."""
    if label.depicted_by == "model":
        label = replace(label, depicted=False, depicted_by="person")
    return replace(label, decided_by="person", confidence=1.0)


def _same_appearance(
    found: set[int], span_s: tuple[float, float], tracks: Sequence[Track], labels: Sequence[Label], video: Video
) -> set[int]:
    same = {(labels[at].name, labels[at].depicted) for at in found}
    return {
        at
        for at, track in enumerate(tracks)
        if (labels[at].name, labels[at].depicted) in same
        and video.seconds(track.start_pts) < span_s[1]
        and video.seconds(track.end_pts) > span_s[0]
    }


def _followers(found: set[int], tracks: Sequence[Track], labels: Sequence[Label]) -> set[int]:
    """Undecided tracks of the unknown people whom the edit names for the most part."""
    followers: set[int] = set()
    for name in {labels[at].unknown for at in found} - {None}:
        members = {at for at, label in enumerate(labels) if label.unknown == name}
        length = {at: tracks[at].end_pts - tracks[at].start_pts for at in members}
        if 2 * sum(length[at] for at in members & found) >= sum(length.values()):
            followers |= {at for at in members - found if labels[at].decided_by == "model"}
    return followers
