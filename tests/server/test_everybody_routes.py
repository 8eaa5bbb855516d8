"""Everybody over HTTP: all films and sets, one person's faces, merges across films, and what viewers see."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.conftest import API, Served
from tests.server.media import Client


@pytest.fixture
def served(filled: Served) -> Served:
    return filled


def everybody(client: Client) -> list[Any]:
    return client.all("/people/everybody", "people", 2)


def parts(person: Any) -> list[dict[str, Any]]:
    """As a body says who is meant."""
    keys = ("medium", "position", "who") if person["kind"] == "named" else ("medium", "position", "number")
    return [{key: part[key] for key in keys} for part in person["parts"]]


def named(client: Client, who: str) -> Any:
    return next(one for one in everybody(client) if one["name"] == who)


def name_all(client: Client, *names: str) -> list[Any]:
    """Name as many of the unknown people; who they are then."""
    for person, to in zip(client.get("/people")["people"], names, strict=False):
        body = [{key: part[key] for key in ("medium", "number", "position")} for part in person["parts"]]
        client.post("/people/decisions", {"parts": body, "say": "name", "to": to})
    return [named(client, to) for to in names]


def test_everybody_is_there_once_over_all_films_and_sets(client: Client) -> None:
    people = everybody(client)
    assert len(people) == 4 and {one["kind"] for one in people} == {"unknown"}
    most = next(one for one in people if len(one["parts"]) == 3)
    assert (most["films"], most["photo_sets"]) == (2, 1)
    [thor] = name_all(client, "Thor")
    assert thor["id"].startswith("name-") and thor["character"] is None
    client.post("/characters", {"names": ["Thor"]})
    now = named(client, "Thor")
    assert now["id"] == client.get("/characters")["characters"][0]["id"]
    assert client.get(f"/people/{thor['id']}")["person"] == now, "who was on their page before finds them"


def test_each_address_of_somebody_unknown_leads_to_them(client: Client) -> None:
    most = next(one for one in everybody(client) if len(one["parts"]) == 3)
    for part in most["parts"]:
        assert client.get(f"/people/{part['medium']}.{part['number']}")["person"] == most
    assert client.get("/people/nobody", 404)["code"] == "unknown-person"


def test_all_faces_of_somebody_come_those_that_agree_least_first(client: Client) -> None:
    most = next(one for one in everybody(client) if len(one["parts"]) == 3)
    rows = client.all(f"/people/{most['id']}/faces", "faces", 2)
    values = [row["agreement"] for row in rows]
    assert values == sorted(values) and all(0 < value <= 1 for value in values)
    assert {row["medium"] for row in rows} == {part["medium"] for part in most["parts"]}
    assert all((row["track"] is None) != (row["photo"] is None) for row in rows)
    assert all(client.client.get(row["crop"]["address"]).status_code == 200 for row in rows)
    leads = client.client.get(f"{API}/people/{most['id']}/picture", follow_redirects=False)
    assert leads.status_code == 307 and client.client.get(leads.headers["location"]).content[:2] == b"\xff\xd8"


def test_several_are_set_aside_as_one_command(client: Client) -> None:
    people = everybody(client)
    body = {"parts": [part for one in people for part in parts(one)], "say": "stranger"}
    made = client.post("/people/decisions", body, key="aside")
    assert client.post("/people/decisions", body, key="aside") == made
    assert {one["kind"] for one in everybody(client)} == {"stranger"}
    client.post("/undo", {"command": made["request"]})
    assert everybody(client) == [
        {**one, "parts": again["parts"]} for one, again in zip(people, everybody(client), strict=True)
    ]


def test_characters_are_merged_over_films_and_taken_apart_with_their_names(client: Client) -> None:
    thor, other = name_all(client, "Thor", "Loki")
    faces = {one["name"]: one["faces"] for one in (thor, other)}
    body = {"parts": [*parts(thor), *parts(other)], "say": "merge", "to": "Thor"}
    warned = client.post("/people/foresee", body)["warnings"]
    assert any("beside them" in one for one in warned)  # both are in one picture
    assert named(client, "Loki")
    made = client.post("/people/decisions", body)
    one = named(client, "Thor")
    assert one["faces"] >= sum(faces.values()) - 1 and "Loki" not in {each["name"] for each in everybody(client)}
    merges = client.get(f"/people/{one['id']}")["merges"]
    [merge] = [each for each in merges if each["command"] == made["request"]]
    assert set(merge["people"]) == {"Thor", "Loki"}
    apart = client.post("/people/take-apart", {"command": merge["command"]}, key="apart")
    assert client.post("/people/take-apart", {"command": merge["command"]}, key="apart")["request"] == apart["request"]
    assert {name: named(client, name)["faces"] for name in faces} == faces
    assert merge["command"] not in [each["command"] for each in client.get(f"/people/{one['id']}")["merges"]]
    client.post("/undo", {"command": apart["request"]})
    assert "Loki" not in {each["name"] for each in everybody(client)}
    assert client.post("/people/take-apart", {"command": "none"}, 404)["code"] == "unknown-command"


def test_some_tracks_become_somebody_of_their_own_and_stay_it(served: Served, client: Client) -> None:
    thor, other = name_all(client, "Thor", "Loki")
    client.post("/people/decisions", {"parts": parts(other), "say": "name", "to": "Thor"})
    both = named(client, "Thor")
    film = next(part["medium"] for part in other["parts"] if part["kind"] == "film")
    rows = [row for row in client.get(f"/people/{both['id']}/faces")["faces"] if row["medium"] == film]
    assert len(rows) > 1
    tracks = [rows[0]["track"]]
    position = next(part["position"] for part in both["parts"] if part["medium"] == film)
    part: dict[str, Any] = {"medium": film, "who": "Thor", "tracks": tracks, "position": position}
    body = {"parts": [part], "say": "own"}
    client.post("/people/decisions", body)
    served.project.films.names()
    client.post(f"/media/{film}/relabel", status=202)
    served.work()
    again = [
        row for row in client.get(f"/people/{named(client, 'Thor')['id']}/faces")["faces"] if row["medium"] == film
    ]
    assert {row["track"] for row in again} == {row["track"] for row in rows} - {*tracks}
    assert client.post("/people/decisions", {**body, "parts": [{**part, "position": None}]}, 404)
    assert thor


def test_some_faces_are_strangers_and_the_rest_of_them_is_not(client: Client) -> None:
    two = next(one for one in everybody(client) if len(one["parts"]) == 3)
    photos = next(part for part in two["parts"] if part["kind"] == "photos")
    film = next(part for part in two["parts"] if part["kind"] == "film")
    rows = client.get(f"/people/{two['id']}/faces")["faces"]
    tracks = [row["track"] for row in rows if row["medium"] == film["medium"]]
    own: dict[str, Any] = {"medium": film["medium"], "number": film["number"], "tracks": tracks}
    whole = {"parts": [own], "say": "own"}
    assert "of their own" in client.post("/people/decisions", whole, 422)["detail"]
    if len(tracks) > 1:
        client.post("/people/decisions", {**whole, "parts": [{**own, "tracks": tracks[:1]}], "say": "stranger"})
        kinds = [
            one["kind"] for one in everybody(client) if any(part["medium"] == film["medium"] for part in one["parts"])
        ]
        assert "stranger" in kinds and kinds.count("unknown") >= 1
    face = next(row for row in rows if row["medium"] == photos["medium"])
    said = {
        "medium": photos["medium"],
        "number": photos["number"],
        "faces": [{"photo": face["path"], "face": face["number"]}],
    }
    client.post("/people/decisions", {"parts": [said], "say": "name", "to": "Odin"})
    assert named(client, "Odin")["faces"] == 1


def test_who_decided_meanwhile_is_told_with_409(client: Client) -> None:
    people = everybody(client)
    body = {"parts": [part for one in people for part in parts(one)], "say": "name", "to": "Odin"}
    part = people[0]["parts"][0]
    client.post(f"/media/{part['medium']}/decisions", {"said": [{"say": "name", "who": part["who"], "to": "Hela"}]})
    assert client.post("/people/decisions", body, 409)["said"] == [f"{part['who']} is Hela"]


def test_viewers_see_whoever_has_a_name_and_nothing_else(served: Served, client: Client) -> None:
    [thor] = name_all(client, "Thor")
    viewer = Client(served.as_role("viewer"))
    [seen] = everybody(viewer)
    assert seen["name"] == "Thor" and {part["position"] for part in seen["parts"]} == {None}
    assert viewer.get(f"/people/{thor['id']}")["merges"] == []
    assert viewer.get(f"/people/{thor['id']}/faces")["faces"]
    unknown = next(one for one in everybody(client) if one["kind"] == "unknown")
    for path in ("", "/faces", "/picture"):
        assert viewer.client.get(f"{API}/people/{unknown['id']}{path}").status_code == 404
    body = {"parts": parts(thor), "say": "stranger"}
    assert viewer.post("/people/foresee", body, 403)["code"] == "role"


def test_the_journal_is_told_of_one_film_and_of_one_person(client: Client) -> None:
    thor, loki = name_all(client, "Thor", "Loki")
    film = loki["parts"][0]["medium"]
    every = client.get("/decisions")["decisions"]
    own = client.get("/decisions", who="Loki")["decisions"]
    assert 0 < len(own) < len(every) and all("Loki" in one["said"] for one in own)
    assert {one["medium"] for one in client.get("/decisions", medium=film)["decisions"]} == {film}
    client.post(f"/media/{film}/undo", {"decision": str(next(one["number"] for one in own if one["medium"] == film))})
    assert client.get("/decisions", who="Loki")["decisions"][0]["takes_back"]
    assert client.get("/decisions", 404, medium="none")["code"] == "unknown-medium" and thor


def test_a_name_alone_joins_nobody_and_a_second_one_of_the_same_name_does(client: Client) -> None:
    film = client.id("ep1")
    first = client.post(f"/media/{film}/decisions", {"said": [{"say": "name", "who": "Unknown 1", "to": "Odin"}]})
    assert client.get(f"/people/{named(client, 'Odin')['id']}")["merges"] == []
    second = client.post(f"/media/{film}/decisions", {"said": [{"say": "name", "who": "Unknown 2", "to": "Odin"}]})
    merges = client.get(f"/people/{named(client, 'Odin')['id']}")["merges"]
    assert [each["command"] for each in merges] == [second["request"]] != [first["request"]]
