"""The people without a name: each once over films and photos, who they may be, one answer, one undo."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from personae.cast.cast import Cast
from personae.cli import cli
from personae.errors import ProjectBusyError, UnknownCharacterError
from personae.faces.fake import draw_picture
from personae.films import say
from personae.films.meant import Who
from personae.films.people import Part, People, UnknownPerson
from personae.films.worth_learning import worth_learning
from personae.project.session import Project
from personae.settings import Settings
from tests.drawn_films import Person, drawn_film, scene
from tests.film_maker import Pixels

FAKE = Settings(detector="fake", embedder="fake")
FILMS = {
    "ep1": (("Thor", 80, 120, 90), ("Hela", 230, 120, 90)),
    "ep2": (("Thor", 90, 110, 96), ("Odin", 230, 120, 84)),
}


def _picture(seed: int, people: Sequence[Person], number: int) -> Pixels:
    return scene(seed, people, take=number // 6)


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty project with two films and a set of photos: Thor is in all, Hela and Odin in one film each."""
    home = tmp_path_factory.mktemp("people")
    with Project.open(home / "personae", settings=FAKE) as project:
        for seed, (name, people) in enumerate(FILMS.items()):
            project.films.scan(drawn_film(home / f"{name}.mkv", partial(_picture, seed, people), 40))
        photos = home / "holiday"
        photos.mkdir()
        for number, together in enumerate((("Thor", "Loki"), ("Loki",))):
            drawn = draw_picture([(who, 96) for who in together], take=number + 3)
            Image.fromarray(drawn.pixels).save(photos / f"{number}.png")
        project.photos.keep(photos)
    return home


@pytest.fixture
def home(scanned: Path, tmp_path: Path) -> Path:
    shutil.copytree(scanned / "personae", tmp_path / "personae")
    return tmp_path


@pytest.fixture
def project(home: Path) -> Iterator[Project]:
    with Project.open(home / "personae", settings=FAKE) as opened:
        yield opened


@pytest.fixture
def people(project: Project) -> Iterator[People]:
    found = project.people
    yield found
    found.close()


def the_one_in(people: People, *media: str) -> UnknownPerson:
    """The only one whose parts are in these."""
    found = [one for one in people.undecided() if {part.medium for part in one.parts} == set(media)]
    assert len(found) == 1, [[part.name for part in one.parts] for one in people.undecided()]
    return found[0]


def _called(name: str) -> Callable[[Who], say.Saying]:
    return lambda who: say.name(who, name)


def names(project: Project, medium: str) -> set[str | None]:
    return {one.character for one in project.films[medium].timeline.characters} - {None}


def test_who_is_clearly_one_in_films_and_photos_is_listed_once(people: People) -> None:
    found = people.undecided()
    thor = the_one_in(people, "ep1", "ep2", "holiday")
    assert len(found) == 4 and found[0] == thor
    assert thor.face_time_s == sum(part.face_time_s for part in thor.parts) > 1.5
    assert thor.picture is not None and thor.picture.is_file()
    for one in found:
        in_films = [part.medium for part in one.parts]
        assert len(in_films) == len(set(in_films)), "two people of one film are not one"


