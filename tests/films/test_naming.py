"""Naming people one after the other: what each line does, what is asked back, and what a pipe gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from personae.errors import InputError
from personae.faces.fake import draw_picture
from personae.films import say
from personae.films.answers import COMMANDS, HELP, Answer, understood
from personae.films.film import StoredFilm
from personae.films.media import Media
from personae.films.names_table import Wanted
from personae.films.naming import Naming, Question
from personae.films.naming_many import Plan, plan
from personae.films.people import People, Suggestion, UnknownPerson
from personae.films.photo_set import PhotoSet
from personae.project.session import Project
from personae.settings import Settings
from tests.drawn_films import drawn_film, scene

SETTINGS = Settings(detector="fake", embedder="fake")
PEOPLE = (("Thor", "Odin"), ("Loki", "Odin"), ("Odin", "Hela"), ("Thor", "Hela"), ("Odin",))
"""Who is on each photo. So Unknown 1 is Thor (2 faces), 2 Odin (4), 3 Loki (1), 4 Hela (2)."""


def draw(path: Path, people: Sequence[str], take: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(draw_picture([(name, 96) for name in people], take=take).pixels).save(path)
    return path


@pytest.fixture(autouse=True)
def fewer_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A threshold from fewer draws: most of the time of fitting a small cast, and of no matter here."""
    monkeypatch.setattr("personae.recognition.calibration.STRANGERS", 2000, raising=False)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """An empty cast, and a set "holiday" of four people whom nobody has named."""
    for number, people in enumerate(PEOPLE):
        draw(tmp_path / "holiday" / f"{number}.png", people, number + 1)
    with Project.open(tmp_path / "project", settings=SETTINGS) as opened:
        opened.photos.keep(tmp_path / "holiday")
        yield opened


@pytest.fixture
def with_film(project: Project, tmp_path: Path) -> Project:
    """A film "ep1" beside the photos, with Sif for two seconds and Thor for one."""

    def people(number: int) -> list[tuple[str, int, int, int]]:
        return [("Sif", 90, 120, 80), *([("Thor", 220, 120, 80)] if number < 15 else [])]

    drawn_film(tmp_path / "ep1.mkv", lambda number: scene(1, people(number)), 30)
    with project.films.scan(tmp_path / "ep1.mkv"):
        return project


class Suggesting(People):
    """Suggests what a test says, by the name of whom it is for."""

    given: dict[str, tuple[Suggestion, ...]]

    def undecided(self, media: Any = None) -> tuple[UnknownPerson, ...]:
        found = super().undecided(media)
        return tuple(replace(one, suggestions=self.given.get(one.name, ())) for one in found)


def naming_of(project: Project, given: dict[str, tuple[Suggestion, ...]] | None = None, **options: Any) -> Naming:
    people = Suggesting(project.films, project.photos)
    people.given = given or {}
    media = Media(project.films, project.photos)
    return Naming(people, media, **{"names": list(project.cast.characters()), "learn": False, **options})


def asked(naming: Naming) -> str | None:
    return None if naming.question is None else naming.question.person.name


def question(naming: Naming) -> Question:
    assert naming.question is not None
    return naming.question


def holiday(project: Project) -> PhotoSet:
    return project.photos["holiday"]


def faces(project: Project) -> list[str]:
    """How the faces on the photos are called, photo by photo; "-" for no face."""
    return [" ".join(face.name or "-" for face in photo.faces) for photo in holiday(project).photos]


