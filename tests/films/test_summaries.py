"""Summaries of films and sets: kept for the next start, made anew when something changed, gone when somebody is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from personae import say
from personae.films import summary
from personae.films.film import StoredFilm
from personae.films.listing import Listing
from personae.films.person_faces import faces_of
from personae.films.photo_set import PhotoSet
from personae.films.summaries_keeper import folder_of
from personae.films.summary import Summaries, Summary
from personae.films.unknown_parts import parts_of
from personae.project.session import Project
from tests.drawn_films import drawn_recognizer
from tests.server.media import FAKE, make_media, scan_media


@pytest.fixture
def project(tmp_path: Path) -> Project:
    make_media(tmp_path / "media")
    scan_media(tmp_path / "project", tmp_path / "media")
    return Project.open(tmp_path / "project", settings=FAKE)


def _alike(a: Summary, b: Summary) -> bool:
    arrays = [
        np.array_equal(a.shown.apart, b.shown.apart),
        a.shown.people is not None and b.shown.people is not None
        and np.array_equal(a.shown.people.alike, b.shown.people.alike),
    ]  # fmt: skip
    values = [(one.facts, one.doubtful, one.seen, one.shown.keys, one.shown.parts, one.shown.barred) for one in (a, b)]
    return all(arrays) and values[0] == values[1]


def test_it_is_read_again_as_it_was_made(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    media: list[StoredFilm | PhotoSet] = [project.films["ep1"], project.photos["holiday"]]
    made = [Summaries(project.context.paths).of(one) for one in media]
    assert not any(one.is_open for one in media), "nothing stays in memory but the summary"
    monkeypatch.setattr(summary, "_made", lambda medium: pytest.fail("it was made again"))
    again = [Summaries(project.context.paths).of(one) for one in media]
    assert all(_alike(a, b) for a, b in zip(made, again, strict=True))


def test_a_decision_makes_it_anew(project: Project) -> None:
    film, summaries = project.films["ep1"], Summaries(project.context.paths)
    assert summaries.of(film).facts.unknown == 2
    film.decide(say.stranger("Unknown 1"))
    assert summaries.of(film).facts.unknown == 1
    film.decide(say.name("Unknown 2", "Hela"))
    assert summaries.of(film).facts.unknown == 0
    film.close()


def test_a_damaged_one_is_made_again(project: Project) -> None:
    film = project.films["ep1"]
    made = Summaries(project.context.paths).of(film)
    for path in folder_of(project.context.paths).iterdir():
        path.write_bytes(path.read_bytes()[:-100])
    assert _alike(made, Summaries(project.context.paths).of(film))


def test_forgetting_leaves_none(project: Project) -> None:
    film, summaries = project.films["ep1"], Summaries(project.context.paths)
    film.decide(say.name("Unknown 1", "Hela"))
    film.close()
    assert "Hela" in summaries.of(film).facts.characters
    project.cast.add_names(["Hela"])
    project.forget("Hela")
    assert not list(folder_of(project.context.paths).iterdir())
    assert "Hela" not in summaries.of(film).facts.characters


@pytest.mark.parametrize("name", ["Thor", "Hela"])  # the first track and the last
def test_after_forgetting_whom_the_model_knew_the_others_keep_their_own_faces(tmp_path: Path, name: str) -> None:
    make_media(tmp_path / "media")
    drawn_recognizer(tmp_path, (name,))
    project = Project.open(tmp_path / "project", settings=FAKE)
    project.films.scan(tmp_path / "media" / "ep1.mkv").close()
    film = project.films["ep1"]
    assert name in {one.name for one in film.timeline.appearances}
    before = _tracks_of(film, "Unknown 1")
    film.close()
    project.forget(name)
    film = project.films["ep1"]
    (part,) = parts_of(film)
    assert _tracks_of(film, part.who) == before
    ((face,),) = faces_of([film], [frozenset({(None, part.unknown)})])
    assert face.track == part.best and face.face_px > 0, "the face is found where the track says"
    film.close()


def _tracks_of(film: StoredFilm, name: str) -> set[tuple[int, int, bytes]]:
    """When somebody's tracks are, and the faces that are known of each."""
    media = film.face_media()
    own = {number for one in media.timeline.appearances if one.name == name for number in one.tracks}
    return {
        (track.start_pts, track.end_pts, record.embeddings.tobytes())
        for track, record in zip(media.timeline.tracks, media.records, strict=True) if track.id in own
    }  # fmt: skip


def test_a_listing_sees_what_comes_and_goes(project: Project) -> None:
    listing = Listing(project.films.store, project.photos.store)
    names = [one.name for one in listing.now().values()]
    assert names == ["ep1", "ep2", "holiday"]
    (project.folder / "films" / "ep2").rename(project.folder / "films" / "ep3")
    assert [one.name for one in listing.now().values()] == ["ep1", "ep3", "holiday"]