def test_the_best_picture_is_the_best_face_of_all_not_that_of_the_longest_appearance(
    tmp_path: Path, project: Project, people: People
) -> None:
    def draw(number: int) -> Pixels:
        """Long and small, away, and then short and large."""
        if number < 60:
            return scene(5, [("Frigg", 60, 120, 34)], take=number // 6)
        return scene(5, [("Frigg", 200, 120, 96)] if number >= 130 else [], take=number // 6)

    film = project.films.scan(drawn_film(tmp_path / "ep3.mkv", draw, 160))
    spans = [one.end_pts - one.start_pts for one in film.timeline.appearances]
    assert len(spans) == 2 and spans[0] > spans[1]
    film.close()
    [frigg] = [one for one in people.undecided() if any(part.medium == "ep3" for part in one.parts)]
    best = film.timeline.appearances[1].best_picture
    assert best is not None and best.file is not None and frigg.picture == film.path.parent / best.file


def test_one_answer_names_somebody_everywhere_and_one_undo_takes_it_back(project: Project, people: People) -> None:
    before = {part.name for one in people.undecided() for part in one.parts}
    said = people.decide(the_one_in(people, "ep1", "ep2", "holiday"), lambda who: say.name(who, "Donald"), by="Ada")
    assert len(said.media) == 3
    assert names(project, "ep1") == names(project, "ep2") == {"Donald"}
    assert "Donald" in {face.character for face in project.photos["holiday"].faces}
    told = people.undo(by="Ada")
    assert {line.split(":")[0] for line in told} == {f"Taken back in {name}" for name in ("ep1", "ep2", "holiday")}
    assert names(project, "ep1") == names(project, "ep2") == set()
    assert {part.name for one in people.undecided() for part in one.parts} == before
    assert people.undo() == ()


def test_two_of_one_film_who_are_said_to_be_one_are_named_both(people: People, project: Project) -> None:
    """One request for two people of a film was taken for one answer sent twice."""
    first, second = (one for one in people.undecided() if one.parts[0].medium == "ep1")
    said = people.decide(UnknownPerson((*first.parts, *second.parts)), _called("Ada"), learn=True)
    assert names(project, "ep1") == {"Ada"} and said.learnt
    assert not [part for one in people.undecided() for part in one.parts if part.medium == "ep1"]


def test_an_answer_that_fails_half_way_leaves_nothing(
    people: People, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    thor = the_one_in(people, "ep1", "ep2", "holiday")

    def busy(*_: object, **__: object) -> None:
        raise ProjectBusyError(project.folder, "somebody is writing to this project.")

    with monkeypatch.context() as patch:
        patch.setattr(Cast, "add_faces", busy)
        with pytest.raises(ProjectBusyError):
            people.decide(thor, _called("Ada"), learn=True)
    assert names(project, "ep1") == names(project, "ep2") == set() and project.cast.characters() == {}
    assert the_one_in(people, "ep1", "ep2", "holiday").parts == thor.parts


def test_who_gets_another_name_takes_the_faces_along_that_were_taught(people: People, project: Project) -> None:
    """The cast went on knowing the person by the wrong name."""
    thor = the_one_in(people, "ep1", "ep2", "holiday")
    people.decide(thor, _called("Bob"), learn=True)
    taught = project.cast.characters()
    assert set(taught) == {"Bob"}
    media = (*project.films, *project.photos)
    for medium in media:
        made = medium.decide(say.name("Bob", "Ada"))
        medium.learn("Ada", request=made.request, only_new=True)
    assert project.cast.characters()["Ada"] == taught["Bob"] and not project.cast.characters().get("Bob")
    media[0].undo()
    assert project.cast.characters().get("Bob")


def test_undoing_in_one_film_takes_back_what_that_film_taught(people: People, project: Project) -> None:
    """All that the same answer had taught elsewhere went with it."""
    people.decide(the_one_in(people, "ep1", "ep2", "holiday"), _called("Ada"), learn=True)
    taught = {photo.path.partition("#")[0] for photo in project.cast.photos("Ada")}
    assert len(taught) > 1
    project.films["ep2"].undo()
    left = {photo.path.partition("#")[0] for photo in project.cast.photos("Ada") if photo.status == "enrolled"}
    assert left and left == {path for path in taught if "ep2" not in path}


def test_a_name_in_other_capitals_is_the_known_one(people: People, project: Project) -> None:
    """Two characters, Ada and ADA, came of one."""
    first, second = (one for one in people.undecided() if one.parts[0].medium == "ep1")
    people.decide(first, _called("Ada"), learn=True)
    people.decide(second, _called("ADA"), learn=True)
    assert set(project.cast.characters()) == {"Ada"} and names(project, "ep1") == {"Ada"}
    alone = project.photos["holiday"]
    alone.decide(say.name(("1.png", 1), "Loki"))
    alone.decide(say.name(("0.png", 2), "LOKI"))
    assert {face.character for face in alone.faces} <= {"Ada", "Loki"}


def test_two_films_outside_of_one_title_stay_two(home: Path, scanned: Path) -> None:
    """A decision about one must not go to the other."""
    with Project.open(home / "outside", settings=FAKE) as project:
        for folder, film in (("a", "ep1"), ("b", "ep2")):
            (home / folder).mkdir()
            shutil.copy(scanned / f"{film}.mkv", home / folder / "film.mkv")
            project.films.scan(home / folder / "film.mkv", home / folder / "out")
        people = project.people
        media = {part.medium for one in people.undecided() for part in one.parts}
        assert media == set(project.films.names()) and len(media) == 2
        other = next(name for name in media if name.endswith(".json"))
        odin = next(one for one in people.undecided() if [part.medium for part in one.parts] == [other])
        people.decide(odin, _called("Odin"))
        assert names(project, other) == {"Odin"} and names(project, "film") == set()
        people.close()


def test_people_are_in_order_of_their_numbers() -> None:
    parts = [Part("holiday", "photos", number, 1) for number in (2, 10, 1)]
    assert [
        one.parts[0].unknown for one in sorted((UnknownPerson((part,)) for part in parts), key=lambda one: one.order)
    ] == [
        1,
        2,
        10,
    ]


def test_undo_takes_back_one_command_at_a_time_also_of_one_second(people: People) -> None:
    for who, name in ((("ep1",), "Cate"), (("ep2",), "Tony")):
        people.decide(the_one_in(people, *who), _called(name))
    assert [line.split(":")[0] for line in people.undo()] == ["Taken back in ep2"]
    assert [line.split(":")[0] for line in people.undo()] == ["Taken back in ep1"]


def test_a_yes_teaches_suggests_at_once_and_is_taken_back_whole(project: Project, people: People) -> None:
    hela = the_one_in(people, "ep1")
    said = people.decide(hela, lambda who: say.name(who, "Cate"), learn=True)
    assert said.learnt > 0 and project.cast.characters() == {"Cate": said.learnt}
    # The same again teaches nothing: the faces are known.
    assert project.films["ep1"].learn("Cate", only_new=True) == 0
    thor = the_one_in(people, "ep1", "ep2", "holiday")
    assert "Cate" not in [one.character for one in thor.suggestions], "they are on screen together"
    people.undo()
    assert project.cast.characters() == {} and names(project, "ep1") == set()


def test_who_resembles_a_character_is_suggested_and_nothing_is_named_without_a_yes(
    project: Project, people: People, tmp_path: Path
) -> None:
    photo = tmp_path / "odin.png"
    Image.fromarray(draw_picture([("Odin", 96)], take=5).pixels).save(photo)
    project.cast.add("Anthony", [photo])
    odin = the_one_in(people, "ep2")
    best = odin.suggestions[0]
    assert best.character == "Anthony" and best.probability > 0.8
    assert names(project, "ep2") == set()
    for one in people.undecided():
        assert all(0 < own.probability <= 1 for own in one.suggestions)
        assert [own.probability for own in one.suggestions] == sorted(
            (own.probability for own in one.suggestions), reverse=True
        )


def test_who_was_rejected_or_said_to_be_two_is_not_suggested(project: Project, people: People, tmp_path: Path) -> None:
    photo = tmp_path / "odin.png"
    Image.fromarray(draw_picture([("Odin", 96)], take=5).pixels).save(photo)
    project.cast.add("Anthony", [photo])
    odin = the_one_in(people, "ep2")
    film = project.films["ep2"]
    film.decide(say.name(odin.parts[0].who, "Anthony"))
    film.decide(say.not_them("Anthony"))
    film.close()
    again = the_one_in(people, "ep2")
    assert again.suggestions == () or "Anthony" not in [one.character for one in again.suggestions]


def test_settle_names_everybody_by_what_was_taught(project: Project, people: People) -> None:
    thor = the_one_in(people, "ep1", "ep2", "holiday")
    first = next(part for part in thor.parts if part.medium == "ep1")
    people.decide(UnknownPerson((first,)), lambda who: say.name(who, "Donald"), learn=True)
    assert names(project, "ep2") == set()
    people.settle()
    assert names(project, "ep2") == {"Donald"}
    people.close()  # what is to be written later is written
    stamps = [project.films[name].stamp for name in FILMS]
    people.settle()
    assert [project.films[name].stamp for name in FILMS] == stamps, "what is named by this model is left alone"


def test_warnings_come_before_anything_is_written(project: Project, people: People) -> None:
    people.decide(the_one_in(people, "ep1"), lambda who: say.name(who, "Cate"))
    thor = the_one_in(people, "ep1", "ep2", "holiday")
    stamps = [project.films[name].stamp for name in FILMS]
    told = people.warnings(thor, "Cate")
    assert any(line.startswith("ep1: Cate is on screen beside them") for line in told)
    assert project.films["ep2"].decisions.entries == ()
    assert project.films["ep2"].stamp == stamps[1]
    assert people.warnings(thor, "Donald") == ()
    said = people.decide(thor, lambda who: say.name(who, "Cate"))
    assert said.warnings == told
    with pytest.raises(UnknownCharacterError):
        people.warnings(thor, "Cate")  # nobody is called so any more


def test_people_of_one_film_come_under_its_name_first(project: Project, people: People) -> None:
    found = people.undecided([project.films["ep2"]])
    assert {one.parts[0].medium for one in found} == {"ep2"} and len(found) == 2
    assert max(len(one.parts) for one in found) == 3


def run(home: Path, *arguments: str) -> str:
    result = CliRunner().invoke(cli, ["people", "--project", str(home / "personae"), *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_lists_people_their_pictures_and_whom_they_may_be(project: Project, home: Path) -> None:
    told = run(home)
    assert "4 unknown people. Say who they are: personae name --project" in told
    assert told.count("#") >= 1 and ".jpg" in told
    document = json.loads(run(home, "--json"))
    assert sorted(len(one["parts"]) for one in document["people"]) == [1, 1, 1, 3]
    assert "decided" not in document
    narrowed = json.loads(run(home, "--json", "--timeline", str(project.films["ep1"].path)))
    assert len(narrowed["people"]) == 2
    assert len(json.loads(run(home, "--json", "--photos", "holiday"))["people"]) == 2


def test_the_command_leaves_out_strangers_unless_all_are_asked_for(project: Project, home: Path) -> None:
    with project.films["ep1"] as film:
        film.decide(say.stranger("Unknown 1"))
    before = json.loads(run(home, "--json"))
    assert all({"in": p["in"], "unknown": p["unknown"]} != {"in": "ep1", "unknown": 1} for o in before["people"]
               for p in o["parts"])  # fmt: skip
    everybody = json.loads(run(home, "--json", "--all"))
    assert [one["name"] for one in everybody["decided"]] == ["Unknown 1"]
    assert "Unknown 1" in run(home, "--all")


def test_in_an_empty_project_the_command_says_what_to_do(tmp_path: Path) -> None:
    assert "Nothing is scanned or kept yet: personae scan FILM" in run(tmp_path)


def test_people_are_listed_where_the_tracks_are_gone(project: Project, people: People) -> None:
    project.films["ep1"].files.tracks.unlink()
    assert {part.medium for one in people.undecided() for part in one.parts} == {"ep1", "ep2", "holiday"}


def test_faces_that_are_poor_or_known_teach_nothing(project: Project, people: People) -> None:
    film = project.films["ep1"]
    film.decide(say.name("Unknown 1", "Donald"))
    faces = film._faces_named("Donald")
    none = np.empty((0, 0), np.float32)
    once = worth_learning(faces, none)
    assert 1 <= len(once) <= len(faces)
    assert worth_learning([*faces, *faces], none) == once
    assert worth_learning(faces, np.stack([face.embedding for _, face in faces])) == []
    film.close()


def test_taking_back_reads_only_where_it_was_said(home: Path) -> None:
    with Project.open(home / "personae", settings=FAKE) as project:
        people = project.people
        said = people.decide(the_one_in(people, "ep1"), _called("Hela"))
        people.close()
    with Project.open(home / "personae", settings=FAKE) as project:
        people = project.people
        assert people.undo(command=said.request)
        assert {name for (_, name), one in people._opened.items() if one.is_open} == {"ep1"}
        assert "Hela" not in names(project, "ep1")
        people.close()
