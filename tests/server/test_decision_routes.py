"""Decisions over HTTP: one entry each, 409 with what others said, many at once, taken back once."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from personae.errors import ChangedMeanwhileError
from personae.films import say
from personae.project.session import Project
from tests.server.conftest import API, Served
from tests.server.media import FAKE, Client, name


@pytest.fixture
def served(filled: Served) -> Served:
    return filled


def shown(client: Client, film: str) -> list[str]:
    """Who appears in a film, in order of appearance numbers."""
    timeline = client.get(f"/media/{film}/timeline")
    return [
        one["character"] or f"Unknown {one['unknown']}"
        for one in sorted(timeline["appearances"], key=lambda one: one["id"])
    ]


def test_a_decision_sent_again_is_one_entry_with_the_same_answer(client: Client) -> None:
    film = client.id("ep1")
    body = {"said": [name("Unknown 1", "X")], "position": 0}
    first = client.post(f"/media/{film}/decisions", body, key="one")
    assert first["position"] == 1 and len(first["decisions"]) == 1
    assert first["warnings"], "a name of one sign is warned of"
    client.post(f"/media/{film}/decisions", {"said": [name("Unknown 2", "Hela")]}, key="two")
    assert client.post(f"/media/{film}/decisions", body, key="one") == first
    assert client.get(f"/media/{film}/decisions")["position"] == 2


def test_who_decides_on_an_old_position_about_others_goes_through(client: Client) -> None:
    film = client.id("ep1")
    client.post(f"/media/{film}/decisions", {"said": [name("Unknown 1", "Thor")], "position": 0})
    client.post(f"/media/{film}/decisions", {"said": [name("Unknown 2", "Hela")], "position": 0})
    assert sorted(shown(client, film)) == ["Hela", "Thor"]


@pytest.mark.parametrize("who", ["Unknown 1", 1], ids=["by name", "by number"])
def test_who_decides_about_people_that_changed_since_is_told_what_the_other_said(
    served: Served, client: Client, who: Any
) -> None:
    film = client.id("ep1")
    first = next(row for row in client.get(f"/media/{film}/timeline")["appearances"] if row["id"] == 1)
    other = Client(served.as_role("editor"))
    said = name(f"Unknown {first['unknown']}", "Thor")
    other.post(f"/media/{film}/decisions", {"said": [said], "position": 0})
    who = f"Unknown {first['unknown']}" if isinstance(who, str) else who
    for path in ("decisions", "foresee"):
        told = client.post(f"/media/{film}/{path}", {"said": [name(who, "Loki")], "position": 0}, 409)
        assert (told["code"], told["position"], told["medium"]) == ("changed", 1, film)
        assert told["said"] == [f"Unknown {first['unknown']} is Thor"] and told["by"] == ["editor-0"]
        assert [row["to"]["character"] for row in told["decisions"]] == ["Thor"]
    assert client.get(f"/media/{film}/decisions")["position"] == 1
    again = client.post(f"/media/{film}/decisions", {"said": [name("Thor", "Loki")], "position": 1})
    assert again["position"] == 2


def test_a_name_that_became_somebody_elses_is_a_change_too(client: Client) -> None:
    film = client.id("ep1")
    client.post(f"/media/{film}/decisions", {"said": [name("Unknown 1", "Thor")]})
    client.post(f"/media/{film}/decisions", {"said": [name("Thor", "Odin")], "position": 1})
    told = client.post(f"/media/{film}/decisions", {"said": [name("Unknown 2", "Thor")], "position": 1}, 409)
    assert told["said"] == ["Thor is Odin"]


def test_an_undo_is_a_change_of_whom_it_gives_their_name_back(client: Client) -> None:
    film = client.id("ep1")
    client.post(f"/media/{film}/decisions", {"said": [name("Unknown 1", "Thor")]})
    client.post(f"/media/{film}/undo")
    told = client.post(f"/media/{film}/decisions", {"said": [{"say": "confirm", "who": "Thor"}], "position": 1}, 409)
    assert told["position"] == 2
    assert client.post(f"/media/{film}/decisions", {"said": [name("Unknown 2", "Hela")], "position": 1})


def test_numbers_of_appearances_are_those_of_the_position(served: Served, client: Client) -> None:
    """Two people of one number each before and after: what another decision renumbers is still who was meant."""
    film = client.id("ep1")
    before = shown(client, film)
    stored = served.project.films["ep1"]
    one, two = (row.id for row in stored.timeline.appearances)
    stored.decide(say.trim(one, 0.4))  # begins later than the other now, and so has another number
    stored.close()
    assert shown(client, film) == before[::-1]
    made = client.post(f"/media/{film}/decisions", {"said": [name(two, "Hela")], "position": 0})
    assert made["decisions"][0]["parts"][0]["who"]["unknown"] == int(before[1].split()[1])
    assert sorted(shown(client, film)) == sorted([before[0], "Hela"])


def test_a_position_that_the_journal_has_not_reached_is_an_error(client: Client) -> None:
    film = client.id("ep1")
    told = client.post(f"/media/{film}/decisions", {"said": [name("Unknown 1", "Thor")], "position": 3}, 422)
    assert "0 decisions" in told["detail"]


def test_of_two_editors_at_once_one_is_told_what_the_other_said(served: Served) -> None:
    film = Client(served.client).id("ep1")
    clients = [served.as_role("editor") for _ in range(4)]
    start, answers = threading.Barrier(len(clients)), []

    def decide(client: Any, to: str) -> None:
        start.wait()
        body = {"said": [name("Unknown 1", to)], "position": 0}
        answers.append(client.post(f"/api/v1/media/{film}/decisions", json=body))

    threads = [
        threading.Thread(target=decide, args=(client, to))
        for client, to in zip(clients, ("Thor", "Loki", "Odin", "Hela"), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    made = next(answer.json() for answer in answers if answer.status_code == 200)
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["decisions"] == made["decisions"]
    assert Client(served.client).get(f"/media/{film}/decisions")["position"] == 1


def test_the_same_request_from_many_threads_is_one_entry(served: Served) -> None:
    film = Client(served.client).id("ep1")
    answers: list[Any] = []

    def decide() -> None:
        body = {"said": [name("Unknown 1", "Thor")]}
        answers.append(
            served.client.post(f"/api/v1/media/{film}/decisions", json=body, headers={"Idempotency-Key": "same"})
        )

    threads = [threading.Thread(target=decide) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.json() for answer in answers] == [answers[0].json()] * 5
    assert Client(served.client).get(f"/media/{film}/decisions")["position"] == 1


def test_several_films_and_photos_are_decided_about_as_one_command(client: Client) -> None:
    ids = [client.id(medium) for medium in ("ep1", "ep2", "holiday")]
    body = {"decisions": [{"medium": id, "said": [name("Unknown 1", "Thor")], "position": 0} for id in ids]}
    made = client.post("/decisions", body, key="all")
    assert [one["medium"] for one in made["decided"]] == ids
    assert {one["request"] for one in made["decided"]} == {made["request"]}
    assert client.post("/decisions", body, key="all") == made
    assert [client.get(f"/media/{id}/decisions")["position"] for id in ids] == [1, 1, 1]
    notes = client.post("/undo", {"command": made["request"]}, key="back")["notes"]
    assert len(notes) == 3
    assert client.post("/undo", {"command": made["request"]}, key="back")["notes"] == notes
    assert [client.get(f"/media/{id}/decisions")["position"] for id in ids] == [2, 2, 2]


def test_where_one_of_several_cannot_be_nothing_is_written_down(client: Client) -> None:
    one, two = client.id("ep1"), client.id("ep2")
    body = {
        "decisions": [
            {"medium": one, "said": [name("Unknown 1", "Thor")], "position": 0},
            {"medium": two, "said": [name("Unknown 9", "Thor")]},
        ]
    }
    client.post("/decisions", body, 404)
    client.post(f"/media/{two}/decisions", {"said": [name("Unknown 1", "Thor")]})
    body["decisions"][1] = {"medium": two, "said": [name("Unknown 1", "Loki")], "position": 0}
    assert client.post("/decisions", body, 409)["medium"] == two
    assert client.get(f"/media/{one}/decisions")["position"] == 0
    twice = {"decisions": [{"medium": one, "said": [name("Unknown 1", "Thor")]}] * 2}
    assert "twice" in client.post("/decisions", twice, 422)["detail"]


def test_an_undo_sent_twice_takes_back_one_command(client: Client) -> None:
    film = client.id("ep1")
    client.post(f"/media/{film}/decisions", {"said": [name("Unknown 1", "Thor")]})
    client.post(f"/media/{film}/decisions", {"said": [name("Unknown 2", "Hela")]})
    first = client.post(f"/media/{film}/undo", key="undo")
    assert first["said"] == ["Unknown 2 is Hela"] and first["position"] == 3
    assert client.post(f"/media/{film}/undo", key="undo") == first
    assert "Thor" in shown(client, film) and "Hela" not in shown(client, film)
    assert client.post(f"/media/{film}/undo", key="another")["said"] == ["Unknown 1 is Thor"]


def test_the_last_command_everywhere_is_taken_back_once(client: Client) -> None:
    one, two = client.id("ep1"), client.id("ep2")
    client.post(f"/media/{one}/decisions", {"said": [name("Unknown 1", "Thor")]})
    client.post(f"/media/{two}/decisions", {"said": [name("Unknown 1", "Thor")]})
    notes = client.post("/undo", key="undo")["notes"]
    assert client.post("/undo", key="undo")["notes"] == notes and len(notes) == 1
    assert sum("Thor" in shown(client, film) for film in (one, two)) == 1


def test_one_decision_is_taken_back_and_holds_again(client: Client) -> None:
    film = client.id("ep1")
    client.post(f"/media/{film}/decisions", {"said": [name("Unknown 1", "Thor"), name("Unknown 2", "Hela")]})
    undone = client.post(f"/media/{film}/undo", {"decision": "1"}, key="single")
    assert undone["said"] == ["Unknown 1 is Thor"]
    assert client.post(f"/media/{film}/undo", {"decision": "1"}, key="single") == undone
    assert "Hela" in shown(client, film) and "Thor" not in shown(client, film)
    client.post(f"/media/{film}/undo", {"decision": "3"})
    assert "Thor" in shown(client, film)
    rows = client.get(f"/media/{film}/decisions")["decisions"]
    assert [row["undone_by"] for row in rows] == [None, None, 4, None]
    assert rows[3]["takes_back"] == [3]


def test_what_is_foreseen_is_what_is_written_down(client: Client) -> None:
    film = client.id("ep1")
    body = {"said": [name("Unknown 1", "X"), {"say": "name", "who": "Unknown 2", "new": True}]}
    foreseen = client.post(f"/media/{film}/foresee", body)
    assert client.get(f"/media/{film}/decisions")["position"] == 0
    made = client.post(f"/media/{film}/decisions", body)
    assert foreseen["warnings"] == made["warnings"] != []
    assert [row["to"] for row in foreseen["decisions"]] == [row["to"] for row in made["decisions"]]


def test_the_journal_comes_in_pages_with_who_said_what(served: Served, client: Client) -> None:
    film, photos = client.id("ep1"), client.id("holiday")
    editor = Client(served.as_role("editor"))
    editor.post(f"/media/{film}/decisions", {"said": [name("Unknown 1", "Thor"), name("Unknown 2", "Hela")]})
    client.post(f"/media/{photos}/decisions", {"said": [name("Unknown 1", "Loki")]})
    rows = client.all(f"/media/{film}/decisions", "decisions", 1)
    assert [(row["number"], row["said"], row["by"]) for row in rows] == [
        (1, "Unknown 1 is Thor", "editor-0"),
        (2, "Unknown 2 is Hela", "editor-0"),
    ]
    every = client.all("/decisions", "decisions", 2)
    assert sorted((row["medium"], row["number"]) for row in every) == sorted([(film, 1), (film, 2), (photos, 1)])
    assert client.all("/decisions", "decisions", 1, order="oldest") != every
    viewer = Client(served.as_role("viewer"))
    for path in (f"/media/{film}/decisions", "/decisions"):
        assert viewer.get(path, 403)["code"] == "role"


def test_teaching_is_a_job_of_a_decision_that_stands_already(served: Served, client: Client) -> None:
    film = client.id("ep1")
    body = {"said": [name("Unknown 1", "Thor")], "learn": True}
    made = client.post(f"/media/{film}/decisions", body, key="learn")
    assert made["job"]["state"] == "waiting" and "Thor" in shown(client, film)
    assert client.post(f"/media/{film}/decisions", body, key="learn")["job"]["id"] == made["job"]["id"]
    [job] = served.work()
    assert job.state == "done" and job.result["learnt"] > 0
    assert served.project.cast.characters()["Thor"] == job.result["learnt"]
    undone = client.post(f"/media/{film}/undo", {"command": made["request"]})
    assert undone["notes"] and not served.project.cast.characters().get("Thor")


def test_what_was_taken_back_before_the_job_began_teaches_nothing(served: Served, client: Client) -> None:
    film = client.id("ep1")
    client.post(f"/media/{film}/decisions", {"said": [name("Unknown 1", "Thor")], "learn": True})
    client.post(f"/media/{film}/undo")
    [job] = served.work()
    assert job.result["learnt"] == 0 and not served.project.cast.characters()


def test_the_error_carries_what_was_said_without_a_server(served: Served) -> None:
    with served.project.films["ep1"] as film:
        film.decide(say.name("Unknown 1", "Thor"), by="Ada")
        with pytest.raises(ChangedMeanwhileError) as raised:
            film.decide(say.stranger("Unknown 1"), position=0)
        assert [one.by for one in raised.value.decisions] == ["Ada"] and raised.value.position == 1


def test_photos_refuse_what_others_decided_about_too(client: Client) -> None:
    photos = client.id("holiday")
    client.post(f"/media/{photos}/decisions", {"said": [name("Unknown 1", "Thor")]})
    face = {"photo": "0.png", "face": 1}
    told = [
        client.post(f"/media/{photos}/foresee", {"said": [name(one, "Odin")], "position": 0}, status)
        for one, status in (("Unknown 1", 409), ("Unknown 2", 200))
    ]
    assert told[0]["said"] == ["Unknown 1 is Thor"]
    assert client.post(f"/media/{photos}/foresee", {"said": [name(face, "Odin")], "position": 1})


def test_a_file_of_decisions_is_added_once(served: Served, client: Client, scanned_media: Path, tmp_path: Path) -> None:
    shutil.copytree(scanned_media / "project", tmp_path / "copy")
    with Project.open(tmp_path / "copy", settings=FAKE) as copy:
        first = copy.films["ep1"]
        first.decide(say.name("Unknown 1", "Thor"), by="elsewhere")
        file = first.files.decisions.read_bytes()
    film = client.id("ep1")
    client.post(f"/media/{film}/decisions", {"said": [name("Unknown 2", "Hela")]})

    def imported(key: str, content: bytes = file, status: int = 200) -> Any:
        answer = served.client.post(
            f"{API}/media/{film}/decisions/import", files={"file": ("../x", content)}, data={"learn": "true"},
            headers={"Idempotency-Key": key},
        )  # fmt: skip
        assert answer.status_code == status, answer.text
        return answer.json()

    made = imported("one")
    assert made["position"] == 2 and len(made["decisions"]) == 1 and made["job"]["kind"] == "learn"
    assert imported("one") == made and imported("two") == made, "each once"
    assert sorted(shown(client, film)) == ["Hela", "Thor"]
    [job] = served.work()
    assert job.state == "done" and job.result["learnt"] > 0
    assert client.get(f"/media/{film}/decisions")["decisions"][1]["by"] == "elsewhere"
    for number, wrong in enumerate((b"", b"no decisions", b"{}", b"[" * 100_000)):
        told = imported(f"wrong-{number}", wrong, 422)
        assert told["code"] == "input" and "uploads" not in told["detail"] and "photo 1" not in told["detail"], told
    viewer = served.as_role("viewer")
    assert viewer.post(f"{API}/media/{film}/decisions/import", files={"file": ("x", file)}).status_code == 403
    uploads = served.project.folder / "cache" / "uploads"
    assert not list(uploads.iterdir())


def test_nobody_is_kept_apart_from_themselves_and_no_time_runs_backwards(client: Client) -> None:
    film = client.id("ep1")
    for said in (
        {"say": "apart", "who": 1, "others": [1]},
        {"say": "apart", "who": "Unknown 1", "others": ["Unknown 1"]},
        {"say": "trim", "who": 1, "start_s": 1.0, "end_s": 0.5},
        {"say": "trim", "who": 1, "start_s": -1.0},
        {"say": "name", "who": True, "to": "Ada"},
    ):
        for path in ("decisions", "foresee"):
            assert client.post(f"/media/{film}/{path}", {"said": [said]}, 422)["code"] == "input"
    assert client.get(f"/media/{film}/decisions")["position"] == 0


def test_an_undo_may_say_on_which_journal_it_was_made(served: Served, client: Client) -> None:
    film = client.id("ep1")
    client.post(f"/media/{film}/decisions", {"said": [name("Unknown 1", "Thor")]})
    client.post(f"/media/{film}/decisions", {"said": [name("Unknown 2", "Hela")]})
    told = client.post(f"/media/{film}/undo", {"position": 1}, 409)
    assert (told["code"], told["said"], told["position"]) == ("changed", ["Unknown 2 is Hela"], 2)
    done = client.post(f"/media/{film}/undo", {"position": 2}, key="once")
    assert done["said"] == ["Unknown 2 is Hela"]
    assert client.post(f"/media/{film}/undo", {"position": 2}, key="once") == done, "sent again it is the same"
    for path in (f"/media/{film}/undo", "/undo"):
        assert client.post(path, {"command": "no such"}, 404)["code"] == "unknown-command"


def test_what_holds_again_is_taught_again_where_it_had_taught(served: Served, client: Client) -> None:
    film = client.id("ep1")
    body = {"said": [name("Unknown 1", "Thor")], "learn": True}
    client.post(f"/media/{film}/decisions", body)
    [first] = served.work()
    undone = client.post(f"/media/{film}/undo", {"decision": "1"})
    assert undone["again"] == [] and undone["job"] is None
    assert not served.project.cast.characters().get("Thor")
    again = client.post(f"/media/{film}/undo", {"decision": "2"}, key="again")
    assert again["again"] == ["Unknown 1 is Thor"] and again["job"]["about"] == "ep1"
    assert client.post(f"/media/{film}/undo", {"decision": "2"}, key="again")["job"]["id"] == again["job"]["id"]
    [job] = served.work()
    assert job.state == "done" and served.project.cast.characters()["Thor"] == first.result["learnt"]
    # It is a part of that decision as before: taken back with it, and taught once more.
    client.post(f"/media/{film}/undo", {"decision": "1"})
    assert not served.project.cast.characters().get("Thor")
    client.post(f"/media/{film}/undo", {"decision": "4"})
    served.work()
    assert served.project.cast.characters()["Thor"] == first.result["learnt"]


def test_what_had_taught_nothing_teaches_nothing_when_it_holds_again(served: Served, client: Client) -> None:
    film = client.id("ep1")
    client.post(f"/media/{film}/decisions", {"said": [name("Unknown 1", "Thor")]})
    client.post(f"/media/{film}/undo", {"decision": "1"})
    again = client.post(f"/media/{film}/undo", {"decision": "2"})
    assert again["again"] == ["Unknown 1 is Thor"] and again["job"] is None and served.work() == []