# What a line says


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("", Answer("enter")), ("  \t", Answer("enter")),
        ("1", Answer("suggestion", number=1)), ("12", Answer("suggestion", number=12)),
        ("=7", Answer("name", "7", is_literal=True)), ("= 8", Answer("name", "8", is_literal=True)),
        ("X", Answer("name", "X")), ("Q", Answer("name", "Q")), ("all", Answer("name", "all")),
        (" Dr. Ross  Geller ", Answer("name", "Dr. Ross  Geller")), ("Man of Steel", Answer("name", "Man of Steel")),
        ("unknown 2", Answer("merge", "unknown 2")), ("UNKNOWN2", Answer("merge", "UNKNOWN2")),
        ("unknown 4 of ep2", Answer("merge", "unknown 4 of ep2")),
        (".m 2", Answer("merge", "Unknown 2")), (".m 2 of ep2", Answer("merge", "Unknown 2 of ep2")),
        (".M Unknown 3", Answer("merge", "Unknown 3")), (".m Monica", Answer("merge", "Monica")),
        (".S  ALL", Answer("strangers")), *((line, Answer(kind)) for line, kind in COMMANDS.items()),
    ],
)  # fmt: skip
def test_a_line_is_understood(line: str, answer: Answer) -> None:
    assert understood(line) == answer


@pytest.mark.parametrize("line", [".z", ".monica", "..", ".sall", ".m", ".m  "])
def test_what_is_no_command_is_told(line: str) -> None:
    with pytest.raises(InputError, match=r"is no command|Say who they are the same person as"):
        understood(line)


def test_the_help_tells_every_key() -> None:
    for key in (*COMMANDS, ".m WHO", "Enter", "=NAME", "1 to 9"):
        assert any(line.split("  ")[0] == key for line in HELP), key


# Answering


def test_everybody_is_asked_about_once_most_faces_first(project: Project) -> None:
    naming, order = naming_of(project), []
    while (name := asked(naming)) is not None:
        order.append(name)
        assert naming.answer(".").kind == "later"
    assert order == [f"Unknown {number} of holiday" for number in (2, 1, 4, 3)]
    assert len(naming.left) == 4 and naming.said == () and not holiday(project).decisions.entries


def test_a_dialogue_names_and_sets_aside_and_teaches(project: Project) -> None:
    naming = naming_of(project, learn=True, by="Ada")
    told = [naming.answer(line) for line in ("Odin", ".s", ".x", "=X")]
    assert [one.kind for one in told] == ["said"] * 4 and naming.question is None and naming.left == ()
    assert told[0].lines == ("Unknown 2 of holiday is Odin; 4 faces added to the cast",)
    assert faces(project) == ["Unknown 1 Odin", "X Odin", "Odin -", "Unknown 1 -", "Odin"]
    assert project.cast.characters() == {"Odin": 4, "X": 1} and naming.learnt == 5
    assert {one.by for one in holiday(project).decisions.entries} == {"Ada"}
    assert naming.said[1] == "Unknown 1 of holiday: a stranger: stays without a name"


def test_the_films_and_sets_that_are_meant_alone_are_asked_about(with_film: Project) -> None:
    with with_film.films["ep1"] as film:
        naming = naming_of(with_film, only=[film])
        names = [one.name for one in naming.left]
        assert names == ["Unknown 1 of ep1", "Unknown 2 of ep1"]
    everybody = [one.name for one in naming_of(with_film).left]
    assert everybody[:2] == names and len(everybody) == 5, "most face time first; Thor, of both, is one person"


def test_undo_takes_the_last_answer_back_and_asks_it_again(project: Project) -> None:
    naming = naming_of(project, learn=True)
    for line in ("Odin", ".", "Hela"):
        naming.answer(line)
    assert asked(naming) == "Unknown 3 of holiday" and project.cast.characters() == {"Hela": 2, "Odin": 4}
    told = naming.answer(".u")
    assert told.kind == "undone" and "Hela" in told.lines[0] and "2 faces of Hela taken out" in told.lines[1]
    assert asked(naming) == "Unknown 4 of holiday" and "Hela" not in project.cast.characters()
    assert naming.answer(".u").kind == "undone" and asked(naming) == "Unknown 1 of holiday"
    naming.answer(".u")
    assert asked(naming) == "Unknown 2 of holiday" and project.cast.characters() == {}
    assert not holiday(project).decisions.in_force()
    told = naming.answer(".u")
    assert told.kind == "error" and "no answer to take back" in told.lines[0]
    naming.answer("Odin")
    assert asked(naming) == "Unknown 1 of holiday", "after the undone one the order is as before"


