"""The cards of a contact sheet: a picture, a name, and what a decision about it needs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from personae.exports.page import clock, colours, data_uri, face, picture_uri, text
from personae.exports.spans import Span, line
from personae.timeline.places import place_of
from personae.timeline.timeline import Appearance, Timeline, Track

_SIDE_PX = 220
_NAME = re.compile(r"(-?\d+)-(-?\d+)-(-?\d+)\.jpg")  # pts, left and top of a kept picture
_ROUNDING_PX = 1


class Cards:
    """Makes the cards of one timeline; `folder`: where it lies, with the pictures; `numbers`: of colours."""

    def __init__(self, timeline: Timeline, folder: Path | None, numbers: Mapping[str, int] | None = None) -> None:
        self._timeline, self._folder = timeline, folder
        self._tracks = {track.id: track for track in timeline.tracks}
        self._colours = colours(timeline, numbers)
        self._unused: dict[int, list[tuple[str, int, int]]] | None = None

    def of(self, span: Span) -> str:
        """The card of one appearance."""
        one, video = span.appearance, self._timeline.video
        pts, box = self._place(one)
        facts = {
            "appearance": one.id,
            "who": {
                "character": one.character and line(one.character),
                "character_id": one.character_id,
                "unknown": one.unknown,
            },
            "place": self._shares(pts, box),
            "span_s": [round(video.seconds(at), 6) for at in (one.start_pts, one.end_pts)],
        }
        if one.unknown is not None:  # a name is for all of the person: every track is to be found again
            facts["places"] = self._places([self._tracks[number] for number in one.tracks if number in self._tracks])
        style = self._colours.get(one.character or "")
        colour = f'class="card known" style="{style}"' if style else 'class="card stranger"'
        flags = " data-depicted" * one.depicted + " data-left" * one.stranger
        said = "stays without a name" if one.stranger else span.note
        return (
            f'<li {colour} data-id="{one.id}"{flags} data-facts="{_json(facts)}">'
            f"{face(one.name, data_uri(one, self._folder, _SIDE_PX))}<div><b>{text(one.name)}</b>"
            f'<span class="dim">{said}</span><span class="dim">{clock(video.seconds(one.start_pts))}</span></div></li>'
        )

    def of_nobody(self) -> str:
        """A card per track that is nobody's: what was said to be no face, and what is too little to tell."""
        owned = {number for one in self._timeline.appearances for number in one.tracks}
        left = (track for track in self._timeline.tracks if track.id not in owned and track.boxes)
        return "".join(map(self._nobody, left))

    def _nobody(self, track: Track) -> str:
        places = self._places([track])
        facts = {"appearance": None, "who": None, "places": places, "place": places[0]}
        start = clock(self._timeline.video.seconds(track.start_pts))
        return (
            f'<li class="card stranger" data-id="t{track.id}" data-left data-nobody data-facts="{_json(facts)}">'
            f'{face("?", self._picture(track))}<div><b>Nobody</b><span class="dim">no face, or too little of one</span>'
            f'<span class="dim">{start}</span></div></li>'
        )

    def _picture(self, track: Track) -> str | None:
        """The picture that the track had while it was somebody's, where it is still there: named by time and place."""
        for pts, x1, y1, *_ in track.boxes:
            for file, x, y in self._kept().get(pts, ()):
                if abs(x - x1) <= _ROUNDING_PX and abs(y - y1) <= _ROUNDING_PX:
                    return picture_uri(file, self._folder, _SIDE_PX)
        return None

    def _kept(self) -> dict[int, list[tuple[str, int, int]]]:
        """Pictures beside the timeline that no appearance has now, by pts: path, and the box's left and top."""
        if self._unused is None:
            self._unused = {}
            files = {one.best_picture.file for one in self._timeline.appearances if one.best_picture} - {None}
            folder = next((Path(str(file)).parent for file in files), None)
            if folder is not None and self._folder is not None and (self._folder / folder).is_dir():
                for path in sorted((self._folder / folder).iterdir()):
                    found, file = _NAME.fullmatch(path.name), str(folder / path.name)
                    if found and file not in files:
                        pts, x, y = map(int, found.groups())
                        self._unused.setdefault(pts, []).append((file, x, y))
        return self._unused

    def _place(self, one: Appearance) -> tuple[int, Sequence[float]]:
        """Where the decided face is: pts, and box in displayed pixels; its best picture's, else its surest."""
        if one.best_picture:
            return one.best_picture.pts, one.best_picture.box
        boxes = [box for number in one.tracks if number in self._tracks for box in self._tracks[number].boxes]
        if not boxes:
            return one.start_pts, (0, 0, *self._timeline.video.size_wh)
        surest = max(boxes, key=lambda box: box[5])
        return surest[0], surest[1:5]

    def _places(self, tracks: Sequence[Track]) -> list[list[float]]:
        """Where each track is known by."""
        found = (place_of(track, self._timeline.video) for track in tracks if track.boxes)
        return [[round(place[0], 6), *(round(share, 5) for share in place[1:])] for place in found]

    def _shares(self, pts: int, box: Sequence[float]) -> list[float]:
        width, height = self._timeline.video.size_wh
        shares = (box[0] / width, box[1] / height, box[2] / width, box[3] / height)
        return [round(self._timeline.video.seconds(pts), 6), *(round(value, 5) for value in shares)]


def _json(facts: dict[str, Any]) -> str:
    return text(json.dumps(facts, ensure_ascii=False))
