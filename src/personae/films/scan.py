"""The way of a film: look -> identify -> conclude. Values in, values out: only the store touches the disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from personae._version import __version__
from personae.cast.trained import TrainedModel
from personae.faces.film_networks import FilmNetworks
from personae.films.tracks_file import Scanned
from personae.media.film import Video
from personae.media.video import Film
from personae.names_of_today import NamesOfToday
from personae.progress import ProgressCallback
from personae.recognition.model import CharacterModel
from personae.settings import Settings
from personae.timeline import appearances, depicted, identity, setups
from personae.timeline.appearances import Label, build
from personae.timeline.deciding import Last, apply
from personae.timeline.decisions import Decisions
from personae.timeline.far_in_film import counted, far_in_film
from personae.timeline.grouping import Groups, group
from personae.timeline.labelling import labels_of
from personae.timeline.timeline import Timeline
from personae.timeline.watching import Watched, watch
from personae.types import count_of, seconds_text

FINGERPRINT = 6
"""Version of everything between pictures and tracks; raise it when tracks change."""
RARE_FACES_S = 60.0
RARE_FACES_SHARE = 0.1
FEW_GAPS = 3
"""So many spans that could not be read are named one by one."""
SHAPING = ("bridge_s", "min_appearance_s", "pad_s", "min_unknown_s", "scene_gap_s")
"""Settings that shape a timeline; a decision keeps them as they were."""
PRESETS: dict[str, dict[str, float]] = {
    "exact": {},
    "edit": {"bridge_s": 1.0, "min_appearance_s": 0.5},
    "story": {"bridge_s": 3.0, "min_appearance_s": 1.0, "pad_s": 0.5},
}
"""What happens to appearances: as they are; for cutting; for who is in a scene with whom."""


def look(
    film: Film,
    networks: FilmNetworks,
    settings: Settings,
    earlier: Scanned | None,
    *,
    kept_in: Path,
    fresh: bool = False,
    by: Callable[..., Watched] | None = None,
    progress: ProgressCallback | None = None,
) -> tuple[Watched, dict[str, Any], bool]:
    """Look through `film`, or take the tracks of an `earlier` scan by the same networks; fingerprint, and which it was.

    `kept_in`: what a scan that was broken off left there is gone on with. `by`: who does in the place of `watch`.
    """
    fingerprint = fingerprint_of(film.video, networks, settings)
    if earlier is not None and earlier.fingerprint == fingerprint and not fresh:
        return earlier.watched_as(film.video), fingerprint, True
    watched = (by or watch)(
        film, networks.detector, networks.embedder.embed, settings,
        kept_in=kept_in, fingerprint=fingerprint, progress=progress,
    )  # fmt: skip
    return watched, fingerprint, False


def group_tracks(watched: Watched, embedder: str) -> Groups:
    """Which of the film's tracks show one person; `embedder`: the contract id of what made their embeddings."""
    second = float(1 / watched.video.time_base)
    same_place = setups.in_same_place(watched.records, watched.look_pts, watched.tiny, second)
    return group(watched.records, same_place, embedder)


def identify_tracks(
    watched: Watched, groups: Groups, model: CharacterModel | None, settings: Settings
) -> identity.People:
    """The model's opinion about who the groups of the film's tracks are; without a model everybody is unknown."""
    return identity.identify(watched.records, groups, model, threshold=settings.threshold)


def labels_in(
    watched: Watched, people: identity.People, earlier: Scanned | None, ids: Mapping[str, str] | None = None
) -> list[Label]:
    """One label per track. Unknown people keep the numbers they had in the `earlier` scan. `ids`: character -> id."""
    before = earlier if earlier is not None and earlier.is_of(watched.video) else None
    return labels_of(
        people,
        watched.records,
        watched.video,
        None if before is None else (before.watched.records, before.unknown),
        0 if before is None else before.unknowns_used,
        ids=ids or {},
    )


def facts_of(trained: TrainedModel, settings: Settings, strangers: float) -> dict[str, Any]:
    """Model and settings as a timeline states them, as JSON types; `strangers`: their share of the tracks."""
    card = trained.card(settings.threshold)
    if card is None or trained.model is None:
        return {"model": {}, "settings": _facts_of(settings)}
    model = card.as_dict()
    model["film"] = far_in_film(trained.model, far=card.far, threshold=settings.threshold, strangers=strangers)
    return {"model": model, "settings": _facts_of(settings)}


@dataclass(frozen=True, eq=False)
class Conclusion:
    """A film's timeline; the tracks with the numbers that unknown people have now.

    `notes`: a sentence per decision that no longer finds its face, or of which the machine now differs.
    """

    timeline: Timeline
    scanned: Scanned
    notes: tuple[str, ...] = ()


