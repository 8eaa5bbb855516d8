"""Sets of photos over HTTP: in short, what changed since, and boxes that people draw."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.conftest import Served
from tests.server.media import Client


@pytest.fixture
def served(filled: Served) -> Served:
    return filled


def overview(client: Client, id: str, **query: Any) -> Any:
    return client.get(f"/photo-sets/{id}/overview", **query)


def test_the_photos_in_short_come_by_path_and_in_parts(client: Client) -> None:
    id = client.id("holiday")
    whole = overview(client, id)
    assert [row[1] for row in whole["photos"]] == ["0.png", "1.png"]
    assert (whole["total"], whole["next"], whole["is_all"]) == (2, None, True)
    first = overview(client, id, limit=1)
    rest = overview(client, id, limit=1, start=first["next"])
    assert first["photos"] + rest["photos"] == whole["photos"] and rest["next"] is None
    long = {one["id"]: one for one in client.get(f"/photo-sets/{id}/photos")["photos"]}
    for photo, _, digest, width, height, faces in whole["photos"]:
        assert long[photo]["size"] == [width, height] and digest in long[photo]["address"]
        assert [row[5] for row in faces] == [face["name"] for face in long[photo]["faces"]]


def test_only_what_changed_since_is_told(client: Client) -> None:
    id = client.id("holiday")
    state = overview(client, id)["state"]
    assert overview(client, id, since=state)["photos"] == []
    said = {"say": "add", "who": "Sif", "photo": "1.png", "box": [1, 1, 30, 40]}
    made = client.post(f"/media/{id}/decisions", {"said": [said]})
    assert made["decisions"][0]["kind"] == "face"
    changed = overview(client, id, since=state)
    assert not changed["is_all"] and [row[1] for row in changed["photos"]] == ["1.png"]
    drawn = changed["photos"][0][5][-1]
    assert drawn[5] == "Sif" and drawn[8] & 8 and drawn[8] & 1
    face = client.get(f"/photo-sets/{id}/photos")["photos"][1]["faces"][-1]
    assert face["drawn"] and face["decided_by"] == "person"
    assert overview(client, id, since="nothing")["is_all"], "of an earlier state everything has changed"


@pytest.mark.parametrize("missing", [{"box": None}, {"box": [5, 5, 1, 1]}, {"photo": "nowhere.png"}])
def test_a_box_that_is_none_is_refused(client: Client, missing: dict[str, Any]) -> None:
    said = {"say": "add", "who": "Sif", "photo": "1.png", "box": [1, 1, 30, 40]} | missing
    client.post(f"/media/{client.id('holiday')}/decisions", {"said": [said]}, 422)