def test_undo_takes_back_the_own_answer_though_somebody_else_decided_since(project: Project) -> None:
    naming = naming_of(project)
    naming.answer("Odin")
    holiday(project).decide(say.name("Unknown 3", "Loki"))
    naming.answer(".u")
    assert faces(project)[1] == "Loki Unknown 2"


def test_enter_takes_a_clear_suggestion_and_is_later_otherwise(project: Project) -> None:
    naming = naming_of(project, {
        "Unknown 2 of holiday": (Suggestion(0.8, "Odin"), Suggestion(0.1, "Thor")),
        "Unknown 1 of holiday": (Suggestion(0.79, "Thor"), Suggestion(0.1, "Odin")),
        "Unknown 4 of holiday": (Suggestion(0.5, "Odin"), Suggestion(0.3, "Hela")),
    })  # fmt: skip
    assert question(naming).taken == Suggestion(0.8, "Odin")
    assert naming.answer("").lines[0] == "Unknown 2 of holiday is Odin"
    assert question(naming).taken is None and naming.answer("").kind == "later"
    assert naming.answer("2").lines[0] == "Unknown 4 of holiday is Hela"
    assert naming.answer("1").kind == "error" and asked(naming) == "Unknown 3 of holiday"
    assert naming.answer("=1").lines[0] == "Unknown 3 of holiday is 1"
    assert faces(project) == ["Unknown 1 Odin", "1 Odin", "Odin Hela", "Unknown 1 Hela", "Odin"]


def test_a_suggestion_can_be_another_unknown_person(with_film: Project) -> None:
    """Of another film: the next answer is for both. Nothing is written down before."""
    photos = People(with_film.films, with_film.photos).undecided([holiday(with_film)])
    loki = next(one.parts[0] for one in photos if one.parts[0].unknown == 3)
    naming = naming_of(with_film, {"Unknown 1 of ep1": (Suggestion(0.9, other=loki),)})
    assert asked(naming) == "Unknown 1 of ep1" and question(naming).taken is None, "Enter takes characters alone"
    assert "next answer is for both" in naming.answer("1").lines[0]
    assert len(question(naming).person.parts) == 2
    naming.answer("Sif")
    assert faces(with_film)[1] == "Sif Unknown 2" and "Sif" in characters(with_film.films["ep1"])
    naming.answer(".u")
    assert len(question(naming).person.parts) == 2, "still joined"
    assert faces(with_film)[1] == "Unknown 3 Unknown 2" and "Sif" not in characters(with_film.films["ep1"])
    naming.answer(".u")
    assert asked(naming) == "Unknown 1 of ep1" and len(question(naming).person.parts) == 1
    naming.answer(".m Unknown 3 of Holiday")
    naming.answer(".")
    assert not with_film.films["ep1"].decisions.in_force(), "who is left for later is not one person"


def characters(film: StoredFilm) -> set[str | None]:
    with film:
        return {one.character for one in film.timeline.appearances}


@pytest.mark.parametrize("line", [".m 3", "unknown 3", ".m Unknown 3 of holiday"])
def test_two_of_one_set_become_one_and_are_asked_about_together(project: Project, line: str) -> None:
    naming = naming_of(project)
    naming.answer(line)
    assert asked(naming) == "Unknown 2 of holiday" and len(naming.left) == 3
    naming.answer("Odin")
    assert faces(project)[1] == "Odin Odin"
    naming.answer(".u")
    naming.answer(".u")
    assert asked(naming) == "Unknown 2 of holiday" and len(naming.left) == 4


@pytest.mark.parametrize("line", [".m 2", ".m 9", ".m Unknown 1 of nowhere", "Unknown 0 of holiday", "a\x00b", "="])
def test_what_cannot_be_done_is_told_and_the_same_person_asked(project: Project, line: str) -> None:
    naming = naming_of(project)
    told = naming.answer(line)
    assert told.kind == "error" and told.lines and asked(naming) == "Unknown 2 of holiday"
    assert not holiday(project).decisions.entries


