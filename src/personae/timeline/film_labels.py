"""The labels of a film's tracks while decisions are applied to them: a decision may stand for a whole appearance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from personae.media.film import Video
from personae.timeline.appearances import Label
from personae.timeline.decisions import Decision
from personae.timeline.face_labels import FaceLabels, key_of
from personae.timeline.places import Finder
from personae.timeline.timeline import Track


class FilmLabels(FaceLabels):
    """The labels of tracks as they become."""

    def __init__(
        self,
        tracks: Sequence[Track],
        labels: Sequence[Label],
        video: Video,
        remembered: Sequence[int | None],
        highest_unknown: int,
        names: Mapping[str, str],
        finder: Finder,
    ) -> None:
        self.tracks, self.video = tracks, video
        lengths = [track.end_pts - track.start_pts for track in tracks]
        super().__init__(labels, lengths, finder.find_all, remembered, highest_unknown, names)

    def found(self, one: Decision) -> list[set[int]]:
        """Per part of a decision the positions of its tracks."""
        found = super().found(one)
        if one.span_s is not None and one.was_s is None and one.kind != "add":
            found = [own | self._same_appearance(own, one.span_s) for own in found]
        return found

    def _same_appearance(self, found: set[int], span_s: tuple[float, float]) -> set[int]:
        video = self.video
        same = {(key_of(self.labels[at]), self.labels[at].depicted) for at in found}
        return {
            at
            for key, depicted in same
            for at in self._members[key]
            if self.labels[at].depicted == depicted
            and video.seconds(self.tracks[at].start_pts) < span_s[1]
            and video.seconds(self.tracks[at].end_pts) > span_s[0]
        }
