"""One door to a project: sessions beside each other, in threads, processes and tasks."""

from __future__ import annotations

import asyncio
import pickle
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from personae.cast.cast import Cast
from personae.cli import cli
from personae.errors import (
    CastError,
    EmbedderMismatchError,
    InputError,
    ModelNotFoundError,
    PhotoError,
    StoreError,
    UnknownFilmError,
    WriteError,
)
from personae.faces.analyzer import Source
from personae.faces.fake import draw_picture
from personae.films import say
from personae.films.film import StoredFilm
from personae.progress import UNITS, Cancelled, Progress
from personae.project.async_session import AsyncProject
from personae.project.session import Project
from personae.settings import Settings
from personae.timeline import native
from personae.timeline.native import read as read_timeline
from personae.types import Picture
from tests.drawn_films import drawn_film, drawn_recognizer, scene

ROOT = Path(__file__).parents[2]
FAKE = Settings(detector="fake", embedder="fake")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    drawn_recognizer(tmp_path)
    with Project.open(tmp_path / "project", settings=FAKE) as opened:
        yield opened


def picture_of(name: str) -> Picture:
    return draw_picture([(name, 90)], take=4)


def named(project: Project, *names: str) -> list[str | None]:
    """Who the faces of those people are for a session."""
    found = list(project.identify([picture_of(name) for name in names]))
    return [one.identities[0].match.character if one.identities[0].match else None for one in found]