def test_somebody_new_has_no_name_and_is_not_asked_for_again_in_this_dialogue(project: Project) -> None:
    naming = naming_of(project)
    assert "somebody new" in naming.answer(".n").lines[0] and asked(naming) == "Unknown 1 of holiday"
    assert len(naming.left) == 4 and faces(project)[4] == "Unknown 5"
    while naming.question is not None:
        naming.answer(".")
    assert len(naming_of(project).left) == 4, "the next dialogue asks"


def test_all_who_are_left_become_strangers_by_one_command(with_film: Project) -> None:
    naming = naming_of(with_film)
    naming.answer("Sif")
    naming.answer(".")
    assert naming.answer(".s all").lines == ("4 strangers: not asked for again",) and naming.question is None
    requests = {
        one.request
        for medium in (holiday(with_film), with_film.films["ep1"])
        for one in medium.decisions.entries
        if one.kind == "stranger"
    }
    assert len(requests) == 1 and naming_of(with_film).left == ()
    naming.answer(".u")
    assert len(naming.left) == 4 and asked(naming) is not None


def test_who_is_one_in_a_film_and_a_set_is_named_in_both_unless_one_is_said(with_film: Project) -> None:
    media = Media(with_film.films, with_film.photos)

    def planned(who: str) -> Plan:
        return plan(with_film.people, media, [], [Wanted(who, "Thor")])

    film, kept = media.film("ep1"), media.photo_set("holiday")
    planned("Unknown 1 of holiday").carry_out(learn=False)
    assert kept.faces[0].name == "Thor" and "Thor" not in {one.name for one in film.timeline.appearances}
    kept.undo()
    planned("Unknown 2 of ep1").carry_out(learn=False)
    assert kept.faces[0].name == "Unknown 1" and "Thor" in {one.name for one in film.timeline.appearances}
    film.undo()
    joined = next(one for one in with_film.people.undecided() if len(one.parts) == 2)
    assert [part.name for part in joined.parts] == ["Unknown 2 of ep1", "Unknown 1 of holiday"]
    kept.decide(say.name("Unknown 2", "Odin"))  # now ep1's alone is Unknown 2
    planned("Unknown 2").carry_out(learn=False)
    assert kept.faces[0].name == "Thor" and "Thor" in {one.name for one in film.timeline.appearances}


# What is asked back


def known(naming: Naming) -> Naming:
    """A dialogue in which Monica was named already; Thor is asked about."""
    assert naming.answer("Monica").kind == "said"
    return naming


def test_a_name_in_other_letters_is_the_known_one(project: Project) -> None:
    naming = known(naming_of(project))
    assert naming.answer("MONICA").lines[-1].startswith("Monica is in ")
    assert naming.answer("y").lines == ("Unknown 1 of holiday is Monica",)
    assert naming.answer("=MONICA").lines[-1].startswith("Monica is in "), "one rule everywhere"


@pytest.mark.parametrize(
    ("reply", "name"), [("y", "Monica"), ("", "Monica"), ("Monika", "Monika"), ("Rachel", "Rachel"), ("n", None)]
)
def test_a_mistyped_name_is_asked_back(project: Project, reply: str, name: str | None) -> None:
    naming = naming_of(project, names=["Monica"])
    told = naming.answer("Monika")
    assert told.kind == "asked" and told.lines[0].startswith("Did you mean Monica?")
    assert question(naming).asks == told.lines[0]
    assert not holiday(project).decisions.entries
    naming.answer(reply)
    assert question(naming).asks == ""
    assert asked(naming) == f"Unknown {2 if name is None else 1} of holiday"
    assert faces(project)[4] == (name or "Unknown 2")


@pytest.mark.parametrize("name", ["Monty", "Mo", "Rachel", "Ross"])
def test_names_that_are_not_near_are_new(project: Project, name: str) -> None:
    assert naming_of(project, names=["Monica"]).answer(name).kind == "said"


