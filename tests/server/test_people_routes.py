"""People over HTTP: who has no name, page by page, one answer everywhere, names to choose from."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest

from tests.server.conftest import Served
from tests.server.media import Client, name


@pytest.fixture
def served(filled: Served) -> Served:
    return filled


def parts(person: Any) -> list[dict[str, Any]]:
    """A person's parts as a body gives them."""
    return [{key: part[key] for key in ("medium", "number", "position")} for part in person["parts"]]


def in_all(client: Client) -> Any:
    """Thor, who is in everything."""
    return next(one for one in client.get("/people")["people"] if len(one["parts"]) == 3)


def test_unknown_people_come_in_pages_that_survive_that_some_are_named(client: Client) -> None:
    whole = client.get("/people")
    assert whole["next"] is None and len(whole["people"]) == 4
    times = [one["face_time_s"] for one in whole["people"]]
    assert times == sorted(times, reverse=True)
    first = client.get("/people", limit=1)
    assert first["people"] == whole["people"][:1]
    client.post("/people/decisions", {"parts": parts(first["people"][0]), "say": "name", "to": "Thor"})
    names = {one["name"] for one in client.all("/people", "people", 1)}
    rest: list[str] = []
    cursor = first["next"]
    while cursor is not None:
        page = client.get("/people", limit=1, cursor=cursor)
        rest, cursor = rest + [one["name"] for one in page["people"]], page["next"]
    assert rest == [one["name"] for one in whole["people"][1:]] and set(rest) == names


def test_each_part_tells_what_shows_it_best(client: Client) -> None:
    for part in in_all(client)["parts"]:
        assert (part["track"] is None) == (part["kind"] == "photos") != (part["face"] is None)
        if part["kind"] == "photos":
            photos = client.get(f"/photo-sets/{part['medium']}/photos")["photos"]
            faces = {face["face"]: face for photo in photos for face in photo["faces"]}
            assert faces[part["face"]]["unknown"] == part["number"]
        else:
            timeline = client.get(f"/media/{part['medium']}/timeline")
            [own] = [one for one in timeline["appearances"] if part["track"] in one["tracks"]]
            assert own["unknown"] == part["number"]


def test_one_answer_names_somebody_everywhere_and_sent_again_it_is_the_same(client: Client) -> None:
    body = {"parts": parts(in_all(client)), "say": "name", "to": "Thor"}
    made = client.post("/people/decisions", body, key="one")
    assert len(made["decided"]) == 3 and made["job"] is None
    assert client.post("/people/decisions", body, key="one") == made
    assert [client.get(f"/media/{one['medium']}/decisions")["position"] for one in made["decided"]] == [1, 1, 1]
    decided = client.all("/people/decided", "people", 2)
    assert [(one["who"], one["stranger"]) for one in decided] == [("Thor", False)] * 3
    assert len(client.post("/undo", {"command": made["request"]})["notes"]) == 3
    assert client.get("/people/decided")["people"] == []


def test_who_was_named_meanwhile_is_not_named_again_unseen(client: Client) -> None:
    thor = in_all(client)
    film = client.id("ep1")
    own = next(part for part in thor["parts"] if part["medium"] == film)
    client.post(f"/media/{film}/decisions", {"said": [name(own["who"], "Loki")]})
    told = client.post("/people/decisions", {"parts": parts(thor), "say": "name", "to": "Thor"}, 409)
    assert told["medium"] == film and told["said"] == [f"{own['who']} is Loki"]
    assert [client.get(f"/media/{part['medium']}/decisions")["position"] for part in thor["parts"]].count(0) == 2


def test_a_stranger_is_set_aside_everywhere(client: Client) -> None:
    body = {"parts": parts(in_all(client)), "say": "stranger"}
    client.post("/people/decisions", body)
    assert all(len(one["parts"]) < 3 for one in client.get("/people")["people"])
    assert [one["stranger"] for one in client.get("/people/decided")["people"]] == [True] * 3