def film_at(path: Path, people: tuple[str, ...] = ("Thor", "Hela"), frames: int = 50) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    faces = [(name, 90 + 120 * at, 120, 80) for at, name in enumerate(people)]
    return drawn_film(path, lambda n: scene(7, faces, take=n // 3 % 5), frames)


def test_two_sessions_are_never_behind_each_other(tmp_path: Path, project: Project) -> None:
    other = Project.open(tmp_path / "project", settings=FAKE)
    assert named(project, "Thor", "Loki") == named(other, "Thor", "Loki") == ["Thor", "Loki"]
    other.cast.rename("Thor", "Donar")
    assert named(project, "Thor") == ["Donar"] and not project.cast.is_outdated()
    project.cast.remove("Loki")
    assert named(other, "Loki") == [None]
    other.cast.undo()
    assert named(project, "Loki") == ["Loki"]
    other.forget("Loki")
    assert named(project, "Thor", "Loki") == ["Donar", None]


def test_another_process_that_forgets_is_heeded_at_once(tmp_path: Path, project: Project) -> None:
    assert named(project, "Thor") == ["Thor"]
    code = f"""
from personae import Project, Settings
with Project.open({str(tmp_path / "project")!r}, settings=Settings(detector="fake", embedder="fake")) as project:
    project.forget("Thor")
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=120)
    assert named(project, "Thor", "Loki") == [None, "Loki"]


def test_one_answer_never_mixes_two_models(project: Project) -> None:
    """While another thread renames back and forth, every picture of both is named by one model or the other."""
    both = Picture(np.concatenate([picture_of("Thor").pixels, picture_of("Loki").pixels], axis=1))
    stop = threading.Event()

    def rename() -> None:
        names = [("Thor", "Loki"), ("Donar", "Loge")]
        while not stop.is_set():
            for old, new in zip(*names, strict=True):
                project.cast.rename(old, new)
            names.reverse()

    with ThreadPoolExecutor(1) as pool:
        renaming = pool.submit(rename)
        seen = set()
        for _ in range(40):
            (found,) = project.identify([both])
            seen.add(tuple(sorted(one.match.character for one in found.identities if one.match)))
        stop.set()
        renaming.result()
    # Two renames are two models: in between one has its new name and the other its old one.
    assert all(len(names) == 2 for names in seen) and len(seen) > 1


def test_a_picture_is_a_path_its_content_an_open_file_or_pixels(tmp_path: Path, project: Project) -> None:
    path = drawn_photo(tmp_path / "one.png", "Thor")
    with path.open("rb") as file:
        file.seek(5)
        sources: list[Source] = [
            path,
            str(path),
            path.read_bytes(),
            file,
            Picture(picture_of("Thor").pixels),
            picture_of("Thor").pixels,
            b"nothing",
        ]
        found = list(project.identify(sources))
    assert [one.identities[0].match and one.identities[0].match.character for one in found[:-1]] == ["Thor"] * 6
    assert [one.path for one in found] == [str(path), str(path), "photo", str(path), "picture", "picture", "photo"]
    assert found[-1].error is not None and "photo" not in found[-1].error.split()[0]


def test_an_empty_cast_is_a_value(tmp_path: Path) -> None:
    with Project.open(tmp_path / "new", settings=FAKE) as project:
        assert named(project, "Thor") == [None] and project.card is None
        assert project.cast.characters() == {} and project.cast.log() == [] and project.films.names() == ()
        assert not (tmp_path / "new").exists(), "opening and asking makes nothing"
    with pytest.raises(ModelNotFoundError):
        named(Project.open(tmp_path / "new", settings=FAKE, model_path=tmp_path / "none.personae"), "Thor")


def test_a_session_can_be_rebuilt_in_a_worker(project: Project) -> None:
    again = pickle.loads(pickle.dumps(project))
    assert isinstance(again, Project) and again.folder == project.folder and again.settings == project.settings
    assert named(again, "Thor") == ["Thor"]


def test_two_films_of_one_stem_scanned_at_one_time_lie_apart(tmp_path: Path, project: Project) -> None:
    films = [film_at(tmp_path / season / "e01.mp4", (who,)) for season, who in (("s01", "Thor"), ("s02", "Loki"))]
    code = """
import sys
from personae import Project, Settings
with Project.open(sys.argv[1], settings=Settings(detector="fake", embedder="fake")) as project:
    print(project.films.scan(sys.argv[2]).name)
"""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, project.folder, film], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        for film in films
    ]
    names = [process.communicate(timeout=120)[0].strip() for process in running]
    assert sorted(names) == ["e01", "e01-2"] == sorted(project.films.names())
    for name, who in zip(names, ("Thor", "Loki"), strict=True):
        assert {one.character for one in project.films[name].timeline.appearances} == {who}
    assert [project.films.scan(film).name for film in films] == names, "and both are known again"


def test_a_film_on_a_shelf_is_named_anew(tmp_path: Path, project: Project) -> None:
    film = film_at(tmp_path / "film.mp4")
    assert {one.name for one in project.films.scan(film).timeline.appearances} == {"Thor", "Unknown 1"}
    film.unlink()
    project.cast.train_photos({"Hela": [drawn_photo(tmp_path / "hela.png", "Hela")]})
    again = project.films["film"].relabel()
    assert {one.name for one in again.timeline.appearances} == {"Thor", "Hela"}
    assert {one.name for one in project.films["film"].timeline.appearances} == {"Thor", "Hela"}
    with pytest.raises(UnknownFilmError, match=r"There are: film\."):
        project.films["other"]


def drawn_photo(path: Path, name: str) -> Path:
    from PIL import Image

    Image.fromarray(draw_picture([(name, 96)], take=2).pixels).save(path)
    return path


def test_decisions_of_several_threads_are_all_kept(tmp_path: Path, project: Project) -> None:
    people = ("one", "two", "three")
    faces = [(name, 60 + 100 * at, 120, 70) for at, name in enumerate(people)]
    film = drawn_film(tmp_path / "film.mp4", lambda n: scene(7, faces, take=n // 3 % 5), 30)
    found = project.films.scan(film)
    with ThreadPoolExecutor(3) as pool:
        sessions = [Project.open(project.folder, settings=FAKE).films["film"] for _ in people]
        names = [f"Person {number}" for number in (1, 2, 3)]
        deciding = [
            pool.submit(session.decide, say.name(f"Unknown {number}", name))
            for number, (session, name) in enumerate(zip(sessions, names, strict=True), 1)
        ]
        for each in deciding:
            each.result()
    assert {one.name for one in found.timeline.appearances} == set(names)
    for session in sessions:
        session.close()
    assert {one.name for one in read_timeline(found.path).appearances} == set(names)


def test_a_decisions_file_holds_for_a_film_on_a_shelf(tmp_path: Path, project: Project) -> None:
    film = film_at(tmp_path / "film.mp4")
    first = project.films.scan(film, tmp_path / "first")
    second = project.films.scan(film, tmp_path / "second")
    film.unlink()
    with first, second:
        first.decide([say.name("Unknown 1", "Hela"), say.confirm("Thor")])
        second.decide(say.stranger("Unknown 1"))
        assert len(second.import_decisions(first.files.decisions).decisions) == 2
        assert second.import_decisions(first.files.decisions).decisions == (), "each once"
        assert {one.name for one in second.timeline.appearances} >= {"Thor"}
        assert len(second.decisions.entries) == 3, "and nothing is replaced"


def test_a_film_shows_the_names_of_today(tmp_path: Path, project: Project) -> None:
    found = project.films.scan(film_at(tmp_path / "film.mp4"))
    project.cast.rename("Thor", "Donar")
    assert {one.name for one in found.timeline.appearances} == {"Donar", "Unknown 1"}
    (written,) = project.films["film"].export(tmp_path / "names.totals.csv").paths
    assert "Donar" in written.read_text() and "Thor" not in written.read_text()


def people_in(film: StoredFilm) -> set[str]:
    return {one.name for one in film.timeline.appearances}


def test_decisions_follow_a_character_to_its_new_name(tmp_path: Path, project: Project) -> None:
    with project.films.scan(film_at(tmp_path / "film.mp4")) as film:
        film.decide([say.not_them("Thor"), say.name("Unknown 1", "Loki")])
        before = people_in(film)
        assert before == {"Unknown 2", "Loki"}
        project.cast.rename("Thor", "Hulk")
        assert people_in(film.relabel()) == before, "nobody is Thor again, who is Hulk"
        project.cast.rename("Loki", "Thor")
        assert people_in(film.relabel()) == {"Unknown 2", "Thor"}
        film.decide(say.name("Unknown 2", "Loki"))
        assert people_in(film.relabel()) == {"Loki", "Thor"}, "the name is free: this is somebody new"
        project.cast.rename("Hulk", "Loki")
    film = project.films.scan(tmp_path / "film.mp4")
    assert people_in(film) == {"Loki", "Thor"} and not film.notes
    film.decide(say.confirm("Thor"))
    assert [one.character for one in film.relabel().timeline.characters] == ["Loki", "Thor"]


def test_decisions_follow_two_who_swapped_names(tmp_path: Path, project: Project) -> None:
    with project.films.scan(film_at(tmp_path / "film.mp4")) as film:
        film.decide([say.confirm("Thor"), say.name("Unknown 1", "Loki")])
        ids = {one.character: one.character_id for one in film.timeline.appearances}
        for old, new in (("Thor", "T"), ("Loki", "Thor"), ("T", "Loki")):
            project.cast.rename(old, new)
        now = {one.character: one.character_id for one in film.relabel().timeline.appearances}
        assert now == {"Loki": ids["Thor"], "Thor": ids["Loki"]}


def test_decisions_follow_a_character_that_was_learnt_from_them(tmp_path: Path, project: Project) -> None:
    with project.films.scan(film_at(tmp_path / "film.mp4")) as film:
        done = film.decide(say.name("Unknown 1", "Monica"))
        film.learn("Monica", request=done.request)
        project.cast.rename("Monica", "Mona")
        assert people_in(film.relabel()) == {"Thor", "Mona"}
        project.cast.merge("Thor", "Mona", into="Mona")
        assert people_in(film.relabel()) == {"Mona"}
        project.cast.undo()
        project.cast.undo()
        assert people_in(film.relabel()) == {"Thor", "Monica"}


def test_decisions_follow_a_character_into_another(tmp_path: Path, project: Project) -> None:
    with project.films.scan(film_at(tmp_path / "film.mp4")) as film:
        film.decide(say.name("Unknown 1", "Loki"))
        project.cast.merge("Thor", "Loki", into="Thor")
        assert people_in(film.relabel()) == {"Thor"}
        project.cast.undo()
        assert people_in(film.relabel()) == {"Thor", "Loki"}


def test_a_character_called_1_is_no_appearance(tmp_path: Path, project: Project) -> None:
    fakes = {"PERSONAE_DETECTOR": "fake", "PERSONAE_EMBEDDER": "fake"}
    with project.films.scan(film_at(tmp_path / "film.mp4")) as film:
        told = [
            CliRunner()
            .invoke(cli, ["name", "--timeline", str(film.path), who, name, "--yes"], env=fakes, catch_exceptions=False)
            .output
            for who, name in (("2", "1"), ("1", "Zed"))
        ]
        assert "appearance 2 is 1;" in told[0] and told[1].startswith("1 is Zed;"), told


def test_undo_takes_back_what_was_learnt_too(tmp_path: Path, project: Project) -> None:
    with project.films.scan(film_at(tmp_path / "film.mp4")) as film:
        done = film.decide(say.name("Unknown 1", "Hela"))
        assert film.learn("Hela", request=done.request) > 0 and "Hela" in project.cast.characters()
        assert named(project, "Hela") == ["Hela"]
        undone = film.undo()
        assert [one.said() for one in undone.decisions] == ["Unknown 1 is Hela"] and "Hela" in undone.warnings[0]
        assert named(project, "Hela") == [None]
        assert {one.name for one in film.timeline.appearances} == {"Thor", "Unknown 1"}


def test_harm_is_warned_of_before_it_is_believed(tmp_path: Path, project: Project) -> None:
    with project.films.scan(film_at(tmp_path / "film.mp4")) as film:
        done = film.decide(say.name("Unknown 1", "Thor"))
        assert any("on screen beside them" in one for one in done.warnings)
        assert any("do not agree with what is known of Thor" in one for one in done.warnings)
        assert film.undo().decisions and film.decide(say.confirm("Thor")).warnings == ()


@pytest.mark.parametrize("when", ["film", "naming"])
def test_a_training_during_a_scan_names_it(tmp_path: Path, project: Project, when: str) -> None:
    """Who is trained while a film is looked through or named is named in it, and the card is that model's."""
    film, photo = film_at(tmp_path / "film.mp4"), drawn_photo(tmp_path / "hela.png", "Hela")
    trained: list[bool] = []

    def tell(progress: Progress) -> None:
        if progress.stage == when and not trained:
            trained.append(True)
            with Project.open(project.folder, settings=FAKE) as other:
                other.cast.train_photos({"Hela": [photo]})

    timeline = project.films.scan(film, progress_callback=tell).timeline
    assert trained and {one.name for one in timeline.appearances} == {"Thor", "Hela"}
    assert timeline.model["characters"] == ["Hela", "Loki", "Thor"]


def test_a_forgetting_during_a_scan_holds(tmp_path: Path, project: Project) -> None:
    film = film_at(tmp_path / "film.mp4")
    forgotten: list[bool] = []

    def tell(progress: Progress) -> None:
        if progress.stage == "film" and progress.done and not forgotten:
            forgotten.append(True)
            project.forget("Thor")

    timeline = project.films.scan(film, progress_callback=tell).timeline
    assert forgotten and "Thor" not in {one.name for one in timeline.appearances}
    assert "Thor" not in project.films["film"].path.read_text()


def test_cancelling_leaves_what_a_kill_would_leave(tmp_path: Path, project: Project) -> None:
    film = film_at(tmp_path / "film.mp4", frames=200)
    seen: list[Progress] = []

    def stop(progress: Progress) -> None:
        seen.append(progress)
        if progress.stage == "film" and progress.done >= 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        project.films.scan(film, progress_callback=stop)
    assert project.films.names() == ()
    assert project.films.scan(film).timeline.appearances, "the next scan goes on"
    assert all(progress.unit == UNITS[progress.stage] for progress in seen)
    with pytest.raises(ValueError, match="not one of the stages"):
        Progress("sleeping", 1)  # type: ignore[arg-type]


def test_a_task_that_is_cancelled_ends_within_a_second(tmp_path: Path, project: Project) -> None:
    film = film_at(tmp_path / "film.mp4", frames=400)

    async def main() -> float:
        begun = asyncio.Event()
        loop = asyncio.get_running_loop()

        def tell(progress: Progress) -> None:
            if progress.stage == "film":
                loop.call_soon_threadsafe(begun.set)
            time.sleep(0.05)

        task = asyncio.create_task(AsyncProject(project).scan(film, progress_callback=tell))
        await begun.wait()
        task.cancel()
        since = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - since

    assert asyncio.run(main()) < 1
    assert project.films.names() == ()


def test_long_calls_can_be_awaited(tmp_path: Path, project: Project) -> None:
    film = film_at(tmp_path / "film.mp4")

    async def main() -> None:
        async with AsyncProject.open(project.folder, settings=FAKE) as opened:
            assert (await opened.train(tmp_path / "cast")).unchanged == 4
            found = [one async for one in opened.identify([picture_of("Thor"), picture_of("Loki")])]
            assert [one.identities[0].match and one.identities[0].match.character for one in found] == ["Thor", "Loki"]
            scanned = await opened.scan(film)
            assert scanned.name == "film" and (await opened.relabel("film")).timeline.appearances
            assert (await opened.evaluate(tmp_path / "cast")).evaluation is not None
            assert (await opened.forget("Loki")).found == ()

    asyncio.run(main())


# What trials broke


def test_a_refused_training_leaves_the_cast_as_it_was(tmp_path: Path, project: Project) -> None:
    """The parent of a cast: one character of everybody's photos, of which none can be used."""
    shutil.copytree(tmp_path / "cast", tmp_path / "deep" / "cast")
    before = project.cast.characters()
    with pytest.raises(CastError):
        project.cast.train(tmp_path / "deep", force=True)
    assert project.cast.characters() == before and named(project, "Thor", "Loki") == ["Thor", "Loki"]
    assert project.cast.train(tmp_path / "cast").unchanged == 4


def test_errors_come_back_from_worker_processes() -> None:
    errors = (
        StoreError("x.json", "is damaged."), EmbedderMismatchError("a", "b", where="The model"),
        CastError("Nothing:", ["a", "b"]), PhotoError("a.jpg", "it is empty."), UnknownFilmError("No film."),
    )  # fmt: skip
    for error in errors:
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error) and str(again) == str(error) and vars(again) == vars(error)


def test_who_is_forgotten_is_not_learnt_again(
    tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = project.films.scan(film_at(tmp_path / "film.mp4"))
    film.decide(say.name("Unknown 1", "Hela"))
    film.learn("Hela")
    once = iter([True])
    real = Cast.add_faces

    def late(self: Cast, *args: Any, **options: Any) -> Any:
        if next(once, False):
            Project.open(project.folder, settings=FAKE).forget("Hela")
        return real(self, *args, **options)

    monkeypatch.setattr(Cast, "add_faces", late)
    assert film.learn("Hela") == 0
    assert "Hela" not in project.cast.characters() and named(project, "Hela") == [None]


def test_a_film_that_was_just_scanned_is_never_behind(tmp_path: Path, project: Project) -> None:
    def tell(progress: Progress) -> None:
        if progress.stage == "timeline":
            with Project.open(project.folder, settings=FAKE) as other:
                with other.films["film"] as film:
                    film.decide(say.name("Unknown 1", "Hela"))
                other.forget("Thor")

    found = project.films.scan(film_at(tmp_path / "film.mp4"), progress_callback=tell)
    assert {one.name for one in found.timeline.appearances} == {"Hela"}
    found.decide(say.confirm("Hela"))
    found.close()
    assert "Thor" not in found.path.read_text()


def test_deciding_does_not_wait_for_a_forgetting_that_waits_for_it(tmp_path: Path, project: Project) -> None:
    project.films.scan(film_at(tmp_path / "film.mp4"))
    quick = replace(FAKE, lock_timeout_s=20.0)
    started = time.monotonic()

    def decide() -> None:
        with Project.open(project.folder, settings=quick) as own, own.films["film"] as film:
            for number in range(15):
                film.decide(say.add("Odin", 0.1, 0.2 + number / 100))

    def forget() -> None:
        with Project.open(project.folder, settings=quick) as own:
            for number in range(4):
                own.cast.train_photos({f"P{number}": [drawn_photo(tmp_path / f"p{number}.png", f"P{number}")]})
                own.forget(f"P{number}")

    with ThreadPoolExecutor(2) as pool:
        for each in [pool.submit(decide), pool.submit(forget)]:
            each.result()
    assert time.monotonic() - started < 20


def test_a_timeline_that_could_not_be_written_is_written_later(
    tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    film = project.films.scan(film_at(tmp_path / "film.mp4"))

    def full(*args: object) -> None:
        raise WriteError(film.path, "cannot be written: the disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(native, "write", full)
        patch.setattr("personae.films.store.write_whole", full)
        film.decide(say.name("Unknown 1", "Hela"))
        time.sleep(0.8)
    assert "what was decided is kept" in caplog.text and "Hela" not in film.path.read_text()
    film.close()
    assert "Hela" in film.path.read_text()


def test_a_film_that_took_anothers_place_is_known_by_its_content(tmp_path: Path, project: Project) -> None:
    first, second = film_at(tmp_path / "a" / "m.mp4"), film_at(tmp_path / "b" / "m.mp4", ("Loki",))
    assert [project.films.scan(film).name for film in (first, second)] == ["m", "m-2"]
    second.replace(first)
    assert project.films.scan(first).name == "m-2"


def test_one_bad_picture_ends_nothing(project: Project) -> None:
    wrong = [np.zeros((5, 5), np.uint8), np.zeros((5, 5, 4), np.uint8), np.zeros((0, 0, 3), np.uint8)]
    found = list(project.identify([*wrong, picture_of("Thor")]))
    assert [one.error is not None for one in found] == [True, True, True, False]
    with pytest.raises(InputError, match="give a list"):
        list(project.identify("abc"))


def test_a_cast_begins_with_a_name_that_is_learnt(tmp_path: Path) -> None:
    """An empty project: scan, name, learn, relabel, all from the command line; the film lies on a shelf."""
    film, fakes = film_at(tmp_path / "film.mp4"), {"PERSONAE_DETECTOR": "fake", "PERSONAE_EMBEDDER": "fake"}
    run, place = CliRunner(env=fakes), ["--project", str(tmp_path / "new")]
    assert run.invoke(cli, ["scan", str(film), *place]).exit_code == 0
    film.unlink()
    path = str(tmp_path / "new" / "films" / "film" / "film.timeline.json")
    done = run.invoke(cli, ["name", "Unknown 1", "Thor", "--learn", "--timeline", path, *place])
    assert done.exit_code == 0 and "of Thor added" in done.output, done.output
    done = run.invoke(cli, ["relabel", path, *place])
    assert done.exit_code == 0 and "1 character, 1 unknown" in done.output, done.output
    done = run.invoke(cli, ["name", "--undo", "--timeline", path, *place])
    assert "taken back: Unknown 1 is Thor" in done.output and "taken out of the gallery" in done.output
    assert {one.name for one in read_timeline(Path(path)).appearances} == {"Unknown 1", "Unknown 2"}


def test_a_film_that_is_no_longer_there_is_not_written_elsewhere(
    tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = project.films.scan(film_at(tmp_path / "film.mp4"))
    monkeypatch.chdir(project.folder.parent)
    with Project.open(project.folder.name, settings=FAKE) as here:
        opened = here.films[film.name]
        opened.decide(say.stranger("Unknown 1"))
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        opened.close()
    assert not list((tmp_path / "elsewhere").iterdir())
    assert project.films[film.name].decisions.entries, "what was decided is kept"