@pytest.mark.parametrize(("reply", "done"), [("y", True), ("n", False), ("x", False)])
def test_warnings_are_shown_before_anything_is_done(project: Project, reply: str, done: bool) -> None:
    naming = known(naming_of(project))
    before = holiday(project).decisions
    told = naming.answer("Monica")
    assert told.kind == "asked" and "both would be Monica" in told.lines[0]
    assert holiday(project).decisions == before and question(naming).asks
    naming.answer(reply)
    assert (faces(project)[0] != "Unknown 1 Monica") == done
    assert asked(naming) == ("Unknown 4 of holiday" if done else "Unknown 1 of holiday")


def test_who_agrees_is_not_asked_back(project: Project) -> None:
    naming = known(naming_of(project, agree=True))
    told = naming.answer("Monika")
    assert told.kind == "said" and "both would be Monica" in told.lines[0]
    assert told.lines[1] == "Unknown 1 of holiday is Monica"


# A line a person


@pytest.mark.parametrize("doubtful", ["Monica", "Monika"], ids=["a warning", "a near name"])
@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("Hela", ["Unknown 1", "Hela", "Unknown 3"]),  # the next person's line, and not this one's
        ("", ["Unknown 1", "Unknown 4", "Unknown 3"]),
        ("n", ["Hela", "Unknown 4", "Unknown 3"]),
    ],
)
def test_a_question_does_not_cost_a_pipe_its_step(
    project: Project, doubtful: str, reply: str, expected: list[str]
) -> None:
    naming = known(naming_of(project, in_step=True))
    naming.answer(doubtful)
    told = naming.answer(reply)
    if reply == "n":
        assert told.kind == "asked"
        naming.answer("Hela")
    else:
        assert "left for later: the question was not answered by y or n" in told.lines[0]
    names = [[face.name for face in photo.faces] for photo in holiday(project).photos]
    assert [names[0][0], names[3][1], names[1][0]] == expected


def test_a_pipe_answers_questions_by_y_and_by_the_same_name(project: Project) -> None:
    naming = known(naming_of(project, in_step=True))
    for line in ("Monika", "Monika", "Monica", "y"):
        naming.answer(line)
    assert faces(project) == ["Monika Monica", "Unknown 3 Monica", "Monica Monica", "Monika Monica", "Monica"]


def test_the_end_leaves_a_question_without_an_answer(project: Project) -> None:
    naming = known(naming_of(project, in_step=True))
    naming.answer("Monica")
    told = naming.end()
    assert told is not None and "Unknown 1 of holiday has no name" in told.lines[0]
    assert naming.question is None and naming.end() is None
    assert faces(project)[0] == "Unknown 1 Monica"


def test_completions_are_the_cast_those_without_photos_and_names_given_so_far(project: Project) -> None:
    project.cast.add_names(["Ross", "rachel"])
    naming = naming_of(project)
    assert naming.completions() == ["rachel", "Ross"]
    naming.answer("Joey")
    assert naming.completions() == ["Joey", "rachel", "Ross"] == naming_of(project).completions()
    naming.answer(".u")
    assert naming.completions() == ["rachel", "Ross"]


def test_what_goes_wrong_while_it_is_written_down_is_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    naming = naming_of(project)
    fail: Callable[..., Any] = lambda *_, **__: (_ for _ in ()).throw(InputError("No room."))  # noqa: E731
    monkeypatch.setattr(PhotoSet, "considered", fail)
    assert naming.answer("Odin").lines == ("No room.",) and asked(naming) == "Unknown 2 of holiday"


def test_the_next_in_a_film_has_a_picture_at_once(with_film: Project) -> None:
    """The timeline is written half a second after a decision; who is asked about next does not wait for that."""
    with with_film.films["ep1"] as film:
        naming = naming_of(with_film, only=[film])
        naming.answer("Sif")
        picture = question(naming).person.picture
        assert picture is not None and picture.is_file()
        film.decide(say.name("Unknown 2", "Thor"))
        assert all(one.best_picture is not None and one.best_picture.file for one in film.timeline.appearances)
