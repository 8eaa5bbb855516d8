"""Pictures of faces: their addresses, who sees whose, and that they are gone when they are to be gone."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from personae import archive
from personae.errors import DamagedFileError, StoreError
from personae.films import crop_index, crops_file, say
from personae.films.media_id import id_of
from tests.server.conftest import API, Served

FILM = f"{API}/media/{id_of('film', 'ep1')}"
PHOTOS = f"{API}/media/{id_of('photos', 'photos')}"


def _all(served: Served, where: str, client: Any = None, **params: str | int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor: dict[str, str | int] = {}
    while True:
        answer = (client or served.client).get(f"{where}/crops", params={**params, "limit": 1, **cursor})
        assert answer.status_code == 200, answer.text
        rows += answer.json()["crops"]
        if answer.json()["next"] is None:
            return rows
        cursor = {"cursor": answer.json()["next"]}


@pytest.mark.parametrize("by", ["appearance", "track", "person"])
def test_each_row_has_pictures_of_that_face_the_best_first(pictured: Served, by: str) -> None:
    film = pictured.project.films["ep1"]
    rows = _all(pictured, FILM, by=by)
    assert {row["character"] or row["unknown"] for row in rows} == {"Thor", 1}
    kept = crops_file.read(film.files.crops, film.face_media().records)
    assert kept is not None
    known = {bytes(crop.jpeg): (track, crop.pts) for track, own in enumerate(kept, 1) for crop in own}
    for row in rows:
        weights = [one["weight"] for one in row["pictures"]]
        assert weights == sorted(weights, reverse=True)
        assert 1 <= len(weights) <= 6
        for one in row["pictures"]:
            answer = pictured.client.get(one["address"])
            assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
            assert known[answer.content] == (one["track"], one["pts"])
            assert one["at_s"] == film.timeline.video.seconds(one["pts"])
            (owner,) = [each for each in film.timeline.appearances if one["track"] in each.tracks]
            assert (owner.character, owner.unknown) == (row["character"], row["unknown"])
            assert pictured.client.get(
                one["address"], headers={"If-None-Match": answer.headers["etag"]}
            ).status_code == 304  # fmt: skip
    only = _all(pictured, FILM, by=by, unknown=1)
    assert [row for row in rows if row["unknown"] == 1] == only


def test_a_page_of_crops_reads_the_file_of_crops_once(pictured: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    once = crop_index.read

    def counted(path: Path, *rest: Any) -> crop_index.CropIndex:
        read.append(path)
        return once(path, *rest)

    monkeypatch.setattr(crop_index, "read", counted)
    addresses = [one["address"] for row in _all(pictured, FILM) for one in row["pictures"]]
    for _ in range(20):
        assert all(pictured.client.get(one).status_code == 200 for one in addresses)
    pictured.service.film(id_of("film", "ep1")).relabel()
    assert all(pictured.client.get(one).status_code == 200 for one in addresses)
    assert len(read) == 1


def test_faces_of_photos_are_cut_out_of_them(pictured: Served) -> None:
    rows = _all(pictured, PHOTOS, by="person")
    assert {row["character"] or row["unknown"] for row in rows} >= {"Thor", "Loki"}
    for row in rows:
        answer = pictured.client.get(row["pictures"][0]["address"])
        assert answer.status_code == 200, answer.text
        image = Image.open(io.BytesIO(answer.content))
        assert image.format == "JPEG"
        assert image.width == image.height
    assert len(_all(pictured, PHOTOS, by="track")) == 3


def test_viewers_see_no_strangers(pictured: Served) -> None:
    viewer = pictured.as_role("viewer")
    for where in (FILM, PHOTOS):
        mine, every = _all(pictured, where, viewer, by="person"), _all(pictured, where, by="person")
        assert mine == [row for row in every if row["character"] is not None]
        (stranger,) = [row for row in every if row["character"] is None]
        for row, status in ((mine[0], 200), (stranger, 403)):
            assert viewer.get(row["pictures"][0]["address"]).status_code == status


def test_after_forgetting_the_addresses_are_gone(pictured: Served) -> None:
    rows = {(where, row["character"]): row for where in (FILM, PHOTOS) for row in _all(pictured, where, by="person")}
    addresses = {key: [one["address"] for one in row["pictures"]] for key, row in rows.items()}
    assert all(pictured.client.get(one).status_code == 200 for own in addresses.values() for one in own)
    pictured.project.forget("Thor")
    for (where, character), own in addresses.items():
        for one in own:
            answer = pictured.client.get(one)
            if character == "Thor":
                assert (answer.status_code, answer.json()["code"]) == (410, "gone"), where
            else:
                assert answer.status_code == 200, (where, character)
    assert "Thor" not in {row["character"] for where in (FILM, PHOTOS) for row in _all(pictured, where)}


def test_after_a_decision_an_address_is_the_same_and_the_name_another(pictured: Served) -> None:
    (before,) = _all(pictured, FILM, by="person", unknown=1)
    film = pictured.service.film(id_of("film", "ep1"))
    film.decide([say.name("Unknown 1", "Loki")])
    (after,) = [row for row in _all(pictured, FILM, by="person") if row["character"] == "Loki"]
    assert after["pictures"] == before["pictures"]
    viewer = pictured.as_role("viewer")
    assert viewer.get(after["pictures"][0]["address"]).status_code == 200


def test_what_was_never_there_and_what_is_no_digest(pictured: Served) -> None:
    for where in (FILM, PHOTOS):
        assert pictured.client.get(f"{where}/crops/{'0' * 32}.jpg").json()["code"] == "gone"
        assert pictured.client.get(f"{where}/crops/..%2Fx.jpg").status_code in (404, 422)
        assert pictured.client.get(f"{where}/crops/{'G' * 32}.jpg").status_code == 422


def test_one_crop_is_read_at_a_time_and_a_damaged_file_is_said_so(pictured: Served, tmp_path: Path) -> None:
    film = pictured.project.films["ep1"]
    records = film.face_media().records
    index = crop_index.read(film.files.crops, records, lambda jpeg: str(len(jpeg)))
    arrays, facts = archive.read(film.files.crops, schema=crops_file.SCHEMA)
    assert [len(own) for own in index.of_tracks] == arrays["crop_count"].tolist()
    broken = dict(arrays) | {"crop_bytes": arrays["crop_bytes"] + 1}
    path = tmp_path / "film.crops"
    archive.write(path, broken, facts, schema=crops_file.SCHEMA)
    with pytest.raises(DamagedFileError, match="does not add up"):
        crop_index.read(path, records, str)
    content = film.files.crops.read_bytes()
    for cut in (0, 4, 40, len(content) // 2):
        path.write_bytes(content[:cut])
        with pytest.raises(StoreError):
            crop_index.read(path, records, lambda jpeg: str(len(jpeg)))
