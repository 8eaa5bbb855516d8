"""Links in a media root that lead out of it: no job reads what they lead to, also where they came after the asking."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from personae.errors import FilmError, InputError
from personae.faces.fake import draw_picture
from personae.files import open_input
from personae.leading_out import NO_FILM, leads_out, staying_in
from personae.media.photos import find
from personae.media.video import open_film
from personae.project.session import Project
from tests.server.conftest import Served
from tests.server.media import FAKE, Client, make_media

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links take rights there")


def draw(path: Path, who: str, take: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(draw_picture([(who, 96)], take=take).pixels).save(path)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("leading-out")
    make_media(home / "media")
    (home / "outside").mkdir()
    (home / "media" / "ep2.mkv").rename(home / "outside" / "secret.mkv")
    for take in range(3):
        draw(home / "media" / "cast" / "Thor" / f"{take}.png", "Thor", take)
        draw(home / "media" / "cast" / "Loki" / f"{take}.png", "Loki", take)
        draw(home / "outside" / "Hela" / f"{take}.png", "Hela", take)
    (home / "outside" / "performers.csv").write_text("Thor,Chris\n")
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "home"))


@pytest.fixture
def served(home: Path, serve: Callable[..., Served]) -> Served:
    return serve(Project.open(home / "project", settings=FAKE), home / "media")


@pytest.fixture
def client(served: Served) -> Client:
    return Client(served.client)


def root(client: Client) -> str:
    return str(client.get("/roots")["roots"][0]["id"])


def test_training_passes_over_what_leads_out(served: Served, client: Client, home: Path) -> None:
    cast = home / "media" / "cast"
    (cast / "Hela").symlink_to(home / "outside" / "Hela")
    (cast / "Thor" / "out.png").symlink_to(home / "outside" / "Hela" / "0.png")
    (cast / "Thor" / "look").symlink_to(home / "outside" / "Hela")
    (cast / "Loki" / "in.png").symlink_to(cast / "Loki" / "1.png")
    (cast / "performers.csv").symlink_to(home / "outside" / "performers.csv")
    client.post("/train", {"root": root(client), "folder": "cast"}, 202)
    (job,) = served.work()
    assert job.state == "done", job.error
    assert served.project.cast.characters().keys() == {"Loki", "Thor"}
    photos = {Path(photo.path).name: photo for photo in served.project.cast.photos()}
    assert "in.png" in photos and "out.png" not in photos, "a link within the root is followed"
    assert len(served.project.cast.photos("Thor")) == 3


def test_a_set_of_photos_has_none_that_lead_out(served: Served, client: Client, home: Path) -> None:
    holiday = home / "media" / "holiday"
    (holiday / "out.png").symlink_to(home / "outside" / "Hela" / "0.png")
    (holiday / "deeper").symlink_to(home / "outside" / "Hela")
    client.post("/photo-sets", {"root": root(client), "paths": ["holiday"]}, 202)
    (job,) = served.work()
    assert job.state == "done" and job.result["kept"] == 2, (job.error, job.result)
    assert {photo.path for photo in served.project.photos["holiday"].photos} == {"0.png", "1.png"}


@pytest.mark.parametrize("inside", ["strangers", "strangers/deep"])
def test_calibration_reads_none_that_lead_out(served: Served, client: Client, home: Path, inside: str) -> None:
    client.post("/train", {"root": root(client), "folder": "cast"}, 202)
    served.work()
    strangers = home / "media" / inside
    strangers.mkdir(parents=True)
    (strangers / "0.png").symlink_to(home / "outside" / "Hela" / "0.png")
    (strangers / "more").symlink_to(home / "outside" / "Hela")
    client.post("/calibrate", {"root": root(client), "folder": "strangers", "dry": True}, 202)
    (job,) = served.work()
    assert job.state == "failed" and "no face of a stranger in it" in job.error["detail"], job
    client.post("/evaluate", {"root": root(client), "unknown": "strangers"}, 202)
    (job,) = served.work()
    assert job.state == "failed" and "no face in it" in job.error["detail"], job


def test_a_film_that_became_a_link_is_not_there(served: Served, client: Client, home: Path) -> None:
    film = home / "media" / "ep1.mkv"
    client.post("/films", {"root": root(client), "paths": ["ep1.mkv"]}, 202)
    film.unlink()
    film.symlink_to(home / "outside" / "secret.mkv")
    (job,) = served.work()
    assert (job.state, job.error["detail"]) == ("failed", NO_FILM)
    assert served.project.films.names() == ()


def test_no_film_is_made_of_one_that_became_a_link(served: Served, client: Client, home: Path) -> None:
    film = home / "media" / "ep1.mkv"
    client.post("/films", {"root": root(client), "paths": ["ep1.mkv"]}, 202)
    served.work()
    client.post(f"/media/{client.id('ep1')}/exports", {"kind": "annotated"}, 202)
    film.unlink()
    film.symlink_to(home / "outside" / "secret.mkv")
    (job,) = served.work()
    assert job.state == "failed" and "no such file" in job.error["detail"], job
    assert not list((served.project.folder / "cache").rglob("*.mp4"))


def test_a_folder_that_became_a_link_is_not_there(served: Served, client: Client, home: Path) -> None:
    client.post("/photo-sets", {"root": root(client), "paths": ["holiday"]}, 202)
    shutil.rmtree(home / "media" / "holiday")
    (home / "media" / "holiday").symlink_to(home / "outside" / "Hela")
    (job,) = served.work()
    assert job.state == "failed" and served.project.photos.names() == ()


def test_what_leads_out_is_not_opened_even_after_it_was_found(home: Path) -> None:
    media, photo = home / "media", home / "media" / "cast" / "Thor" / "0.png"
    film = media / "ep1.mkv"
    with staying_in([str(media)], without=home / "project"):
        found = list(find([media / "cast"]))
        assert photo in found
        for own, other in ((photo, "Hela/0.png"), (film, "secret.mkv")):
            open_input(own).close()
            own.unlink()
            own.symlink_to(home / "outside" / other)
            with pytest.raises(FileNotFoundError):
                open_input(own)
        with pytest.raises(FilmError, match="no such file"):
            open_film(film)
        analyzer = Project.open(home / "project", settings=FAKE).context.analyzer
        ((_, faces),) = analyzer.analyze_many([photo])  # which opens it in a thread
        assert "no such file" in str(faces)
        open_input(home / "outside" / "secret.mkv").close()  # asked for as it is: no link led there
    open_input(photo).close()


def test_a_link_into_the_project_leads_out_too(home: Path) -> None:
    project = home / "media" / "project"
    project.mkdir()
    own = project / "crop.png"
    shutil.copy(home / "media" / "cast" / "Thor" / "0.png", own)
    link = home / "media" / "cast" / "Thor" / "crop.png"
    link.symlink_to(own)
    with staying_in([str(home / "media")], without=project):
        assert leads_out(link) and not leads_out(own)
        assert link not in list(find([home / "media" / "cast"]))
    assert not leads_out(link)


def test_a_film_that_leads_out_says_so_before_it_is_opened(home: Path) -> None:
    from personae.leading_out import check_film

    link = home / "media" / "ep9.mkv"
    link.symlink_to(home / "outside" / "secret.mkv")
    with staying_in([str(home / "media")], without=home / "project"), pytest.raises(InputError, match="no such film"):
        check_film(link)
    check_film(link)
