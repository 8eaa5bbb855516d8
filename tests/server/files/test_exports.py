"""Exports over the service: what the command line writes, as downloads that tell no paths and no strangers."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from PIL import Image

from personae import Project
from personae.exports.registry import OURS, exporters
from personae.faces.fake import draw_picture
from personae.films.media_id import id_of
from personae.project.exporting import Shown, elsewhere
from personae.server.downloads import disposition, file_name
from personae.server.zips import pieces
from personae.timeline import native
from tests import timelines
from tests.server.conftest import API, Served
from tests.server.files.conftest import FAKE

ID = id_of("film", "ep1")
FILM = f"{API}/media/{ID}"
PHOTOS = f"{API}/media/{id_of('photos', 'photos')}"


def _character(served: Served, name: str) -> str:
    return next(id for id, known in served.project.cast.names().items() if known == name)


def test_every_format_is_what_the_command_line_writes_without_paths(pictured: Served) -> None:
    for format in OURS:
        answer = pictured.client.get(f"{FILM}/exports/{format}")
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-disposition"].startswith("attachment; ")
        assert "sandbox" in answer.headers["content-security-policy"]
        film = pictured.project.films["ep1"]
        folder = str(pictured.media)
        assert folder.encode() not in answer.content
        assert str(pictured.project.folder).encode() not in answer.content
        if format not in ("report", "sheet"):
            out = pictured.project.folder.parent / "out" / f"file-{format}"
            film.export(out, format=format, media=f"/{Path(film.timeline.video.path).name}")
            assert answer.content == out.read_bytes()
        else:
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
            assert b"data:image/jpeg;base64," in answer.content  # the helper has put the pictures in


def test_the_formats_are_listed(pictured: Served) -> None:
    found = pictured.client.get(f"{API}/exports").json()
    assert [one["name"] for one in found["formats"]][: len(OURS)] == [*OURS]
    assert {one["name"] for one in found["formats"] if one["is_page"]} == {"report", "sheet"}
    assert found["selections"] == ["edl", "otio", "fcpxml", "xml"]
    answer = pictured.client.get(f"{FILM}/exports/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-format")


def test_options_choose_who_is_in_it(pictured: Served) -> None:
    def rows(**params: Any) -> set[str]:
        text = pictured.client.get(f"{FILM}/exports/totals", params=params).content.decode("utf-8-sig")
        return {row["character"] or row["unknown"] for row in csv.DictReader(io.StringIO(text))}

    assert rows() == {"Thor", "Unknown 1"}
    assert rows(unknown=False) == {"Thor"}
    assert rows(character=_character(pictured, "Thor")) == {"Thor"}
    answer = pictured.client.get(f"{FILM}/exports/srt", params={"character": "nobody"})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-character")
    placed = pictured.client.get(f"{FILM}/exports/fcpxml", params={"media": "/Volumes/A b/ep1.mkv"}).text
    assert "file:///Volumes/A%20b/ep1.mkv" in placed
    answer = pictured.client.get(f"{FILM}/exports/fcpxml", params={"media": "../ep1.mkv"})
    assert (answer.status_code, answer.json()["code"]) == (422, "input")


def test_where_the_client_has_the_film_is_text_in_every_format(pictured: Served) -> None:
    for format in OURS:
        media = "/a\r\nb\x1b\x0b/<img onerror=alert(1)>&\"'\u202e]]>.mov"
        answer = pictured.client.get(f"{FILM}/exports/{format}", params={"media": media})
        assert answer.status_code == 200, answer.text
        if format in {"report", "sheet", "premiere", "fcpxml", "elan", "graphml", "webvtt"}:
            assert b"<img onerror" not in answer.content
        if format in {"premiere", "fcpxml", "elan", "graphml"}:
            ElementTree.fromstring(answer.content)
        if format in {"cuts", "resolve", "loc", "avid", "shots-edl"}:
            assert b"\x1b" not in answer.content
        long = pictured.client.get(f"{FILM}/exports/{format}", params={"media": "/" + "x" * 5000})
        assert long.status_code == 422


def test_viewers_learn_nothing_of_strangers(pictured: Served) -> None:
    viewer = pictured.as_role("viewer")
    for format in OURS:
        film = pictured.project.films["ep1"]
        stranger = next(one for one in film.timeline.appearances if one.unknown is not None)
        answer = viewer.get(f"{FILM}/exports/{format}", params={"unknown": True})
        assert answer.status_code == 200, answer.text
        assert b"Unknown 1" not in answer.content
        if format == "tracks":
            known = {track for one in film.timeline.appearances if one.character for track in one.tracks}
            listed = {int(line.split(",")[0]) for line in answer.text.splitlines()[1:]}
            assert listed == known
            assert not listed & set(stranger.tracks)
        if format == "sheet":
            assert answer.text.count("data:image/jpeg") == len(
                [one for one in film.timeline.appearances if one.character]
            )


def test_several_films_come_as_a_zip(pictured: Served, pictured_home: Path, tmp_path: Path) -> None:
    pictured.project.films.scan(pictured_home / "media" / "ep1.mkv", tmp_path / "elsewhere").close()
    ids = [one["id"] for one in pictured.client.get(f"{API}/films").json()["films"]]
    assert len(ids) == 2
    answer = pictured.client.get(f"{API}/exports/edl", params={"medium": ids})
    assert answer.json()["code"] == "unknown-format"
    answer = pictured.client.get(f"{API}/exports/cuts", params={"medium": ids})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
        assert file.testzip() is None
        assert len(file.namelist()) == 2
    answer = pictured.client.get(f"{API}/exports/report", params={"medium": ids})
    assert 'filename="films.report.zip"' in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
        names = file.namelist()
        assert names[0] == "films.html"
        assert sorted(name.rsplit(".", 2)[1] for name in names[1:]) == ["report", "report", "sheet", "sheet"]
        page = file.read("films.html").decode()
        assert all(name in page for name in names if name.endswith(".report.html"))
    assert pictured.client.get(f"{API}/exports/srt").status_code == 422


def test_every_format_at_once_is_each_by_itself(pictured: Served) -> None:
    answer = pictured.client.get(f"{FILM}/exports", params={"unknown": False})
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
        contents = {name: file.read(name) for name in file.namelist()}
    assert len(contents) == len(OURS)
    one = pictured.client.get(f"{FILM}/exports/srt", params={"unknown": False})
    assert contents["ep1.srt"] == one.content
    wrong = pictured.client.get(f"{FILM}/exports", params={"media": "nowhere"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "input")


def test_a_stringout_is_what_select_writes(pictured: Served) -> None:
    thor = _character(pictured, "Thor")
    answer = pictured.client.get(f"{FILM}/selections/edl", params={"character": thor, "handles_s": 0.2})
    assert answer.status_code == 200, answer.text
    film = pictured.project.films["ep1"]
    out = pictured.project.folder.parent / "ep1.edl"
    film.select(out, ["Thor"], handles_s=0.2)
    assert answer.content == out.read_bytes()
    viewer = pictured.as_role("viewer")
    unknown = {"unknown_person": 1}
    assert pictured.client.get(f"{FILM}/selections/otio", params=unknown).status_code == 200
    assert viewer.get(f"{FILM}/selections/otio", params=unknown).status_code == 403
    assert pictured.client.get(f"{FILM}/selections/otio").status_code == 422
    nothing = pictured.client.get(f"{FILM}/selections/otio", params={"character": thor, "min_s": 1000})
    assert (nothing.status_code, nothing.json()["code"]) == (422, "input")


def test_sidecars_of_a_set_name_whom_the_client_may_know(pictured: Served, pictured_home: Path) -> None:
    def sidecars(client: Any, **params: Any) -> dict[str, str]:
        answer = client.get(f"{PHOTOS}/sidecars", params=params)
        assert answer.status_code == 200, answer.text
        with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
            return {name: file.read(name).decode() for name in file.namelist()}

    found = sidecars(pictured.client)
    assert set(found) == {"0.png.xmp", "1.png.xmp"}
    assert "Thor" in found["0.png.xmp"]
    assert found["0.png.xmp"].count("mwg-rs:Area") > sidecars(pictured.as_role("viewer"))["0.png.xmp"].count(
        "mwg-rs:Area"
    )
    assert set(sidecars(pictured.client, adobe_names=True)) == {"0.xmp", "1.xmp"}


def test_a_film_is_exported_by_a_job_and_forgotten_with_who_is_in_it(pictured: Served) -> None:
    thor = _character(pictured, "Thor")
    asked = {"kind": "annotated", "suffix": ".mkv"}
    first = pictured.client.post(f"{FILM}/exports", json=asked, headers={"Idempotency-Key": "a"}).json()["job"]
    again = pictured.client.post(f"{FILM}/exports", json=asked, headers={"Idempotency-Key": "a"}).json()["job"]
    assert again["id"] == first["id"]
    cut = pictured.client.post(f"{FILM}/exports", json={"kind": "selection", "characters": [thor]}).json()["job"]
    assert pictured.client.get(f"{API}/jobs/{cut['id']}/file").json()["code"] == "not-done"
    jobs = pictured.work()
    assert [job.state for job in jobs] == ["done", "done"], [job.error for job in jobs]
    for job, kind in ((first, "video/x-matroska"), (cut, "video/mp4")):
        address = f"{API}/jobs/{job['id']}/file"
        whole = pictured.client.get(address)
        assert (whole.status_code, whole.headers["content-type"]) == (200, kind)
        part = pictured.client.get(address, headers={"Range": "bytes=-5"})
        assert (part.status_code, part.content) == (206, whole.content[-5:])
        assert pictured.client.head(address).headers["content-length"] == str(len(whole.content))
        assert pictured.as_role("viewer").get(address).status_code == 403
        assert str(pictured.project.folder) not in str(pictured.client.get(f"{API}/jobs/{job['id']}").json()["job"])
    pictured.project.forget("Thor")
    for job in (first, cut):
        answer = pictured.client.get(f"{API}/jobs/{job['id']}/file")
        assert (answer.status_code, answer.json()["code"]) == (410, "gone")
    assert not [*(pictured.project.folder / "cache" / "exports").iterdir()]


def test_an_export_of_a_film_outside_the_roots_is_refused(
    pictured: Served, tmp_path: Path, serve: Callable[..., Served]
) -> None:
    other = serve(pictured.project, tmp_path / "other").client
    answer = other.post(f"{FILM}/exports", json={"kind": "annotated"})
    assert (answer.status_code, answer.json()["code"]) == (404, "no-file")
    assert other.post(f"{FILM}/exports", json={"kind": "selection"}).json()["code"] == "input"


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("film", "film.srt"),
        ('a"b\\c', "a-b-c.srt"),
        ("a\r\nSet-Cookie: x=1", "aSet-Cookie- x=1.srt"),
        ("x\u202egpj.exe", "xgpj.exe.srt"),
        ("李小龙", "download.srt"),
        ("Zoë", "Zoe.srt"),
        ("../../etc/passwd", "-..-etc-passwd.srt"),
        ("", "download.srt"),
        ("\ud800", "-ud800.srt"),
        ("x" * 400, "x" * 146 + ".srt"),
    ],
)
def test_download_names_are_one_line_and_no_path(name: str, plain: str) -> None:
    header = disposition(name, ".srt")
    found = re.fullmatch(r"attachment; filename=\"([\x20-\x7e]*)\"; filename\*=UTF-8''([A-Za-z0-9._%~-]+)", header)
    assert found, header
    assert found[1] == plain
    assert "%0" not in found[2]
    assert not set(file_name(name)) & set('\r\n"/\\:')


def test_a_zip_file_leads_nowhere_and_keeps_two_of_one_name() -> None:
    members = [("../../up.txt", b"1"), ("/root.txt", b"2"), ("c:\\x.txt", b"3"), ("A.txt", b"4"), ("a.txt", b"5"),
               ("f/é\n.txt", b"6")]  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces(members)))) as file:
        names = file.namelist()
        assert [file.read(name) for name in names] == [b"1", b"2", b"3", b"4", b"5", b"6"]
        assert names == ["up.txt", "root.txt", "c-/x.txt", "A.txt", "a-2.txt", "f/é.txt"]


def test_of_a_film_in_parts_the_names_of_all_are_told_and_no_folder() -> None:
    timeline = elsewhere(timelines.film(path="/films/secret/My film.mov"), None)
    assert timeline.video.path == "/My film.mov"
    assert b"secret" not in native.dumps(timeline).encode()
    film = timelines.film()
    film.model["film"] = {"unknown_tracks": 7, "unknown_people": 3, "strangers": 2}
    shown = Shown(strangers=False).of(film)
    assert shown.model == {name: fact for name, fact in film.model.items() if name != "film"} != film.model
    assert Shown().of(film).model == film.model
    for format in ("methods", "report"):
        assert b"unknown_people" not in exporters()[format].export(shown)
    assert {one.character for one in shown.appearances} == {"Thor", "thor", timelines.NASTY}
    assert {track.id for track in shown.tracks} == {number for one in shown.appearances for number in one.tracks}


def test_photos_that_were_changed_have_no_sidecar(tmp_path: Path, serve: Callable[..., Served]) -> None:
    photos = tmp_path / "media" / "photos"
    photos.mkdir(parents=True)
    for name in ("a.png", "b.png"):
        Image.fromarray(draw_picture([("Odin", 96)], take=1).pixels).save(photos / name)
    project = Project.open(tmp_path / "project", settings=FAKE)
    project.photos.keep(photos)
    served = serve(project, tmp_path / "media")
    Image.new("RGB", (100, 100)).save(photos / "a.png")
    with zipfile.ZipFile(io.BytesIO(served.client.get(f"{PHOTOS}/sidecars").content)) as file:
        assert file.namelist() == ["b.png.xmp"]