def test_two_are_one_or_two_where_both_are_shown(client: Client) -> None:
    people = client.get("/people")["people"]
    film = client.id("ep1")
    one, two = (person for person in people if any(part["medium"] == film for part in person["parts"]))
    both = {"parts": parts(one), "other": parts(two)}
    client.post("/people/decisions", {**both, "say": "apart"})
    [said] = client.get(f"/media/{film}/decisions")["decisions"]
    assert said["said"].endswith("are different people")
    only_ep2 = next(person for person in people if {part["medium"] for part in person["parts"]} == {client.id("ep2")})
    other = two if len(two["parts"]) == 1 else one
    told = client.post("/people/decisions", {"parts": parts(other), "other": parts(only_ep2), "say": "merge"}, 422)
    assert "shows both" in told["detail"]
    assert client.post("/people/decisions", {"parts": parts(one), "say": "apart"}, 422)["code"] == "input"


def test_a_name_with_learn_is_known_by_the_cast_after_its_job(served: Served, client: Client) -> None:
    body = {"parts": parts(in_all(client)), "say": "name", "to": "Thor", "learn": True}
    made = client.post("/people/decisions", body, key="learn")
    assert client.post("/people/decisions", body, key="learn")["job"]["id"] == made["job"]["id"]
    [job] = served.work()
    assert job.state == "done" and served.project.cast.characters() == {"Thor": job.result["learnt"]}
    again = in_all_or_none(client)
    assert again is None
    card = {one["name"]: one["stale"] for one in client.get("/films")["films"]}
    assert card == {"ep1": True, "ep2": True}


def in_all_or_none(client: Client) -> Any:
    return next((one for one in client.get("/people")["people"] if len(one["parts"]) == 3), None)


@pytest.mark.parametrize(
    ("letters", "found"),
    [
        ("ren", ["René Ø", "Karen", "Søren"]),
        ("rené", ["René Ø"]),
        (unicodedata.normalize("NFD", "RENÉ"), ["René Ø"]),
        ("soren", ["Søren"]),
        ("mo", ["Thor Mo"]),
        ("zzz", []),
    ],
)
def test_names_are_found_by_letters_without_accents_and_case(
    served: Served, client: Client, letters: str, found: list[str]
) -> None:
    served.project.cast.add_names(["René Ø", "Karen", "Søren"])
    client.post(f"/media/{client.id('ep1')}/decisions", {"said": [name("Unknown 1", "Thor Mo")]})
    assert client.get("/names", q=letters)["names"] == found
    assert Client(served.as_role("viewer")).get("/names", q=letters)["names"] == found


def test_a_viewer_sees_nobody_without_a_name(served: Served, client: Client) -> None:
    viewer = Client(served.as_role("viewer"))
    for path in ("/people", "/people/decided"):
        viewer.get(path, 403)
    film, photos = client.id("ep1"), client.id("holiday")
    client.post(f"/media/{film}/decisions", {"said": [name("Unknown 1", "Thor")]})
    client.post(f"/media/{photos}/decisions", {"said": [name("Unknown 1", "Thor")]})
    timeline = viewer.get(f"/media/{film}/timeline")
    assert {one["character"] for one in timeline["appearances"]} == {"Thor"}
    assert [one["character"] for one in timeline["characters"]] == ["Thor"]
    assert {track["id"] for track in timeline["tracks"]} == {
        number for one in timeline["appearances"] for number in one["tracks"]
    }
    rows = [face for photo in viewer.get(f"/photo-sets/{photos}/photos")["photos"] for face in photo["faces"]]
    assert {row["name"] for row in rows} == {"Thor"}
    for one in (*viewer.get("/films")["films"], *viewer.get("/photo-sets")["photo_sets"]):
        assert (one["unknown"], one["strangers"], one["decided"]) == (None, None, None)