class Known:
    """What the last timeline of a film was made of: after one more decision only that is made anew which differs."""

    def __init__(self) -> None:
        self._of: tuple[Watched, Settings] | None = None
        self.applied = Last()
        self.things: depicted.Known = {}
        self.people: appearances.Known = {}

    def of(self, watched: Watched, settings: Settings) -> Known:
        """This, empty where it is of other tracks or settings."""
        if self._of is None or self._of[0] is not watched or self._of[1] != settings:
            self.applied, self.things, self.people = Last(), {}, {}
            self._of = watched, settings
        return self


def conclude(
    scanned: Scanned, decisions: Decisions, settings: Settings, names: NamesOfToday, known: Known | None = None
) -> Conclusion:
    """Apply what people decided to the model's labels, and build the timeline. `names`: who is called what today.

    `known`: what the last call made of the same film; one caller at a time.
    """
    known = (known or Known()).of(scanned.watched, settings)
    watched, video = scanned.watched, scanned.watched.video
    laid = watched.laid
    tracks = laid.tracks
    applied = apply(
        decisions, tracks, scanned.labels, video, scanned.unknown, scanned.unknowns_used, names=names,
        finder=laid.finder, last=known.applied,
    )  # fmt: skip
    final = depicted.of_one_kind(applied.labels, tracks, video, known.things)
    card = scanned.facts["model"]
    if "film" in card:
        card = {**card, "film": counted(card["film"], final)}
    timeline = build(
        video, watched.shots, tracks, final, settings,
        seen=laid.seen, followed=laid.followed,
        model=card, facts=scanned.facts["settings"], gaps=watched.gaps, stated=applied.stated,
        known=known.people,
    )  # fmt: skip
    return Conclusion(timeline, scanned.decided(final, applied.highest_unknown), tuple(applied.notes))


def shaped_as(timeline: Timeline, settings: Settings) -> Settings:
    """`settings`, with what shaped the timeline kept as it was."""
    kept = {name: timeline.settings[name] for name in SHAPING if name in timeline.settings}
    return replace(settings, **kept)


def fingerprint_of(video: Video, networks: FilmNetworks, settings: Settings) -> dict[str, Any]:
    """What must be the same for tracks to be used again, as JSON types."""
    return {
        "version": FINGERPRINT,
        "content_id": video.content_id,
        "stream": video.stream,
        "time_base": f"{video.time_base}",
        "detector": networks.detector.id,
        "embedder": networks.embedder.id,
        "look_every_s": settings.look_every_s,
    }


def _facts_of(settings: Settings) -> dict[str, Any]:
    """The settings that shape a timeline, as JSON types."""
    names = (
        "far", "threshold", "look_every_s", "bridge_s", "min_appearance_s", "pad_s", "min_unknown_s", "scene_gap_s",
        "detector", "embedder",
    )  # fmt: skip
    return {"personae_version": __version__, **{name: getattr(settings, name) for name in names}}


def undecided(people: identity.People, labels: Sequence[Label]) -> list[str]:
    """A sentence per unknown person who is one of two characters."""
    either = {
        label.name: people.either[person]
        for person, label in zip(people.person.tolist(), labels, strict=True)
        if person >= 0 and label.unknown is not None and people.either[person]
    }
    return [f"{who} is {' or '.join(names)}: they are not told apart by their faces." for who, names in either.items()]


def doubts(watched: Watched) -> list[str]:
    """A sentence where a film has next to no faces."""
    length = watched.video.duration_s
    lengths = [float((record.end_pts - record.start_pts) * watched.video.time_base) for record in watched.records]
    seen = sum(one >= 0.5 for one in lengths)
    notes = unread(watched)
    if length >= RARE_FACES_S and seen < length / RARE_FACES_S and sum(lengths) < RARE_FACES_SHARE * length:
        notes.append(
            f"Only {count_of(seen, 'face')} in {length / 60:.0f} minutes: is this animation, or the wrong video "
            "stream? Streams are chosen with --stream."
        )
    return notes


def unread(film: Watched | Timeline) -> list[str]:
    """A sentence per span that could not be read; one for all of a kind where they are many."""
    video, notes = film.video, []
    for why in dict.fromkeys(gap[2] for gap in film.gaps):
        found = [(video.seconds(start), video.seconds(end)) for start, end, reason in film.gaps if reason == why]
        if len(found) <= FEW_GAPS:
            for start, end in found:
                digits = 2 if end - start < 0.1 else 1  # a single picture too has a beginning and an end
                notes.append(f"{why}: {start:.{digits}f} s to {end:.{digits}f} s could not be read.")
        else:
            lost = sum(end - start for start, end in found)
            notes.append(
                f"{why}: {len(found)} places between {found[0][0]:.1f} s and {found[-1][1]:.1f} s, "
                f"{seconds_text(lost)} in all, could not be read. The timeline lists them."
            )
    return notes
