"""Pictures of films at an exact time, and photos of sets: by the helper, cached by content, never of anything else."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from personae import Project
from personae.films.media_id import id_of
from tests.film_maker import make_film, number_in, numbered
from tests.server.conftest import API, Served
from tests.server.files.conftest import FAKE

FILM = f"{API}/media/{id_of('film', 'counted')}"
PHOTOS = f"{API}/media/{id_of('photos', 'photos')}"
SET = PHOTOS.replace("/media/", "/photo-sets/")


@pytest.fixture
def counted(tmp_path: Path, serve: Callable[..., Served]) -> Served:
    """A film whose every picture says its number, 25 a second."""
    media = tmp_path / "media"
    media.mkdir()
    film = make_film(media / "counted.mkv", draw=numbered, frames=120)
    project = Project.open(tmp_path / "project", settings=FAKE)
    project.films.scan(film).close()
    return serve(project, media)


def _pixels(content: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def test_a_picture_is_the_one_that_is_on_screen_at_that_time(counted: Served) -> None:
    for at_s, number in ((0.0, 0), (0.039, 0), (0.041, 1), (2.02, 50), (4.779, 119)):
        found = counted.client.get(f"{FILM}/picture", params={"at_s": at_s}).json()
        answer = counted.client.get(found["address"])
        assert answer.status_code == 200, answer.text
        assert number_in(_pixels(answer.content)) == number, at_s
        assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
        assert answer.headers["content-type"] == "image/jpeg"
        again = counted.client.get(found["address"], headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    by_pts = counted.client.get(f"{FILM}/picture", params={"pts": found["pts"]}).json()
    assert by_pts == found


def test_a_picture_of_a_film_in_parts_is_found_in_its_part(tmp_path: Path, serve: Callable[..., Served]) -> None:
    media = tmp_path / "media"
    media.mkdir()

    def part(first: int) -> Path:
        return make_film(media / f"{first}.mkv", draw=lambda number: numbered(number + first), frames=50)

    parts = [part(first) for first in (0, 50, 100)]
    project = Project.open(tmp_path / "project", settings=FAKE)
    film = project.films.scan(parts)
    client = serve(project, media).client
    for at_s, number in ((0.01, 0), (1.97, 49), (2.01, 50), (3.97, 99), (4.01, 100), (5.97, 149)):
        address = f"{API}/media/{id_of('film', film.name)}/picture"
        found = client.get(address, params={"at_s": at_s}).json()
        assert number_in(_pixels(client.get(found["address"]).content)) == number, at_s


def test_a_picture_is_made_smaller_and_never_larger(counted: Served) -> None:
    address = counted.client.get(f"{FILM}/picture", params={"at_s": 1}).json()["address"]
    assert _pixels(counted.client.get(address, params={"width": 80}).content).shape == (60, 80, 3)
    assert _pixels(counted.client.get(address, params={"width": 4000}).content).shape == (120, 160, 3)
    assert counted.client.get(address, params={"width": 10**9}).status_code == 422


def test_a_time_that_the_film_has_not_is_404(counted: Served) -> None:
    for params in ({"at_s": 4.81}, {"pts": -1}, {"pts": 2**61}):
        answer = counted.client.get(f"{FILM}/picture", params=params)
        assert (answer.status_code, answer.json()["code"]) == (404, "no-picture"), params
    assert counted.client.get(f"{FILM}/picture").status_code == 422
    assert counted.client.get(f"{FILM}/picture", params={"at_s": "nan"}).status_code == 422
    address = counted.client.get(f"{FILM}/picture", params={"pts": 0}).json()["address"]
    answer = counted.client.get(address.replace("/0/", f"/{2**61}/"))
    assert (answer.status_code, answer.json()["code"]) == (404, "no-picture")


def test_of_another_file_in_the_films_place_there_is_no_picture(counted: Served) -> None:
    address = counted.client.get(f"{FILM}/picture", params={"at_s": 1}).json()["address"]
    make_film(counted.media / "counted.mkv", frames=10)
    answer = counted.client.get(address)
    assert (answer.status_code, answer.json()["code"]) == (410, "gone")
    wrong = address.rsplit("/", 1)[0] + f"/{'0' * 32}.jpg"
    assert counted.client.get(wrong).status_code == 410
    (counted.media / "counted.mkv").unlink()
    answer = counted.client.get(address)
    assert (answer.status_code, answer.json()["code"]) == (404, "no-file")
    assert str(counted.media) not in answer.text


def test_photos_are_upright_and_as_they_were_kept(tmp_path: Path, serve: Callable[..., Served]) -> None:
    photos = tmp_path / "media" / "photos"
    photos.mkdir(parents=True)
    wide = Image.new("RGB", (300, 100), (200, 40, 40))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    wide.save(photos / "a <b> \u202egpj.jpg", exif=exif)
    project = Project.open(tmp_path / "project", settings=FAKE)
    project.photos.keep(photos)
    served = serve(project, tmp_path / "media")
    (row,) = served.client.get(f"{SET}/photos").json()["photos"]
    assert row["size"] == [100, 300]
    answer = served.client.get(row["address"])
    assert _pixels(answer.content).shape == (300, 100, 3)
    assert _pixels(served.client.get(row["address"], params={"width": 50}).content).shape == (150, 50, 3)
    assert "immutable" in answer.headers["cache-control"]
    wide.save(photos / row["path"])
    assert served.client.get(row["address"]).json()["code"] == "gone"
    assert served.client.get(row["address"].replace(row["id"], "0" * 16)).json()["code"] == "gone"


def test_annotated_photos_show_strangers_to_editors_alone(pictured: Served) -> None:
    rows = pictured.client.get(f"{SET}/photos").json()["photos"]
    row = next(one for one in rows if len(one["faces"]) == 2)  # Thor, and somebody unknown
    viewer = pictured.as_role("viewer")

    def drawn(client: Any, annotated: bool) -> NDArray[np.uint8]:
        answer = client.get(row["address"], params={"annotated": annotated})
        assert answer.status_code == 200, answer.text
        assert annotated == (answer.headers["cache-control"] == "private, no-store")
        return _pixels(answer.content)

    plain, whole, known = drawn(viewer, False), drawn(pictured.client, True), drawn(viewer, True)
    assert plain.shape == (*reversed(row["size"]), 3)
    assert (whole != known).any()
    assert known.shape == whole.shape


def test_photos_outside_the_roots_are_not_there(pictured: Served, tmp_path: Path, serve: Callable[..., Served]) -> None:
    address = pictured.client.get(f"{SET}/photos").json()["photos"][0]["address"]
    answer = serve(pictured.project, tmp_path / "other").client.get(address)
    assert (answer.status_code, answer.json()["code"]) == (404, "no-file")


def test_an_uploaded_photo_comes_back_with_names_on_it(pictured: Served) -> None:
    photo = (pictured.media / "photos" / "0.png").read_bytes()
    viewer = pictured.as_role("viewer")
    named = viewer.post(f"{API}/identify", files={"photo": ("<b>.png", photo)}).json()["pictures"][0]
    assert [face["character"] for face in named["faces"]].count("Thor") == 1
    answer = viewer.post(f"{API}/identify/picture", files={"photo": ("x.html", photo, "text/html")})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    width = Image.open(io.BytesIO(photo)).width
    assert _pixels(answer.content).shape[1] >= width
    (root,) = viewer.get(f"{API}/roots").json()["roots"]
    there = viewer.get(f"{API}/roots/{root['id']}/identify/picture", params={"path": "photos/0.png"})
    assert there.content == answer.content
    broken = viewer.post(f"{API}/identify/picture", files={"photo": ("x.jpg", b"<html>", "image/jpeg")})
    assert (broken.status_code, broken.json()["code"]) == (422, "photo")
    assert "uploads" not in broken.text
    assert not [*(pictured.project.folder / "cache" / "uploads").iterdir()]
